"""What this computer may do on a gateway: a ladder, each step asked for and given back in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cc_desktop.desktop.widgets.card import INDENT, Card
from cc_desktop.desktop.widgets.inputs import check_box
from cc_desktop.desktop.widgets.labels import wrapping_label
from cc_desktop.desktop.widgets.rights.right_prompt import RightPrompt
from cc_desktop.desktop.widgets.rows.subscription import Subscription
from cc_desktop.fleet.commands import SCOPE_OF, Right
from cc_desktop.fleet.model import GatewayChanged
from cc_desktop.text.connect.rights import RightStage, right_summary
from cc_desktop.text.i18n import tr
from cc_desktop.text.pairing import right_text

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QShowEvent

    from cc_desktop.desktop.widgets.rights.right_prompt import RightsPort
    from cc_desktop.fleet.model import Change

_CHECKS = {
    RightStage.GRANTED: Qt.CheckState.Checked,
    RightStage.ASKING: Qt.CheckState.PartiallyChecked,
    RightStage.WAITING: Qt.CheckState.PartiallyChecked,
    RightStage.RETURNING: Qt.CheckState.PartiallyChecked,
}


class Rung(QWidget):
    """One right: a box that says whether it is granted, and below what happens to it.

    Ticking it asks for the right, clearing it gives it back. The box shows what is true, so it
    stays half ticked until the gateway has answered.
    """

    def __init__(self, port: RightsPort, gateway: str, right: Right) -> None:
        super().__init__()
        px, font = port.look.metrics.px, port.look.metrics.font
        self.right = right
        self.box = check_box(port.look, right_text(right).name)
        self.box.setFont(font(bold=True))
        self.box.clicked.connect(self._on_clicked)
        what = f"{right_summary(right)} · {SCOPE_OF[right]}"
        self._what = wrapping_label(font(11.5), what, muted=True)
        self.prompt = RightPrompt(port, gateway, right, has_button=False)
        self.prompt.changed.connect(self._follow)
        self._what.setContentsMargins(px(INDENT), 0, 0, 0)
        below = QHBoxLayout()
        below.setContentsMargins(px(INDENT), px(2), 0, 0)
        below.addWidget(self.prompt)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.box)
        column.addWidget(self._what)
        column.addLayout(below)
        self._follow()

    def _on_clicked(self) -> None:
        stage = self.prompt.state.stage
        if stage is RightStage.POSSIBLE and not self.prompt.is_confirming:
            self.prompt.ask()
        elif stage is RightStage.GRANTED and self.prompt.state.can_return:
            self.prompt.give_back()
        self._follow()

    def _follow(self) -> None:
        state = self.prompt.state
        check = _CHECKS.get(state.stage, Qt.CheckState.Unchecked)
        if self.prompt.is_confirming:
            check = Qt.CheckState.PartiallyChecked
        self.box.setCheckState(check)
        # While it is under way it takes no click, but keeps the keyboard.
        stuck = state.stage is RightStage.GRANTED and not state.can_return
        self.box.setEnabled(not stuck and state.stage is not RightStage.UNAVAILABLE)
        self.box.setAccessibleDescription(f"{self._what.text()}. {state.words}".strip())
        # Hidden, it does not follow the model, so the card does it for all. Why no right can be
        # asked for is the same for all, and the card says it once.
        says = bool(state.words) and state.stage is not RightStage.UNAVAILABLE
        self.prompt.setVisible(says or self.prompt.is_confirming)


class RightsCard(Card):
    """The ladder of one gateway at a time."""

    def __init__(self, port: RightsPort) -> None:
        super().__init__(port.look, tr("What this computer may do"))
        self._port = port
        self._gateway = ""
        self._following = Subscription(lambda: self._port.store.subscribe(self._on_changes))
        self.rungs: dict[Right, Rung] = {}
        self.body.setSpacing(port.look.metrics.px(7))
        self._why_not = wrapping_label(port.look.metrics.font(12), muted=True)
        self.body.addWidget(self._why_not)

    def show_gateway(self, gateway: str, name: str) -> None:
        """Show the rights on a gateway, by its id."""
        self.set_heading(tr("What this computer may do on {gateway}", gateway=name))
        if gateway == self._gateway:
            self.refresh()
            return
        self._gateway = gateway
        for old in self.rungs.values():
            self.body.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.rungs = {right: Rung(self._port, gateway, right) for right in Right}
        for rung in self.rungs.values():
            self.body.addWidget(rung)
            rung.prompt.changed.connect(self._show_why_not)
        self._show_why_not()

    def refresh(self) -> None:
        """Show what is known now."""
        for rung in self.rungs.values():
            rung.prompt.refresh()
        self._show_why_not()

    def _on_changes(self, changes: list[Change]) -> None:
        if any(isinstance(one, GatewayChanged) and one.gateway == self._gateway for one in changes):
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks."""
        super().showEvent(event)
        self._following.start()
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._following.stop()

    def why_not(self) -> str:
        """Why no other right can be asked for now; "" where one can."""
        return self._why_not.text()

    def _show_why_not(self) -> None:
        states = [rung.prompt.state for rung in self.rungs.values()]
        words = next((s.words for s in states if s.stage is RightStage.UNAVAILABLE), "")
        self._why_not.setText(words)
        self._why_not.setVisible(bool(words))
