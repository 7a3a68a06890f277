"""What a gateway's own ledger says: metadata of runs, tools and messages, without their words.

Source: `audit.activity.list` of OpenClaw 2026.7.2 and later, `audit.list` of 2026.7.1.
"""

from __future__ import annotations

from msgspec import Struct

RUN, TOOL, MESSAGE = "agent_run", "tool_action", "message"  # values of `kind`


class LedgerRecord(Struct, frozen=True, gc=False):
    """One record."""

    id: str
    at: int  # ms since the epoch by the gateway's clock
    kind: str  # RUN, TOOL or MESSAGE, or what a later release has added
    action: str  # such as "agent.run.finished"
    status: str  # started, succeeded, failed, cancelled, timed_out, blocked, unknown
    agent: str = ""
    session_key: str = ""
    run_id: str = ""
    tool: str = ""
    error_code: str = ""
    channel: str = ""
    direction: str = ""  # of a message: inbound or outbound

    @property
    def is_end(self) -> bool:
        """Whether something ended; a start and its end are two records."""
        return self.status != "started"


class LedgerPage(Struct, frozen=True):
    """Records, newest first, and where the older ones begin."""

    records: tuple[LedgerRecord, ...] = ()
    cursor: str = ""  # "" where there is nothing older
    kept: bool = True  # False: this gateway has no ledger
