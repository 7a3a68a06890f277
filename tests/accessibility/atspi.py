"""What a screen reader is told: the tree of an app, and its announcements, over AT-SPI.

    with Session(tmp_path) as session:
        session.start_display()
        session.start_bus()
        with Reader(session) as reader:
            app = session.start_app("--demo")
            tree = reader.tree(app.process.pid)

AT-SPI 2 is D-Bus: https://gnome.pages.gitlab.gnome.org/at-spi2-core/devel-docs/
"""

from __future__ import annotations

import re
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct, field

from tests.whole.session import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.whole.session import Session

BUS = ("org.a11y.Bus", "/org/a11y/bus")
SERVICE = "dbus-1/services/org.a11y.Bus.service"
REGISTRY = "org.a11y.atspi.Registry"
ROOT = "/org/a11y/atspi/accessible/root"
NODE = "org.a11y.atspi.Accessible"
EVENT = "org.a11y.atspi.Event.Object"
PROPERTIES = "org.freedesktop.DBus.Properties"
# Numbers of AtspiStateType.
STATES = {1: "active", 4: "checked", 8: "enabled", 11: "focusable", 12: "focused", 25: "showing"}
LABELLED_BY = 2  # of AtspiRelationType
Place = tuple[str, str]  # name on the bus, path of the object


def launcher() -> str | None:
    """The program that starts AT-SPI, None where it is not installed."""
    for share in (Path("/usr/share"), Path("/usr/local/share")):
        with suppress(OSError):
            told = re.search(r"^Exec=(\S+)", (share / SERVICE).read_text(), re.MULTILINE)
            if told and Path(told[1]).exists():
                return told[1]
    return None


class Node(Struct):
    """A part of the app, as a screen reader sees it."""

    place: Place
    role: str
    name: str
    description: str
    states: frozenset[str]
    labels: tuple[str, ...] = ()  # the names of what it is labelled by
    children: list[Node] = field(default_factory=list)

    def all(self) -> Iterator[Node]:
        """This node and everything in it."""
        yield self
        for child in self.children:
            yield from child.all()

    def find(self, role: str, name: str = "") -> list[Node]:
        """The nodes of a role; of a name, if one is given."""
        return [node for node in self.all() if node.role == role and name in ("", node.name)]

    def outline(self, depth: int = 0) -> str:
        """The tree as text, for failures."""
        states, labels = " ".join(sorted(self.states)), ", ".join(self.labels)
        line = f"{'  ' * depth}{self.role} {self.name!r} {states} {labels}".rstrip()
        return "\n".join([line, *(child.outline(depth + 1) for child in self.children)])


class Reader:
    """Stands for a screen reader: AT-SPI sees that one runs."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __enter__(self) -> Self:
        session = self._session
        program = launcher()
        assert program is not None, "at-spi2-core is not installed"
        session.env.pop("NO_AT_BRIDGE", None)
        session.start("at-spi", program, "--launch-immediately")
        wait_for(lambda: session.has_name(BUS[0]), "AT-SPI")
        session.call(
            *BUS, PROPERTIES, "Set", "ssv", ("org.a11y.Status", "ScreenReaderEnabled", ("b", True))
        )
        address = session.call(*BUS, BUS[0], "GetAddress")[0]
        # Only where there is a session: it is installed on Linux alone. It has no types.
        self._jeepney: Any = import_module("jeepney")
        blocking: Any = import_module("jeepney.io.blocking")
        self._bus = blocking.open_dbus_connection(address)
        wait_for(lambda: self._call((REGISTRY, ROOT), NODE, "GetChildren") is not None, "its list")
        return self

    def __exit__(self, *_: object) -> None:
        self._bus.close()

    def _call(
        self, place: Place, interface: str, method: str, signature: str = "", *body: object
    ) -> Any:
        """The first value of an answer; None if the object has gone meanwhile."""
        address = self._jeepney.DBusAddress(place[1], bus_name=place[0], interface=interface)
        message = self._jeepney.new_method_call(address, method, signature or None, body)
        answer = self._bus.send_and_get_reply(message, timeout=20)
        if answer.header.message_type is self._jeepney.MessageType.error:
            return None
        return answer.body[0] if answer.body else ()

    def _text(self, place: Place, name: str) -> str:
        told = self._call(place, PROPERTIES, "Get", "ss", NODE, name)
        return str(told[1]) if told else ""

    def tree(self, pid: int) -> Node:
        """The app of a process, as soon as it is there."""
        return self._node(wait_for(lambda: self._apps(pid), "the app in the tree of AT-SPI")[0])

    def _apps(self, pid: int) -> list[Place]:
        bus = ("org.freedesktop.DBus", "/org/freedesktop/DBus")
        return [
            place
            for place in self._call((REGISTRY, ROOT), NODE, "GetChildren")
            if self._call(bus, bus[0], "GetConnectionUnixProcessID", "s", place[0]) == pid
        ]

    def _node(self, place: Place) -> Node:
        low, high = self._call(place, NODE, "GetState") or (0, 0)
        bits = low | high << 32
        return Node(
            place,
            self._call(place, NODE, "GetRoleName") or "",
            self._text(place, "Name"),
            self._text(place, "Description"),
            frozenset(name for bit, name in STATES.items() if bits >> bit & 1),
            self._labels(place),
            [self._node(tuple(child)) for child in self._call(place, NODE, "GetChildren") or ()],
        )

    def _labels(self, place: Place) -> tuple[str, ...]:
        relations = self._call(place, NODE, "GetRelationSet") or ()
        return tuple(
            self._text(target, "Name")
            for kind, targets in relations
            if kind == LABELLED_BY
            for target in targets
        )

    def ask_for_what_is_gone(self, node: Node) -> bool:
        """Ask for a part that has just gone, as readers do; whether there was an answer."""
        gone = (node.place[0], "/org/a11y/atspi/accessible/2147483647")
        return self._call(gone, NODE, "GetRoleName") is not None

    def press(self, node: Node) -> None:
        """What a reader's user does to a button."""
        self._call(node.place, "org.a11y.atspi.Action", "DoAction", "i", 0)

    def announcements(self, act: Callable[[], object]) -> Iterator[tuple[str, int]]:
        """What is announced after `act`, as it comes: words, and 1 (polite) or 2 (assertive)."""
        registry = (REGISTRY, "/org/a11y/atspi/registry")
        self._call(registry, REGISTRY, "RegisterEvent", "s", "object:announcement")
        rule = self._jeepney.MatchRule(type="signal", interface=EVENT, member="Announcement")
        with self._bus.filter(rule) as queue:
            self._bus.send_and_get_reply(self._jeepney.message_bus.AddMatch(rule), timeout=20)
            act()
            while True:
                message = self._bus.recv_until_filtered(queue, timeout=20)
                _, politeness, _, (_, text), *_ = message.body
                yield str(text), int(politeness)
