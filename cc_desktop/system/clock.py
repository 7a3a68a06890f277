"""Time, passed in so that tests can hold it still.

Durations and timeouts use `monotonic`. `now_ms` can jump, forwards and back: use it only to show a
time, and to compare with the times that a gateway sends.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """The time of day, a stopwatch, and sleep."""

    def now_ms(self) -> int:
        """Wall time: local ms since the epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment; it never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; seconds <= 0 only let others run."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now_ms(self) -> int:
        """Wall time: local ms since the epoch."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds since some moment; it never goes back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait; seconds <= 0 only let others run."""
        await asyncio.sleep(seconds)


async def wake_or_sleep(clock: Clock, wake: asyncio.Event, seconds: float) -> bool:
    """Sleep, and end early when an event is set: the one race between an event and a sleep.

    No task is left behind, also when the caller is cancelled. The event stays set: clear it before
    the condition is read that the wait is for, or a change in between is lost.

    Args:
        clock: The clock to sleep by.
        wake: Ends the sleep.
        seconds: How long to sleep at most.

    Returns:
        Whether the event is set.
    """
    waiter = asyncio.ensure_future(wake.wait())
    sleeper = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({waiter, sleeper}, return_when=asyncio.FIRST_COMPLETED)
        return wake.is_set()
    finally:
        for task in (waiter, sleeper):
            task.cancel()
        await asyncio.gather(waiter, sleeper, return_exceptions=True)
