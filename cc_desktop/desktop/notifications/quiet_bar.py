"""The bar that says why no notifications are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QFrame, QHBoxLayout

from cc_desktop.desktop.icons.glyphs import Glyph, draw_glyph
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.labels import wrapping_label
from cc_desktop.notifications.policy import OFF, SNOOZED
from cc_desktop.text import notifications
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QPaintEvent

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.notifications.center import NotificationCenter


class QuietBar(QFrame):
    """Says why nothing is shown, until when and how many wait, and ends that."""

    def __init__(
        self, look: ThemeManager, center: NotificationCenter, clock: Callable[[], int]
    ) -> None:
        super().__init__()
        self._look = look
        self._center = center
        self._clock = clock
        px = look.metrics.px
        row = QHBoxLayout(self)
        row.setContentsMargins(px(40), px(6), px(10), px(6))
        row.setSpacing(px(8))
        self._text = wrapping_label(look.metrics.font(12.5))
        self.resume = button(tr("Resume"), self._on_resume, "link")
        row.addWidget(self._text, 1)
        row.addWidget(self.resume)

    @property
    def text(self) -> str:
        """What it says; "" when it is not shown."""
        return "" if self.isHidden() else self._text.text()

    def refresh(self) -> None:
        """Show what is known now."""
        quiet = self._center.quiet
        self.setVisible(quiet is not None)
        if quiet is None:
            return
        waiting = notifications.waiting_words(self._center.waiting)
        said = notifications.quiet_words(quiet, self._clock())
        said = tr("{why} · {waiting}", why=said, waiting=waiting) if waiting else said
        self._text.setText(said)
        self.setAccessibleName(said)
        self.resume.setVisible(quiet.reason in (OFF, SNOOZED))
        self.resume.setText(tr("Switch on") if quiet.reason is OFF else tr("Resume"))

    def _on_resume(self) -> None:
        quiet = self._center.quiet
        if quiet is not None and quiet.reason is OFF:
            self._center.set_preferences(replace(self._center.preferences, on=True))
        else:
            self._center.resume()

    def sizeHint(self) -> QSize:
        """Qt override: room for the button, whether or not it is there."""
        hint = super().sizeHint()
        return QSize(hint.width(), max(hint.height(), self._look.metrics.px(40)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt override: a tinted bar with the resting bell."""
        theme, px = self._look.theme, self._look.metrics.px
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.selection))
        quiet = self._center.quiet
        off = quiet is not None and quiet.reason is OFF
        side = px(18)
        left = px(14) if self.layoutDirection() == Qt.LayoutDirection.LeftToRight else 0
        left = left or self.width() - px(14) - side
        box = QRectF(left, (self.height() - side) / 2, side, side)
        draw_glyph(
            painter, box, Glyph.BELL_STRUCK if off else Glyph.BELL_MOON, QColor(theme.accent)
        )
        painter.end()
