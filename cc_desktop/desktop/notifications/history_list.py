"""The rows of past notifications: what happened, when, and to whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent

from cc_desktop.desktop.widgets.rows.kind_mark import draw_kind
from cc_desktop.desktop.widgets.rows.row_delegate import END, Canvas, RowDelegate
from cc_desktop.desktop.widgets.rows.row_list import RowList
from cc_desktop.desktop.widgets.rows.sorted_model import Index, SortedModel
from cc_desktop.text.format import MINUTE, ago, plain, tooltip, when
from cc_desktop.text.format import clock as format_clock
from cc_desktop.text.i18n import mark as marked
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.notifications.center import NotificationCenter
    from cc_desktop.notifications.history import Notice

ROW_HEIGHT = 54  # design px
_ROW_ROLE = int(Qt.ItemDataRole.UserRole) + 1
_OVER = marked("resolved")


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One notification as it is drawn."""

    key: int
    order: tuple[int, int]
    notice: Notice = field(compare=False, repr=False)
    title: str
    body: str
    at: str
    unread: bool
    over: bool

    def tip(self, now: int) -> str:
        """Return the tooltip: what may have been cut off. `now` is local ms."""
        over = tr(_OVER) if self.over else ""
        parts = (self.title, self.body, format_clock(self.notice.at, now), over)
        return "\n".join(part for part in parts if part)

    def sentence(self, now: int) -> str:
        """Return the row for a screen reader. `now` is local ms."""
        over = tr(_OVER) if self.over else ""
        parts = (self.title, self.body, ago(self.notice.at, now), over)
        said = ", ".join(part for part in parts if part)
        return tr("Unread: {what}.", what=said) if self.unread else f"{said}."


def notice_row(notice: Notice, now: int) -> NoticeRow:
    """Return the row of a notice; the newest come first. `now` is local ms."""
    return NoticeRow(
        key=notice.id,
        order=(-notice.at, -notice.id),
        notice=notice,
        title=plain(notice.title, 160),
        body=plain(notice.body, 300),
        at=when(notice.at, now),
        unread=not notice.read and not notice.over,
        over=notice.over,
    )


class NoticeModel(SortedModel[NoticeRow]):
    """All notifications, newest first."""

    def __init__(
        self, center: NotificationCenter, clock: Callable[[], int], parent: QObject | None = None
    ) -> None:
        """`clock` gives local ms."""
        super().__init__(parent)
        self._center = center
        self._clock = clock
        self._made: dict[int, NoticeRow] = {}
        self._made_at = 0  # minutes

    def refresh(self) -> None:
        """Follow the center. Only rows that are new, or say another time, are rebuilt."""
        now = self._clock()
        old = self._made if self._made_at == now // MINUTE else {}
        self._made, self._made_at = {}, now // MINUTE
        for notice in self._center.notices:
            row = old.get(notice.id)
            counts_seconds = now - notice.at < MINUTE
            if row is None or row.notice is not notice or counts_seconds:
                row = notice_row(notice, now)
            self._made[notice.id] = row
        if self.rowCount():
            self.sync(self._made.values())
        else:
            self.start_over(self._made.values())  # nothing is selected that could be lost

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The row itself for the delegate, words for everyone else."""
        row = self.row(index)
        if row is None:
            return None
        if role == _ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.sentence(self._clock())
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(row.tip(self._clock()))
        return None


class NoticeDelegate(RowDelegate):
    """Draws a row: its mark, what happened, when."""

    height = ROW_HEIGHT

    def paint_row(self, canvas: Canvas, index: Index) -> None:
        """Draw a row."""
        row = index.data(_ROW_ROLE)
        if not isinstance(row, NoticeRow):
            return
        theme, px = self._look.theme, self._look.metrics.px
        width, height = canvas.rect.width(), canvas.rect.height()
        middle = height // 2
        line, top, below = px(18), middle - px(19), middle + px(1)
        text, muted = QColor(theme.muted if row.over else theme.text), QColor(theme.muted)
        painter = canvas.painter
        if row.unread:
            dot = QRectF(canvas.place(px(15), middle - px(4), px(8), px(8)))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.accent))
            painter.drawEllipse(dot)
        self._paint_mark(canvas, row, middle)
        start, end = px(60), width - px(18)
        side = px(64)
        font = self._bold if row.unread else self._text
        alone = not row.body
        place = (start, end - side - start, 0 if alone else top, height if alone else line)
        self.line(canvas, place, row.title, font, text)
        place = (end - side, side, *((0, height) if alone and not row.over else (top, line)))
        self.line(canvas, place, row.at, self._small, muted, END)
        room = end - start
        if row.over:
            self.line(canvas, (end - side, side, below, line), tr(_OVER), self._small, muted, END)
            room -= side
        self.line(canvas, (start, room, below, line), row.body, self._small, muted)

    def _paint_mark(self, canvas: Canvas, row: NoticeRow, middle: int) -> None:
        theme, px = self._look.theme, self._look.metrics.px
        side = px(18)
        box = QRectF(canvas.place(px(32), middle - side // 2, side, side))
        painter = canvas.painter
        painter.setOpacity(0.5 if row.over else 1.0)
        draw_kind(painter, box, row.notice.kind, theme)
        painter.setOpacity(1.0)


class NoticeList(RowList):
    """The rows.

    Signals:
        chosen: The index that was clicked, or on which Enter was pressed.
    """

    chosen = Signal(QModelIndex)

    def __init__(self, look: ThemeManager, model: NoticeModel) -> None:
        super().__init__(model, tr("Notifications"), look.metrics.px(ROW_HEIGHT))
        self.setItemDelegate(NoticeDelegate(look, self))
        # Not `activated`: where the desktop wants single clicks it comes together with `clicked`.
        self.clicked.connect(self.chosen)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter chooses."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.chosen.emit(self.currentIndex())
            return
        super().keyPressEvent(event)
