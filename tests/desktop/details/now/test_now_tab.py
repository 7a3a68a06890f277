from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from cc_desktop.desktop.details.now.lines import MOST_HELPERS, MOST_STEPS
from cc_desktop.desktop.details.now.reply_card import SHOWN_CHARS
from cc_desktop.desktop.details.now.tab import NowTab
from cc_desktop.desktop.details.panel import Details
from cc_desktop.desktop.style.palette import LIGHT
from cc_desktop.desktop.widgets.view_context import ViewContext
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.transcript.live import LiveRun, Phase, Step
from cc_desktop.fleet.transcript.ports import ViewState
from cc_desktop.fleet.transcript.records import CardStep, ProgressCard
from cc_desktop.fleet.transcript.rows import Outcome
from tests.desktop import sample
from tests.desktop.sample import MIN, NOW
from tests.desktop.scripted_views import ScriptedViews, agent, sample_talk, user

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.model import Session
    from cc_desktop.fleet.store import Store

    OpenNow = Callable[..., tuple[Details, NowTab, ScriptedViews]]

RUN = LiveRun(
    "r",
    Phase.TOOL,
    NOW - 192_000,
    steps=(
        Step("1", "read", "src/reduce.py", "", Outcome.DONE, NOW - 100_000, NOW - 99_900),
        Step("2", "exec", "pytest -q", "", Outcome.FAILED, NOW - 90_000, NOW - 49_000, "exit 1"),
        Step("3", "edit", "src/reduce.py", "", Outcome.RUNNING, NOW - 18_000),
    ),
)


@pytest.fixture
def open_now(qtbot: QtBot, look: ThemeManager, asked: sample.Asked, clock: sample.Clock) -> OpenNow:
    def make(
        name: str = "otto", gateway: str = "studio", store: Store | None = None
    ) -> tuple[Details, NowTab, ScriptedViews]:
        views = ScriptedViews()
        context = ViewContext(
            store or sample.live_store(clock), asked.actions, clock, look, views=views
        )
        panel = Details(context)
        qtbot.addWidget(panel)
        panel.resize(420, 700)
        panel.show()
        panel.show_agent(gateway, name)
        tab = panel.tab()
        assert isinstance(tab, NowTab)
        QApplication.processEvents()
        return panel, tab, views

    return make


def lines(tab: NowTab) -> list[tuple[str, str, str]]:
    return [(line.kind, line.words, line.end) for line in tab.steps.lines]


def row(store: Store, session: Session) -> None:
    fields = {
        name: getattr(session, name)
        for name in session.__struct_fields__
        if name not in ("key", "agent_id")
    }
    store.apply(ev.SessionChanged("studio", session.key, session.agent_id, fields))


def test_a_run_as_it_goes(open_now: OpenNow) -> None:
    _, tab, views = open_now()
    assert (views.last.gateway, views.last.key) == ("studio", "agent:otto:main")
    views.last.set_run(RUN)
    assert tab.run.heading() == "Split the reducer"
    assert tab.run.end.text() == "3 steps · run 3 min 12 s · $0.92"
    assert lines(tab) == [
        ("done", "read src/reduce.py", "0.1 s"),
        ("failed", "exec pytest -q", "exit 1 · 41 s"),
        ("running", "edit src/reduce.py", "18 s"),
    ]
    assert not tab.says.isVisible()
    assert not tab.now.isVisible()
    assert not tab.last.isVisible()


def test_the_time_of_a_step_goes_on_by_itself(open_now: OpenNow, clock: sample.Clock) -> None:
    _, tab, views = open_now()
    views.last.set_run(RUN)
    assert tab._clock.isActive()
    clock.now += 3_000
    tab._clock.timeout.emit()
    assert lines(tab)[-1] == ("running", "edit src/reduce.py", "21 s")


def test_no_timer_runs_where_nothing_does(open_now: OpenNow) -> None:
    panel, tab, views = open_now("sketch")
    views.last.tell(user("u", "Icons?"), agent("a", "12 icons"))
    assert not tab._clock.isActive()
    panel.show_agent("studio", "otto")
    views.last.set_run(RUN)
    panel.hide()
    assert not tab._clock.isActive()


def test_the_reply_as_it_streams(open_now: OpenNow) -> None:
    _, tab, views = open_now()
    reply = structs.replace(RUN, phase=Phase.REPLY, steps=(), reply="It **can** move")
    views.last.set_run(reply)
    assert tab.says.isVisible()
    assert tab.says.reply.source == "It **can** move"
    assert tab.says.reply.text() == "It **can** move"
    assert lines(tab) == [("running", "Writing", "")]
    height = tab.says.reply.height()
    views.last.set_run(structs.replace(reply, reply="word " * 4_000))
    assert len(tab.says.reply.source) <= SHOWN_CHARS + 1
    assert tab.says.reply.height() > height


def test_many_steps_show_their_end(open_now: OpenNow) -> None:
    _, tab, views = open_now()
    steps = tuple(Step(str(n), "exec", f"do {n}", "", Outcome.DONE) for n in range(200))
    views.last.set_run(structs.replace(RUN, steps=steps, dropped_steps=99_800))
    shown = lines(tab)
    assert shown[0][1] == "99994 earlier steps"
    assert len(shown) == MOST_STEPS + 2
    assert shown[-2][1] == "exec do 199"


def test_a_plan(open_now: OpenNow) -> None:
    _, tab, views = open_now()
    steps = (
        CardStep("Read", "completed"),
        CardStep("Split", "in_progress"),
        CardStep("Test", "pending"),
    )
    views.last.card = ProgressCard("**Half** way", steps)
    views.last.set_run(RUN)
    assert tab.plan.isVisible()
    assert tab.plan.end.text() == "1 of 3"
    assert [line.kind for line in tab.planned.lines] == ["done", "running", "waiting"]
    assert tab.plan_text.source == "**Half** way"
    many = tuple(CardStep(f"step {n}", "completed" if n < 30 else "pending") for n in range(50))
    views.last.card = ProgressCard("", many)
    views.last.listener()
    assert "step 30" in [line.words for line in tab.planned.lines]
    views.last.card = None
    views.last.listener()
    assert not tab.plan.isVisible()


def test_helpers_at_work_and_those_just_done(open_now: OpenNow, clock: sample.Clock) -> None:
    store = sample.live_store(clock)
    parent = {"parent_key": "agent:otto:main"}
    row(store, sample.running("pip", "sub:1", 22_000, 10, label="Write tests", **parent))
    row(store, sample.done("pip", "sub:2", 9_000, 10, label="Callers", runtime_ms=9_000, **parent))
    row(store, sample.done("pip", "sub:3", 50 * MIN, 10, label="Old", **parent))
    store.apply(
        ev.RunProgress("studio", "pip", "agent:pip:sub:1", "r9", thinking=False, activity="exec")
    )
    _, tab, views = open_now(store=store)
    views.last.set_run(RUN)
    assert tab.helpers.heading() == "Helpers  2"
    assert [(line.kind, line.words, line.end) for line in tab.helping.lines] == [
        ("running", "Write tests", "exec · 22 s"),
        ("done", "Callers", "done in 9 s"),
    ]
    for number in range(20):
        row(store, sample.running("pip", f"sub:x{number}", 1_000, 10, **parent))
    tab.refresh()
    assert len(tab.helping.lines) == MOST_HELPERS


def test_without_a_run_the_last_message_and_how_it_ended(open_now: OpenNow) -> None:
    _, tab, views = open_now("sketch")
    views.last.tell(user("u", "Icons?"), agent("a", "12 icons, **two need a look**"))
    assert tab.last.isVisible()
    assert tab.last.reply.source == "12 icons, **two need a look**"
    assert tab.ended.text() == "finished 2 h ago · took 1 min"
    assert not tab.run.isVisible()
    assert not tab.now.isVisible()


def test_a_failure_says_why_and_what_was_said_last(open_now: OpenNow) -> None:
    _, tab, views = open_now("rex")
    views.last.tell(*sample_talk())
    assert "out of credits" in tab.why.text()
    assert tab.seen.isVisible()
    assert tab.last.reply.source.startswith("Reproduced: **three tests fail**")
    assert tab.ended.text() == "failed 4 min ago after 1 min"


def test_where_nothing_can_be_read_the_fleet_tells_what_it_knows(open_now: OpenNow) -> None:
    _, tab, views = open_now()
    views.last.state, views.last.problem = ViewState.REFUSED, "missing scope"
    views.last.listener()
    assert tab.now.isVisible()
    assert tab.now.text().startswith("edit: src/fleet/reduce.py")
    assert "may not read" in tab.state.text()


def test_a_run_whose_end_nobody_told_ends_when_the_fleet_says_so(
    open_now: OpenNow, clock: sample.Clock
) -> None:
    store = sample.live_store(clock)
    panel, tab, views = open_now(store=store)
    views.last.set_run(RUN)
    assert tab.run.isVisible()
    ended = {"status": "done", "active": False, "updated_at": NOW, "ended_at": NOW}
    store.apply(ev.SessionChanged("studio", "agent:otto:main", "otto", ended))
    panel.refresh()
    assert not tab.run.isVisible()


def test_the_session_stays_as_long_as_it_is_at_work(open_now: OpenNow, clock: sample.Clock) -> None:
    store = sample.live_store(clock)
    panel, tab, views = open_now(store=store)
    views.last.set_run(RUN)
    row(store, sample.running("otto", "second", 1_000, 10, label="Another"))
    panel.refresh()
    assert [one.key for one in views.open] == ["agent:otto:main"]
    assert tab.others.text() == "1 other session is at work"


def test_it_is_followed_while_it_is_in_sight(open_now: OpenNow) -> None:
    panel, _, views = open_now()
    assert len(views.open) == 1
    panel.hide()
    assert views.open == []
    panel.show()
    assert len(views.open) == 1
    panel.show_agent("studio", "pip")
    assert [one.key for one in views.open] == ["agent:pip:main"]
    panel.clear()
    assert views.open == []


def test_what_agents_write_is_text(open_now: OpenNow) -> None:
    panel, tab, views = open_now()
    evil = "<img src=http://evil/x.png><b>x</b>"
    steps = (Step("1", evil, evil, "", Outcome.RUNNING),)
    views.last.card = ProgressCard(evil, (CardStep(evil, "pending"),))
    views.last.set_run(structs.replace(RUN, steps=steps, reply=evil))
    for part in panel.findChildren(QLabel):
        assert part.textFormat() == Qt.TextFormat.PlainText
    assert tab.says.reply._document.toPlainText().startswith(evil)
    assert not panel.grab().isNull()


def test_a_link_says_where_it_leads_first(open_now: OpenNow) -> None:
    _, tab, views = open_now("sketch")
    views.last.tell(agent("a", "[notes](https://docs.example/a)"))
    QApplication.processEvents()
    QTest.mouseClick(
        tab.last.reply, Qt.MouseButton.LeftButton, pos=tab.last.reply.rect().topLeft() * 1
    )
    tab.last.reply.link_clicked.emit("https://docs.example/a")
    assert tab.links.isVisible()
    assert tab.links.address.text() == "https://docs.example/a"


def test_the_keyboard_opens_links(open_now: OpenNow) -> None:
    _, tab, views = open_now("sketch")
    views.last.tell(agent("a", "[one](https://a.example/) and [**two** more](https://b.example/)"))
    QApplication.processEvents()
    reply = tab.last.reply
    reply.setFocus()
    before = reply.grab().toImage()
    QTest.keyClick(reply, Qt.Key.Key_Right)
    assert reply.grab().toImage() != before  # who reads sees which
    QTest.keyClick(reply, Qt.Key.Key_Return)
    assert tab.links.isVisible()
    assert tab.links.address.text() == "https://b.example/"
    QTest.keyClick(tab.links.cancel, Qt.Key.Key_Escape)
    assert not tab.links.isVisible()
    assert reply.hasFocus()
    QTest.keyClick(reply, Qt.Key.Key_Right)  # round again
    QTest.keyClick(reply, Qt.Key.Key_Return)
    assert tab.links.address.text() == "https://a.example/"


def test_it_follows_the_theme(open_now: OpenNow, look: ThemeManager) -> None:
    panel, _, views = open_now()
    views.last.set_run(RUN)
    dark = panel.grab().toImage()
    look.set_theme(LIGHT)
    QApplication.processEvents()
    assert panel.grab().toImage() != dark


def test_there_is_always_something_for_the_keyboard(open_now: OpenNow) -> None:
    for name in ("rex", "otto", "sketch"):
        panel, _, _ = open_now(name)
        panel.activateWindow()
        panel.focus_first()
        focused = QApplication.focusWidget()
        assert focused is not None
        assert panel.isAncestorOf(focused)


def test_a_long_name_of_a_run_takes_no_room_from_the_rest(open_now: OpenNow) -> None:
    store = sample.live_store()
    long = {"label": "Deploy the documentation to every staging host there is", "updated_at": NOW}
    store.apply(ev.SessionChanged("studio", "agent:otto:main", "otto", long))
    panel, tab, views = open_now(store=store)
    views.last.set_run(RUN)
    QApplication.processEvents()
    assert tab.run.heading().startswith("Deploy the documentation")
    inside = panel.body.widget()
    assert inside is not None
    assert inside.width() <= panel.body.viewport().width()
