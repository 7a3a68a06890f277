"""The whole app as a screen reader meets it: its windows, popups and rows over AT-SPI."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.accessibility.atspi import Node
from tests.hosts.host import gateway_thread
from tests.whole.session import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.accessibility.atspi import Reader
    from tests.whole.session import App, Session

pytestmark = [pytest.mark.desktop, pytest.mark.timeout(120)]

# Who, how, and what or since when; a stop only at its end.
ROW = re.compile(r"^[^:]+: (Error|Needs you|Stuck|Working|Thinking|Idle|Offline), [^\n·]+[^.]\.$")

PICTURES = ("image", "graphic", "icon")  # the names of one role, by the release of AT-SPI


class Walk:
    """The app, and what a reader knows of it."""

    def __init__(self, reader: Reader, app: App) -> None:
        self.reader = reader
        self.app = app

    def tree(self) -> Node:
        return self.reader.tree(self.app.process.pid)

    def window(self, name: str) -> Node:
        """A window by a part of its name, as soon as the reader finds it."""

        def find() -> list[Node]:
            return [each for each in self.tree().children if re.search(name, each.name)]

        return wait_for(find, f"the window {name}", still=self.app.running)[0]

    def until(self, holds: Callable[[Node], object], what: str) -> Node:
        """The whole tree, once something is in it."""

        def find() -> list[Node]:
            tree = self.tree()
            return [tree] if holds(tree) else []

        return wait_for(find, what, still=self.app.running)[0]


def shows(tree: Node, role: str, name: str) -> bool:
    """Whether something is on the screen, and not only kept for later."""
    return any("showing" in node.states for node in tree.find(role, name))


def faults(tree: Node) -> list[str]:
    """What a screen reader could not say, or would say wrongly."""
    return [
        f"{node.role} {node.name!r}: {why}"
        for node in tree.all()
        if "showing" in node.states
        for why, wrong in (
            ("has the keyboard, and no name", "focusable" in node.states and not node.name),
            ("is a button without a name", "button" in node.role and not node.name),
            ("is named after its value", node.role == "combo box" and not node.labels),
            ("has words, and no role", node.role in ("filler", "unknown") and bool(node.name)),
            ("is a picture of nothing", node.role in PICTURES and not node.name),
        )
        if wrong
    ]


def test_what_is_wrong_is_found() -> None:
    def node(role: str, name: str, *states: str) -> Node:
        return Node(("", ""), role, name, "", frozenset(states))

    good = node("label", "Words", "showing")
    hidden = node("push button", "", "focusable")
    tree = node("frame", "Window", "showing")
    tree.children = [good, hidden]
    assert faults(tree) == []
    tree.children += [
        node("push button", "", "showing", "focusable"),
        node("filler", "Words", "showing"),
        node("image", "", "showing"),
    ]
    assert len(faults(tree)) == 4


def test_the_fleet_is_read_in_sentences(reader: Reader, session: Session) -> None:
    walk = Walk(reader, session.start_app("--demo"))
    walk.app.window()

    tree = walk.until(lambda tree: len(tree.find("list item")) == 11, "the rows of the demo")
    print(tree.outline())  # shown when it fails

    assert faults(tree) == []
    assert tree.name == "Control Center Desktop"
    assert [row.name for row in tree.find("list item") if not ROW.match(row.name)] == []
    chips = tree.find("radio button")
    assert [chip.name for chip in chips if "checked" in chip.states] == ["All 11"]
    pictures = {node.name for node in tree.all() if node.role in PICTURES}
    assert pictures == {"Error", "Picture of Rex"}
    assert "DEMO: This is sample data, not your fleet." in {node.name for node in tree.all()}


def test_the_settings_are_a_dialog_with_names(reader: Reader, session: Session) -> None:
    walk = Walk(reader, session.start_app("--demo"))
    walk.app.window()
    walk.until(lambda tree: tree.find("list item"), "the rows of the demo")
    gear = walk.tree().find("push button", "Settings (Ctrl+,)")[0]

    walk.reader.press(gear)
    dialog = walk.window("^Settings")
    assert dialog.role == "dialog"
    pages = [item.name for item in dialog.find("list")[0].children]
    assert len(pages) >= 4
    for number, page in enumerate(pages):
        if number:
            session.press("Down")
        seen = walk.until(partial(_has_focus, name=page), page)
        print(seen.outline())
        assert faults(seen) == [], page
    labels = [node.labels for node in walk.window("^Settings").find("combo box")]
    assert len(set(labels)) == len(labels) > 5


def test_devices_and_the_form_for_a_gateway_can_be_read(reader: Reader, session: Session) -> None:
    walk = Walk(reader, session.start_app("--demo"))
    walk.app.window()
    tree = walk.until(lambda tree: tree.find("radio button", "Devices 4"), "the devices")

    walk.reader.press(tree.find("radio button", "Devices 4")[0])
    devices = walk.until(lambda tree: len(tree.find("table")) > 0, "the table")
    assert faults(devices) == []
    assert "checked" in devices.find("radio button", "Devices 4")[0].states

    walk.reader.press(devices.find("push button", "Connect a gateway")[0])
    form = walk.until(lambda tree: len(_fields(tree)) > 1, "the form")
    print(form.outline())
    assert faults(form) == []
    assert all(_fields(form))


def _fields(tree: Node) -> list[str]:
    """The names of the fields that are shown, whatever their role is called."""
    fields = [*tree.find("text"), *tree.find("password text")]
    return [node.name for node in fields if {"showing", "focusable"} <= node.states]


def _has_focus(tree: Node, name: str) -> bool:
    return any("focused" in item.states for item in tree.find("list item", name))


def test_popups_can_be_read_while_they_are_open(reader: Reader, session: Session) -> None:
    with gateway_thread() as gateways:
        walk = Walk(reader, session.start_app("--url", gateways.gateway.url))
        window = walk.app.window()
        walk.until(lambda tree: len(tree.find("list item")) > 3, "the rows of the gateway")
        live = "push button", "127.0.0.1 live"
        tree = walk.until(lambda tree: tree.find(*live), "the connection")
        session.run("xdotool", "windowfocus", "--sync", window)
        assert faults(tree) == []
        bell = next(each for each in tree.find("push button") if "Inbox" in each.name)

        walk.reader.press(bell)
        back = "push button", "Back to the fleet"
        inbox = walk.until(lambda tree: shows(tree, *back), "the inbox")
        assert faults(inbox) == []
        session.press("Escape")
        tree = walk.until(lambda tree: not shows(tree, *back), "the fleet")

        walk.reader.press(tree.find(*live)[0])
        popup = walk.window("^Connection to")
        assert faults(popup) == []
        assert popup.find("push button", "Reconnect now")
        walk.until(lambda tree: len(tree.children) == 2, "both windows")
        session.press("Escape")
        walk.until(lambda tree: len(tree.children) == 1, "the popup to close")
        assert not walk.reader.ask_for_what_is_gone(tree)
        assert walk.app.end() == 0  # without a warning
