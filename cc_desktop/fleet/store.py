"""Holds the current fleet and tells those who react what changed."""

from __future__ import annotations

import logging
from collections import Counter, deque
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.fleet.model import INTERNAL, Change, Fleet, GatewayChanged, Now, Problem
from cc_desktop.fleet.reducer import reduce
from cc_desktop.fleet.status import next_wait

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.fleet.events import Event

    Listener = Callable[[list[Change]], None]

log = logging.getLogger(__name__)


class Store:
    """The model first, then everyone who shows it.

    Whatever goes wrong in here stays in here: neither the source of an event nor another listener
    hears of it. The log says it once.
    """

    def __init__(
        self, clock: Callable[[], int], monotonic: Callable[[], int] | None = None
    ) -> None:
        """Hold an empty fleet.

        Args:
            clock: gives local ms since the epoch.
            monotonic: gives ms that never jump; without it, silence is measured by `clock`.
        """
        self.fleet = Fleet()
        self._clock = clock
        self._monotonic = monotonic or clock
        self._listeners: list[Listener] = []
        self._waiting: deque[Event] = deque()
        self._busy = False
        self._failures: Counter[str] = Counter()

    @property
    def failures(self) -> dict[str, int]:
        """How often something failed, by what it was: "listener …" or "gateway …"."""
        return dict(self._failures)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` after every change; the answer ends that, and may be called again."""
        self._listeners.append(listener)

        def end() -> None:
            self._listeners = [one for one in self._listeners if one is not listener]

        return end

    def apply(self, event: Event) -> list[Change]:
        """Take in an event and tell the listeners.

        Returns:
            What changed. Empty for an event that a listener applies: it is taken in after all
            listeners have heard of the one before. An event that fails inside the model changes
            nothing but `Gateway.faults`, and the problem of the gateway's connection.
        """
        if self._busy:
            self._waiting.append(event)
            return []
        self._busy = True
        try:
            changes = self._apply_one(event)
            while self._waiting:
                self._apply_one(self._waiting.popleft())
            return changes
        finally:
            self._busy = False

    def wait_ms(self) -> int | None:
        """Milliseconds until time alone changes something: a `Tick` is due then. None: never."""
        return next_wait(self.fleet, Now(self._clock(), self._monotonic()))

    def _apply_one(self, event: Event) -> list[Change]:
        try:
            self.fleet, changes = reduce(self.fleet, event, self._clock(), self._monotonic())
        except Exception as error:
            self._log(f"gateway {event.gateway}: {type(event).__name__} in the model", error)
            changes = self._count_fault(event.gateway)
        if changes:
            for listener in list(self._listeners):
                if listener in self._listeners:  # none ended it meanwhile
                    self._tell(listener, changes)
        return changes

    def _tell(self, listener: Listener, changes: list[Change]) -> None:
        try:
            listener(changes)
        except Exception as error:
            name = getattr(listener, "__qualname__", type(listener).__name__)
            self._log(f"listener {name}", error)

    def _count_fault(self, ident: str) -> list[Change]:
        gateway = self.fleet.gateways.get(ident)
        if gateway is None:
            return []
        problem = gateway.connection.problem or Problem(INTERNAL)
        connection = replace(gateway.connection, problem=problem)
        after = replace(gateway, faults=gateway.faults + 1, connection=connection)
        self.fleet = replace(self.fleet, gateways={**self.fleet.gateways, ident: after})
        return [] if gateway.faults else [GatewayChanged(ident, gateway, after)]

    def _log(self, what: str, error: Exception) -> None:
        """Log the first failure of a kind with its traceback, count the others."""
        self._failures[what] += 1
        if self._failures[what] == 1:
            log.error("failed: %s; further failures are only counted", what, exc_info=error)
