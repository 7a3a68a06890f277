"""Rounded buttons of a few pieces of text: filter chips, and gateways with their state."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QRadioButton, QSizePolicy

from cc_desktop.desktop.widgets.buttons import pressed_by_enter
from cc_desktop.desktop.widgets.status_mark import ConnectionMark, draw_connection

if TYPE_CHECKING:
    from PySide6.QtCore import QPoint
    from PySide6.QtGui import QFont, QKeyEvent

    from cc_desktop.desktop.style.theme import ThemeManager

_ARROWS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Down: 1,
}

LEAST = 150  # design px: a gateway's pill is never narrower, if it has that much to say


class PillText(Struct, frozen=True):
    """A piece of a pill's text."""

    text: str
    bold: bool = False
    muted: bool = False


class _PillFace:
    """What a pill says, how big that is and how it is drawn."""

    def __init__(self, widget: QAbstractButton, look: ThemeManager) -> None:
        self._widget = widget
        self._look = look
        self._segments: tuple[PillText, ...] = ()
        self._dot: tuple[ConnectionMark, str] | None = None
        self._text_font = look.metrics.font()
        self._bold_font = look.metrics.font(bold=True)
        self._limit = look.metrics.px(260)
        widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        widget.setCursor(Qt.CursorShape.PointingHandCursor)
        widget.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        widget.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def show(self, segments: tuple[PillText, ...], dot: ConnectionMark | None, colour: str) -> None:
        mark = (dot, colour) if dot else None
        if (segments, mark) == (self._segments, self._dot):
            return
        old = self.size()
        self._segments, self._dot = segments, mark
        self._widget.setAccessibleName(" ".join(segment.text for segment in segments))
        if self.size() != old:
            self._widget.updateGeometry()
        self._widget.update()

    def _widths(self) -> list[int]:
        return [
            min(
                self._limit,
                math.ceil(QFontMetricsF(self._font_of(part)).size(0, part.text).width()) + 1,
            )
            for part in self._segments
        ]

    def _fitting(self) -> list[int]:
        """The widths where there is less room than the words need: the last ones give way."""
        widths, missing = self._widths(), self.size().width() - self._widget.width()
        for place in reversed(range(len(widths))):
            less = max(0, min(missing, widths[place]))
            widths[place] -= less
            missing -= less
        return widths

    def _font_of(self, segment: PillText) -> QFont:
        return self._bold_font if segment.bold else self._text_font

    def size(self) -> QSize:
        """As wide as its words."""
        px = self._look.metrics.px
        gaps = max(0, len(self._segments) - 1) * px(7)
        dot = px(16) if self._dot else 0
        return QSize(sum(self._widths()) + gaps + dot + 2 * px(12) + 1, px(28))

    def least(self) -> QSize:
        """Its first words, cut where they are long; the rest is in the tooltip."""
        return self.size().boundedTo(QSize(self._look.metrics.px(LEAST), self.size().height()))

    def paint(self) -> None:
        """Draw the pill."""
        px = self._look.metrics.px
        painter = QPainter(self._widget)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(self._widget.layoutDirection())
        self._paint_back(painter)
        at = px(12)
        if self._dot:
            side = px(9)
            spot = QRect(at, (self._widget.height() - side) // 2, side, side)
            colour = QColor(getattr(self._look.theme, self._dot[1]))
            draw_connection(painter, QRectF(self._visual(spot)), self._dot[0], colour)
            at += px(16)
        for segment, width in zip(self._segments, self._fitting(), strict=True):
            self._paint_text(painter, segment, at, width)
            at += width + px(7)
        painter.end()

    def _paint_back(self, painter: QPainter) -> None:
        theme, widget = self._look.theme, self._widget
        # A gateway's pill only informs: its rim may be as quiet as a rule.
        line, back = theme.border, theme.surface
        if self._dot:
            line, back = theme.line, theme.raised
        if widget.isChecked():
            line, back = theme.accent, theme.selection
        elif widget.underMouse():
            line = theme.text
        focus = widget.hasFocus()
        painter.setPen(QPen(QColor(theme.accent if focus else line), 2 if focus else 1))
        painter.setBrush(QColor(back))
        box = QRectF(widget.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)

    def _paint_text(self, painter: QPainter, segment: PillText, at: int, width: int) -> None:
        theme, font = self._look.theme, self._font_of(segment)
        painter.setFont(font)
        quiet = segment.muted and not self._widget.isChecked()
        painter.setPen(QColor(theme.muted if quiet else theme.text))
        text = QFontMetrics(font).elidedText(segment.text, Qt.TextElideMode.ElideRight, width)
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        place = self._visual(QRect(at, 0, width + 1, self._widget.height()))
        painter.drawText(place, int(flags | Qt.TextFlag.TextSingleLine), text)

    def _visual(self, rect: QRect) -> QRect:
        widget = self._widget
        return widget.style().visualRect(widget.layoutDirection(), widget.rect(), rect)


class Pill(QAbstractButton):
    """A gateway with its state."""

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self._face = _PillFace(self, look)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_segments(
        self, segments: tuple[PillText, ...], dot: ConnectionMark | None = None, colour: str = ""
    ) -> None:
        """Show other words. `colour` names the theme's token of the dot."""
        self._face.show(segments, dot, colour)

    def sizeHint(self) -> QSize:
        """As wide as its words."""
        return self._face.size()

    def minimumSizeHint(self) -> QSize:
        """Its state gives way where the window is narrow."""
        return self._face.least()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the pill."""
        self._face.paint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses it."""
        if not pressed_by_enter(self, event):
            super().keyPressEvent(event)


class FilterPill(QRadioButton):
    """One of several choices; for screen readers a radio button.

    Signals:
        stepped: An arrow key asks for the next (1) or previous (-1) choice.
    """

    stepped = Signal(int)

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self._face = _PillFace(self, look)

    def show_segments(self, segments: tuple[PillText, ...]) -> None:
        """Show other words."""
        self._face.show(segments, None, "")

    def sizeHint(self) -> QSize:
        """As wide as its words."""
        return self._face.size()

    def minimumSizeHint(self) -> QSize:
        """As wide as its words."""
        return self._face.size()

    def hitButton(self, pos: QPoint) -> bool:
        """All of it can be clicked."""
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the pill."""
        self._face.paint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the keyboard focus and choose nothing; Enter and Space choose."""
        if event.key() in _ARROWS:
            step = _ARROWS[Qt.Key(event.key())]
            mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
            sideways = event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right)
            self.stepped.emit(-step if mirrored and sideways else step)
        elif not pressed_by_enter(self, event):
            super().keyPressEvent(event)
