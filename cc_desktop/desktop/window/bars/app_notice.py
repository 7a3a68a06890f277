"""The message bar above the list, about the app itself and not about the fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.labels import wrapping_label
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from cc_desktop.desktop.style.theme import ThemeManager


class AppMessageBar(QFrame):
    """One message until it is dismissed; a new one replaces it.

    Signals:
        chosen: The link of the message was clicked.
        second_chosen: Its second link was clicked.
        dismissed: The operator has read the message.
    """

    chosen = Signal()
    second_chosen = Signal()
    dismissed = Signal()

    def __init__(self, look: ThemeManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        px = look.metrics.px
        row = QHBoxLayout(self)
        row.setContentsMargins(px(16), px(4), px(16), px(4))
        row.setSpacing(px(10))
        self._text = wrapping_label(look.metrics.font())
        self.link = button("", self.chosen.emit, "link")
        self.second = button("", self.second_chosen.emit, "link")
        self.dismiss = button(tr("Dismiss"), self._on_dismiss, "link")
        row.addWidget(self._text, 1)
        row.addWidget(self.link)
        row.addWidget(self.second)
        row.addWidget(self.dismiss)
        self.hide()

    @property
    def text(self) -> str:
        """What it says, "" when it is not shown."""
        return "" if self.isHidden() else self._text.text()

    def show_line(self, text: str, link: str = "", second: str = "") -> None:
        """Say something; "" hides it. The links are the texts of what can be done about it."""
        line = plain(text, 400)
        self._text.setText(line)
        self.setAccessibleName(line)
        for each, words in ((self.link, link), (self.second, second)):
            each.setText(words)
            each.setVisible(bool(words))
        self.setVisible(bool(line))

    def _on_dismiss(self) -> None:
        self.show_line("")
        self.dismissed.emit()
