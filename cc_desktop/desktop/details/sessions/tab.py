"""The tab Sessions: search, table, and all that is known of the row that is chosen."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout

from cc_desktop.config.control_ui import control_ui_address
from cc_desktop.desktop.details.sessions.table import SessionModel, SessionTable
from cc_desktop.desktop.details.tab import DetailsTab
from cc_desktop.desktop.widgets.asking.ask import Ask
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.card import TextCard
from cc_desktop.desktop.widgets.labels import label
from cc_desktop.desktop.widgets.rows.row_menu import add_action, make_menu, row_at
from cc_desktop.fleet.model import Status
from cc_desktop.monitor.queries import problem_of
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr
from cc_desktop.text.sessions import session_facts, shown_sessions

if TYPE_CHECKING:
    from PySide6.QtCore import QModelIndex
    from PySide6.QtGui import QContextMenuEvent, QHideEvent, QShowEvent

    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.fleet.model import Agent, Gateway, Session

log = logging.getLogger(__name__)


class SessionsTab(DetailsTab):
    """All sessions of an agent."""

    def __init__(self, context: ViewContext) -> None:
        super().__init__()
        self._context = context
        self._agent: Agent | None = None
        self._gateway: Gateway | None = None
        self._asked: tuple[str, str] | None = None  # whose archive was asked for
        self._ask = Ask[tuple["Session", ...]](self._on_archive, self._on_failure)
        look, px = context.look, context.look.metrics.px
        small = look.metrics.font(12)
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search sessions"))
        self.search.setAccessibleName(tr("Search sessions"))
        self.search.setClearButtonEnabled(True)
        self.search.setFont(small)
        self._count = label(small, muted=True)
        self.archived = button("", self._on_archived, "link")
        self.archived.setFont(small)
        self.columns = button(tr("Columns…"), self._on_columns, "link")
        self.columns.setFont(small)
        self.model = SessionModel(look, self)
        self.table = SessionTable(look, self.model, context.remembered)
        self.table.contextMenuEvent = self._on_menu  # type: ignore[method-assign]
        self._empty = label(look.metrics.font(), muted=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.facts = TextCard(look, "")
        self._control = button(tr("Open in Control UI ↗"), self._on_control_ui, "link")
        self._control.setFont(small)
        self.facts.body.addWidget(self._control, 0, Qt.AlignmentFlag.AlignLeft)
        foot = QHBoxLayout()
        foot.setSpacing(px(8))
        for part in (self._count, self.archived):
            foot.addWidget(part)
        foot.addStretch(1)
        head = QHBoxLayout()
        head.setSpacing(px(8))
        head.addWidget(self.search, 1)
        head.addWidget(self.columns)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(8))
        column.addLayout(head)
        column.addLayout(foot)
        column.addWidget(self.table, 1)
        column.addWidget(self._empty, 1)
        column.addWidget(self.facts)
        self.table.setMinimumHeight(px(120))
        self.search.textChanged.connect(self._on_search)
        self.table.fold_wanted.connect(self._on_fold)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._show_facts())
        look.changed.connect(self.model.repaint_all)

    # What is shown

    def show_agent(self, agent: Agent, gateway: Gateway, now: int) -> None:
        """Show what is known now."""
        self._agent, self._gateway = agent, gateway
        if self.isVisible():
            self._ask_once()
        self.model.show_sessions(agent, now, gateway.clock_offset_ms)
        hidden = len(self.model.archived)
        total = len(agent.sessions) + (hidden if self.model.shows_archived else 0)
        rows = self.model.rowCount()
        self._count.setVisible(bool(self.search.text()))
        self._count.setText(shown_sessions(rows, total) if self.search.text() else "")
        self.archived.setVisible(bool(hidden))
        words = tr("Hide archived") if self.model.shows_archived else tr("{n} hidden", n=hidden)
        self.archived.setText(words)
        self.archived.setAccessibleName(
            tr("Hide archived sessions")
            if self.model.shows_archived
            else tr("Show {n} archived sessions", n=hidden)
        )
        self.table.setVisible(bool(rows))
        self._empty.setVisible(not rows)
        if not rows:
            nothing = tr("No session matches.") if self.search.text() else tr("No sessions yet.")
            self._empty.setText(nothing)
        self._show_facts()

    def session(self) -> Session | None:
        """The session of the row that is chosen."""
        row = self.model.row(self.table.currentIndex())
        if row is None or self._agent is None:
            return None
        return self._agent.sessions.get(row.key) or self.model.archived.get(row.key)

    def looked_at(self) -> str:
        """The session of the row that is chosen."""
        session = self.session() if self.isVisible() else None
        return session.key if session is not None else ""

    def _show_facts(self) -> None:
        session = self.session()
        self.facts.setVisible(session is not None)
        if session is None or self._agent is None or self._gateway is None:
            return
        self.facts.set_heading(plain(session.title, 120))
        offline = self._agent.status is Status.OFFLINE
        now, offset = self._context.clock(), self._gateway.clock_offset_ms
        text = session_facts(session, now, offset, offline=offline)
        if text != self.facts.text():
            self.facts.set_text(text)
        self._control.setVisible(bool(self._address(session)))

    def _address(self, session: Session) -> str:
        if self._gateway is None:
            return ""
        version = self._gateway.connection.server_version
        return control_ui_address(self._gateway.url, version, session.key)

    def clear(self) -> None:
        """Forget the agent."""
        self._ask.stop()
        self._agent = self._gateway = self._asked = None
        self.search.clear()
        self.model.start_over([])

    def focus_first(self) -> None:
        """The table, else the search."""
        (self.table if self.table.isVisible() else self.search).setFocus(
            Qt.FocusReason.OtherFocusReason
        )

    # The archive, which only the gateway has

    def _ask_once(self) -> None:
        queries, agent = self._context.queries, self._agent
        if queries is None or agent is None or self._asked == (agent.gateway, agent.id):
            return
        self._asked = key = (agent.gateway, agent.id)
        self._ask.start(lambda: queries.archived(*key), "archived sessions")

    def _on_archive(self, sessions: tuple[Session, ...]) -> None:
        self.model.archived = {session.key: session for session in sessions}
        self._again()

    def _on_failure(self, error: Exception) -> None:
        """Without an archive the table is still right: the next look asks again."""
        log.debug("the archive is not known: %s", problem_of(error).kind)
        self._asked = None

    def showEvent(self, event: QShowEvent) -> None:
        """Qt override: somebody looks."""
        super().showEvent(event)
        self._ask_once()

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt override: nobody looks, so nothing is waited for."""
        super().hideEvent(event)
        if self._ask.running:
            self._ask.stop()
            self._asked = None

    # What the operator does

    def _again(self) -> None:
        if self._agent is not None and self._gateway is not None:
            self.show_agent(self._agent, self._gateway, self._context.clock())

    def _on_search(self, text: str) -> None:
        self.model.set_search(text)
        self._again()

    def _on_archived(self) -> None:
        self.model.shows_archived = not self.model.shows_archived
        self._again()

    def _on_columns(self) -> None:
        menu = self.table.choice.menu()
        menu.popup(self.columns.mapToGlobal(self.columns.rect().bottomLeft()))

    def _on_fold(self, is_open: bool) -> None:
        row = self.model.row(self.table.currentIndex())
        if row is None:
            return
        if self.model.toggle(row, is_open=is_open):
            self._again()
        elif not is_open and row.depth:
            self.table.setCurrentIndex(self._parent_index(row.key))

    def _parent_index(self, key: str) -> QModelIndex:
        session = self._agent.sessions.get(key) if self._agent else None
        return self.model.index_of(session.parent_key if session else key)

    def _on_control_ui(self) -> None:
        session = self.session()
        if session is not None and (address := self._address(session)):
            self._context.actions.open_address(address)

    def _on_menu(self, event: QContextMenuEvent) -> None:
        index, spot = row_at(self.table, event)
        row = self.model.row(index)
        if row is None:
            return
        self.table.setCurrentIndex(index)
        menu = make_menu(self)
        session = self.session()
        if session is not None and self._address(session):
            add_action(menu, tr("Open in Control UI"), self._on_control_ui)
        add_action(menu, tr("Copy session key"), lambda: _copy(row.key))
        add_action(menu, tr("Copy all of it"), lambda: _copy(self.model.tip(row, 0)))
        menu.popup(spot)


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
