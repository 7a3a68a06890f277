"""Fresh lists. They settle whatever events left, and arrive at once or in slices."""

from __future__ import annotations

from heapq import nlargest
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.agent_info import with_info
from cc_desktop.fleet.guard.habit import learned_from_rows
from cc_desktop.fleet.inbox.follow import all_items
from cc_desktop.fleet.model import (
    AGENTS_PER_GATEWAY,
    INTERNAL,
    SESSIONS_PER_AGENT,
    SESSIONS_PER_GATEWAY,
    Agent,
    AgentChanged,
    Change,
    Fleet,
    Gateway,
    GatewayChanged,
    Listing,
    Now,
    Origin,
    Problem,
    Run,
    Session,
)
from cc_desktop.fleet.reducer.approvals import approval_fields
from cc_desktop.fleet.reducer.questions import question_fields, still_asked
from cc_desktop.fleet.reducer.runs import fails, is_past, timing_fields, with_stops_seen
from cc_desktop.fleet.reducer.sessions import CARRIED, OF_THE_RUN
from cc_desktop.fleet.reducer.state import Result, assessed, with_gateway
from cc_desktop.fleet.status import find_newest_finished

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cc_desktop.fleet.requests import Approval

SLICE = 500  # rows; 2 to 5 ms to take in
_SORTED_AT_ONCE = 10_000  # rows; about 10 ms
_SAME_FAILURE_MS = 60_000


def slices(snapshot: ev.Snapshot, size: int = SLICE) -> Iterator[ev.Event]:
    """The same snapshot in parts, so that the caller can let others run between them.

    Each part is an event to apply. Other events may be applied in between: they count as newer than
    the list. What exceeds the ceilings is left out here: the agents at the end of the list, and of
    each agent the sessions that were idle longest.

    Args:
        snapshot: the whole list.
        size: rows in a slice; an agent with more of them is a slice of its own.

    Yields:
        `SnapshotBegan`, some `SnapshotRows`, `SnapshotEnded`.
    """
    infos = {info.id: info for info in snapshot.agents}
    ids = tuple(infos)[:AGENTS_PER_GATEWAY]
    dropped_agents = max(len(infos), snapshot.total_agents) - len(ids)
    yield ev.SnapshotBegan(
        snapshot.gateway,
        ids,
        snapshot.origin,
        snapshot.taken_at,
        snapshot.changed_meanwhile,
        snapshot.since,
        dropped_agents,
        max(0, snapshot.total_sessions - len(snapshot.sessions)),
    )
    groups: dict[str, list[Session]] = {ident: [] for ident in ids}
    counts = dict.fromkeys(ids, 0)
    for at in range(0, len(snapshot.sessions), _SORTED_AT_ONCE):
        if at:
            yield ev.SnapshotRows(snapshot.gateway, (), ())  # only to let others run
        for session in snapshot.sessions[at : at + _SORTED_AT_ONCE]:
            ident = session.agent_id
            if ident in groups and not session.archived:
                counts[ident] += 1
                groups[ident].append(session)
                if len(groups[ident]) >= 2 * SESSIONS_PER_AGENT:
                    groups[ident] = newest(groups[ident], SESSIONS_PER_AGENT)
    left = SESSIONS_PER_GATEWAY
    agents: list[ev.AgentInfo] = []
    sessions: list[Session] = []
    dropped: dict[str, int] = {}
    for ident, group in groups.items():
        kept = newest(group, min(SESSIONS_PER_AGENT, max(1, left)))
        left -= len(kept)
        if agents and (len(sessions) + len(kept) > size or len(agents) >= size):
            yield ev.SnapshotRows(snapshot.gateway, tuple(agents), tuple(sessions), dropped)
            agents, sessions, dropped = [], [], {}
        agents.append(infos[ident])
        sessions += kept
        if len(kept) < counts[ident]:
            dropped[ident] = counts[ident] - len(kept)
    if agents:
        yield ev.SnapshotRows(snapshot.gateway, tuple(agents), tuple(sessions), dropped)
    yield ev.SnapshotEnded(snapshot.gateway)


def newest(rows: list[Session], most: int) -> list[Session]:
    """The rows that the ceiling leaves: those that run, and the newest of the rest."""
    if len(rows) <= most:
        return rows
    return nlargest(most, rows, key=lambda row: (row.active, row.activity_at, row.key))


def whole(fleet: Fleet, gateway: Gateway, event: ev.Snapshot, now: Now) -> Result:
    """A list in one event. The same as its slices, one after the other."""
    changes: list[Change] = []
    for part in slices(event, SESSIONS_PER_GATEWAY):
        current = fleet.gateways[gateway.id]
        if isinstance(part, ev.SnapshotBegan):
            fleet, _ = began(fleet, current, part, now)
        elif isinstance(part, ev.SnapshotRows):
            fleet, more = rows(fleet, current, part, now)
            changes += more
        elif isinstance(part, ev.SnapshotEnded):
            fleet, more = ended(fleet, current, part, now)
            changes += more[:-1]  # the last one is about the gateway
    return fleet, [*changes, GatewayChanged(gateway.id, gateway, fleet.gateways[gateway.id])]


def began(fleet: Fleet, gateway: Gateway, event: ev.SnapshotBegan, now: Now) -> Result:
    """Nothing changes yet."""
    listing = Listing(
        event.agent_ids,
        event.origin,
        now.wall - event.taken_at if event.taken_at else gateway.clock_offset_ms,
        event.changed_meanwhile,
        event.since,
        event.dropped_agents,
        event.unlisted_sessions,
        gateway.faults,
    )
    return with_gateway(fleet, replace(gateway, listing=listing)), []


def rows(fleet: Fleet, gateway: Gateway, event: ev.SnapshotRows, now: Now) -> Result:
    """Some agents with all their sessions."""
    listing = gateway.listing
    if listing is None:
        return fleet, []  # the list was given up
    groups: dict[str, list[Session]] = {info.id: [] for info in event.agents}
    for row in event.sessions:
        groups[row.agent_id].append(row)
    applied = listing.applied | frozenset(groups)
    gateway = replace(gateway, listing=replace(listing, applied=applied))
    context = _Context(gateway, listing, now)
    agents = dict(gateway.agents)
    changes: list[Change] = []
    count = gateway.session_count
    for info in event.agents:
        old = gateway.agents.get(info.id)
        agent = _listed(
            context,
            old or Agent(gateway.id, info.id, status_since=now.wall),
            info,
            groups[info.id],
            event.dropped.get(info.id, 0),
        )
        gateway = with_stops_seen(gateway, old, agent.sessions, context.clock_offset_ms)
        agent = assessed(fleet, gateway, agent, now)
        if agent != old:
            agents[info.id] = agent
            changes.append(AgentChanged(gateway.id, info.id, old, agent))
            count += len(agent.sessions) - (len(old.sessions) if old else 0)
    return with_gateway(fleet, replace(gateway, agents=agents, session_count=count)), changes


def ended(fleet: Fleet, gateway: Gateway, event: ev.SnapshotEnded, now: Now) -> Result:
    """Agents that are not in the list are gone."""
    listing = gateway.listing
    if listing is None:
        return fleet, []
    agents = {key: gateway.agents[key] for key in listing.agent_ids if key in gateway.agents}
    changes: list[Change] = [
        AgentChanged(gateway.id, key, agent, None)
        for key, agent in gateway.agents.items()
        if key not in agents
    ]
    faults = gateway.faults - listing.faults_before  # a slice that failed leaves old data
    connection = gateway.connection
    if not faults and gateway.faults and connection.problem == Problem(INTERNAL):
        connection = replace(connection, problem=None)
    after = replace(
        gateway,
        connection=connection,
        origin=listing.origin,
        as_of=now.wall,
        away_since=0,
        clock_offset_ms=listing.clock_offset_ms,
        heartbeats=gateway.heartbeats.listed(now.wall, gateway.origin is not listing.origin),
        agents=agents,
        seen=_marks_of(agents.values(), gateway, listing.origin),
        session_count=sum(len(agent.sessions) for agent in agents.values()),
        dropped_agents=listing.dropped_agents,
        unlisted_sessions=listing.unlisted_sessions,
        faults=faults,
        listing=None,
    )
    return with_gateway(fleet, after), [*changes, GatewayChanged(gateway.id, gateway, after)]


def _marks_of(agents: Iterable[Agent], gateway: Gateway, origin: Origin) -> Mapping[str, int]:
    """The marks of sessions and items that still exist."""
    seen = gateway.seen
    if not seen or origin in (Origin.LAST_KNOWN, Origin.NONE):
        return seen
    known = {key for agent in agents for key in seen if key in agent.sessions}
    known |= {item.id for item in all_items(gateway)}
    return {key: at for key, at in seen.items() if key in known}


# One agent of a list


class _Context:
    """What a list says about all its agents."""

    __slots__ = ("clock_offset_ms", "fresh", "gateway", "now", "since", "touched")

    def __init__(self, gateway: Gateway, listing: Listing, now: Now) -> None:
        self.gateway = gateway
        self.clock_offset_ms = listing.clock_offset_ms
        self.since = listing.since
        self.touched = listing.touched
        self.fresh = listing.changed_meanwhile | listing.touched  # events know more than the list
        self.now = now


def _listed(
    context: _Context, old: Agent, info: ev.AgentInfo, listed: Sequence[Session], dropped: int
) -> Agent:
    sessions = merge_rows(context, old, listed)
    if len(sessions) > SESSIONS_PER_AGENT:
        kept = newest(list(sessions.values()), SESSIONS_PER_AGENT)
        dropped += len(sessions) - len(kept)
        sessions = {row.key: row for row in kept}
    by_activity = sorted((row.activity_at, key) for key, row in sessions.items())
    runs = keep_runs(context, old, sessions)
    timing = timing_fields(runs, last_signs(context, old, sessions, runs))
    approvals = keep_approvals(context, old, sessions)
    questions = still_asked(old, sessions, context.fresh, context.since)
    return replace(
        with_info(old, info),
        sessions=sessions,
        by_activity=by_activity,
        newest_finished_key=find_newest_finished(sessions, by_activity),
        deleted_at={key: at for key, at in old.deleted_at.items() if key in context.touched},
        unconfirmed_failures=frozenset(
            key for key, run in runs.items() if key in sessions and fails(sessions[key], run)
        ),
        awaiting_reply=frozenset(
            key for key, row in sessions.items() if row.digest_health == "waiting-on-user"
        ),
        dropped_sessions=dropped,
        dropped_approvals=old.dropped_approvals if approvals else 0,
        **timing,
        **learned_from_rows(old, sessions),
        **approval_fields(old, approvals),
        **question_fields(old, questions),
    )


def merge_rows(context: _Context, old: Agent, listed: Sequence[Session]) -> dict[str, Session]:
    """The listed rows, and those of sessions that changed while the list was made."""
    sessions: dict[str, Session] = {}
    for row in listed:
        key = row.key
        before = old.sessions.get(key)
        is_fresh = key in context.fresh
        if before is None:
            if key in context.touched and row.updated_at <= old.deleted_at.get(key, -1):
                continue  # it was deleted while the list arrived
            sessions[key] = row
        elif is_fresh and before.updated_at > row.updated_at:
            sessions[key] = before  # an event said more while the list was made
        elif is_fresh and before.finished_at and _same_end(before, row):
            # Measured on 2026.5.7: done, and hasActiveRun for 1.2 s more.
            sessions[key] = replace(row, active=False)
        else:
            sessions[key] = _with_carried(row, before)
    for key in context.fresh:
        if key in old.sessions and key not in sessions:
            sessions[key] = old.sessions[key]
    return sessions


def _same_end(before: Session, row: Session) -> bool:
    """Whether a row is active, and yet about the end that is known rather than about a new run."""
    return row.active and (row.status, row.ended_at) == (before.status, before.ended_at)


def _with_carried(row: Session, before: Session) -> Session:
    """The row with what lists leave out, if it is the same generation of the session."""
    if before.session_id != row.session_id:
        return row
    names = (*CARRIED, *OF_THE_RUN) if row.active and before.active else CARRIED
    carried = {
        name: getattr(before, name)
        for name in names
        if not getattr(row, name) and getattr(before, name)
    }
    return replace(row, **carried) if carried else row


def keep_runs(context: _Context, old: Agent, sessions: Mapping[str, Session]) -> dict[str, Run]:
    """The runs that the list does not end."""
    return {
        key: run
        for key, run in old.runs.items()
        if (key in context.fresh or _still_true(context, run, sessions.get(key)))
        and not is_past(run, old.sessions.get(key), sessions.get(key))
    }


def _still_true(context: _Context, run: Run, row: Session | None) -> bool:
    """Whether a run is in progress, or its failure is the one that the row shows or will show."""
    if row is None:
        return False
    if row.active:
        return not run.over
    if not run.over or not run.error:
        return False
    if row.finished_at:
        ended_at = row.finished_at + context.clock_offset_ms
        return abs(ended_at - run.last_seen_at) < _SAME_FAILURE_MS
    # 2026.5.7: the row says "running" for 15 s more. A row without a status, or a gateway that has
    # restarted since, will never confirm the failure.
    return bool(row.status) and run.last_seen_at >= context.since


def last_signs(
    context: _Context, old: Agent, sessions: Mapping[str, Session], runs: Mapping[str, Run]
) -> dict[str, Now]:
    """The last signs of life of what is active."""
    now = context.now
    active = {key for key, row in sessions.items() if row.active}
    active |= {key for key, run in runs.items() if not run.over}
    heard: dict[str, Now] = {}
    for key in active:
        row = sessions.get(key)
        silent_ms = 0
        if row is not None and row.updated_at:
            silent_ms = max(0, now.wall - row.updated_at - context.clock_offset_ms)
        elif key in old.heard:
            silent_ms = max(0, now.mono - old.heard[key].mono)
        known = old.heard.get(key)
        mono = max(now.mono - silent_ms, known.mono if known else now.mono - silent_ms)
        heard[key] = Now(now.wall - (now.mono - mono), mono)
    return heard


def keep_approvals(
    context: _Context, old: Agent, sessions: Mapping[str, Session]
) -> Mapping[str, Approval]:
    """The approvals that are still open. No list tells of them: what the rows imply has to do."""
    was_live = context.gateway.origin is Origin.LIVE
    left: dict[str, Approval] = {}
    for ident, approval in old.approvals.items():
        key = approval.session_key
        if approval.family and was_live:
            left[ident] = approval  # the gateway itself lists these
            continue
        before, row = old.sessions.get(key), sessions.get(key)
        if approval.opened_at < context.since:
            continue  # gateways forget them when they restart (both do)
        if approval.run_id and key not in context.fresh and not (row and row.active):
            continue  # its run is over
        if (
            not was_live
            and before
            and row
            and row.started_at > before.started_at
            and (approval.run_id or before.finished_at)
        ):
            continue  # another run since, while nothing was heard: the one after a decision
        left[ident] = approval
    return left
