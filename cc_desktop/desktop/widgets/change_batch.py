"""Gathers changes, so that the window redraws at most ten times a second."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Change

BATCH_MS = 100


class ChangeBatch(QObject):
    """Hands on the first changes at once, and those that follow when `interval_ms` have passed.

    Its timer runs only while there are some.

    Signals:
        ready: A list of changes, oldest first. Only while active.
        caught_up: It is active again after changes were dropped: look at everything.
    """

    ready = Signal(object)
    caught_up = Signal()

    def __init__(self, parent: QObject | None = None, interval_ms: int = BATCH_MS) -> None:
        super().__init__(parent)
        self._changes: list[Change] = []
        self._active = False
        self._missed = True  # nothing was looked at so far
        self._interval_ms = interval_ms
        self._flushed_at = -math.inf  # monotonic s; a machine may have started just now
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.flush)

    @property
    def active(self) -> bool:
        """Whether anyone looks."""
        return self._active

    def set_active(self, active: bool) -> bool:
        """While nobody looks, changes are dropped; the first look catches up once, if need be.

        Returns whether it did.
        """
        if active == self._active:
            return False
        self._active = active
        if active and self._missed:
            self._missed = False
            self.caught_up.emit()
            return True
        if not active:
            self._timer.stop()
            self._missed = self._missed or bool(self._changes)
            self._changes = []
        return False

    def add(self, changes: list[Change]) -> None:
        """Take in changes; for `Store.subscribe`."""
        if not self._active:
            self._missed = True
            return
        self._changes.extend(changes)
        if not self._timer.isActive():
            passed_ms = (time.monotonic() - self._flushed_at) * 1000
            self._timer.start(int(max(0, self._interval_ms - passed_ms)))

    def flush(self) -> None:
        """Hand on what has gathered."""
        self._timer.stop()
        self._flushed_at = time.monotonic()
        changes, self._changes = self._changes, []
        if changes:
            self.ready.emit(changes)
