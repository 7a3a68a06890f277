"""Says something to the agent of the details, steers its run, or stops it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cc_desktop.desktop.details.compose.editor import LEAST_HEIGHT, MessageEdit
from cc_desktop.desktop.details.compose.outbox import DONE_MS, SHOWN, Outbox
from cc_desktop.desktop.widgets.accessible.announcer import Announcer
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.labels import set_colour, wrapping_label
from cc_desktop.desktop.widgets.rights.operate import (
    can_steer,
    is_connected,
    is_stopping,
    may_operate,
    running_session,
    target_session,
)
from cc_desktop.desktop.widgets.rights.right_prompt import RightPrompt, RightsPort
from cc_desktop.fleet.commands import CommandPhase, Right, SendMessage, StopRun
from cc_desktop.text.agents.messages import hint, outcome, target
from cc_desktop.text.format import plain, tooltip
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QHideEvent
    from PySide6.QtWidgets import QLabel

    from cc_desktop.desktop.widgets.agent_pane import Key
    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.fleet.commands import CommandState
    from cc_desktop.fleet.model import Agent, Gateway


class MessagePane(QWidget):
    """A box for a message, the way to stop the run, and how far both are.

    Where the right to send is missing, the question for it stands in its place. What is written
    stays with its agent while others are looked at, and comes back if it is refused.
    """

    def __init__(self, context: ViewContext, looked_at: Callable[[], str] = lambda: "") -> None:
        """`looked_at` gives the key of the session that is on the screen now, "" for none."""
        super().__init__()
        self._context = context
        self._key: Key | None = None
        self._agent: Agent | None = None
        self._gateway: Gateway | None = None
        self._looked_at = looked_at
        self.outbox = Outbox()
        self.prompt: RightPrompt | None = None
        self._prompted = ""  # the gateway that `prompt` is about
        self._said: dict[str, str] = {}  # command id → what was announced of it
        self._announcer = Announcer(self)
        self._fade = QTimer(self, interval=DONE_MS, singleShot=True)
        self._fade.timeout.connect(self._again)
        self._build()
        context.look.changed.connect(self._again)

    def _build(self) -> None:
        look, px = self._context.look, self._context.look.metrics.px
        self.lines = [wrapping_label(look.metrics.font(12)) for _ in range(SHOWN)]
        self.edit = MessageEdit(look)
        self.send = button(tr("Send"), self.submit, "primary")
        self.stop = button(tr("Stop"), self.stop_run, "danger")
        for one in (self.send, self.stop):
            one.setMinimumHeight(px(LEAST_HEIGHT))
        self._box = QWidget()
        row = QHBoxLayout(self._box)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px(8))
        row.addWidget(self.edit, 1)
        row.addWidget(self.send, 0, Qt.AlignmentFlag.AlignBottom)
        row.addWidget(self.stop, 0, Qt.AlignmentFlag.AlignBottom)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(px(16), px(10), px(16), px(12))
        self._column.setSpacing(px(6))
        for line in self.lines:
            line.hide()
            self._column.addWidget(line)
        self.watches = wrapping_label(
            look.metrics.font(12),
            tr("This app may only watch here. Messages and stopping need another right."),
            muted=True,
        )
        self.watches.hide()
        self._column.addWidget(self.watches)
        self._column.addWidget(self._box)
        self.edit.submitted.connect(self.submit)
        self.edit.textChanged.connect(self._on_text)

    # What is shown

    def show_agent(self, agent: Agent, gateway: Gateway) -> None:
        """Show what is known of an agent, the same as before or another."""
        key = (agent.gateway, agent.id)
        is_other = key != self._key
        self._key, self._agent, self._gateway = key, agent, gateway
        if key in self.outbox.take_back(gateway) or is_other:
            self._load(key)
        connected = is_connected(gateway)
        asks = connected and not may_operate(gateway)
        self._show_prompt(gateway.id if asks else "")
        self._box.setVisible(not self.prompt)
        self._show_target(agent, gateway, connected=connected)
        self._show_lines(self.outbox.lines(gateway, agent.id, self._context.clock()))

    def _load(self, key: Key) -> None:
        self.edit.blockSignals(True)
        self.edit.setPlainText(self.outbox.draft(key))
        self.edit.moveCursor(self.edit.textCursor().MoveOperation.End)
        self.edit.blockSignals(False)

    def _show_prompt(self, gateway: str) -> None:
        if gateway == self._prompted:
            return
        if self.prompt is not None:
            self._column.removeWidget(self.prompt)
            self.prompt.hide()
            self.prompt.deleteLater()
            self.prompt = None
        self._prompted = gateway
        self.watches.setVisible(bool(gateway))
        if gateway:
            self.prompt = RightPrompt(RightsPort.of(self._context), gateway, Right.OPERATE)
            self.prompt.changed.connect(self._again)
            self._column.addWidget(self.prompt)

    def _show_target(self, agent: Agent, gateway: Gateway, *, connected: bool) -> None:
        session = target_session(agent, self._looked_at())
        steers = self._steers(session)
        words = hint(agent, gateway, connected=connected, steers=steers)
        if words != self.edit.placeholderText():
            self.edit.setPlaceholderText(words)
            self.edit.setAccessibleName(words.rstrip("…"))
        known = agent.sessions.get(session)
        where = target(known.title if known else tr("Main"), steers=steers)
        self.edit.setToolTip(tooltip(where))
        self.edit.setAccessibleDescription(where)
        self.edit.setEnabled(connected)
        self.send.setText(tr("Steer") if steers else tr("Send"))
        self._show_send()
        running = running_session(agent, session)
        stopping = is_stopping(gateway, running)
        self.stop.setVisible(bool(running))
        self.stop.setEnabled(connected and not stopping)
        self.stop.setText(tr("Stopping…") if stopping else tr("Stop"))
        run = agent.sessions.get(running)
        title = plain(run.title, 80) if run else ""
        self.stop.setToolTip(tooltip(tr("Stop “{session}”", session=title)) if title else "")
        self.stop.setAccessibleName(
            tr("Stop {name}: {session}", name=plain(agent.shown_name, 60), session=title)
        )

    def _show_send(self) -> None:
        """There is a button for it once there is something to send."""
        has_text = bool(self.edit.toPlainText().strip())
        self.send.setVisible(has_text)
        self.send.setEnabled(has_text and may_operate(self._gateway))

    def _show_lines(self, states: list[CommandState]) -> None:
        theme = self._context.look.theme
        colours = {
            CommandPhase.REFUSED: theme.error,
            CommandPhase.UNKNOWN: theme.waiting,
            CommandPhase.UNKNOWABLE: theme.waiting,
        }
        for line, state in zip(self.lines, [*states, *[None] * SHOWN], strict=False):
            line.setVisible(state is not None)
            if state is None:
                continue
            words = outcome(state)
            self._show_line(line, words, QColor(colours.get(state.phase, theme.muted)))
            if self._said.get(state.command.id) != words and state.phase is not _PENDING:
                is_urgent = state.phase in (CommandPhase.REFUSED, CommandPhase.UNKNOWABLE)
                self._announcer.announce(words, is_urgent)
            self._said[state.command.id] = words
        kept = {state.command.id for state in states}
        self._said = {ident: words for ident, words in self._said.items() if ident in kept}
        if self.isVisible() and any(state.is_done for state in states):
            self._fade.start()

    def _show_line(self, line: QLabel, words: str, colour: QColor) -> None:
        if words != line.text():
            line.setText(words)
        set_colour(line, colour)
        line.setFont(self._context.look.metrics.font(12))

    def _again(self) -> None:
        if self._key is None:
            return
        agent = self._context.store.fleet.agent(*self._key)
        gateway = self._context.store.fleet.gateways.get(self._key[0])
        if agent is not None and gateway is not None:
            self.show_agent(agent, gateway)

    def clear(self) -> None:
        """Show no agent; what was written stays written."""
        self._key = self._agent = self._gateway = None
        self._fade.stop()

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt override: nobody looks, so nothing fades."""
        super().hideEvent(event)
        self._fade.stop()

    # What the operator does

    def focus(self) -> None:
        """Give the keyboard to the box, or to the question for the right."""
        if self.prompt is not None:
            self.prompt.button.setFocus()
        else:
            self.edit.setFocus()

    def submit(self) -> None:
        """Send what is written."""
        text = self.edit.toPlainText().strip()
        agent, gateway, key = self._agent, self._gateway, self._key
        if not text or agent is None or gateway is None or key is None:
            return
        if not may_operate(gateway):
            return
        session = target_session(agent, self._looked_at())
        command = SendMessage(
            gateway=gateway.id,
            agent=agent.id,
            session_key=session,
            text=text,
            steer=self._steers(session),
            id=uuid.uuid4().hex[:16],
        )
        self.outbox.dismiss(self.outbox.lines(gateway, agent.id, self._context.clock()))
        self.outbox.sent(key, command.id)
        self._load(key)
        self._context.actions.execute(command)
        self._again()

    def stop_run(self) -> None:
        """Stop the run of the session that is looked at, else the one that the status tells of."""
        agent, gateway = self._agent, self._gateway
        if agent is None or gateway is None or not is_connected(gateway):
            return
        session = running_session(agent, target_session(agent, self._looked_at()))
        if not session or is_stopping(gateway, session):
            return
        self.outbox.dismiss(self.outbox.lines(gateway, agent.id, self._context.clock()))
        self._context.actions.execute(StopRun(gateway.id, agent.id, session))
        self._again()

    def _steers(self, session: str) -> bool:
        agent, gateway = self._agent, self._gateway
        return (
            agent is not None
            and gateway is not None
            and session in agent.heard
            and can_steer(gateway)
        )

    def _on_text(self) -> None:
        if self._key is not None:
            self.outbox.keep(self._key, self.edit.toPlainText())
        if self._agent is not None and self._gateway is not None:  # another session may be shown
            connected = is_connected(self._gateway)
            self._show_target(self._agent, self._gateway, connected=connected)


_PENDING = CommandPhase.PENDING
