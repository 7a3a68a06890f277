"""Push buttons that Enter presses as well as Space."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QPushButton

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QKeyEvent

ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def pressed_by_enter(button: QAbstractButton, event: QKeyEvent) -> bool:
    """Click the button if the key is Enter; whether it was."""
    if event.key() not in ENTER or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
        return False
    button.click()
    return True


class Button(QPushButton):
    """A push button outside of dialogs: Qt leaves Enter to the default button of a dialog."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses it."""
        if not pressed_by_enter(self, event):
            super().keyPressEvent(event)


def button(text: str, clicked: Callable[[], None], kind: str = "") -> Button:
    """A button; `kind` is "", "primary" or "link"."""
    result = Button(text)
    result.setAutoDefault(False)
    if kind:
        result.setProperty(kind, True)
    if kind == "link":
        result.setCursor(Qt.CursorShape.PointingHandCursor)
    result.clicked.connect(lambda _checked=False: clicked())
    return result
