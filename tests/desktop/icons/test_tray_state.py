from __future__ import annotations

import pytest
from msgspec.structs import replace

from cc_desktop.desktop.icons.tray import TrayKey, tray_pixmap
from cc_desktop.desktop.icons.tray_state import TrayState, tray_state
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Fleet, Gateway, Origin, Status
from cc_desktop.fleet.summary import summarize
from tests.fleet.test_summary import PROBLEM, fleet, gateway, link


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
    assert tray_state(summarize(fleet(gateway("g", *statuses, origin=origin)))) is tray


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
    assert tray_state(summarize(fleet(link(state, origin)))) is tray


def test_no_gateways_at_all() -> None:
    summary = summarize(Fleet())
    assert (tray_state(summary), summary.origin, summary.total) == (
        TrayState.OFFLINE,
        Origin.NONE,
        0,
    )


def test_one_live_gateway_is_enough() -> None:
    away = link(ConnectionState.WAITING)
    live = gateway("live", Status.ERROR)
    summary = summarize(fleet(away, live))
    assert (tray_state(summary), summary.origin) == (TrayState.ERROR, Origin.LIVE)
    assert (summary.needs_you, summary.offline) == (1, 1)
    assert summary.unreachable == ("G",)


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
    assert tray_state(summarize(fleet(lost, gateway("live", status)))) is tray


def test_a_gateway_that_is_tried_for_the_first_time_is_not_lost() -> None:
    first = gateway("g", connection=ConnectionInfo(ConnectionState.CONNECTING), origin=Origin.NONE)
    assert tray_state(summarize(fleet(first, gateway("live", Status.IDLE)))) is TrayState.IDLE


def test_the_demo_shows_itself() -> None:
    demo = gateway("demo", Status.ERROR, Status.ACTIVE, origin=Origin.DEMO)
    assert tray_state(summarize(fleet(demo))) is TrayState.DEMO


@pytest.mark.usefixtures("qapp")
def test_what_of_a_gateway_needs_somebody_shows_and_warnings_are_a_dot() -> None:
    summary = summarize(fleet(gateway("g", Status.IDLE)))
    needed = replace(summary, gateway_needs_you=1)
    assert tray_state(needed) is TrayState.NEEDS_YOU
    warned = TrayKey.of(TrayState.IDLE, 0, warned=True)
    assert warned.warned
    plain, dotted = (tray_pixmap(key, 32).toImage() for key in (TrayKey(TrayState.IDLE), warned))
    assert plain != dotted
    assert not TrayKey.of(TrayState.ERROR, 1, warned=True).warned
