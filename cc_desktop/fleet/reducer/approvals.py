"""Commands and questions that wait for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cc_desktop.fleet.model import APPROVALS_PER_AGENT, Agent, Fleet, Gateway, Now, Run
from cc_desktop.fleet.reducer.state import Result, first_expiry, put_agent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cc_desktop.fleet import events as ev
    from cc_desktop.fleet.requests import Approval

_APPROVAL_MS = 1_800_000  # how long 2026.5.7 and 2026.9.6 wait; their runs' events do not say


def opened(fleet: Fleet, gateway: Gateway, event: ev.ApprovalOpened, now: Now) -> Result:
    """An approval that is reported again keeps its first time."""
    agent = gateway.agents.get(event.approval.agent_id)
    if agent is None or event.approval.id in agent.approvals:
        return fleet, []
    told = event.approval
    offset = gateway.clock_offset_ms
    approval = replace(
        told,
        opened_at=told.opened_at + offset if told.opened_at else now.wall,
        expires_at=told.expires_at + offset if told.expires_at else now.wall + _APPROVAL_MS,
    )
    if approval.expires_at <= now.wall:
        return fleet, []
    approvals = {**agent.approvals, approval.id: approval}
    dropped = agent.dropped_approvals
    expire_at = min(agent.approvals_expire_at or approval.expires_at, approval.expires_at)
    if len(approvals) > APPROVALS_PER_AGENT:
        oldest = approvals.pop(next(iter(approvals)))
        dropped += 1
        if oldest.expires_at == expire_at:
            expire_at = first_expiry(approvals)
    after = replace(
        agent, approvals=approvals, approvals_expire_at=expire_at, dropped_approvals=dropped
    )
    return put_agent(fleet, gateway, agent, after, now)


def closed(fleet: Fleet, gateway: Gateway, event: ev.ApprovalClosed, now: Now) -> Result:
    """It was decided, or withdrawn."""
    agent = gateway.agents.get(event.agent_id)
    if agent is None:
        return fleet, []
    if event.approval_id not in agent.approvals:
        if not agent.dropped_approvals:
            return fleet, []
        after = replace(agent, dropped_approvals=agent.dropped_approvals - 1)
        return put_agent(fleet, gateway, agent, after, now)
    left = {key: value for key, value in agent.approvals.items() if key != event.approval_id}
    return put_agent(fleet, gateway, agent, replace(agent, **approval_fields(agent, left)), now)


def approval_fields(agent: Agent, left: Mapping[str, Approval]) -> dict[str, Any]:
    """Fields of an agent whose approvals are these; none if they are the same as before."""
    if len(left) == len(agent.approvals):
        return {}
    return {"approvals": left, "approvals_expire_at": first_expiry(left)}


def without_those_of(agent: Agent, run: Run) -> dict[str, Any]:
    """Fields of an agent when this run is over: what the run waited for is withdrawn."""
    if not agent.approvals:
        return {}
    left = {key: one for key, one in agent.approvals.items() if one.run_id != run.run_id}
    return approval_fields(agent, left)
