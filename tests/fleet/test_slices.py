"""A snapshot in slices is the snapshot, whatever happens in between."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.inbox import InboxChanged
from cc_desktop.fleet.model import (
    AGENTS_PER_GATEWAY,
    SESSIONS_PER_AGENT,
    AgentChanged,
    Approval,
    Change,
    GatewayChanged,
    Origin,
    Status,
)
from cc_desktop.fleet.reducer import slices
from tests.fleet.test_reduce import (
    KEY,
    NOW,
    G,
    World,
    a_run,
    any_event,
    changed,
    ended,
    infos,
    keys,
    listed,
    origins,
    progress,
    row,
    running,
    sessions,
    some,
    times,
)

snapshots = st.builds(
    ev.Snapshot,
    st.just(G),
    st.lists(infos, max_size=3, unique_by=lambda info: info.id).map(tuple),
    st.lists(sessions, max_size=6).map(tuple),
    origins,
    times,
    st.frozensets(keys, max_size=2),
    times,
)


def kept(changes: list[Change]) -> list[Change]:
    """The changes of agents. When an item changes may depend on how the list arrived."""
    return [change for change in changes if isinstance(change, AgentChanged)]


@given(st.lists(any_event, max_size=12), snapshots, st.integers(1, 4))
@some
def test_in_slices_or_at_once_is_the_same(
    before: list[ev.Event], snapshot: ev.Snapshot, size: int
) -> None:
    at_once, sliced = World(listed(), *before), World(listed(), *before)
    changes = at_once.later(1_000, snapshot)
    found = sliced.later(1_000, *slices(snapshot, size))
    assert sliced.fleet == at_once.fleet
    assert kept(found) == kept(changes)
    assert isinstance(
        [one for one in found if not isinstance(one, InboxChanged)][-1], GatewayChanged
    )


@given(st.data(), st.lists(keys, min_size=1, max_size=3, unique=True))
@some
def test_events_between_slices_and_a_fresh_list_are_the_fresh_list(
    data: st.DataObject, names: list[str]
) -> None:
    told: list[ev.Event] = []
    rows = []
    for name in names:
        events, final = data.draw(a_run(name))
        told += events
        rows += [final] if final else []
    told = data.draw(st.permutations(told))
    told += data.draw(st.lists(st.sampled_from(told), max_size=5)) if told else []  # doubled
    told = told[: data.draw(st.integers(0, len(told)))]  # lost
    old = listed(*(row(name) for name in names), agents=("a", "b"))
    world = World(listed())
    for part in slices(old, 1):
        count = data.draw(st.integers(0, len(told)))
        world.tell(part, *told[:count])
        told = told[count:]
    world.tell(*told)
    final_list = listed(*rows, agents=("a", "b"))
    fresh = World(final_list)
    world.tell(*slices(final_list, 1))
    got, expected = world.agent(), fresh.agent()
    assert set(got.sessions) == set(expected.sessions)
    assert list(got.by_activity) == list(expected.by_activity)
    assert set(got.heard) == set(expected.heard)
    assert got.awaiting_reply == expected.awaiting_reply
    if expected.status is not Status.ACTIVE:
        assert (got.status, got.status_session_key) == (
            expected.status,
            expected.status_session_key,
        )


@pytest.mark.slow
@given(st.lists(any_event, max_size=20), snapshots, st.integers(1, 3), st.data())
@some
def test_whatever_comes_between_slices_leaves_the_model_whole(
    between: list[ev.Event], snapshot: ev.Snapshot, size: int, data: st.DataObject
) -> None:
    world = World(listed(agents=("a", "b")))
    for part in slices(snapshot, size):
        world.tell(part)
        count = data.draw(st.integers(0, len(between)))
        world.tell(*between[:count])
        between = between[count:]


def parts(*between: ev.Event, snapshot: ev.Snapshot) -> World:
    """A world in which these events come after the first part of the snapshot."""
    world = World(listed(row(**ended(NOW - 9)), agents=("a", "b")))
    first, *rest = slices(snapshot, 1)
    world.tell(first, *between, *rest)
    return world


def test_an_event_between_slices_is_newer_than_the_list() -> None:
    snapshot = listed(row(**ended(NOW - 9)), agents=("b", "a"))
    world = parts(changed(**running(NOW)), snapshot=snapshot)
    assert world.status() is Status.ACTIVE
    world = parts(progress(), snapshot=snapshot)
    assert world.status() is Status.THINKING


def test_a_session_that_is_deleted_between_slices_stays_so() -> None:
    snapshot = listed(row(**ended(NOW - 9)), agents=("b", "a"))
    world = parts(ev.SessionRemoved(G, KEY, "a"), snapshot=snapshot)
    assert world.agent().sessions == {}


def test_an_approval_that_opens_between_slices_stays() -> None:
    snapshot = listed(row(**ended(NOW - 9)), agents=("b", "a"))
    asked = ev.ApprovalOpened(G, Approval("p", "a", KEY, run_id="r1"))
    assert parts(asked, snapshot=snapshot).status() is Status.WAITING


def test_what_was_last_known_is_not_shown_as_live_before_its_slice() -> None:
    world = World(listed(row(**running(NOW)), agents=("a", "b")))
    world.tell(ev.OriginChanged(G, Origin.LAST_KNOWN))
    began, first, second, end = slices(listed(row(**running(NOW)), agents=("b", "a")), 1)
    world.tell(began, first)
    assert world.agent("b").status is Status.IDLE
    assert world.status() is Status.OFFLINE
    assert world.later(5, ev.Tick(G)) == []
    world.tell(second, end)
    assert world.status() is Status.ACTIVE
    assert world.fleet.gateways[G].origin is Origin.LIVE


def test_a_connection_that_is_lost_gives_the_list_up() -> None:
    world = World(listed(row(), agents=("a", "b")))
    began, *rest = slices(listed(agents=("c",)), 1)
    world.tell(began, ev.OriginChanged(G, Origin.LAST_KNOWN))
    assert world.tell(*rest) == []
    assert list(world.fleet.gateways[G].agents) == ["a", "b"]
    assert world.fleet.gateways[G].listing is None


def test_a_slice_is_of_whole_agents_and_no_larger_than_asked() -> None:
    rows = [row(f"agent:{name}:{n}", name) for name in "abc" for n in range(3)]
    told = list(slices(listed(*rows, agents=("a", "b", "c")), 6))
    sizes = [len(part.sessions) for part in told if isinstance(part, ev.SnapshotRows)]
    assert sizes == [6, 3]
    alone = list(slices(listed(*rows, agents=("a", "b", "c")), 1))
    assert [len(part.agents) for part in alone if isinstance(part, ev.SnapshotRows)] == [1, 1, 1]
    many = list(slices(listed(agents=[str(n) for n in range(25)]), 10))
    assert [len(part.agents) for part in many if isinstance(part, ev.SnapshotRows)] == [10, 10, 5]


@pytest.mark.parametrize("size", [1, 500])
def test_the_oldest_sessions_of_too_many_are_left_out(size: int) -> None:
    excess = 7
    rows = [
        row(f"agent:a:{n}", **ended(NOW - 60_000 + n)) for n in range(SESSIONS_PER_AGENT + excess)
    ]
    rows[0] = replace(rows[0], status="running", active=True, ended_at=0)
    world = World(listed())
    world.tell(*slices(listed(*rows), size))
    agent = world.agent()
    assert (len(agent.sessions), agent.dropped_sessions) == (SESSIONS_PER_AGENT, excess)
    assert rows[0].key in agent.sessions  # it runs
    assert rows[1].key not in agent.sessions
    assert world.fleet.gateways[G].dropped_sessions == excess


def test_what_the_source_left_out_is_told_too() -> None:
    world = World(listed(row(), total_agents=9, total_sessions=100))
    gateway = world.fleet.gateways[G]
    assert (gateway.dropped_agents, gateway.dropped_sessions) == (8, 99)
    world.tell(listed(row()))
    gateway = world.fleet.gateways[G]
    assert (gateway.dropped_agents, gateway.dropped_sessions) == (0, 0)


def test_agents_of_too_many_are_left_out() -> None:
    names = [str(number) for number in range(AGENTS_PER_GATEWAY + 5)]
    world = World(listed(agents=names))
    gateway = world.fleet.gateways[G]
    assert (len(gateway.agents), gateway.dropped_agents) == (AGENTS_PER_GATEWAY, 5)
    world.tell(listed())
    assert world.fleet.gateways[G].dropped_agents == 0
