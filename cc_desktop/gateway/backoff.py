"""How long to wait before the next try, and the waiting."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from cc_desktop.gateway.failures import FailureKind, RetryPolicy
from cc_desktop.system.clock import wake_or_sleep

if TYPE_CHECKING:
    import random

    from cc_desktop.system.clock import Clock

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 30.0
RARE_FIRST_S = 30.0
RARE_LONGEST_S = 300.0
LOCAL_LONGEST_S = 3.0
LONGEST_TOLD_S = 3600.0  # whatever a gateway asks for
JITTER = 0.25  # a wait is shortened by up to this part, so that clients do not come back in step
_MOST_DOUBLINGS = 10
HELD_S = 30.0  # a connection that lives so long has held
FLAPPING_AFTER = 3  # connections in a row that did not hold
RESTART_GRACE_MS = 15_000  # a restart may take so much longer than the gateway expects
LONGEST_RESTART_MS = 600_000  # whatever a gateway expects
ASLEEP_S = 20.0  # the wall clock went on so much longer than it should: the computer slept
_SLICE_S = 10.0  # a wait looks so often whether the computer slept

# A try that ends like this costs nothing on the same machine.
CHEAP = frozenset({FailureKind.UNREACHABLE, FailureKind.HUNG_UP})


class Backoff:
    """Exponential backoff with jitter.

    The owner resets it when a connection has held for a while: a gateway that lets clients in and
    goes away at once would otherwise be tried every second for ever.
    """

    def __init__(self, rng: random.Random, *, is_local: bool = False) -> None:
        """`is_local`: the gateway runs on this machine."""
        self._rng = rng
        self._is_local = is_local
        self._tries = 0
        self._rare_tries = 0

    def reset(self) -> None:
        """Start again with the shortest wait."""
        self._tries = self._rare_tries = 0

    def wait_s(self, policy: RetryPolicy, kind: FailureKind, at_least_ms: int = 0) -> float:
        """Return the seconds until the next try, and count it.

        Args:
            policy: The kind of waiting; STOP waits like RARELY.
            kind: Decides whether a local gateway is tried fast.
            at_least_ms: What the gateway asks for, cut at an hour.
        """
        if policy in (RetryPolicy.RARELY, RetryPolicy.STOP):
            base = min(RARE_FIRST_S * float(2**self._rare_tries), RARE_LONGEST_S)
            self._rare_tries = min(self._rare_tries + 1, _MOST_DOUBLINGS)
        else:
            longest = LOCAL_LONGEST_S if self._is_local and kind in CHEAP else LONGEST_WAIT_S
            base = min(FIRST_WAIT_S * float(2**self._tries), longest)
            self._tries = min(self._tries + 1, _MOST_DOUBLINGS)
            if policy is RetryPolicy.SLOWLY:
                base = LONGEST_WAIT_S
        wait = base * (1 - JITTER * self._rng.random())
        return max(wait, min(at_least_ms / 1000, LONGEST_TOLD_S))


class Pause:
    """A wait that others can end. It also ends when the computer slept: timers stand still then."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ended = asyncio.Event()
        self.is_told = False  # the other side asked for the wait that is under way

    def end(self) -> None:
        """End the wait that is under way."""
        self._ended.set()

    def begin(self, *, is_told: bool) -> None:
        """Start a wait: from here on `end` counts.

        Args:
            is_told: The other side asked for it: after sleep, it goes on until its time is over.
        """
        self._ended.clear()
        self.is_told = is_told

    async def wait(self, seconds: float) -> None:
        """Wait for `seconds`, which may be infinite, or until `end` was called."""
        if seconds == math.inf:
            await self._ended.wait()
            return
        end_s, end_ms = self._clock.monotonic() + seconds, self._clock.now_ms() + seconds * 1000
        while (left_s := end_s - self._clock.monotonic()) > 0.001:
            pause_s = min(left_s, _SLICE_S)
            before_ms = self._clock.now_ms()
            if await wake_or_sleep(self._clock, self._ended, pause_s):
                return
            now_ms = self._clock.now_ms()
            slept = now_ms - before_ms > 1000 * (pause_s + ASLEEP_S)
            if slept and (not self.is_told or now_ms >= end_ms):
                return


class Steadiness:
    """Whether the connections to a gateway hold, and whether it has said when it will be back."""

    def __init__(self) -> None:
        self._short_lives = 0  # connections in a row that did not hold
        self._expected_back = 0  # local ms

    @property
    def is_flapping(self) -> bool:
        """Whether it comes and goes."""
        return self._short_lives >= FLAPPING_AFTER

    def expected_back(self, now_ms: int) -> int:
        """Local ms by which a planned restart should be over; 0: none, or it is late."""
        return self._expected_back if self._expected_back > now_ms else 0

    async def hold(self, live: asyncio.Event, clock: Clock) -> None:
        """Wait until a connection has held for `HELD_S` since it became live.

        Not since hello-ok or the first list: a gateway that goes away after each list would be
        listed every second for ever.
        """
        await live.wait()
        await clock.sleep(HELD_S)
        self._short_lives = 0

    def is_back(self) -> None:
        """It is live again."""
        self._expected_back = 0

    def is_lost(self, now_ms: int, restart_ms: int, *, held: bool) -> None:
        """A live connection ended.

        Args:
            now_ms: Local ms.
            restart_ms: How long the gateway says its restart takes; 0: it announced none.
            held: Whether the connection had lived for `HELD_S`.
        """
        self._short_lives += not held
        if restart_ms:
            longest = min(restart_ms, LONGEST_RESTART_MS)
            self._expected_back = now_ms + longest + RESTART_GRACE_MS
