"""The list of the inbox: each item with its mark, its reason, where it is and how long is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView

from cc_desktop.desktop.inbox.item_model import ROW_ROLE, InboxModel, InboxRow
from cc_desktop.desktop.widgets.rows.kind_mark import draw_kind, kind_colour
from cc_desktop.desktop.widgets.rows.row_delegate import END, Canvas, RowDelegate
from cc_desktop.desktop.widgets.rows.row_list import RowList
from cc_desktop.notifications.kinds import AlertKind
from cc_desktop.text.i18n import tr
from cc_desktop.text.inbox.lines import countdown, since

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QStyleOptionViewItem

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.widgets.rows.sorted_model import Index
    from cc_desktop.fleet.inbox import InboxItem

ROW_HEIGHT, HEADING_HEIGHT = 52, 30  # design px
_ROW_KEYS = "neuad123456789"  # left to the page: type-ahead would take them
_KEYS_OF_LISTS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


class InboxDelegate(RowDelegate):
    """Draws items and headings."""

    height = ROW_HEIGHT

    def __init__(
        self, look: ThemeManager, clock: Callable[[], int], parent: RowList | None = None
    ) -> None:
        """`clock` gives local ms: times are never kept in a row."""
        super().__init__(look, parent)
        self._clock = clock
        self._small_bold = look.metrics.font(11.5, bold=True)
        self._measures[id(self._small_bold)] = QFontMetrics(self._small_bold)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Headings are lower than items."""
        row = index.data(ROW_ROLE)
        heading = isinstance(row, InboxRow) and row.item is None
        return QSize(200, self._look.metrics.px(HEADING_HEIGHT if heading else ROW_HEIGHT))

    def paint_row(self, canvas: Canvas, index: Index) -> None:
        """Draw a row."""
        row = index.data(ROW_ROLE)
        if not isinstance(row, InboxRow):
            return
        theme, px = self._look.theme, self._look.metrics.px
        width, height = canvas.rect.width(), canvas.rect.height()
        muted = QColor(theme.muted)
        if row.item is None:
            place = (px(18), width - px(36), px(6), height - px(6))
            self.line(canvas, place, row.text.upper(), self._small_bold, muted)
            return
        item, now = row.item, self._clock()
        middle, line = height // 2, px(19)
        kind = AlertKind(item.kind.value)
        side = px(18)
        box = QRectF(canvas.place(px(18), middle - side // 2, side, side))
        canvas.painter.setOpacity(0.55 if item.seen else 1.0)
        draw_kind(canvas.painter, box, kind, theme)
        canvas.painter.setOpacity(1.0)
        left = countdown(item.until, now)
        room = px(64) if left else 0
        start, end = px(48), width - px(18) - room
        font = self._text if item.seen else self._bold
        colour = QColor(theme.muted if item.seen and not canvas.selected else theme.text)
        self.line(canvas, (start, end - start, middle - line, line), row.text, font, colour)
        below = " · ".join(
            filter(None, (row.place, since(item, now), tr("seen") if item.seen else ""))
        )
        self.line(canvas, (start, end - start, middle + px(1), line), below, self._small, muted)
        if left:
            urgent = QColor(kind_colour(kind, theme))
            self.line(canvas, (end, room, 0, height), left, self._small_bold, urgent, END)


class InboxList(RowList):
    """Several can be selected; headings cannot.

    Signals:
        current_changed: Another item is current, or none ("").
        selected_changed: Other items are selected.
        opened: The id of the item on which Enter was pressed, or that was clicked twice.
    """

    current_changed = Signal(str)
    selected_changed = Signal()
    opened = Signal(str)

    def __init__(self, look: ThemeManager, model: InboxModel, clock: Callable[[], int]) -> None:
        super().__init__(model, tr("Inbox"), look.metrics.px(ROW_HEIGHT))
        self._model = model
        self.setUniformItemSizes(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setItemDelegate(InboxDelegate(look, clock, self))
        self.doubleClicked.connect(lambda index: self._open(index))

    def currentChanged(self, current: Index, previous: Index) -> None:
        """Qt override: say which item it is."""
        super().currentChanged(current, previous)
        item = self._item(current)
        self.current_changed.emit(item.id if item else "")

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Qt override: say that it is another selection."""
        super().selectionChanged(selected, deselected)
        self.selected_changed.emit()

    def rowsAboutToBeRemoved(self, parent: Index, start: int, end: int) -> None:
        """Qt override: when the current item ends, none is current.

        Qt would choose its neighbour, and the next key would be about that.
        """
        if start <= self.currentIndex().row() <= end:
            self.selectionModel().clear()
        super().rowsAboutToBeRemoved(parent, start, end)

    def selected(self) -> list[InboxItem]:
        """The selected items, in their order."""
        indexes = sorted(self.selectionModel().selectedIndexes(), key=lambda index: index.row())
        return [item for index in indexes if (item := self._item(index)) is not None]

    def current_item(self) -> InboxItem | None:
        """The item on which the keyboard is."""
        return self._item(self.currentIndex())

    def choose(self, ident: str) -> bool:
        """Select an item alone, in sight; whether it is there."""
        index = self._model.index_of(ident)
        if not index.isValid():
            return False
        self.selectionModel().setCurrentIndex(
            index, QItemSelectionModel.SelectionFlag.ClearAndSelect
        )
        self.scrollTo(index)
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override: what is read stays in sight when a bar below takes some of the room."""
        super().resizeEvent(event)
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    def choose_none(self) -> None:
        """Select nothing."""
        self.selectionModel().clear()

    def _item(self, index: Index) -> InboxItem | None:
        row = index.data(ROW_ROLE)
        return row.item if isinstance(row, InboxRow) else None

    def _open(self, index: QModelIndex) -> None:
        item = self._item(index)
        if item is not None:
            self.opened.emit(item.id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens; the letters of the page are left to it."""
        key = event.text().lower()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(self.currentIndex())
        elif key and key in _ROW_KEYS and not event.modifiers() & _KEYS_OF_LISTS:
            event.ignore()
        else:
            super().keyPressEvent(event)
