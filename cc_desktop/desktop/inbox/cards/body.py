"""What the cards of all kinds of item have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cc_desktop.desktop.widgets.labels import wrapping_label
from cc_desktop.fleet.commands import (
    AnswerQuestion,
    ChangeTask,
    CommandPhase,
    CommandState,
    ResolveApproval,
    Right,
    SendMessage,
    StopRun,
    rights_in,
)
from cc_desktop.fleet.inbox import InboxItem
from cc_desktop.fleet.model import Agent, Gateway, Origin
from cc_desktop.text.inbox.requests import missing_right

if TYPE_CHECKING:
    from PySide6.QtGui import QMoveEvent
    from PySide6.QtWidgets import QLabel

    from cc_desktop.desktop.inbox.ports import InboxPorts


SETTLE_MS = 500


class Subject(Struct, frozen=True):
    """An item with what is known around it."""

    item: InboxItem
    gateway: Gateway
    agent: Agent | None
    state: CommandState | None  # the newest command of the operator about it

    @property
    def is_busy(self) -> bool:
        """Whether a command is under way: until its end is known, no other is sent."""
        return self.state is not None and not self.state.is_over

    @property
    def is_demo(self) -> bool:
        """Whether it is sample data."""
        return self.gateway.origin is Origin.DEMO

    def may(self, right: Right) -> bool:
        """Whether the gateway lets this app do it."""
        return right in rights_in(self.gateway.connection.scopes)


def is_about(state: CommandState, item: InboxItem) -> bool:
    """Whether a command was given because of an item."""
    match state.command:
        case ResolveApproval(approval=subject) | AnswerQuestion(question=subject):
            return subject == item.subject and state.command.agent == item.agent
        case StopRun(session_key=key) | SendMessage(session_key=key):
            same = bool(key) and key == item.session_key and state.command.agent == item.agent
            return same and state.at >= item.since
        case ChangeTask(task=task):
            return item.subject == f"task:{task}"
    return False


def newest_command(gateway: Gateway, item: InboxItem) -> CommandState | None:
    """The newest command of the operator about an item."""
    about = (state for state in reversed(tuple(gateway.commands.values())) if is_about(state, item))
    return next(about, None)


def was_carried_out(state: CommandState | None) -> bool:
    """Whether a command did what it was for."""
    return state is not None and state.phase is CommandPhase.DONE


def has_moved(event: QMoveEvent) -> bool:
    """Whether a widget is elsewhere now. Layouts put it where it is already, too."""
    return event.pos() != event.oldPos()


class ClickGuard(QObject):
    """Lets no click through that was meant for what was here a moment ago.

    Cards come, change and move by themselves, under the pointer too. Nobody has read what has been
    here for less than `SETTLE_MS`, and the second half of a double click is no decision.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.settling = QTimer(self, singleShot=True, interval=SETTLE_MS)

    def watch(self, widget: QWidget) -> None:
        """Guard a widget."""
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt override: take clicks away."""
        kind = event.type()
        if kind is QEvent.Type.MouseButtonDblClick:
            return True
        if kind is QEvent.Type.MouseButtonPress and self.settling.isActive():
            return True
        return super().eventFilter(watched, event)


class ItemBody(QWidget):
    """The part of a card that depends on the kind of its item.

    Signals:
        commanded: A `Command` is to be sent.
    """

    commanded = Signal(object)

    def __init__(self, ports: InboxPorts) -> None:
        super().__init__()
        self.ports = ports
        self.look = ports.context.look
        self.guard = ClickGuard(self)
        self._prompt: tuple[str, Right] | None = None
        self._prompt_place = QVBoxLayout()
        self._prompt_place.setContentsMargins(0, 0, 0, 0)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(self.look.metrics.px(8))

    def fits(self, subject: Subject) -> bool:
        """Whether it can show this as well, or another has to be built."""
        raise NotImplementedError

    def show_subject(self, subject: Subject) -> None:
        """Show what is known now."""
        raise NotImplementedError

    def press(self, key: str) -> bool:
        """A key was pressed: a letter in lower case or a digit. Whether it means something."""
        return False

    def focus_first(self) -> None:
        """Give the keyboard to what is read first; never to what decides."""
        self.setFocus()

    def forget(self) -> None:
        """Forget what was typed and half decided: nobody looks any more."""

    def settle(self) -> None:
        """It has come, changed or moved: clicks that are on their way were not meant for it."""
        self.guard.settling.start()

    def moveEvent(self, event: QMoveEvent) -> None:
        """Qt override: what is under the pointer is another thing now."""
        super().moveEvent(event)
        if has_moved(event):
            self.settle()

    # For heirs

    def add_words(self, *, muted: bool = False, bold: bool = False, px: float = 13) -> QLabel:
        """Add text that wraps and can be copied."""
        words = wrapping_label(self.look.metrics.font(px, bold), muted=muted)
        self.column.addWidget(words)
        return words

    def add_row(self, *widgets: QWidget) -> QHBoxLayout:
        """Add widgets beside one another."""
        row = QHBoxLayout()
        row.setSpacing(self.look.metrics.px(8))
        for widget in widgets:
            row.addWidget(widget)
        row.addStretch(1)
        self.column.addLayout(row)
        return row

    def add_prompt_place(self) -> None:
        """Where a missing right is asked for."""
        self.column.addLayout(self._prompt_place)

    def show_right(self, subject: Subject, right: Right) -> bool:
        """Ask for a right if it is missing; whether it is there."""
        there = subject.is_demo or subject.may(right)
        wanted = None if there else (subject.gateway.id, right)
        if wanted != self._prompt:
            self._prompt = wanted
            while (old := self._prompt_place.takeAt(0)) is not None:
                if (widget := old.widget()) is not None:
                    widget.hide()
                    widget.deleteLater()
            if wanted is not None:
                words = missing_right(right, subject.gateway.name)
                font = self.look.metrics.font(12)
                self._prompt_place.addWidget(wrapping_label(font, words, muted=True))
                prompt = self.ports.ask_right(*wanted)
                self._prompt_place.addWidget(prompt)
                prompt.show()  # at once, not when Qt gets round to it
        return there
