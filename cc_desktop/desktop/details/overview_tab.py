"""The overview of an agent: why it needs the operator, what it does now, its sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cc_desktop.desktop.details.sessions import ROW_HEIGHT, SessionModel, session_table
from cc_desktop.desktop.details.tab import DetailsTab
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.card import TextCard
from cc_desktop.desktop.widgets.labels import label
from cc_desktop.fleet.model import Status
from cc_desktop.text import agents
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.fleet.model import Agent, Gateway

MOST_ROWS = 6  # sessions that are always in sight; the table scrolls
EDGE_ALPHA = 150  # of 255: the border of a card in the colour of a status


class OverviewTab(DetailsTab):
    """Two cards and a table."""

    def __init__(self, context: ViewContext) -> None:
        super().__init__()
        self._context = context
        self._key: tuple[str, str] | None = None
        look, px = context.look, context.look.metrics.px
        self.why = TextCard(look, tr("Why"))
        self.seen = button(tr("Mark as seen"), self._on_seen, "primary")
        row = QHBoxLayout()
        row.addWidget(self.seen)
        row.addStretch()
        self.why.body.addLayout(row)
        self.now = TextCard(look, tr("Now"))
        self._title = label(look.metrics.font(bold=True))
        self.sessions = SessionModel(look, self)
        self.table = session_table(look, self.sessions)
        self._below = QWidget()  # takes the room of the table, so that the cards keep their height
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(14))
        for part in (self.why, self.now, self._title):
            column.addWidget(part)
        column.addWidget(self.table, 1)
        column.addWidget(self._below, 1)
        look.changed.connect(self.sessions.repaint_all)

    def sessions_title(self) -> str:
        """What stands above the sessions."""
        return self._title.text()

    def show_agent(self, agent: Agent, gateway: Gateway, now: int) -> None:
        """Show what is known now."""
        self._key = (agent.gateway, agent.id)
        text = agents.describe(agent, now, gateway.clock_offset_ms)
        self._show_why(agent, text.why)
        self.now.set_text(text.now)
        theme = self._context.look.theme
        runs = bool(agent.heard) and agent.status is not Status.OFFLINE
        self.now.set_text_colour(QColor(theme.text if runs else theme.muted))
        self.sessions.show_sessions(agent, now, gateway.clock_offset_ms)
        count = len(agent.sessions)
        self._title.setText(tr("Sessions  {n}", n=count) if count else tr("No sessions"))
        self.table.setVisible(bool(count))
        self._below.setVisible(not count)
        px = self._context.look.metrics.px
        self.table.setMinimumHeight(px(34) + px(ROW_HEIGHT) * min(count, MOST_ROWS))

    def _show_why(self, agent: Agent, why: str) -> None:
        self.why.setVisible(bool(why))
        if not why:
            return
        theme = self._context.look.theme
        self.why.set_text(why)
        self.seen.setVisible(agent.status is Status.ERROR)
        if agent.status.needs_you:
            edge = QColor(theme.status(agent.status))
            edge.setAlpha(EDGE_ALPHA)
            self.why.set_heading(tr("Why"))
            self.why.set_colour(theme.status_text(agent.status), edge)
        else:
            self.why.set_heading(tr("Last failure"))
            self.why.set_colour(QColor(theme.muted), QColor(theme.line))

    def clear(self) -> None:
        """Forget the agent."""
        self._key = None
        self.sessions.start_over([])

    def focus_first(self) -> None:
        """The button, else the sessions."""
        for widget in (self.seen, self.table):
            if widget.isVisible():
                widget.setFocus(Qt.FocusReason.OtherFocusReason)
                return

    def _on_seen(self) -> None:
        if self._key is not None:
            self._context.actions.mark_seen(*self._key)
            self.handled.emit()
