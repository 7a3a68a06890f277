"""Drawings that screen readers meet as graphics with a name."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QLabel


class Picture(QLabel):
    """A widget that draws itself. Heirs paint, and name what they show by `setAccessibleName`.

    Qt gives a plain widget the role of a filler, which readers pass over, and a label with a
    pixmap that of a graphic.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        blank = QPixmap(1, 1)
        blank.fill(Qt.GlobalColor.transparent)
        self.setPixmap(blank)
