"""Which conditions of an agent deserve the operator's attention. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.model import Status
from cc_desktop.notifications.kinds import AlertKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cc_desktop.fleet.model import Agent, Session

Condition = tuple[AlertKind, str]  # kind, and the id of the session or approval it comes from

HEARTBEATS_MISSED = 1.5  # intervals without a sign of life, after which an agent is silent


def is_subagent(agent: Agent, key: str) -> bool:
    """Return whether an agent started the session itself."""
    session = agent.sessions.get(key)
    return ":subagent:" in key or (session is not None and bool(session.parent_key))


def conditions(agent: Agent, *, subagents: bool, now: int | None = None) -> dict[Condition, str]:
    """Return what is true of an agent that the operator has to know, with the words for it.

    Args:
        agent: The agent.
        subagents: Include sessions that agents started themselves.
        now: Local ms; leaves out approvals that have expired. None keeps them.
    """
    found: dict[Condition, str] = {}
    cause = agent.status_session_key
    wanted = subagents or not is_subagent(agent, cause)
    if agent.status is Status.ERROR and wanted:
        found[AlertKind.FAILED, cause] = agent.reason or _title(agent, cause)
    if agent.status is Status.STUCK and wanted:
        run = agent.runs.get(cause)
        found[AlertKind.STUCK, cause] = (run.activity if run else "") or _title(agent, cause)
    for approval in agent.approvals.values():
        key = approval.session_key
        if now is not None and approval.expires_at and approval.expires_at <= now:
            continue
        if subagents or not is_subagent(agent, key):
            found[AlertKind.APPROVAL, approval.id] = approval.title or _title(agent, key)
    for key in agent.awaiting_reply:
        if subagents or not is_subagent(agent, key):
            session = agent.sessions.get(key)
            headline = session.digest_headline if session else ""
            found[AlertKind.ASKS, key] = headline or _title(agent, key)
    if (
        agent.status is Status.WAITING
        and not cause
        and not agent.approvals
        and not agent.awaiting_reply
    ):
        found[AlertKind.ASKS, ""] = agent.reported_task  # the seed's dialect says no more
    return found


def _title(agent: Agent, key: str) -> str:
    session = agent.sessions.get(key)
    return session.title if session else ""


def finished(before: Agent, after: Agent, *, subagents: bool) -> Iterator[Session]:
    """Yield the sessions whose run ended well between the two states."""
    for key in before.last_seen_at.keys() - after.last_seen_at.keys():
        session = after.sessions.get(key)
        if (
            session is not None
            and session.status == "done"
            and session.finished_at
            and (subagents or not is_subagent(after, key))
        ):
            yield session


def silent_from(agent: Agent, clock_offset_ms: int, *, exact: bool = False) -> int | None:
    """Return when the agent will have missed its heartbeat: local ms, or None if it has none.

    Args:
        agent: The agent.
        clock_offset_ms: ms to add to the gateway's times to get local ones.
        exact: Look at every session, renamed ones too: on 2026.5.7 most heartbeats change nothing
            but a row's `updatedAt`.
    """
    if not agent.heartbeat_ms or not agent.last_activity or agent.last_seen_at:
        return None
    last = agent.last_activity
    if exact:
        last = max([last, *(session.updated_at for session in agent.sessions.values())])
    return last + clock_offset_ms + round(HEARTBEATS_MISSED * agent.heartbeat_ms)
