"""State and event in, next state and changes out. The one place that decides what is newer.

Events come late and out of order (measured on OpenClaw 2026.5.7: a row "running" with an older
`updatedAt` follows the row "done" of every run), so a row never replaces a newer one. A fresh list
settles the rest. The cost of an event does not grow with the fleet: it makes anew only what is on
its path, and looks only at the sessions that run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.evolve import evolve
from cc_desktop.fleet.large import with_entry, with_moment
from cc_desktop.fleet.model import (
    Agent,
    AgentChanged,
    Approval,
    Change,
    ConnectionInfo,
    ConnectionState,
    DevicesChanged,
    Fleet,
    Gateway,
    GatewayChanged,
    Origin,
    Run,
    Session,
    Status,
)
from cc_desktop.fleet.status import assess

_SAME_FAILURE_MS = 60_000
_HEARD_STEP_MS = 1_000  # signs of life that say nothing else count once in so long
_APPROVAL_MS = 1_800_000  # how long 2026.5.7 and 2026.9.6 wait; their runs' events do not say
_CARRIED = ("derived_title", "preview")


def reduce(fleet: Fleet, event: ev.Event, now: int) -> tuple[Fleet, list[Change]]:
    """Take in one event. `now` is local ms. Never raises for what a source may say."""
    if isinstance(event, ev.GatewayAdded):
        return _add_gateway(fleet, event)
    gateway = fleet.gateways.get(event.gateway)
    if gateway is None:
        return fleet, []
    if isinstance(event, ev.GatewayRemoved):
        rest = {key: value for key, value in fleet.gateways.items() if key != gateway.id}
        gone: list[Change] = [
            AgentChanged(gateway.id, agent.id, agent, None) for agent in gateway.agents.values()
        ]
        return evolve(fleet, gateways=rest), [*gone, GatewayChanged(gateway.id, gateway, None)]
    return _HANDLERS[type(event)](fleet, gateway, event, now)


def _add_gateway(fleet: Fleet, event: ev.GatewayAdded) -> tuple[Fleet, list[Change]]:
    if event.gateway in fleet.gateways:
        return fleet, []
    gateway = Gateway(event.gateway, event.name, event.url)
    return _with(fleet, gateway), [GatewayChanged(gateway.id, None, gateway)]


def _with(fleet: Fleet, gateway: Gateway) -> Fleet:
    return evolve(fleet, gateways={**fleet.gateways, gateway.id: gateway})


def _put_gateway(fleet: Fleet, before: Gateway, after: Gateway) -> tuple[Fleet, list[Change]]:
    if before == after:
        return fleet, []
    return _with(fleet, after), [GatewayChanged(after.id, before, after)]


def _assessed(fleet: Fleet, gateway: Gateway, agent: Agent, now: int) -> Agent:
    if any(0 < approval.expires_at <= now for approval in agent.approvals.values()):
        left = {
            key: approval
            for key, approval in agent.approvals.items()
            if not 0 < approval.expires_at <= now
        }
        agent = evolve(agent, approvals=left)
    status, cause = assess(agent, gateway.origin, gateway.seen, now, fleet.stuck_after_ms)
    if status is agent.status and cause == agent.status_session_key:
        return agent
    since = agent.status_since if status is agent.status else now
    return evolve(agent, status=status, status_session_key=cause, status_since=since)


def _put_agent(
    fleet: Fleet, gateway: Gateway, before: Agent | None, after: Agent, now: int
) -> tuple[Fleet, list[Change]]:
    after = _assessed(fleet, gateway, after, now)
    if after is before:
        return fleet, []
    gateway = evolve(gateway, agents={**gateway.agents, after.id: after}, as_of=now)
    return _with(fleet, gateway), [AgentChanged(gateway.id, after.id, before, after)]


def _reassess(fleet: Fleet, gateway: Gateway, now: int) -> tuple[Gateway, list[Change]]:
    agents: dict[str, Agent] = {}
    changes: list[Change] = []
    for key, agent in gateway.agents.items():
        agents[key] = _assessed(fleet, gateway, agent, now)
        if agents[key] is not agent:
            changes.append(AgentChanged(gateway.id, key, agent, agents[key]))
    return (evolve(gateway, agents=agents) if changes else gateway), changes


# Sessions


def _merged(old: Session | None, event: ev.SessionChanged) -> Session | None:
    """The session after the event, or None if the event is older than what is known."""
    fields = dict(event.fields)
    if old is None:
        return Session(event.key, event.agent_id, **fields)
    if fields.get("updated_at", old.updated_at) < old.updated_at:
        return None
    if not event.complete:
        return evolve(old, **fields)
    fields.setdefault("updated_at", old.updated_at)
    for name in _CARRIED:  # 2026.9.6: only some rows have them
        fields.setdefault(name, getattr(old, name))
    return Session(event.key, event.agent_id, **fields)


def _with_session(agent: Agent, session: Session, last_seen_at: int) -> Agent:
    """`heard_at`: local ms of the last sign of life, if the session is active."""
    old = agent.sessions.get(session.key)
    order = agent.by_activity
    if old is None or old.activity_at != session.activity_at:
        before = (old.activity_at, old.key) if old is not None else None
        order = with_moment(order, before, (session.activity_at, session.key))
    runs = agent.runs
    run = runs.get(session.key)
    if (
        run
        and not run.over
        and session.finished_at
        and (old is None or old.finished_at != session.finished_at)
    ):
        run = evolve(run, over=True)
        runs = {**runs, session.key: run}
    return evolve(
        agent,
        sessions=with_entry(agent.sessions, session.key, session),
        by_activity=order,
        runs=runs,
        last_seen_at=_with_heard(
            agent.last_seen_at, session.key, session.active, run, last_seen_at
        ),
        awaiting_reply=_with_asking(agent.awaiting_reply, session),
        unconfirmed_failures=_with_failing(agent.unconfirmed_failures, session, run),
        approvals=_without_those_of(agent.approvals, run),
    )


def _without_those_of(approvals: Mapping[str, Approval], run: Run | None) -> Mapping[str, Approval]:
    """What waits for a person when this run is over: not what the run waited for."""
    if run is None or not run.over or not approvals:
        return approvals
    if all(approval.run_id != run.run_id for approval in approvals.values()):
        return approvals
    return {key: value for key, value in approvals.items() if value.run_id != run.run_id}


def _heard_just_now(agent: Agent, key: str, now: int) -> bool:
    """A model that streams says fifty times a second no more than that it does."""
    return key in agent.last_seen_at and 0 <= now - agent.last_seen_at[key] < _HEARD_STEP_MS


def _with_heard(
    heard: Mapping[str, int], key: str, active: bool, run: Run | None, last_seen_at: int
) -> Mapping[str, int]:
    if active or (run is not None and not run.over):
        return {**heard, key: max(last_seen_at, heard.get(key, 0))}
    if key in heard:
        return {other: value for other, value in heard.items() if other != key}
    return heard


def _with_asking(asking: frozenset[str], session: Session) -> frozenset[str]:
    if session.digest_health == "waiting-on-user" and not session.archived:
        return asking | {session.key}
    return asking - {session.key} if session.key in asking else asking


def _fails(session: Session, run: Run | None) -> bool:
    """Whether the run told of an error that no row shows yet (2026.5.7: 15 s later)."""
    return run is not None and run.over and bool(run.error) and not session.finished_at


def _with_failing(
    unconfirmed_failures: frozenset[str], session: Session, run: Run | None
) -> frozenset[str]:
    if _fails(session, run):
        return unconfirmed_failures | {session.key}
    return (
        unconfirmed_failures - {session.key}
        if session.key in unconfirmed_failures
        else unconfirmed_failures
    )


def _session_changed(
    fleet: Fleet, gateway: Gateway, event: ev.SessionChanged, now: int
) -> tuple[Fleet, list[Change]]:
    agent = gateway.agents.get(event.agent_id)
    if agent is None:
        return fleet, []
    old = agent.sessions.get(event.key)
    if event.fields.get("updated_at", 0) <= agent.deleted_at.get(event.key, -1):
        return fleet, []  # it was deleted after this
    session = _merged(old, event)
    if session is None or session == old:
        if event.key not in agent.last_seen_at:
            return fleet, []
        if _heard_just_now(agent, event.key, now):
            return fleet, []
        # Old news, but news: the run is alive.
        heard = {**agent.last_seen_at, event.key: now}
        return _put_agent(fleet, gateway, agent, evolve(agent, last_seen_at=heard), now)
    if session.archived:  # a list leaves it out, so the model does
        without = _without_session(agent, event.key)
        without = evolve(without, deleted_at={**without.deleted_at, event.key: session.updated_at})
        return _put_agent(fleet, gateway, agent, without, now)
    return _put_agent(fleet, gateway, agent, _with_session(agent, session, now), now)


def _without_session(agent: Agent, key: str) -> Agent:
    old = agent.sessions.get(key)
    if old is None:
        return agent
    return evolve(
        agent,
        sessions={other: value for other, value in agent.sessions.items() if other != key},
        by_activity=with_moment(agent.by_activity, (old.activity_at, key), None),
        runs={other: value for other, value in agent.runs.items() if other != key},
        last_seen_at={other: value for other, value in agent.last_seen_at.items() if other != key},
        awaiting_reply=agent.awaiting_reply - {key},
        unconfirmed_failures=agent.unconfirmed_failures - {key},
        approvals={
            ident: value for ident, value in agent.approvals.items() if value.session_key != key
        },
        deleted_at={**agent.deleted_at, key: old.updated_at},
    )


def _session_removed(
    fleet: Fleet, gateway: Gateway, event: ev.SessionRemoved, now: int
) -> tuple[Fleet, list[Change]]:
    agent = gateway.agents.get(event.agent_id)
    old = agent.sessions.get(event.key) if agent else None
    if agent is None or old is None:
        return fleet, []
    if event.session_id and old.session_id and event.session_id != old.session_id:
        return fleet, []  # an earlier generation: its replacement stays
    return _put_agent(fleet, gateway, agent, _without_session(agent, event.key), now)


# Lists


def _snapshot(
    fleet: Fleet, gateway: Gateway, event: ev.Snapshot, now: int
) -> tuple[Fleet, list[Change]]:
    clock_offset_ms = now - event.taken_at if event.taken_at else gateway.clock_offset_ms
    rows: dict[str, list[Session]] = {info.id: [] for info in event.agents}
    for session in event.sessions:
        if session.agent_id in rows and not session.archived:
            rows[session.agent_id].append(session)
    after = evolve(gateway, origin=event.origin, as_of=now, clock_offset_ms=clock_offset_ms)
    agents: dict[str, Agent] = {}
    changes: list[Change] = []
    for info in event.agents:
        old = gateway.agents.get(info.id)
        agent = _listed(gateway, old, info, rows[info.id], event, clock_offset_ms, now)
        agent = _assessed(fleet, after, agent, now)
        agents[info.id] = old if agent == old and old is not None else agent
        if agents[info.id] is not old:
            changes.append(AgentChanged(gateway.id, info.id, old, agent))
    for key, old in gateway.agents.items():
        if key not in agents:
            changes.append(AgentChanged(gateway.id, key, old, None))
    after = evolve(after, agents=agents)
    return _with(fleet, after), [*changes, GatewayChanged(gateway.id, gateway, after)]


def _listed(
    gateway: Gateway,
    old: Agent | None,
    info: ev.AgentInfo,
    rows: list[Session],
    event: ev.Snapshot,
    clock_offset_ms: int,
    now: int,
) -> Agent:
    known: Mapping[str, Session] = old.sessions if old else {}
    sessions: dict[str, Session] = {}
    for row in rows:
        before = known.get(row.key)
        if before is None:
            sessions[row.key] = row
        elif row.key in event.changed_meanwhile and before.updated_at > row.updated_at:
            sessions[row.key] = before  # an event said more while the list was made
        elif (
            row.key in event.changed_meanwhile
            and before.finished_at
            and row.active
            and row.ended_at == before.ended_at
        ):
            # Measured on 2026.5.7: done, and hasActiveRun for 1.2 s more.
            sessions[row.key] = evolve(row, active=False)
        else:
            carried = {
                name: getattr(before, name)
                for name in _CARRIED
                if not getattr(row, name) and before.session_id == row.session_id
            }
            sessions[row.key] = evolve(row, **carried) if any(carried.values()) else row
    for key in event.changed_meanwhile:
        if key in known and key not in sessions:
            sessions[key] = known[key]
    old_runs = old.runs if old else {}
    runs = {
        key: run
        for key, run in old_runs.items()
        if key in event.changed_meanwhile or _still_true(run, sessions.get(key), clock_offset_ms)
    }
    heard: dict[str, int] = {}
    for key in {key for key, row in sessions.items() if row.active} | {
        key for key, run in runs.items() if not run.over
    }:
        row_heard = min(now, sessions[key].updated_at + clock_offset_ms) if key in sessions else 0
        heard[key] = max(row_heard, old.last_seen_at.get(key, 0) if old else 0)
        heard[key] = heard[key] or now
    return Agent(
        gateway=gateway.id,
        id=info.id,
        name=info.name or (old.name if old else ""),
        emoji=info.emoji or (old.emoji if old else ""),
        role=info.role or (old.role if old else ""),
        theme=info.theme,
        model=info.model or (old.model if old else ""),
        reported_status=info.status or (old.reported_status if old else None),
        reported_task=info.task if info.status else (old.reported_task if old else ""),
        reported_at=max(info.last_activity, old.reported_at if old else 0),
        heartbeat_ms=old.heartbeat_ms if old else 0,
        sessions=sessions,
        by_activity=tuple(sorted((row.activity_at, key) for key, row in sessions.items())),
        runs=runs,
        approvals=_still_open(gateway, old, sessions, event) if old else {},
        last_seen_at=heard,
        unconfirmed_failures=frozenset(
            key for key, run in runs.items() if key in sessions and _fails(sessions[key], run)
        ),
        awaiting_reply=frozenset(
            key for key, row in sessions.items() if row.digest_health == "waiting-on-user"
        ),
        status=old.status if old else Status.UNKNOWN,
        status_since=old.status_since if old else now,
        status_session_key=old.status_session_key if old else "",
    )


def _still_true(run: Run, row: Session | None, clock_offset_ms: int) -> bool:
    """Whether a list leaves what is known of a run: it runs, or it is the failure the row shows."""
    if row is None:
        return False
    if row.active:
        return not run.over
    if not run.over or not run.error:
        return False
    return (
        not row.finished_at
        or abs(row.finished_at + clock_offset_ms - run.last_seen_at) < _SAME_FAILURE_MS
    )


def _still_open(
    gateway: Gateway, old: Agent, sessions: Mapping[str, Session], event: ev.Snapshot
) -> Mapping[str, Approval]:
    """The approvals that a list leaves. No list tells of them: what the rows imply has to do."""
    left: dict[str, Approval] = {}
    for ident, approval in old.approvals.items():
        key = approval.session_key
        before, row = old.sessions.get(key), sessions.get(key)
        if approval.opened_at < event.since:
            continue  # gateways forget them when they restart (both do)
        if approval.run_id and key not in event.changed_meanwhile and not (row and row.active):
            continue  # its run is over
        if (
            gateway.origin is not Origin.LIVE
            and before
            and row
            and row.started_at > before.started_at
            and (approval.run_id or before.finished_at)
        ):
            continue  # another run since, while nothing was heard: the one after a decision
        left[ident] = approval
    return left if len(left) < len(old.approvals) else old.approvals


# Runs, approvals, what an agent says of itself


def _run_progress(
    fleet: Fleet, gateway: Gateway, event: ev.RunProgress, now: int
) -> tuple[Fleet, list[Change]]:
    agent = gateway.agents.get(event.agent_id)
    if agent is None:
        return fleet, []
    old = agent.runs.get(event.session_key)
    if old is None or old.run_id != event.run_id:
        if event.over and (not event.error or (old is not None and not old.over)):
            return fleet, []  # it never was the one that runs: a message that was steered into it
        old = Run(event.run_id, event.session_key, thinking=True)
    elif old.over and event.starts:
        old = evolve(old, error="")
    elif old.over and not event.starts:
        return fleet, []
    thinking = old.thinking if event.thinking is None else event.thinking
    doing = old.activity if event.activity is None else event.activity
    error = old.error if event.error is None else event.error
    if (
        (thinking, doing, error, event.over) == (old.thinking, old.activity, old.error, old.over)
        and old is agent.runs.get(event.session_key)
        and _heard_just_now(agent, event.session_key, now)
    ):
        return fleet, []
    run = Run(
        old.run_id, old.session_key, thinking, doing, error, last_seen_at=now, over=event.over
    )
    session = agent.sessions.get(event.session_key)
    active = session is not None and session.active
    unconfirmed_failures = (
        agent.unconfirmed_failures
        if session is None
        else _with_failing(agent.unconfirmed_failures, session, run)
    )
    after = evolve(
        agent,
        runs={**agent.runs, event.session_key: run},
        last_seen_at=_with_heard(agent.last_seen_at, event.session_key, active, run, now),
        unconfirmed_failures=unconfirmed_failures,
        approvals=_without_those_of(agent.approvals, run),
    )
    return _put_agent(fleet, gateway, agent, after, now)


def _approval_opened(
    fleet: Fleet, gateway: Gateway, event: ev.ApprovalOpened, now: int
) -> tuple[Fleet, list[Change]]:
    agent = gateway.agents.get(event.approval.agent_id)
    if agent is None:
        return fleet, []
    if event.approval.id in agent.approvals:
        return fleet, []  # told again
    expires = event.approval.expires_at
    expires = expires + gateway.clock_offset_ms if expires else now + _APPROVAL_MS
    opened = event.approval.opened_at
    opened = opened + gateway.clock_offset_ms if opened else now
    approvals = {
        **agent.approvals,
        event.approval.id: evolve(event.approval, opened_at=opened, expires_at=expires),
    }
    return _put_agent(fleet, gateway, agent, evolve(agent, approvals=approvals), now)


def _approval_closed(
    fleet: Fleet, gateway: Gateway, event: ev.ApprovalClosed, now: int
) -> tuple[Fleet, list[Change]]:
    agent = gateway.agents.get(event.agent_id)
    if agent is None or event.approval_id not in agent.approvals:
        return fleet, []
    left = {key: value for key, value in agent.approvals.items() if key != event.approval_id}
    return _put_agent(fleet, gateway, agent, evolve(agent, approvals=left), now)


def _agent_activity(
    fleet: Fleet, gateway: Gateway, event: ev.AgentActivity, now: int
) -> tuple[Fleet, list[Change]]:
    agent = gateway.agents.get(event.agent_id)
    if agent is None or (event.at and event.at < agent.reported_at):
        return fleet, []
    after = evolve(
        agent,
        reported_status=event.status or agent.reported_status,
        reported_task=agent.reported_task if event.task is None else event.task,
        reported_at=event.at or agent.reported_at,
    )
    return _put_agent(fleet, gateway, agent, after, now)


def _agent_configured(
    fleet: Fleet, gateway: Gateway, event: ev.AgentConfigured, now: int
) -> tuple[Fleet, list[Change]]:
    agent = gateway.agents.get(event.agent_id)
    if agent is None:
        return fleet, []
    told: dict[str, Any] = {
        name: value
        for name in ("name", "role", "emoji", "model")
        if (value := getattr(event, name)) is not None
    }
    return _put_agent(fleet, gateway, agent, evolve(agent, **told), now)


def _heartbeats_told(
    fleet: Fleet, gateway: Gateway, event: ev.HeartbeatsTold, now: int
) -> tuple[Fleet, list[Change]]:
    agents = dict(gateway.agents)
    changes: list[Change] = []
    for key, every_ms in event.every_ms.items():
        old = agents.get(key)
        if old is not None and old.heartbeat_ms != every_ms:
            agents[key] = _assessed(fleet, gateway, evolve(old, heartbeat_ms=every_ms), now)
            changes.append(AgentChanged(gateway.id, key, old, agents[key]))
    return (_with(fleet, evolve(gateway, agents=agents)), changes) if changes else (fleet, [])


# The gateway itself


def _devices_listed(
    fleet: Fleet, gateway: Gateway, event: ev.DevicesListed, now: int
) -> tuple[Fleet, list[Change]]:
    devices = {device.id: device for device in event.devices}
    if devices == gateway.devices:
        return fleet, []
    changed = DevicesChanged(gateway.id, gateway.devices, devices)
    return _with(fleet, evolve(gateway, devices=devices)), [changed]


def _link_changed(
    fleet: Fleet, gateway: Gateway, event: ev.ConnectionChanged, now: int
) -> tuple[Fleet, list[Change]]:
    link: ConnectionInfo = event.connection
    as_of = gateway.as_of
    if gateway.connection.state is ConnectionState.LIVE and gateway.origin is Origin.LIVE:
        as_of = now  # it was true until this moment
    return _put_gateway(fleet, gateway, evolve(gateway, connection=link, as_of=as_of))


def _origin_changed(
    fleet: Fleet, gateway: Gateway, event: ev.OriginChanged, now: int
) -> tuple[Fleet, list[Change]]:
    if event.origin is gateway.origin:
        return fleet, []
    after, changes = _reassess(fleet, evolve(gateway, origin=event.origin), now)
    return _with(fleet, after), [*changes, GatewayChanged(gateway.id, gateway, after)]


def _shown(fleet: Fleet, gateway: Gateway, event: ev.Shown, now: int) -> tuple[Fleet, list[Change]]:
    return _put_gateway(fleet, gateway, evolve(gateway, hidden=not event.shown))


def _seen(fleet: Fleet, gateway: Gateway, event: ev.Seen, now: int) -> tuple[Fleet, list[Change]]:
    after, changes = _reassess(fleet, evolve(gateway, seen={**gateway.seen, **event.seen}), now)
    return _with(fleet, after), changes


def _tick(fleet: Fleet, gateway: Gateway, event: ev.Tick, now: int) -> tuple[Fleet, list[Change]]:
    after, changes = _reassess(fleet, gateway, now)
    return (_with(fleet, after), changes) if changes else (fleet, [])


_Handler = Callable[[Fleet, Gateway, Any, int], tuple[Fleet, list[Change]]]
_HANDLERS: dict[type, _Handler] = {
    ev.Snapshot: _snapshot,
    ev.SessionChanged: _session_changed,
    ev.SessionRemoved: _session_removed,
    ev.RunProgress: _run_progress,
    ev.ApprovalOpened: _approval_opened,
    ev.ApprovalClosed: _approval_closed,
    ev.AgentActivity: _agent_activity,
    ev.AgentConfigured: _agent_configured,
    ev.HeartbeatsTold: _heartbeats_told,
    ev.DevicesListed: _devices_listed,
    ev.ConnectionChanged: _link_changed,
    ev.OriginChanged: _origin_changed,
    ev.Shown: _shown,
    ev.Seen: _seen,
    ev.Tick: _tick,
}
