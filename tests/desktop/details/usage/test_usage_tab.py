"""The tab Usage."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from cc_desktop.desktop.details.usage.tab import DAYS, UsageTab
from cc_desktop.desktop.widgets.view_context import ViewContext
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.history.usage import DayUsage, UsageReport
from cc_desktop.gateway.failures import Failure, FailureKind, NotConnectedError
from tests.desktop import sample
from tests.desktop.details.scripted import ScriptedQueries, settle
from tests.desktop.sample import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QImage
    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.style.theme import ThemeManager

TODAY = "2026-11-18"
REPORT = UsageReport(
    (DayUsage("2026-11-10", 200_000, 1.5), DayUsage(TODAY, 88_000, 0.42)), NOW - 60_000
)


class Scene:
    """The tab, not yet in sight."""

    def __init__(self, context: ViewContext, queries: ScriptedQueries) -> None:
        self.tab = UsageTab(context)
        self.queries = queries
        self._context = context

    def refresh(self, agent: str = "otto") -> None:
        fleet = self._context.store.fleet
        found = fleet.agent("studio", agent)
        assert found is not None
        self.tab.show_agent(found, fleet.gateways["studio"], self._context.clock())

    async def look(self) -> None:
        self.tab.show()
        self.refresh()
        await settle()

    def words(self) -> str:
        labels = self.tab.findChildren(QLabel)
        return "\n".join(one.text() for one in labels if one.isVisible())


@pytest.fixture
def scene(
    qtbot: QtBot, look: ThemeManager, asked: sample.Asked, clock: sample.Clock
) -> Callable[..., Scene]:
    def make(*reports: UsageReport | Exception) -> Scene:
        queries = ScriptedQueries()
        queries.reports = list(reports)
        context = ViewContext(sample.live_store(), asked.actions, clock, look, queries)
        found = Scene(context, queries)
        qtbot.addWidget(found.tab)
        found.tab.resize(420, 700)
        return found

    return make


async def test_nothing_is_asked_until_somebody_looks_and_then_once(
    scene: Callable[..., Scene],
) -> None:
    it = scene(REPORT)
    it.refresh()
    await settle()
    assert it.queries.calls == []
    await it.look()
    for _ in range(3):
        it.refresh()
        await settle()
    assert it.queries.calls == [("usage", "studio", "otto", DAYS)]


async def test_context_today_and_days_with_their_numbers(scene: Callable[..., Scene]) -> None:
    it = scene(REPORT)
    await it.look()
    words = it.words()
    assert "88k of 200k tokens (44 %)" in words
    assert "88k tokens · $0.42" in words
    assert "288k tokens · $1.92" in words
    days = it.tab.days
    assert days.rowCount() == DAYS
    spoken = [days.data(days.index(row), Qt.ItemDataRole.AccessibleTextRole) for row in range(DAYS)]
    assert spoken[0] == "Today: 88k tokens · $0.42"
    assert "Tue 10 Nov: 200k tokens · $1.50" in spoken
    assert it.tab.plot.accessibleName() == "Tokens and cost by day"


async def test_the_cost_is_at_least_that_where_prices_are_missing(
    scene: Callable[..., Scene],
) -> None:
    it = scene(UsageReport((DayUsage(TODAY, 88_000, 0.42, unpriced=2),), NOW))
    await it.look()
    assert "88k tokens · at least $0.42" in it.words()
    assert "The prices of 2 answers are not known" in it.words()


async def test_without_any_price_the_bars_show_tokens(scene: Callable[..., Scene]) -> None:
    it = scene(UsageReport((DayUsage(TODAY, 88_000, 0.0, unpriced=1),), NOW, counting=True))
    await it.look()
    assert "price not known" in it.words()
    assert "still counting" in it.words()
    assert not it.tab.days.by_cost
    assert it.tab.days.share(it.tab.days.days[0]) == 1.0


async def test_it_says_that_it_waits_and_leaving_or_a_click_stops_that(
    scene: Callable[..., Scene],
) -> None:
    it = scene(REPORT, REPORT, REPORT)
    it.queries.hold = asyncio.Event()
    await it.look()
    assert "studio counts tokens and cost" in it.tab.state.text()
    it.tab.stop.click()
    await settle()
    assert (it.queries.cancelled, it.tab.again.isVisible()) == (1, True)
    it.tab.again.click()
    await settle()
    it.tab.hide()
    await settle()
    assert it.queries.cancelled == 2
    it.queries.hold = None
    it.tab.show()
    await settle()
    assert "288k tokens" in it.words()


async def test_a_failure_says_why_and_can_be_tried_again(scene: Callable[..., Scene]) -> None:
    class UnexpectedError(Exception):
        pass

    it = scene(NotConnectedError(Failure(kind=FailureKind.LOST)), UnexpectedError(), REPORT)
    await it.look()
    assert it.tab.state.text().startswith("The connection to the gateway was lost.")
    it.tab.again.click()
    await settle()
    assert "failed while it worked" in it.tab.state.text()
    it.tab.again.click()
    await settle()
    assert it.tab.state.text() == ""
    assert "288k tokens" in it.words()


async def test_another_agent_gets_no_late_answer(scene: Callable[..., Scene]) -> None:
    it = scene(REPORT, UsageReport((DayUsage(TODAY, 7, 0.0),), NOW))
    it.queries.hold = asyncio.Event()
    await it.look()
    it.tab.clear()
    it.refresh("pip")
    it.queries.hold.set()
    await settle()
    assert "288k" not in it.words()
    assert [call[2] for call in it.queries.calls] == ["otto", "pip"]


async def test_what_is_not_known_is_said(scene: Callable[..., Scene]) -> None:
    it = scene(UsageReport((), NOW))
    store = it._context.store
    store.apply(ev.Snapshot("studio", (ev.AgentInfo("otto"),), (), taken_at=NOW))
    await it.look()
    assert "Not known: no session tells its context." in it.words()
    assert "0 tokens · $0.00" in it.words()


async def test_the_bars_show_cost_or_tokens(scene: Callable[..., Scene]) -> None:
    it = scene(REPORT)
    await it.look()
    today = it.tab.days.days[0]
    assert it.tab.days.share(today) == pytest.approx(0.42 / 1.5)
    it.tab.measure.click()
    assert it.tab.measure.text() == "Show cost"
    assert it.tab.days.share(today) == pytest.approx(0.44)
    it.tab.measure.click()
    assert it.tab.days.by_cost


async def test_bars_are_painted_in_both_directions(scene: Callable[..., Scene]) -> None:
    it = scene(REPORT)
    await it.look()
    images: list[QImage] = []
    for direction in (Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft):
        it.tab.setLayoutDirection(direction)
        images.append(it.tab.plot.grab().toImage())
    assert images[0] != images[1]
    blank = scene(UsageReport((), NOW))
    await blank.look()
    assert blank.tab.plot.grab().toImage() != images[0]
