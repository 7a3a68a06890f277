"""Status shapes and the application's icon, drawn with paths.

Every status differs by shape, not only by colour. Nothing here depends on image or SVG plugins.
"""

from __future__ import annotations

import functools
import math
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QIcon,
    QPainter,
    QPainterPath,
    QPainterPathStroker,
    QPixmap,
    QPolygonF,
    QTransform,
)

from cc_desktop.desktop.style.palette import DARK
from cc_desktop.fleet.model import Status

if TYPE_CHECKING:
    from cc_desktop.desktop.style.palette import Theme

INK = "#f4f6f9"


# Shapes, all in a square of side 1


def _polygon(corners: int, turn: float, radius: float = 0.5) -> QPainterPath:
    path = QPainterPath()
    points = [
        QPointF(
            0.5 + radius * math.cos(math.tau * (index + turn) / corners),
            0.5 + radius * math.sin(math.tau * (index + turn) / corners),
        )
        for index in range(corners)
    ]
    path.addPolygon(QPolygonF([*points, points[0]]))
    path.closeSubpath()
    return path


def _triangle() -> QPainterPath:
    path = QPainterPath(QPointF(0.5, 0.02))
    path.lineTo(1.0, 0.94)
    path.lineTo(0.0, 0.94)
    path.closeSubpath()
    return path


def _disc() -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(QRectF(0.03, 0.03, 0.94, 0.94))
    return path


def _ring() -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(QRectF(0.06, 0.06, 0.88, 0.88))
    path.addEllipse(QRectF(0.19, 0.19, 0.62, 0.62))
    return path


def _dashed_ring() -> QPainterPath:
    path = QPainterPath()
    outer, inner = QRectF(0.06, 0.06, 0.88, 0.88), QRectF(0.19, 0.19, 0.62, 0.62)
    for start in range(0, 360, 60):
        path.arcMoveTo(outer, start)
        path.arcTo(outer, start, 36)
        path.arcTo(inner, start + 36, -36)
        path.closeSubpath()
    return path


def bar(x1: float, y1: float, x2: float, y2: float, width: float) -> QPainterPath:
    """A line with round ends."""
    length = math.hypot(x2 - x1, y2 - y1)
    path = QPainterPath()
    half = width / 2
    path.addRoundedRect(QRectF(-half, -half, length + width, width), half, half)
    turn = QTransform().translate(x1, y1).rotateRadians(math.atan2(y2 - y1, x2 - x1))
    return turn.map(path)


def dot(x: float, y: float, radius: float) -> QPainterPath:
    """A disc about a point."""
    path = QPainterPath()
    path.addEllipse(QPointF(x, y), radius, radius)
    return path


def stroked(path: QPainterPath, width: float, cap: Qt.PenCapStyle) -> QPainterPath:
    """The area of a line of a width."""
    stroker = QPainterPathStroker()
    stroker.setWidth(width)
    stroker.setCapStyle(cap)
    return stroker.createStroke(path)


def scaled(path: QPainterPath, box: QRectF) -> QPainterPath:
    """A path that was drawn in a square of side 1."""
    return QTransform().translate(box.x(), box.y()).scale(box.width(), box.height()).map(path)


def _play() -> QPainterPath:
    path = QPainterPath(QPointF(0.40, 0.29))
    path.lineTo(0.72, 0.50)
    path.lineTo(0.40, 0.71)
    path.closeSubpath()
    return path


def _shape(status: Status) -> tuple[QPainterPath, QPainterPath]:
    """The body and what is cut into it."""
    cut = QPainterPath()
    match status:
        case Status.ERROR:
            cut.addPath(bar(0.35, 0.35, 0.65, 0.65, 0.13).united(bar(0.65, 0.35, 0.35, 0.65, 0.13)))
            return _polygon(8, 0.5, 0.52), cut
        case Status.WAITING:
            cut.addPath(bar(0.5, 0.38, 0.5, 0.62, 0.11))
            cut.addPath(dot(0.5, 0.79, 0.065))
            return _triangle(), cut
        case Status.STUCK:
            cut.addPath(bar(0.415, 0.38, 0.415, 0.62, 0.10))
            cut.addPath(bar(0.585, 0.38, 0.585, 0.62, 0.10))
            return _polygon(4, 0, 0.54), cut
        case Status.ACTIVE:
            return _disc(), _play()
        case Status.THINKING:
            for x in (0.28, 0.5, 0.72):
                cut.addPath(dot(x, 0.5, 0.075))
            return _disc(), cut
        case Status.OFFLINE:
            return _ring().united(bar(0.12, 0.88, 0.88, 0.12, 0.13)), cut
        case Status.UNKNOWN:
            return _dashed_ring(), cut
    return _ring(), cut


@functools.cache
def status_path(status: Status) -> QPainterPath:
    """The shape of a status in a square of side 1, with its sign cut out."""
    body, cut = _shape(status)
    return body.subtracted(cut) if not cut.isEmpty() else body


def draw_status(painter: QPainter, rect: QRectF, status: Status, theme: Theme) -> None:
    """Draw the shape of a status into a rectangle."""
    body, cut = status_parts(status)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.translate(rect.topLeft())
    painter.scale(rect.width(), rect.height())
    painter.fillPath(body, theme.status(status))
    if not cut.isEmpty():
        painter.fillPath(cut, QColor(theme.on_shape))
    painter.restore()


@functools.cache
def status_parts(status: Status) -> tuple[QPainterPath, QPainterPath]:
    """The body of a status' shape and the sign in it, in a square of side 1."""
    return _shape(status)


@functools.lru_cache(maxsize=256)
def status_pixmap(status: Status, size: int, theme: Theme, ratio: float = 1.0) -> QPixmap:
    """The shape of a status as a picture of `size` logical px."""
    pixmap = QPixmap(round(size * ratio), round(size * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    draw_status(painter, QRectF(0.5, 0.5, size - 1, size - 1), status, theme)
    painter.end()
    return pixmap


# The application


def _glyph() -> QPainterPath:
    """An eye over its horizon, in a square of side 64."""
    line = QPainterPath()
    box = QRectF(8.5, 8.5, 47, 47)
    line.arcMoveTo(box, -4)
    line.arcTo(box, -4, 188)
    arc = stroked(line, 9, Qt.PenCapStyle.RoundCap)
    return arc.united(dot(32, 32, 7.5)).united(bar(8, 54, 56, 54, 9))


# Linux takes larger ones from the icon theme; here they would be 0.3 MiB for as long as it runs.
_ICON_SIZES = (16, 24, 32, 48, 64, 128, *(() if sys.platform == "linux" else (256,)))


@functools.cache
def app_icon() -> QIcon:
    """The application's icon: the glyph on a dark tile, as resources/icons/cc-desktop.svg."""
    icon = QIcon()
    for size in _ICON_SIZES:
        pixmap = QPixmap(size, size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(size / 64, size / 64)
        tile = QPainterPath()
        tile.addRoundedRect(QRectF(2, 2, 60, 60), 14, 14)
        painter.fillPath(tile, QColor(DARK.selection))
        painter.translate(13, 12)
        painter.scale(0.6, 0.6)
        painter.fillPath(_glyph(), QColor(INK))
        painter.fillPath(dot(32, 32, 7.5), QColor(DARK.accent))
        painter.end()
        icon.addPixmap(pixmap)
    return icon
