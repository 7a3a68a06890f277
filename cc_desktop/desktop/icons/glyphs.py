"""Line drawings of the buttons: the bell and what it looks like when it is quiet, the gear."""

from __future__ import annotations

import functools
import math
from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPainterPathStroker, QPolygonF

if TYPE_CHECKING:
    from PySide6.QtGui import QColor

_PEN = 0.085  # width of a line, in a square of side 1


class Glyph(Enum):
    """What can be drawn."""

    BELL = "bell"
    BELL_MOON = "bell that rests"
    BELL_STRUCK = "bell struck through"
    GEAR = "gear"


def _line(path: QPainterPath, width: float = _PEN) -> QPainterPath:
    stroker = QPainterPathStroker()
    stroker.setWidth(width)
    stroker.setCapStyle(Qt.PenCapStyle.RoundCap)
    stroker.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return stroker.createStroke(path)


def _circle(x: float, y: float, radius: float) -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(QPointF(x, y), radius, radius)
    return path


def _bell() -> QPainterPath:
    body = QPainterPath(QPointF(0.14, 0.73))
    body.cubicTo(0.24, 0.64, 0.24, 0.56, 0.24, 0.42)
    body.cubicTo(0.24, 0.25, 0.35, 0.13, 0.50, 0.13)
    body.cubicTo(0.65, 0.13, 0.76, 0.25, 0.76, 0.42)
    body.cubicTo(0.76, 0.56, 0.76, 0.64, 0.86, 0.73)
    body.closeSubpath()
    clapper = QPainterPath()
    clapper.arcMoveTo(QRectF(0.38, 0.71, 0.24, 0.24), 200)
    clapper.arcTo(QRectF(0.38, 0.71, 0.24, 0.24), 200, 140)
    return _line(body).united(_line(clapper))


def _struck(path: QPainterPath) -> QPainterPath:
    slash = QPainterPath(QPointF(0.11, 0.11))
    slash.lineTo(0.89, 0.89)
    return path.subtracted(_line(slash, 3 * _PEN)).united(_line(slash))


def _moon() -> QPainterPath:
    """A crescent, solid: lines would run into each other at this size."""
    return _circle(0.73, 0.72, 0.24).subtracted(_circle(0.84, 0.62, 0.20))


def _gear() -> QPainterPath:
    teeth, points = 8, []
    for tooth in range(teeth):
        for part, radius in ((-0.30, 0.32), (-0.19, 0.42), (0.19, 0.42), (0.30, 0.32)):
            angle = math.tau * (tooth + part) / teeth
            points.append(QPointF(0.5 + radius * math.sin(angle), 0.5 - radius * math.cos(angle)))
    rim = QPainterPath()
    rim.addPolygon(QPolygonF([*points, points[0]]))
    rim.closeSubpath()
    return _line(rim).united(_line(_circle(0.5, 0.5, 0.13)))


@functools.cache
def glyph_path(glyph: Glyph) -> QPainterPath:
    """A glyph in a square of side 1."""
    match glyph:
        case Glyph.GEAR:
            return _gear()
        case Glyph.BELL_STRUCK:
            return _struck(_bell())
        case Glyph.BELL_MOON:
            return _bell().subtracted(_circle(0.73, 0.72, 0.31)).united(_moon())
    return _bell()


def draw_glyph(painter: QPainter, rect: QRectF, glyph: Glyph, colour: QColor) -> None:
    """Draw a glyph into a rectangle."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.topLeft())
    painter.scale(rect.width(), rect.height())
    painter.fillPath(glyph_path(glyph), colour)
    painter.restore()
