"""What is below the list: rights and secrets of one gateway, which is chosen here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cc_desktop.desktop.settings.gateways.rights_card import RightsCard
from cc_desktop.desktop.settings.gateways.secrets_card import SecretsCard
from cc_desktop.desktop.widgets.inputs import Choice
from cc_desktop.desktop.widgets.labels import label
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cc_desktop.desktop.settings.ports import GatewayTools
    from cc_desktop.desktop.style.theme import ThemeManager


class GatewayFacts(QWidget):
    """Hidden while there is no gateway; with one there is nothing to choose."""

    def __init__(self, look: ThemeManager, tools: GatewayTools) -> None:
        super().__init__()
        px, font = look.metrics.px, look.metrics.font
        self.choice = Choice(look)
        self.choice.currentIndexChanged.connect(self._on_chosen)
        self._chooser = QWidget()
        row = QHBoxLayout(self._chooser)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px(10))
        words = label(font(bold=True), tr("Rights and secrets of"))
        words.setBuddy(self.choice)
        row.addWidget(words)
        row.addWidget(self.choice)
        row.addStretch(1)
        self.rights = RightsCard(tools.rights) if tools.rights is not None else None
        self.secrets = SecretsCard(look, tools.secrets) if tools.secrets is not None else None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, px(4), 0, 0)
        column.setSpacing(px(12))
        column.addWidget(self._chooser)
        for card in (self.rights, self.secrets):
            if card is not None:
                column.addWidget(card)

    @property
    def chosen(self) -> str:
        """The id of the gateway that they are about."""
        return str(self.choice.currentData() or "")

    def choose(self, gateway: str) -> None:
        """Show another one."""
        at = self.choice.findData(gateway)
        if at >= 0:
            self.choice.setCurrentIndex(at)

    def focus_rights(self) -> None:
        """Give the keyboard to the first right that can be asked for or given back."""
        rungs = self.rights.rungs.values() if self.rights is not None else ()
        box = next((rung.box for rung in rungs if rung.box.isEnabled()), None)
        (box or self.choice).setFocus(Qt.FocusReason.OtherFocusReason)

    def show_gateways(self, gateways: Sequence[tuple[str, str]]) -> None:
        """Offer these, by id and name; the one that is chosen stays so if it is among them."""
        wanted = [(ident, plain(name, 60)) for ident, name in gateways]
        known = [
            (self.choice.itemData(at), self.choice.itemText(at))
            for at in range(self.choice.count())
        ]
        if wanted != known:
            before = self.chosen
            self.choice.blockSignals(True)
            self.choice.clear()
            for ident, name in wanted:
                self.choice.addItem(name, ident)
            self.choice.setCurrentIndex(max(0, self.choice.findData(before)))
            self.choice.blockSignals(False)
        self._chooser.setVisible(len(wanted) > 1)
        self.setVisible(bool(wanted) and (self.rights is not None or self.secrets is not None))
        self._on_chosen()

    def _on_chosen(self) -> None:
        if not self.chosen:
            return
        for card in (self.rights, self.secrets):
            if card is not None:
                card.show_gateway(self.chosen, self.choice.currentText())
