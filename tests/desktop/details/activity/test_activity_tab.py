"""The tab Activity."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel

from cc_desktop.desktop.details.activity import tab as activity_tab
from cc_desktop.desktop.details.activity.tab import ActivityTab
from cc_desktop.desktop.widgets.view_context import ViewContext
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.history.ledger import LedgerPage, LedgerRecord
from cc_desktop.fleet.history.log import HistoryLog
from cc_desktop.gateway.failures import Failure, FailureKind, RequestTimeoutError
from tests.desktop import sample
from tests.desktop.details.scripted import ScriptedQueries, settle
from tests.desktop.sample import HOUR, NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.style.theme import ThemeManager

KEY = "agent:otto:main"
WHAT = 1


class UnexpectedError(Exception):
    pass


class Scene:
    """The tab of Otto, its store and who answers."""

    def __init__(self, context: ViewContext, queries: ScriptedQueries, clock: sample.Clock) -> None:
        self.tab = ActivityTab(context)
        self.queries = queries
        self.clock = clock
        self.store = context.store
        self._context = context

    def refresh(self, agent: str = "otto") -> None:
        found = self.store.fleet.agent("studio", agent)
        assert found is not None
        self.tab.show_agent(found, self.store.fleet.gateways["studio"], self.clock())

    def uses(self, what: str) -> None:
        self.clock.now += 1_000
        self.store.apply(sample.progress("studio", "otto", what, False))
        self.refresh()

    def lines(self) -> list[str]:
        model = self.tab.model
        return [model.data(model.index(row, WHAT)) for row in range(model.rowCount())]


@pytest.fixture
def scene(
    qtbot: QtBot, look: ThemeManager, asked: sample.Asked, clock: sample.Clock
) -> Callable[[], Scene]:
    def make() -> Scene:
        store = sample.live_store(clock)
        history = HistoryLog(store, clock)
        queries = ScriptedQueries()
        context = ViewContext(store, asked.actions, clock, look, queries, history)
        found = Scene(context, queries, clock)
        qtbot.addWidget(found.tab)
        found.tab.resize(420, 600)
        found.tab.show()
        found.refresh()
        return found

    return make


def record(ident: str, ago: int, status: str = "succeeded", **more: Any) -> LedgerRecord:
    fields = {"kind": "agent_run", "action": "agent.run.finished", **more}
    return LedgerRecord(ident, NOW - ago, status=status, agent="otto", session_key=KEY, **fields)


def test_what_happens_is_said_in_words_newest_first(scene: Callable[[], Scene]) -> None:
    it = scene()
    assert it.lines() == []
    it.uses("exec: make")
    it.uses("read: README.md")
    assert it.lines() == ["Used read: README.md", "Used exec: make"]
    time = it.tab.model.data(it.tab.model.index(0, 0))
    assert time == "14:25"
    assert it.queries.calls == []


def test_a_filter_and_copy(scene: Callable[[], Scene]) -> None:
    it = scene()
    for what in ("exec: make", "read: README.md", "exec: pytest"):
        it.uses(what)
    it.tab.filter.setText("EXEC")
    assert it.lines() == ["Used exec: pytest", "Used exec: make"]
    it.tab.copy.click()
    assert QGuiApplication.clipboard().text() == (
        "14:25  Used exec: pytest\n14:25  Used exec: make"
    )
    it.tab.table.selectRow(1)
    it.tab.copy.click()
    assert QGuiApplication.clipboard().text() == "14:25  Used exec: make"
    it.tab.filter.setText("zebra")
    assert it.lines() == []
    assert not it.tab.copy.isEnabled()


async def test_older_comes_from_the_ledger_page_by_page_without_what_is_known(
    scene: Callable[[], Scene],
) -> None:
    it = scene()
    it.uses("exec: make")
    tool = {"kind": "tool_action", "action": "tool.action.finished", "tool": "exec"}
    it.queries.pages = [
        LedgerPage((record("1", -1_000, **tool), record("2", HOUR)), "7"),
        LedgerPage((record("2", HOUR), record("3", 2 * HOUR, "failed"))),
    ]
    it.tab.older.click()
    await settle()
    assert it.lines() == ["Used exec: make", "Finished: Split the reducer"]
    it.tab.older.click()
    await settle()
    assert it.lines()[-1] == "Failed: Split the reducer"
    assert [call[3] for call in it.queries.calls] == ["", "7"]
    assert it.tab.note.text() == "The ledger of studio has nothing older."
    assert not it.tab.older.isVisible()


async def test_a_gateway_without_a_ledger_is_named(scene: Callable[[], Scene]) -> None:
    it = scene()
    it.queries.pages = [LedgerPage(kept=False)]
    it.tab.older.click()
    await settle()
    assert it.tab.note.text().startswith("studio keeps no ledger (OpenClaw 2026.9.6).")
    assert not it.tab.older.isVisible()


async def test_a_failure_says_why_and_can_be_tried_again(
    scene: Callable[[], Scene], caplog: pytest.LogCaptureFixture
) -> None:
    it = scene()
    it.uses("exec: make")
    failure = Failure(kind=FailureKind.SILENT, detail="studio")
    it.queries.pages = [
        RequestTimeoutError(failure),
        UnexpectedError(),
        LedgerPage((record("2", HOUR),)),
    ]
    it.tab.older.click()
    await settle()
    assert "does not answer" in it.tab.note.text()
    assert it.tab.older.text() == "Try again"
    it.tab.older.click()
    await settle()
    assert "failed while it worked with the gateway" in it.tab.note.text()
    assert caplog.text.count("UnexpectedError") == 1
    it.tab.older.click()
    await settle()
    assert len(it.lines()) == 2


async def test_leaving_stops_waiting_and_another_agent_gets_no_late_answer(
    scene: Callable[[], Scene],
) -> None:
    it = scene()
    it.queries.hold = asyncio.Event()
    it.queries.pages = [LedgerPage((record("1", HOUR),)), LedgerPage((record("2", HOUR),))]
    it.tab.older.click()
    await settle()
    assert "Asking studio" in it.tab.note.text()
    it.tab.hide()
    await settle()
    assert it.queries.cancelled == 1
    assert it.tab.note.text() == ""
    it.tab.show()
    it.tab.older.click()
    await settle()
    it.tab.clear()
    it.refresh("pip")
    it.queries.hold.set()
    await settle()
    assert it.lines() == []


async def test_a_ledger_that_repeats_itself_is_not_asked_for_ever(
    scene: Callable[[], Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    it = scene()
    page = LedgerPage((record("1", HOUR),), "same")
    it.queries.pages = [page, page]
    for _ in range(2):
        it.tab.older.click()
        await settle()
    assert not it.tab.older.isVisible()
    monkeypatch.setattr(activity_tab, "MOST_RECORDS", 5)
    many = scene()
    records = tuple(record(str(number), HOUR + number) for number in range(9))
    many.queries.pages = [LedgerPage(records, "more")]
    many.tab.older.click()
    await settle()
    assert len(many.lines()) == 5
    assert not many.tab.older.isVisible()


async def test_hostile_texts_are_shown_as_they_are_and_short(scene: Callable[[], Scene]) -> None:
    it = scene()
    it.uses("<h1>x</h1>\u202e\x1b[31m" + "y" * 5_000)
    it.queries.pages = [LedgerPage((record("1", HOUR, "<b>odd</b>", kind="<i>new</i>"),))]
    it.tab.older.click()
    await settle()
    first, last = it.lines()
    assert first.startswith("Used <h1>x</h1>")
    assert len(first) <= 310
    assert not {"\u202e", "\x1b"} & set(first)
    assert last == "agent.run.finished <b>odd</b>"
    tip = it.tab.model.data(it.tab.model.index(0, WHAT), Qt.ItemDataRole.ToolTipRole)
    assert "&lt;h1&gt;" in tip
    for part in it.tab.findChildren(QLabel):
        assert part.textFormat() == Qt.TextFormat.PlainText


def test_an_unchanged_list_is_not_made_again(scene: Callable[[], Scene]) -> None:
    it = scene()
    it.uses("exec: make")
    before = it.tab.model.rows()[0]
    it.refresh()
    assert it.tab.model.rows()[0] is before


def test_without_anybody_to_ask_there_is_no_older(
    qtbot: QtBot, look: ThemeManager, asked: sample.Asked, clock: sample.Clock
) -> None:
    store = sample.live_store()
    tab = ActivityTab(ViewContext(store, asked.actions, clock, look))
    qtbot.addWidget(tab)
    agent = store.fleet.agent("studio", "rex")
    assert agent is not None
    tab.show()
    tab.show_agent(agent, store.fleet.gateways["studio"], NOW)
    assert not tab.older.isVisible()
    store.apply(ev.Tick("studio"))
