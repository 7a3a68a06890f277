"""The buttons at the top of the window: the bell with its count, and the gear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from cc_desktop.desktop.icons.glyphs import Glyph, draw_glyph
from cc_desktop.notifications.kinds import RULES
from cc_desktop.notifications.policy import OFF
from cc_desktop.text import notifications

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QPaintEvent
    from PySide6.QtWidgets import QWidget

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.notifications.center import NotificationCenter

MOST = 99  # counts beyond are "99+"


class GlyphButton(QAbstractButton):
    """A flat button with a line drawing."""

    def __init__(
        self, look: ThemeManager, glyph: Glyph, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self.glyph = glyph
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Big enough to be hit."""
        px = self._look.metrics.px
        return QSize(px(34), px(34))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the button."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint(painter)
        painter.end()

    def paint(self, painter: QPainter) -> None:
        """Draw the parts of the button."""
        theme, px = self._look.theme, self._look.metrics.px
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        strong = self.underMouse() or self.isDown()
        if strong:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.raised if theme.dark else theme.bg))
            painter.drawRoundedRect(box, px(6), px(6))
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, px(6), px(6))
        colour = QColor(theme.text if strong else theme.muted)
        draw_glyph(painter, self.glyph_place(), self.glyph, colour)

    def glyph_place(self) -> QRectF:
        """Where the drawing stands."""
        side = self._look.metrics.px(20)
        place = QRectF(0, 0, side, side)
        place.moveCenter(QRectF(self.rect()).center())
        return place


class Bell(GlyphButton):
    """Counts the unread notices, and shows when it is quiet."""

    def __init__(
        self,
        look: ThemeManager,
        center: NotificationCenter,
        clock: Callable[[], int],
        parent: QWidget | None = None,
    ) -> None:
        """`clock` gives local ms."""
        super().__init__(look, Glyph.BELL, "Notices", parent)
        self._center = center
        self._clock = clock
        self._font = look.metrics.font(10, bold=True)
        self.count = ""
        self.urgent = False

    def refresh(self) -> None:
        """Show what is known now."""
        center = self._center
        quiet, unread = center.quiet, center.unread
        count = f"{MOST}+" if unread > MOST else str(unread) if unread > 0 else ""
        urgent = unread > 0 and any(
            not notice.read and not notice.over and RULES[notice.kind].urgent
            for notice in center.notices
        )
        glyph = Glyph.BELL
        if quiet is not None:
            glyph = Glyph.BELL_STRUCK if quiet.reason == OFF else Glyph.BELL_MOON
        name = f"Notices: {unread} unread" if unread > 0 else "Notices: nothing new"
        if quiet is not None:
            name += f". {notifications.quiet_words(quiet, self._clock())}"
            waiting = notifications.waiting_words(center.waiting)
            name += f", {waiting}" if waiting else ""
        if name != self.accessibleName():
            self.setAccessibleName(name)
            self.setToolTip(name)
        if (count, urgent, glyph) != (self.count, self.urgent, self.glyph):
            self.count, self.urgent, self.glyph = count, urgent, glyph
            self.update()

    def sizeHint(self) -> QSize:
        """With room for the count."""
        return super().sizeHint() + QSize(self._look.metrics.px(14), 0)

    def glyph_place(self) -> QRectF:
        """At the start: the count hides no more than a corner of the bell."""
        place = super().glyph_place()
        place.moveLeft(self._look.metrics.px(7))
        return place

    def paint(self, painter: QPainter) -> None:
        """Draw the bell and the count over its corner."""
        super().paint(painter)
        if not self.count:
            return
        theme, px = self._look.theme, self._look.metrics.px
        painter.setFont(self._font)
        height = px(16)
        text = painter.fontMetrics().horizontalAdvance(self.count)
        width = max(height, text + px(8))
        badge = QRectF(px(18), px(1), width, height)
        painter.setPen(QPen(QColor(theme.surface), 2 * px(1)))
        painter.setBrush(QColor(theme.error if self.urgent else theme.accent))
        painter.drawRoundedRect(badge, height / 2, height / 2)
        painter.setPen(QColor(theme.on_shape))
        painter.drawText(badge, int(Qt.AlignmentFlag.AlignCenter), self.count)
