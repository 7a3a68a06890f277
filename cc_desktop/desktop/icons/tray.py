"""The tray's icons: the state of the fleet, by shape first and by colour second.

A glyph, an eye over its horizon, shows the state of the app: connected, connecting, no connection,
demo, quiet. A badge shows what the agents do.
"""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QIcon,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QTransform,
)

from cc_desktop.desktop.icons.status import bar, dot, scaled, status_parts, stroked
from cc_desktop.desktop.icons.tray_state import TrayIconStyle, TrayState
from cc_desktop.desktop.style.palette import DARK, LIGHT
from cc_desktop.fleet.model import Status

if TYPE_CHECKING:
    from cc_desktop.desktop.style.palette import Theme

TRAY_SIZES = (16, 22, 24, 32, 48, 64, 128)  # px that panels ask for; each is drawn, not scaled
DIGITS_FROM = 22  # px: a digit cannot be read in a smaller icon
SIDE = 64.0  # of the square that all coordinates below refer to
LIGHT_INK, DARK_INK, COLOUR_INK = QColor("#f4f6f9"), QColor("#1c232d"), QColor("#5aa0f2")
LOST_INK = QColor("#ff8080")
OUTLINE = QColor("#10151c")
BADGES = {
    TrayState.WORKING: Status.ACTIVE,
    TrayState.NEEDS_YOU: Status.WAITING,
    TrayState.ERROR: Status.ERROR,
}
# A dot says that there are warnings; where somebody is needed, or nothing is known, it would only
# be one sign more.
WARNED = (TrayState.IDLE, TrayState.WORKING)
# The sides of the badges: with a sign, with digits, with digits in an icon of less than 32 px.
SIDES = {
    Status.ACTIVE: (36.0, 36.0, 36.0),
    Status.WAITING: (42.0, 44.0, 46.0),
    Status.ERROR: (36.0, 40.0, 44.0),
}


class TrayKey(Struct, frozen=True):
    """What an icon shows. Icons look alike if, and only if, their keys are equal."""

    state: TrayState
    count: int = 0  # agents that need the operator; 10 means more than nine
    quiet: bool = False
    warned: bool = False  # something is wrong that needs nobody at once

    @classmethod
    def of(
        cls, state: TrayState, needs_you: int, quiet: bool = False, *, warned: bool = False
    ) -> TrayKey:
        """Return the key for a state and a count of what needs the operator."""
        counted = state in (TrayState.NEEDS_YOU, TrayState.ERROR)
        warned = warned and state in WARNED
        return cls(state, min(needs_you, 10) if counted else 0, quiet, warned)


def is_mask(look: TrayIconStyle) -> bool:
    """Return whether the system colours the icon, as the menu bar of macOS does."""
    return look is TrayIconStyle.AUTO and sys.platform == "darwin"


@functools.lru_cache(maxsize=128)
def tray_icon(key: TrayKey, look: TrayIconStyle = TrayIconStyle.AUTO) -> QIcon:
    """Return the icon, in every size that panels ask for."""
    mask = is_mask(look)
    icon = QIcon()
    for size in TRAY_SIZES:
        icon.addPixmap(tray_pixmap(key, size, look, mask=mask))
    icon.setIsMask(mask)
    return icon


def tray_pixmap(
    key: TrayKey, size: int, look: TrayIconStyle = TrayIconStyle.AUTO, *, mask: bool = False
) -> QPixmap:
    """Return the icon in one size. `mask`: only opacity counts, the system adds the colour."""
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(size / SIDE, size / SIDE)
    _Drawing(painter, size, look, mask).draw(key)
    painter.end()
    return pixmap


class _Drawing:
    """Draws one icon. Lengths are in units of the square; `_px` is the length of a pixel."""

    def __init__(self, painter: QPainter, size: int, look: TrayIconStyle, mask: bool) -> None:
        self._painter = painter
        self._px = SIDE / size
        self._size = size
        self._mask = mask
        # Panels do not report their colour; a coloured icon with an outline shows on any.
        self._outlined = not mask and look in (TrayIconStyle.AUTO, TrayIconStyle.COLOUR)
        self._rim = max(self._px, 2.5) if self._outlined else 0.0
        self._theme: Theme = LIGHT if look is TrayIconStyle.LIGHT_PANEL else DARK
        if mask:
            self._ink = QColor(Qt.GlobalColor.black)
        elif self._outlined:
            self._ink = COLOUR_INK
        else:
            self._ink = DARK_INK if look is TrayIconStyle.LIGHT_PANEL else LIGHT_INK

    def draw(self, key: TrayKey) -> None:
        """Draw the glyph, then what lies on it."""
        self._fill(self._fit(_glyph(key)), self._ink)
        if key.state is TrayState.OFFLINE:
            slash = self._fit(bar(8, 60, 56, 4, 10))
            self._clear_around(slash)
            self._fill(slash, LOST_INK if self._outlined else self._ink)
        elif key.state is TrayState.DEMO:
            body = QPainterPath()
            body.addRoundedRect(QRectF(0, 0, 1, 1), 0.16, 0.16)
            self._badge(body, _letter_d(), QColor(self._theme.stuck), self._box(36))
        elif key.state in BADGES:
            self._status_badge(BADGES[key.state], key.count)
        if key.warned:
            self._dot()

    def _dot(self) -> None:
        """A dot at the top right: the badge is below it."""
        side = round(22 / self._px) * self._px
        box = QRectF(SIDE - self._rim - side, self._rim, side, side)
        path = scaled(dot(0.5, 0.5, 0.5), box)
        self._clear_around(path)
        self._fill(path, self._ink if self._mask else self._theme.status(Status.WAITING))

    def _status_badge(self, status: Status, count: int) -> None:
        colour = self._theme.status(status)
        body, _ = status_parts(status)
        small = self._size < 32
        narrow = status is Status.WAITING
        bare, with_digits, with_small_digits = SIDES[status]
        side = bare
        if status is Status.ACTIVE:
            if small:  # no room for a sign in a disc
                body, sign = _play(), QPainterPath()
            else:
                sign = scaled(_play(), QRectF(0.3, 0.22, 0.56, 0.56))
        elif count and self._size >= DIGITS_FROM:
            sign = _digits("9+" if count > 9 else str(count), narrow)
            side = with_small_digits if small else with_digits
        else:
            sign = _exclamation() if narrow else _cross()
        self._badge(body, sign, colour, self._box(side))

    def _badge(self, body: QPainterPath, sign: QPainterPath, colour: QColor, box: QRectF) -> None:
        path = scaled(body, box)
        self._clear_around(path)
        self._fill(path, self._ink if self._mask else colour)
        if self._mask:
            self._clear(scaled(sign, box))
        else:
            self._painter.fillPath(scaled(sign, box), QColor(self._theme.on_shape))

    def _box(self, side: float) -> QRectF:
        """A square at the bottom right, of whole pixels."""
        side = round(side / self._px) * self._px
        start = SIDE - self._rim - side
        return QRectF(start, start, side, side)

    def _fit(self, path: QPainterPath) -> QPainterPath:
        """Leave room for the outline, and no more."""
        scale = (SIDE - 2 * self._rim) / SIDE
        return QTransform().translate(self._rim, self._rim).scale(scale, scale).map(path)

    def _fill(self, path: QPainterPath, colour: QColor) -> None:
        if self._outlined:
            self._painter.strokePath(path, _pen(2 * self._rim, OUTLINE))
        self._painter.fillPath(path, colour)

    def _clear_around(self, path: QPainterPath) -> None:
        """A gap, so that it stands off from what is below."""
        gap = 1.0 if self._outlined else 1.5
        self._clear(path, 2 * (self._rim + gap * max(self._px, 4)))

    def _clear(self, path: QPainterPath, around: float = 0.0) -> None:
        self._painter.save()
        self._painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Clear)
        if around:
            self._painter.strokePath(path, _pen(around, QColor(Qt.GlobalColor.black)))
        self._painter.fillPath(path, Qt.GlobalColor.black)
        self._painter.restore()


def _pen(width: float, colour: QColor) -> QPen:
    pen = QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen


def _glyph(key: TrayKey) -> QPainterPath:
    """The eye over its horizon; when it is quiet, the moon. It fills the square."""
    badge = key.state in BADGES or key.state is TrayState.DEMO
    if key.quiet:
        above = dot(27, 24, 23).subtracted(dot(41, 14, 21))
    elif key.state is TrayState.DEMO:
        above = _arc(0, 28).united(_arc(50, 28)).united(_arc(100, 28)).united(_arc(150, 28))
    else:
        above = _arc(-6, 192)
        if key.state is TrayState.IDLE:
            above = above.united(dot(32, 34, 8.5))
    if key.state is TrayState.OFFLINE:
        above = above.subtracted(_below_the_slash())
    if key.state is TrayState.CONNECTING:
        return above.united(dot(6, 55, 6)).united(dot(32, 55, 6)).united(dot(58, 55, 6))
    # Nothing is drawn where only crumbs of it would show beside the badge.
    return above.united(bar(4.6, 55, 28 if badge else 59.4, 55, 9.14))


def _below_the_slash() -> QPainterPath:
    path = QPainterPath(QPointF(8, 60))
    path.lineTo(56, 4)
    path.lineTo(SIDE, SIDE)
    path.closeSubpath()
    return path


def _arc(start: float, span: float) -> QPainterPath:
    """A piece of the upper lid; in degrees, from the right to the left."""
    width = 9.0
    box = QRectF(width / 2, 2 + width / 2, SIDE - width, SIDE - width)
    line = QPainterPath()
    line.arcMoveTo(box, start)
    line.arcTo(box, start, span)
    return stroked(line, width, Qt.PenCapStyle.FlatCap)


# Signs, all in a square of side 1. Those of the rows are too thin for a badge.


def _play() -> QPainterPath:
    path = QPainterPath(QPointF(0.08, 0.0))
    path.lineTo(1.0, 0.5)
    path.lineTo(0.08, 1.0)
    path.closeSubpath()
    return path


def _exclamation() -> QPainterPath:
    path = QPainterPath()
    path.addRect(QRectF(0.4, 0.3, 0.2, 0.3))
    path.addRect(QRectF(0.4, 0.7, 0.2, 0.1))
    return path


def _cross() -> QPainterPath:
    return bar(0.32, 0.32, 0.68, 0.68, 0.16).united(bar(0.68, 0.32, 0.32, 0.68, 0.16))


def _digits(text: str, narrow: bool) -> QPainterPath:
    """A number in the middle of a badge, in a square of side 1."""
    font = QFont()
    font.setPixelSize(100)
    font.setBold(True)
    path = QPainterPath()
    path.addText(0, 0, font, text)
    bounds = path.boundingRect()
    if bounds.isEmpty():
        return path
    height, width, middle = (0.5, 0.58, 0.64) if narrow else (0.66, 0.76, 0.5)
    scale = min(height / bounds.height(), width / bounds.width())
    move = QTransform().translate(0.5, middle).scale(scale, scale)
    return move.map(path.translated(-bounds.center()))


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
