"""What this app saw happen. Times are local ms since the epoch."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class EntryKind(StrEnum):
    """What happened."""

    STARTED = "started"
    FINISHED = "finished"
    FAILED = "failed"
    TIMED_OUT = "timed-out"
    STOPPED = "stopped"
    TOOL = "tool"
    ASKED = "asked"
    DECIDED = "decided"  # it no longer waits: decided by whomever, or withdrawn
    EXPIRED = "expired"
    STUCK = "stuck"
    UNSTUCK = "unstuck"
    DELETED = "deleted"  # a session; an archived one leaves the model as well
    LOST = "lost"  # the connection to a gateway
    BACK = "back"


RUN_ENDS = frozenset({EntryKind.FINISHED, EntryKind.FAILED, EntryKind.TIMED_OUT, EntryKind.STOPPED})
FAILURES = frozenset({EntryKind.FAILED, EntryKind.TIMED_OUT})


class Entry(Struct, frozen=True, gc=False):
    """One thing that happened to an agent, or to a gateway when `agent` is ""."""

    at: int
    kind: EntryKind
    gateway: str
    agent: str = ""
    session_key: str = ""
    title: str = ""  # of the session
    detail: str = ""  # a tool, a command, an error, a kind of problem
    ran_ms: int = 0  # how long a run took that ended; 0: not known
    count: int = 1  # the same so many times in a row
