"""Hours in minutes: a busy fleet, connections that break, and what the process keeps of it."""

from __future__ import annotations

import asyncio
import gc
import random
import time

import psutil

from cc_desktop.config.paths import find_paths
from cc_desktop.config.secrets.credentials import Token
from cc_desktop.config.settings import GatewaySettings, Settings
from cc_desktop.fleet.model import ConnectionState
from cc_desktop.monitor import FleetMonitor
from tests.chaos.scenario import Chaos, check
from tests.chaos.storm import WAYS, Storm
from tests.chaos.truth import difference, shown
from tests.fakes.clock import until
from tests.fakes.gateway import FakeGateway

_PER_SECOND = 200
_SHORT_S = 21.0
_BREAK_S = 20.0  # between two breaks
_GROWTH_MB = 2.0  # a minute, after the first half
_LATE_S = 0.5  # the longest that the loop may be held up


def _uss_mb() -> float:
    gc.collect()
    memory = psutil.Process().memory_full_info()
    return float(memory.uss) / 2**20


async def _lateness(worst: list[float]) -> None:
    while True:
        began = time.monotonic()
        await asyncio.sleep(0.02)
        worst[0] = max(worst[0], time.monotonic() - began - 0.02)


def _monitor(chaos: Chaos, name: str, url: str) -> FleetMonitor:
    settings = Settings((GatewaySettings("g", "g", url, Token("")),), keyring=False, demo=False)
    return FleetMonitor(settings, find_paths(chaos.path / name), rng=random.Random(1))


async def _live(monitor: FleetMonitor, timeout_s: float) -> None:
    def live() -> bool:
        state = monitor.store.fleet.gateways["g"].connection.state
        return state is ConnectionState.LIVE

    await until(live, "live", timeout_s)


async def long_run(chaos: Chaos) -> str:
    """A fleet at work whose connection breaks now and then: memory, tasks and files stay flat."""
    seconds = chaos.budget_s(_SHORT_S)
    async with FakeGateway(4) as gateway:
        gateway.now_ms = time.time_ns() // 1_000_000
        storm = Storm(gateway, chaos.rng, WAYS["clean"])
        monitor = _monitor(chaos, "soak", gateway.url)
        running = asyncio.create_task(monitor.run())
        worst = [0.0]
        watching = asyncio.create_task(_lateness(worst))
        try:
            await _live(monitor, 15)
            began = time.monotonic()
            sizes: list[tuple[float, float]] = []
            tasks = len(asyncio.all_tasks())
            fds, breaks, next_size = psutil.Process().num_fds(), 0, 0.0
            while (passed := time.monotonic() - began) < seconds:
                for _ in range(_PER_SECOND // 20):
                    await storm.step()
                if passed > (breaks + 1) * _BREAK_S:
                    breaks += 1
                    gateway.drop()
                if passed >= next_size:
                    next_size += max(2.0, seconds / 20)
                    sizes.append((passed, await asyncio.to_thread(_uss_mb)))
                await asyncio.sleep(0.05)
            await storm.end()
            await _live(monitor, 45)
            check(not running.done(), f"the monitor ended: {running}")
            left = len(asyncio.all_tasks()) - tasks
            more_fds = psutil.Process().num_fds() - fds
            fresh = _monitor(chaos, "fresh", gateway.url)
            comparing = asyncio.create_task(fresh.run())
            await _live(fresh, 15)
            await asyncio.sleep(0.2)
            differs = difference(
                shown(monitor.store.fleet.gateways["g"]), shown(fresh.store.fleet.gateways["g"])
            )
            comparing.cancel()
            await asyncio.gather(comparing, return_exceptions=True)
        finally:
            for task in (running, watching):
                task.cancel()
            await asyncio.gather(running, watching, return_exceptions=True)
    half = [size for size in sizes if size[0] >= seconds / 2]
    minutes = max(0.2, (half[-1][0] - half[0][0]) / 60)
    growth = (half[-1][1] - half[0][1]) / minutes
    figures = (
        f"{seconds / 60:.1f} min, {storm.sent} events, {breaks} breaks, USS {sizes[0][1]:.0f} → "
        f"{sizes[-1][1]:.0f} MB, loop late {worst[0] * 1000:.0f} ms at most"
    )
    check(not differs, f"{figures}: {differs}")
    check(left <= 6, f"{figures}: {left} more tasks")  # some are about to end
    check(more_fds <= 3, f"{figures}: {more_fds} more descriptors")
    if seconds >= 120:
        check(growth < _GROWTH_MB, f"{figures}: grows by {growth:.1f} MB a minute")
        check(worst[0] < _LATE_S, f"{figures}: the loop was held up")
    return figures
