"""How a changed agent or gateway gets into the fleet. All reducers use this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.fleet.guard.silence import silent_since
from cc_desktop.fleet.model import (
    Agent,
    AgentChanged,
    Change,
    Fleet,
    Gateway,
    GatewayChanged,
    Now,
)
from cc_desktop.fleet.status import assess, stuck_sessions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cc_desktop.fleet.requests import Approval, Question

Result = tuple[Fleet, list[Change]]


def with_gateway(fleet: Fleet, gateway: Gateway) -> Fleet:
    """The fleet with this version of a gateway."""
    return replace(fleet, gateways={**fleet.gateways, gateway.id: gateway})


def put_gateway(fleet: Fleet, before: Gateway, after: Gateway) -> Result:
    """The fleet after a gateway changed, but not its agents."""
    if after is before:
        return fleet, []
    return with_gateway(fleet, after), [GatewayChanged(after.id, before, after)]


def put_agent(fleet: Fleet, gateway: Gateway, before: Agent, after: Agent, now: Now) -> Result:
    """Put a changed agent into the fleet, with its status reassessed."""
    after = assessed(fleet, gateway, after, now)
    if after is before:
        return fleet, []
    agents = {**gateway.agents, after.id: after}
    count = gateway.session_count + len(after.sessions) - len(before.sessions)
    gateway = replace(gateway, agents=agents, as_of=now.wall, session_count=count)
    return with_gateway(fleet, gateway), [AgentChanged(gateway.id, after.id, before, after)]


def assessed(fleet: Fleet, gateway: Gateway, agent: Agent, now: Now) -> Agent:
    """The agent with the status that it has at this moment, without requests that expired."""
    if 0 < agent.approvals_expire_at <= now.wall:
        left = {
            key: approval
            for key, approval in agent.approvals.items()
            if not 0 < approval.expires_at <= now.wall
        }
        agent = replace(agent, approvals=left, approvals_expire_at=first_expiry(left))
    if 0 < agent.questions_expire_at <= now.wall:
        asked = {
            key: question
            for key, question in agent.questions.items()
            if not 0 < question.expires_at <= now.wall
        }
        agent = replace(agent, questions=asked, questions_expire_at=first_expiry(asked))
    if agent.watched and not agent.watched <= agent.heard.keys():
        agent = replace(agent, watched=agent.watched & agent.heard.keys())
    origin = gateway.origin_of(agent.id)
    status, cause = assess(agent, origin, gateway.seen, now, fleet.stuck_after_ms)
    stuck = stuck_sessions(agent, origin, now, fleet.stuck_after_ms) if agent.heard else ()
    if stuck != agent.stuck:
        agent = replace(agent, stuck=stuck)
    if agent.heartbeat_ms or agent.silent_since:
        silent = silent_since(agent, gateway, now)
        if silent != agent.silent_since:
            agent = replace(agent, silent_since=silent)
    if status is agent.status and cause == agent.status_session_key:
        return agent
    since = agent.status_since if status is agent.status else now.wall
    return replace(agent, status=status, status_session_key=cause, status_since=since)


def reassessed(fleet: Fleet, gateway: Gateway, now: Now) -> tuple[Gateway, list[Change]]:
    """Reassess the status of all agents of a gateway."""
    agents: dict[str, Agent] = {}
    changes: list[Change] = []
    for key, agent in gateway.agents.items():
        agents[key] = assessed(fleet, gateway, agent, now)
        if agents[key] is not agent:
            changes.append(AgentChanged(gateway.id, key, agent, agents[key]))
    return (replace(gateway, agents=agents) if changes else gateway), changes


def first_expiry(requests: Mapping[str, Approval] | Mapping[str, Question]) -> int:
    """Local ms at which the first of them expires, 0 if none does."""
    return min((one.expires_at for one in requests.values() if one.expires_at), default=0)
