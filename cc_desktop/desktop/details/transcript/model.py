"""The rows of a conversation as a Qt model. It changes by what is new, and never starts over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from cc_desktop.fleet.transcript.rows import Outcome, RowKind
from cc_desktop.text import transcript as words
from cc_desktop.text.format import clock, local

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtCore import QObject

    from cc_desktop.fleet.transcript.rows import Row

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole
_CHUNK = 1_024  # rows that are compared at once: most are the same objects as before


class TranscriptModel(QAbstractListModel):
    """The rows of one conversation.

    Attributes:
        expanded: Keys of tool calls that show their arguments and result.
        is_running: A call without a result may still get one.
    """

    def __init__(self, now_ms: Callable[[], int], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._now_ms = now_ms
        self._rows: list[Row] = []
        self.expanded: set[str] = set()
        self.agent_name = ""
        self.channel = ""
        self.clock_offset_ms = 0
        self.is_running = True

    @property
    def rows(self) -> Sequence[Row]:
        """What is shown, oldest first."""
        return self._rows

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - as Qt has it
        """Qt override: how many rows."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Qt override: a row; its words for the clipboard; its sentence for screen readers."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return words.copied(row, self.speaker(row), self.time(row))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            is_open = row.key in self.expanded
            return words.spoken(row, self.speaker(row), self.time(row), expanded=is_open)
        return None

    def speaker(self, row: Row) -> str:
        """Who said it."""
        return words.speaker(row, self.agent_name, self.channel)

    def time(self, row: Row) -> str:
        """When, by the local clock."""
        return clock(local(row.at, self.clock_offset_ms), self._now_ms())

    def local_at(self, row: Row) -> int:
        """When, as local ms."""
        return local(row.at, self.clock_offset_ms)

    def now_ms(self) -> int:
        """Local ms."""
        return self._now_ms()

    def outcome(self, row: Row) -> Outcome:
        """How a tool call ended. Without a run, no result comes any more."""
        if row.outcome is Outcome.RUNNING and not self.is_running:
            return Outcome.UNKNOWN
        return row.outcome

    def show(self, rows: Sequence[Row]) -> None:
        """Show these rows: insert, change and remove what differs."""
        new = list(rows)
        self._align_start(new)
        same = self._same_keys(new)
        if len(self._rows) > same:
            self.beginRemoveRows(QModelIndex(), same, len(self._rows) - 1)
            del self._rows[same:]
            self.endRemoveRows()
        if len(new) > same:
            self.beginInsertRows(QModelIndex(), same, len(new) - 1)
            self._rows.extend(new[same:])
            self.endInsertRows()

    def toggle(self, place: int) -> None:
        """Fold or unfold a tool call."""
        row = self._rows[place]
        if row.kind is RowKind.CALL:
            self.expanded ^= {row.key}
            self._tell(place, place)

    def repaint(self) -> None:
        """Everything looks different: a theme, a name, a time."""
        if self._rows:
            self._tell(0, len(self._rows) - 1)

    def start_over(self) -> None:
        """Another conversation."""
        self.beginResetModel()
        self._rows = []
        self.expanded.clear()
        self.endResetModel()

    def _align_start(self, new: list[Row]) -> None:
        """Insert an older page before the rows, or remove rows that were dropped."""
        if not self._rows or not new or self._rows[0].key == new[0].key:
            return
        first = self._rows[0].key
        added = next((n for n, row in enumerate(new) if row.key == first), None)
        if added is not None:
            self.beginInsertRows(QModelIndex(), 0, added - 1)
            self._rows[:0] = new[:added]
            self.endInsertRows()
            return
        gone = next((n for n, row in enumerate(self._rows) if row.key == new[0].key), None)
        if gone is not None:
            self.beginRemoveRows(QModelIndex(), 0, gone - 1)
            del self._rows[:gone]
            self.endRemoveRows()

    def _same_keys(self, new: list[Row]) -> int:
        """How many rows at the start stay. Those that changed are told."""
        both = min(len(self._rows), len(new))
        for start in range(0, both, _CHUNK):
            end = min(start + _CHUNK, both)
            if self._rows[start:end] == new[start:end]:
                continue
            for place in range(start, end):
                old, row = self._rows[place], new[place]
                if old.key != row.key:
                    return place
                if old != row:
                    self._rows[place] = row
                    self._tell(place, place)
        return both

    def _tell(self, first: int, last: int) -> None:
        self.dataChanged.emit(self.index(first), self.index(last))
