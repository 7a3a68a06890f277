"""A day of a fleet, compressed: what 24 h of events leave behind.

`python -m tests.bench.day [--hours N] [--trace]` runs the app (model, inbox, notifications,
history, window offscreen) on six made gateways with all that can happen to them (tests/streams), on
a clock that is told the time. Prints what the process held after each hour, and how much more it
was at the end than after the first hours, in which all that is built once is built.

What the made gateways write down about themselves is thrown away every hour: it is no growth of the
app. The rest of the process is measured as it is, made gateways included.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import re
import sys
import tempfile
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import psutil
import pytest

from cc_desktop.config.paths import find_paths
from cc_desktop.config.settings import Settings
from cc_desktop.monitor import FleetMonitor
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import refused
from tests.streams import life as streams
from tests.streams.life import Life

if TYPE_CHECKING:
    from cc_desktop.desktop.controller import DesktopController

HOURS = 24
WARM = 2  # hours until all that is built once is there
MIB = 2**20
TURN_S = 0.005  # of real time, for Qt


class Day(Life):
    """The made fleet, with the desktop on its model."""

    def __init__(self, folder: Path, seed: int) -> None:
        clock = FakeClock()
        paths = find_paths(folder)
        settings = Settings((), demo=False, keyring=False)
        self.monitor = FleetMonitor(settings, paths, clock=clock, rng=random.Random(seed))
        with (
            mock.patch.object(streams, "Store", return_value=self.monitor.store),
            mock.patch.object(streams, "FakeClock", return_value=clock),
        ):
            super().__init__(seed)
        self.changes = 0
        self.store.subscribe(self._count)
        self.desktop = self._desktop(folder)
        self.seen: Counter[str] = Counter()  # what was really on the screen

    def _count(self, changes: list[Any]) -> None:
        self.changes += len(changes)

    def _desktop(self, folder: Path) -> DesktopController:
        from PySide6.QtWidgets import QApplication

        from cc_desktop.desktop.controller import DesktopController
        from cc_desktop.desktop.system_services import SystemServices
        from cc_desktop.diagnostics.crash import CrashHook

        app: Any = QApplication.instance()
        services = SystemServices(paths=find_paths(folder))
        return DesktopController(app, self.monitor, lambda: None, False, services, CrashHook())

    async def hour(self) -> None:
        """Half an hour of work as in the tests, an outage, a closed door, and half an hour more."""
        for chapter in range(20):
            self.usual()
            await self.play(65)
            self.usual()
            await self.play(65)
            self.truth.tellings.clear()
            if chapter == 6:
                await self.outage("ferry", 50)
            if chapter == 10:
                refusal = refused("AUTH_TOKEN_MISMATCH")
                await self.blocked("gate", refusal, "gateway-blocked")
            if chapter % 7 == 3:
                await self.look_around()
        await self.pass_time(max(0.0, 3600 - self.clock.passed % 3600))

    async def look_around(self) -> None:
        """The operator opens the window, agents, their tabs and the inbox, and closes it."""
        from PySide6.QtWidgets import QApplication

        window = self.desktop.window
        window.show_fleet()
        for gateway in list(self.store.fleet.gateways.values())[:3]:
            for agent in list(gateway.agents)[:2]:
                window.show_agent(gateway.id, agent)
                body = window.details.body  # type: ignore[attr-defined]
                for place in range(body.bar.count() if body.bar else 0):
                    body.bar.setCurrentIndex(place)
                    QApplication.processEvents()
                    await self.clock.advance(0.1)
                    self.seen["tabs"] += body.tab().isVisible()
        self.desktop.notifications.toggle_inbox()
        QApplication.processEvents()
        self.seen["inbox"] += self.desktop.notifications.inbox.isVisible()
        self.desktop.notifications.toggle_inbox()
        window.hide()
        await self.clock.advance(1)
        window.show_fleet()  # most of the day it is in sight

    def tidy(self) -> None:
        """Throw away what the fakes write down."""
        self.truth.tellings.clear()
        self.truth.daily.clear()
        self.operator.notices.clear()
        self.operator._told.clear()
        waiting = [one for one in self.clock._sleepers if not one[2].done()]
        self.clock._sleepers[:] = sorted(waiting, key=lambda one: one[:2])  # a heap, too
        for name in ("false", "wrong_items", "bad_clicks", "missed", "late"):
            getattr(self.verdict, name).clear()
        for site in self.sites.values():
            for written in (site.asked, site.upgrades, site.close_codes):
                written.clear()


async def pump() -> None:
    """Give Qt its turns, in real time: the loop is the one of asyncio."""
    from PySide6.QtCore import QEvent
    from PySide6.QtWidgets import QApplication

    while True:
        QApplication.processEvents()
        # Which a loop of Qt's own would do: outside of one, nothing is deleted later.
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        await asyncio.sleep(TURN_S)


def held() -> float:
    """What the process has written to memory of its own, MiB.

    On Linux that is anonymous memory: USS has what is read from libraries, too, as long as no other
    process uses them, and jumps by 20 MiB when one ends.
    """
    gc.collect()
    rollup = Path("/proc/self/smaps_rollup")
    if rollup.exists():
        found = re.search(r"^Anonymous: +(\d+) kB", rollup.read_text(), re.MULTILINE)
        if found:
            return int(found[1]) / 1024
    return float(psutil.Process().memory_full_info().uss / MIB)


async def measure(hours: int, warm: int, seed: int, *, trace: bool) -> None:
    from PySide6.QtWidgets import QApplication

    patch = pytest.MonkeyPatch()
    first = None
    with tempfile.TemporaryDirectory(prefix="cc-bench-") as folder:
        day = Day(Path(folder), seed)
        turns = asyncio.create_task(pump())
        await day.desktop.show()
        day.desktop.start()
        work = asyncio.create_task(day.desktop.run())
        try:
            async with day.running(patch):
                readings: list[float] = []
                widgets = 0
                for hour in range(1, hours + 1):
                    await day.hour()
                    day.tidy()
                    readings.append(held())
                    count = sum(site.events for site in day.sites.values())
                    print(json.dumps({"hour": hour, "mib": round(readings[-1], 1)}), flush=True)
                    if hour == warm:
                        widgets = len(QApplication.allWidgets())
                        if trace:
                            tracemalloc.start()
                            first = tracemalloc.take_snapshot()
                grown = readings[-1] - readings[warm - 1]
                told = {
                    "grown_mib": round(grown, 2),
                    "hours": round(day.clock.passed / 3600, 1),
                    "events": count,
                    "changes": day.changes,
                    "widgets": len(QApplication.allWidgets()) - widgets,
                    "tasks": len(asyncio.all_tasks()),
                    "seen": dict(day.seen),
                }
                print(json.dumps(told), flush=True)
                if first is not None:
                    last = tracemalloc.take_snapshot()
                    for line in last.compare_to(first, "lineno")[:25]:
                        print(line, flush=True)
        finally:
            patch.undo()
            for task in (work, turns):
                task.cancel()
            await asyncio.gather(work, turns, return_exceptions=True)
            day.desktop.stop()


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.bench.day", description=__doc__)
    parser.add_argument("--hours", type=int, default=HOURS)
    parser.add_argument("--warm", type=int, default=WARM, help="hours that do not count")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--trace", action="store_true", help="say where Python's blocks come from")
    args = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from cc_desktop.desktop.application import App

    app = App([])
    app.setQuitOnLastWindowClosed(False)
    asyncio.run(measure(max(args.hours, args.warm + 1), args.warm, args.seed, trace=args.trace))
    return 0


if __name__ == "__main__":
    sys.exit(main())
