"""Who asks to be let in, in words."""

from __future__ import annotations

from cc_desktop.fleet.facts import JoinRequest
from cc_desktop.text.inbox.joins import join_lines, join_reason

PHONE = JoinRequest(
    "device:r1",
    name="Ada's phone",
    platform="iPhone · iOS 26.1",
    client="openclaw-ios · ui",
    address="192.168.1.20",
    device="0f" * 32,
    scopes=("operator.read", "operator.write"),
    is_repair=True,
)


def test_who_asks_is_read_without_a_click() -> None:
    said = "A new device: iPhone · iOS 26.1 · 192.168.1.20"
    assert join_reason("device", PHONE.known) == said
    assert join_reason("node", "") == "A new node"
    assert join_reason("something new", "iPhone") == "iPhone"


def test_all_that_is_known_stands_on_the_card() -> None:
    assert join_lines(PHONE).split("\n") == [
        "Platform: iPhone · iOS 26.1",
        "App: openclaw-ios · ui",
        "Address: 192.168.1.20",
        "Device id: " + " ".join(["0f0f0f0f"] * 8),
        "It asks for: operator.read, operator.write",
        "A device with this id is paired already: this takes its place.",
    ]
    assert join_lines(JoinRequest("sender:s", "sender", "Ada (Telegram)")) == ""
