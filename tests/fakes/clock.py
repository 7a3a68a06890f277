"""A clock that stands still until it is told to go on."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import os
import random
import time
import weakref
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

SEED = int(os.environ.get("CC_DESKTOP_TEST_SEED") or random.SystemRandom().randrange(2**31))
_rng = random.Random(SEED)
# Neither the wall clock nor the monotonic one starts where a test could rely on it.
START_MS = 1_800_000_000_000 + 1_000 * _rng.randrange(365 * 86_400)
_TURNS = 24  # of the loop: enough for a message to go through every task that waits for it
_MOST_ROUNDS = 500
_DEAF_S = 0.5  # real seconds after which a peer counts as one that does not read


def _uptime_s() -> float:
    """Seconds since a machine was started: a moment ago, or weeks."""
    return float(_rng.choice((_rng.randrange(1, 100), _rng.randrange(100, 4_000_000))))


class InFlight(Protocol):
    """A fake that talks to the product over something that takes time."""

    @property
    def progress(self) -> int:
        """A count that grows with every message that it has sent, taken in or answered."""
        ...

    async def delivered(self, timeout_s: float) -> None:
        """Wait until what it has sent has been read, and what was sent to it has come in."""
        ...


in_flight: weakref.WeakSet[InFlight] = weakref.WeakSet()  # the fakes that are at work


class FakeClock:
    """Implements `cc_desktop.system.clock.Clock`. Sockets stay real: see `settle`."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self._start_ms = now_ms
        self._start = self._now = _uptime_s()
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now_ms(self) -> int:
        return self._start_ms + round(self.passed * 1000)

    def monotonic(self) -> float:
        return self._now

    @property
    def passed(self) -> float:
        """Seconds since the clock was made."""
        return self._now - self._start

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
    """Let everything happen that follows from what has happened; time stands still.

    The fakes that are at work say when nothing is under way any more, in neither direction. What
    goes over other sockets has only the turns of the loop: wait for it with `until`.
    """
    for _ in range(_MOST_ROUNDS):
        before = sum(fake.progress for fake in in_flight)
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        if not in_flight:
            await asyncio.sleep(0.001)
        for fake in list(in_flight):
            await fake.delivered(_DEAF_S)
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        if before == sum(fake.progress for fake in in_flight):
            return
    raise AssertionError("the fakes do not come to rest")


async def until(done: Callable[[], object], what: str = "it", timeout_s: float = 30.0) -> None:
    """Wait for real, as short as can be, while the fake clock stands still."""
    end = time.monotonic() + timeout_s
    while not done():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {timeout_s} s")
        await asyncio.sleep(0.001)
