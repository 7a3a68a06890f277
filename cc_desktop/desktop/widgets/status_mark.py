"""Shapes that say a state: of an agent, and of a connection."""

from __future__ import annotations

import functools
from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from cc_desktop.desktop.icons.status import draw_status
from cc_desktop.desktop.widgets.accessible.picture import Picture
from cc_desktop.text.agents import status_word

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.model import Status


class ConnectionMark(Enum):
    """The mark of a connection on its pill: each state has its own shape."""

    LIVE = "disc"
    TRYING = "ring"
    LOST = "diamond"
    BLOCKED = "square"
    OFF = "struck ring"


def draw_connection(painter: QPainter, box: QRectF, dot: ConnectionMark, colour: QColor) -> None:
    """Draw the mark of a connection into a box."""
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
def connection_pixmap(dot: ConnectionMark, colour: str, size: int, ratio: float = 2.0) -> QPixmap:
    """A connection's mark as a picture of `size` logical px."""
    pixmap = QPixmap(round(size * ratio), round(size * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    inset = size * 0.15
    box = QRectF(inset, inset, size - 2 * inset, size - 2 * inset)
    draw_connection(painter, box, dot, QColor(colour))
    painter.end()
    return pixmap


class StatusMark(Picture):
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
            self.setAccessibleName(status_word(status))
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the shape."""
        if self._status is not None:
            painter = QPainter(self)
            draw_status(painter, QRectF(self.rect()), self._status, self._look.theme)
            painter.end()
