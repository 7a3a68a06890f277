"""Services of the desktop that are killed or hang while the app uses them."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import psutil

from tests.chaos.scenario import Chaos, Skipped, check
from tests.fakes.gateway import FakeGateway
from tests.whole.dunst import Dunst
from tests.whole.session import App, Session, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_PROGRAMS = ("Xvfb", "dbus-daemon", "dunst", "dunstctl", "dbus-send", "lxqt-panel")
_BACK_S = 40.0
_KEY = "agent:otto:main"


def _need() -> None:
    missing = [name for name in _PROGRAMS if shutil.which(name) is None]
    if sys.platform != "linux" or missing:
        raise Skipped(f"needs Linux with {', '.join(missing or _PROGRAMS)}")


def _answers(app: App) -> bool:
    """Whether the app's icon has a menu: its event loop turns."""
    app.running()
    items = app.session.items()
    return bool(items and items[0].menu())


def _desktop(session: Session, url: str) -> App:
    session.start_display()
    session.start_bus()
    session.start_panel()
    app = session.start_app("--url", url, "--hidden")
    wait_for(lambda: _answers(app), "the icon", _BACK_S)
    return app


def _end(app: App) -> None:
    app.process.terminate()
    code = app.process.wait(15)
    # The exit code of a process that is not ours, as the app that started again, is not told.
    known = isinstance(app.process, subprocess.Popen)
    check(code == 0 or not known, f"exit code {code}")


@asynccontextmanager
async def _failing_gateway() -> AsyncIterator[FakeGateway]:
    """A gateway whose agent fails every four seconds, so that there is something to notify of.

    It stays failed for longer than a notification waits for others.
    """

    async def fail() -> None:
        while True:
            await asyncio.sleep(3)
            gateway.now_ms = time.time_ns() // 1_000_000
            await gateway.change(_KEY, status="running", hasActiveRun=True, endedAt=None)
            await asyncio.sleep(1)
            gateway.now_ms += 1
            ends = {"hasActiveRun": False, "endedAt": gateway.now_ms, "lastRunError": "no credit"}
            await gateway.change(_KEY, status="failed", **ends)

    async with FakeGateway(4) as gateway:
        gateway.now_ms = time.time_ns() // 1_000_000  # the app's clock is the real one
        gateway.add_agent("otto", name="Otto")
        gateway.add_session(_KEY)
        failing = asyncio.create_task(fail())
        try:
            yield gateway
        finally:
            failing.cancel()
            await asyncio.gather(failing, return_exceptions=True)


def _panel_and_notifications(chaos: Chaos, url: str) -> str:
    told: list[str] = []
    with Session(chaos.path) as session:
        app = _desktop(session, url)
        dunst = Dunst(session)
        wait_for(dunst.popups, "a notification", _BACK_S)
        process = psutil.Process(app.process.pid)
        threads, fds = process.num_threads(), process.num_fds()

        for _ in range(1 if chaos.short else 5):
            session.stop("panel", kill=True)
            time.sleep(chaos.rng.random())
            began = time.monotonic()
            session.start_panel()
            wait_for(lambda: _answers(app), "the icon after the panel was killed", _BACK_S)
            told.append(f"tray back {time.monotonic() - began:.1f} s")

        with session.suspended("dunst"):
            time.sleep(4 if chaos.short else 20)
            check(_answers(app), "the app hangs with the notification service")
        told.append("dunst hung: answers")
        dunst.stop(kill=True)
        time.sleep(3)
        check(_answers(app), "the app hangs without a notification service")
        dunst.start()
        heard = len(dunst.popups())
        began = time.monotonic()
        wait_for(
            lambda: len(dunst.popups()) > heard, "a notification after dunst was killed", _BACK_S
        )
        told.append(f"notifications back {time.monotonic() - began:.1f} s")
        check(process.num_threads() <= threads + 3, f"threads {threads} → {process.num_threads()}")
        check(process.num_fds() <= fds + 6, f"descriptors {fds} → {process.num_fds()}")
        _end(app)
    return ", ".join(told)


def _bus(chaos: Chaos, url: str) -> str:
    with Session(chaos.path) as session:
        app = _desktop(session, url)
        session.stop("panel", kill=True)
        session.stop("bus", kill=True)
        time.sleep(1)
        process = psutil.Process(app.process.pid)
        before = process.cpu_times().user
        time.sleep(2)
        app.running()
        spent = process.cpu_times().user - before
        check(spent < 1, f"{spent:.1f} s of processor time in 2 s without a bus")
        (session.runtime / "bus").unlink(missing_ok=True)
        began = time.monotonic()
        session.start_bus()
        session.start_panel()
        app = app.successor()  # Qt cannot use a second bus: the app starts again by itself
        wait_for(lambda: _answers(app), "the icon after the bus was killed", _BACK_S)
        took = time.monotonic() - began
        _end(app)
    return f"bus and tray back {took:.1f} s"


async def killed_and_hung(chaos: Chaos) -> str:
    """The panel and the notification service go, hang and come back."""
    _need()
    async with _failing_gateway() as gateway:
        return await asyncio.to_thread(_panel_and_notifications, chaos, gateway.url)


async def bus_killed(chaos: Chaos) -> str:
    """The session bus is killed and comes back at its address: so does the icon."""
    _need()
    async with _failing_gateway() as gateway:
        return await asyncio.to_thread(_bus, chaos, gateway.url)
