"""Coalesces changes, so that the window redraws at most ten times a second."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.fleet.model import Change

BATCH_MS = 100


class ChangeBatch(QObject):
    """Passes the first changes on at once, and those that follow after `interval_ms`.

    Its timer runs only while changes wait.

    Signals:
        ready: A list of changes, oldest first. Only while active.
        caught_up: Active again after changes were dropped: read the whole model.
    """

    ready = Signal(object)
    caught_up = Signal()

    def __init__(
        self,
        parent: QObject | None = None,
        interval_ms: int = BATCH_MS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`monotonic` gives s; its zero may be any moment."""
        super().__init__(parent)
        self._changes: list[Change] = []
        self._active = False
        # Called with whether somebody can see the changes, when that changes.
        self.on_active: Callable[[bool], object] = lambda _active: None
        self._missed = True  # nothing was read so far
        self._interval_ms = interval_ms
        self._monotonic = monotonic
        self._flushed_at = -math.inf
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.flush)

    @property
    def active(self) -> bool:
        """Whether changes are passed on."""
        return self._active

    @property
    def waiting(self) -> bool:
        """Whether changes wait."""
        return self._timer.isActive()

    def set_active(self, active: bool) -> bool:
        """Pass changes on, or drop them while inactive.

        Returns:
            Whether it emitted `caught_up`, because changes were dropped before.
        """
        if active == self._active:
            return False
        self._active = active
        self.on_active(active)
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
            passed_ms = (self._monotonic() - self._flushed_at) * 1000
            self._timer.start(int(max(0.0, self._interval_ms - passed_ms)))

    def flush(self) -> None:
        """Pass on what waits."""
        self._timer.stop()
        self._flushed_at = self._monotonic()
        changes, self._changes = self._changes, []
        if changes:
            self.ready.emit(changes)
