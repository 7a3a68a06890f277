"""What this computer may do on a gateway: a ladder, each step asked for and given back in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cc_desktop.desktop.widgets.card import Card
from cc_desktop.desktop.widgets.inputs import check_box
from cc_desktop.desktop.widgets.labels import wrapping_label
from cc_desktop.desktop.widgets.rights.right_prompt import RightPrompt
from cc_desktop.fleet.commands import SCOPE_OF, Right
from cc_desktop.text.connect.rights import RightStage, right_summary
from cc_desktop.text.i18n import tr
from cc_desktop.text.pairing import right_text

if TYPE_CHECKING:
    from cc_desktop.desktop.widgets.rights.right_prompt import RightsPort

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
        first = QHBoxLayout()
        first.setSpacing(px(8))
        first.addWidget(self.box)
        first.addWidget(self._what, 1)
        below = QHBoxLayout()
        below.setContentsMargins(px(26), 0, 0, 0)
        below.addWidget(self.prompt)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(2))
        column.addLayout(first)
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
        possible = state.stage is RightStage.POSSIBLE and not self.prompt.is_confirming
        self.box.setEnabled(possible or (state.stage is RightStage.GRANTED and state.can_return))
        self.box.setAccessibleDescription(f"{self._what.text()}. {state.words}".strip())
        self.prompt.setMaximumHeight(16_777_215 if state.words or self.prompt.is_confirming else 0)


class RightsCard(Card):
    """The ladder of one gateway at a time."""

    def __init__(self, port: RightsPort) -> None:
        super().__init__(port.look, tr("What this computer may do"))
        self._port = port
        self._gateway = ""
        self.rungs: dict[Right, Rung] = {}
        self.body.setSpacing(port.look.metrics.px(7))

    def show_gateway(self, gateway: str, name: str) -> None:
        """Show the rights on a gateway, by its id."""
        self.set_heading(tr("What this computer may do on {gateway}", gateway=name))
        if gateway == self._gateway:
            return
        self._gateway = gateway
        for old in self.rungs.values():
            self.body.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.rungs = {right: Rung(self._port, gateway, right) for right in Right}
        for rung in self.rungs.values():
            self.body.addWidget(rung)
