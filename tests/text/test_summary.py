from __future__ import annotations

import pytest

from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Origin, Status
from cc_desktop.fleet.summary import summarize
from cc_desktop.text.summary import TOOLTIP_LIMIT, headline, tooltip
from tests.fleet.test_summary import fleet, gateway, link


@pytest.mark.parametrize(
    ("statuses", "words"),
    [
        ([], "No agents"),
        ([Status.IDLE], "1 idle"),
        ([Status.ERROR], "1 needs you"),
        ([Status.WAITING, Status.STUCK], "2 need you"),
        ([Status.OFFLINE, Status.UNKNOWN], "2 offline"),
        (
            [Status.ACTIVE, Status.THINKING, Status.ERROR, Status.IDLE, Status.OFFLINE],
            "1 needs you · 2 working · 1 idle · 1 offline",
        ),
    ],
)
def test_the_headline(statuses: list[Status], words: str) -> None:
    assert headline(summarize(fleet(gateway("g", *statuses)))) == words


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (Origin.LIVE, "Control Center: 1 working, 1 idle · live"),
        (Origin.REST, "Control Center: 1 working, 1 idle · polled over HTTP"),
        (Origin.LAST_KNOWN, "Control Center: 1 working, 1 idle · last known"),
        (Origin.DEMO, "DEMO - Control Center: 1 working, 1 idle · not your fleet"),
        (Origin.NONE, "Control Center: 1 working, 1 idle · no connection"),
    ],
)
def test_the_tooltip_says_where_it_comes_from(origin: Origin, expected: str) -> None:
    summary = summarize(fleet(gateway("g", Status.ACTIVE, Status.IDLE, origin=origin)))
    assert tooltip(summary) == expected


def test_the_tooltip_without_agents() -> None:
    assert tooltip(summarize(fleet(gateway()))) == "Control Center: no agents · live"


def test_the_tooltip_names_who_is_missing() -> None:
    summary = summarize(fleet(link(ConnectionState.BLOCKED), gateway("h", Status.IDLE)))
    assert tooltip(summary) == "Control Center: 1 idle, 1 offline · live · G not reached"
    alone = summarize(fleet(link(ConnectionState.BLOCKED)))
    assert "not reached" not in tooltip(alone)


def test_a_long_tooltip_is_cut_where_windows_cuts() -> None:
    away = [
        gateway(f"{n}" * 40, connection=ConnectionInfo(ConnectionState.WAITING)) for n in range(5)
    ]
    told = tooltip(summarize(fleet(*away, gateway("h", Status.IDLE))))
    assert len(told) == TOOLTIP_LIMIT
    assert told.endswith("…")


def test_what_is_added_to_the_tooltip_is_never_cut() -> None:
    quiet = "snoozed until tomorrow 08:00, 12 wait"
    away = gateway("x" * 90, connection=ConnectionInfo(ConnectionState.WAITING))
    some = tooltip(summarize(fleet(gateway("h", Status.IDLE))), quiet)
    assert some == f"Control Center: 1 idle · live · {quiet}"
    long = tooltip(summarize(fleet(away, gateway("h", *list(Status) * 30))), quiet)
    assert len(long) == TOOLTIP_LIMIT
    assert quiet in long
    more = "y" * 100
    full = tooltip(summarize(fleet(gateway("h", *list(Status) * 30))), more)
    assert len(full) == TOOLTIP_LIMIT
    assert full.endswith(f"… · {more}")


def test_the_demo_says_so_first() -> None:
    demo = gateway("demo", Status.ERROR, origin=Origin.DEMO)
    assert tooltip(summarize(fleet(demo))).startswith("DEMO - ")
