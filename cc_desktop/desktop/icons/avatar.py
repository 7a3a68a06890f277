"""The tile with an agent's emoji or initials."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontInfo, QPainter, QPen

if TYPE_CHECKING:
    from cc_desktop.desktop.style.palette import Theme

HUES = tuple(range(0, 360, 30))
_SMALLER = 0.84
_LONG = 3  # letters from which on the tile needs a smaller font


def tile_colour(name: str, theme: Theme) -> QColor:
    """A quiet colour that follows from the name, so that equal initials are told apart.

    It says nothing about the status: it is pale, and never stands alone.
    """
    if theme.high_contrast:
        return QColor(theme.raised)
    hue = HUES[zlib.crc32(name.encode(errors="replace")) % len(HUES)]
    return QColor.fromHsl(hue, 70, 52) if theme.dark else QColor.fromHsl(hue, 120, 228)


def is_picture(text: str) -> bool:
    """Whether it is an emoji, not initials."""
    return not text.isascii() and not text[0].isalnum()


def draw_avatar(
    painter: QPainter,
    box: QRectF,
    text: str,
    name: str,
    theme: Theme,
    fonts: tuple[QFont, QFont],
    radius: float,
) -> None:
    """Draw a tile.

    Args:
        painter: Where.
        box: Its place.
        text: An emoji, or initials.
        name: Of the agent: initials stand on a colour that follows from it.
        theme: The colours.
        fonts: For an emoji, and for initials.
        radius: Of the corners, px.
    """
    picture = is_picture(text)
    painter.setPen(QPen(QColor(theme.line), 1))
    painter.setBrush(QColor(theme.raised) if picture else tile_colour(name, theme))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
    font = fonts[0 if picture else 1]
    if not picture and len(text) >= _LONG:
        font = QFont(font)
        font.setPixelSize(round(QFontInfo(font).pixelSize() * _SMALLER))
    painter.setFont(font)
    painter.setPen(QColor(theme.muted if picture else theme.text))
    painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)
