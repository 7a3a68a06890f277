"""A quiet line above the list, about the app itself and not about the fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from cc_desktop.desktop.widgets.widgets import button, label
from cc_desktop.text import words

if TYPE_CHECKING:
    from cc_desktop.desktop.style.theme import ThemeManager


class AppMessageBar(QFrame):
    """One line until it is dismissed; a new one takes the place of the old one.

    Signals:
        chosen: The link of the line was clicked.
        dismissed: The operator has read the line.
    """

    chosen = Signal()
    dismissed = Signal()

    def __init__(self, look: ThemeManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        px = look.metrics.px
        row = QHBoxLayout(self)
        row.setContentsMargins(px(16), px(4), px(16), px(4))
        row.setSpacing(px(10))
        self._text = label(look.metrics.font(), wrap=True)
        self.link = button("", self.chosen.emit, "link")
        self.dismiss = button("Dismiss", self._on_dismiss, "link")
        row.addWidget(self._text, 1)
        row.addWidget(self.link)
        row.addWidget(self.dismiss)
        self.hide()

    @property
    def text(self) -> str:
        """What it says, "" when it is not shown."""
        return "" if self.isHidden() else self._text.text()

    def show_line(self, text: str, link: str = "") -> None:
        """Say something; "" hides it. `link` is the text of what can be done about it."""
        line = words.plain(text, 400)
        self._text.setText(line)
        self.setAccessibleName(line)
        self.link.setText(link)
        self.link.setVisible(bool(link))
        self.setVisible(bool(line))

    def _on_dismiss(self) -> None:
        self.show_line("")
        self.dismissed.emit()
