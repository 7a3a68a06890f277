"""A command that an operator copies and runs elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout

from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.labels import ElidedLabel
from cc_desktop.text.format import tooltip
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from PySide6.QtGui import QFont

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.widgets.buttons import Button

COPIED_MS = 2_000  # how long a button says that it has copied


def mono(look: ThemeManager, px: float = 12) -> QFont:
    """The system's font for commands."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSizeF(look.metrics.font(px).pointSizeF())
    return font


def copy_button(command: str) -> Button:
    """A link that copies a command, and says so for a moment."""

    def copy() -> None:
        QGuiApplication.clipboard().setText(command)
        made.setText(tr("Copied"))
        QTimer.singleShot(COPIED_MS, made, lambda: made.setText(tr("Copy")))

    made = button(tr("Copy"), copy, "link")
    made.setAccessibleName(tr("Copy {command}", command=command))
    return made


class CommandBox(QFrame):
    """A command in its own frame, with a button that copies it."""

    def __init__(self, look: ThemeManager, command: str) -> None:
        super().__init__()
        self.setObjectName("command")
        px = look.metrics.px
        self.command = command
        row = QHBoxLayout(self)
        row.setContentsMargins(px(10), px(3), px(6), px(3))
        words = ElidedLabel(look, mono(look))
        words.setText(command)
        words.setToolTip(tooltip(command))
        self.copy = copy_button(command)
        row.addWidget(words, 1)
        row.addWidget(self.copy)
