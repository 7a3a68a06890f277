"""No gateway can exhaust memory: the oldest go, and the model says how many."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cc_desktop.fleet import events as ev
from cc_desktop.fleet import reducer
from cc_desktop.fleet.model import Approval, Fleet, Status
from cc_desktop.fleet.reducer import reduce
from tests.fleet.test_reduce import (
    KEY,
    NOW,
    G,
    World,
    changed,
    ended,
    listed,
    progress,
    row,
    running,
)

SESSIONS, RUNS, APPROVALS, DELETED, SLACK = 10, 4, 3, 5, 2


@pytest.fixture(autouse=True)
def low(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ceilings that are soon reached."""
    for module in (reducer.sessions, reducer.snapshot):
        monkeypatch.setattr(module, "SESSIONS_PER_AGENT", SESSIONS)
        monkeypatch.setattr(module, "SESSIONS_PER_GATEWAY", 3 * SESSIONS)
    monkeypatch.setattr(reducer.sessions, "_SLACK", SLACK)
    monkeypatch.setattr(reducer.sessions, "DELETED_PER_AGENT", DELETED)
    monkeypatch.setattr(reducer.runs, "RUNS_PER_AGENT", RUNS)
    monkeypatch.setattr(reducer.approvals, "APPROVALS_PER_AGENT", APPROVALS)


def key(number: int) -> str:
    return f"agent:a:{number}"


def test_sessions_beyond_the_ceiling_drop_those_that_were_idle_longest() -> None:
    world = World(listed())
    for number in range(SESSIONS + SLACK):
        world.later(1, changed(key(number), **ended(NOW + number)))
    assert world.agent().dropped_sessions == 0
    world.later(1, changed(key(99), **ended(NOW + 99)))
    agent = world.agent()
    assert len(agent.sessions) == SESSIONS
    assert agent.dropped_sessions == SLACK + 1
    assert key(0) not in agent.sessions
    assert key(99) in agent.sessions


def test_a_huge_list_lets_others_run_while_it_is_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reducer.snapshot, "_SORTED_AT_ONCE", 7)
    rows = [row(key(n), **ended(NOW + n)) for n in range(50)]
    world = World(listed())
    told = list(reducer.slices(listed(*rows)))
    assert sum(isinstance(one, ev.SnapshotRows) for one in told) == 8 + 1 - 1
    world.tell(*told)
    assert set(world.agent().sessions) == {key(n) for n in range(50 - SESSIONS, 50)}
    assert world.agent().dropped_sessions == 50 - SESSIONS


@given(
    st.lists(st.tuples(st.integers(0, 24), st.integers(0, 30)), max_size=60),
    st.lists(st.integers(0, 24), max_size=25, unique=True),
    st.integers(1, 9),
)
@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_beyond_the_ceilings_too_a_fresh_list_is_what_a_fresh_client_has(
    told: list[tuple[int, int]], names: list[int], size: int
) -> None:
    world, fresh = World(listed()), World()
    for number, at in told:
        whole = running(NOW + at) if at % 3 else ended(NOW + at)
        world.later(1, changed(key(number), **whole))
    world.later(1, *(ev.SessionRemoved(G, key(n), "a") for n, at in told if at % 7 == 0))
    final = listed(*(row(key(n), **ended(NOW + n % 5)) for n in names))
    world.tell(*reducer.slices(final, size))
    fresh.later(0, final)
    got, expected = world.agent(), fresh.agent()
    assert (got.sessions, list(got.by_activity)) == (expected.sessions, list(expected.by_activity))
    assert (got.dropped_sessions, got.dropped_runs) == (expected.dropped_sessions, 0)
    assert (got.status, got.status_session_key) == (expected.status, expected.status_session_key)
    assert world.fleet.gateways[G].session_count == fresh.fleet.gateways[G].session_count


def test_what_runs_is_not_dropped() -> None:
    world = World(listed(), changed(KEY, **running(NOW)))
    for number in range(3 * SESSIONS):
        world.later(1, changed(key(number), **ended(NOW + 1 + number)))
    assert KEY in world.agent().sessions
    assert world.status() is Status.ACTIVE


def test_events_of_a_session_that_was_dropped_change_nothing() -> None:
    world = World(listed(*(row(key(n), **ended(NOW + n)) for n in range(SESSIONS + 5))))
    assert world.agent().dropped_sessions == 5
    assert world.tell(changed(key(0), **ended(NOW))) == []
    assert world.agent().dropped_sessions == 5


def test_a_fresh_list_counts_anew() -> None:
    world = World(listed(*(row(key(n), **ended(NOW + n)) for n in range(SESSIONS + 5))))
    world.tell(listed(row()))
    assert world.agent().dropped_sessions == 0


def test_all_agents_of_a_gateway_share_a_ceiling() -> None:
    names = [str(number) for number in range(8)]
    rows = [
        row(f"agent:{name}:{n}", name, **ended(NOW + n)) for name in names for n in range(SESSIONS)
    ]
    world = World(listed(*rows, agents=names))
    gateway = world.fleet.gateways[G]
    assert gateway.session_count <= 3 * SESSIONS + len(names)
    assert gateway.session_count + gateway.dropped_sessions == len(rows)
    assert all(agent.sessions for agent in gateway.agents.values())
    for name in names:
        for number in range(100, 105):
            whole = ev.SessionChanged(
                G, f"agent:{name}:{number}", name, ended(NOW + number), complete=True
            )
            world.later(1, whole)
    assert world.fleet.gateways[G].session_count <= 3 * SESSIONS + len(names)


def test_runs_beyond_the_ceiling_drop_the_oldest() -> None:
    world = World(listed())
    for number in range(RUNS + 3):
        world.later(1, progress(f"r{number}", key(number)))
    agent = world.agent()
    assert list(agent.runs) == [key(number) for number in range(3, RUNS + 3)]
    assert set(agent.heard) == set(agent.runs)
    assert agent.dropped_runs == 3
    world.tell(listed())
    assert world.agent().dropped_runs == 0


def test_active_rows_beyond_the_ceiling_drop_the_quietest() -> None:
    rows = [row(key(number), **running(NOW - number)) for number in range(RUNS + 2)]
    world = World(listed(*rows))
    assert set(world.agent().heard) == {key(number) for number in range(RUNS)}
    assert world.agent().dropped_runs == 2
    world.later(1, changed(key(50), **running(NOW + 1)))
    assert len(world.agent().heard) == RUNS
    assert key(50) in world.agent().heard


def test_approvals_beyond_the_ceiling_drop_the_oldest() -> None:
    world = World(listed(row()))
    for number in range(APPROVALS + 2):
        world.later(1, ev.ApprovalOpened(G, Approval(f"p{number}", "a", KEY)))
    agent = world.agent()
    assert list(agent.approvals) == ["p2", "p3", "p4"]
    assert agent.dropped_approvals == 2
    world.tell(ev.ApprovalClosed(G, "a", "p0"))
    assert world.agent().dropped_approvals == 1
    world.tell(*(ev.ApprovalClosed(G, "a", f"p{number}") for number in range(1, 5)))
    assert (world.agent().approvals, world.agent().dropped_approvals) == ({}, 0)


def test_deletions_beyond_the_ceiling_are_forgotten() -> None:
    world = World(listed())
    for number in range(DELETED + 3):
        world.tell(changed(key(number), **ended(NOW)), ev.SessionRemoved(G, key(number), "a"))
    assert len(world.agent().deleted_at) == DELETED


def test_a_flood_of_every_kind_stays_within_the_ceilings() -> None:
    """What `World` checks after each event holds for hostile ones too."""
    fleet = Fleet()
    world = World(listed())
    for number in range(200):
        world.later(
            1,
            changed(key(number), **running(NOW + number)),
            progress(f"r{number}", key(-number)),
            progress(f"r{number}", key(-number), error="E", over=True),
            ev.ApprovalOpened(G, Approval(f"p{number}", "a", key(number), run_id=f"r{number}")),
            changed(key(number + 1_000), **running(NOW, digest_health="waiting-on-user")),
        )
    agent = world.agent()
    assert len(agent.sessions) <= SESSIONS + SLACK + RUNS
    assert (len(agent.runs), len(agent.approvals)) == (RUNS, APPROVALS)
    assert reduce(fleet, ev.Tick(G), NOW) == (fleet, [])
