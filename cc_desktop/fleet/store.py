"""Holds the current fleet and tells those who react what changed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cc_desktop.fleet.model import Change, Fleet
from cc_desktop.fleet.reduce import reduce

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.fleet.events import Event

log = logging.getLogger(__name__)


class Store:
    """The model first, then everyone who shows it."""

    def __init__(self, clock: Callable[[], int]) -> None:
        """`clock` gives local ms since the epoch."""
        self.fleet = Fleet()
        self._clock = clock
        self._listeners: list[Callable[[list[Change]], None]] = []

    def subscribe(self, listener: Callable[[list[Change]], None]) -> Callable[[], None]:
        """Call `listener` after every change; the answer ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def apply(self, event: Event) -> list[Change]:
        """Take in an event and tell the listeners. One that fails does not stop the others."""
        self.fleet, changes = reduce(self.fleet, event, self._clock())
        if changes:
            for listener in list(self._listeners):
                try:
                    listener(changes)
                except Exception:
                    log.exception("a listener failed")
        return changes
