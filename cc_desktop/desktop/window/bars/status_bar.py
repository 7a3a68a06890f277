"""The line at the bottom: the fleet in numbers, and where the data comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QHBoxLayout

from cc_desktop.desktop.widgets.labels import ElidedLabel, label
from cc_desktop.fleet.summary import summarize
from cc_desktop.text.banner import source
from cc_desktop.text.summary import headline

if TYPE_CHECKING:
    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.model import Fleet


class StatusBar(QFrame):
    """Two texts."""

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self.setObjectName("statusbar")
        px, metrics = look.metrics.px, look.metrics
        row = QHBoxLayout(self)
        row.setContentsMargins(px(16), px(6), px(16), px(6))
        row.setSpacing(px(12))
        self._headline = ElidedLabel(look, metrics.font(12), muted=True)
        self._source = label(metrics.font(12), muted=True)
        row.addWidget(self._headline, 1)
        row.addWidget(self._source)

    def show_fleet(self, fleet: Fleet, now: int) -> None:
        """Show what is known. `now`: local ms."""
        self._headline.setText(headline(summarize(fleet)))
        self._source.setText(source(fleet, now))

    def headline(self) -> str:
        """The fleet in numbers."""
        return self._headline.text()

    def source(self) -> str:
        """Where the data comes from."""
        return self._source.text()
