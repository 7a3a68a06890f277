"""The tab Sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QLabel

from cc_desktop.desktop.details.sessions.tab import SessionsTab
from cc_desktop.desktop.details.sessions.tree import place
from cc_desktop.desktop.widgets.view_context import ViewContext
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import Session
from tests.desktop import sample
from tests.desktop.details.scripted import ScriptedQueries, settle
from tests.desktop.sample import MIN, NOW

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.store import Store

    OpenTab = Callable[..., "Shown"]

TITLE, WHEN, ERROR = 1, 8, 9


class Shown:
    """The tab of one agent."""

    def __init__(self, context: ViewContext, gateway: str, agent: str) -> None:
        self.tab = SessionsTab(context)
        self._context = context
        self._key = (gateway, agent)

    def refresh(self) -> None:
        fleet = self._context.store.fleet
        agent, gateway = fleet.agent(*self._key), fleet.gateways[self._key[0]]
        assert agent is not None
        self.tab.show_agent(agent, gateway, self._context.clock())

    def cell(self, row: int, column: int, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        return self.tab.model.data(self.tab.model.index(row, column), role)

    def titles(self) -> list[str]:
        return [self.cell(row, TITLE) for row in range(self.tab.model.rowCount())]

    def columns(self) -> list[str]:
        model, table = self.tab.model, self.tab.table
        return [
            str(model.headerData(number, Qt.Orientation.Horizontal))
            for number in range(model.columnCount())
            if not table.isColumnHidden(number)
        ]


@pytest.fixture
def open_tab(qtbot: QtBot, look: ThemeManager, asked: sample.Asked, clock: sample.Clock) -> OpenTab:
    def make(
        store: Store,
        gateway: str = "studio",
        agent: str = "rex",
        *,
        width: int = 420,
        remembered: MutableMapping[str, str] | None = None,
        queries: ScriptedQueries | None = None,
    ) -> Shown:
        kept = {} if remembered is None else remembered
        context = ViewContext(store, asked.actions, clock, look, queries, remembered=kept)
        shown = Shown(context, gateway, agent)
        qtbot.addWidget(shown.tab)
        shown.tab.resize(width, 700)
        shown.tab.show()
        shown.refresh()
        return shown

    return make


def family() -> Store:
    """Rex with a session that started two others, one of which started a third."""
    store = sample.live_store()
    rows = {
        "sub1": {"label": "Read the logs", "parent_key": "agent:rex:telegram:1", "ago": 3},
        "sub2": {"label": "Write tests", "parent_key": "agent:rex:telegram:1", "ago": 2},
        "deep": {"label": "Find names", "parent_key": "agent:rex:sub1", "ago": 1},
    }
    for name, row in rows.items():
        at = NOW - int(row.pop("ago")) * MIN  # type: ignore[call-overload]
        fields = {"status": "done", "updated_at": at, "ended_at": at, **row}
        store.apply(ev.SessionChanged("studio", f"agent:rex:{name}", "rex", fields, complete=True))
    return store


def test_newest_first_and_updated_in_place(open_tab: OpenTab) -> None:
    store = sample.live_store()
    shown = open_tab(store)
    model = shown.tab.model
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    assert shown.titles() == ["Fix the login redirect", "Main", "Review PR 42"]
    assert [shown.cell(0, column) for column in range(9)] == [
        *("failed", "Fix the login redirect", "telegram", "opus-5", "122k", "$1.84"),
        *("14:19", "14:21", "4 min"),
    ]
    assert "out of credits" in shown.cell(0, ERROR)
    resets: list[int] = []
    model.modelReset.connect(lambda: resets.append(1))
    again = {"status": "running", "active": True, "updated_at": NOW, "started_at": NOW}
    store.apply(ev.SessionChanged("studio", "agent:rex:main", "rex", again))
    shown.refresh()
    assert (shown.titles()[0], shown.cell(0, 0)) == ("Main", "running")
    assert resets == []
    assert tester.model() is model


def test_subagents_stand_under_who_started_them_and_fold_by_keys(open_tab: OpenTab) -> None:
    shown = open_tab(family())
    assert shown.titles() == [
        "▾ Fix the login redirect",
        "\u2003▾ Read the logs",
        "\u2003\u2003Find names",
        "\u2003Write tests",
        "Main",
        "Review PR 42",
    ]
    spoken = shown.cell(1, TITLE, Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Session: Read the logs, subagent, level 1, 1 subagent, expanded"
    table = shown.tab.table
    table.setCurrentIndex(shown.tab.model.index(0, 0))
    QTest.keyClick(table, Qt.Key.Key_Left)
    assert shown.titles() == ["▸ Fix the login redirect", "Main", "Review PR 42"]
    QTest.keyClick(table, Qt.Key.Key_Right)
    assert len(shown.titles()) == 6
    table.setCurrentIndex(shown.tab.model.index(3, 0))
    QTest.keyClick(table, Qt.Key.Key_Left)  # from a leaf to its parent
    assert table.currentIndex().row() == 0


async def test_archived_sessions_are_asked_for_when_looked_at_and_hide_behind_their_number(
    open_tab: OpenTab,
) -> None:
    queries = ScriptedQueries()
    queries.hidden = (
        Session("agent:rex:old", "rex", label="Last year", archived=True, updated_at=1, error="e"),
    )
    shown = open_tab(family(), queries=queries)
    await settle()
    assert queries.calls == [("archived", "studio", "rex")]
    assert shown.tab.archived.text() == "1 hidden"
    assert "Last year" not in shown.titles()
    shown.tab.archived.click()
    assert shown.titles()[-1] == "Last year"
    shown.tab.table.setCurrentIndex(shown.tab.model.index(6, 0))
    assert "Archived" in shown.tab.facts.text()
    shown.tab.archived.click()
    assert "Last year" not in shown.titles()
    shown.refresh()
    await settle()
    assert len(queries.calls) == 1


async def test_an_archive_that_fails_costs_nothing_else(open_tab: OpenTab) -> None:
    class Unexpected(Exception):  # noqa: N818
        pass

    class Broken(ScriptedQueries):
        async def archived(self, gateway: str, agent: str) -> tuple[Session, ...]:
            raise Unexpected

    shown = open_tab(family(), queries=Broken())
    await settle()
    assert len(shown.titles()) == 6
    assert not shown.tab.archived.isVisible()


def test_nobody_is_asked_for_an_archive_where_nobody_answers(open_tab: OpenTab) -> None:
    assert not open_tab(family()).tab.archived.isVisible()


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("login", ["Fix the login redirect"]),
        ("DISCORD", ["Review PR 42"]),
        ("names", ["Find names"]),
        ("credits", ["Fix the login redirect"]),
        ("zebra", []),
    ],
)
def test_search_looks_at_every_cell_whatever_is_folded(
    open_tab: OpenTab, words: str, titles: list[str]
) -> None:
    shown = open_tab(family())
    shown.tab.search.setText(words)
    assert [title.strip("\u2003▾▸ ") for title in shown.titles()] == titles
    shown.tab.search.clear()
    assert len(shown.titles()) == 6


def test_all_of_the_chosen_session_is_below_the_table_at_any_width(
    open_tab: OpenTab, asked: sample.Asked
) -> None:
    shown = open_tab(sample.live_store(), width=300)
    shown.tab.table.setCurrentIndex(shown.tab.model.index(0, 0))
    text = shown.tab.facts.text()
    for part in ("failed", "telegram", "opus-5", "122k tokens", "$1.84", "Started", "Ended 14:21"):
        assert part in text
    assert "out of credits" in text
    buttons = shown.tab.facts.findChildren(type(shown.tab.archived))
    buttons[0].click()
    assert asked.calls == [("open", "http://studio.example:18789/chat/rex/telegram/1")]


def test_columns_follow_the_width_until_some_are_chosen_and_that_is_remembered(
    open_tab: OpenTab,
) -> None:
    kept: dict[str, str] = {}
    shown = open_tab(sample.live_store(), width=420, remembered=kept)
    assert shown.columns() == ["Status", "Session", "Tokens", "Cost", "When"]
    shown.tab.resize(1200, 700)
    QGuiApplication.processEvents()
    assert "Error" in shown.columns()
    shown.tab.resize(420, 700)
    QGuiApplication.processEvents()
    shown.tab.table.choice.choose("Started", shown=True)
    shown.tab.table.choice.choose("Cost", shown=False)
    chosen = ["Status", "Session", "Tokens", "Started", "When"]
    assert shown.columns() == chosen
    shown.tab.table.setColumnWidth(4, 77)
    again = open_tab(sample.live_store(), width=900, remembered=kept)
    assert again.columns() == chosen
    assert again.tab.table.columnWidth(4) == 77
    again.tab.table.choice.reset()
    assert "Channel" in again.columns()


@pytest.mark.parametrize("bad", ["x", "|||", "Started=9|Tokens=-4|Cost=99999999|=|Tokens=x"])
def test_what_is_remembered_may_be_nonsense(open_tab: OpenTab, bad: str) -> None:
    kept = {"sessions_columns": bad, "sessions_widths": bad}
    assert "Session" in open_tab(sample.live_store(), remembered=kept).columns()


def test_the_columns_can_be_chosen_by_keys(open_tab: OpenTab) -> None:
    shown = open_tab(sample.live_store())
    menu = shown.tab.table.choice.menu()
    actions = {action.text(): action for action in menu.actions()}
    assert actions["Tokens"].isChecked()
    actions["Tokens"].trigger()
    assert "Tokens" not in shown.columns()
    assert "Session" not in actions


def test_errors_and_titles_are_plain_text(open_tab: OpenTab) -> None:
    store = sample.live_store()
    bad = {"error": "<h1>no</h1>\x1b[31m\u202e", "label": "<img src=x>", "updated_at": NOW}
    store.apply(ev.SessionChanged("studio", "agent:rex:telegram:1", "rex", bad))
    shown = open_tab(store)
    shown.tab.table.setCurrentIndex(shown.tab.model.index(0, 0))
    assert "&lt;h1&gt;no&lt;/h1&gt;" in shown.cell(0, 0, Qt.ItemDataRole.ToolTipRole)
    assert shown.titles()[0] == "<img src=x>"
    for part in shown.tab.findChildren(QLabel):
        assert part.textFormat() == Qt.TextFormat.PlainText
    assert "\u202e" not in shown.tab.facts.text()
    assert "\x1b" not in shown.tab.facts.text()


def test_times_move_on(open_tab: OpenTab, clock: sample.Clock) -> None:
    shown = open_tab(sample.live_store())
    clock.now += MIN
    shown.refresh()
    assert shown.cell(0, WHEN) == "5 min"


def test_sessions_of_an_offline_agent_do_not_claim_to_run(open_tab: OpenTab) -> None:
    assert open_tab(sample.last_known_store(), agent="otto").cell(0, 0) == "ran"


def test_without_sessions_it_says_so(open_tab: OpenTab) -> None:
    store = sample.live_store()
    store.apply(ev.Snapshot("studio", (ev.AgentInfo("rex", "Rex"),), (), taken_at=NOW))
    shown = open_tab(store)
    assert not shown.tab.table.isVisible()
    assert "No sessions yet." in [part.text() for part in shown.tab.findChildren(QLabel)]


def test_the_titles_of_columns_are_never_cut(open_tab: OpenTab) -> None:
    shown = open_tab(sample.live_store(), width=1300)
    header = shown.tab.table.horizontalHeader()
    for number in range(shown.tab.model.columnCount()):
        words = str(shown.tab.model.headerData(number, Qt.Orientation.Horizontal))
        room = shown.tab.table.columnWidth(number)
        assert room > header.fontMetrics().horizontalAdvance(words), words


def test_sessions_that_started_each_other_are_shown_all_the_same() -> None:
    def row(name: str, parent: str) -> Session:
        return Session(name, "a", parent_key=parent, updated_at=1)

    circle = {name: row(name, parent) for name, parent in ("ab", "bc", "ca", "dd", "ex")}
    chain = {f"n{number}": row(f"n{number}", f"n{number - 1}") for number in range(500)}
    for rows in (circle, chain):
        for closed in (frozenset[str](), frozenset(rows)):
            placed = place(rows, closed)
            keys = [one.session.key for one in placed]
            assert len(keys) == len(set(keys))
            if not closed:
                assert set(keys) == set(rows)
