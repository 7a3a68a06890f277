"""What stands in the place of an empty list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cc_desktop.desktop.widgets.labels import wrapping_label
from cc_desktop.text.banner import Empty

if TYPE_CHECKING:
    from cc_desktop.desktop.style.theme import ThemeManager


class EmptyPage(QWidget):
    """A title and what to do."""

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        px, metrics = look.metrics.px, look.metrics
        self._title = wrapping_label(metrics.font(16, bold=True))
        self._text = wrapping_label(metrics.font(), muted=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(32), px(32), px(32), px(64))
        column.setSpacing(px(8))
        column.addStretch(1)
        for part in (self._title, self._text):
            part.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(part)
        column.addStretch(2)

    def show_reason(self, reason: Empty) -> None:
        """Say why the list is empty."""
        self._title.setText(reason.title)
        self._text.setText(reason.text)

    def texts(self) -> Empty:
        """What it says."""
        return Empty(self._title.text(), self._text.text())
