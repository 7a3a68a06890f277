"""Notifications by the tray icon, which cannot tell which of them was clicked."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from PySide6.QtWidgets import QSystemTrayIcon

from cc_desktop.desktop.notifications import tray_backend
from cc_desktop.desktop.notifications.tray_backend import TARGET_S, TrayBackend, choose_backend
from cc_desktop.notifications.backends.freedesktop import FreedesktopBackend
from cc_desktop.notifications.kinds import Sound
from cc_desktop.notifications.message import OPEN, SNOOZE, Button, Message, NotificationAction
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from PySide6.QtWidgets import QApplication

    from cc_desktop.notifications.backends.base import NotificationBackend

FAILED = Message(
    "failed otto",
    "Otto failed",
    "No credit left",
    Sound.ALERT,
    True,
    (Button(SNOOZE, "Snooze", {"hours": "1"}), Button(OPEN, "Open", {"agent": "otto"})),
)
BACK = Message("rex", "Rex is back", "")
OTTO = NotificationAction(FAILED.tag, OPEN, {"agent": "otto"})
REX = NotificationAction(BACK.tag, OPEN)
FLEET = NotificationAction("", OPEN)


class Icon(QSystemTrayIcon):
    """Notes what it is asked to show."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[tuple[Any, ...]] = []

    def showMessage(self, *message: Any) -> None:
        self.messages.append(message)


class Desk:
    """An adapter at work, with a tray that the test changes."""

    def __init__(self) -> None:
        self.icon: Icon | None = Icon()
        self.clock = FakeClock()
        self.adapter: NotificationBackend = TrayBackend(lambda: self.icon, self.clock)
        self.chosen: list[NotificationAction] = []

    def click(self) -> None:
        assert self.icon is not None
        self.icon.messageClicked.emit()


@pytest_asyncio.fixture
async def desk(qapp: QApplication) -> AsyncIterator[Desk]:
    desk = Desk()
    task = asyncio.create_task(desk.adapter.run(desk.chosen.append))
    await asyncio.sleep(0)
    yield desk
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_title_and_body_are_shown(desk: Desk) -> None:
    desk.adapter.show(FAILED)
    desk.adapter.show(BACK)
    assert desk.icon is not None
    kinds = QSystemTrayIcon.MessageIcon
    assert desk.icon.messages == [
        ("Otto failed", "No credit left", kinds.Warning, 10_000),
        ("Rex is back", " ", kinds.Information, 10_000),
    ]
    assert (desk.adapter.name, desk.adapter.problem) == ("the tray icon", "")


async def test_hostile_text_is_one_short_line(desk: Desk) -> None:
    desk.adapter.show(Message("a", "a\0b\n\u202ec" + "x" * 100, "<b>\ny\x1b</b> " + "z" * 1000))
    assert desk.icon is not None
    title, body = desk.icon.messages[0][:2]
    assert (title[:6], len(title)) == ("a b cx", 63)
    assert (body[:10], len(body)) == ("<b> y </b>", 255)


async def test_a_click_means_the_one_that_was_shown_last(desk: Desk) -> None:
    desk.adapter.show(BACK)
    desk.click()
    desk.adapter.show(BACK)
    desk.adapter.show(FAILED)
    desk.click()
    assert desk.chosen == [REX, OTTO]


async def test_a_second_click_means_none_and_opens_the_fleet(desk: Desk) -> None:
    desk.adapter.show(FAILED)
    desk.click()
    desk.click()
    assert desk.chosen == [OTTO, FLEET]


async def test_a_late_click_opens_the_fleet(desk: Desk) -> None:
    desk.adapter.show(FAILED)
    await desk.clock.advance(TARGET_S - 1)
    desk.adapter.show(BACK)  # which begins anew
    await desk.clock.advance(TARGET_S - 1)
    desk.click()
    desk.adapter.show(FAILED)
    await desk.clock.advance(TARGET_S)
    desk.click()
    assert desk.chosen == [REX, FLEET]


async def test_a_click_on_what_was_withdrawn_opens_the_fleet(desk: Desk) -> None:
    desk.adapter.show(FAILED)
    desk.adapter.withdraw(BACK.tag)  # never shown
    desk.click()
    desk.adapter.show(FAILED)
    desk.adapter.withdraw(FAILED.tag)
    desk.click()
    assert desk.chosen == [OTTO, FLEET]


async def test_an_icon_that_comes_late_and_one_that_takes_its_place(desk: Desk) -> None:
    desk.icon = None
    assert desk.adapter.name == ""
    assert desk.adapter.problem == "There is no tray to show notifications."
    desk.adapter.show(FAILED)
    desk.adapter.withdraw(FAILED.tag)

    for _ in range(2):
        desk.icon = Icon()
        desk.adapter.show(BACK)
        desk.adapter.show(FAILED)
        desk.click()
        assert [message[0] for message in desk.icon.messages] == [BACK.title, FAILED.title]
    assert desk.chosen == [OTTO, OTTO]  # each click was heard once
    assert desk.adapter.problem == ""


async def test_an_icon_that_was_deleted_meanwhile(desk: Desk) -> None:
    desk.adapter.show(FAILED)
    assert desk.icon is not None
    desk.icon.deleteLater()
    desk.icon = Icon()
    desk.adapter.show(BACK)
    desk.click()
    assert desk.chosen == [REX]


async def test_nobody_tells_whether_the_system_is_quiet(desk: Desk) -> None:
    assert not await desk.adapter.is_system_quiet()


def test_before_it_runs_a_click_is_nothing_to_fail_at(qapp: QApplication) -> None:
    desk = Desk()
    desk.adapter.show(FAILED)
    desk.click()
    assert desk.chosen == []


@pytest.mark.parametrize(
    ("platform", "address", "jeepney", "expected"),
    [
        ("linux", "unix:path=/none", True, FreedesktopBackend),
        ("linux", "", True, TrayBackend),
        ("linux", "unix:path=/none", False, TrayBackend),
        ("darwin", "unix:path=/none", True, TrayBackend),
        ("win32", "unix:path=/none", True, TrayBackend),
    ],
)
def test_who_shows_notifications(
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    address: str,
    jeepney: bool,
    expected: type[NotificationBackend],
) -> None:
    monkeypatch.setattr(tray_backend, "find_spec", lambda _name: object() if jeepney else None)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    monkeypatch.setattr("sys.platform", platform)
    assert type(choose_backend(lambda: None, FakeClock())) is expected


def test_the_notification_icon_is_a_file_that_any_service_can_draw(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    icons: list[str] = []

    class Backend(FreedesktopBackend):
        def __init__(self, address: str, clock: FakeClock, *, icon: str) -> None:
            super().__init__(address, clock, icon=icon)
            icons.append(icon)

    monkeypatch.setattr(tray_backend, "find_spec", lambda _name: object())
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/none")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(tray_backend, "FreedesktopBackend", Backend)

    choose_backend(lambda: None, FakeClock())

    path = Path(icons[0])
    assert path.is_absolute()
    assert path.read_bytes().startswith(b"\x89PNG")
