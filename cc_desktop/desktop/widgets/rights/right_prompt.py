"""Asks for one right on one gateway where it is needed, and shows how far that is."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from cc_desktop.desktop.style.theme import ThemeManager
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.labels import label, set_colour, wrapping_label
from cc_desktop.desktop.widgets.rights.command_box import CommandBox
from cc_desktop.desktop.widgets.rows.subscription import Subscription
from cc_desktop.fleet.commands import (
    SCOPE_OF,
    Command,
    GiveBackRights,
    RequestRights,
    Right,
    WithdrawRequest,
)
from cc_desktop.fleet.model import GatewayChanged
from cc_desktop.fleet.store import Store
from cc_desktop.text.connect.rights import (
    RightStage,
    RightState,
    ask_words,
    expires_in,
    right_state,
    what_else_changes,
)
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QShowEvent

    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.fleet.model import Change

COUNTDOWN_MS = 1_000


def _nothing_in_settings(_gateway: str) -> tuple[str, ...]:
    return ()


class RightsPort(Struct, frozen=True):
    """What it takes to show and ask for rights."""

    look: ThemeManager
    store: Store
    clock: Callable[[], int]  # local ms since the epoch
    execute: Callable[[Command], object]
    # The scopes that the settings ask a gateway for, by its id: they cannot be given back here.
    in_settings: Callable[[str], Collection[str]] = _nothing_in_settings

    @classmethod
    def of(cls, context: ViewContext) -> RightsPort:
        """For a view of the fleet."""
        return cls(context.look, context.store, context.clock, context.actions.execute)


class RightPrompt(QWidget):
    """A button while the right can be asked for, then what happens; empty once it is granted.

    It follows the model while it is seen. It is never hidden by itself: what it is part of decides.

    Signals:
        changed: The state is another one, which is in `state`.
    """

    changed = Signal()

    def __init__(
        self, port: RightsPort, gateway: str, right: Right, *, has_button: bool = True
    ) -> None:
        """`has_button`: False where `ask` and `give_back` are called by another control."""
        super().__init__()
        self._port = port
        self._gateway = gateway
        self._right = right
        self._has_button = has_button
        self._following = Subscription(lambda: self._port.store.subscribe(self._on_changes))
        self.state = RightState(RightStage.UNAVAILABLE)
        self._timer = QTimer(self, interval=COUNTDOWN_MS)
        self._timer.timeout.connect(self._show_countdown)
        look, px, font = port.look, port.look.metrics.px, port.look.metrics.font
        self._words = wrapping_label(font(12), muted=True)
        self.button = button(ask_words(right), self.ask)
        self._left = label(font(12), muted=True)
        self._left.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        line = QHBoxLayout()
        line.setSpacing(px(10))
        line.addWidget(self._words, 1)
        line.addWidget(self._left)
        self.withdraw = button(tr("Withdraw"), self._on_withdrawn)
        self.withdraw.setAccessibleDescription(tr("Ask for this right no longer"))
        line.addWidget(self.withdraw)
        line.addWidget(self.button)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(px(4))
        self._column.addLayout(line)
        self.command: CommandBox | None = None
        self._confirmation = self._build_confirmation()
        self._column.addWidget(self._confirmation)
        look.changed.connect(self._recolour)
        self.refresh()

    def _build_confirmation(self) -> QFrame:
        px, font = self._port.look.metrics.px, self._port.look.metrics.font
        frame = QFrame()
        frame.setObjectName("command")
        words = what_else_changes(self._right)
        self._warning = wrapping_label(font(12), words)
        self.confirm = button(tr("Ask for it"), self._on_confirmed, "primary")
        self.confirm.setFont(font(12, bold=True))  # as its style draws it, so that it has the room
        self.confirm.setAccessibleDescription(words)
        self.cancel = button(tr("Cancel"), self._on_cancelled)
        buttons = QHBoxLayout()
        buttons.setSpacing(px(8))
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.confirm)
        column = QVBoxLayout(frame)
        column.setContentsMargins(px(12), px(10), px(12), px(10))
        column.setSpacing(px(8))
        column.addWidget(self._warning)
        column.addLayout(buttons)
        frame.hide()
        return frame

    # What the operator does

    def ask(self) -> None:
        """Ask for the right, after a confirmation where it changes something for others."""
        if what_else_changes(self._right):
            self._confirmation.show()
            self.confirm.setFocus(Qt.FocusReason.OtherFocusReason)
            self.refresh()
            self.changed.emit()
        else:
            self._execute(RequestRights(self._gateway, (SCOPE_OF[self._right],)))

    def give_back(self) -> None:
        """Do without the right."""
        self._execute(GiveBackRights(self._gateway, (SCOPE_OF[self._right],)))

    def _on_withdrawn(self) -> None:
        self._execute(WithdrawRequest(self._gateway))

    @property
    def is_confirming(self) -> bool:
        """Whether it waits for the operator to say yes."""
        return not self._confirmation.isHidden()

    def words(self) -> str:
        """What it says."""
        return " ".join(part for part in (self._words.text(), self._left.text()) if part)

    def _on_confirmed(self) -> None:
        self._confirmation.hide()
        self._execute(RequestRights(self._gateway, (SCOPE_OF[self._right],)))

    def _on_cancelled(self) -> None:
        self._confirmation.hide()
        self.refresh()
        self.changed.emit()
        if self._has_button:
            self.button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _execute(self, command: Command) -> None:
        self._port.execute(command)
        self.refresh()

    # What is known

    def refresh(self) -> None:
        """Show what is known now."""
        gateway = self._port.store.fleet.gateways.get(self._gateway)
        in_settings = self._port.in_settings(self._gateway)
        before, self.state = self.state, right_state(gateway, self._right, in_settings)
        stage = self.state.stage
        if stage is not RightStage.POSSIBLE:
            self._confirmation.hide()
        can_ask = stage in (RightStage.POSSIBLE, RightStage.UNAVAILABLE)
        self.button.setVisible(self._has_button and can_ask and not self.is_confirming)
        self.button.setEnabled(stage is RightStage.POSSIBLE)
        self.withdraw.setVisible(stage in (RightStage.ASKING, RightStage.WAITING))
        self.button.setAccessibleDescription(self.state.words)
        self._words.setText(self.state.words)
        self._words.setVisible(bool(self.state.words) or self._has_button)
        self._show_command(self.state.command)
        self._show_countdown()
        self._recolour()
        if before != self.state:
            self.changed.emit()

    def _show_command(self, command: str) -> None:
        if (self.command.command if self.command else "") == command:
            return
        if self.command is not None:
            self._column.removeWidget(self.command)
            self.command.hide()
            self.command.deleteLater()
            self.command = None
        if command:
            self.command = CommandBox(self._port.look, command)
            self._column.insertWidget(1, self.command)
            self.command.show()  # at once, not when Qt gets round to it

    def _show_countdown(self) -> None:
        waits = self.state.stage is RightStage.WAITING
        left = expires_in(self.state.expires_at, self._port.clock()) if waits else ""
        self._left.setText(left)
        self._left.setVisible(bool(left))
        if left and self.isVisible():
            if not self._timer.isActive():
                self._timer.start()
        else:
            self._timer.stop()

    def _recolour(self) -> None:
        theme = self._port.look.theme
        waits = self.state.stage is RightStage.WAITING
        colour = theme.error if self.state.refused else theme.waiting if waits else theme.muted
        set_colour(self._words, QColor(colour))
        self._words.setFont(self._port.look.metrics.font(12))

    def _on_changes(self, changes: list[Change]) -> None:
        if any(isinstance(one, GatewayChanged) and one.gateway == self._gateway for one in changes):
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks."""
        super().showEvent(event)
        self._following.start()
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: nothing runs, and no confirmation waits."""
        super().hideEvent(event)
        self._timer.stop()
        self._confirmation.hide()
        self._following.stop()
