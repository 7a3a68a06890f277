"""The tab Activity: the app's own list, and on demand what the gateway's ledger has of before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QLineEdit, QVBoxLayout

from cc_desktop.desktop.details.activity.lines import ActivityModel, ledger_rows, own_rows
from cc_desktop.desktop.details.tab import DetailsTab
from cc_desktop.desktop.widgets.asking.ask import Ask
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.labels import label, wrapping_label
from cc_desktop.desktop.widgets.rows.record_table import RecordTable
from cc_desktop.monitor.queries import problem_of
from cc_desktop.text.failures import describe
from cc_desktop.text.format import MINUTE, plain
from cc_desktop.text.history import activity
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent

    from cc_desktop.desktop.details.activity.lines import ActivityRow
    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.fleet.history.ledger import LedgerPage, LedgerRecord
    from cc_desktop.fleet.model import Agent, Gateway

ROW_HEIGHT = 26  # design px
MOST_RECORDS = 5_000  # of the ledger; a person who wants more looks on the gateway


class ActivityTab(DetailsTab):
    """What happened to an agent, newest first."""

    def __init__(self, context: ViewContext) -> None:
        super().__init__()
        self._context = context
        self._agent: Agent | None = None
        self._gateway: Gateway | None = None
        self._shown: object = None  # what the rows were made from
        self._rows: list[ActivityRow] = []
        self._records: tuple[LedgerRecord, ...] = ()
        self._cursor = ""
        self._is_at_end = False
        self._ask = Ask[tuple[int, "LedgerPage"]](self._on_page, self._on_failure)
        self._asked = 0  # which agent a page belongs to: an answer may come late
        look, px = context.look, context.look.metrics.px
        small = look.metrics.font(12)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(tr("Filter"))
        self.filter.setAccessibleName(tr("Filter what happened"))
        self.filter.setClearButtonEnabled(True)
        self.filter.setFont(small)
        self.copy = button(tr("Copy"), self._on_copy)
        self.copy.setFont(small)
        self.copy.setToolTip(tr("Copies the chosen lines, or all that are shown"))
        self.model = ActivityModel(look, self)
        self.table = RecordTable(look, self.model, tr("What happened"), ROW_HEIGHT)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.horizontalHeader().hide()
        self.table.setMinimumHeight(px(160))
        self._empty = wrapping_label(look.metrics.font(), muted=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._count = label(small, muted=True)
        self.note = wrapping_label(small, muted=True)
        self.older = button(tr("Older"), self._on_older)
        self.older.setFont(small)
        head, foot = QHBoxLayout(), QHBoxLayout()
        for row in (head, foot):
            row.setSpacing(px(8))
        head.addWidget(self.filter, 1)
        head.addWidget(self.copy)
        foot.addWidget(self.older)
        foot.addWidget(self.note, 1)
        foot.addWidget(self._count)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(8))
        column.addLayout(head)
        column.addWidget(self.table, 1)
        column.addWidget(self._empty, 1)
        column.addLayout(foot)
        self.filter.textChanged.connect(lambda _text: self._show_rows())
        keys = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.table)
        keys.setContext(Qt.ShortcutContext.WidgetShortcut)
        keys.activated.connect(self._on_copy)
        look.changed.connect(self.model.repaint_all)

    # What is shown

    def show_agent(self, agent: Agent, gateway: Gateway, now: int) -> None:
        """Show what is known now."""
        self._agent, self._gateway = agent, gateway
        history = self._context.history
        version = history.version(agent.gateway, agent.id) if history else None
        shown = (version, now // MINUTE // 60, gateway.name, len(self._records))
        if shown != self._shown:
            self._shown = shown
            self._make_rows(agent, gateway, now)
            self._show_rows()
        self._show_state()

    def _make_rows(self, agent: Agent, gateway: Gateway, now: int) -> None:
        history = self._context.history
        own = history.entries(agent.gateway, agent.id) if history else []
        offset = gateway.clock_offset_ms

        def title_of(key: str) -> str:
            session = agent.sessions.get(key)
            return session.title if session else ""

        self._rows = [
            *own_rows(own, gateway.name, now),
            *ledger_rows(self._records, own, title_of, offset, now),
        ]

    def _show_rows(self) -> None:
        words = plain(self.filter.text()).lower()
        rows = [row for row in self._rows if words in row.cells[-1].lower()]
        self.model.sync(rows)
        self._count.setText(activity.shown_of(len(rows), len(self._rows)))
        self.table.setVisible(bool(rows))
        self._empty.setVisible(not rows)
        self._empty.setText(
            tr("Nothing matches.")
            if self._rows
            else tr("Nothing has happened since this app started.")
        )
        self.copy.setEnabled(bool(rows))

    def _show_state(self) -> None:
        self.older.setVisible(self._context.queries is not None and not self._is_at_end)
        self.older.setEnabled(not self._ask.running)

    # Older

    def _on_older(self) -> None:
        agent, queries = self._agent, self._context.queries
        if agent is None or self._gateway is None or queries is None:
            return
        gateway, ident, cursor, number = agent.gateway, agent.id, self._cursor, self._asked

        async def question() -> tuple[int, LedgerPage]:
            return number, await queries.ledger(gateway, ident, cursor)

        name = plain(self._gateway.name, 60)
        self.note.setText(tr("Asking {gateway}…", gateway=name))
        self._ask.start(question, "ledger")
        self._show_state()

    def _on_page(self, answer: tuple[int, LedgerPage]) -> None:
        number, page = answer
        if number != self._asked or self._agent is None or self._gateway is None:
            return
        known = {record.id for record in self._records}
        new = tuple(record for record in page.records if record.id not in known)
        self._records = (*self._records, *new)[:MOST_RECORDS]
        # A gateway that gives the same page again would be asked for ever.
        self._is_at_end = not page.cursor or not new or len(self._records) >= MOST_RECORDS
        self._cursor = page.cursor
        self.note.setText("")
        if not page.kept:
            self.note.setText(activity.no_ledger(self._gateway))
        elif self._is_at_end:
            self.note.setText(activity.ledger_end(self._gateway))
        self.show_agent(self._agent, self._gateway, self._context.clock())

    def _on_failure(self, error: Exception) -> None:
        text = describe(problem_of(error))
        self.note.setText(" ".join(part for part in (text.message, text.next_step) if part))
        self.older.setText(tr("Try again"))
        self._show_state()

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt override: nobody looks, so nothing is waited for."""
        super().hideEvent(event)
        if self._ask.running:
            self._ask.stop()
            self.note.setText("")
            self._show_state()

    # Whose it is

    def clear(self) -> None:
        """Forget the agent."""
        self._ask.stop()
        self._asked += 1
        self._agent = self._gateway = self._shown = None
        self._records, self._cursor, self._is_at_end = (), "", False
        self._rows = []
        self.older.setText(tr("Older"))
        self.note.setText("")
        self.filter.clear()
        self.model.start_over([])

    def focus_first(self) -> None:
        """The lines, else the filter."""
        (self.table if self.table.isVisible() else self.filter).setFocus(
            Qt.FocusReason.OtherFocusReason
        )

    def _on_copy(self) -> None:
        chosen = {index.row() for index in self.table.selectionModel().selectedIndexes()}
        rows = self.model.rows()
        lines = [row.text for number, row in enumerate(rows) if not chosen or number in chosen]
        if lines:
            QGuiApplication.clipboard().setText("\n".join(lines))
