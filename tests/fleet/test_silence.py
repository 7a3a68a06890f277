"""Agents that miss their heartbeat: told by what is heard, never by what may be unknown."""

from __future__ import annotations

from typing import Any

import pytest

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.guard.silence import LIST_PAUSE_MS, wants_list
from cc_desktop.fleet.inbox import InboxItem, InboxKind, Severity
from cc_desktop.fleet.inbox.follow import all_items
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Now, Origin, Session
from cc_desktop.fleet.status import next_wait
from tests.fleet.test_reduce import (
    KEY,
    MINUTE,
    NOW,
    G,
    World,
    changed,
    ended,
    listed,
    progress,
    row,
)

LIVE = ConnectionInfo(ConnectionState.LIVE)
DUE = 45 * MINUTE  # one and a half heartbeats of 30 minutes


def items(world: World) -> list[InboxItem]:
    return [item for item in all_items(world.fleet.gateways[G]) if item.kind is InboxKind.SILENT]


def idle(at: int = NOW, **fields: Any) -> Session:
    return row(**(ended(at) | fields))


def beating() -> World:
    return World(
        listed(idle()), ev.ConnectionChanged(G, LIVE), ev.HeartbeatsTold(G, {"a": 30 * MINUTE})
    )


def silent() -> World:
    world = beating()
    world.later(DUE, ev.Tick(G))
    world.tell(listed(idle()))
    return world


def wants(world: World) -> bool:
    return wants_list(world.fleet.gateways[G], world.now)


def wait_ms(world: World) -> int | None:
    return next_wait(world.fleet, Now(world.now, world.mono))


def test_an_agent_that_misses_its_heartbeat_is_an_item_once_a_list_does_not_deny_it() -> None:
    world = beating()
    assert wait_ms(world) == DUE
    world.later(DUE - 1, ev.Tick(G))
    assert not wants(world)
    world.later(1, ev.Tick(G))
    assert items(world) == []
    assert wants(world)
    world.later(2_000, listed(idle()))
    [item] = items(world)
    assert (item.agent, item.name, item.since) == ("a", "A", NOW + DUE)
    assert item.severity is Severity.WARNING
    assert not wants(world), "it is known"
    world.later(DUE, ev.Tick(G), listed(idle()))
    assert items(world) == [item]
    assert wait_ms(world) is None, "time alone tells no more of it"


def test_a_heartbeat_that_only_a_list_shows_is_one() -> None:
    world = beating()
    world.later(DUE, ev.Tick(G))
    world.tell(listed(idle(updated_at=world.now - MINUTE)))
    assert items(world) == []
    assert wait_ms(world) == DUE - MINUTE


@pytest.mark.parametrize(
    "life",
    [
        changed(**ended(NOW + 2 * DUE)),
        progress(starts=True),
        ev.SignOfLife(G, heartbeat=True),
        listed(idle(updated_at=NOW + 2 * DUE)),
        ev.HeartbeatsTold(G, {"a": 0}),
        listed(),
    ],
    ids=["row", "run", "heartbeat", "list", "switched off", "agent gone"],
)
def test_it_ends_with_any_sign_of_life(life: ev.Event) -> None:
    world = silent()
    assert items(world)
    world.later(DUE, life)
    world.tell(ev.Tick(G))
    assert items(world) == []


def test_a_heartbeat_that_the_gateway_skips_is_one_of_all_its_agents() -> None:
    world = beating()
    world.later(30 * MINUTE, ev.SignOfLife(G, heartbeat=True))
    world.later(30 * MINUTE, ev.Tick(G), listed(idle()))
    assert items(world) == []


def test_an_agent_that_works_is_not_silent() -> None:
    world = beating()
    world.tell(progress(starts=True))
    world.later(5 * DUE, ev.Tick(G), ev.SignOfLife(G), listed(row(active=True)))
    assert items(world) == []


def test_what_was_before_we_came_nobody_knows() -> None:
    world = World(
        listed(idle(NOW - 9 * DUE)),
        ev.ConnectionChanged(G, LIVE),
        ev.HeartbeatsTold(G, {"a": 30 * MINUTE}),
    )
    world.later(DUE - 1, ev.Tick(G), listed(idle(NOW - 9 * DUE)))
    assert items(world) == [], "its heartbeats may be skipped, which no row shows"
    world.later(MINUTE, ev.Tick(G), listed(idle(NOW - 9 * DUE)))
    assert len(items(world)) == 1


def test_nobody_falls_silent_while_the_gateway_is_away_or_just_back() -> None:
    world = beating()
    world.later(MINUTE, ev.OriginChanged(G, Origin.LAST_KNOWN))
    world.later(9 * DUE, ev.Tick(G))
    assert not wants(world)
    world.tell(listed(idle()), ev.Tick(G))
    assert items(world) == []
    world.later(DUE, ev.Tick(G), listed(idle()))
    assert len(items(world)) == 1


def test_who_was_silent_before_the_gateway_went_still_is_when_it_is_back() -> None:
    world = silent()
    [item] = items(world)
    world.later(MINUTE, ev.OriginChanged(G, Origin.LAST_KNOWN))
    assert items(world) == [item]
    world.later(MINUTE, listed(idle()), ev.Tick(G))
    assert items(world) == [item]
    world.later(MINUTE, ev.OriginChanged(G, Origin.LAST_KNOWN))
    world.later(MINUTE, listed(idle(updated_at=world.now)), ev.Tick(G))
    assert items(world) == []


def test_over_http_nobody_tells_of_heartbeats() -> None:
    world = World(
        ev.Snapshot(G, (ev.AgentInfo("a"),), (idle(),), Origin.REST),
        ev.HeartbeatsTold(G, {"a": 30 * MINUTE}),
    )
    world.later(9 * DUE, ev.Tick(G))
    assert not wants(world)
    assert items(world) == []
    assert wait_ms(world) is None


def test_a_list_is_wanted_for_it_every_half_hour_at_most() -> None:
    rows = (row(**ended(NOW)), row("agent:b:main", agent_id="b", **ended(NOW + 5 * MINUTE)))
    world = World(
        listed(*rows, agents=("a", "b")),
        ev.ConnectionChanged(G, LIVE),
        ev.HeartbeatsTold(G, {"a": 30 * MINUTE, "b": 30 * MINUTE}),
    )
    world.later(DUE, ev.Tick(G), listed(*rows, agents=("a", "b")))
    world.later(10 * MINUTE, ev.Tick(G))
    assert not wants(world), "one was made ten minutes ago"
    assert [item.agent for item in items(world)] == ["a"]
    world.later(LIST_PAUSE_MS - 10 * MINUTE, ev.Tick(G))
    assert wants(world)


def test_another_session_that_was_renamed_is_a_sign_of_life() -> None:
    world = beating()
    other = row("agent:a:heartbeat", **(ended(NOW) | {"updated_at": NOW + 40 * MINUTE}))
    world.later(DUE, ev.Tick(G), listed(idle(), other))
    assert items(world) == []
    assert KEY in world.agent().sessions
