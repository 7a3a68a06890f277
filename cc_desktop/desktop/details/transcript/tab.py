"""The tab Transcript: what was said in a session, what its tools did, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from cc_desktop.desktop.details.tab import DetailsTab
from cc_desktop.desktop.details.transcript.find_bar import FindBar, is_folded_away
from cc_desktop.desktop.details.transcript.link_bar import LinkBar
from cc_desktop.desktop.details.transcript.model import TranscriptModel
from cc_desktop.desktop.details.transcript.session_picker import SessionPicker
from cc_desktop.desktop.details.transcript.view import TranscriptView
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.labels import wrapping_label
from cc_desktop.fleet.transcript.ports import ViewState
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr
from cc_desktop.text.transcript import state_line

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent

    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.fleet.model import Agent, Gateway
    from cc_desktop.fleet.transcript.ports import SessionHandle

LEAST_HEIGHT = 160  # design px of the conversation


class TranscriptTab(DetailsTab):
    """Reads while it is in sight, and lets go when it is not."""

    def __init__(self, context: ViewContext) -> None:
        super().__init__()
        self._context = context
        look, px = context.look, context.look.metrics.px
        self._agent: tuple[str, str] | None = None
        self._key = ""  # of the session
        self._chosen = ""  # by the operator
        self._handle: SessionHandle | None = None
        self._newest = ""  # the key of the last row, as the operator saw it
        self.model = TranscriptModel(context.clock, self)
        self.view = TranscriptView(look, self.model)
        self.view.setMinimumHeight(px(LEAST_HEIGHT))
        self.finder = FindBar(look)
        self.picker = SessionPicker(look)
        self.state = wrapping_label(look.metrics.font(12), muted=True)
        self.again = button(tr("Try again"), self._retry)
        self.links = LinkBar(look)
        self.jump = button("", self.view.go_to_end, "primary")
        self.jump.setParent(self.view)
        self.jump.hide()
        top = QHBoxLayout()
        top.setSpacing(px(8))
        top.addWidget(self.finder, 1)
        top.addWidget(self.picker)
        below = QHBoxLayout()
        below.addWidget(self.state, 1)
        below.addWidget(self.again)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(8))
        column.addLayout(top)
        column.addLayout(below)
        column.addWidget(self.view, 1)
        column.addWidget(self.links)
        self.setTabOrder(self.finder.field, self.picker.button)
        self.setTabOrder(self.picker.button, self.view)
        self._connect()
        self._show_state()

    def _connect(self) -> None:
        self.picker.chosen.connect(self.show_session)
        self.finder.changed.connect(self._on_needle)
        self.finder.shown.connect(self._on_found)
        self.finder.left.connect(self.view.setFocus)
        self.view.find_wanted.connect(self.focus_find)
        self.view.top_near.connect(self._on_top)
        self.view.end_left.connect(lambda _left: self._show_jump())
        self.view.link_clicked.connect(self.links.ask)
        self.links.closed.connect(self.view.setFocus)
        self._context.look.changed.connect(self.model.repaint)

    # The agent

    def show_agent(self, agent: Agent, gateway: Gateway, now: int) -> None:
        """Show the session that matters now, or the one that was chosen."""
        if self._agent != (agent.gateway, agent.id):
            self.clear()
            self._agent = (agent.gateway, agent.id)
        self.model.agent_name = plain(agent.shown_name, 60)
        self.model.clock_offset_ms = gateway.clock_offset_ms
        key = self._chosen if self._chosen in agent.sessions else session_of(agent, self._key)
        session = agent.sessions.get(key)
        self.model.channel = session.channel if session else ""
        runs = self._handle.run if self._handle else None
        self.model.is_running = bool(session and session.active) or bool(runs and not runs.over)
        self.picker.show_session(agent, key, now, gateway.clock_offset_ms)
        if key != self._key:
            self._close()
            self._key = key
            self.model.start_over()
            self.finder.start_over()
            self._newest = ""
        self._open()

    def show_session(self, key: str) -> None:
        """Show a session of the agent."""
        self._chosen = key
        agent = self._context.store.fleet.agent(*self._agent) if self._agent else None
        gateway = self._context.store.fleet.gateways.get(agent.gateway) if agent else None
        if agent is not None and gateway is not None:
            self.show_agent(agent, gateway, self._context.clock())

    def looked_at(self) -> str:
        """The session whose conversation is shown."""
        return self._key if self.isVisible() else ""

    def clear(self) -> None:
        """Forget the agent, and let go of what was read."""
        self._close()
        self._agent, self._key, self._chosen = None, "", ""
        self.model.start_over()
        self.finder.start_over()
        self.links.dismiss()

    def focus_first(self) -> None:
        """The conversation, at its end."""
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def focus_find(self) -> None:
        """The search."""
        self.finder.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.finder.field.selectAll()

    # In sight

    def showEvent(self, event: QShowEvent) -> None:
        """Qt override: somebody looks, so read."""
        super().showEvent(event)
        self._open()

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt override: nobody looks, so nothing is asked for."""
        super().hideEvent(event)
        self._close()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override: the button stays at the bottom."""
        super().resizeEvent(event)
        self._show_jump()

    def _open(self) -> None:
        if self._handle is None and self._agent and self._key and self.isVisible():
            views = self._context.views
            self._handle = views.transcript(self._agent[0], self._key, self._update)
            self._update()

    def _close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.close()

    def _update(self) -> None:
        handle = self._handle
        if handle is None:
            return
        rows = handle.rows
        if rows or handle.state is ViewState.READY:  # what is shown stays until there is more
            self.model.show(rows)
            self.finder.set_rows(self.model.rows)
        self._show_state()
        self._show_jump()
        if not self.view.verticalScrollBar().maximum():
            self._on_top()

    def _retry(self) -> None:
        if self._handle is not None:
            self._handle.retry()

    def _on_top(self) -> None:
        handle = self._handle
        if handle is not None and handle.has_more and not handle.loads_older:
            handle.load_older()

    def _show_state(self) -> None:
        handle = self._handle
        if handle is None:
            line, failed = "", False
        else:
            line = state_line(handle.state, handle.problem, len(self.model.rows))
            failed = handle.state in (ViewState.FAILED, ViewState.REFUSED)
            if not line and handle.is_full:
                line = tr("Older messages are too many to show here.")
            elif handle.state is ViewState.LOADING and self.model.rows:
                line = ""
        self.state.setText(line)
        self.state.setVisible(bool(line))
        self.again.setVisible(failed)

    # The end

    def _show_jump(self) -> None:
        rows = self.model.rows
        newest = rows[-1].key if rows else ""
        if self.view.at_end or not rows:
            self._newest = newest
            self.jump.hide()
            return
        new = newest != self._newest
        self.jump.setText(tr("New messages ↓") if new else tr("To the end ↓"))
        self.jump.adjustSize()
        px = self._context.look.metrics.px
        port = self.view.viewport().geometry()
        left = port.left() + (port.width() - self.jump.width()) // 2
        self.jump.move(left, port.bottom() - self.jump.height() - px(10))
        self.jump.show()
        self.jump.raise_()

    # Search

    def _on_needle(self, needle: str) -> None:
        self.view.painter.needle = needle
        self.view.viewport().update()

    def _on_found(self, place: int) -> None:
        if place < 0:
            self.view.unmark()
            return
        row = self.model.rows[place]
        if is_folded_away(row, self.view.painter.needle) and row.key not in self.model.expanded:
            self.model.toggle(place)
        self.view.show_row(place, mark=True)


def session_of(agent: Agent, shown: str) -> str:
    """The session of an agent to look at: the one that its status comes from, or that runs.

    Args:
        agent: The agent.
        shown: What is shown now; it stays as long as it has a run.
    """
    session = agent.sessions.get(shown)
    if session is not None and session.active:
        return shown
    if agent.status_session_key in agent.sessions:
        return agent.status_session_key
    if agent.heard:
        return next(reversed(agent.heard))
    if session is not None:
        return shown
    return agent.by_activity[-1][1] if agent.by_activity else ""
