"""A click on the tray icon: shows the window, or hides the one that is in front."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

JUST_NOW_S = 0.5  # some panels take the focus with the very click


class WindowToggle(QObject):
    """Knows whether the window was in front when the icon was clicked."""

    def __init__(
        self,
        window: QWidget,
        show: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`show` brings the window to the front; `monotonic` gives s."""
        super().__init__(window)
        self._window = window
        self._show = show
        self._monotonic = monotonic
        self._left_at: float | None = None
        window.installEventFilter(self)

    def __call__(self) -> None:
        """Show or hide the window."""
        left = self._left_at is not None and self._monotonic() - self._left_at < JUST_NOW_S
        window = self._window
        if window.isVisible() and not window.isMinimized() and (window.isActiveWindow() or left):
            window.close()
        else:
            self._show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note when the window is left."""
        if event.type() == QEvent.Type.WindowDeactivate:
            self._left_at = self._monotonic()
        return super().eventFilter(watched, event)
