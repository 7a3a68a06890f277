"""The rows of the inbox: items by severity, the oldest first, each severity under its heading."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt

from cc_desktop.desktop.widgets.rows.sorted_model import Index, SortedModel
from cc_desktop.fleet.inbox import InboxItem, Severity
from cc_desktop.fleet.inbox.open_items import open_items
from cc_desktop.text.format import tooltip
from cc_desktop.text.i18n import tr
from cc_desktop.text.inbox.lines import HEADINGS, headline, place, sentence, since, time_left

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.fleet.store import Store

ROW_ROLE = int(Qt.ItemDataRole.UserRole) + 1
_RANK = {severity: number for number, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A heading (without an item) or an item as it is drawn. Times are drawn by the clock."""

    key: str
    order: tuple[int, int, int, str]
    text: str
    place: str = ""
    item: InboxItem | None = field(default=None, repr=False)


def heading_row(severity: Severity) -> InboxRow:
    """The heading of a severity."""
    key = f"heading {severity.value}"
    return InboxRow(key, (_RANK[severity], 0, 0, ""), tr(HEADINGS[severity]))


class InboxModel(SortedModel[InboxRow]):
    """The open items that the filter lets through."""

    def __init__(
        self, store: Store, clock: Callable[[], int], parent: QObject | None = None
    ) -> None:
        """`clock` gives local ms."""
        super().__init__(parent)
        self._store = store
        self._clock = clock
        self._made: dict[str, InboxRow] = {}
        self.severity: Severity | None = None
        self.gateway = ""
        self.items: list[InboxItem] = []  # all that are open, whatever the filter
        self.counts: dict[Severity, int] = dict.fromkeys(Severity, 0)

    def refresh(self, *, places: bool = False) -> None:
        """Follow the fleet. Rows of items that did not change stay as they are.

        Args:
            places: Names of gateways or sessions may have changed as well.
        """
        fleet, now = self._store.fleet, self._clock()
        self.items = open_items(fleet)
        self.counts = dict.fromkeys(Severity, 0)
        rows: dict[str, InboxRow] = {}
        shown: list[InboxRow] = []
        for item in self.items:
            if self.gateway not in ("", item.gateway):
                continue
            self.counts[item.severity] += 1
            if self.severity not in (None, item.severity):
                continue
            row = self._made.get(item.id)
            if row is None or row.item is not item or places:
                made = self._row(item, now)
                row = made if row is None or row != made else row
            rows[item.id] = row
            shown.append(row)
        self._made = rows
        present = {row.item.severity for row in shown if row.item is not None}
        shown += [heading_row(severity) for severity in present]
        if self.rowCount():
            self.sync(shown)
        else:
            self.start_over(shown)  # nothing is selected that could be lost

    def _row(self, item: InboxItem, now: int) -> InboxRow:
        order = (_RANK[item.severity], 1, item.since, item.id)
        where = place(self._store.fleet, item)
        return InboxRow(item.id, order, headline(item, now), where, item)

    def has_countdown(self) -> bool:
        """Whether time alone changes what a row shows, by the second."""
        now = self._clock()
        return any(row.item is not None and row.item.until > now for row in self._rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Headings cannot be chosen."""
        row = self.row(index)
        if row is None or row.item is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The row itself for the delegate, words for everyone else."""
        row = self.row(index)
        if row is None:
            return None
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.text
        if row.item is None:
            return row.text if role == Qt.ItemDataRole.AccessibleTextRole else None
        now = self._clock()
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return sentence(row.item, row.place, now)
        if role == Qt.ItemDataRole.ToolTipRole:
            times = " · ".join(filter(None, (since(row.item, now), time_left(row.item.until, now))))
            return tooltip("\n".join(filter(None, (row.text, row.place, times))))
        return None
