from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from cc_desktop.fleet.summary import TOOLTIP_LIMIT, TrayState, screen_origin, summarize

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


@pytest.mark.parametrize(
    ("statuses", "headline"),
    [
        ([], "No agents"),
        ([Status.IDLE], "1 idle"),
        ([Status.ERROR], "1 needs you"),
        ([Status.WAITING, Status.STUCK], "2 need you"),
        ([Status.OFFLINE, Status.UNKNOWN], "2 offline"),
        (
            [Status.ACTIVE, Status.THINKING, Status.ERROR, Status.IDLE, Status.OFFLINE],
            "2 working · 1 needs you · 1 idle · 1 offline",
        ),
    ],
)
def test_the_headline(statuses: list[Status], headline: str) -> None:
    assert summarize(fleet(gateway("g", *statuses))).headline == headline


# The tray


@pytest.mark.parametrize("origin", [Origin.LIVE, Origin.REST])
@pytest.mark.parametrize(
    ("statuses", "tray"),
    [
        ([], TrayState.IDLE),
        ([Status.IDLE], TrayState.IDLE),
        ([Status.OFFLINE], TrayState.IDLE),
        ([Status.IDLE, Status.THINKING], TrayState.WORKING),
        ([Status.ACTIVE], TrayState.WORKING),
        ([Status.ACTIVE, Status.STUCK], TrayState.NEEDS_YOU),
        ([Status.WAITING], TrayState.NEEDS_YOU),
        ([Status.WAITING, Status.ACTIVE, Status.ERROR], TrayState.ERROR),
    ],
)
def test_the_icon_is_the_worst_state(
    statuses: list[Status], tray: TrayState, origin: Origin
) -> None:
    assert summarize(fleet(gateway("g", *statuses, origin=origin))).tray is tray


@pytest.mark.parametrize(
    ("state", "tray"),
    [
        (ConnectionState.CONNECTING, TrayState.CONNECTING),
        (ConnectionState.AUTHENTICATING, TrayState.CONNECTING),
        (ConnectionState.SYNCING, TrayState.CONNECTING),
        (ConnectionState.WAITING, TrayState.OFFLINE),
        (ConnectionState.BLOCKED, TrayState.OFFLINE),
        (ConnectionState.OFF, TrayState.OFFLINE),
    ],
)
@pytest.mark.parametrize("origin", [Origin.LAST_KNOWN, Origin.NONE])
def test_without_a_source_the_icon_is_the_connection(
    state: ConnectionState, tray: TrayState, origin: Origin
) -> None:
    assert summarize(fleet(link(state, origin))).tray is tray


def test_no_gateways_at_all() -> None:
    summary = summarize(Fleet())
    assert (summary.tray, summary.origin, summary.total) == (TrayState.OFFLINE, Origin.NONE, 0)
    assert (summary.as_of, summary.unreachable) == (0, ())


def test_one_live_gateway_is_enough() -> None:
    away = link(ConnectionState.WAITING)
    live = gateway("live", Status.ERROR)
    summary = summarize(fleet(away, live))
    assert (summary.tray, summary.origin) == (TrayState.ERROR, Origin.LIVE)
    assert (summary.needs_you, summary.offline) == (1, 1)
    assert summary.unreachable == ("G",)


PROBLEM = Problem("lost")


@pytest.mark.parametrize(
    ("status", "tray"),
    [
        (Status.IDLE, TrayState.OFFLINE),
        (Status.ACTIVE, TrayState.OFFLINE),
        (Status.WAITING, TrayState.NEEDS_YOU),
        (Status.ERROR, TrayState.ERROR),
    ],
)
@pytest.mark.parametrize(
    "lost",
    [
        link(ConnectionState.WAITING, Origin.LAST_KNOWN),
        link(ConnectionState.CONNECTING, Origin.LAST_KNOWN),
        gateway(
            "g",
            connection=ConnectionInfo(ConnectionState.BLOCKED, problem=PROBLEM),
            origin=Origin.NONE,
        ),
        gateway(
            "g",
            connection=ConnectionInfo(ConnectionState.CONNECTING, problem=PROBLEM),
            origin=Origin.NONE,
        ),
    ],
)
def test_a_lost_gateway_is_worse_than_work_on_another(
    lost: Gateway, status: Status, tray: TrayState
) -> None:
    assert summarize(fleet(lost, gateway("live", status))).tray is tray


def test_a_gateway_that_is_tried_for_the_first_time_is_not_lost() -> None:
    first = gateway("g", connection=ConnectionInfo(ConnectionState.CONNECTING), origin=Origin.NONE)
    assert summarize(fleet(first, gateway("live", Status.IDLE))).tray is TrayState.IDLE


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
    assert (summary.tray, summary.origin) == (TrayState.DEMO, Origin.DEMO)
    assert (summary.total, summary.offline) == (2, 0)
    assert summary.unreachable == ("G",)
    assert summary.tooltip().startswith("DEMO - ")


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


# The tooltip


@pytest.mark.parametrize(
    ("origin", "tooltip"),
    [
        (Origin.LIVE, "Control Center: 1 working, 1 idle · live"),
        (Origin.REST, "Control Center: 1 working, 1 idle · polled over HTTP"),
        (Origin.LAST_KNOWN, "Control Center: 1 working, 1 idle · last known"),
        (Origin.DEMO, "DEMO - Control Center: 1 working, 1 idle · not your fleet"),
        (Origin.NONE, "Control Center: 1 working, 1 idle · no connection"),
    ],
)
def test_the_tooltip_says_where_it_comes_from(origin: Origin, tooltip: str) -> None:
    summary = summarize(fleet(gateway("g", Status.ACTIVE, Status.IDLE, origin=origin)))
    assert summary.tooltip() == tooltip


def test_the_tooltip_without_agents() -> None:
    assert summarize(fleet(gateway())).tooltip() == "Control Center: no agents · live"


def test_the_tooltip_names_who_is_missing() -> None:
    summary = summarize(fleet(link(ConnectionState.BLOCKED), gateway("h", Status.IDLE)))
    assert summary.tooltip() == "Control Center: 1 idle, 1 offline · live · G not reached"
    alone = summarize(fleet(link(ConnectionState.BLOCKED)))
    assert "not reached" not in alone.tooltip()


def test_a_long_tooltip_is_cut_where_windows_cuts() -> None:
    away = [
        gateway(f"{n}" * 40, connection=ConnectionInfo(ConnectionState.WAITING)) for n in range(5)
    ]
    tooltip = summarize(fleet(*away, gateway("h", Status.IDLE))).tooltip()
    assert len(tooltip) == TOOLTIP_LIMIT
    assert tooltip.endswith("…")


def test_what_is_added_to_the_tooltip_is_never_cut() -> None:
    quiet = "snoozed until tomorrow 08:00, 12 wait"
    away = gateway("x" * 90, connection=ConnectionInfo(ConnectionState.WAITING))
    some = summarize(fleet(gateway("h", Status.IDLE))).tooltip(quiet)
    assert some == f"Control Center: 1 idle · live · {quiet}"
    long = summarize(fleet(away, gateway("h", *list(Status) * 30))).tooltip(quiet)
    assert len(long) == TOOLTIP_LIMIT
    assert quiet in long
    more = "y" * 100
    full = summarize(fleet(gateway("h", *list(Status) * 30))).tooltip(more)
    assert len(full) == TOOLTIP_LIMIT
    assert full.endswith(f"… · {more}")


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
    assert 0 < len(summary.tooltip()) <= TOOLTIP_LIMIT
    assert summary.headline
    assert (summary.tray is TrayState.DEMO) is (summary.origin is Origin.DEMO)
