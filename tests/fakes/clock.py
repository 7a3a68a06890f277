"""A clock that stands still until it is told to go on."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

START_MS = 1_800_000_000_000
_QUIET_TURNS = 6  # turns of the loop in a row in which nothing else ran
_MOST_TURNS = 5_000


class FakeClock:
    """Implements `cc_desktop.system.clock.Clock`. Sockets stay real: see `settle`."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self._start_ms = now_ms
        self._now = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now_ms(self) -> int:
        return self._start_ms + round(self._now * 1000)

    def monotonic(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), future))
        await future

    def sleep_computer(self, seconds: float) -> None:
        """The lid is closed: the clock on the wall goes on, and nothing else."""
        self._start_ms += round(seconds * 1000)

    @property
    def sleeping(self) -> int:
        """How many wait for time to pass."""
        return sum(not future.done() for _, _, future in self._sleepers)

    async def advance(self, seconds: float) -> None:
        """Let time pass: whoever is due wakes in order, and what follows from it happens."""
        target = self._now + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= target:
            due, _, future = heapq.heappop(self._sleepers)
            if future.done():
                continue
            self._now = max(self._now, due)
            future.set_result(None)
            await settle()
        self._now = target
        await settle()


async def settle() -> None:
    """Let the loop run until nothing moves, sockets on loopback included; time stands still."""
    ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
    quiet = 0
    for _ in range(_MOST_TURNS):
        # The kernel delivers on loopback at once, most of the time: give it a moment at the end.
        await asyncio.sleep(0 if quiet < _QUIET_TURNS - 2 else 0.0005)
        quiet = quiet + 1 if not ready else 0
        if quiet >= _QUIET_TURNS:
            return
    raise AssertionError("the loop does not come to rest")


async def until(done: Callable[[], object], what: str = "it", timeout_s: float = 5.0) -> None:
    """Wait for real, as short as can be, while the fake clock stands still."""
    end = time.monotonic() + timeout_s
    while not done():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {timeout_s} s")
        await asyncio.sleep(0.001)
