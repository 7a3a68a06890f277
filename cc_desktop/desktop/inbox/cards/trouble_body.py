"""What went wrong, with an agent or with a gateway, and what can be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from cc_desktop.desktop.inbox.cards.body import ItemBody, Subject
from cc_desktop.desktop.inbox.cards.command_text import CommandText
from cc_desktop.desktop.inbox.cards.restart_question import RestartQuestion
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.flow_layout import FlowLayout
from cc_desktop.fleet.commands import ChangeTask, Right, SendMessage, StopRun, TaskAction
from cc_desktop.fleet.inbox import InboxKind
from cc_desktop.fleet.inbox.gateway_items import is_undelivered_task
from cc_desktop.fleet.inbox.open_items import members_of
from cc_desktop.text.format import cost, plain, tokens
from cc_desktop.text.i18n import tr
from cc_desktop.text.inbox import reason, title
from cc_desktop.text.inbox.advice import advice
from cc_desktop.text.inbox.joins import join_lines

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent

    from cc_desktop.desktop.inbox.ports import InboxPorts
    from cc_desktop.fleet.model import Session

REASON, LAST = 4_000, 600  # characters
MESSAGE = 20_000
_TASK = "task:"
_CONNECTION = (
    InboxKind.GATEWAY_LOST,
    InboxKind.GATEWAY_BLOCKED,
    InboxKind.GATEWAY_FLAPPING,
    InboxKind.PAIRING_SELF,
)


class AgentTrouble(ItemBody):
    """An agent that failed, is stuck, goes in circles: why, its last words, stop, send."""

    def __init__(self, ports: InboxPorts) -> None:
        super().__init__(ports)
        self._subject: Subject | None = None
        self._stopping = False
        self.reason = self.add_words()
        self.last = self.add_words(muted=True)
        self.facts = self.add_words(muted=True, px=12)
        self.advice = self.add_words(muted=True, px=12)
        px = self.look.metrics.px
        self.message = QLineEdit()
        self.message.setFont(self.look.metrics.font())
        self.message.setMaxLength(MESSAGE)
        self.message.returnPressed.connect(self._on_send)
        self.message.textChanged.connect(lambda _text: self._update_buttons())
        self.send = button(tr("Send"), self._on_send)
        self.stop = button(tr("Stop"), self._on_stop)
        self.stop.setProperty("danger", True)
        self._tools = QWidget()
        row = QHBoxLayout(self._tools)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px(8))
        row.addWidget(self.message, 1)
        row.addWidget(self.send)
        row.addWidget(self.stop)
        self.column.addWidget(self._tools)
        self.add_prompt_place()

    def fits(self, subject: Subject) -> bool:
        """The same item: what was typed stays."""
        return self._subject is not None and self._subject.item.id == subject.item.id

    def show_subject(self, subject: Subject) -> None:
        """Show what is known now."""
        self._subject = subject
        item, agent = subject.item, subject.agent
        now = self.ports.context.clock()
        whole = item.detail if item.kind is InboxKind.FAILED and not item.members else ""
        self.reason.setText(plain(whole or reason(item, now), REASON))
        session = agent.sessions.get(item.session_key) if agent is not None else None
        last = plain(session.preview, LAST) if session is not None else ""
        self.last.setText(tr("Last: “{words}”", words=last) if last else "")
        self.last.setVisible(bool(last))
        facts = _spent(session)
        self.facts.setText(facts)
        self.facts.setVisible(bool(facts))
        self.advice.setText(advice(item))
        self.message.setPlaceholderText(tr("Message to {agent}…", agent=plain(item.name, 60)))
        self.message.setAccessibleName(tr("Message to {agent}", agent=plain(item.name, 60)))
        has_session = bool(item.session_key) and agent is not None
        may = has_session and self.show_right(subject, Right.OPERATE)
        self._tools.setVisible(may)
        self._update_buttons()

    def _runs(self) -> bool:
        subject = self._subject
        if subject is None or subject.agent is None:
            return False
        return subject.item.session_key in subject.agent.heard

    def _update_buttons(self) -> None:
        busy = self._subject is not None and self._subject.is_busy
        self.send.setEnabled(bool(self.message.text().strip()) and not busy)
        self.stop.setVisible(self._runs())
        self.stop.setEnabled(not busy)

    def _on_send(self) -> None:
        subject, text = self._subject, self.message.text().strip()
        if subject is None or not text or subject.is_busy or not self.send.isEnabled():
            return
        item = subject.item
        self.message.clear()
        self.commanded.emit(
            SendMessage(item.gateway, item.agent, item.session_key, text, steer=self._runs())
        )

    def _on_stop(self) -> None:
        """The second click stops."""
        subject = self._subject
        if subject is None or subject.is_busy:
            return
        if not self._stopping:
            self._stopping = True
            self.stop.setText(tr("Really stop"))
            return
        self.forget()
        item = subject.item
        self.commanded.emit(StopRun(item.gateway, item.agent, item.session_key))

    def focus_first(self) -> None:
        """The message, if one can be sent."""
        if self._tools.isVisible():
            self.message.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Nothing stays half decided."""
        self._stopping = False
        self.stop.setText(tr("Stop"))


class GatewayTrouble(ItemBody):
    """Something about a gateway: why, and where it can be mended."""

    def __init__(self, ports: InboxPorts) -> None:
        super().__init__(ports)
        self._subject: Subject | None = None
        self.reason = self.add_words()
        self.facts = self.add_words(px=12.5)
        self.advice = self.add_words(muted=True)
        self.command = CommandText(self.look, tr("What to run"))
        self.column.addWidget(self.command)
        self.retry = button(tr("Retry"), lambda: self._on_task(TaskAction.RETRY))
        self.dismiss = button(tr("Dismiss"), lambda: self._on_task(TaskAction.DISMISS))
        self.connection = button(tr("Connection…"), self._on_connection)
        self.settings = button(tr("Settings…"), self._on_settings)
        self.control_ui = button(tr("Open Control UI"), self._on_control_ui)
        self.agents = button(tr("Show agents"), self._on_agents)
        self.restart = RestartQuestion(ports)
        self._tools = (
            *(self.agents, self.restart.ask, self.retry, self.dismiss),
            *(self.connection, self.settings, self.control_ui),
        )
        tools = QWidget()
        flow = FlowLayout(self.look.metrics.px(8), tools)
        for tool in self._tools:
            flow.addWidget(tool)
        self.column.addWidget(tools)
        self.column.addWidget(self.restart)
        self.add_prompt_place()

    def fits(self, subject: Subject) -> bool:
        """The same item."""
        return self._subject is not None and self._subject.item.id == subject.item.id

    def show_subject(self, subject: Subject) -> None:
        """Show what is known now."""
        self._subject = subject
        item = subject.item
        now = self.ports.context.clock()
        waits_for_us = item.kind is InboxKind.PAIRING_SELF
        join = subject.gateway.facts.joins.get(item.subject)
        known = join_lines(join) if join and item.kind is InboxKind.PAIRING else ""
        why = "" if waits_for_us or known else plain(reason(item, now), REASON)
        self.reason.setText(why)
        self.reason.setVisible(bool(why))
        self.facts.setText(known)
        self.facts.setVisible(bool(known))
        self.advice.setText(advice(item))
        self.advice.setVisible(bool(self.advice.text()))
        self.command.setVisible(waits_for_us and bool(item.detail))
        if waits_for_us:
            self.command.set_text(item.detail)
        # A gateway delivers a result again, or lets it go. A task that failed it only keeps.
        is_task = item.subject.startswith(_TASK)
        can = is_task and (subject.is_demo or is_undelivered_task(item))
        may = can and self.show_right(subject, Right.OPERATE)
        self.agents.setVisible(bool(item.members))
        self.retry.setVisible(may)
        self.dismiss.setVisible(may)
        for task in (self.retry, self.dismiss):
            task.setEnabled(not subject.is_busy)
        ours = not subject.is_demo
        self.connection.setVisible(ours and item.kind in _CONNECTION)
        self.settings.setVisible(ours and item.kind in _CONNECTION)
        self.control_ui.setVisible(bool(self.ports.control_ui(item)))
        self.restart.show_gateway(subject.gateway, item.kind)

    def _on_agents(self) -> None:
        item = self._subject.item if self._subject else None
        if item is not None:
            members = members_of(self.ports.context.store.fleet, item)
            keys = tuple((one.gateway, one.agent) for one in members if one.agent)
            self.ports.open_agents(keys, title(item))

    def _on_task(self, action: TaskAction) -> None:
        subject = self._subject
        if subject is not None and not subject.is_busy:
            task = subject.item.subject.removeprefix(_TASK)
            self.commanded.emit(ChangeTask(subject.item.gateway, task, action))

    def _on_connection(self) -> None:
        if self._subject is not None:
            self.ports.open_gateway(self._subject.item.gateway)

    def _on_settings(self) -> None:
        if self._subject is not None:
            self.ports.context.actions.edit_gateway(self._subject.item.gateway)

    def _on_control_ui(self) -> None:
        address = self.ports.control_ui(self._subject.item) if self._subject else ""
        if address:
            self.ports.open_address(address)

    def focus_first(self) -> None:
        """The first thing to do."""
        for tool in self._tools:
            if tool.isVisible():
                tool.setFocus(Qt.FocusReason.OtherFocusReason)
                return

    def forget(self) -> None:
        """Nothing is asked while nobody looks."""
        self.restart.forget()

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt override: nobody looks any more."""
        super().hideEvent(event)
        self.restart.forget()


def _spent(session: Session | None) -> str:
    """Tokens and cost of a session."""
    if session is None:
        return ""
    parts = []
    if session.total_tokens:
        parts.append(tr("{tokens} tokens", tokens=tokens(session.total_tokens)))
    if money := cost(session.cost_usd):
        parts.append(money)
    return " · ".join(parts)
