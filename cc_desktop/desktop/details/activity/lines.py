"""The lines of what happened: the app's own list and the gateway's ledger, in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from PySide6.QtGui import QColor

from cc_desktop.desktop.icons.status import status_pixmap
from cc_desktop.desktop.widgets.rows.record_table import ICON, Column, RecordModel
from cc_desktop.fleet.history.entries import EntryKind
from cc_desktop.fleet.history.ledger import RUN, TOOL
from cc_desktop.fleet.model import Status
from cc_desktop.text.format import clock, local
from cc_desktop.text.history.activity import (
    ENTRY_SHAPES,
    entry_words,
    record_shape,
    record_words,
)
from cc_desktop.text.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from PySide6.QtGui import QPixmap

    from cc_desktop.fleet.history.entries import Entry
    from cc_desktop.fleet.history.ledger import LedgerRecord

TIME, WHAT = 0, 1
SAME_MS = 20_000  # the ledger and the own list tell one thing so far apart (2026.5.7: 15 s)
_KINDS = {
    (RUN, "started"): (EntryKind.STARTED,),
    (RUN, "succeeded"): (EntryKind.FINISHED,),
    (RUN, "failed"): (EntryKind.FAILED,),
    (RUN, "blocked"): (EntryKind.FAILED, EntryKind.STOPPED),
    (RUN, "timed_out"): (EntryKind.TIMED_OUT, EntryKind.FAILED),
    (RUN, "cancelled"): (EntryKind.STOPPED,),
}


class ActivityRow(Struct, frozen=True):
    """One line."""

    key: tuple[Any, ...]
    order: tuple[Any, ...]
    at: int  # local ms
    status: Status
    cells: tuple[str, ...]

    @property
    def text(self) -> str:
        """The line as it is copied."""
        return "  ".join(self.cells)


class ActivityModel(RecordModel[ActivityRow]):
    """Newest first."""

    COLUMNS = (Column(mark("Time"), 74), Column(mark("What")))

    def tip(self, row: ActivityRow, column: int) -> str:
        """All of the line: it may be too long for the table."""
        return row.text

    def icon(self, row: ActivityRow, column: int) -> QPixmap | None:
        """The shape of what happened."""
        if column != WHAT:
            return None
        return status_pixmap(row.status, self._look.metrics.px(ICON), self._look.theme, 2.0)

    def colour(self, row: ActivityRow, column: int) -> QColor | None:
        """Times are quiet; what failed stands out."""
        if column == TIME:
            return QColor(self._look.theme.muted)
        return self._look.theme.status_text(row.status) if row.status.needs_you else None


def own_rows(entries: Sequence[Entry], gateway_name: str, now: int) -> Iterable[ActivityRow]:
    """The lines of the app's own list. `entries` are newest first."""
    at_once: dict[tuple[int, str], int] = {}  # how many happened in one ms to one of the two
    for entry in reversed(entries):
        place = (entry.at, entry.agent)
        number = at_once[place] = at_once.get(place, 0) + 1
        yield ActivityRow(
            key=("own", *place, number, entry.kind.value, entry.count),
            order=(-entry.at, 0, entry.agent, -number),
            at=entry.at,
            status=ENTRY_SHAPES[entry.kind],
            cells=(clock(entry.at, now), entry_words(entry, gateway_name)),
        )


def ledger_rows(
    records: Iterable[LedgerRecord],
    own: Sequence[Entry],
    title_of: Callable[[str], str],
    clock_offset_ms: int,
    now: int,
) -> Iterable[ActivityRow]:
    """The lines of a ledger, without what the app's own list tells already.

    Args:
        records: Of the ledger.
        own: The app's own list.
        title_of: The title of a session, by its key; "" where it is not known.
        clock_offset_ms: To add to the ledger's times to get local ones.
        now: Local ms.
    """
    told: dict[tuple[EntryKind, str], list[int]] = {}
    tools: dict[str, list[int]] = {}
    for entry in own:
        told.setdefault((entry.kind, entry.session_key), []).append(entry.at)
        if entry.kind is EntryKind.TOOL:
            tools.setdefault(entry.session_key, []).append(entry.at)
    for record in records:
        at = local(record.at, clock_offset_ms)
        kinds = _KINDS.get((record.kind, record.status), ())
        times = [at for kind in kinds for at in told.get((kind, record.session_key), ())]
        if record.kind == TOOL:
            times = tools.get(record.session_key, [])
        if any(abs(one - at) <= SAME_MS for one in times):
            continue
        yield ActivityRow(
            key=("ledger", record.id),
            order=(-at, 1, record.id),
            at=at,
            status=record_shape(record),
            cells=(clock(at, now), record_words(record, title_of(record.session_key))),
        )
