"""The rows of an agent's sessions, and the table that shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor

from cc_desktop.desktop.details.sessions.columns import ColumnChoice
from cc_desktop.desktop.details.sessions.tree import Placed, place
from cc_desktop.desktop.icons.status import status_pixmap
from cc_desktop.desktop.widgets.rows.record_table import ICON, Column, RecordModel, RecordTable
from cc_desktop.fleet.model import Status
from cc_desktop.text.format import MINUTE, clock, cost, local, model_name, plain, tokens, when
from cc_desktop.text.i18n import mark, tr, trn
from cc_desktop.text.sessions import SESSION_WORDS, session_state, session_times, tokens_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, MutableMapping

    from PySide6.QtCore import QObject
    from PySide6.QtGui import QKeyEvent, QPixmap, QResizeEvent

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.model import Agent, Session

ROW_HEIGHT = 28  # design px
STATUS, TITLE = 0, 1
_CHANNEL, _MODEL, _TOKENS, _COST, _STARTED, _ENDED, _WHEN, _ERROR = range(2, 10)
_QUIET = (_CHANNEL, _MODEL, _STARTED, _ENDED, _WHEN)
_INDENT = "\u2003"  # em space
_OPEN, _CLOSED = "▾ ", "▸ "


class SessionRow(Struct, frozen=True):
    """One session as it is shown."""

    key: str
    order: tuple[Any, ...]
    status: Status
    cells: tuple[str, ...]
    depth: int = 0
    children: int = 0
    is_open: bool = True


def session_row(placed: Placed, now: int, clock_offset_ms: int, *, offline: bool) -> SessionRow:
    """The row of a session."""
    session = placed.session
    word, status = session_state(session, offline)
    title = plain(session.title, 160)
    error = plain(session.error, 600)
    used = tokens_of(session)
    started = local(session.started_at, clock_offset_ms)
    ended = local(session.finished_at, clock_offset_ms)
    return SessionRow(
        key=session.key,
        order=placed.order,
        status=status,
        cells=(
            word,
            _title(placed, title),
            plain(session.channel, 40),
            model_name(session.model),
            tokens(used) if used else "",
            cost(session.cost_usd),
            clock(started, now),
            clock(ended, now),
            when(local(session.activity_at, clock_offset_ms), now),
            error,
        ),
        depth=placed.depth,
        children=placed.children,
        is_open=placed.is_open,
    )


def _is_same(old: Placed, new: Placed) -> bool:
    """Whether a row looks as it did."""
    return old is new or (
        old.session is new.session
        and (old.order, old.depth, old.children, old.is_open)
        == (new.order, new.depth, new.children, new.is_open)
    )


def _title(placed: Placed, title: str) -> str:
    fold = "" if not placed.children else _OPEN if placed.is_open else _CLOSED
    return _INDENT * placed.depth + fold + title


class SessionModel(RecordModel[SessionRow]):
    """The sessions of an agent."""

    COLUMNS = (
        Column(mark("Status"), 84, words=SESSION_WORDS),
        Column(mark("Session")),
        Column(mark("Channel"), 70, needs=480),
        Column(mark("Model"), 92, needs=600),
        Column(mark("Tokens"), 52, number=True),
        Column(mark("Cost"), 52, number=True, needs=400),
        Column(mark("Started"), 72, number=True, needs=700),
        Column(mark("Ended"), 72, number=True, needs=780),
        Column(mark("When"), 56, number=True),
        Column(mark("Error"), 220, needs=1000),
    )

    def __init__(self, look: ThemeManager, parent: QObject | None = None) -> None:
        super().__init__(look, parent)
        self._made: dict[str, tuple[Placed, SessionRow]] = {}
        self._made_at = (0, 0, False)  # minute, clock offset in ms, whether it is offline
        self._placed_of: tuple[object, ...] = ()
        self._placed: list[Placed] = []
        self._closed: frozenset[str] = frozenset()
        self._search = ""
        self.shows_archived = False
        self.archived: Mapping[str, Session] = {}  # by key; the model of the fleet has none

    def show_sessions(self, agent: Agent, now: int, clock_offset_ms: int) -> None:
        """Show what is known now.

        An agent may have hundreds: only new rows and rows whose time text changed are rebuilt.
        """
        offline = agent.status is Status.OFFLINE
        made: dict[str, tuple[Placed, SessionRow]] = {}
        made_at = (now // MINUTE, clock_offset_ms, offline)
        fresh = made_at == self._made_at
        for placed in self._places(agent.sessions):
            key = placed.session.key
            old = self._made.get(key)
            if fresh and old is not None and _is_same(old[0], placed):
                made[key] = old
            else:
                made[key] = (placed, session_row(placed, now, clock_offset_ms, offline=offline))
        self._made, self._made_at = made, made_at
        rows: Iterable[SessionRow] = (row for _, row in made.values())
        if self._search:
            rows = [row for row in rows if self._search in "\n".join((*row.cells, row.key)).lower()]
        self.sync(rows)

    def _places(self, sessions: Mapping[str, Session]) -> list[Placed]:
        """Where each session stands; nothing to work out while no session changed."""
        closed = frozenset() if self._search else self._closed
        archived = self.archived if self.shows_archived else {}
        asked = (sessions, self.archived, closed, self.shows_archived)
        old = self._placed_of
        if (
            not old
            or any(one is not two for one, two in zip(old[:2], asked[:2], strict=True))
            or (old[2:] != asked[2:])
        ):
            self._placed_of = asked
            self._placed = place({**archived, **sessions}, closed)
        return self._placed

    def set_search(self, text: str) -> None:
        """Show only rows with this text in one of their cells; see `show_sessions`."""
        self._search = plain(text).lower()

    def toggle(self, row: SessionRow, *, is_open: bool) -> bool:
        """Show or hide the subagents of a session; whether that is something else."""
        if not row.children or row.is_open is is_open:
            return False
        self._closed = self._closed - {row.key} if is_open else self._closed | {row.key}
        return True

    def start_over(self, rows: Iterable[SessionRow]) -> None:
        """Show another agent."""
        self._closed, self._made, self._placed_of, self.archived = frozenset(), {}, (), {}
        super().start_over(rows)

    def tip(self, row: SessionRow, column: int) -> str:
        """All of it, with its times and its error."""
        placed, _ = self._made[row.key]
        now, offset, _ = self._made_at
        parts = (
            plain(placed.session.title, 160),
            session_times(placed.session, now * MINUTE, offset),
            plain(placed.session.error, 600),
        )
        return "\n".join(part for part in parts if part)

    def spoken(self, row: SessionRow, column: int) -> str:
        """A cell for a screen reader; the title says where in the tree it stands."""
        if column != TITLE:
            return super().spoken(row, column)
        title = row.cells[TITLE].lstrip(_INDENT).removeprefix(_OPEN).removeprefix(_CLOSED)
        parts = [tr("{column}: {value}", column=tr(self.COLUMNS[TITLE].title), value=title)]
        if row.depth:
            parts.append(tr("subagent, level {n}", n=row.depth))
        if row.children:
            parts.append(trn("{n} subagent", "{n} subagents", row.children))
            parts.append(tr("expanded") if row.is_open else tr("collapsed"))
        return ", ".join(parts)

    def icon(self, row: SessionRow, column: int) -> QPixmap | None:
        """The shape of its status."""
        if column != STATUS:
            return None
        return status_pixmap(row.status, self._look.metrics.px(ICON), self._look.theme, 2.0)

    def colour(self, row: SessionRow, column: int) -> QColor | None:
        """The status in its colour, details quiet."""
        if column == STATUS:
            return self._look.theme.status_text(row.status)
        if column == _ERROR:
            return self._look.theme.status_text(Status.ERROR)
        return QColor(self._look.theme.muted) if column in _QUIET else None


class SessionTable(RecordTable):
    """The sessions in rows. Left and right close and open the subagents of a session.

    Signals:
        fold_wanted: A row shall be opened (True) or closed.
    """

    fold_wanted = Signal(bool)

    def __init__(
        self, look: ThemeManager, model: SessionModel, remembered: MutableMapping[str, str]
    ) -> None:
        super().__init__(look, model, tr("Sessions"), ROW_HEIGHT)
        self.choice = ColumnChoice(self, model.COLUMNS, remembered, "sessions", TITLE, self._room)

    def _room(self) -> float:
        return self.viewport().width() / self._look.metrics.scale

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override: as many columns as there is room for, unless some were chosen."""
        super().resizeEvent(event)
        self.choice.apply()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override: fold and unfold by keys, as in a tree."""
        rtl = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        close, expand = Qt.Key.Key_Left, Qt.Key.Key_Right
        if rtl:
            close, expand = expand, close
        if event.key() in (close, Qt.Key.Key_Minus):
            self.fold_wanted.emit(False)
        elif event.key() in (expand, Qt.Key.Key_Plus):
            self.fold_wanted.emit(True)
        else:
            super().keyPressEvent(event)
