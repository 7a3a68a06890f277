"""Labels that show text from outside as it is, never as HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QLabel, QSizePolicy

if TYPE_CHECKING:
    from PySide6.QtGui import QFont, QPaintEvent

    from cc_desktop.desktop.style.theme import ThemeManager


def label(font: QFont | None = None, text: str = "", *, muted: bool = False) -> QLabel:
    """A label of one line."""
    result = QLabel()
    result.setTextFormat(Qt.TextFormat.PlainText)
    result.setProperty("muted", muted)
    if font is not None:
        result.setFont(font)
    if text:
        result.setText(text)
    return result


def wrapping_label(font: QFont, text: str = "", *, muted: bool = False) -> QLabel:
    """A label of as many lines as its text needs."""
    result = label(font, text, muted=muted)
    result.setWordWrap(True)
    return result


def set_colour(widget: QLabel, colour: QColor) -> None:
    """Colour the words of a label, which the application's style sheet would else decide."""
    sheet = f"color: {colour.name()};"
    if widget.styleSheet() != sheet:
        widget.setStyleSheet(sheet)


class ElidedLabel(QLabel):
    """One line that ends in … when there is no room, and gives way to its neighbours."""

    def __init__(self, look: ThemeManager, font: QFont, *, muted: bool = False) -> None:
        super().__init__()
        self._look = look
        self._muted = muted
        self._colour = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(font)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_colour(self, colour: str) -> None:
        """Draw the text in a colour of the theme; "" for the usual one."""
        if colour != self._colour:
            self._colour = colour
            self.update()

    def minimumSizeHint(self) -> QSize:
        """It may shrink to nothing."""
        return QSize(0, self.fontMetrics().height())

    def sizeHint(self) -> QSize:
        """As wide as its text."""
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.text()), metrics.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the text, cut to the width."""
        theme = self._look.theme
        painter = QPainter(self)
        painter.setPen(QColor(self._colour or (theme.muted if self._muted else theme.text)))
        elide = Qt.TextElideMode.ElideRight
        shown = self.fontMetrics().elidedText(self.text(), elide, self.width())
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.rect(), int(flags | Qt.TextFlag.TextSingleLine), shown)
        painter.end()
