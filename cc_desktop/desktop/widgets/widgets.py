"""Small parts: pills, a layout that wraps, labels that show hostile text as it is."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QFontMetricsF, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QLabel,
    QLayout,
    QLayoutItem,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from cc_desktop.desktop.icons.status import draw_status

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QFont

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.model import Status


def label(
    font: QFont | None = None,
    muted: bool = False,
    wrap: bool = False,
    parent: QWidget | None = None,
) -> QLabel:
    """A label for text of agents and gateways: never taken for HTML."""
    result = QLabel(parent)
    result.setTextFormat(Qt.TextFormat.PlainText)
    result.setWordWrap(wrap)
    result.setProperty("muted", muted)
    if font is not None:
        result.setFont(font)
    return result


def button(text: str, clicked: Callable[[], None], kind: str = "") -> QPushButton:
    """A button; `kind` is "", "primary" or "link"."""
    result = QPushButton(text)
    result.setAutoDefault(False)
    if kind:
        result.setProperty(kind, True)
    if kind == "link":
        result.setCursor(Qt.CursorShape.PointingHandCursor)
    result.clicked.connect(lambda _checked=False: clicked())
    return result


class Card(QFrame):
    """A raised box with a heading in capitals."""

    def __init__(self, look: ThemeManager, heading: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        px = look.metrics.px
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(px(14), px(11), px(14), px(12))
        self.body.setSpacing(px(8))
        font = look.metrics.font(11, bold=True)
        font.setLetterSpacing(font.SpacingType.AbsoluteSpacing, 0.8 * look.metrics.scale)
        self.heading = label(font, muted=True)
        self.heading.setText(heading)
        self.text = label(look.metrics.font(), wrap=True)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.body.addWidget(self.heading)
        self.body.addWidget(self.text)


class ElidedLabel(QWidget):
    """One line of plain text that ends in … when there is no room, and gives way to others."""

    def __init__(self, font: QFont, colour: Callable[[], QColor]) -> None:
        super().__init__()
        self._text = ""
        self._font = font
        self._colour = colour
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def text(self) -> str:
        """The whole text."""
        return self._text

    def set_text(self, text: str) -> None:
        """Show another text."""
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self.update()

    def sizeHint(self) -> QSize:
        """As high as a line."""
        metrics = QFontMetrics(self._font)
        return QSize(metrics.horizontalAdvance(self._text), metrics.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the text, cut to the width."""
        painter = QPainter(self)
        painter.setFont(self._font)
        painter.setPen(self._colour())
        elide = Qt.TextElideMode.ElideRight
        shown = QFontMetrics(self._font).elidedText(self._text, elide, self.width())
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.rect(), int(flags | Qt.TextFlag.TextSingleLine), shown)
        painter.end()


class ConnectionMark(Enum):
    """The mark of a connection on its pill: each state has its own shape."""

    LIVE = "disc"
    TRYING = "ring"
    LOST = "diamond"
    BLOCKED = "square"
    OFF = "struck ring"


@dataclass(frozen=True, slots=True)
class PillText:
    """A piece of a pill's text."""

    text: str
    bold: bool = False
    muted: bool = False


class Pill(QAbstractButton):
    """A rounded button of a few pieces of text: a filter chip, or a gateway with its state."""

    def __init__(self, look: ThemeManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._segments: tuple[PillText, ...] = ()
        self._dot: tuple[ConnectionMark, str] | None = None
        self._text_font = look.metrics.font()
        self._bold_font = look.metrics.font(bold=True)
        self._limit = look.metrics.px(260)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def show_segments(
        self, segments: tuple[PillText, ...], dot: ConnectionMark | None = None, colour: str = ""
    ) -> None:
        """Show other words. `colour` names the theme's token of the dot."""
        mark = (dot, colour) if dot else None
        if (segments, mark) == (self._segments, self._dot):
            return
        old = self.sizeHint()
        self._segments, self._dot = segments, mark
        self.setAccessibleName(" ".join(segment.text for segment in segments))
        if self.sizeHint() != old:
            self.updateGeometry()
        self.update()

    def _widths(self) -> list[int]:
        return [
            min(
                self._limit,
                math.ceil(QFontMetricsF(self._font_of(part)).size(0, part.text).width()) + 1,
            )
            for part in self._segments
        ]

    def _font_of(self, segment: PillText) -> QFont:
        return self._bold_font if segment.bold else self._text_font

    def sizeHint(self) -> QSize:
        """As wide as its words."""
        px = self._look.metrics.px
        gaps = max(0, len(self._segments) - 1) * px(7)
        dot = px(16) if self._dot else 0
        return QSize(sum(self._widths()) + gaps + dot + 2 * px(12) + 1, px(28))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the pill."""
        theme, px = self._look.theme, self._look.metrics.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(self.layoutDirection())
        box = QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
        line, back = theme.line, theme.raised if self._dot or not theme.dark else theme.surface
        if not theme.dark and not self._dot:
            back = theme.surface
        if self.isChecked():
            line, back = theme.accent, theme.selection
        elif self.underMouse():
            line = theme.muted
        pen = QPen(QColor(theme.accent if self.hasFocus() else line), 2 if self.hasFocus() else 1)
        painter.setPen(pen)
        painter.setBrush(QColor(back))
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        at = px(12)
        if self._dot:
            side = px(9)
            spot = QRect(at, (self.height() - side) // 2, side, side)
            _draw_dot(painter, QRectF(self._visual(spot)), self._dot[0], self._colour())
            at += px(16)
        for segment, width in zip(self._segments, self._widths(), strict=True):
            font = self._font_of(segment)
            painter.setFont(font)
            quiet = segment.muted and not self.isChecked()
            painter.setPen(QColor(theme.muted if quiet else theme.text))
            text = QFontMetrics(font).elidedText(segment.text, Qt.TextElideMode.ElideRight, width)
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            place = self._visual(QRect(at, 0, width + 1, self.height()))
            painter.drawText(place, int(flags | Qt.TextFlag.TextSingleLine), text)
            at += width + px(7)
        painter.end()

    def _colour(self) -> QColor:
        name = self._dot[1] if self._dot else "muted"
        return QColor(getattr(self._look.theme, name))

    def _visual(self, rect: QRect) -> QRect:
        return self.style().visualRect(self.layoutDirection(), self.rect(), rect)


def _draw_dot(painter: QPainter, box: QRectF, dot: ConnectionMark, colour: QColor) -> None:
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    match dot:
        case ConnectionMark.LIVE:
            painter.drawEllipse(box)
        case ConnectionMark.BLOCKED:
            painter.drawRoundedRect(box, 1, 1)
        case ConnectionMark.LOST:
            middle, half = box.center(), box.width() / 2 + 0.5
            corners = ((0, -half), (half, 0), (0, half), (-half, 0))
            painter.drawPolygon([middle + QPointF(x, y) for x, y in corners])
        case _:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour, box.width() / 5))
            painter.drawEllipse(box.adjusted(1, 1, -1, -1))
            if dot is ConnectionMark.OFF:
                painter.drawLine(box.bottomLeft(), box.topRight())
    painter.restore()


@functools.lru_cache(maxsize=64)
def dot_pixmap(dot: ConnectionMark, colour: str, size: int, ratio: float = 2.0) -> QPixmap:
    """A connection's mark as a picture of `size` logical px."""
    pixmap = QPixmap(round(size * ratio), round(size * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    inset = size * 0.15
    box = QRectF(inset, inset, size - 2 * inset, size - 2 * inset)
    _draw_dot(painter, box, dot, QColor(colour))
    painter.end()
    return pixmap


class StatusMark(QWidget):
    """The shape of a status."""

    def __init__(self, look: ThemeManager, size: int = 18) -> None:
        super().__init__()
        self._look = look
        self._status: Status | None = None
        side = look.metrics.px(size)
        self.setFixedSize(side, side)

    def show_status(self, status: Status) -> None:
        """Show another status."""
        if status is not self._status:
            self._status = status
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the shape."""
        if self._status is not None:
            painter = QPainter(self)
            draw_status(painter, QRectF(self.rect()), self._status, self._look.theme)
            painter.end()


class FlowLayout(QLayout):
    """Side by side, and on in the next line when there is no room."""

    def __init__(self, spacing: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def addItem(self, item: QLayoutItem) -> None:
        """Take in an item; `addWidget` calls it."""
        self._items.append(item)

    def count(self) -> int:
        """How many items there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """An item, or None."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Take an item out."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """It grows in width."""
        return Qt.Orientation.Horizontal

    def hasHeightForWidth(self) -> bool:
        """Its height follows from its width."""
        return True

    def heightForWidth(self, width: int) -> int:
        """How high it is at a width."""
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        """Put everything in its place."""
        super().setGeometry(rect)
        spare = max(0, rect.height() - self._arrange(rect, move=False))
        self._arrange(rect.adjusted(0, spare // 2, 0, 0), move=True)

    def sizeHint(self) -> QSize:
        """All in one line."""
        sizes = [item.sizeHint() for item in self._items]
        gaps = self.spacing() * max(0, len(sizes) - 1)
        width = sum(size.width() for size in sizes) + gaps
        return QSize(width, max((size.height() for size in sizes), default=0))

    def minimumSize(self) -> QSize:
        """The biggest item."""
        result = QSize()
        for item in self._items:
            result = result.expandedTo(item.minimumSize())
        return result

    def _arrange(self, rect: QRect, move: bool) -> int:
        x, y, line = 0, 0, 0
        parent = self.parentWidget()
        direction = parent.layoutDirection() if parent else Qt.LayoutDirection.LeftToRight
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint()
            if x and x + size.width() > rect.width():
                x, y, line = 0, y + line + self.spacing(), 0
            if move and parent:
                spot = QRect(rect.topLeft() + QPoint(x, y), size)
                item.setGeometry(parent.style().visualRect(direction, rect, spot))
            x += size.width() + self.spacing()
            line = max(line, size.height())
        return y + line
