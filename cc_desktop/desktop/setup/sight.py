"""Tells whether somebody can see the window: gateways then say what each run is at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

_EVENTS = frozenset({QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.WindowStateChange})


class SightWatch(QObject):
    """Calls `tell` whenever the window comes into sight or goes out of it."""

    def __init__(self, window: QWidget, tell: Callable[[bool], object]) -> None:
        super().__init__(window)
        self._window = window
        self._tell = tell
        self._is_in_sight = False
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt override: looks, and holds nothing back."""
        if watched is self._window and event.type() in _EVENTS:
            is_hidden = event.type() == QEvent.Type.Hide or self._window.isMinimized()
            is_in_sight = self._window.isVisible() and not is_hidden
            if is_in_sight is not self._is_in_sight:
                self._is_in_sight = is_in_sight
                self._tell(is_in_sight)
        return False
