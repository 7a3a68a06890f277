"""What is said of a session. Times are local ms since the epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.model import Status
from cc_desktop.text.format import clock, cost, local, model_name, plain, run_time, tokens
from cc_desktop.text.i18n import mark, tr, trn

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


def tokens_of(session: Session) -> int:
    """The tokens of a session, however its gateway counts them."""
    return session.total_tokens or session.input_tokens + session.output_tokens


def session_facts(session: Session, now: int, clock_offset_ms: int, *, offline: bool) -> str:
    """Everything that is known of a session, one kind of thing a line."""
    word, _ = session_state(session, offline)
    used = tokens_of(session)
    parts = [word, plain(session.channel, 40), model_name(session.model)]
    parts.append(tr("{tokens} tokens", tokens=tokens(used)) if used else "")
    parts.append(cost(session.cost_usd))
    times = session_times(session, now, clock_offset_ms).replace("\n", " · ")
    lines = [" · ".join(part for part in parts if part), times, plain(session.error, 600)]
    if session.archived:
        lines.append(tr("Archived"))
    return "\n".join(line for line in lines if line)


def shown_sessions(shown: int, total: int) -> str:
    """How many rows a search leaves."""
    if shown == total:
        return trn("{n} session", "{n} sessions", total)
    return tr("{shown} of {total} sessions", shown=shown, total=total)
