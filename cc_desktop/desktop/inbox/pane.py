"""Beside the list: the selected item with its card, or what can be done with several."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from cc_desktop.desktop.inbox.cards.card import ItemCard
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.card import TextCard
from cc_desktop.desktop.widgets.labels import wrapping_label
from cc_desktop.fleet.inbox import InboxKind
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr, trn
from cc_desktop.text.inbox.items import title
from cc_desktop.text.inbox.lines import place, since

if TYPE_CHECKING:
    from cc_desktop.desktop.inbox.ports import InboxPorts
    from cc_desktop.fleet.inbox import InboxItem

BEFORE = 600  # characters
_ASKED = (InboxKind.APPROVAL, InboxKind.QUESTION)


class ItemPane(QScrollArea):
    """Head, card, and what the agent said before.

    Signals:
        seen_wanted: Mark what is selected as seen, or as unseen.
        next_wanted: Go on to the next item.
    """

    seen_wanted = Signal()
    next_wanted = Signal()

    def __init__(self, ports: InboxPorts) -> None:
        super().__init__()
        self._ports = ports
        self._context = ports.context
        self.anchor: QWidget | None = None  # from where the Tab key leads here
        self._ordered: list[QWidget] = []
        look, px = ports.context.look, ports.context.look.metrics.px
        self.setObjectName("details")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.title = wrapping_label(look.metrics.font(15, bold=True))
        self.place = wrapping_label(look.metrics.font(12), muted=True)
        self.card = ItemCard(ports)
        self.before = TextCard(look, tr("Before that"))
        self.nothing = wrapping_label(look.metrics.font(), muted=True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.open = button(tr("Open agent"), self._on_open)
        self.seen = button(tr("Mark as seen"), self.seen_wanted.emit)
        self.next = button(tr("Next"), self.next_wanted.emit)
        self._tools = QWidget()
        row = QHBoxLayout(self._tools)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px(8))
        for tool in (self.open, self.seen, self.next):
            row.addWidget(tool)
        row.addStretch(1)
        body = QWidget()
        body.setObjectName("details_body")
        column = QVBoxLayout(body)
        column.setContentsMargins(px(16), px(16), px(16), px(16))
        column.setSpacing(px(12))
        for part in (self.title, self.place, self.card, self._tools, self.before):
            column.addWidget(part)
        column.addWidget(self.nothing, 1)
        column.addStretch(1)
        self.setWidget(body)
        self.setMinimumWidth(px(300))
        self.card.ended.connect(self._on_ended)
        self.show_items([])

    def show_items(self, items: list[InboxItem]) -> None:
        """Show one item, say how many there are of several, or that there is none."""
        if len(items) == 1:
            self.show_item(items[0].id)
            return
        if not items:
            self.card.refresh()
        if not items and self.card.is_over:
            return  # what became of the last one stays until another is chosen
        self.card.show_item("")
        for part in (self.place, self.card, self.before, self.open, self.next):
            part.hide()
        self._tools.setVisible(bool(items))
        self.seen.show()
        self._name_seen(all_seen=bool(items) and all(item.seen for item in items))
        self.title.setText(trn("{n} item selected", "{n} items selected", len(items)))
        self.title.setVisible(bool(items))
        self.nothing.setText(tr("Choose an item to see what it takes."))
        self.nothing.setVisible(not items)

    def show_item(self, ident: str) -> None:
        """Show an item, or that it is no longer open."""
        self.nothing.hide()
        for part in (self.title, self.place, self.card, self._tools, self.next):
            part.show()
        self.card.show_item(ident)
        self.refresh()

    def refresh(self) -> None:
        """Show what is known now."""
        if not self.card.ident:
            return
        self.card.refresh()
        self._order_keys()
        item, fleet = self.card.item, self._context.store.fleet
        self.seen.setVisible(item is not None and not self.card.is_over)
        if item is None:
            self.title.setText(tr("No longer open"))
            self.place.setText("")
            self.open.hide()
            self.before.hide()
            return
        now = self._context.clock()
        self.title.setText(title(item))  # why, the card says
        self.place.setText(" · ".join(filter(None, (place(fleet, item), since(item, now)))))
        self._name_seen(all_seen=item.seen)
        agent = fleet.agent(item.gateway, item.agent)
        self.open.setVisible(agent is not None)
        session = agent.sessions.get(item.session_key) if agent is not None else None
        said = plain(session.preview, BEFORE) if session is not None else ""
        self.before.set_text(said)
        self.before.setVisible(bool(said) and item.kind in _ASKED)

    def _order_keys(self) -> None:
        """The Tab key leads from the list through the card to the buttons below it."""
        content = self.card.content
        inside = content.findChildren(QWidget) if content is not None else []
        order = [one for one in inside if one.focusPolicy() & Qt.FocusPolicy.TabFocus]
        if self.anchor is None or order == self._ordered:
            return
        self._ordered = order
        chain = [self.anchor, *order, self.open, self.seen, self.next]
        for first, second in itertools.pairwise(chain):
            QWidget.setTabOrder(first, second)

    def _name_seen(self, *, all_seen: bool) -> None:
        words = tr("Mark as unseen") if all_seen else tr("Mark as seen")
        self.seen.setText(tr("{words}  {key}", words=words, key="E"))
        self.seen.setAccessibleName(words)

    def _on_ended(self) -> None:
        """The keyboard does not fall on something else by itself."""
        self.seen.hide()
        focus = self.focusWidget()
        if not self.isAncestorOf(focus) or not focus.isVisible():
            self.next.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_open(self) -> None:
        item = self.card.item
        if item is not None:
            self._ports.open_agent(item.gateway, item.agent)
