"""One line over the list: what is up with the gateways themselves. Not there while all is well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from cc_desktop.desktop.widgets.buttons import pressed_by_enter
from cc_desktop.fleet.inbox import Severity
from cc_desktop.text.format import tooltip, with_stop
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from PySide6.QtCore import QRect
    from PySide6.QtGui import QFont, QKeyEvent, QPaintEvent

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.text.inbox.advice import Strip

EDGE_ALPHA = 150  # of 255


class GatewayStrip(QAbstractButton):
    """All of it is one button, which leads into the inbox.

    Signals:
        chosen: The id of the gateway that it is about.
    """

    chosen = Signal(str)

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self._look = look
        self.strip: Strip | None = None
        self._text, self._bold = look.metrics.font(12.5), look.metrics.font(12.5, bold=True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._on_clicked)
        look.changed.connect(self.update)
        self.hide()

    def show_strip(self, strip: Strip | None) -> None:
        """Say something else, or hide."""
        if strip == self.strip:
            return
        self.strip = strip
        self.setVisible(strip is not None)
        if strip is not None:
            said = tr("{gateway}: {text}", gateway=strip.name, text=strip.text)
            self.setAccessibleName(tr("{first} {second}", first=with_stop(said), second=strip.more))
            self.setToolTip(tooltip(said))
            self.update()

    def _on_clicked(self) -> None:
        if self.strip is not None:
            self.chosen.emit(self.strip.gateway)

    def sizeHint(self) -> QSize:
        """Qt override: one line."""
        return QSize(self._look.metrics.px(200), self._look.metrics.px(44))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override: Enter presses it."""
        if not pressed_by_enter(self, event):
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt override: gateway, what is up, and the way into the inbox."""
        if self.strip is None:
            return
        theme, px = self._look.theme, self._look.metrics.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rtl = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        needed = self.strip.severity is Severity.NEEDS_YOU
        colour = QColor(theme.error if needed else theme.waiting_strong)
        box = QRectF(self.rect()).adjusted(px(16), px(2), -px(16), -px(8))
        edge = QColor(colour)
        edge.setAlpha(EDGE_ALPHA)
        painter.setPen(QPen(QColor(theme.accent) if self.hasFocus() else edge, 1.5))
        painter.setBrush(QColor(theme.raised))
        painter.drawRoundedRect(box, px(6), px(6))
        bar = QRectF(box.right() - px(3) if rtl else box.left(), box.top(), px(3), box.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(bar, 1, 1)
        inner = box.toRect().adjusted(px(14), 0, -px(14), 0)
        name = self._width(self.strip.name, self._bold, inner.width() // 3)
        more = self._width(self.strip.more, self._text, inner.width() // 3)
        self._line(painter, inner, (0, name), self.strip.name, self._bold, colour)
        room = inner.width() - name - more - 2 * px(12)
        text = QColor(theme.text)
        self._line(painter, inner, (name + px(12), room), self.strip.text, self._text, text)
        start = inner.width() - more
        link = QColor(theme.link)
        self._line(painter, inner, (start, more), self.strip.more, self._text, link)
        painter.end()

    def _width(self, text: str, font: QFont, most: int) -> int:
        return min(most, QFontMetrics(font).horizontalAdvance(text) + 2)

    def _line(
        self,
        painter: QPainter,
        inner: QRect,
        place: tuple[int, int],
        text: str,
        font: QFont,
        colour: QColor,
    ) -> None:
        start, width = place
        if width <= 0:
            return
        left = inner.left() + start
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            left = inner.right() - start - width
        painter.setFont(font)
        painter.setPen(colour)
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        painter.drawText(left, inner.top(), width, inner.height(), int(flags), shown)
