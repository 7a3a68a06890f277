"""The tab Usage. It costs the gateway much, so it asks only while somebody looks."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from cc_desktop.desktop.details.tab import DetailsTab
from cc_desktop.desktop.details.usage.plot import ContextBar, DaysModel, DaysPlot
from cc_desktop.desktop.widgets.asking.ask import Ask
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.card import Card
from cc_desktop.desktop.widgets.labels import label, wrapping_label
from cc_desktop.fleet.history.usage import DayUsage, last_days
from cc_desktop.monitor.queries import problem_of
from cc_desktop.text.failures import describe
from cc_desktop.text.format import plain
from cc_desktop.text.history import usage
from cc_desktop.text.i18n import tr, trn

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QShowEvent

    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.fleet.history.usage import UsageReport
    from cc_desktop.fleet.model import Agent, Gateway

DAYS = 14
Key = tuple[str, str]


class UsageTab(DetailsTab):
    """Context against window; tokens and cost today and by day."""

    def __init__(self, context: ViewContext) -> None:
        super().__init__()
        self._context = context
        self._key: Key | None = None
        self._agent: Agent | None = None
        self._gateway: Gateway | None = None
        self._report: UsageReport | None = None
        self._wants_cost = True  # from the bars
        self._asked: Key | None = None  # whose report was asked for since somebody looked
        self._ask = Ask[tuple[Key, "UsageReport"]](self._on_report, self._on_failure)
        look, px = context.look, context.look.metrics.px
        small = look.metrics.font(12)
        self.context_card = Card(look, tr("Context"))
        self._context_words = label(look.metrics.font())
        self._bar = ContextBar(look)
        self.context_card.body.addWidget(self._context_words)
        self.context_card.body.addWidget(self._bar)
        self.today_card = Card(look, tr("Today"))
        self._today = label(look.metrics.font(17, bold=True))
        self.today_card.body.addWidget(self._today)
        self.days_card = Card(look, trn("Last {n} day", "Last {n} days", DAYS))
        self._total = label(look.metrics.font())
        self.measure = button("", self._on_measure, "link")
        self.measure.setFont(small)
        self.days = DaysModel(self)
        self.plot = DaysPlot(look, self.days)
        self._notes = wrapping_label(small, muted=True)
        head = QHBoxLayout()
        head.addWidget(self._total)
        head.addStretch(1)
        head.addWidget(self.measure)
        self.days_card.body.addLayout(head)
        self.days_card.body.addWidget(self.plot)
        self.days_card.body.addWidget(self._notes)
        self.state = wrapping_label(look.metrics.font(), muted=True)
        self.again = button(tr("Try again"), self._on_again)
        self.stop = button(tr("Stop asking"), self._on_stop, "link")
        foot = QHBoxLayout()
        foot.setSpacing(px(8))
        foot.addWidget(self.state, 1)
        for part in (self.stop, self.again):
            foot.addWidget(part, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(14))
        for card in (self.context_card, self.today_card, self.days_card):
            column.addWidget(card)
        column.addLayout(foot)
        column.addStretch(1)
        look.changed.connect(self.plot.viewport().update)
        self._show_report()

    # What is shown

    def show_agent(self, agent: Agent, gateway: Gateway, now: int) -> None:
        """Show what is known now; ask for the rest when it is in sight."""
        self._agent, self._gateway = agent, gateway
        self._key = (agent.gateway, agent.id)
        percent, words = usage.context_words(agent)
        self._context_words.setText(words)
        self._bar.setVisible(percent is not None)
        self._bar.show_percent(percent or 0)
        self._bar.setAccessibleDescription(words)
        if self.isVisible():
            self._ask_once()

    def _show_report(self) -> None:
        report = self._report
        for card in (self.today_card, self.days_card):
            card.setVisible(report is not None)
        if report is None or self._gateway is None:
            return
        now = self._context.clock()
        today = datetime.fromtimestamp(now / 1000).astimezone().date().isoformat()
        days = last_days(report, DAYS, today)
        mine = next((day for day in days if day.date == today), DayUsage(today))
        self._today.setText(usage.used(mine))
        self._total.setText(usage.used(report.total))
        self.days.show_days(days, today)
        # Without any cost all bars would have the length 0.
        self._set_by_cost(self._wants_cost and report.total.usd > 0)
        self.measure.setVisible(report.total.usd > 0)
        self._notes.setText(usage.notes(report, plain(self._gateway.name, 60), now))
        self.again.setText(tr("Ask again"))

    def _set_by_cost(self, by_cost: bool) -> None:
        self.days.set_by_cost(by_cost)
        self.measure.setText(tr("Show tokens") if by_cost else tr("Show cost"))
        self.measure.setAccessibleName(
            tr("Let the bars show tokens") if by_cost else tr("Let the bars show the cost")
        )

    def _on_measure(self) -> None:
        self._wants_cost = not self.days.by_cost
        self._set_by_cost(self._wants_cost)

    def _show_state(self, text: str, *, may_ask: bool) -> None:
        self.state.setText(text)
        self.state.setVisible(bool(text))
        self.stop.setVisible(self._ask.running)
        self.again.setVisible(may_ask and not self._ask.running)

    # Asking

    def _ask_once(self) -> None:
        if self._asked != self._key:
            self._start()

    def _start(self) -> None:
        key, queries = self._key, self._context.queries
        self._asked = key
        if key is None or self._gateway is None:
            return
        if queries is None:
            self._show_state(tr("Nobody can be asked here."), may_ask=False)
            return

        async def question() -> tuple[Key, UsageReport]:
            return key, await queries.usage_cost(*key, DAYS)

        self._ask.start(question, "usage")
        name = plain(self._gateway.name, 60)
        waiting = tr("{gateway} counts tokens and cost. This may take a while…", gateway=name)
        self._show_state(waiting, may_ask=False)

    def _on_report(self, answer: tuple[Key, UsageReport]) -> None:
        key, report = answer
        if key != self._key:
            return
        self._report = report
        self._show_report()
        self._show_state("", may_ask=True)

    def _on_failure(self, error: Exception) -> None:
        text = describe(problem_of(error))
        words = " ".join(part for part in (text.message, text.next_step) if part)
        self.again.setText(tr("Try again"))
        self._show_state(words, may_ask=True)

    def _on_again(self) -> None:
        self._start()

    def _on_stop(self) -> None:
        self._ask.stop()
        self._show_state("", may_ask=True)

    def showEvent(self, event: QShowEvent) -> None:
        """Qt override: somebody looks."""
        super().showEvent(event)
        if self._key is not None:
            self._ask_once()

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt override: nobody looks, so nothing is waited for. The next look asks again."""
        super().hideEvent(event)
        self._ask.stop()
        self._asked = None
        self._show_state("", may_ask=False)

    # Whose it is

    def clear(self) -> None:
        """Forget the agent."""
        self._ask.stop()
        self._key = self._asked = self._report = None
        self._agent = self._gateway = None
        self._show_report()
        self._show_state("", may_ask=False)

    def focus_first(self) -> None:
        """The days, else what can be asked."""
        for widget in (self.plot, self.again, self.stop):
            if widget.isVisible():
                widget.setFocus(Qt.FocusReason.OtherFocusReason)
                return
