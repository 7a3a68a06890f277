"""Notices that the operator was away, and gathers what happened meanwhile.

Away is who does not see the window: it is hidden or minimised, the screen is locked, or the app
does not run. Nothing here blocks: the card shows what is known, and more as the ledgers answer.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cc_desktop.desktop.away.card import AwayCard
from cc_desktop.desktop.widgets.asking.ask import Ask
from cc_desktop.fleet.history.absence import (
    SHORTEST_MS,
    Absence,
    AwaySummary,
    costs_of,
    summarize,
)
from cc_desktop.fleet.model import ConnectionState, GatewayChanged, Origin
from cc_desktop.monitor.queries import problem_of
from cc_desktop.text.history import away

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.fleet.history.absence import Costs
    from cc_desktop.fleet.history.ledger import LedgerRecord
    from cc_desktop.fleet.model import Change, Gateway
    from cc_desktop.text.history.away import Agents, AwayLine

LAST_SEEN = "last_seen"  # key of the state store: local ms
MOST_PAGES = 10  # of a ledger
LONGEST_MS = 30 * 24 * 60 * 60_000  # gateways keep their ledgers for 30 days


@dataclass(frozen=True, slots=True)
class AwayPorts:
    """What the desk needs from the rest of the app."""

    recall: Callable[[str], Any]  # what was remembered under a key
    remember: Callable[[str, Any], None]
    open_agents: Callable[[Agents, str], None]  # the agents, and what is said of them
    open_gateway: Callable[[str], None]


@dataclass(slots=True)
class _Ledger:
    """What is known of one gateway's ledger."""

    records: tuple[LedgerRecord, ...] = ()
    is_answered: bool = False
    is_kept: bool = True
    has_failed: bool = False
    ask: Ask[Any] | None = field(default=None)


class AwayDesk(QObject):
    """Shows the card when the operator is back after half an hour or more."""

    def __init__(self, context: ViewContext, ports: AwayPorts) -> None:
        super().__init__()
        self._context = context
        self._ports = ports
        self._is_looking = False
        self._is_visible = False
        self._is_locked = False
        kept = ports.recall(LAST_SEEN)
        self._left_at = kept if isinstance(kept, int) and not isinstance(kept, bool) else 0
        self._costs: Costs | None = None
        self._absence: Absence | None = None
        self._ledgers: dict[str, _Ledger] = {}
        self.card = AwayCard(context.look)
        self.pane = QWidget()  # the card and the room around it
        around, px = QVBoxLayout(self.pane), context.look.metrics.px
        around.setContentsMargins(px(16), px(12), px(16), px(10))
        around.addWidget(self.card)
        self.pane.hide()
        self.card.dismissed.connect(self.dismiss)
        self.card.chosen.connect(self._on_chosen)
        context.look.changed.connect(self.card.update)
        self._end = context.store.subscribe(self._on_changes)

    # Coming and going

    def set_visible(self, is_visible: bool) -> None:
        """The window is on the screen, or no longer."""
        self._is_visible = is_visible
        self._look_or_leave()

    def set_locked(self, is_locked: bool) -> None:
        """The screen is locked, or the computer sleeps, or no longer."""
        self._is_locked = is_locked
        self._look_or_leave()

    def _look_or_leave(self) -> None:
        is_looking = self._is_visible and not self._is_locked
        if is_looking is self._is_looking:
            return
        self._is_looking = is_looking
        now = self._context.clock()
        if is_looking:
            self._on_back(now)
        else:
            self._left_at = now
            self._costs = costs_of(self._context.store.fleet)
        self._ports.remember(LAST_SEEN, now)

    def _on_back(self, now: int) -> None:
        since, costs = self._left_at, self._costs
        self._costs = None
        if not 0 < since <= now - SHORTEST_MS:
            return
        self.dismiss()
        self._absence = Absence(max(since, now - LONGEST_MS), now, costs)
        self._ask_all()
        self._show()

    def stop(self) -> None:
        """The app ends."""
        self.set_visible(False)
        self.dismiss()
        self._end()

    # The ledgers

    def _ask_all(self) -> None:
        for gateway in self._context.store.fleet.shown():
            self._ask(gateway)

    def _ask(self, gateway: Gateway) -> None:
        """Ask a gateway once it is live; a second time only after it failed to answer."""
        queries, absence = self._context.queries, self._absence
        is_there = gateway.connection.state is ConnectionState.LIVE
        if queries is None or absence is None or not (is_there or gateway.origin is Origin.DEMO):
            return
        ledger = self._ledgers.setdefault(gateway.id, _Ledger())
        if ledger.is_answered or (ledger.ask is not None and ledger.ask.running):
            return
        ident, after = gateway.id, max(1, absence.since - gateway.clock_offset_ms)

        async def question() -> tuple[bool, tuple[LedgerRecord, ...]]:
            records: list[LedgerRecord] = []
            cursor = ""
            for _ in range(MOST_PAGES):
                page = await queries.ledger(ident, "", cursor, after=after, runs=True)
                records += page.records
                if not page.kept or not page.cursor or page.cursor == cursor:
                    return page.kept, tuple(records)
                cursor = page.cursor
            return True, tuple(records)

        ledger.ask = Ask(
            functools.partial(self._on_ledger, ident), functools.partial(self._on_failure, ident)
        )
        ledger.ask.start(question, f"ledger of {ident}")

    def _on_ledger(self, ident: str, answer: tuple[bool, tuple[LedgerRecord, ...]]) -> None:
        ledger = self._ledgers.get(ident)
        if ledger is not None:
            ledger.is_kept, ledger.records = answer
            ledger.is_answered, ledger.has_failed = True, False
            self._show()

    def _on_failure(self, ident: str, error: Exception) -> None:
        problem_of(error)  # logs what nobody expected
        ledger = self._ledgers.get(ident)
        if ledger is not None:
            ledger.has_failed = True
            self._show()

    def _on_changes(self, changes: list[Change]) -> None:
        if self._absence is None:
            return
        for change in changes:
            if not isinstance(change, GatewayChanged) or change.after is None:
                continue
            was = change.before.connection.state if change.before else None
            if change.after.connection.state is not was and not change.after.hidden:
                self._ask(change.after)
                self._show()

    # The card

    def summary(self) -> AwaySummary | None:
        """What is known so far; None when nobody was away, or the card is dismissed."""
        if self._absence is None:
            return None
        history = self._context.history
        own = history.since(self._absence.since) if history else ()
        told = {
            ident: ledger.records
            for ident, ledger in self._ledgers.items()
            if ledger.is_answered and ledger.is_kept
        }
        return summarize(self._absence, self._context.store.fleet, own, told)

    def _show(self) -> None:
        summary, fleet = self.summary(), self._context.store.fleet
        if summary is None or summary.is_empty:
            self.pane.hide()
            return
        known = {one.id: self._ledgers.get(one.id) for one in fleet.shown()}
        without = [ident for ident, one in known.items() if one and not one.is_kept]
        failed = [ident for ident, one in known.items() if one and one.has_failed]
        asking = [ident for ident, one in known.items() if one and one.ask and one.ask.running]
        now = self._context.clock()
        self.card.show_lines(
            away.heading(summary.absence, now),
            away.lines(summary, fleet),
            away.source_note(fleet, without, failed, asking),
        )
        self.pane.show()

    def dismiss(self) -> None:
        """Show the card no longer."""
        self._absence = None
        for ledger in self._ledgers.values():
            if ledger.ask is not None:
                ledger.ask.stop()
        self._ledgers = {}
        self.pane.hide()

    def _on_chosen(self, line: AwayLine) -> None:
        fleet = self._context.store.fleet
        there = tuple(key for key in line.agents if fleet.agent(*key) is not None)
        if there:
            self._ports.open_agents(there, line.head)
        elif line.gateway in fleet.gateways:
            self._ports.open_gateway(line.gateway)
