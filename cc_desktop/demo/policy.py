"""Decides when sample data takes the place of a fleet that cannot be reached."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from cc_desktop.fleet.model import ConnectionState, Origin

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Fleet, Gateway

DEMO_GATEWAY = "demo"  # the id of the gateway that the demo plays
FIRST_MS = 1_500  # how long a first attempt may take before the demo shows
LOST_MS = 30_000  # how long the last known fleet stays after every gateway was lost

_FAILED = (ConnectionState.WAITING, ConnectionState.BLOCKED, ConnectionState.OFF)


class WhenUnreachable(StrEnum):
    """What shows when every gateway that was once reached is lost."""

    SAMPLE = "sample"  # sample data, after `LOST_MS`
    LAST_KNOWN = "last-known"  # what was last heard, marked as stale, for as long as it takes


class DemoPolicy:
    """Sample data shows at once if no gateway was ever reached; later it depends on the choice.

    The operator can always switch between sample data and the last known fleet; that choice holds
    until a gateway is back.
    """

    def __init__(
        self, started: int, when_unreachable: WhenUnreachable = WhenUnreachable.SAMPLE
    ) -> None:
        """Create the policy of one run.

        Args:
            started: When the app started, local ms.
            when_unreachable: What shows once every gateway is lost.
        """
        self._started = started
        self.when_unreachable = when_unreachable
        self._lost_at: int | None = None
        self._reached = False
        self._last_known_chosen: bool | None = None

    def choose_last_known(self, wanted: bool) -> None:
        """The operator prefers the last known fleet (or sample data) until a gateway is back."""
        self._last_known_chosen = wanted

    def decide(self, fleet: Fleet, now: int) -> tuple[bool, int | None]:
        """Decide whether sample data is due.

        Args:
            fleet: The current model.
            now: Local ms.

        Returns:
            Whether it is due, and when to ask again (local ms) if nothing else happens.
        """
        real = [g for g in fleet.gateways.values() if g.origin is not Origin.DEMO]
        if any(gateway.origin in (Origin.LIVE, Origin.REST) for gateway in real):
            self._reached, self._lost_at, self._last_known_chosen = True, None, None
            return False, None
        if self._reached:
            return self._after_loss(now, real)
        due = self._started + FIRST_MS
        if all(g.connection.state in _FAILED and g.connection.problem for g in real):
            due = min(due, now)
        return (True, None) if now >= due else (False, due)

    def _after_loss(self, now: int, real: list[Gateway]) -> tuple[bool, int | None]:
        if self._lost_at is None:
            self._lost_at = now
        stays = self._last_known_chosen
        if stays is None:
            stays = self.when_unreachable is WhenUnreachable.LAST_KNOWN
        elif not stays and self.when_unreachable is WhenUnreachable.LAST_KNOWN:
            return True, None  # asked for, so there is nothing to wait for
        if stays:
            return False, None
        # A gateway that restarts as planned is not lost before it is late.
        back = max((gateway.connection.expected_back for gateway in real), default=0)
        due = max(self._lost_at + LOST_MS, back)
        return (True, None) if now >= due else (False, due)
