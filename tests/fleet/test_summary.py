from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cc_desktop.fleet.model import (
    Agent,
    ConnectionInfo,
    ConnectionState,
    Fleet,
    Gateway,
    Origin,
    Problem,
    Status,
)
from cc_desktop.fleet.summary import screen_origin, summarize

NOW = 1_764_000_000_000  # ms


def gateway(ident: str = "g", *statuses: Status, **more: Any) -> Gateway:
    fields: dict[str, Any] = {
        "connection": ConnectionInfo(ConnectionState.LIVE),
        "origin": Origin.LIVE,
        "as_of": NOW,
        "agents": {
            f"a{index}": Agent(ident, f"a{index}", status=status)
            for index, status in enumerate(statuses)
        },
        **more,
    }
    return Gateway(ident, ident.upper(), **fields)


def fleet(*gateways: Gateway) -> Fleet:
    return Fleet({one.id: one for one in gateways})


def link(state: ConnectionState, origin: Origin = Origin.LAST_KNOWN) -> Gateway:
    return gateway("g", Status.OFFLINE, connection=ConnectionInfo(state), origin=origin)


def test_every_status_is_counted_once() -> None:
    summary = summarize(fleet(gateway("g", *Status), gateway("h", Status.ERROR, Status.IDLE)))
    assert (summary.error, summary.needs_you, summary.working) == (2, 4, 2)
    assert (summary.idle, summary.offline, summary.total) == (2, 2, 10)


PROBLEM = Problem("lost")


def test_no_gateways_at_all() -> None:
    summary = summarize(Fleet())
    assert (summary.origin, summary.total) == (Origin.NONE, 0)
    assert (summary.as_of, summary.unreachable) == (0, ())


def test_one_live_gateway_is_enough() -> None:
    away = link(ConnectionState.WAITING)
    live = gateway("live", Status.ERROR)
    summary = summarize(fleet(away, live))
    assert summary.origin is Origin.LIVE
    assert (summary.needs_you, summary.offline) == (1, 1)
    assert summary.unreachable == ("G",)


@pytest.mark.parametrize("state", list(ConnectionState))
def test_a_gateway_that_is_being_tried_is_told(state: ConnectionState) -> None:
    trying = (ConnectionState.CONNECTING, ConnectionState.AUTHENTICATING, ConnectionState.SYNCING)
    assert summarize(fleet(link(state))).is_connecting is (state in trying)


# Where it comes from


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        ([], Origin.NONE),
        ([Origin.NONE], Origin.NONE),
        ([Origin.LAST_KNOWN, Origin.NONE], Origin.LAST_KNOWN),
        ([Origin.LAST_KNOWN, Origin.DEMO], Origin.DEMO),
        ([Origin.DEMO, Origin.REST], Origin.REST),
        ([Origin.LAST_KNOWN, Origin.REST, Origin.LIVE], Origin.LIVE),
    ],
)
def test_the_best_source_on_the_screen(origins: list[Origin], expected: Origin) -> None:
    shown = [gateway(f"g{index}", origin=origin) for index, origin in enumerate(origins)]
    hidden = gateway("hidden", origin=Origin.LIVE, hidden=True)
    assert screen_origin(fleet(*shown, hidden)) is expected


def test_the_demo_shows_itself_and_hides_the_rest() -> None:
    demo = gateway("demo", Status.ERROR, Status.ACTIVE, origin=Origin.DEMO)
    away = replace(link(ConnectionState.WAITING), hidden=True)
    summary = summarize(fleet(away, demo))
    assert summary.origin is Origin.DEMO
    assert (summary.total, summary.offline) == (2, 0)
    assert summary.unreachable == ("G",)


def test_the_age_is_that_of_the_oldest_data_on_the_screen() -> None:
    summary = summarize(
        fleet(
            gateway("new", Status.IDLE, as_of=NOW),
            gateway("old", Status.IDLE, as_of=NOW - 5),
            gateway("empty", as_of=NOW - 9),
            gateway("never", Status.IDLE, as_of=0),
            gateway("hidden", Status.IDLE, as_of=NOW - 9, hidden=True),
        )
    )
    assert summary.as_of == NOW - 5


@pytest.mark.parametrize(
    ("state", "named"),
    [(state, state is not ConnectionState.LIVE) for state in ConnectionState],
)
def test_who_is_not_reached_is_named(state: ConnectionState, named: bool) -> None:
    summary = summarize(
        fleet(link(state), gateway("h", origin=Origin.DEMO, connection=ConnectionInfo()))
    )
    assert summary.unreachable == (("G",) if named else ())


gateways = st.builds(
    gateway,
    st.text("gh<&\n", min_size=1, max_size=60),
    connection=st.builds(ConnectionInfo, st.sampled_from(list(ConnectionState))),
    origin=st.sampled_from(list(Origin)),
    hidden=st.booleans(),
    agents=st.lists(st.sampled_from(list(Status)), max_size=5).map(
        lambda statuses: {str(n): Agent("g", str(n), status=s) for n, s in enumerate(statuses)}
    ),
)


@given(st.lists(gateways, max_size=4, unique_by=lambda one: one.id).map(lambda all_: fleet(*all_)))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_the_numbers_always_add_up(model: Fleet) -> None:
    summary = summarize(model)
    assert summary.total == sum(len(one.agents) for one in model.shown())
    parts = summary.needs_you + summary.working + summary.idle + summary.offline
    assert parts == summary.total
    assert summary.error <= summary.needs_you
