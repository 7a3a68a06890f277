"""Plain inputs of Qt in the app's font. The wheel scrolls the page, it never changes a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QRadioButton,
    QSizePolicy,
    QTimeEdit,
    QToolButton,
)

if TYPE_CHECKING:
    from PySide6.QtGui import QWheelEvent

    from cc_desktop.desktop.style.theme import ThemeManager


def check_box(look: ThemeManager, text: str = "", *, name: str = "") -> QCheckBox:
    """A check box; `name` is for screen readers where there are no words."""
    look.style_inputs()
    result = QCheckBox(text)
    result.setFont(look.metrics.font())
    if name:
        result.setAccessibleName(name)
    return result


def radio_button(look: ThemeManager, text: str) -> QRadioButton:
    """One of several choices."""
    look.style_inputs()
    result = QRadioButton(text)
    result.setFont(look.metrics.font())
    return result


def day_button(look: ThemeManager, text: str, name: str) -> QToolButton:
    """A day of the week that can be chosen."""
    result = QToolButton()
    result.setObjectName("day")
    result.setText(text)
    result.setAccessibleName(name)
    result.setToolTip(name)
    result.setCheckable(True)
    result.setFont(look.metrics.font(12))
    result.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    result.setFixedSize(look.metrics.px(30), look.metrics.px(28))
    return result


class Choice(QComboBox):
    """A few words to choose from."""

    def __init__(self, look: ThemeManager) -> None:
        look.style_inputs()
        super().__init__()
        self.setFont(look.metrics.font(12.5))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave it to the page."""
        event.ignore()


class TimeField(QTimeEdit):
    """A time of day in 24 hours. A change is reported when it is finished, not at every key.

    The style sheet hides its buttons: with NoButtons and a style sheet, Qt leaves the text a width
    of 1 px.
    """

    def __init__(self, look: ThemeManager, name: str) -> None:
        super().__init__()
        self.setDisplayFormat("HH:mm")
        self.setAccessibleName(name)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setFont(look.metrics.font())
        self.setFixedSize(look.metrics.px(60), look.metrics.px(28))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave it to the page."""
        event.ignore()
