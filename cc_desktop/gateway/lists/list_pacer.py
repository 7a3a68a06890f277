"""How often a gateway is asked for its lists, over all causes and all of its connections.

A list is the most expensive thing that this client asks for: 16 to 66 s were measured on big
gateways. Two limits hold back automatic lists: a token bucket, which allows a few in a row but no
steady stream, and a pause that grows with what the last list cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cc_desktop.system.clock import Clock

LIST_BURST = 3
LIST_REFILL_S = 20.0  # one more list after each such time
# A new connection needs its list to be live, so it waits only for a gateway that comes and goes.
CONNECT_BURST = 5
CONNECT_REFILL_S = 12.0
COST_FACTOR = 10  # the pause after a list, in times of what the list took
MAX_PAUSE_S = 300.0


class _TokenBucket:
    """`burst` tokens at first, and one more every `refill_s` seconds, up to `burst`."""

    def __init__(self, clock: Clock, burst: int, refill_s: float) -> None:
        self._clock = clock
        self._burst = burst
        self._refill_s = refill_s
        self._tokens = float(burst)
        self._at = clock.monotonic()

    def _refill(self) -> float:
        now = self._clock.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) / self._refill_s)
        self._at = now
        return now

    def ready_at(self) -> float:
        """When there is a token: now, or later (monotonic seconds)."""
        now = self._refill()
        return now + max(0.0, 1.0 - self._tokens) * self._refill_s

    def take(self) -> None:
        """Take a token. More than there are may be taken: the next then comes later."""
        self._refill()
        self._tokens = max(-1.0, self._tokens - 1.0)


class ListPacer:
    """Says when the next list of one gateway may start."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lists = _TokenBucket(clock, LIST_BURST, LIST_REFILL_S)
        self._connects = _TokenBucket(clock, CONNECT_BURST, CONNECT_REFILL_S)
        self._paused_until = clock.monotonic()

    def ready_at(self) -> float:
        """When a list may start on a connection that is live (monotonic seconds)."""
        return max(self._lists.ready_at(), self._paused_until)

    def connect_ready_at(self) -> float:
        """When the first list of a connection may start (monotonic seconds)."""
        return self._connects.ready_at()

    def started(self, *, first: bool) -> None:
        """A list starts. `first`: it is the first one of a connection."""
        (self._connects if first else self._lists).take()

    def ended(self, took_s: float) -> None:
        """A list has ended, well or not, after `took_s` seconds."""
        pause = min(MAX_PAUSE_S, COST_FACTOR * took_s)
        self._paused_until = self._clock.monotonic() + pause
