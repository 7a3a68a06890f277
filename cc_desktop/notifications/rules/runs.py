"""What of an agent's runs is news. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cc_desktop.fleet.model import Agent, Session


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
