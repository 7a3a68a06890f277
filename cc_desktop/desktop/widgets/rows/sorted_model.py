"""A sorted table that changes row by row, so that selection and scroll position stay."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class SortedRow(Protocol):
    """A row: equal rows look alike."""

    @property
    def key(self) -> Hashable:
        """Which row it is, whatever it looks like."""

    @property
    def order(self) -> tuple[Any, ...]:
        """Where it belongs. Unique to the row."""


RowT = TypeVar("RowT", bound=SortedRow)


class SortedModel(QAbstractTableModel, Generic[RowT]):
    """Rows in their order. Changes are inserts, removals, moves and `dataChanged`."""

    columns = 1

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[RowT] = []
        self._orders: list[tuple[Any, ...]] = []  # of the rows, for bisect
        self._by_key: dict[Hashable, RowT] = {}

    def rowCount(self, parent: Index = _ROOT) -> int:
        """How many rows are shown."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """How many columns each row has."""
        return 0 if parent.isValid() else self.columns

    def row(self, index: Index) -> RowT | None:
        """The row of an index."""
        return self._rows[index.row()] if 0 <= index.row() < len(self._rows) else None

    def rows(self) -> list[RowT]:
        """The rows that are shown, in their order."""
        return list(self._rows)

    def index_of(self, key: Hashable) -> QModelIndex:
        """The index of a row, invalid when it is not shown."""
        row = self._by_key.get(key)
        return self.index(self._position(row), 0) if row is not None else QModelIndex()

    def sync(self, rows: Iterable[RowT]) -> None:
        """Show exactly these rows."""
        wanted = {row.key: row for row in rows}
        gone = [key for key in self._by_key if key not in wanted]
        self.change(wanted.values(), gone)

    def change(self, rows: Iterable[RowT], gone: Iterable[Hashable]) -> None:
        """Put rows, new or changed, where they belong, and take others away."""
        self._remove([row for key in gone if (row := self._by_key.get(key)) is not None])
        new: list[RowT] = []
        changed: list[RowT] = []
        for row in rows:
            old = self._by_key.get(row.key)
            if old is None:
                new.append(row)
            elif old is row:
                continue
            elif old.order != row.order:
                self._move(old, row)
            elif old != row:
                changed.append(row)
        self._replace([(self._position(row), row) for row in changed])
        self._insert(new)

    def _position(self, row: RowT) -> int:
        return bisect_left(self._orders, row.order)

    def _remove(self, rows: list[RowT]) -> None:
        for first, last in reversed(_runs(sorted(self._position(row) for row in rows))):
            self.beginRemoveRows(QModelIndex(), first, last)
            for row in self._rows[first : last + 1]:
                del self._by_key[row.key]
            del self._rows[first : last + 1]
            del self._orders[first : last + 1]
            self.endRemoveRows()

    def _move(self, old: RowT, row: RowT) -> None:
        start = self._position(old)
        target = bisect_left(self._orders, row.order)  # counted with the row still in place
        if target in (start, start + 1):
            self._orders[start] = row.order
            self._replace([(start, row)])
            return
        self.beginMoveRows(QModelIndex(), start, start, QModelIndex(), target)
        del self._rows[start]
        del self._orders[start]
        end = target - 1 if target > start else target
        self._rows.insert(end, row)
        self._orders.insert(end, row.order)
        self._by_key[row.key] = row
        self.endMoveRows()
        self.dataChanged.emit(self.index(end, 0), self.index(end, self.columns - 1))

    def _replace(self, rows: list[tuple[int, RowT]]) -> None:
        for position, row in rows:
            self._rows[position] = row
            self._by_key[row.key] = row
        for first, last in _runs(sorted(position for position, _ in rows)):
            self.dataChanged.emit(self.index(first, 0), self.index(last, self.columns - 1))

    def _insert(self, rows: list[RowT]) -> None:
        rows.sort(key=lambda row: row.order)
        start = 0
        while start < len(rows):
            at = bisect_left(self._orders, rows[start].order)
            # All rows that belong into this gap come at once.
            limit = self._orders[at] if at < len(self._orders) else None
            end = start + 1
            while end < len(rows) and (limit is None or rows[end].order < limit):
                end += 1
            group = rows[start:end]
            self.beginInsertRows(QModelIndex(), at, at + len(group) - 1)
            self._rows[at:at] = group
            self._orders[at:at] = [row.order for row in group]
            self._by_key.update((row.key, row) for row in group)
            self.endInsertRows()
            start = end

    def start_over(self, rows: Iterable[RowT]) -> None:
        """Show rows of something else altogether: the one use of a reset."""
        self.beginResetModel()
        self._rows = sorted(rows, key=lambda row: row.order)
        self._orders = [row.order for row in self._rows]
        self._by_key = {row.key: row for row in self._rows}
        self.endResetModel()


def _runs(positions: list[int]) -> list[tuple[int, int]]:
    """First and last of every stretch without a gap."""
    runs: list[tuple[int, int]] = []
    for position in positions:
        if runs and position == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], position)
        else:
            runs.append((position, position))
    return runs
