"""What a gateway is missing is said once in the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, PairingRequest, Problem
from tests.desktop import sample
from tests.desktop.sample import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.desktop.window.fleet_window import FleetWindow

    OpenWindow = Callable[..., FleetWindow]

REQUEST = PairingRequest("7f3a91c2", "laptop", ("operator.read",), 0, NOW + 252_000)
WAITS = ConnectionInfo(
    ConnectionState.WAITING,
    until=NOW + 4000,
    problem=Problem("pairing", detail="7f3a91c2"),
    pairing=REQUEST,
)


def test_the_banner_says_which_gateway_waits_and_the_strip_does_not(
    open_window: OpenWindow,
) -> None:
    store = sample.live_store()
    store.apply(ev.ConnectionChanged("home-lab", WAITS))
    assert any(
        item.kind.value == "pairing-self"
        for items in store.fleet.gateways["home-lab"].inbox.values()
        for item in items
    )
    window = open_window(store)
    assert window.banner.banner is not None
    assert "waits for your approval" in window.banner.banner.text
    assert not window.strip.isVisible()


def test_the_popup_of_a_gateway_says_its_problem_once(open_window: OpenWindow) -> None:
    store = sample.live_store()
    store.apply(ev.ConnectionChanged("home-lab", sample.waiting(20)))
    window = open_window(store)
    window.show_gateway("home-lab")
    popup = window.header.popup
    assert popup is not None
    told = [one.text() for one in popup.findChildren(QLabel) if one.isVisible()]
    assert [text for text in told if "Unreachable" in text] == [popup.state()]
    popup.close()
