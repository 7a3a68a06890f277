"""What is loaded until the window is painted: each import there delays every start."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from cc_desktop.desktop.application import LONGEST_PAINT_S, first_paint
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

PROGRAM = """
import sys
from functools import partial
from cc_desktop import cli
from cc_desktop.desktop import lifecycle
from cc_desktop.desktop.controller import DesktopController

show = DesktopController.show
async def shown(controller):
    await show(controller)
    print(*sys.modules, sep="\\n")
    lifecycle.App.instance().quit()
DesktopController.show = shown
sys.exit(cli.main([*sys.argv[2:], "--config", sys.argv[1]]))
"""
LATE = (
    "httpx",
    "packaging",
    "tomlkit",
    "truststore",
    "cryptography",
    "keyring",
    "jeepney",
    "html",
    "PySide6.QtDBus",
    "cc_desktop.system.update_check",
    "cc_desktop.demo.simulation",
    "cc_desktop.desktop.crash_dialog",
    "cc_desktop.desktop.connect.page",
    "cc_desktop.desktop.settings.about_page",
    "cc_desktop.desktop.details.body",
    "cc_desktop.desktop.details.now.tab",
    "cc_desktop.desktop.details.transcript.tab",
    "cc_desktop.desktop.details.activity.tab",
    "cc_desktop.desktop.details.compose.pane",
    "cc_desktop.desktop.details.sessions.tab",
    "cc_desktop.desktop.details.transcript.documents",
    "cc_desktop.desktop.details.usage.tab",
    "cc_desktop.desktop.away.desk",
    "cc_desktop.desktop.inbox.page",
    "cc_desktop.desktop.inbox.cards.card",
    "cc_desktop.desktop.instance.order_desk",
    "cc_desktop.desktop.window.agents.stop_dialog",
    "cc_desktop.orders.carry_out",
    "cc_desktop.fleet.transcript.live",
    "cc_desktop.gateway.actions",
    "cc_desktop.gateway.dialing",
    "cc_desktop.gateway.event_decoder",
    "cc_desktop.gateway.sources",
    "cc_desktop.gateway.supervisor",
    "cc_desktop.gateway.views.session_view",
    "websockets",
    "cc_desktop.desktop.notifications.history_panel",
    "cc_desktop.desktop.settings.window",
    "cc_desktop.desktop.tray.menu",
    "cc_desktop.desktop.tray.tray_icon",
)


@pytest.mark.slow  # a start of the whole app
@pytest.mark.parametrize("fleet", [["--demo"], ["--url", "ws://127.0.0.1:9"]], ids=" ".join)
def test_the_first_picture_needs_nothing_that_can_come_later(
    fleet: list[str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), *fleet],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "cc_desktop.desktop.window.fleet_window" in loaded
    assert loaded.isdisjoint(LATE)


UNREAD = """
import linecache, sys
from cc_desktop.desktop.controller import DesktopController
from PySide6.QtWidgets import QApplication, QLabel
app = QApplication([])
QLabel("it works").show()
print(sorted(path for path in linecache.cache if "cc_desktop" in path))
"""
TRIED = """
import sys
from cc_desktop import cli
from cc_desktop.desktop import lifecycle
from cc_desktop.desktop.controller import DesktopController

start = DesktopController.start
def started(controller):
    start(controller)
    controller.monitor.store.subscribe(look)
def look(changes):
    infos = [getattr(change.after, "connection", None) for change in changes]
    if any(info and info.problem for info in infos):
        print(*sys.modules, sep="\\n")
        lifecycle.App.instance().quit()
DesktopController.start = started
sys.exit(cli.main([*sys.argv[2:], "--config", sys.argv[1]]))
"""
# What even a start with a gateway does without. It would stay in memory: 2 MiB of it.
NEVER = (
    *("tomlkit", "html.entities", "encodings.idna", "logging.handlers", "pickle"),
    "cc_desktop.config.settings_file",
)


@pytest.mark.slow
def test_an_import_does_not_keep_the_source_of_what_it_imports() -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNREAD],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_a_start_with_a_gateway_does_not_load_what_only_settings_and_names_need(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TRIED, str(tmp_path), "--url", "ws://127.0.0.1:9"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "cc_desktop.gateway.dialing" in loaded
    assert loaded.isdisjoint(NEVER)


async def test_a_window_counts_as_painted_when_it_was(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    clock = FakeClock()
    waiting = asyncio.create_task(first_paint(window, clock))
    await asyncio.sleep(0)
    assert not waiting.done()
    window.show()
    qtbot.waitExposed(window)
    QApplication.processEvents()
    await asyncio.wait_for(waiting, 10)


async def test_a_window_that_is_never_painted_does_not_hold_up_the_rest(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    clock = FakeClock()
    waiting = asyncio.create_task(first_paint(window, clock))
    await clock.advance(LONGEST_PAINT_S)
    await asyncio.wait_for(waiting, 10)
