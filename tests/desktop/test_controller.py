"""The whole desktop on the offscreen platform, with a monitor of its own."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.config.paths import find_paths
from cc_desktop.config.settings import GatewaySettings, Settings
from cc_desktop.desktop.away.desk import AwayDesk
from cc_desktop.desktop.controller import DesktopController
from cc_desktop.desktop.system_services import SystemServices
from cc_desktop.diagnostics.crash import CrashHook
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import Approval, ConnectionInfo, ConnectionState, Status
from cc_desktop.monitor import FleetMonitor
from cc_desktop.notifications.center import NotificationCenter
from cc_desktop.notifications.message import Target
from tests.desktop import sample
from tests.fakes.clock import FakeClock, settle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

REX, DEX = ("studio", "rex"), ("studio", "dex")
URL = "ws://127.0.0.1:9/"


class UnexpectedError(Exception):
    """Nobody has thought of this one."""


def broken(*_: object, **__: object) -> None:
    raise UnexpectedError


async def raise_unexpected(*_: object) -> None:
    raise UnexpectedError


def make_controller(qapp: QApplication, path: Path, hidden: bool = False) -> DesktopController:
    settings = Settings((GatewaySettings("studio", "studio", URL),), keyring=False)
    clock = FakeClock(sample.NOW)
    monitor = FleetMonitor(settings, find_paths(path), clock=clock, rng=random.Random(1))
    live = ConnectionInfo(ConnectionState.LIVE)
    monitor.store.apply(ev.ConnectionChanged("studio", live))
    monitor.store.apply(sample.studio())
    app: Any = qapp  # the tests' application is not an App, and needs nothing of one
    return DesktopController(
        app, monitor, lambda: None, hidden, SystemServices(paths=find_paths(path)), CrashHook()
    )


@pytest.fixture
def desk(qapp: QApplication, tmp_path: Path) -> Iterator[DesktopController]:
    made = make_controller(qapp, tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.mark.parametrize("target", [Target((REX,), "studio"), Target((REX, DEX), words="2 failed")])
def test_a_click_shows_the_agents_it_spoke_of(desk: DesktopController, target: Target) -> None:
    desk.window.close()
    desk.open_target(target, "token")

    assert desk.window.isVisible()
    assert desk.window.details.key == REX
    shown = {desk.window.model.row(desk.window.model.index(0, 0)).key}  # type: ignore[union-attr]
    assert shown <= {REX, DEX}


def test_a_click_on_what_one_agent_needs_opens_that_very_agent(desk: DesktopController) -> None:
    desk.open_target(Target((REX,), "studio", item="failed-0123456789"), "")

    assert desk.window.details.key == REX
    assert desk.window.details.isVisible()


def test_a_click_on_what_is_about_no_agent_opens_its_item(
    desk: DesktopController, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(desk.notifications, "open_item", opened.append)
    desk.open_target(Target(gateway="studio", item="cron-failed-0123456789"), "")

    assert opened == ["cron-failed-0123456789"]


@pytest.mark.parametrize(
    "target", [Target(gateway="studio", devices=True), Target(gateway="studio"), Target()]
)
def test_a_click_shows_the_window(desk: DesktopController, target: Target) -> None:
    desk.window.close()
    desk.open_target(target, "")

    assert desk.window.isVisible()


def test_a_hidden_start_shows_no_window(qapp: QApplication, tmp_path: Path) -> None:
    desk = make_controller(qapp, tmp_path, hidden=True)
    desk.start()

    assert not desk.window.isVisible()
    desk.stop()


def test_about_is_opened_again_and_again(desk: DesktopController) -> None:
    desk.open_about()
    desk.open_about()


def test_the_global_key_brings_the_window_to_the_front_and_goes_to_the_next(
    desk: DesktopController,
) -> None:
    desk.window.close()
    desk._show_next("token")
    assert desk.window.isVisible()
    assert desk.window.details.key == REX
    desk.window.close()
    # A hidden window has not seen this yet.
    desk.monitor.store.apply(ev.ApprovalOpened("studio", Approval("p", "dex", title="make")))
    desk._show_next("")
    assert desk.window.details.key == DEX


async def test_who_was_away_for_an_hour_is_told_what_happened(
    qapp: QApplication, tmp_path: Path
) -> None:
    desk = make_controller(qapp, tmp_path)
    desk.monitor.remember("last_seen", sample.NOW - 60 * sample.MIN)
    desk.window.show_fleet()
    desk.start()
    await settle()
    card = desk.away.desk.card if desk.away.desk else None
    assert card is not None
    assert card.isVisible()
    lines = {one.line.head: one for one in card.buttons()}
    lines["1 failed"].click()
    assert desk.window.details.key == REX
    assert desk.monitor.recall("last_seen") == sample.NOW
    card.dismiss.click()
    assert not card.isVisible()
    assert desk.window.list.isVisible()
    desk.stop()


async def test_a_window_that_is_hidden_and_shown_again_counts_as_an_absence(
    qapp: QApplication, tmp_path: Path
) -> None:
    desk = make_controller(qapp, tmp_path)
    desk.window.show_fleet()
    desk.start()
    clock = desk.monitor.clock
    assert isinstance(clock, FakeClock)
    desk.window.hide()
    await clock.advance(1)
    assert desk.monitor.recall("last_seen") == sample.NOW
    await clock.advance(45 * 60)
    desk.window.show_fleet()
    assert desk.away.desk is not None
    assert desk.away.desk.summary() is not None
    desk.stop()


# Failure domains


def test_without_the_card_everything_else_is_there(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AwayDesk, "__init__", broken)
    desk = make_controller(qapp, tmp_path)
    desk.window.show_fleet()
    desk.start()
    assert desk.window.isVisible()
    assert desk.away.jobs == {}
    desk.stop()


def test_a_click_that_raises_does_not_end_whoever_reads_clicks(
    desk: DesktopController, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(desk.window, "show_agent", broken)
    for _ in range(5):
        desk.center._open_target(Target((REX,)), "")

    assert [r.message for r in caplog.records if r.exc_info] == [
        "click on a notification: internal error"
    ]


def test_a_tray_that_raises_leaves_the_window(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_controller(qapp, tmp_path, hidden=True)
    monkeypatch.setattr(desk.tray, "start", broken)
    desk.start()

    assert desk.window.isVisible()
    assert desk.window.quit_on_close
    desk.stop()


def test_a_part_that_cannot_be_closed_leaves_no_other_open(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_controller(qapp, tmp_path)
    desk.start()
    monkeypatch.setattr(desk.tray, "stop", broken)
    monkeypatch.setattr(desk.instance, "stop", broken)
    desk.stop()

    assert not desk.window.isVisible()


async def test_notifications_that_raise_end_nothing_else(
    qapp: QApplication,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(NotificationCenter, "run", raise_unexpected)
    desk = make_controller(qapp, tmp_path)
    desk.start()
    clock = desk.monitor.clock
    assert isinstance(clock, FakeClock)
    work = asyncio.create_task(desk.run())
    try:
        await clock.advance(600)

        assert not work.done()
        assert len([r for r in caplog.records if r.exc_info]) == 1
        agent = desk.monitor.store.fleet.agent("studio", "rex")
        assert agent is not None
        assert agent.status is not Status.UNKNOWN
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        desk.stop()
        await settle()


async def test_without_the_monitor_the_app_cannot_go_on(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FleetMonitor, "run", raise_unexpected)
    desk = make_controller(qapp, tmp_path)
    desk.start()

    with pytest.raises(UnexpectedError):
        await desk.run()
    desk.stop()


def test_a_damaged_device_key_is_told_in_the_window(desk: DesktopController) -> None:
    desk.monitor.memory.notes.add("The device key was damaged.")

    assert desk.window.notice.text == "The device key was damaged."
