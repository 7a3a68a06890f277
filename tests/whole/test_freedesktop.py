"""Notifications by a real service: dunst, which shows them on a screen."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from cc_desktop.notifications.backends.freedesktop import FreedesktopBackend
from cc_desktop.notifications.kinds import Sound
from cc_desktop.notifications.message import OPEN, SNOOZE, Button, Message, NotificationAction
from cc_desktop.system.clock import SystemClock
from cc_desktop.text.notifications import NO_BUS
from tests.fakes.clock import until
from tests.whole.dunst import PROGRAMS, Dunst, Popup
from tests.whole.session import Session, need

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.desktop, pytest.mark.timeout(120)]

PATIENCE_S = 60  # on a loaded machine

BUTTONS = (Button(OPEN, "Open", {"agent": "otto"}), Button(SNOOZE, "Snooze 1 h", {"hours": "1"}))
FAILED = Message(
    "failed otto", "Otto <b>failed</b>", "No <i>credit</i>\nR&D", Sound.ALERT, True, BUTTONS
)
BACK = Message("rex", "Rex is back", "")


class Desk:
    """An adapter at work in a session."""

    def __init__(self, session: Session) -> None:
        address = session.env["DBUS_SESSION_BUS_ADDRESS"]
        self.adapter = FreedesktopBackend(address, SystemClock())
        self.chosen: list[NotificationAction] = []

    async def displayed(self, dunst: Dunst, number: int) -> None:
        """Wait until so many are on the screen."""
        await until(lambda: dunst.displayed() == number, f"{number} on the screen", PATIENCE_S)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    need("Xvfb", "dbus-daemon", *PROGRAMS)
    with Session(tmp_path) as started:
        started.start_display()
        yield started


@asynccontextmanager
async def at_desk(session: Session) -> AsyncIterator[Desk]:
    desk = Desk(session)
    task = asyncio.create_task(desk.adapter.run(desk.chosen.append))
    try:
        yield desk
    finally:
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_notification_is_shown_replaced_invoked_and_withdrawn(session: Session) -> None:
    session.start_bus()
    dunst = Dunst(session)
    async with at_desk(session) as desk:
        desk.adapter.show(FAILED)
        desk.adapter.show(BACK)
        await until(lambda: len(dunst.popups()) == 2, "both", PATIENCE_S)
        first, second = sorted(dunst.popups(), key=lambda popup: popup.id)
        body = "No &lt;i&gt;credit&lt;/i&gt;\nR&amp;D"  # dunst supports markup: this is text
        assert first == Popup(first.id, FAILED.title, body, "CRITICAL", "cc-desktop")
        assert second == Popup(second.id, BACK.title, "", "NORMAL", "cc-desktop")
        assert desk.adapter.name.startswith("dunst ")
        assert desk.adapter.problem == ""
        await desk.displayed(dunst, 2)
        session.screenshot("dunst")

        desk.adapter.show(Message(FAILED.tag, "Otto failed twice", "", buttons=BUTTONS))
        await until(lambda: len(dunst.popups()) == 3, "the replacement", PATIENCE_S)
        assert [popup.id for popup in dunst.popups() if "twice" in popup.summary] == [first.id]
        await desk.displayed(dunst, 2)

        for action in ("default", SNOOZE):
            dunst.invoke(first.id, action)
            expected = len(desk.chosen) + 1
            await until(lambda number=expected: len(desk.chosen) == number, action, PATIENCE_S)  # type: ignore[misc]
        assert desk.chosen == [
            NotificationAction(FAILED.tag, OPEN, {"agent": "otto"}),
            NotificationAction(FAILED.tag, SNOOZE, {"hours": "1"}),
        ]

        desk.adapter.withdraw(BACK.tag)
        await desk.displayed(dunst, 1)
        desk.adapter.withdraw(FAILED.tag)
        await desk.displayed(dunst, 0)


@pytest.mark.parametrize("kill", [False, True])
async def test_dunst_ends_and_is_started_again(session: Session, kill: bool) -> None:
    session.start_bus()
    dunst = Dunst(session)
    async with at_desk(session) as desk:
        desk.adapter.show(FAILED)
        await desk.displayed(dunst, 1)
        dunst.stop(kill=kill)
        await until(lambda: desk.adapter.problem, "hearing of it", PATIENCE_S)
        assert desk.adapter.problem == "No notification service is running."
        desk.adapter.show(Message(BACK.tag, "Rex is gone", ""))
        desk.adapter.show(BACK)
        desk.adapter.withdraw(FAILED.tag)

        dunst.start()
        await desk.displayed(dunst, 1)
        await until(lambda: len(dunst.popups()) == 2, "what was told meanwhile", PATIENCE_S)
        last = dunst.popups()[-1]
        assert last.summary == BACK.title
        assert desk.adapter.problem == ""
        dunst.invoke(last.id)
        await until(lambda: desk.chosen, "the click", PATIENCE_S)
        assert desk.chosen == [NotificationAction(BACK.tag, OPEN)]


async def test_the_bus_is_killed_and_back(session: Session) -> None:
    session.start_bus()
    dunst = Dunst(session)
    async with at_desk(session) as desk:
        await until(lambda: desk.adapter.name.startswith("dunst "), "meeting it", PATIENCE_S)
        dunst.stop(kill=True)
        session.stop("bus", kill=True)
        await until(lambda: desk.adapter.problem == NO_BUS, "hearing of it", PATIENCE_S)
        desk.adapter.show(FAILED)
        session.start_bus()
        dunst.start()
        await until(dunst.popups, "the notification", PATIENCE_S)
        assert [popup.summary for popup in dunst.popups()] == [FAILED.title]
        assert desk.adapter.problem == ""


async def test_dunst_hangs_and_shows_only_what_is_true_when_it_goes_on(session: Session) -> None:
    session.start_bus()
    dunst = Dunst(session)
    async with at_desk(session) as desk:
        await until(lambda: desk.adapter.name.startswith("dunst "), "meeting it", PATIENCE_S)
        with session.suspended("dunst"):
            for number in range(30):
                desk.adapter.show(Message(f"tag {number % 10}", f"Title {number}", ""))
            desk.adapter.show(FAILED)
            await asyncio.sleep(0.5)
            for number in range(10):
                desk.adapter.withdraw(f"tag {number}")

        def summaries() -> list[str]:
            return [popup.summary for popup in dunst.popups()]

        await until(lambda: FAILED.title in summaries(), "what is still true", PATIENCE_S)
        await desk.displayed(dunst, 1)
        assert len(summaries()) <= 2  # with the one that was on its way when it hung


async def test_dunst_on_pause_is_do_not_disturb(session: Session) -> None:
    session.start_bus()
    dunst = Dunst(session)
    async with at_desk(session) as desk:
        await until(lambda: desk.adapter.name, "meeting it", PATIENCE_S)
        assert not await desk.adapter.is_system_quiet()
        session.run("dunstctl", "set-paused", "true")
        assert await desk.adapter.is_system_quiet()
        session.run("dunstctl", "set-paused", "false")
        assert not await desk.adapter.is_system_quiet()
        dunst.stop()
        await until(lambda: desk.adapter.problem, "hearing of it", PATIENCE_S)
        assert not await desk.adapter.is_system_quiet()


async def test_the_bus_starts_the_service_when_there_is_something_to_show(
    session: Session,
) -> None:
    services = session.home / ".local" / "share" / "dbus-1" / "services"
    services.mkdir(parents=True)
    entry = services / "org.freedesktop.Notifications.service"
    entry.write_text("[D-BUS Service]\nName=org.freedesktop.Notifications\nExec=/usr/bin/dunst\n")
    session.start_bus(services=True)
    async with at_desk(session) as desk:
        await until(lambda: not desk.adapter.problem, "the bus", PATIENCE_S)
        await asyncio.to_thread(session.run, "true")  # a while in which nothing starts it
        assert not session.has_name("org.freedesktop.Notifications")
        desk.adapter.show(FAILED)
        await until(lambda: desk.adapter.name.startswith("dunst "), "the service", PATIENCE_S)
        count = ("dunstctl", "count", "displayed")
        await until(lambda: session.run(*count).strip() == "1", "the notification", PATIENCE_S)


ON_QT = """
import asyncio, sys
from cc_desktop.system.clock import SystemClock
from cc_desktop.desktop.application import App, run
from cc_desktop.desktop.notifications.tray_backend import choose_backend
from cc_desktop.notifications.message import Message

async def main():
    clicked = asyncio.Event()
    def on_chosen(chosen):
        print(chosen.tag, chosen.key, flush=True)
        clicked.set()
    adapter = choose_backend(lambda: None, SystemClock())
    task = asyncio.create_task(adapter.run(on_chosen))
    adapter.show(Message("otto", "Otto failed", ""))
    await clicked.wait()
    adapter.withdraw("otto")
    while len(adapter._outbox) or adapter.shown_tags:
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return 0

sys.exit(run(App(["cc-desktop"]), main()))
"""


def test_on_the_loop_of_the_app(session: Session) -> None:
    session.start_bus()
    dunst = Dunst(session)
    process = session.start("app", sys.executable, "-W", "error", "-c", ON_QT)
    try:
        asyncio.run(until(dunst.popups, "the notification", PATIENCE_S))
        dunst.invoke(dunst.popups()[0].id)
        code = process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        code = None
    assert (code, (session.path / "app.log").read_text()) == (0, "otto open\n")
    assert dunst.displayed() == 0
