"""The overview of an agent: why it needs the operator, and what it does now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cc_desktop.desktop.details.tab import DetailsTab
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.card import TextCard
from cc_desktop.fleet.model import Status
from cc_desktop.text import agents
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.fleet.model import Agent, Gateway

EDGE_ALPHA = 150  # of 255: the border of a card in the colour of a status


class OverviewTab(DetailsTab):
    """Two cards."""

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
        self._below = QWidget()  # takes the room, so that the cards keep their height
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(14))
        for part in (self.why, self.now):
            column.addWidget(part)
        column.addWidget(self._below, 1)

    def show_agent(self, agent: Agent, gateway: Gateway, now: int) -> None:
        """Show what is known now."""
        self._key = (agent.gateway, agent.id)
        text = agents.describe(agent, now, gateway.clock_offset_ms)
        self._show_why(agent, text.why)
        self.now.set_text(text.now)
        theme = self._context.look.theme
        runs = bool(agent.heard) and agent.status is not Status.OFFLINE
        self.now.set_text_colour(QColor(theme.text if runs else theme.muted))

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

    def focus_first(self) -> None:
        """The button, if there is something to do."""
        if self.seen.isVisible():
            self.seen.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_seen(self) -> None:
        if self._key is not None:
            self._context.actions.mark_seen(*self._key)
            self.handled.emit()
