"""The notification service that other tests trust."""

from __future__ import annotations

from contextlib import closing
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from tests.whole.dunst import NOTIFICATIONS, PATH, PROGRAMS, Dunst, Popup
from tests.whole.session import Session, need, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.desktop, pytest.mark.timeout(120)]

OPEN_AND_SNOOZE = ("default", "Open", "snooze", "Snooze")


class Client:
    """A program that notifies, by jeepney."""

    def __init__(self, session: Session) -> None:
        # Only where there is a session: it is installed on Linux alone. It has no types.
        self._jeepney: Any = import_module("jeepney")
        blocking: Any = import_module("jeepney.io.blocking")
        self._bus = blocking.open_dbus_connection(session.env["DBUS_SESSION_BUS_ADDRESS"])
        rule = self._jeepney.MatchRule(type="signal", interface=NOTIFICATIONS)
        self._bus.send_and_get_reply(self._jeepney.message_bus.AddMatch(rule), timeout=10)

    def close(self) -> None:
        self._bus.close()

    def call(self, method: str, signature: str, *body: object) -> tuple[Any, ...]:
        address = self._jeepney.DBusAddress(PATH, NOTIFICATIONS, NOTIFICATIONS)
        message = self._jeepney.new_method_call(address, method, signature, body)
        return tuple(self._bus.send_and_get_reply(message, timeout=10).body)

    def notify(self, summary: str, body: str, *actions: str, replaces: int = 0) -> int:
        hints = {"urgency": ("y", 2), "desktop-entry": ("s", "cc-desktop")}
        arguments = ("cc-desktop", replaces, "", summary, body, list(actions), hints, -1)
        return int(self.call("Notify", "susssasa{sv}i", *arguments)[0])

    def signal(self, name: str) -> tuple[Any, ...]:
        """What the next signal of that name has to say."""
        member = self._jeepney.HeaderFields.member
        while True:
            message = self._bus.receive(timeout=10)
            if message.header.fields.get(member) == name:
                return tuple(message.body)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    need("Xvfb", "dbus-daemon", *PROGRAMS)
    with Session(tmp_path) as started:
        started.start_display()
        started.start_bus()
        yield started


def test_it_shows_invokes_withdraws_and_restarts(session: Session) -> None:
    dunst = Dunst(session)
    with closing(Client(session)) as client:
        first = client.notify("Otto failed", "No credit\nleft", *OPEN_AND_SNOOZE)
        shown = Popup(first, "Otto failed", "No credit\nleft", "CRITICAL", "cc-desktop")
        assert wait_for(dunst.popups, "the notification") == [shown]
        second = client.notify("Rex failed", "", *OPEN_AND_SNOOZE)
        assert client.notify("Otto runs", "", *OPEN_AND_SNOOZE, replaces=first) == first
        wait_for(lambda: len(dunst.popups()) == 3, "all of them")
        assert [popup.summary for popup in dunst.popups()[1:]] == ["Rex failed", "Otto runs"]
        assert dunst.displayed() == 2

        dunst.invoke(second)
        assert client.signal("ActionInvoked") == (second, "default")
        dunst.invoke(first, "snooze")
        assert client.signal("ActionInvoked") == (first, "snooze")

        client.call("CloseNotification", "u", second)
        wait_for(lambda: dunst.displayed() == 1, "the withdrawal")
        dunst.close_all()
        wait_for(lambda: dunst.displayed() == 0, "the others to go")
        assert {row["summary"] for row in dunst.history()} >= {"Otto runs"}

        dunst.restart(kill=True)
        assert (dunst.displayed(), dunst.history()) == (0, [])
        client.notify("Dex failed", "")
        wait_for(lambda: len(dunst.popups()) == 4, "the notification of the new service")
        assert dunst.displayed() == 1
