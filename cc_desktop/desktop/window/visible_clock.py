"""Times on the screen move on, and only while somebody can see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

TIMES_MS = 15_000  # how often "3 min ago" is updated
COUNTDOWN_MS = 1_000


class VisibleClock(QObject):
    """Two timers: for times that grow, and for what counts down."""

    def __init__(
        self, on_times: Callable[[], None], on_countdown: Callable[[], None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._times = QTimer(self, interval=TIMES_MS)
        self._countdown = QTimer(self, interval=COUNTDOWN_MS)
        self._times.timeout.connect(on_times)
        self._countdown.timeout.connect(on_countdown)

    @property
    def is_running(self) -> bool:
        """Whether times are kept up to date."""
        return self._times.isActive()

    @property
    def is_busy(self) -> bool:
        """Whether a timer runs."""
        return self._times.isActive() or self._countdown.isActive()

    def start(self) -> None:
        """Somebody can see the times."""
        self._times.start()

    def stop(self) -> None:
        """Nobody can."""
        self._times.stop()
        self._countdown.stop()

    def count_down(self, wanted: bool) -> None:
        """Whether something counts down in seconds."""
        if not wanted:
            self._countdown.stop()
        elif not self._countdown.isActive():
            self._countdown.start()
