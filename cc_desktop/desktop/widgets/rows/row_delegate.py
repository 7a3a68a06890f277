"""What painted lists have in common: rows of one height, their background, lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

if TYPE_CHECKING:
    from PySide6.QtCore import QObject
    from PySide6.QtGui import QFont

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.widgets.rows.sorted_model import Index

ROW_HEIGHT = 50
START = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
END = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class Canvas(Struct):
    """A row to draw on, measured from its start: the left, or the right in Arabic or Hebrew."""

    painter: QPainter
    rect: QRect
    direction: Qt.LayoutDirection
    selected: bool = False

    def place(self, start: int, top: int, width: int, height: int) -> QRect:
        """A rectangle of the row on the screen."""
        logical = QRect(self.rect.topLeft() + QPoint(start, top), QSize(width, height))
        return QStyle.visualRect(self.direction, self.rect, logical)


class RowDelegate(QStyledItemDelegate):
    """Draws rows; what stands in them is up to its heirs."""

    height = ROW_HEIGHT  # design px

    def __init__(self, look: ThemeManager, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        metrics = look.metrics
        self._text = metrics.font()
        self._bold = metrics.font(bold=True)
        self._small = metrics.font(11.5)
        self._measures = {
            id(font): QFontMetrics(font) for font in (self._text, self._bold, self._small)
        }

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """All rows have the same height."""
        return QSize(200, self._look.metrics.px(self.height))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one row."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(option.direction)
        self._paint_back(painter, option)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        self.paint_row(Canvas(painter, option.rect, option.direction, selected), index)
        painter.restore()

    def paint_row(self, canvas: Canvas, index: Index) -> None:
        """Draw what stands in the row."""
        raise NotImplementedError

    def _paint_back(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        theme, px = self._look.theme, self._look.metrics.px
        box = QRectF(option.rect).adjusted(px(8), 0.5, -px(8), -0.5)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.setPen(Qt.PenStyle.NoPen)
        if selected:
            painter.setPen(QPen(QColor(theme.accent), 1.5))
            painter.setBrush(QColor(theme.selection))
            painter.drawRoundedRect(box.adjusted(0.75, 0.75, -0.75, -0.75), px(6), px(6))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(theme.raised))
            painter.drawRoundedRect(box, px(6), px(6))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.accent), 2.5))
            painter.drawRoundedRect(box.adjusted(1.25, 1.25, -1.25, -1.25), px(6), px(6))

    def line(
        self,
        canvas: Canvas,
        place: tuple[int, int, int, int],
        text: str,
        font: QFont,
        colour: QColor,
        align: Qt.AlignmentFlag = START,
    ) -> None:
        """Draw one line. `place`: start, width, top, height."""
        start, width, top, height = place
        if not text or width <= 0:
            return
        shown = self._measures[id(font)].elidedText(text, Qt.TextElideMode.ElideRight, width)
        canvas.painter.setFont(font)
        canvas.painter.setPen(colour)
        flags = align | Qt.TextFlag.TextSingleLine
        canvas.painter.drawText(canvas.place(start, top, width, height), int(flags), shown)
