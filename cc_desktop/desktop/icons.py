"""Status shapes, the tray's glyph and the application's icon, drawn with paths.

Every state differs by shape, not only by colour. Nothing here depends on image or SVG plugins.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QIcon,
    QPainter,
    QPainterPath,
    QPainterPathStroker,
    QPen,
    QPixmap,
    QPolygonF,
    QTransform,
)

from cc_desktop.desktop.theme import DARK, LIGHT
from cc_desktop.fleet.model import Status
from cc_desktop.fleet.summary import TrayState

if TYPE_CHECKING:
    from cc_desktop.desktop.theme import Theme

TRAY_SIZES = (16, 22, 24, 32, 48, 64, 128)  # px: what panels ask for, each drawn by itself
DIGITS_FROM = 22  # px: below, a digit is a smudge
INK_LIGHT = QColor("#f4f6f9")
INK_BOTH = QColor("#82aad8")  # with a dark outline, for panels of any shade
INK_DARK = QColor("#1c232d")


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


def _bar(x1: float, y1: float, x2: float, y2: float, width: float) -> QPainterPath:
    """A line with round ends."""
    length = math.hypot(x2 - x1, y2 - y1)
    path = QPainterPath()
    half = width / 2
    path.addRoundedRect(QRectF(-half, -half, length + width, width), half, half)
    turn = QTransform().translate(x1, y1).rotateRadians(math.atan2(y2 - y1, x2 - x1))
    return turn.map(path)


def _dot(x: float, y: float, radius: float) -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(QPointF(x, y), radius, radius)
    return path


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
            cut.addPath(
                _bar(0.35, 0.35, 0.65, 0.65, 0.13).united(_bar(0.65, 0.35, 0.35, 0.65, 0.13))
            )
            return _polygon(8, 0.5, 0.52), cut
        case Status.WAITING:
            cut.addPath(_bar(0.5, 0.38, 0.5, 0.62, 0.11))
            cut.addPath(_dot(0.5, 0.79, 0.065))
            return _triangle(), cut
        case Status.STUCK:
            cut.addPath(_bar(0.415, 0.38, 0.415, 0.62, 0.10))
            cut.addPath(_bar(0.585, 0.38, 0.585, 0.62, 0.10))
            return _polygon(4, 0, 0.54), cut
        case Status.ACTIVE:
            return _disc(), _play()
        case Status.THINKING:
            for x in (0.28, 0.5, 0.72):
                cut.addPath(_dot(x, 0.5, 0.075))
            return _disc(), cut
        case Status.OFFLINE:
            return _ring().united(_bar(0.12, 0.88, 0.88, 0.12, 0.13)), cut
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
    body, cut = _body_and_cut(status)
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
def _body_and_cut(status: Status) -> tuple[QPainterPath, QPainterPath]:
    return _shape(status)


@functools.lru_cache(maxsize=256)
def status_pixmap(status: Status, size: int, dark: bool, ratio: float = 1.0) -> QPixmap:
    """The shape of a status as a picture of `size` logical px."""
    pixmap = QPixmap(round(size * ratio), round(size * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    draw_status(painter, QRectF(0.5, 0.5, size - 1, size - 1), status, DARK if dark else LIGHT)
    painter.end()
    return pixmap


# The tray


@functools.lru_cache(maxsize=128)
def tray_icon(state: TrayState, count: int = 0, dark_panel: bool | None = None) -> QIcon:
    """The tray's icon. `count` is how many agents need the operator.

    Panels do not tell whether they are dark: by default the glyph is of a middle shade with a
    dark outline, which is legible on both.
    """
    icon = QIcon()
    for size in TRAY_SIZES:
        icon.addPixmap(tray_pixmap(state, count, size, dark_panel))
    return icon


def tray_key(state: TrayState, count: int) -> tuple[TrayState, int]:
    """Equal for icons that look alike: counts above nine do."""
    counted = state in (TrayState.NEEDS_YOU, TrayState.ERROR)
    return state, min(count, 10) if counted else 0


def tray_pixmap(state: TrayState, count: int, size: int, dark_panel: bool | None) -> QPixmap:
    """The tray's icon in one size."""
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(size / 64, size / 64)
    _paint_glyph(painter, state, size, dark_panel)
    _paint_badge(painter, state, count, size, dark_panel)
    painter.end()
    return pixmap


def _glyph(state: TrayState) -> QPainterPath:
    """An eye over its horizon, in a square of side 64."""
    stroke = 9.0
    arc = QPainterPath()
    box = QRectF(8.5, 8.5, 47, 47)
    if state is TrayState.DEMO:
        for start in (2, 42, 82, 122, 162):
            piece = QPainterPath()
            span = 24 if start < 160 else 16
            piece.arcMoveTo(box, start)
            piece.arcTo(box, start, span)
            arc = arc.united(_stroked(piece, stroke, Qt.PenCapStyle.FlatCap))
    else:
        line = QPainterPath()
        line.arcMoveTo(box, -4)
        line.arcTo(box, -4, 188)
        arc = _stroked(line, stroke, Qt.PenCapStyle.RoundCap)
    return arc.united(_dot(32, 32, 7.5)).united(_bar(8, 54, 56, 54, stroke))


def _stroked(path: QPainterPath, width: float, cap: Qt.PenCapStyle) -> QPainterPath:
    stroker = QPainterPathStroker()
    stroker.setWidth(width)
    stroker.setCapStyle(cap)
    return stroker.createStroke(path)


def _paint_glyph(painter: QPainter, state: TrayState, size: int, dark_panel: bool | None) -> None:
    glyph = _glyph(state)
    ink = _ink(dark_panel)
    painter.save()
    if state is TrayState.OFFLINE:
        painter.setOpacity(0.6)
    if dark_panel is None:
        width = max(4.0, 1.5 * 64 / size)  # at least 1.5 px, half of it under the ink
        pen = QPen(INK_DARK, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.strokePath(glyph, pen)
    painter.fillPath(glyph, ink)
    painter.restore()
    if state is TrayState.OFFLINE:
        slash = _bar(9, 57, 55, 7, 7)
        _knock_out(painter, slash, 6)
        if dark_panel is None:
            painter.strokePath(slash, QPen(INK_DARK, 4))
        painter.fillPath(slash, ink)


def _ink(dark_panel: bool | None) -> QColor:
    if dark_panel is None:
        return INK_BOTH
    return INK_LIGHT if dark_panel else INK_DARK


def _knock_out(painter: QPainter, path: QPainterPath, margin: float) -> None:
    """Clear a gap around a path, so that it stands off from what is below."""
    painter.save()
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Clear)
    painter.strokePath(path, QPen(Qt.GlobalColor.black, 2 * margin))
    painter.fillPath(path, Qt.GlobalColor.black)
    painter.restore()


def _paint_badge(
    painter: QPainter, state: TrayState, count: int, size: int, dark_panel: bool | None
) -> None:
    theme = LIGHT if dark_panel is False else DARK
    box = QRectF(28, 28, 36, 36)
    big = QRectF(25, 25, 39, 39)  # room for digits
    match state:
        case TrayState.WORKING:
            _badge(painter, status_body(Status.ACTIVE), box, QColor(theme.active), dark_panel)
            _sign(painter, _body_and_cut(Status.ACTIVE)[1], box, theme)
        case TrayState.NEEDS_YOU | TrayState.ERROR:
            status = Status.ERROR if state is TrayState.ERROR else Status.WAITING
            _badge(painter, status_body(status), big, theme.status(status), dark_panel)
            if count and size >= DIGITS_FROM:
                text = str(count) if count <= 9 else "9+"
                drop = 4.5 if status is Status.WAITING else 0
                _digits(painter, text, big.translated(0, drop), theme, status is Status.WAITING)
            else:
                _sign(painter, _body_and_cut(status)[1], big, theme)
        case TrayState.CONNECTING:
            ring = _scaled(_dashed_ring(), box)
            _knock_out(painter, _scaled(_disc(), box), 2)
            if dark_panel is None:
                painter.strokePath(ring, QPen(INK_DARK, 4))
            painter.fillPath(ring, _ink(dark_panel))
        case TrayState.DEMO:
            square = QPainterPath()
            square.addRoundedRect(QRectF(0, 0, 1, 1), 0.16, 0.16)
            _badge(painter, square, box, QColor(theme.stuck), dark_panel)
            _sign(painter, _letter_d(), box, theme)
        case TrayState.SNOOZED:
            letter = _scaled(_letter_z(), QRectF(34, 4, 28, 28))
            _knock_out(painter, letter, 4)
            if dark_panel is None:
                painter.strokePath(letter, QPen(INK_DARK, 4))
            painter.fillPath(letter, _ink(dark_panel))
        case _:
            pass


def status_body(status: Status) -> QPainterPath:
    """The outline of a status' shape, without its sign."""
    return _body_and_cut(status)[0]


def _scaled(path: QPainterPath, box: QRectF) -> QPainterPath:
    return QTransform().translate(box.x(), box.y()).scale(box.width(), box.height()).map(path)


def _badge(
    painter: QPainter, body: QPainterPath, box: QRectF, colour: QColor, dark_panel: bool | None
) -> None:
    path = _scaled(body, box.adjusted(1, 1, -1, -1))
    _knock_out(painter, path, 4)
    if dark_panel is None:
        pen = QPen(INK_DARK, 5)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.strokePath(path, pen)
    painter.fillPath(path, colour)


def _sign(painter: QPainter, sign: QPainterPath, box: QRectF, theme: Theme) -> None:
    painter.fillPath(_scaled(sign, box), QColor(theme.on_shape))


def _digits(painter: QPainter, text: str, box: QRectF, theme: Theme, narrow: bool) -> None:
    font = QFont()
    font.setPixelSize(100)
    font.setBold(True)
    path = QPainterPath()
    path.addText(0, 0, font, text)
    bounds = path.boundingRect()
    if bounds.isEmpty():
        return
    height, width = (17.0, 18.0) if narrow else (23.0, 27.0)
    scale = min(height / bounds.height(), width / bounds.width())
    move = QTransform().translate(box.center().x(), box.center().y()).scale(scale, scale)
    painter.fillPath(move.map(path.translated(-bounds.center())), QColor(theme.on_shape))


def _letter_d() -> QPainterPath:
    outer = QPainterPath(QPointF(0.24, 0.17))
    outer.lineTo(0.47, 0.17)
    outer.arcTo(QRectF(0.14, 0.17, 0.66, 0.66), 90, -180)
    outer.lineTo(0.24, 0.83)
    outer.closeSubpath()
    inner = QPainterPath(QPointF(0.39, 0.31))
    inner.lineTo(0.46, 0.31)
    inner.arcTo(QRectF(0.27, 0.31, 0.38, 0.38), 90, -180)
    inner.lineTo(0.39, 0.69)
    inner.closeSubpath()
    return outer.subtracted(inner)


def _letter_z() -> QPainterPath:
    return (
        _bar(0.2, 0.15, 0.8, 0.15, 0.18)
        .united(_bar(0.8, 0.15, 0.2, 0.85, 0.18))
        .united(_bar(0.2, 0.85, 0.8, 0.85, 0.18))
    )


@functools.cache
def app_icon() -> QIcon:
    """The application's icon: the glyph on a dark tile, as resources/icons/cc-desktop.svg."""
    icon = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
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
        painter.fillPath(_glyph(TrayState.IDLE), INK_LIGHT)
        painter.fillPath(_dot(32, 32, 7.5), QColor(DARK.accent))
        painter.end()
        icon.addPixmap(pixmap)
    return icon
