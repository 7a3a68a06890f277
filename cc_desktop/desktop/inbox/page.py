"""The inbox: what needs the operator over all gateways, beside it the card to decide it on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cc_desktop.desktop.inbox.filter_chips import EARLIER, OPEN, FilterChips
from cc_desktop.desktop.inbox.item_list import InboxList
from cc_desktop.desktop.inbox.item_model import InboxModel
from cc_desktop.desktop.inbox.pane import ItemPane
from cc_desktop.desktop.inbox.refused import RefusedPane
from cc_desktop.desktop.widgets.agent_pane import CentrePage
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.labels import label, wrapping_label
from cc_desktop.desktop.widgets.rows.seen_steps import SeenSteps
from cc_desktop.fleet.inbox import InboxChanged, Severity
from cc_desktop.fleet.inbox.open_items import find_item, members_of
from cc_desktop.fleet.model import GatewayChanged
from cc_desktop.text.i18n import tr, trn
from cc_desktop.text.inbox.advice import not_visible

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent, QShowEvent

    from cc_desktop.desktop.inbox.ports import InboxPorts
    from cc_desktop.desktop.widgets.rows.change_batch import ChangeBatch
    from cc_desktop.fleet.inbox import InboxItem
    from cc_desktop.fleet.model import Change

SECOND_MS, TIMES_MS = 1_000, 15_000
CARD = 410  # design px
NARROW = 860  # design px of the page: below, the card stands under the list
_BELOW = (260, 320)  # design px of list and card
_HELD = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


class InboxPage(CentrePage):
    """A page of the window. Hidden, it does no work."""

    def __init__(self, ports: InboxPorts, batch: ChangeBatch, earlier: CentrePage) -> None:
        """Build it.

        Args:
            ports: The app around it.
            batch: The changes of the fleet, while the window is in sight.
            earlier: What was told before.
        """
        super().__init__()
        self._ports = ports
        self._context = ports.context
        self._batch = batch
        self.setObjectName("inbox")
        self.model = InboxModel(ports.context.store, ports.context.clock, self)
        store = ports.context.store
        self.marks = SeenSteps(
            ports.context.actions.execute, lambda item: members_of(store.fleet, item)
        )
        self.earlier = earlier
        self._build()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._on_time)
        batch.ready.connect(self._on_changes)
        batch.caught_up.connect(self._on_caught_up)
        self._connect()

    # Building

    def _build(self) -> None:
        look = self._context.look
        self.chips = FilterChips(look)
        self.list = InboxList(look, self.model, self._context.clock)
        self.pane = ItemPane(self._ports)
        self.pages = QStackedWidget()
        self.empty = self._build_empty()
        for page in (self.list, self.empty, self.earlier):
            self.pages.addWidget(page)
        self.refused = RefusedPane(look, self._context.actions.open_rights)
        px = look.metrics.px
        left = QWidget()
        left.setMinimumWidth(px(280))
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._build_head())
        column.addWidget(self.pages, 1)
        column.addWidget(self.refused)
        column.addWidget(self._build_undo())
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.pane)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setSizes([px(770), px(CARD)])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.splitter)

    def _build_head(self) -> QHBoxLayout:
        px = self._context.look.metrics.px
        self.all_seen = button(tr("Mark all as seen"), self.mark_all, "link")
        self.back = button(tr("Fleet  {key}", key="Esc"), self._on_back, "link")
        self.back.setAccessibleName(tr("Back to the fleet"))
        head = QHBoxLayout()
        head.setContentsMargins(px(16), px(12), px(16), px(8))
        head.setSpacing(px(8))
        head.addWidget(self.chips, 1)
        top = Qt.AlignmentFlag.AlignTop
        head.addWidget(self.all_seen, 0, top)
        head.addWidget(self.back, 0, top)
        return head

    def _build_empty(self) -> QWidget:
        px, metrics = self._context.look.metrics.px, self._context.look.metrics
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(px(40), px(24), px(40), px(40))
        column.setSpacing(px(6))
        self.empty_title = wrapping_label(metrics.font(15, bold=True))
        self.empty_text = wrapping_label(metrics.font(12.5), muted=True)
        column.addStretch(1)
        for part in (self.empty_title, self.empty_text):
            part.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(part)
        column.addStretch(1)
        return page

    def _build_undo(self) -> QFrame:
        px = self._context.look.metrics.px
        self.undo_bar = QFrame()
        self.undo_bar.setObjectName("popup_foot")
        self.undo_words = label(self._context.look.metrics.font(12.5))
        self.undo_button = button(tr("Undo  {key}", key="U"), self.undo, "link")
        self.undo_button.setAccessibleName(tr("Undo"))
        row = QHBoxLayout(self.undo_bar)
        row.setContentsMargins(px(18), px(6), px(16), px(6))
        row.addWidget(self.undo_words, 1)
        row.addWidget(self.undo_button)
        self.undo_bar.hide()
        return self.undo_bar

    def _connect(self) -> None:
        self.chips.chosen.connect(self.show_kind)
        self.chips.gateway_chosen.connect(self.show_gateway)
        self.list.selected_changed.connect(self._on_selected)
        self.list.opened.connect(lambda _ident: self.pane.card.focus_first())
        self.pane.seen_wanted.connect(self.mark_selected)
        self.pane.next_wanted.connect(self.next)
        self.pane.anchor = self.list
        self._context.look.changed.connect(self.list.viewport().update)

    # What others ask for

    def open_item(self, ident: str) -> None:
        """Show an item, whatever is filtered; one that has ended is said to be over."""
        self._refresh()
        item = find_item(self._context.store.fleet, ident)
        ident = item.id if item is not None else ident
        if not self.model.index_of(ident).isValid():
            self.show_kind(OPEN)
            self.show_gateway("")
        if self.list.choose(ident):
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.list.choose_none()
            self.pane.show_item(ident)
            self.pane.next.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_kind(self, key: str) -> None:
        """Show open items, those of a severity, or what was earlier."""
        self.chips.check(key)
        is_severity = key not in (OPEN, EARLIER)
        self.model.severity = Severity(key) if is_severity else None
        self.pane.setVisible(key != EARLIER)
        self._refresh()

    def show_gateway(self, gateway: str) -> None:
        """Show the items of one gateway; "": of all."""
        self.chips.check_gateway(gateway)
        self.model.gateway = gateway
        self._refresh()

    def focus_first(self) -> None:
        """The list, at its first item."""
        if self.list.current_item() is None and not self.pane.card.ident:
            self.next()
        target = self.list if self.model.rowCount() else self.chips.chips[OPEN]
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def step_back(self) -> bool:
        """From what was earlier, or a filter, to what is open."""
        if self.pages.currentWidget() is self.earlier and self.earlier.step_back():
            return True
        filtered = not self.chips.chips[OPEN].isChecked() or bool(self.model.gateway)
        if filtered:
            self.show_kind(OPEN)
            self.show_gateway("")
            self.focus_first()
        return filtered

    # What the operator does

    def next(self) -> None:
        """The next item after the current one, from the top again after the last."""
        items = [row.item for row in self.model.rows() if row.item is not None]
        if not items:
            return
        current = self.list.current_item()
        place = next((at for at, one in enumerate(items) if current and one.id == current.id), -1)
        self.list.choose(items[(place + 1) % len(items)].id)
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def mark_selected(self) -> None:
        """Mark what is selected as seen, or as unseen if all of it is seen."""
        self._mark(self.list.selected())

    def mark_all(self) -> None:
        """Mark all that is listed as seen."""
        rows = self.model.rows()
        self._mark([row.item for row in rows if row.item is not None and not row.item.seen])

    def _mark(self, items: list[InboxItem]) -> None:
        if not items:
            return
        unseen = all(item.seen for item in items)
        count = self.marks.mark(items)
        words = (
            trn("{n} item marked as unseen", "{n} items marked as unseen", count)
            if unseen
            else trn("{n} item marked as seen", "{n} items marked as seen", count)
        )
        self.undo_words.setText(words)
        self.undo_bar.show()
        self._ports.say(words, False)
        self._refresh()

    def undo(self) -> None:
        """Take the last mark back."""
        if self.marks.undo():
            self._ports.say(tr("Undone"), False)
        self.undo_bar.hide()
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)
        self._refresh()

    def _on_back(self) -> None:
        self._ports.show_fleet()

    def _on_selected(self) -> None:
        self.pane.show_items(self.list.selected())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override: N next, E seen, U undo; the rest is up to the card."""
        key = event.text().lower()
        if not key or event.modifiers() & _HELD or not self.pane.isVisible():
            super().keyPressEvent(event)
        elif event.isAutoRepeat():
            event.accept()  # a key that is held decides nothing
        elif key == "n":
            self.next()
        elif key == "e":
            self.mark_selected()
        elif key == "u":
            self.undo()
        elif len(self.list.selected()) > 1 or not self.pane.card.press(key):
            super().keyPressEvent(event)

    # Following the fleet

    def _on_changes(self, changes: list[Change]) -> None:
        if not self.isVisible():
            return
        if any(isinstance(change, InboxChanged) for change in changes):
            self._refresh()
        elif any(isinstance(change, GatewayChanged) for change in changes):
            self._refresh_frame()
            self.pane.refresh()
        elif self._concerns_card(changes):
            self.pane.refresh()

    def _concerns_card(self, changes: list[Change]) -> bool:
        item = self.pane.card.item
        return item is not None and any(
            change.gateway == item.gateway and getattr(change, "agent_id", "") == item.agent
            for change in changes
        )

    def _on_caught_up(self) -> None:
        if self.isVisible():
            self._refresh()

    def _refresh(self) -> None:
        shown = self.pane.card.ident
        self.model.refresh()
        item = find_item(self._context.store.fleet, shown)
        if item is not None and item.id != shown:  # the list took it for another one
            self.list.choose(item.id)
        self._refresh_frame()
        self.pane.refresh()
        self._schedule()

    def _refresh_frame(self) -> None:
        fleet = self._context.store.fleet
        self.chips.show_counts(self.model.counts)
        self.chips.show_gateways({key: one.name for key, one in fleet.gateways.items()})
        self.all_seen.setVisible(not self.chips.chips[EARLIER].isChecked())
        alone = [item.id for item in self.model.items] == [self.pane.card.ident]
        self.pane.next.setDisabled(alone)  # there is no other one to go to
        self.all_seen.setEnabled(any(not item.seen for item in self.model.items))
        earlier = self.chips.chips[EARLIER].isChecked()
        self.refused.show_lines(() if earlier else not_visible(fleet, self.model.gateway))
        if self.chips.chips[EARLIER].isChecked():
            self.pages.setCurrentWidget(self.earlier)
        elif self.model.rowCount():
            self.pages.setCurrentWidget(self.list)
        else:
            self._show_empty()

    def _show_empty(self) -> None:
        narrowed = bool(self.model.items)
        self.empty_title.setText(tr("Nothing here") if narrowed else tr("Nothing needs you"))
        self.empty_text.setText(
            tr("Other items are open. Esc shows all of them.")
            if narrowed
            else tr("When an agent fails, asks or waits, or a gateway has a fault, it is here.")
        )
        self.pages.setCurrentWidget(self.empty)

    # Time, and being seen or not

    def _schedule(self) -> None:
        """One timer: by the second while something counts down."""
        if not (self.isVisible() and self._batch.active):
            self._timer.stop()
            return
        by_second = self.pane.card.tick() or self.model.has_countdown()
        wanted = SECOND_MS if by_second else TIMES_MS
        if not self._timer.isActive() or self._timer.interval() != wanted:
            self._timer.start(wanted)

    def is_busy(self) -> bool:
        """Whether its timer runs."""
        return self._timer.isActive()

    def _on_time(self) -> None:
        if not self._batch.active:
            self._timer.stop()
            return
        self.list.viewport().update()
        if self._timer.interval() == TIMES_MS:
            self.model.refresh(places=True)
            self.pane.refresh()
        self._schedule()

    def showEvent(self, event: QShowEvent) -> None:
        """Qt override: follow the fleet while visible."""
        super().showEvent(event)
        self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt override: no work while hidden; nothing stays half decided, no secret typed."""
        super().hideEvent(event)
        self._timer.stop()
        self.pane.card.forget()
        self.undo_bar.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override: the card beside the list, or below it where it is narrow."""
        super().resizeEvent(event)
        px = self._context.look.metrics.px
        narrow = self.width() < px(NARROW)
        wanted = Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal
        if self.splitter.orientation() != wanted:
            self.splitter.setOrientation(wanted)
            sizes = [px(part) for part in _BELOW] if narrow else [self.width() - px(CARD), px(CARD)]
            self.splitter.setSizes(sizes)
