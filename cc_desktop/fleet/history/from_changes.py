"""Which entries a change of the model is worth.

A change holds the record before and after, so nothing here keeps a state. What did not change is
the same object, so that a change of one session of an agent with 700 costs some 20 µs.
"""

from __future__ import annotations

import itertools
import operator
from typing import TYPE_CHECKING, TypeVar

from cc_desktop.fleet.history.entries import Entry, EntryKind
from cc_desktop.fleet.model import ConnectionState, Status
from cc_desktop.fleet.status import run_start

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cc_desktop.fleet.model import Agent, GatewayChanged, Session

_T = TypeVar("_T")

SEEDED = 20  # runs that ended before this app saw the agent first: its newest sessions
_ENDS = {
    "done": EntryKind.FINISHED,
    "failed": EntryKind.FAILED,
    "timeout": EntryKind.TIMED_OUT,
    "killed": EntryKind.STOPPED,
}


def of_agent(before: Agent, after: Agent, clock_offset_ms: int, now: int) -> Iterator[Entry]:
    """What happened to an agent between two states of it.

    Args:
        before: The agent before the change.
        after: The agent after it.
        clock_offset_ms: To add to the gateway's times to get local ones.
        now: Local ms: nothing happened later than that.
    """
    if after.heard is not before.heard:
        yield from _started(before, after, clock_offset_ms, now)
    if after.runs is not before.runs:
        yield from _runs(before, after, now)
    if after.sessions is not before.sessions:
        yield from _sessions(before, after, clock_offset_ms, now)
    if after.unconfirmed_failures is not before.unconfirmed_failures:
        for key in sorted(after.unconfirmed_failures - before.unconfirmed_failures):
            run = after.runs.get(key)
            yield _entry(after, EntryKind.FAILED, now, key, run.error if run else "")
    if after.approvals is not before.approvals:
        yield from _approvals(before, after, now)
    if before.status is not after.status and after.status is not Status.OFFLINE:
        if after.status is Status.STUCK:
            yield _entry(after, EntryKind.STUCK, now, after.status_session_key)
        elif before.status is Status.STUCK and after.status.working:
            yield _entry(after, EntryKind.UNSTUCK, now, before.status_session_key)


def seed(agent: Agent, clock_offset_ms: int, now: int) -> list[Entry]:
    """How the newest runs ended of an agent that is seen for the first time, oldest first."""
    found = []
    for _, key in agent.by_activity[-SEEDED:]:
        session = agent.sessions.get(key)
        if session is not None and session.finished_at:
            found.append(_ended(agent, session, clock_offset_ms, now))
    return sorted(found, key=lambda entry: entry.at)


def of_gateway(change: GatewayChanged, now: int) -> Entry | None:
    """Whether the connection to a gateway was lost, or is there."""
    if change.before is None or change.after is None:
        return None
    before, after = change.before.connection, change.after.connection
    was, is_live = (one.state is ConnectionState.LIVE for one in (before, after))
    if is_live and not was:
        return Entry(now, EntryKind.BACK, change.gateway)
    if was and not is_live and after.state is not ConnectionState.OFF:
        kind = after.problem.kind if after.problem else ""
        return Entry(now, EntryKind.LOST, change.gateway, detail=kind)
    return None


def _changed(before: Mapping[str, _T], after: Mapping[str, _T]) -> Iterator[tuple[str, _T]]:
    """What is not the same object at the same place: all that changed, and perhaps more.

    In C, because this runs at every event: an agent may have 700 sessions.
    """
    is_other = map(operator.is_not, after.values(), before.values())
    return itertools.compress(after.items(), itertools.chain(is_other, itertools.repeat(True)))


def _entry(agent: Agent, kind: EntryKind, at: int, key: str = "", detail: str = "") -> Entry:
    session = agent.sessions.get(key)
    title = session.title if session else ""
    return Entry(at, kind, agent.gateway, agent.id, key, title, detail)


def _started(before: Agent, after: Agent, clock_offset_ms: int, now: int) -> Iterator[Entry]:
    for key in after.heard:
        if key not in before.heard:
            at = min(run_start(after, key, clock_offset_ms) or now, now)
            yield _entry(after, EntryKind.STARTED, at, key)


def _runs(before: Agent, after: Agent, now: int) -> Iterator[Entry]:
    for key, run in _changed(before.runs, after.runs):
        old = before.runs.get(key)
        if run is old or run.over or not run.activity:
            continue
        if old is None or old.run_id != run.run_id or old.activity != run.activity:
            yield _entry(after, EntryKind.TOOL, now, key, run.activity)


def _sessions(before: Agent, after: Agent, clock_offset_ms: int, now: int) -> Iterator[Entry]:
    for key, session in _changed(before.sessions, after.sessions):
        old = before.sessions.get(key)
        if session is old or not session.finished_at or not _has_ended(old, session):
            continue
        if session.failed and key in before.unconfirmed_failures:
            continue  # told already, when its run failed
        yield _ended(after, session, clock_offset_ms, now)
    if len(after.deleted_at) > len(before.deleted_at):
        for key in after.deleted_at:
            if key not in before.deleted_at and key in before.sessions:
                yield _entry(before, EntryKind.DELETED, now, key)


def _has_ended(old: Session | None, session: Session) -> bool:
    """Whether a run has ended since.

    A new title of a session that was over is no end. Neither is another start: 2026.5.7 first says
    that a run started when it ended, and corrects that with the next row (measured).
    """
    if old is None or not old.finished_at or old.status != session.status:
        return True
    if session.ended_at:
        return old.ended_at != session.ended_at
    return old.started_at != session.started_at


def _ended(agent: Agent, session: Session, clock_offset_ms: int, now: int) -> Entry:
    return Entry(
        min(session.finished_at + clock_offset_ms, now),
        _ENDS[session.status],
        agent.gateway,
        agent.id,
        session.key,
        session.title,
        session.error if session.failed else "",
        session.runtime_ms,
    )


def _approvals(before: Agent, after: Agent, now: int) -> Iterator[Entry]:
    for ident, approval in after.approvals.items():
        if ident not in before.approvals:
            at = min(approval.opened_at or now, now)
            yield _entry(after, EntryKind.ASKED, at, approval.session_key, approval.title)
    for ident, approval in before.approvals.items():
        if ident not in after.approvals:
            expired = 0 < approval.expires_at <= now
            kind = EntryKind.EXPIRED if expired else EntryKind.DECIDED
            yield _entry(after, kind, now, approval.session_key, approval.title)
