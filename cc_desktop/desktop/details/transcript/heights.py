"""The heights of rows, most of them estimated: where a row is, and which row is somewhere.

A row is measured when it comes into sight. To lay out 10,000 messages takes a minute.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Heights:
    """Heights in px."""

    def __init__(self) -> None:
        self._heights: list[int] = []
        self._measured: list[bool] = []
        self._ends: list[int] | None = None  # where each row ends

    def __len__(self) -> int:
        return len(self._heights)

    def insert(self, at: int, estimates: Iterable[int]) -> None:
        """Rows were inserted, of about these heights."""
        new = list(estimates)
        self._heights[at:at] = new
        self._measured[at:at] = [False] * len(new)
        self._ends = None

    def remove(self, first: int, last: int) -> None:
        """Rows were removed, `last` included."""
        del self._heights[first : last + 1]
        del self._measured[first : last + 1]
        self._ends = None

    def start_over(self, estimates: Iterable[int]) -> None:
        """Nothing is measured any more: other rows, or another width."""
        self._heights = list(estimates)
        self._measured = [False] * len(self._heights)
        self._ends = None

    def is_measured(self, row: int) -> bool:
        """Whether the height of a row is more than an estimate."""
        return self._measured[row]

    def forget(self, row: int) -> None:
        """A row changed: it has to be measured again."""
        self._measured[row] = False

    def measure(self, row: int, height: int) -> bool:
        """Set the height of a row.

        Returns:
            Whether it differs from what was known.
        """
        self._measured[row] = True
        if self._heights[row] == height:
            return False
        self._heights[row] = height
        self._ends = None
        return True

    def height(self, row: int) -> int:
        """The height of a row."""
        return self._heights[row]

    def top(self, row: int) -> int:
        """Where a row begins."""
        return self._sums()[row - 1] if row else 0

    @property
    def total(self) -> int:
        """The height of all rows."""
        sums = self._sums()
        return sums[-1] if sums else 0

    def row_at(self, y: int) -> int:
        """The row at a height; the first or last one beyond the ends. -1 without rows."""
        if not self._heights:
            return -1
        return min(max(0, bisect_right(self._sums(), y)), len(self._heights) - 1)

    def _sums(self) -> list[int]:
        if self._ends is None:
            self._ends = list(accumulate(self._heights))
        return self._ends
