"""An approval with all that it takes to decide it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from cc_desktop.desktop.inbox.cards.body import ItemBody, Subject
from cc_desktop.desktop.inbox.cards.command_text import CommandText
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.flow_layout import FlowLayout
from cc_desktop.desktop.widgets.labels import set_colour, wrapping_label
from cc_desktop.fleet.commands import ResolveApproval, Right
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr
from cc_desktop.text.inbox import requests as words
from cc_desktop.text.inbox.verbatim import verbatim

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from cc_desktop.desktop.inbox.ports import InboxPorts
    from cc_desktop.desktop.widgets.buttons import Button
    from cc_desktop.fleet.requests import Approval

ARMED_MS = 4_000  # how long the first press of a key waits for the second
_KEYS = {words.ONCE: "a", words.DENY: "d"}


class ApprovalBody(ItemBody):
    """The whole command, where it runs, and exactly the decisions that the gateway allows.

    A button decides by one click, a key by two presses, and what lasts by a second click on a
    button that says what it grants.
    """

    def __init__(self, ports: InboxPorts) -> None:
        super().__init__(ports)
        px = self.look.metrics.px
        self._subject: Subject | None = None
        self._approval: Approval | None = None
        self._armed = ""  # the decision whose key was pressed once
        self._lasting = ""  # the decision that waits for its second click
        self._arming = QTimer(self, singleShot=True, interval=ARMED_MS)
        self._arming.timeout.connect(self._disarm)
        self.buttons: dict[str, Button] = {}
        self._title = self.add_words(bold=True)
        self.command = CommandText(self.look, tr("The whole command"))
        self.column.addWidget(self.command)
        self.warning = self.add_words()
        self.facts = self.add_words(muted=True, px=12)
        self._row = QFrame()
        self._flow = FlowLayout(px(8), self._row)
        self.column.addWidget(self._row)
        self.hint = self.add_words(muted=True, px=12)
        self.lasting = self._build_lasting()
        self.column.addWidget(self.lasting)
        self.add_prompt_place()
        self.look.changed.connect(self._recolour)
        self._recolour()

    def _build_lasting(self) -> QFrame:
        px = self.look.metrics.px
        frame = QFrame()
        frame.setObjectName("command")
        self.grants = wrapping_label(self.look.metrics.font(12.5))
        self.confirm = button(tr("Approve for always"), self._on_confirmed)
        self.guard.watch(self.confirm)
        self.cancel = button(tr("Cancel"), self._on_cancelled)
        row = QHBoxLayout()
        row.setSpacing(px(8))
        row.addWidget(self.confirm)
        row.addWidget(self.cancel)
        row.addStretch(1)
        column = QVBoxLayout(frame)
        column.setContentsMargins(px(12), px(10), px(12), px(10))
        column.setSpacing(px(8))
        column.addWidget(self.grants)
        column.addLayout(row)
        frame.hide()
        return frame

    @property
    def approval(self) -> str:
        """The id of the approval that is shown."""
        return self._approval.id if self._approval is not None else ""

    # Showing

    def fits(self, subject: Subject) -> bool:
        """The same approval."""
        return self._subject is not None and self._subject.item.id == subject.item.id

    def show_subject(self, subject: Subject) -> None:
        """Show what is known now."""
        agent = subject.agent
        approval = agent.approvals.get(subject.item.subject) if agent is not None else None
        if approval is None:
            return
        if self._approval is None or _as_shown(self._approval) != _as_shown(approval):
            self._forget_half_decided()  # what it was pressed for is no longer what is shown
            self._show_request(approval)
            self.settle()
        self._subject, self._approval = subject, approval
        decides = self.show_right(subject, Right.APPROVE)
        self._row.setVisible(decides and bool(approval.decisions))
        for made in self.buttons.values():
            made.setEnabled(not subject.is_busy)
        if subject.is_busy:
            self._forget_half_decided()
        elif not self._armed:
            self.hint.setText(self._hint(approval, subject, decides=decides))
        self.hint.setVisible(bool(self.hint.text()))

    def _show_request(self, approval: Approval) -> None:
        title = plain(approval.title, 300)
        command = approval.command or approval.title
        self._title.setText(title)
        self._title.setVisible(bool(approval.command) and plain(approval.command, 300) != title)
        self.command.set_text(command)
        self.warning.setText(verbatim(approval.warning))
        self.warning.setVisible(bool(approval.warning))
        facts = words.approval_facts(approval)
        self.facts.setText("\n".join(f"{fact.label}: {fact.value}" for fact in facts))
        self.facts.setVisible(bool(facts))
        for old in self.buttons.values():
            self._flow.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.buttons = {}
        for decision in sorted(dict.fromkeys(approval.decisions), key=_place):
            self.buttons[decision] = self._add_button(decision)

    def _add_button(self, decision: str) -> Button:
        said = words.decision_words(decision).replace("&", "&&")
        key = _KEYS.get(decision, "")
        text = f"{said}  {key.upper()}" if key else said
        made = button(text, lambda: self._on_pressed(decision))
        made.setAccessibleName(words.decision_words(decision))
        self.guard.watch(made)
        if decision == words.DENY:
            made.setProperty("danger", True)
        self._flow.addWidget(made)
        made.show()  # at once: a key may ask for it
        return made

    def _hint(self, approval: Approval, subject: Subject, *, decides: bool) -> str:
        if subject.is_demo:
            return tr("This is sample data: no gateway is asked.")
        if decides and not approval.decisions:
            return tr("The gateway allows no decision here. Decide it in its Control UI.")
        if not decides and not approval.command:
            return tr("The whole command is told only to connections that may decide.")
        return ""

    # Deciding

    def press(self, key: str) -> bool:
        """A and D: the first press says what the second one does."""
        decision = next((one for one, its in _KEYS.items() if its == key), "")
        pressed = self.buttons.get(decision)
        if pressed is None or not pressed.isVisible() or not pressed.isEnabled():
            return False
        if self._armed == decision:
            self._decide(decision)
            return True
        self._forget_half_decided()
        self._armed = decision
        self._arming.start()
        self.hint.setText(
            tr(
                "Press {key} again: {decision}.",
                key=key.upper(),
                decision=words.decision_words(decision),
            )
        )
        self.hint.show()
        self.ports.say(self.hint.text(), True)
        return True

    def _on_pressed(self, decision: str) -> None:
        if words.is_simple(decision):
            self._decide(decision)
            return
        approval, subject = self._approval, self._subject
        if approval is None or subject is None:
            return
        self._lasting = decision
        self.grants.setText(words.grants(approval, decision, subject.item.name))
        always = decision == words.ALWAYS
        said = plain(decision, 40).replace("&", "&&")
        self.confirm.setText(tr("Approve for always") if always else said)
        self.confirm.setAccessibleDescription(self.grants.text())
        self.lasting.show()
        self.cancel.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_confirmed(self) -> None:
        decision = self._lasting
        if decision:
            self._decide(decision)

    def _on_cancelled(self) -> None:
        decision = self._lasting
        self._forget_half_decided()
        if decision in self.buttons:
            self.buttons[decision].setFocus(Qt.FocusReason.OtherFocusReason)

    def _decide(self, decision: str) -> None:
        approval, subject = self._approval, self._subject
        self._forget_half_decided()
        if approval is None or subject is None or subject.is_busy:
            return
        if decision in approval.decisions:
            gateway, agent = subject.item.gateway, subject.item.agent
            self.commanded.emit(
                ResolveApproval(gateway, agent, approval.id, decision, approval.family)
            )

    def _forget_half_decided(self) -> None:
        self._armed = self._lasting = ""
        self._arming.stop()
        self.hint.setText("")
        self.hint.hide()
        self.lasting.hide()

    def _disarm(self) -> None:
        self._forget_half_decided()
        if self._subject is not None:
            self.show_subject(self._subject)

    def focus_first(self) -> None:
        """The command: it is read before it is decided."""
        self.command.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Nothing stays half decided."""
        self._forget_half_decided()

    def first_decision(self) -> QWidget | None:
        """The button of the first decision, if there is one."""
        return next(iter(self.buttons.values()), None)

    def _recolour(self) -> None:
        set_colour(self.warning, QColor(self.look.theme.error))


def _as_shown(approval: Approval) -> Approval:
    """Without what each list of the gateway tells anew, and nobody reads here."""
    return replace(approval, opened_at=0, expires_at=0, run_id="")


def _place(decision: str) -> int:
    """What is about this once stands first."""
    return 0 if words.is_simple(decision) else 1
