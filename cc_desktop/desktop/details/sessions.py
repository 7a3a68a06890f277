"""The table of an agent's sessions, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from PySide6.QtGui import QColor

from cc_desktop.desktop.icons.status import status_pixmap
from cc_desktop.desktop.widgets.rows.record_table import ICON, Column, RecordModel, RecordTable
from cc_desktop.fleet.model import Status
from cc_desktop.text.format import MINUTE, cost, local, model_name, plain, tokens, when
from cc_desktop.text.i18n import mark, tr
from cc_desktop.text.sessions import SESSION_WORDS, session_state, session_times

if TYPE_CHECKING:
    from PySide6.QtCore import QObject
    from PySide6.QtGui import QPixmap

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.model import Agent, Session

ROW_HEIGHT = 28  # design px
_STATUS, _TITLE, _CHANNEL, _MODEL, _TOKENS, _COST, _WHEN = range(7)
_QUIET = (_CHANNEL, _MODEL, _WHEN)


class SessionRow(Struct, frozen=True):
    """One session as it is shown."""

    key: str
    order: tuple[Any, ...]
    status: Status
    cells: tuple[str, ...]
    tip: str


def session_row(session: Session, now: int, clock_offset_ms: int, *, offline: bool) -> SessionRow:
    """The row of a session; the newest come first."""
    word, status = session_state(session, offline)
    title = plain(session.title, 160)
    used = session.total_tokens or session.input_tokens + session.output_tokens
    tip = [title, session_times(session, now, clock_offset_ms)]
    if session.error:
        tip.append(plain(session.error, 600))
    return SessionRow(
        key=session.key,
        order=(-session.activity_at, session.key),
        status=status,
        cells=(
            word,
            title,
            plain(session.channel, 40),
            model_name(session.model),
            tokens(used) if used else "",
            cost(session.cost_usd),
            when(local(session.activity_at, clock_offset_ms), now),
        ),
        tip="\n".join(part for part in tip if part),
    )


class SessionModel(RecordModel[SessionRow]):
    """The sessions of an agent."""

    COLUMNS = (
        Column(mark("Status"), 84, words=SESSION_WORDS),
        Column(mark("Session")),
        Column(mark("Channel"), 70, needs=420),
        Column(mark("Model"), 92, needs=580),
        Column(mark("Tokens"), 52, number=True),
        Column(mark("Cost"), 52, number=True, needs=480),
        Column(mark("When"), 56, number=True),
    )

    def __init__(self, look: ThemeManager, parent: QObject | None = None) -> None:
        super().__init__(look, parent)
        self._made: dict[str, tuple[Session, SessionRow]] = {}
        self._made_at: tuple[int, int, bool] | None = None

    def show_sessions(self, agent: Agent, now: int, clock_offset_ms: int) -> None:
        """Show what is known now.

        An agent may have thousands: only new rows and rows whose time text changed are rebuilt.
        """
        offline = agent.status is Status.OFFLINE
        made: dict[str, tuple[Session, SessionRow]] = {}
        made_at = (now // MINUTE, clock_offset_ms, offline)
        fresh = made_at == self._made_at
        for key, session in agent.sessions.items():
            old = self._made.get(key)
            if fresh and old is not None and old[0] is session:
                made[key] = old
            else:
                row = session_row(session, now, clock_offset_ms, offline=offline)
                made[key] = (session, row)
        self._made, self._made_at = made, made_at
        self.sync(row for _, row in made.values())

    def tip(self, row: SessionRow, column: int) -> str:
        """All of it, with its times and its error."""
        return row.tip

    def icon(self, row: SessionRow, column: int) -> QPixmap | None:
        """The shape of its status."""
        if column != _STATUS:
            return None
        return status_pixmap(row.status, self._look.metrics.px(ICON), self._look.theme, 2.0)

    def colour(self, row: SessionRow, column: int) -> QColor | None:
        """The status in its colour, details quiet."""
        if column == _STATUS:
            return self._look.theme.status_text(row.status)
        return QColor(self._look.theme.muted) if column in _QUIET else None


def session_table(look: ThemeManager, model: SessionModel) -> RecordTable:
    """The sessions in rows."""
    return RecordTable(look, model, tr("Sessions"), ROW_HEIGHT)
