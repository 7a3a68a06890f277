"""Tables of records: their columns, and what all of them have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from msgspec import Struct
from PySide6.QtCore import QModelIndex, QSize, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from cc_desktop.desktop.widgets.rows.sorted_model import Index, SortedModel, SortedRow
from cc_desktop.text.format import tooltip
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from PySide6.QtCore import QObject
    from PySide6.QtGui import QColor, QFontMetrics, QPixmap, QResizeEvent

    from cc_desktop.desktop.style.theme import ThemeManager

ICON = 14  # design px


class Column(Struct, frozen=True):
    """A column of a table."""

    title: str  # marked for translation
    width: int = 0  # design px; 0 takes what is left
    number: bool = False  # stands at the end of its column
    needs: int = 0  # design px of the table below which the column is hidden
    words: tuple[str, ...] = ()  # marked; what it says beside an icon, and must not be cut


class Record(SortedRow, Protocol):
    """A row of a table."""

    @property
    def cells(self) -> tuple[str, ...]:
        """What stands in its columns."""


RecordT = TypeVar("RecordT", bound=Record)


class RecordModel(SortedModel[RecordT]):
    """Shows the cells of records; heirs say how they look."""

    COLUMNS: tuple[Column, ...] = ()

    def __init__(self, look: ThemeManager, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.columns = len(self.COLUMNS)

    def tip(self, row: RecordT, column: int) -> str:
        """The tooltip of a cell."""
        return row.cells[column]

    def spoken(self, row: RecordT, column: int) -> str:
        """A cell for a screen reader."""
        title = tr(self.COLUMNS[column].title)
        return tr("{column}: {value}", column=title, value=row.cells[column] or tr("none"))

    def icon(self, row: RecordT, column: int) -> QPixmap | None:
        """The picture before the words."""
        return None

    def colour(self, row: RecordT, column: int) -> QColor | None:
        """The colour of the words; None for the usual one."""
        return None

    def repaint_all(self) -> None:
        """The theme has changed: every cell looks different."""
        if self.rowCount():
            last = self.index(self.rowCount() - 1, self.columns - 1)
            self.dataChanged.emit(self.index(0, 0, QModelIndex()), last)

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """The title of a column."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return tr(self.COLUMNS[section].title)
        return self._alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows."""
        row, column = self.row(index), index.column()
        if row is None:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.cells[column]
            case Qt.ItemDataRole.TextAlignmentRole:
                return self._alignment(column)
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip(self.tip(row, column))
            case Qt.ItemDataRole.AccessibleTextRole:
                return self.spoken(row, column)
            case Qt.ItemDataRole.DecorationRole:
                return self.icon(row, column)
            case Qt.ItemDataRole.ForegroundRole:
                return self.colour(row, column)
        return None

    def _alignment(self, column: int) -> Qt.AlignmentFlag:
        number = self.COLUMNS[column].number
        side = Qt.AlignmentFlag.AlignRight if number else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter


class RecordTable(QTableView):
    """What matters least gives way when it gets narrow."""

    def __init__(
        self, look: ThemeManager, model: RecordModel[Any], name: str, row_height: int
    ) -> None:
        """`name` is for screen readers, `row_height` in design px."""
        super().__init__()
        self._look = look
        self._columns = model.COLUMNS
        px, font = look.metrics.px, look.metrics.font(12)
        self.setModel(model)
        self.setAccessibleName(name)
        self.setFont(font)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setIconSize(QSize(px(ICON), px(ICON)))
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(px(row_height))
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setFont(font)
        header.setMinimumSectionSize(px(36))
        # Fixed widths: ResizeToContents asks every row at every change.
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        measure = header.fontMetrics()
        for number, column in enumerate(self._columns):
            if column.width:
                self.setColumnWidth(
                    number, max(px(column.width), self._words_width(column, measure))
                )
            else:
                header.setSectionResizeMode(number, QHeaderView.ResizeMode.Stretch)

    def _words_width(self, column: Column, measure: QFontMetrics) -> int:
        """The width that the title and the words of a column need, in any language."""
        px = self._look.metrics.px
        longest = max((measure.horizontalAdvance(tr(word)) for word in column.words), default=0)
        title = measure.horizontalAdvance(tr(column.title)) + px(14)
        return max(title, longest + px(ICON) + px(18) if column.words else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide columns that would leave the widest no room."""
        room = self.viewport().width() / self._look.metrics.scale
        for number, column in enumerate(self._columns):
            if column.needs:
                self.setColumnHidden(number, room < column.needs)
        super().resizeEvent(event)
