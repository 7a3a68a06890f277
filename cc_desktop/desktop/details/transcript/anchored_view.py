"""Where the rows of a conversation are: any height, and only those in sight are laid out.

What stays in place is the first row in sight: rows above it may turn out higher than estimated, or
an older page may come, without anything moving. At the end, the end stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QListView

from cc_desktop.desktop.details.transcript.heights import Heights
from cc_desktop.desktop.details.transcript.painter import RowPainter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QResizeEvent, QWheelEvent

    from cc_desktop.desktop.details.transcript.model import TranscriptModel
    from cc_desktop.desktop.style.theme import ThemeManager

Index = QModelIndex | QPersistentModelIndex


class AnchoredView(QListView):
    """The geometry of the list; its heirs paint and take input.

    A QListView only in name, since that is what screen readers know: nothing of its own layout
    runs, which would ask each of 10,000 rows for its height.

    Signals:
        top_near: The start of what is loaded is nearly in sight.
        end_left: Whether the end is out of sight; it changed.
    """

    top_near = Signal()
    end_left = Signal(bool)

    def __init__(self, look: ThemeManager, model: TranscriptModel) -> None:
        super().__init__()
        self._look = look
        self._rows = model
        self.painter = RowPainter(look, model)
        self._heights = Heights()
        self._anchor = 0  # the first row in sight
        self._above = 0  # px of it that are out of sight
        self._sticks = True  # the end stays in sight
        self._syncing = False
        self._laid_out_for = 0  # width
        self._found = -1  # the row where the search is
        self.setModel(model)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QAbstractItemView.Shape.NoFrame)

    @property
    def at_end(self) -> bool:
        """Whether the end is in sight, and stays there."""
        return self._sticks

    def go_to_end(self) -> None:
        """Show the end, and stay there."""
        self._set_sticks(True)
        self._refresh()

    def start_over(self) -> None:
        """Another conversation: at its end."""
        self._found = -1
        self._set_sticks(True)

    def visible_rows(self) -> list[int]:
        """The rows in sight."""
        return [place for place, _ in self._layout()]

    # The model

    def rowsInserted(self, parent: Index, start: int, end: int) -> None:
        """Qt override: more rows, at the end or before the start."""
        width = self._width()
        new = [self.painter.estimate(row, width) for row in self._rows.rows[start : end + 1]]
        self._heights.insert(start, new)
        if start <= self._anchor and len(self._heights) > len(new) and not self._sticks:
            self._anchor += len(new)
        if self._found >= start:
            self._found += len(new)
        QAbstractItemView.rowsInserted(self, parent, start, end)
        self._refresh()

    def rowsAboutToBeRemoved(self, parent: Index, start: int, end: int) -> None:
        """Qt override: rows go."""
        QAbstractItemView.rowsAboutToBeRemoved(self, parent, start, end)
        self._heights.remove(start, end)
        if end < self._anchor:
            self._anchor -= end - start + 1
        elif start <= self._anchor:
            self._anchor, self._above = max(0, start - 1), 0
        self._found = -1
        self._refresh()

    def dataChanged(self, top_left: Index, bottom_right: Index, roles: Sequence[int] = ()) -> None:
        """Qt override: rows look different."""
        for place in range(top_left.row(), bottom_right.row() + 1):
            self._heights.forget(place)
        QAbstractItemView.dataChanged(self, top_left, bottom_right, list(roles))
        self._refresh()

    def reset(self) -> None:
        """Qt override: another conversation."""
        QAbstractItemView.reset(self)
        self._heights.start_over(
            self.painter.estimate(row, self._width()) for row in self._rows.rows
        )
        self._anchor = self._above = 0
        self.start_over()
        self._refresh()

    # Geometry

    def _width(self) -> int:
        return max(self.viewport().width(), 60)

    def _measure(self, place: int) -> int:
        if not self._heights.is_measured(place):
            self._heights.measure(
                place, self.painter.measure(self._rows.rows[place], self._width())
            )
        return self._heights.height(place)

    def _layout(self) -> list[tuple[int, int]]:
        """The rows in sight and where they begin, in px of the viewport."""
        count, height = len(self._heights), self.viewport().height()
        if not count:
            return []
        if self._sticks:
            self._settle_at_end(count, height)
        self._anchor = min(self._anchor, count - 1)
        while self._above < 0 and self._anchor > 0:
            self._anchor -= 1
            self._above += self._measure(self._anchor)
        self._above = max(0, self._above)
        while self._above >= self._measure(self._anchor) and self._anchor < count - 1:
            self._above -= self._measure(self._anchor)
            self._anchor += 1
        found, y, place = [], -self._above, self._anchor
        while y < height and place < count:
            found.append((place, y))
            y += self._measure(place)
            place += 1
        if y < height and not self._sticks and place == count and self._value() > 0:
            self._settle_at_end(count, height)  # beyond the end
            return self._layout_from_anchor(count, height)
        return found

    def _layout_from_anchor(self, count: int, height: int) -> list[tuple[int, int]]:
        found, y, place = [], -self._above, self._anchor
        while y < height and place < count:
            found.append((place, y))
            y += self._measure(place)
            place += 1
        return found

    def _settle_at_end(self, count: int, height: int) -> None:
        """Let the last row end where the viewport ends."""
        place, used = count, 0
        while place > 0 and used < height:
            place -= 1
            used += self._measure(place)
        self._anchor, self._above = place, max(0, used - height)

    def _value(self) -> int:
        """How much is above what is in sight, most of it estimated."""
        if not len(self._heights):
            return 0
        return self._heights.top(min(self._anchor, len(self._heights) - 1)) + self._above

    def _sync_bar(self) -> None:
        bar = self.verticalScrollBar()
        height = self.viewport().height()
        self._syncing = True
        bar.setPageStep(height)
        bar.setSingleStep(self._look.metrics.px(24))
        bar.setRange(0, max(0, self._heights.total - height))
        bar.setValue(bar.maximum() if self._sticks else self._value())
        self._syncing = False

    def _refresh(self) -> None:
        """Something changed: lay out what is in sight, and paint it."""
        self._layout()
        self._sync_bar()
        self.viewport().update()

    def _set_sticks(self, sticks: bool) -> None:
        if sticks != self._sticks:
            self._sticks = sticks
            self.end_left.emit(not sticks)

    def _remeasure(self) -> None:
        width = self._width()
        if width != self._laid_out_for:
            self._laid_out_for = width
            self._heights.start_over(self.painter.estimate(row, width) for row in self._rows.rows)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override: lines break elsewhere."""
        QAbstractItemView.resizeEvent(self, event)
        self._remeasure()
        self._refresh()

    def doItemsLayout(self) -> None:
        """Qt override: rows are laid out when they come into sight."""
        QAbstractItemView.doItemsLayout(self)

    def updateGeometries(self) -> None:
        """Qt override: the scroll bar shows where we are."""
        QAbstractItemView.updateGeometries(self)
        self._sync_bar()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Qt override: somebody scrolls."""
        if self._syncing:
            return
        bar = self.verticalScrollBar()
        self._set_sticks(bar.value() >= bar.maximum())
        if not self._sticks and len(self._heights):
            step = -dy
            if abs(step) <= 3 * self.viewport().height():
                self._above += step  # exact: what comes into sight is measured
            else:
                self._anchor = self._heights.row_at(bar.value())
                self._above = bar.value() - self._heights.top(self._anchor)
        self._layout()
        self._sync_bar()
        self.viewport().update()
        self._look_up()

    def _look_up(self) -> None:
        if self._value() < 2 * self.viewport().height():
            self.top_near.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Qt override: the wheel moves three lines a notch, a touchpad as it likes."""
        QAbstractItemView.wheelEvent(self, event)
        event.accept()  # at an end, the page around does not move instead

    def visualRect(self, index: Index) -> QRect:
        """Qt override: where a row is, in px of the viewport."""
        place = index.row()
        if not index.isValid() or place >= len(self._heights):
            return QRect()
        for shown, y in self._layout():
            if shown == place:
                return QRect(0, y, self.viewport().width(), self._heights.height(place))
        y = self._heights.top(place) - self._value()
        return QRect(0, y, self.viewport().width(), self._heights.height(place))

    def indexAt(self, point: QPoint) -> QModelIndex:
        """Qt override: the row under a point."""
        for place, y in self._layout():
            if y <= point.y() < y + self._heights.height(place):
                return self._rows.index(place)
        return QModelIndex()

    def scrollTo(
        self,
        index: Index,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        """Qt override: bring a row into sight, its start if it is high."""
        place = index.row()
        if not index.isValid() or place >= len(self._heights):
            return
        height, own = self.viewport().height(), self._measure(place)
        for shown, y in self._layout():
            if shown == place and (y >= 0 and y + own <= height):
                return  # all of it is in sight
            if shown == place and own > height and (y <= 0 or y + own > height):
                break
        self._set_sticks(False)
        before = self._value()
        if self._heights.top(place) < before:
            self._anchor, self._above = place, 0
        else:
            self._anchor, self._above = place, min(0, own - height)
        self._refresh()
        self._look_up()

    def horizontalOffset(self) -> int:
        """Qt override: lines break, nothing moves sideways."""
        return 0

    def verticalOffset(self) -> int:
        """Qt override: how far it is scrolled."""
        return self._value()
