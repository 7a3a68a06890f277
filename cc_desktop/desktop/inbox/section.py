"""The requests of one agent, as cards in its details."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout

from cc_desktop.desktop.inbox.cards.card import ItemCard
from cc_desktop.desktop.widgets.agent_pane import PaneSection
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.fleet.inbox import InboxKind
from cc_desktop.text.i18n import trn

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QKeyEvent

    from cc_desktop.desktop.inbox.ports import InboxPorts
    from cc_desktop.fleet.model import Agent, Gateway

CARDS = 3  # at once; the rest is in the inbox
# Why an agent failed or is stuck, the tabs below say.
_TOLD_HERE = (
    InboxKind.APPROVAL,
    InboxKind.QUESTION,
    InboxKind.RUNAWAY,
    InboxKind.CONTEXT_FULL,
)


class AgentSection(PaneSection):
    """Shows what an agent waits for; hidden when that is nothing."""

    def __init__(self, ports: InboxPorts) -> None:
        super().__init__()
        self._ports = ports
        self._agent: tuple[str, str] | None = None
        self._items: list[str] = []
        self.cards: dict[str, ItemCard] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(ports.context.look.metrics.px(10))
        self.more = button("", self._on_more, "link")
        self._column.addWidget(self.more)
        self.hide()

    def show_agent(self, agent: Agent, gateway: Gateway, now: int) -> None:
        """Show what is known of an agent, the same as before or another."""
        key = (agent.gateway, agent.id)
        if key != self._agent:
            self.clear()
            self._agent = key
        items = sorted(
            (item for item in gateway.inbox.get(agent.id, ()) if item.kind in _TOLD_HERE),
            key=lambda item: item.order,
        )
        self._items = [item.id for item in items]
        kept = [ident for ident, card in self.cards.items() if ident in self._items]
        kept += [ident for ident in self._items if ident not in kept]
        wanted = kept[:CARDS]
        for ident in [ident for ident in self.cards if ident not in wanted]:
            self._drop(ident)
        for place, ident in enumerate(wanted):
            if ident not in self.cards:
                card = self.cards[ident] = ItemCard(self._ports)
                self._column.insertWidget(place, card)
            self.cards[ident].show_item(ident)
        left = len(items) - len(wanted)
        self.more.setText(trn("{n} more in the inbox", "{n} more in the inbox", left))
        self.more.setVisible(left > 0)
        self.setVisible(bool(wanted))

    def focus_first(self) -> bool:
        """Give the keyboard to the first card; see `PaneSection`."""
        for ident in self._items:
            if ident in self.cards:
                self.cards[ident].focus_first()
                return True
        return False

    def clear(self) -> None:
        """Forget the agent."""
        self._agent = None
        for ident in list(self.cards):
            self._drop(ident)
        self.hide()

    def _drop(self, ident: str) -> None:
        card = self.cards.pop(ident)
        card.forget()
        if card.isAncestorOf(self.focusWidget()):
            # Qt would go on to another card's button, and the next key would decide there.
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        self._column.removeWidget(card)
        card.hide()
        card.deleteLater()

    def _on_more(self) -> None:
        hidden = [ident for ident in self._items if ident not in self.cards]
        if hidden:
            self._ports.open_item(hidden[0])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override: the keys of a card, while the keyboard is on it."""
        focus = self.focusWidget()
        for card in self.cards.values():
            if not card.isAncestorOf(focus) or event.isAutoRepeat() or event.modifiers():
                continue
            if card.press(event.text().lower()):
                return
        super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt override: nothing stays half decided."""
        super().hideEvent(event)
        for card in self.cards.values():
            card.forget()
