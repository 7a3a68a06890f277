"""What is said of a session. Times are local ms since the epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.model import Status
from cc_desktop.text.format import clock, local, plain, run_time
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Session

# What a session's own status is called, and which shape it gets.
_SESSION_WORDS = {
    "queued": (mark("queued"), Status.UNKNOWN),
    "running": (mark("running"), Status.ACTIVE),
    "done": (mark("done"), Status.IDLE),
    "failed": (mark("failed"), Status.ERROR),
    "timeout": (mark("timed out"), Status.ERROR),
    "killed": (mark("stopped"), Status.OFFLINE),
}

RAN = mark("ran")
SESSION_WORDS = (*(word for word, _ in _SESSION_WORDS.values()), RAN)


def session_state(session: Session, offline: bool) -> tuple[str, Status]:
    """The word and the shape of a session's state."""
    if session.active:
        return (tr(RAN), Status.OFFLINE) if offline else (tr("running"), Status.ACTIVE)
    if session.status not in _SESSION_WORDS:
        return plain(session.status, 20) or "—", Status.IDLE
    word, status = _SESSION_WORDS[session.status]
    return tr(word), status


def session_times(session: Session, now: int, clock_offset_ms: int = 0) -> str:
    """When it started, ended, and how long it ran, each on a line."""
    started = local(session.started_at, clock_offset_ms)
    ended = local(session.finished_at, clock_offset_ms)
    lines = []
    if started:
        lines.append(tr("Started {at}", at=clock(started, now)))
    if ended:
        lines.append(tr("Ended {at}", at=clock(ended, now)))
    if session.runtime_ms:
        lines.append(tr("Ran for {span}", span=run_time(session.runtime_ms)))
    return "\n".join(lines)
