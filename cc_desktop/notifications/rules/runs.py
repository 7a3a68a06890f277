"""What of an agent's runs is news. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cc_desktop.fleet.model import Agent, Session

HEARTBEATS_MISSED = 1.5  # intervals without a sign of life, after which an agent is silent


def is_subagent(agent: Agent, key: str) -> bool:
    """Return whether an agent started the session itself."""
    session = agent.sessions.get(key)
    return ":subagent:" in key or (session is not None and bool(session.parent_key))


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
