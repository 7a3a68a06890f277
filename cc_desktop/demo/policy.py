"""When the demo takes the place of a fleet that cannot be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.model import ConnectionState, Origin

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Fleet

DEMO_GATEWAY = "demo"  # the id of the gateway that the demo plays
FIRST_MS = 1_500  # a first try may take so long before the demo shows
LOST_MS = 30_000  # what was known stays so long after a live fleet is gone


class DemoPolicy:
    """At once if no gateway was ever reached, else 30 s after the last was lost."""

    def __init__(self, started: int) -> None:
        """`started`: local ms."""
        self._started = started
        self._lost_at: int | None = None
        self._reached = False
        self.last_known_wanted = False  # the operator prefers old truth to a demo

    def decide(self, fleet: Fleet, now: int) -> tuple[bool, int | None]:
        """Whether the demo is due, and when to ask again (local ms) if nothing happens."""
        real = [g for g in fleet.gateways.values() if g.origin is not Origin.DEMO]
        if any(gateway.origin in (Origin.LIVE, Origin.REST) for gateway in real):
            self._reached, self._lost_at, self.last_known_wanted = True, None, False
            return False, None
        if self._reached:
            if self._lost_at is None:
                self._lost_at = now
            # A gateway that restarts as planned is not lost before it is late.
            back = max((g.connection.expected_back for g in real), default=0)
            due = max(self._lost_at + LOST_MS, back)
        else:
            failed = (ConnectionState.WAITING, ConnectionState.BLOCKED, ConnectionState.OFF)
            due = self._started + FIRST_MS
            if all(
                gateway.connection.state in failed and gateway.connection.problem
                for gateway in real
            ):
                due = min(due, now)
        if self._reached and self.last_known_wanted:
            return False, None
        return (True, None) if now >= due else (False, due)
