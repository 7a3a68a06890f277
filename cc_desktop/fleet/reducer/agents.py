"""What an agent says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cc_desktop.fleet.model import Agent, AgentChanged, Change, Fleet, Gateway, Now
from cc_desktop.fleet.reducer.state import Result, put_agent, with_gateway

if TYPE_CHECKING:
    from cc_desktop.fleet import events as ev


def activity(fleet: Fleet, gateway: Gateway, event: ev.AgentActivity, now: Now) -> Result:
    """A report that is older than the last one is ignored."""
    agent = gateway.agents.get(event.agent_id)
    if agent is None or (event.at and event.at < agent.reported_at):
        return fleet, []
    after = _updated(
        agent,
        reported_status=event.status or agent.reported_status,
        reported_task=agent.reported_task if event.task is None else event.task,
        reported_at=event.at or agent.reported_at,
    )
    return put_agent(fleet, gateway, agent, after, now)


def configured(fleet: Fleet, gateway: Gateway, event: ev.AgentConfigured, now: Now) -> Result:
    """Name, role, emoji or model changed."""
    agent = gateway.agents.get(event.agent_id)
    if agent is None:
        return fleet, []
    told = {
        name: value
        for name in ("name", "role", "emoji", "model")
        if (value := getattr(event, name)) is not None
    }
    return put_agent(fleet, gateway, agent, _updated(agent, **told), now)


def heartbeats(fleet: Fleet, gateway: Gateway, event: ev.HeartbeatsTold, now: Now) -> Result:
    """How often agents wake by themselves."""
    agents = dict(gateway.agents)
    changes: list[Change] = []
    for key, every_ms in event.every_ms.items():
        old = agents.get(key)
        if old is not None and old.heartbeat_ms != every_ms:
            agents[key] = replace(old, heartbeat_ms=every_ms)
            changes.append(AgentChanged(gateway.id, key, old, agents[key]))
    return (
        (with_gateway(fleet, replace(gateway, agents=agents)), changes) if changes else (fleet, [])
    )


def run_watched(fleet: Fleet, gateway: Gateway, event: ev.RunWatched, now: Now) -> Result:
    """A run that is over already is not waited for."""
    agent = gateway.agents.get(event.agent_id)
    if agent is None or (event.on and event.session_key not in agent.heard):
        return fleet, []
    key = frozenset({event.session_key})
    after = agent.watched | key if event.on else agent.watched - key
    if after == agent.watched:
        return fleet, []
    return put_agent(fleet, gateway, agent, replace(agent, watched=after), now)


def _updated(agent: Agent, **values: Any) -> Agent:
    """The agent itself if it has these values already."""
    if all(getattr(agent, name) == value for name, value in values.items()):
        return agent
    return replace(agent, **values)
