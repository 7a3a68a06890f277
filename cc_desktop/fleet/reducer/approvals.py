"""Commands and questions that wait for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cc_desktop.fleet.model import (
    APPROVALS_PER_AGENT,
    Agent,
    Change,
    Fleet,
    Gateway,
    GatewayChanged,
    Now,
    Run,
)
from cc_desktop.fleet.reducer.state import Result, first_expiry, put_agent, put_gateway
from cc_desktop.fleet.requests import Decision

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cc_desktop.fleet import events as ev
    from cc_desktop.fleet.requests import Approval

_APPROVAL_MS = 1_800_000  # how long 2026.5.7 and 2026.9.6 wait; their runs' events do not say
_NAMELESS = "session:"  # begins the id of an approval of which its run told no id
DECISIONS_PER_AGENT = 20


def opened(fleet: Fleet, gateway: Gateway, event: ev.ApprovalOpened, now: Now) -> Result:
    """An approval that is told again keeps its first time, and gets what was not known of it."""
    return _opened(fleet, gateway, event.approval, now)


def _opened(fleet: Fleet, gateway: Gateway, told: Approval, now: Now) -> Result:
    agent = gateway.agents.get(told.agent_id)
    if agent is None:
        return _opened_for_nobody(fleet, gateway, told, now) if told.family else (fleet, [])
    if told.id in gateway.approvals:  # a list has named the agent since
        left = {key: one for key, one in gateway.approvals.items() if key != told.id}
        fleet, changes = put_gateway(fleet, gateway, replace(gateway, approvals=left))
        fleet, more = _opened(fleet, fleet.gateways[gateway.id], told, now)
        return fleet, _as_one(fleet, gateway, [*changes, *more])
    known = _same(agent, told)
    approval = _merged(known, told) if known else told
    if approval is known:
        return fleet, []
    if known is None or told.family:
        approval = _in_local_time(approval, known, told, gateway.clock_offset_ms, now)
    if approval == known or approval.expires_at <= now.wall:
        return fleet, []
    # One that is told in more detail keeps its place, which says how old it is.
    approvals = {key: approval if one is known else one for key, one in agent.approvals.items()}
    if known is None or known.id != approval.id:
        approvals = {one.id: one for one in approvals.values()} | {approval.id: approval}
    dropped = agent.dropped_approvals
    expire_at = min(agent.approvals_expire_at or approval.expires_at, approval.expires_at)
    if len(approvals) > APPROVALS_PER_AGENT:
        approvals.pop(next(iter(approvals)))
        dropped += 1
        expire_at = first_expiry(approvals)
    elif known is not None:
        expire_at = first_expiry(approvals)
    after = replace(
        agent, approvals=approvals, approvals_expire_at=expire_at, dropped_approvals=dropped
    )
    return put_agent(fleet, gateway, agent, after, now)


def closed(fleet: Fleet, gateway: Gateway, event: ev.ApprovalClosed, now: Now) -> Result:
    """It was decided, or withdrawn."""
    ident = event.approval_id
    if ident in gateway.approvals:
        left = {key: one for key, one in gateway.approvals.items() if key != ident}
        return put_gateway(fleet, gateway, replace(gateway, approvals=left))
    agent = _waiting(gateway, event)
    if agent is None:
        return fleet, []
    decision = Decision(ident, event.decision, event.decided_by, now.wall)
    if ident in agent.approvals:
        left = {key: value for key, value in agent.approvals.items() if key != ident}
        fields = {**approval_fields(agent, left), **decision_fields(agent, decision)}
        return put_agent(fleet, gateway, agent, replace(agent, **fields), now)
    if ident in agent.decided:
        # Its run says that it is decided, the gateway says how: in either order.
        known = decision_fields(agent, decision)
        after = replace(agent, **known) if known else agent
        return put_agent(fleet, gateway, agent, after, now)
    if not agent.dropped_approvals:
        return fleet, []
    after = replace(agent, dropped_approvals=agent.dropped_approvals - 1)
    return put_agent(fleet, gateway, agent, after, now)


def listed(fleet: Fleet, gateway: Gateway, event: ev.ApprovalsListed, now: Now) -> Result:
    """The gateway's own list. What only runs tell of is not among it, and stays."""
    open_ids = {approval.id for approval in event.approvals}

    def is_open(approval: Approval) -> bool:
        return approval.family not in event.families or approval.id in open_ids

    fleet, changes = _only(fleet, gateway, is_open, now)
    for approval in event.approvals:
        fleet, more = _opened(fleet, fleet.gateways[gateway.id], approval, now)
        changes += more
    return fleet, _as_one(fleet, gateway, changes)


def unlisted(fleet: Fleet, gateway: Gateway, event: ev.ApprovalsUnlisted, now: Now) -> Result:
    """Nobody tells us any more when those end that no run waits for."""
    fleet, changes = _only(fleet, gateway, lambda one: bool(one.run_id), now)
    for agent in list(fleet.gateways[gateway.id].agents.values()):
        if any(approval.family for approval in agent.approvals.values()):
            undecidable = {
                key: replace(approval, family="", decisions=())
                for key, approval in agent.approvals.items()
            }
            after = replace(agent, approvals=undecidable)
            fleet, more = put_agent(fleet, fleet.gateways[gateway.id], agent, after, now)
            changes += more
    return fleet, changes


def _as_one(fleet: Fleet, before: Gateway, changes: list[Change]) -> list[Change]:
    """The changes with at most one of the gateway itself, as the last of them."""
    agents = [change for change in changes if not isinstance(change, GatewayChanged)]
    if len(agents) == len(changes):
        return changes
    return [*agents, GatewayChanged(before.id, before, fleet.gateways[before.id])]


def _only(fleet: Fleet, gateway: Gateway, is_open: Callable[[Approval], bool], now: Now) -> Result:
    """Without those that the gateway listed once, and that are not open any more."""
    changes: list[Change] = []
    left = {key: one for key, one in gateway.approvals.items() if is_open(one)}
    if len(left) < len(gateway.approvals):
        fleet, changes = put_gateway(fleet, gateway, replace(gateway, approvals=left))
    for agent in gateway.agents.values():
        kept = {key: one for key, one in agent.approvals.items() if not one.family or is_open(one)}
        if fields := approval_fields(agent, kept):
            current = fleet.gateways[gateway.id]
            fleet, more = put_agent(fleet, current, agent, replace(agent, **fields), now)
            changes += more
    return fleet, changes


def approval_fields(agent: Agent, left: Mapping[str, Approval]) -> dict[str, Any]:
    """Fields of an agent whose approvals are these; none if they are the same as before."""
    if len(left) == len(agent.approvals):
        return {}
    return {"approvals": left, "approvals_expire_at": first_expiry(left)}


def decision_fields(agent: Agent, decision: Decision) -> dict[str, Any]:
    """Fields of an agent of which this is decided; what was known of the decision stays."""
    known = agent.decided.get(decision.id)
    if known is not None:
        decision = replace(
            decision, what=known.what or decision.what, by=known.by or decision.by, at=known.at
        )
    decided = {key: one for key, one in agent.decided.items() if key != decision.id}
    decided[decision.id] = decision
    if len(decided) > DECISIONS_PER_AGENT:
        del decided[next(iter(decided))]
    return {} if decided == agent.decided else {"decided": decided}


def without_those_of(agent: Agent, run: Run) -> dict[str, Any]:
    """Fields of an agent when this run is over: what the run waited for is withdrawn.

    Of what the gateway itself lists, the gateway says when it is over.
    """
    if not agent.approvals:
        return {}
    left = {
        key: one for key, one in agent.approvals.items() if one.family or one.run_id != run.run_id
    }
    return approval_fields(agent, left)


def _same(agent: Agent, told: Approval) -> Approval | None:
    """The approval that is known already."""
    known = agent.approvals.get(told.id)
    if known is None and told.family:
        return agent.approvals.get(f"{_NAMELESS}{told.session_key}")
    if known is None and told.id.startswith(_NAMELESS):
        mine = (one for one in agent.approvals.values() if one.session_key == told.session_key)
        return next(mine, None)
    return known


def _merged(known: Approval, told: Approval) -> Approval:
    """What the gateway tells of it is whole; a run adds that it waits."""
    if told.family:
        return replace(told, run_id=known.run_id, title=told.title or known.title)
    run_id, title = known.run_id or told.run_id, known.title or told.title
    if (run_id, title) == (known.run_id, known.title):
        return known
    return replace(known, run_id=run_id, title=title)


def _in_local_time(
    approval: Approval, known: Approval | None, told: Approval, offset: int, now: Now
) -> Approval:
    opened_at = told.opened_at + offset if told.opened_at else now.wall
    return replace(
        approval,
        opened_at=known.opened_at if known else opened_at,
        expires_at=told.expires_at + offset if told.expires_at else now.wall + _APPROVAL_MS,
    )


def _opened_for_nobody(fleet: Fleet, gateway: Gateway, told: Approval, now: Now) -> Result:
    """Of the gateway itself, or of an agent that no list has named yet."""
    known = gateway.approvals.get(told.id)
    approval = _in_local_time(told, known, told, gateway.clock_offset_ms, now)
    if approval == known or approval.expires_at <= now.wall:
        return fleet, []
    approvals = {key: one for key, one in gateway.approvals.items() if one.expires_at > now.wall}
    approvals[told.id] = approval
    if len(approvals) > APPROVALS_PER_AGENT:
        del approvals[next(iter(approvals))]
    return put_gateway(fleet, gateway, replace(gateway, approvals=approvals))


def _waiting(gateway: Gateway, event: ev.ApprovalClosed) -> Agent | None:
    """The agent that an approval is about; not every gateway names it when it is decided."""
    if event.agent_id in gateway.agents:
        return gateway.agents[event.agent_id]
    if event.agent_id:
        return None
    ident = event.approval_id
    agents = gateway.agents.values()
    mine = (one for one in agents if ident in one.approvals or ident in one.decided)
    return next(mine, None)
