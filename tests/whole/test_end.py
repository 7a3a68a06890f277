"""Every way to end the app: the gateway hears a goodbye, and nothing is left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from tests.fakes.clock import until
from tests.fakes.gateway import FakeGateway

if TYPE_CHECKING:
    from pathlib import Path

# Ends the app from within, as Qt does, and tells what is left when its main coroutine is over.
PROGRAM = """
import asyncio, json, sys, threading
from pathlib import Path
from PySide6.QtCore import QCoreApplication, QTimer
from cc_desktop.monitor import FleetMonitor
from cc_desktop.desktop import lifecycle
from cc_desktop.fleet.model import ConnectionState
from cc_desktop.config.paths import find_paths
from cc_desktop.config.settings import GatewaySettings, Settings

how, url, config = sys.argv[1:]
settings = Settings((GatewaySettings("g", "g", url),), keyring=False)
before = set(threading.enumerate())

def ready(app_shell):
    def look():
        link = app_shell.monitor.store.fleet.gateways["g"].connection
        if link.state is not ConnectionState.LIVE:
            return
        timer.stop()
        if how == "quit event":
            QCoreApplication.instance().quit()
        else:
            app_shell.tray.menu.aboutToShow.emit()
            actions = app_shell.tray.menu.actions()
            next(a for a in actions if a.text().replace("&", "") == "Quit").trigger()
    timer = QTimer(app_shell.window)
    timer.timeout.connect(look)
    timer.start(20)

main = lifecycle._main
async def watched(*args):
    code = await main(*args)
    tasks = [t.get_name() for t in asyncio.all_tasks() if t is not asyncio.current_task()]
    print(json.dumps({"tasks": tasks}))
    return code
lifecycle._main = watched
make = lambda: FleetMonitor(settings, find_paths(Path(config)))
code = lifecycle.run_controller(make, hidden=False, ready=ready)
left = [t.name for t in threading.enumerate() if t not in before and t.is_alive()]
print(json.dumps({"threads": left, "code": code}))
"""


def _environment(tmp_path: Path) -> dict[str, str]:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    return {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "TMPDIR": str(temporary),
        "HOME": str(tmp_path),
    }


def _leftovers(tmp_path: Path) -> list[str]:
    """Temporary files, and drafts of files that are written at once or not at all."""
    config = tmp_path / "config"
    drafts = [path.name for path in config.rglob(".*")]
    return [path.name for path in (tmp_path / "tmp").iterdir()] + drafts


@pytest.mark.parametrize("how", ["quit event", "tray"])
async def test_quit_says_goodbye_and_leaves_nothing(how: str, tmp_path: Path) -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PROGRAM, how, gateway.url, str(tmp_path / "config")),
            env=_environment(tmp_path),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode == 0, err.decode()
        await until(lambda: gateway.close_codes, "the close")
    told = [json.loads(line) for line in out.decode().splitlines()]
    assert gateway.close_codes == [1000]
    assert told == [{"tasks": []}, {"threads": [], "code": 0}]
    assert _leftovers(tmp_path) == []
    assert b"Traceback" not in err
    assert b"never awaited" not in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_says_goodbye(number: signal.Signals, tmp_path: Path) -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cc_desktop", "--config", str(tmp_path / "config")),
            *("--url", gateway.url),
            env=_environment(tmp_path),
            stderr=asyncio.subprocess.PIPE,
        )
        await until(lambda: gateway.count("sessions.list"), "a list", timeout_s=20)
        process.send_signal(number)
        _, err = await asyncio.wait_for(process.communicate(), 20)
        await until(lambda: gateway.close_codes, "the close")
    assert process.returncode == 0, err.decode()
    assert gateway.close_codes == [1000]
    assert _leftovers(tmp_path) == []
    assert b"Traceback" not in err


async def test_without_a_display_the_fleet_is_text(tmp_path: Path) -> None:
    environment = _environment(tmp_path)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        environment.pop(name, None)
    async with FakeGateway() as gateway:
        gateway.add_agent("otto", name="Otto")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cc_desktop", "--config", str(tmp_path / "config")),
            *("--url", gateway.url),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        async with asyncio.timeout(20):
            while b"Otto" not in await process.stdout.readline():
                pass
        process.send_signal(signal.SIGINT)
        _, err = await asyncio.wait_for(process.communicate(), 20)
        await until(lambda: gateway.close_codes, "the close")
    assert process.returncode == 0
    assert b"no display" in err
    assert gateway.close_codes == [1000]
