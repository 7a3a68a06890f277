"""The bell at the top of the window, with its count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from cc_desktop.desktop.icons.glyphs import Glyph
from cc_desktop.desktop.widgets.icon_button import IconButton
from cc_desktop.notifications.kinds import RULES
from cc_desktop.notifications.policy import OFF
from cc_desktop.text import notifications
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.notifications.center import NotificationCenter

MOST = 99  # counts beyond are "99+"


class Bell(IconButton):
    """Counts the unread notifications, and shows when it is quiet."""

    def __init__(
        self,
        look: ThemeManager,
        center: NotificationCenter,
        clock: Callable[[], int],
        parent: QWidget | None = None,
    ) -> None:
        """`clock` gives local ms."""
        super().__init__(look, Glyph.BELL, tr("Notifications"), parent)
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
            glyph = Glyph.BELL_STRUCK if quiet.reason is OFF else Glyph.BELL_MOON
        name = (
            tr("Notifications: {count} unread", count=unread)
            if unread > 0
            else tr("Notifications: nothing new")
        )
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
