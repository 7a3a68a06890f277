"""The card of one item: what it is, all that it takes to decide it, and what became of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor

from cc_desktop.desktop.inbox.cards.approval_body import ApprovalBody
from cc_desktop.desktop.inbox.cards.body import ItemBody, Subject, has_moved, newest_command
from cc_desktop.desktop.inbox.cards.question_body import QuestionBody
from cc_desktop.desktop.inbox.cards.trouble_body import AgentTrouble, GatewayTrouble
from cc_desktop.desktop.widgets.card import Card
from cc_desktop.desktop.widgets.labels import label, set_colour, wrapping_label
from cc_desktop.desktop.widgets.rows.kind_mark import kind_colour
from cc_desktop.fleet.commands import CommandPhase
from cc_desktop.fleet.inbox import InboxKind
from cc_desktop.fleet.inbox.open_items import find_item
from cc_desktop.notifications.kinds import AlertKind
from cc_desktop.text.i18n import tr
from cc_desktop.text.inbox import KINDS
from cc_desktop.text.inbox.lines import time_left
from cc_desktop.text.inbox.requests import command_line, ending, family_heading

if TYPE_CHECKING:
    from PySide6.QtGui import QMoveEvent

    from cc_desktop.desktop.inbox.ports import InboxPorts
    from cc_desktop.fleet.commands import Command, CommandState
    from cc_desktop.fleet.inbox import InboxItem
    from cc_desktop.fleet.requests import Decision

EDGE_ALPHA = 150  # of 255: the border in the colour of the kind


class ItemCard(Card):
    """Follows one item until it ends; then it says how, and offers nothing any more.

    Signals:
        ended: The item that it shows is no longer open.
    """

    ended = Signal()

    def __init__(self, ports: InboxPorts) -> None:
        super().__init__(ports.context.look, tr("Inbox"))
        self._ports = ports
        self._context = ports.context
        self._ident = ""
        self._said: tuple[str, CommandPhase] | None = None  # of which command the end was read out
        self.item: InboxItem | None = None  # as it was last
        self.is_over = False
        self.content: ItemBody | None = None
        font = self._context.look.metrics.font
        self.left = label(font(11.5, bold=True))
        self.progress = wrapping_label(font(12.5, bold=True))
        self.outcome = wrapping_label(font())
        self.add_to_heading(self.left)
        self.body.addWidget(self.outcome)
        self.body.addWidget(self.progress)
        self._context.look.changed.connect(self._recolour)

    @property
    def ident(self) -> str:
        """The id of the item that is shown, open or over."""
        return self._ident

    def show_item(self, ident: str) -> None:
        """Show another item; "" for none."""
        if ident != self._ident:
            self.forget()
            self._drop_content()
            self._ident, self.item, self.is_over, self._said = ident, None, False, None
            self.set_heading(tr("Inbox"))  # not that of the item before, until there is one
        self.refresh()

    def refresh(self) -> None:
        """Show what is known now."""
        fleet = self._context.store.fleet
        item = find_item(fleet, self._ident) if self._ident else None
        was_over = self.is_over
        if item is None:
            self._show_over()
            if self.is_over and not was_over:
                self.ended.emit()
            return
        self._ident, self.item, self.is_over = item.id, item, False
        gateway = fleet.gateways[item.gateway]
        state = newest_command(gateway, item)
        subject = Subject(item, gateway, gateway.agents.get(item.agent), state)
        self._show_content(subject)
        self.outcome.hide()
        self._show_progress(state)
        self._show_heading(subject)
        self.tick()
        self._recolour()

    def _show_heading(self, subject: Subject) -> None:
        item = subject.item
        approval = subject.agent.approvals.get(item.subject) if subject.agent else None
        if item.kind is InboxKind.APPROVAL:
            heading = family_heading(approval.family if approval is not None else "")
        elif item.kind is InboxKind.QUESTION:
            heading = tr("Question")
        else:
            heading = tr(KINDS[item.kind].label)
        if heading != self.heading():
            self.set_heading(heading)

    def _show_content(self, subject: Subject) -> None:
        if self.content is None or not self.content.fits(subject):
            self._drop_content()
            self.content = self._make(subject)
            self.content.commanded.connect(self._execute)
            self.body.insertWidget(1, self.content)
        self.content.show()
        self.content.show_subject(subject)

    def _make(self, subject: Subject) -> ItemBody:
        item, agent = subject.item, subject.agent
        if agent is not None and item.subject in agent.approvals:
            return ApprovalBody(self._ports)
        question = agent.questions.get(item.subject) if agent is not None else None
        if question is not None and question.parts:
            return QuestionBody(self._ports)
        of_agent = agent is not None and bool(item.session_key) and "task:" not in item.subject
        return AgentTrouble(self._ports) if of_agent else GatewayTrouble(self._ports)

    def _drop_content(self) -> None:
        if self.content is not None:
            self.body.removeWidget(self.content)
            self.content.hide()
            self.content.deleteLater()
            self.content = None

    def _show_over(self) -> None:
        """The item has ended: no button stays that could not work."""
        self.forget()
        self._drop_content()
        self.left.setText("")
        self.progress.hide()
        if not self._ident:
            return
        self.is_over = True
        state = self._state()
        if self.item is None:
            words = tr("This item is no longer open.")
        else:
            words = ending(self.item, state, self._context.clock(), self._decision(self.item))
        if words != self.outcome.text() or self.outcome.isHidden():
            self.outcome.setText(words)
            self._ports.say(words, False)
        self.outcome.show()

    def _decision(self, item: InboxItem) -> Decision | None:
        agent = self._context.store.fleet.agent(item.gateway, item.agent)
        return agent.decided.get(item.subject) if agent is not None else None

    def _state(self) -> CommandState | None:
        item = self.item
        gateway = self._context.store.fleet.gateways.get(item.gateway) if item else None
        return newest_command(gateway, item) if gateway is not None and item is not None else None

    def _show_progress(self, state: CommandState | None) -> None:
        self.progress.setVisible(state is not None)
        if state is None:
            return
        words = command_line(state)
        self.progress.setText(words)
        told = (state.command.id, state.phase)
        if told != self._said and self._said is not None:
            self._ports.say(words, state.phase is CommandPhase.REFUSED)
        self._said = told

    def _execute(self, command: Command) -> None:
        self._context.actions.execute(command)
        self._said = self._said or ("", CommandPhase.PENDING)
        self.refresh()

    def tick(self) -> bool:
        """Show how long is left; whether that changes by the second."""
        item = self.item
        left = time_left(item.until, self._context.clock()) if item and not self.is_over else ""
        self.left.setText(left)
        return bool(left)

    def press(self, key: str) -> bool:
        """A key was pressed: a letter in lower case or a digit. Whether it means something."""
        return self.content is not None and not self.is_over and self.content.press(key)

    def focus_first(self) -> None:
        """Give the keyboard to what is read first."""
        if self.content is not None:
            self.content.focus_first()

    def forget(self) -> None:
        """Nobody looks any more: nothing stays half decided, and no secret stays typed."""
        if self.content is not None:
            self.content.forget()

    def moveEvent(self, event: QMoveEvent) -> None:
        """Qt override: what is under the pointer is another thing now."""
        super().moveEvent(event)
        if self.content is not None and has_moved(event):
            self.content.settle()

    def _recolour(self) -> None:
        theme = self._context.look.theme
        if self.item is None or self.is_over:
            self.set_colour(QColor(theme.muted), QColor(theme.line))
        else:
            colour = QColor(kind_colour(AlertKind(self.item.kind.value), theme))
            edge = QColor(colour)
            edge.setAlpha(EDGE_ALPHA)
            self.set_colour(colour, edge)
            set_colour(self.left, colour)
        state = self._state()
        refused = state is not None and state.phase is CommandPhase.REFUSED
        set_colour(self.progress, QColor(theme.error if refused else theme.muted))
