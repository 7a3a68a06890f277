from __future__ import annotations

import pytest
from msgspec.structs import replace

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import (
    ConnectionInfo,
    ConnectionState,
    Fleet,
    Origin,
    PairingRequest,
    Problem,
)
from cc_desktop.fleet.store import Store
from cc_desktop.text.banner import BannerKind, BannerLink, empty, source
from cc_desktop.text.banner import banner as make_banner
from cc_desktop.text.connect.next_step import remedies
from tests.desktop import sample
from tests.desktop.sample import NOW


def test_no_banner_when_all_is_live() -> None:
    assert make_banner(sample.live_store().fleet, NOW) is None


def test_the_banner_of_the_demo() -> None:
    banner = make_banner(sample.demo_store().fleet, NOW)
    assert banner is not None
    assert banner.kind is BannerKind.DEMO
    assert banner.tag == "DEMO"
    assert banner.text == "No gateway can be reached, so this is sample data, not your fleet."
    assert banner.links == (
        (BannerLink.LAST_KNOWN, "Show last known (14:02)"),
        (BannerLink.EDIT, "Edit gateway…"),
        (BannerLink.RECONNECT, "Reconnect now"),
    )


def test_a_demo_without_a_gateway_blames_nobody_and_offers_one() -> None:
    store = Store(sample.Clock())
    store.apply(ev.GatewayAdded("demo", "Demo"))
    store.apply(ev.Snapshot("demo", (), (), Origin.DEMO))
    banner = make_banner(store.fleet, NOW)
    assert banner is not None
    assert banner.text == "This is sample data, not your fleet."
    assert banner.links == ((BannerLink.CONNECT, "Connect a gateway"),)


def test_the_banner_of_the_last_known() -> None:
    banner = make_banner(sample.last_known_store().fleet, NOW)
    assert banner is not None
    assert banner.kind is BannerKind.LAST_KNOWN
    assert banner.text == "studio cannot be reached; showing the last known state from 14:02."


@pytest.mark.parametrize("store", [sample.blocked_store, sample.demo_store])
def test_a_problem_that_only_the_operator_can_solve_comes_first(store: object) -> None:
    made: Store = store()  # type: ignore[operator]
    gateway = next(iter(made.fleet.gateways))
    made.apply(
        ev.ConnectionChanged(
            gateway, ConnectionInfo(ConnectionState.BLOCKED, problem=sample.WRONG_TOKEN)
        )
    )
    banner = make_banner(made.fleet, NOW)
    assert banner is not None
    assert banner.text.startswith("The token is wrong. Put the gateway's token into Settings")


def test_a_blocked_gateway_is_named_beside_live_ones() -> None:
    store = sample.live_store()
    store.apply(
        ev.ConnectionChanged(
            "home-lab", ConnectionInfo(ConnectionState.BLOCKED, problem=sample.WRONG_TOKEN)
        )
    )
    banner = make_banner(store.fleet, NOW)
    assert banner is not None
    assert banner.text.startswith("home-lab: The token is wrong.")


def test_the_banner_of_the_fallback() -> None:
    store = sample.live_store(second=False)
    store.apply(ev.ConnectionChanged("studio", sample.waiting(8)))
    store.apply(ev.OriginChanged("studio", Origin.REST))
    banner = make_banner(store.fleet, NOW)
    assert banner is not None
    assert banner.kind is BannerKind.REST
    assert "polled over HTTP" in banner.text


@pytest.mark.parametrize(
    ("fleet", "said"),
    [
        (sample.live_store().fleet, "Live"),
        (sample.demo_store().fleet, "Demo since 14:25 · not your fleet"),
        (sample.last_known_store().fleet, "Last known · as of 14:02"),
        (Fleet(), "No connection"),
    ],
)
def test_the_source_in_the_status_bar(fleet: Fleet, said: str) -> None:
    assert source(fleet, NOW) == said


def test_an_empty_list_says_why() -> None:
    live = sample.live_store().fleet
    assert empty(live, 11, "zebra").title == "No match"
    assert empty(live, 11, "").title == "Nobody"
    assert empty(live, 0, "").title == "No agents"
    assert empty(Fleet(), 0, "").title == "No gateway yet"
    assert empty(sample.blocked_store().fleet, 0, "").title == "The token is wrong"
    connecting = Store(sample.Clock())
    connecting.apply(ev.GatewayAdded("g", "studio"))
    connecting.apply(ev.ConnectionChanged("g", ConnectionInfo(ConnectionState.SYNCING)))
    assert empty(connecting.fleet, 0, "").title == "Connecting"


def test_several_gateways_have_their_agents() -> None:
    store = Store(sample.Clock())
    for key in ("a", "b"):
        store.apply(ev.GatewayAdded(key, key))
        store.apply(ev.ConnectionChanged(key, ConnectionInfo(ConnectionState.SYNCING)))
    assert empty(store.fleet, 0, "").text == "Asking a and b for their agents…"


def test_a_gateway_that_was_never_reached_is_named() -> None:
    store = Store(sample.Clock())
    store.apply(ev.GatewayAdded("g", "studio"))
    store.apply(ev.ConnectionChanged("g", sample.waiting(8)))
    banner = make_banner(store.fleet, NOW)
    assert banner is not None
    assert (banner.kind, banner.text) == (BannerKind.NONE, "studio cannot be reached.")


def waiting_for(problem: Problem, until: int = 0) -> Store:
    store = sample.live_store()
    info = ConnectionInfo(ConnectionState.WAITING, until, problem)
    store.apply(ev.ConnectionChanged("home-lab", info))
    return store


def test_an_approval_is_asked_for_with_its_command() -> None:
    store = waiting_for(Problem("pairing", detail="7f3a91c2"), NOW + 12_000)
    banner = make_banner(store.fleet, NOW)
    assert banner is not None
    command = "openclaw devices approve 7f3a91c2"
    assert banner.kind is BannerKind.WAITING
    assert banner.text == f"home-lab waits for your approval. On its host, run {command}."
    assert (banner.gateway, banner.command, banner.countdown) == (
        "home-lab",
        command,
        "retry in 12 s",
    )
    assert [link for link, _ in banner.links] == [BannerLink.COPY, BannerLink.RECONNECT]


def test_a_certificate_is_the_cause_and_not_that_nobody_answers() -> None:
    store = waiting_for(Problem("certificate", detail="wss://studio:1"), NOW + 12_000)
    banner = make_banner(store.fleet, NOW)
    assert banner is not None
    assert banner.kind is BannerKind.BLOCKED
    assert banner.text.startswith("home-lab: The certificate is not trusted. Compare")
    assert [link for link, _ in banner.links][:2] == [BannerLink.COPY, BannerLink.EDIT]


def test_a_slip_in_its_settings_is_mended_in_the_form_or_the_file() -> None:
    offered = [remedy.value for remedy, _ in remedies(Problem("settings", detail="file:3"))]
    assert offered == ["edit", "open-file", "reconnect"]


def test_the_banner_says_how_long_the_approval_can_be_given() -> None:
    store = waiting_for(Problem("pairing", detail="7f3a91c2"), NOW + 4_000)
    connection = store.fleet.gateways["home-lab"].connection
    pairing = PairingRequest("7f3a91c2", "laptop", ("operator.read",), NOW, NOW + 252_000)
    store.apply(ev.ConnectionChanged("home-lab", replace(connection, pairing=pairing)))
    banner = make_banner(store.fleet, NOW)
    assert banner is not None
    assert banner.countdown == "expires in 4:12"
    later = make_banner(store.fleet, NOW + 252_000)
    assert later is not None
    assert later.countdown == ""  # the next try names a new one


def test_without_the_right_to_watch_the_banner_says_how_to_get_it() -> None:
    store = sample.live_store()
    info = ConnectionInfo(ConnectionState.BLOCKED, problem=Problem("no-permission"))
    store.apply(ev.ConnectionChanged("home-lab", info))
    banner = make_banner(store.fleet, NOW)
    assert banner is not None
    assert (banner.kind, banner.gateway) == (BannerKind.BLOCKED, "home-lab")
    assert banner.text == (
        "home-lab: No permission to read. On the gateway's host, look with openclaw devices list"
        " which rights this device has. Remove it there and reconnect: then it asks for the right"
        " to watch anew."
    )
    assert banner.links == (
        (BannerLink.COPY, "Copy command"),
        (BannerLink.RECONNECT, "Reconnect now"),
    )
    assert banner.command == "openclaw devices list"


def test_a_blocked_gateway_offers_its_next_step_and_counts_nothing_down() -> None:
    banner = make_banner(sample.blocked_store().fleet, NOW)
    assert banner is not None
    assert banner.links == (
        (BannerLink.COPY, "Copy command"),
        (BannerLink.EDIT, "Edit gateway…"),
        (BannerLink.RECONNECT, "Reconnect now"),
    )
    assert banner.countdown == ""


@pytest.mark.parametrize(
    ("store", "end"),
    [
        (sample.last_known_store, "Showing the last known state from 14:02."),
        (sample.demo_store, "What you see is sample data, not your fleet."),
    ],
)
def test_a_blocked_gateway_does_not_hide_what_is_on_the_screen(store: object, end: str) -> None:
    made: Store = store()  # type: ignore[operator]
    gateway = next(iter(made.fleet.gateways))
    blocked = ConnectionInfo(ConnectionState.BLOCKED, problem=sample.WRONG_TOKEN)
    made.apply(ev.ConnectionChanged(gateway, blocked))
    banner = make_banner(made.fleet, NOW)
    assert banner is not None
    assert banner.text.startswith("The token is wrong.")
    assert banner.text.endswith(end)


def test_the_last_known_can_give_way_to_sample_data_again() -> None:
    store = sample.last_known_store()
    store.apply(ev.GatewayAdded("demo", "Demo"))
    store.apply(ev.Snapshot("demo", (), (), Origin.DEMO))
    store.apply(ev.Shown("demo", shown=False))
    banner = make_banner(store.fleet, NOW)
    assert banner is not None
    assert (BannerLink.DEMO, "Show sample data") in banner.links
