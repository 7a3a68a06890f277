"""The line in the list of background apps: a real bus, and a portal of the test's own."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from cc_desktop.notifications.backends import background
from cc_desktop.notifications.backends.background import (
    ANSWER_S,
    MAX_CHARS,
    PAUSE_S,
    PORTAL,
    BackgroundStatus,
    is_sandboxed,
)
from cc_desktop.notifications.backends.dbus import Bus
from tests.fakes.clock import FakeClock, settle, until
from tests.fakes.notifications import FakeNotifications
from tests.whole.session import Session, need

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

ALLOWED: dict[str, tuple[str, object]] = {"background": ("b", True)}
NOT_ALLOWED = "org.freedesktop.portal.Error.NotAllowed"  # to whoever is in no sandbox


class UnexpectedError(Exception):
    """What nobody thought of."""


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    need("dbus-daemon")
    with Session(tmp_path_factory.mktemp("bus")) as session:
        session.start_bus()
        yield session.env["DBUS_SESSION_BUS_ADDRESS"]


class Desk:
    """A status at work, and a portal if there is one."""

    def __init__(self, address: str, portal: FakeNotifications) -> None:
        self.clock = FakeClock()
        self.portal = portal
        self.accepted: list[bool] = []
        self.status = BackgroundStatus(
            address, self.clock, reason="To watch.", on_accepted=self.accepted.append
        )
        self.task = asyncio.create_task(self.status.run())

    @property
    def lines(self) -> list[str]:
        """What the portal was told; "" is no line."""
        told = [body[0] for body in self.portal.called("SetStatus")]
        return [options.get("message", ("s", ""))[1] for options in told]

    async def allow(self) -> None:
        """The desktop lets the app run in the background."""
        await until(lambda: self.portal.called("RequestBackground"), "the request")
        await self.portal.respond(0, ALLOWED)

    async def pause(self) -> None:
        await self.clock.advance(PAUSE_S)


@asynccontextmanager
async def at_desk(address: str, *, portal: bool = True) -> AsyncIterator[Desk]:
    service = FakeNotifications(address, service=PORTAL)
    if portal:
        await service.start()
    desk = Desk(address, service)
    try:
        yield desk
    finally:
        desk.task.cancel()
        await asyncio.gather(desk.task, return_exceptions=True)
        await service.stop()


async def test_the_line_follows_the_fleet_a_few_seconds_apart(bus: str) -> None:
    async with at_desk(bus) as desk:
        desk.status.show("3 working")
        await desk.allow()
        await until(lambda: desk.accepted, "its consent")
        for line in ("2 working", "1 needs you", "1 needs you · 1 working"):
            desk.status.show(line)
        await settle()
        assert desk.lines == ["3 working"]

        await desk.pause()
        await until(lambda: len(desk.lines) == 2, "the next line")

        assert desk.lines == ["3 working", "1 needs you · 1 working"]
        (asked,) = desk.portal.called("RequestBackground")
        assert asked[1]["reason"] == ("s", "To watch.")
        assert asked[1]["autostart"] == ("b", False)
        assert desk.accepted == [True]


async def test_a_line_that_stays_is_told_once(bus: str) -> None:
    async with at_desk(bus) as desk:
        desk.status.show("3 working")
        await desk.allow()
        await until(lambda: desk.accepted, "its consent")
        for _ in range(5):
            desk.status.show("3 working")
            await desk.pause()
        assert desk.lines == ["3 working"]


async def test_when_no_line_is_wanted_it_is_taken_away_and_can_come_again(bus: str) -> None:
    async with at_desk(bus) as desk:
        desk.status.show("3 working")
        await desk.allow()
        await until(lambda: desk.accepted, "its consent")
        desk.status.show("")
        await desk.pause()
        await until(lambda: desk.accepted == [True, False], "the end of it")
        assert desk.lines == ["3 working", ""]

        desk.status.show("1 needs you")
        await until(lambda: len(desk.portal.called("RequestBackground")) == 2, "another request")
        await desk.portal.respond(0, ALLOWED)
        await until(lambda: desk.lines[-1] == "1 needs you", "the line")


async def test_nothing_is_asked_before_there_is_a_line(bus: str) -> None:
    async with at_desk(bus) as desk:
        await settle()
        assert desk.portal.calls == []
    async with at_desk("", portal=False) as nowhere:
        nowhere.status.show("3 working")
        await settle()
        assert not nowhere.task.done()


async def test_without_a_portal_there_is_no_line_and_no_complaint(
    bus: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with at_desk(bus, portal=False) as desk:
        desk.status.show("3 working")
        await until(lambda: caplog.records, "a word in the log")
        desk.status.show("2 working")
        await settle()
        assert desk.accepted == []
        assert not desk.task.done()
    assert [record.levelname for record in caplog.records] == ["INFO"]


async def test_who_is_in_no_sandbox_is_refused_and_asks_once(
    bus: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with at_desk(bus) as desk:
        desk.portal.errors["SetStatus"] = NOT_ALLOWED
        desk.status.show("3 working")
        await desk.allow()
        await until(lambda: caplog.records, "a word in the log")
        for line in ("2 working", "1 working"):
            desk.status.show(line)
            await desk.pause()
        assert len(desk.portal.called("SetStatus")) == 1
        assert desk.accepted == []
    assert [record.levelname for record in caplog.records] == ["INFO"]


@pytest.mark.parametrize(
    ("code", "results"), [(1, {}), (2, {}), (0, {}), (0, {"background": ("b", False)})]
)
async def test_who_may_not_run_in_the_background_tells_no_line(
    bus: str,
    code: int,
    results: dict[str, tuple[str, object]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    async with at_desk(bus) as desk:
        desk.status.show("3 working")
        await until(lambda: desk.portal.called("RequestBackground"), "the request")
        await desk.portal.respond(code, results)
        await until(lambda: caplog.records, "a word in the log")
        assert desk.lines == []


async def test_another_program_cannot_answer_for_the_portal(bus: str) -> None:
    stranger = await FakeNotifications(bus, service="org.example.Stranger").start()
    async with at_desk(bus) as desk:
        desk.status.show("3 working")
        await until(lambda: desk.portal.called("RequestBackground"), "the request")
        await stranger.respond(0, ALLOWED)
        await asyncio.sleep(0.05)
        assert desk.lines == []
        await desk.portal.respond(0, ALLOWED)
        await until(lambda: desk.lines, "the line")
    await stranger.stop()


async def test_a_portal_that_ends_takes_the_line_with_it(bus: str) -> None:
    async with at_desk(bus) as desk:
        desk.status.show("3 working")
        await desk.allow()
        await until(lambda: desk.accepted, "its consent")
        await desk.portal.stop()
        desk.status.show("2 working")
        await desk.pause()
        await until(lambda: desk.accepted == [True, False], "the end of it")
        assert not desk.task.done()


async def test_a_portal_that_does_not_answer_holds_nothing_up(
    bus: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with at_desk(bus) as desk:
        desk.portal.deaf.add("RequestBackground")
        desk.status.show("3 working")
        await until(lambda: desk.portal.called("RequestBackground"), "the request")
        await desk.clock.advance(ANSWER_S)
        await until(lambda: caplog.records, "a word in the log")
        assert "no answer" in caplog.text


async def test_what_nobody_thought_of_ends_the_run_and_closes_the_bus(
    bus: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise UnexpectedError

    closed: list[object] = []
    monkeypatch.setattr(Bus, "call", fail)
    close = Bus.close

    async def note(self: Bus) -> None:
        closed.append(self)
        await close(self)

    monkeypatch.setattr(Bus, "close", note)
    async with at_desk(bus) as desk:
        desk.status.show("3 working")
        with pytest.raises(UnexpectedError):
            await desk.task
        assert len(closed) == 1


async def test_a_long_line_is_cut_to_what_the_portal_takes(bus: str) -> None:
    async with at_desk(bus) as desk:
        desk.status.show("x" * 500 + "\x1b[1m")
        await desk.allow()
        await until(lambda: desk.lines, "the line")
        assert len(desk.lines[0]) <= MAX_CHARS
    assert background.MAX_CHARS < 96


def test_a_sandbox_is_known_by_the_file_that_flatpak_puts_into_it(tmp_path: Path) -> None:
    info = tmp_path / ".flatpak-info"
    assert not is_sandboxed(info)
    info.touch()
    assert is_sandboxed(info)
