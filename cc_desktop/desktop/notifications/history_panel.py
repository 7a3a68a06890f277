"""The list of notices under the bell: what happened, when, and to whom."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QObject, QPoint, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cc_desktop.desktop.icons.glyphs import Glyph, draw_glyph
from cc_desktop.desktop.icons.status import draw_status
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.labels import label, wrapping_label
from cc_desktop.desktop.widgets.row_delegate import END, Canvas, RowDelegate
from cc_desktop.desktop.widgets.row_list import RowList
from cc_desktop.desktop.widgets.row_menu import add_action, add_mutes, make_menu
from cc_desktop.desktop.widgets.sorted_model import Index, SortedModel
from cc_desktop.desktop.widgets.status_mark import ConnectionMark, connection_pixmap
from cc_desktop.fleet.model import Status
from cc_desktop.notifications.kinds import AlertKind
from cc_desktop.notifications.policy import OFF, SNOOZED
from cc_desktop.text import format as words
from cc_desktop.text import notifications

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QHideEvent, QPaintEvent, QShowEvent

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.store import Store
    from cc_desktop.notifications.center import NotificationCenter
    from cc_desktop.notifications.message import Notice

TIMES_MS = 15_000  # how often "3 min" is said anew
ROW_HEIGHT = 54
_ROW_ROLE = int(Qt.ItemDataRole.UserRole) + 1
_OVER = "no longer"

# The mark of a kind: the shape of a status, or of a connection with the token of its colour.
_STATUSES = {
    AlertKind.FAILED: Status.ERROR,
    AlertKind.APPROVAL: Status.WAITING,
    AlertKind.ASKS: Status.WAITING,
    AlertKind.STUCK: Status.STUCK,
    AlertKind.SILENT: Status.UNKNOWN,
    AlertKind.FINISHED: Status.IDLE,
}
_DOTS = {
    AlertKind.RECOVERED: (ConnectionMark.LIVE, "live"),
    AlertKind.DEVICE_GONE: (ConnectionMark.OFF, "muted"),
    AlertKind.DEVICE_BACK: (ConnectionMark.LIVE, "live"),
    AlertKind.GATEWAY_LOST: (ConnectionMark.LOST, "error"),
    AlertKind.GATEWAY_BACK: (ConnectionMark.LIVE, "live"),
    AlertKind.PAIRING: (ConnectionMark.BLOCKED, "waiting"),
}


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One notice as it is drawn."""

    key: int
    order: tuple[int, int]
    notice: Notice = field(compare=False, repr=False)
    title: str
    body: str
    at: str
    unread: bool
    over: bool

    def tip(self, now: int) -> str:
        """What may have been cut off. `now` is local ms."""
        over = f"{_OVER} so" if self.over else ""
        parts = (self.title, self.body, words.clock(self.notice.at, now), over)
        return "\n".join(part for part in parts if part)

    def sentence(self, now: int) -> str:
        """The row for a screen reader. `now` is local ms."""
        over = f"{_OVER} so" if self.over else ""
        parts = (self.title, self.body, words.ago(self.notice.at, now), over)
        said = ", ".join(part for part in parts if part)
        return f"Unread: {said}." if self.unread else f"{said}."


def notice_row(notice: Notice, now: int) -> NoticeRow:
    """The row of a notice; the newest come first."""
    return NoticeRow(
        key=notice.id,
        order=(-notice.at, -notice.id),
        notice=notice,
        title=words.plain(notice.title, 160),
        body=words.plain(notice.body, 300),
        at=words.when(notice.at, now),
        unread=not notice.read and not notice.over,
        over=notice.over,
    )


class NoticeModel(SortedModel[NoticeRow]):
    """All notices, newest first."""

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
        """Show what is known now. Only what is new, or says another time, is made anew."""
        now = self._clock()
        old = self._made if self._made_at == now // words.MINUTE else {}
        self._made, self._made_at = {}, now // words.MINUTE
        for notice in self._center.notices:
            row = old.get(notice.id)
            counts_seconds = now - notice.at < words.MINUTE
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
            return words.tooltip(row.tip(self._clock()))
        return None


class NoticeDelegate(RowDelegate):
    """Draws a notice: its mark, what happened, when."""

    height = ROW_HEIGHT

    def paint_row(self, canvas: Canvas, index: Index) -> None:
        """Draw a notice."""
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
            self.line(canvas, (end - side, side, below, line), _OVER, self._small, muted, END)
            room -= side
        self.line(canvas, (start, room, below, line), row.body, self._small, muted)

    def _paint_mark(self, canvas: Canvas, row: NoticeRow, middle: int) -> None:
        theme, px = self._look.theme, self._look.metrics.px
        side = px(18)
        box = QRectF(canvas.place(px(32), middle - side // 2, side, side))
        painter = canvas.painter
        painter.setOpacity(0.5 if row.over else 1.0)
        kind = row.notice.kind
        if kind in _STATUSES:
            draw_status(painter, box, _STATUSES[kind], theme)
        else:
            dot, colour = _DOTS[kind]
            ratio = painter.device().devicePixelRatioF()
            pixmap = connection_pixmap(dot, getattr(theme, colour), side, ratio)
            painter.drawPixmap(box.topLeft(), pixmap)
        painter.setOpacity(1.0)


class NoticeList(RowList):
    """The rows.

    Signals:
        chosen: The index that was clicked, or on which Enter was pressed.
    """

    chosen = Signal(QModelIndex)

    def __init__(self, look: ThemeManager, model: NoticeModel) -> None:
        super().__init__(model, "Notices", look.metrics.px(ROW_HEIGHT))
        self.setItemDelegate(NoticeDelegate(look, self))
        # Not `activated`: where the desktop wants single clicks it comes together with `clicked`.
        self.clicked.connect(self.chosen)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter chooses."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.chosen.emit(self.currentIndex())
            return
        super().keyPressEvent(event)


class QuietLine(QFrame):
    """Says that it is quiet, until when and how many wait, and ends it."""

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
        self.resume = button("Resume", self._on_resume, "link")
        row.addWidget(self._text, 1)
        row.addWidget(self.resume)

    @property
    def text(self) -> str:
        """What it says, "" when it is not shown."""
        return "" if self.isHidden() else self._text.text()

    def refresh(self) -> None:
        """Show what is known now."""
        quiet = self._center.quiet
        self.setVisible(quiet is not None)
        if quiet is None:
            return
        waiting = notifications.waiting_words(self._center.waiting)
        said = notifications.quiet_words(quiet, self._clock())
        self._text.setText(f"{said} · {waiting}" if waiting else said)
        self.resume.setVisible(quiet.reason in (OFF, SNOOZED))
        self.resume.setText("Switch on" if quiet.reason == OFF else "Resume")

    def _on_resume(self) -> None:
        quiet = self._center.quiet
        if quiet is not None and quiet.reason == OFF:
            self._center.set_preferences(replace(self._center.preferences, on=True))
        else:
            self._center.resume()

    def sizeHint(self) -> QSize:
        """With room for the button, whether or not it is there."""
        hint = super().sizeHint()
        return QSize(hint.width(), max(hint.height(), self._look.metrics.px(40)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A tinted line with the bell that rests."""
        theme, px = self._look.theme, self._look.metrics.px
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.selection))
        quiet = self._center.quiet
        off = quiet is not None and quiet.reason == OFF
        side = px(18)
        left = px(14) if self.layoutDirection() == Qt.LayoutDirection.LeftToRight else 0
        left = left or self.width() - px(14) - side
        box = QRectF(left, (self.height() - side) / 2, side, side)
        draw_glyph(
            painter, box, Glyph.BELL_STRUCK if off else Glyph.BELL_MOON, QColor(theme.accent)
        )
        painter.end()


class NoticesPanel(QFrame):
    """Opens under the bell, closes at a click elsewhere. It does nothing while it is hidden."""

    def __init__(
        self,
        look: ThemeManager,
        center: NotificationCenter,
        store: Store,
        clock: Callable[[], int],
        open_settings: Callable[[], None],
        parent: QWidget,
    ) -> None:
        """`clock` gives local ms."""
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popup")
        # A click on the bell closes it, and must not open it again.
        self.setAttribute(Qt.WidgetAttribute.WA_NoMouseReplay)
        self._look = look
        self._center = center
        self._store = store
        self._clock = clock
        self._open_settings = open_settings
        self.menu: QMenu | None = None
        self.model = NoticeModel(center, clock, self)
        self._build()
        self._times = QTimer(self, interval=TIMES_MS)
        self._times.timeout.connect(self.refresh)
        self._unsubscribe: Callable[[], None] | None = None

    # Building

    def _build(self) -> None:
        px, metrics = self._look.metrics.px, self._look.metrics
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(px(16), px(12), px(10), px(8))
        head.setSpacing(px(8))
        title = label(metrics.font(14, bold=True))
        title.setText("Notices")
        self._count = label(metrics.font(12), muted=True)
        self.read_all = button("Mark all read", self._center.mark_all_read, "link")
        head.addWidget(title)
        head.addWidget(self._count)
        head.addStretch(1)
        head.addWidget(self.read_all)
        self.quiet = QuietLine(self._look, self._center, self._clock)
        self.list = NoticeList(self._look, self.model)
        self.list.chosen.connect(self._on_chosen)
        self.list.menu_wanted.connect(self._on_menu)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.list)
        self.pages.addWidget(self._build_empty())
        column.addLayout(head)
        column.addWidget(self.quiet)
        column.addWidget(self.pages, 1)
        column.addWidget(self._build_foot())
        self.resize(px(440), px(520))

    def _build_empty(self) -> QWidget:
        px, metrics = self._look.metrics.px, self._look.metrics
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(px(40), px(24), px(40), px(40))
        column.setSpacing(px(6))
        self._empty_title = wrapping_label(metrics.font(14, bold=True))
        self._empty_text = wrapping_label(metrics.font(12.5), muted=True)
        column.addStretch(1)
        for part in (self._empty_title, self._empty_text):
            part.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(part)
        column.addStretch(1)
        return page

    def _build_foot(self) -> QWidget:
        """Clear is asked twice, in the same place."""
        px = self._look.metrics.px
        foot = QFrame()
        foot.setObjectName("popup_foot")
        row = QHBoxLayout(foot)
        row.setContentsMargins(px(10), px(6), px(10), px(6))
        row.setSpacing(px(8))
        self.clear = button("Clear…", lambda: self._ask(True), "link")
        self.settings = button("Settings…", self._on_settings, "link")
        self._question = label(self._look.metrics.font())
        self.clear_now = button("Clear", self._on_clear)
        self.keep = button("Keep", lambda: self._ask(False))
        self._asked = (self._question, self.clear_now, self.keep)
        row.addWidget(self.clear)
        row.addWidget(self._question)
        row.addStretch(1)
        row.addWidget(self.clear_now)
        row.addWidget(self.keep)
        row.addWidget(self.settings)
        foot.setFixedHeight(px(46))
        return foot

    # Showing

    def open_under(self, bell: QWidget) -> None:
        """Open below a button, aligned with its end, inside its screen."""
        px = self._look.metrics.px
        screen = bell.screen().availableGeometry()
        corner = bell.mapToGlobal(QPoint(bell.width(), bell.height() + px(4)))
        room = screen.bottom() - corner.y() - px(8)
        self.resize(min(px(440), screen.width()), max(px(240), min(px(520), room)))
        left = corner.x() - self.width()
        if bell.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            left = bell.mapToGlobal(QPoint(0, 0)).x()
        left = max(screen.left(), min(left, screen.right() + 1 - self.width()))
        self.move(left, min(corner.y(), screen.bottom() + 1 - self.height()))
        self.show()
        if self.model.rowCount():
            self.list.setCurrentIndex(self.model.index(0, 0))
            self.list.scrollToTop()
            self.list.setFocus(Qt.FocusReason.PopupFocusReason)
        else:
            self.settings.setFocus(Qt.FocusReason.PopupFocusReason)

    def refresh(self) -> None:
        """Show what is known now."""
        self.model.refresh()
        self.quiet.refresh()
        unread, total = self._center.unread, self.model.rowCount()
        self._count.setText(f"{unread} unread" if unread else "")
        self.read_all.setEnabled(unread > 0)
        self.clear.setEnabled(total > 0)
        self._question.setText(
            f"Clear all {total} notices?" if total > 1 else "Clear the only notice?"
        )
        if total == 0:
            self._ask(False)
            problem = self._center.adapter.problem
            self._empty_title.setText("No notices")
            self._empty_text.setText(
                "What happens to your agents and gateways is listed here, shown or not."
                + (f"\n\n{words.plain(problem, 300)}" if problem else "")
            )
        self.pages.setCurrentIndex(0 if total else 1)

    def _ask(self, asked: bool) -> None:
        """Put the question in the place of the buttons, or take it away."""
        had_focus = any(part.hasFocus() for part in (self.clear, *self._asked))
        for part in self._asked:
            part.setVisible(asked)
        self.clear.setHidden(asked)
        self.settings.setHidden(asked)
        if had_focus:
            (self.keep if asked else self.settings).setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def asking(self) -> bool:
        """Whether it is asked to clear the list."""
        return not self._question.isHidden()

    # What the operator does

    def _on_chosen(self, index: QModelIndex) -> None:
        row = self.model.row(index)
        if row is not None:
            self.close()
            self._center.open_notice(row.key)

    def _on_menu(self, index: QModelIndex, spot: QPoint) -> None:
        row = self.model.row(index)
        if row is None:
            return
        notice = row.notice
        self.menu = make_menu(self)
        add_action(self.menu, "Open", lambda: self._on_chosen(self.model.index_of(row.key)))
        add_mutes(self.menu, self._center, self._store.fleet, notice.gateway, notice.agent)
        self.menu.popup(spot)

    def _on_clear(self) -> None:
        self._ask(False)
        self._center.clear()

    def _on_settings(self) -> None:
        self.close()
        self._open_settings()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc takes the question back, or closes."""
        if event.key() == Qt.Key.Key_Escape and self.asking:
            self._ask(False)
            return
        super().keyPressEvent(event)

    # Being seen, or not

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks."""
        self._ask(False)
        self.refresh()
        self._times.start()
        self._unsubscribe = self._unsubscribe or self._center.subscribe(self.refresh)
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._times.stop()
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
