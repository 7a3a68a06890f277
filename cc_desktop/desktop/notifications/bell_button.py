"""The bell at the top of the window, with its count."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from cc_desktop.desktop.icons.glyphs import Glyph
from cc_desktop.desktop.widgets.icon_button import IconButton
from cc_desktop.fleet.inbox import Severity
from cc_desktop.fleet.inbox.open_items import each_item
from cc_desktop.notifications.policy import OFF
from cc_desktop.text import notifications
from cc_desktop.text.i18n import tr
from cc_desktop.text.inbox.advice import counts_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PySide6.QtWidgets import QWidget

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.inbox import InboxItem
    from cc_desktop.fleet.model import Fleet
    from cc_desktop.fleet.store import Store
    from cc_desktop.notifications.center import NotificationCenter

MOST = 99  # counts beyond are "99+"


class Bell(IconButton):
    """Counts what needs the operator, else the warnings, and shows when it is quiet."""

    def __init__(
        self,
        look: ThemeManager,
        store: Store,
        center: NotificationCenter,
        clock: Callable[[], int],
        parent: QWidget | None = None,
    ) -> None:
        """`clock` gives local ms."""
        super().__init__(look, Glyph.BELL, tr("Inbox"), parent)
        self._store = store
        self._center = center
        self._clock = clock
        self._font = look.metrics.font(10, bold=True)
        self.count = ""
        self.urgent = False

    def refresh(self) -> None:
        """Show what is known now. O(items)."""
        center, quiet = self._center, self._center.quiet
        fresh = Counter(item.severity for item in _unseen(self._store.fleet))
        needs_you, warnings = fresh[Severity.NEEDS_YOU], fresh[Severity.WARNING]
        number = needs_you or warnings
        count = f"{MOST}+" if number > MOST else str(number) if number else ""
        glyph = Glyph.BELL
        if quiet is not None:
            glyph = Glyph.BELL_STRUCK if quiet.reason is OFF else Glyph.BELL_MOON
        name = tr("Inbox (Ctrl+I): {counts}", counts=counts_words(needs_you, warnings))
        if quiet is not None:
            name += f". {notifications.quiet_words(quiet, self._clock())}"
            waiting = notifications.waiting_words(center.waiting)
            name += f", {waiting}" if waiting else ""
        if name != self.accessibleName():
            self.setAccessibleName(name)
            self.setToolTip(name)
        if (count, needs_you > 0, glyph) != (self.count, self.urgent, self.glyph):
            self.count, self.urgent, self.glyph = count, needs_you > 0, glyph
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


def _unseen(fleet: Fleet) -> Iterator[InboxItem]:
    """What nobody has seen yet, without what another item tells along."""
    return (item for item in each_item(fleet) if not (item.seen or item.part_of))
