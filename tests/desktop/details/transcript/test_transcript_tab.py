from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication

from cc_desktop.desktop.details.panel import Details
from cc_desktop.desktop.details.tab import TABS
from cc_desktop.desktop.details.transcript.link_bar import LinkBar
from cc_desktop.desktop.details.transcript.tab import TranscriptTab
from cc_desktop.desktop.style.palette import LIGHT
from cc_desktop.desktop.widgets.view_context import ViewContext
from cc_desktop.fleet.transcript.live import LiveRun, Phase, Step
from cc_desktop.fleet.transcript.ports import ViewState
from cc_desktop.fleet.transcript.records import Message, Role, ToolUse
from cc_desktop.fleet.transcript.rows import Outcome, RowKind
from tests.desktop import sample
from tests.desktop.sample import MIN, NOW
from tests.desktop.scripted_views import ScriptedViews, agent, result, sample_talk, user

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.style.theme import ThemeManager

    OpenTranscript = Callable[..., tuple[Details, TranscriptTab, ScriptedViews]]

PLACE = [entry.title for entry in TABS].index("Transcript")


@pytest.fixture
def open_transcript(
    qtbot: QtBot, look: ThemeManager, asked: sample.Asked, clock: sample.Clock
) -> OpenTranscript:
    def make(
        name: str = "rex", size: tuple[int, int] = (420, 640)
    ) -> tuple[Details, TranscriptTab, ScriptedViews]:
        views = ScriptedViews()
        context = ViewContext(sample.live_store(), asked.actions, clock, look, views=views)
        panel = Details(context)
        qtbot.addWidget(panel)
        panel.resize(*size)
        panel.show()
        panel.show_agent("studio", name)
        assert panel.body.bar is not None
        panel.body.bar.setCurrentIndex(PLACE)
        tab = panel.tab()
        assert isinstance(tab, TranscriptTab)
        QApplication.processEvents()
        return panel, tab, views

    return make


def lines(tab: TranscriptTab) -> list[str]:
    return [
        str(tab.model.data(tab.model.index(row), Qt.ItemDataRole.AccessibleTextRole))
        for row in range(tab.model.rowCount())
    ]


def many(first: int, end: int) -> tuple[Message, ...]:
    return tuple(
        user(f"m{n}", f"asked {n}") if n % 2 == 0 else agent(f"m{n}", f"said {n}\n\nmore of {n}")
        for n in range(first, end)
    )


def end_is_in_sight(tab: TranscriptTab) -> bool:
    QApplication.processEvents()
    return tab.view.visible_rows()[-1:] == [tab.model.rowCount() - 1]


def test_a_conversation_as_screen_readers_say_it(open_transcript: OpenTranscript) -> None:
    _, tab, views = open_transcript()
    assert (views.last.gateway, views.last.key) == ("studio", "agent:rex:telegram:1")
    views.last.tell(*sample_talk())
    said = lines(tab)
    assert said[0].startswith("You, over Telegram, 14:11: After login people land on /home")
    assert said[1].startswith("Rex, 14:12: The `next` parameter")
    assert said[2] == "Tool browser /login?next=/settings: done, 2.1 s, collapsed"
    assert said[3] == "Tool exec pytest -q tests/auth: failed, exit 1 · 38 s, collapsed"
    assert said[-1] == "Run failed: API key has run out of credits (Anthropic, 402)."


def test_it_is_read_while_it_is_in_sight_and_let_go_after(open_transcript: OpenTranscript) -> None:
    panel, tab, views = open_transcript()
    assert len(views.open) == 1
    assert panel.body.bar is not None
    panel.body.bar.setCurrentIndex(0)
    panel.refresh()
    QApplication.processEvents()
    assert [one for one in views.open if one.listener == tab._update] == []
    panel.body.bar.setCurrentIndex(PLACE)
    QApplication.processEvents()
    assert len(views.open) == 1
    panel.hide()
    assert views.open == []
    panel.show()
    assert len(views.open) == 1
    panel.show_agent("studio", "dex")
    assert [one.key for one in views.open] == ["agent:dex:main"]
    panel.clear()
    assert views.open == []


def test_another_agent_shows_nothing_of_the_one_before(open_transcript: OpenTranscript) -> None:
    panel, tab, views = open_transcript()
    views.last.tell(*sample_talk())
    panel.show_agent("studio", "dex")
    assert tab.model.rowCount() == 0
    assert "Loading" in tab.state.text()


def test_the_model_never_starts_over(open_transcript: OpenTranscript) -> None:
    _, tab, views = open_transcript()
    tester = QAbstractItemModelTester(
        tab.model, QAbstractItemModelTester.FailureReportingMode.Warning
    )
    resets: list[int] = []
    tab.model.modelReset.connect(lambda: resets.append(1))
    views.last.tell(*many(50, 100), has_more=True)
    views.last.older(*many(0, 50))
    views.last.say(*many(100, 110))
    views.last.tell(*many(60, 109), agent("m109", "changed"))
    assert tab.model.rowCount() == 110
    assert tab.model.rows[-1].text == "changed"
    views.last.tell(*many(500, 510))  # nothing in common
    assert tab.model.rowCount() == 10
    assert resets == []
    assert tester.model() is tab.model


def test_the_end_stays_in_sight_only_if_it_was(open_transcript: OpenTranscript) -> None:
    _, tab, views = open_transcript()
    views.last.tell(*many(0, 60))
    assert end_is_in_sight(tab)
    assert not tab.jump.isVisible()
    views.last.say(*many(60, 70))
    assert end_is_in_sight(tab)

    tab.view.verticalScrollBar().setValue(tab.view.verticalScrollBar().maximum() // 2)
    QApplication.processEvents()
    before = tab.view.visible_rows()
    assert tab.jump.isVisible()
    assert tab.jump.text() == "To the end ↓"
    views.last.say(*many(70, 80))
    QApplication.processEvents()
    assert tab.view.visible_rows() == before
    assert tab.jump.text() == "New messages ↓"
    tab.jump.click()
    assert end_is_in_sight(tab)
    assert not tab.jump.isVisible()


def test_an_older_page_moves_nothing(open_transcript: OpenTranscript) -> None:
    _, tab, views = open_transcript()
    views.last.tell(*many(100, 150), has_more=True)
    QApplication.processEvents()
    assert views.last.asked_older == 0
    tab.view.verticalScrollBar().setValue(0)
    QApplication.processEvents()
    assert views.last.asked_older == 1
    first = tab.model.rows[tab.view.visible_rows()[0]].key
    top = tab.view.visualRect(tab.model.index(tab.view.visible_rows()[0])).top()
    views.last.older(*many(50, 100), has_more=True)
    QApplication.processEvents()
    now = tab.view.visible_rows()[0]
    assert tab.model.rows[now].key == first
    assert tab.view.visualRect(tab.model.index(now)).top() == top


def test_pages_are_read_until_the_room_is_full(open_transcript: OpenTranscript) -> None:
    _, _, views = open_transcript()
    views.last.tell(user("m1", "short"), has_more=True)
    assert views.last.asked_older == 1


def test_a_tool_call_unfolds_by_click_and_by_key(open_transcript: OpenTranscript) -> None:
    _, tab, views = open_transcript()
    views.last.tell(*sample_talk())
    place = next(n for n, row in enumerate(tab.model.rows) if row.kind is RowKind.CALL)
    box = tab.view.visualRect(tab.model.index(place))
    QTest.mouseClick(tab.view.viewport(), Qt.MouseButton.LeftButton, pos=box.center())
    assert tab.model.expanded == {tab.model.rows[place].key}
    assert "expanded" in lines(tab)[place]
    assert tab.view.visualRect(tab.model.index(place)).height() > box.height()
    tab.view.setFocus()
    tab.view.setCurrentIndex(tab.model.index(place))
    QTest.keyClick(tab.view, Qt.Key.Key_Return)
    assert tab.model.expanded == set()


def test_a_link_says_where_it_leads_before_anybody_goes_there(
    open_transcript: OpenTranscript, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, tab, views = open_transcript()
    opened: list[str] = []
    monkeypatch.setattr(
        "PySide6.QtGui.QDesktopServices.openUrl", lambda url: opened.append(url.toString())
    )
    tab.links.opened.disconnect()
    tab.links.opened.connect(lambda url: opened.append(url.toString()))
    views.last.tell(agent("a", "[the notes](https://docs.example/cookies?a=1)"))
    QApplication.processEvents()
    box = tab.view.visualRect(tab.model.index(0))
    spot = next(
        QPoint(x, y)
        for y in range(box.top(), box.bottom(), 3)
        for x in range(box.left(), box.right(), 5)
        if tab.view._link_at(QPoint(x, y))[1]
    )
    QTest.mouseClick(tab.view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert opened == []
    assert tab.links.isVisible()
    assert tab.links.address.text() == "https://docs.example/cookies?a=1"
    assert QApplication.focusWidget() is not tab.links.open
    tab.links.cancel.click()
    assert opened == []
    assert not tab.links.isVisible()
    tab.links.ask("https://docs.example/cookies?a=1")
    tab.links.open.click()
    assert opened == ["https://docs.example/cookies?a=1"]


def test_an_address_that_must_not_be_opened_is_not_offered(
    qtbot: QtBot, look: ThemeManager
) -> None:
    bar = LinkBar(look)
    qtbot.addWidget(bar)
    for address in ("javascript:x", "file:///etc/passwd", "cc-desktop://inbox/1", ""):
        bar.ask(address)
        assert bar.isHidden()


def test_search_finds_marks_and_unfolds(open_transcript: OpenTranscript) -> None:
    _, tab, views = open_transcript()
    views.last.tell(*sample_talk())
    tab.view.setFocus()
    QTest.keyClick(tab.view, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(tab.finder.field, "TESTS")
    tab.finder.search()
    assert tab.view.painter.needle == "tests"
    assert tab.finder.count.text() == "2 of 2"
    QTest.keyClick(tab.finder.field, Qt.Key.Key_Return)
    assert tab.finder.count.text() == "1 of 2"
    QTest.keyClick(tab.finder.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert tab.finder.count.text() == "2 of 2"
    tab.view.grab()  # the marks can be drawn
    tab.finder.field.setText("landed on")  # only in the result of a call that is folded
    tab.finder.search()
    assert {"call:c1"} == tab.model.expanded
    tab.finder.field.setText("nowhere")
    tab.finder.search()
    assert tab.finder.count.text() == "Nothing found"
    QTest.keyClick(tab.finder.field, Qt.Key.Key_Escape)
    assert tab.finder.field.text() == ""
    assert not tab.finder.count.isVisible()


def test_the_place_of_a_search_stays_when_pages_come(open_transcript: OpenTranscript) -> None:
    _, tab, views = open_transcript()
    views.last.tell(*many(50, 60), has_more=True)
    tab.finder.field.setText("more of 5")
    tab.finder.search()
    QTest.keyClick(tab.finder.field, Qt.Key.Key_Return)
    assert tab.finder.count.text() == "4 of 5"
    views.last.older(*many(0, 50))
    assert tab.finder.count.text() == "5 of 6"  # 5 itself is one


def test_rows_are_copied_as_they_were_written(open_transcript: OpenTranscript) -> None:
    _, tab, views = open_transcript()
    views.last.tell(*sample_talk())
    tab.view.setFocus()
    tab.view.setCurrentIndex(tab.model.index(1))
    QTest.keyClick(tab.view, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(tab.view, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(tab.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    text = QGuiApplication.clipboard().text()
    assert "Rex 14:12\nThe `next` parameter" in text
    assert "exec pytest -q tests/auth\nFAILED" in text


def test_keys_move_through_the_rows(open_transcript: OpenTranscript) -> None:
    _, tab, views = open_transcript()
    views.last.tell(*many(0, 80))
    tab.view.setFocus()
    QTest.keyClick(tab.view, Qt.Key.Key_End)
    assert tab.view.currentIndex().row() == 79
    QTest.keyClick(tab.view, Qt.Key.Key_Up)
    assert tab.view.currentIndex().row() == 78
    QTest.keyClick(tab.view, Qt.Key.Key_Home)
    QApplication.processEvents()
    assert tab.view.currentIndex().row() == 0
    assert tab.view.visible_rows()[0] == 0
    assert not tab.view.at_end
    before = tab.view.visible_rows()
    QTest.keyClick(tab.view, Qt.Key.Key_PageDown)
    QApplication.processEvents()
    assert tab.view.visible_rows()[0] > before[0]
    QTest.keyClick(tab.view, Qt.Key.Key_End)
    assert end_is_in_sight(tab)
    assert tab.view.at_end


def test_the_run_in_progress_is_the_end_of_it(open_transcript: OpenTranscript) -> None:
    _, tab, views = open_transcript("otto")
    views.last.tell(user("m1", "Split it"))
    run = LiveRun("r", Phase.TOOL, NOW - MIN, steps=(Step("c1", "exec", "pytest -q"),))
    views.last.set_run(run)
    assert lines(tab)[-1] == "Tool exec pytest -q: running, collapsed"
    views.last.set_run(LiveRun("r", Phase.REPLY, NOW - MIN, reply="The **approvals**"))
    assert lines(tab)[-1].startswith("Otto: The **approvals**")
    assert end_is_in_sight(tab)
    tab.view.grab()


def test_a_call_of_a_run_that_is_gone_does_not_claim_to_run(
    open_transcript: OpenTranscript,
) -> None:
    _, tab, views = open_transcript("sketch")
    views.last.tell(agent("a", "look", NOW, ToolUse("c1", "exec", "x")))
    assert tab.model.outcome(tab.model.rows[-1]) is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("state", "problem", "words", "again"),
    [
        (ViewState.LOADING, "", "Loading", False),
        (ViewState.OFFLINE, "", "Not connected", False),
        (ViewState.REFUSED, "", "may not read", True),
        (ViewState.FAILED, "<b>boom</b>", "The gateway says: <b>boom</b>", True),
        (ViewState.FAILED, "silent", "does not answer", True),
        (ViewState.READY, "", "No messages yet", False),
    ],
)
def test_what_is_wrong_is_said(
    open_transcript: OpenTranscript, state: ViewState, problem: str, words: str, again: bool
) -> None:
    _, tab, views = open_transcript()
    views.last.state, views.last.problem = state, problem
    views.last.listener()
    assert words in tab.state.text()
    assert tab.again.isVisible() == again
    if again:
        tab.again.click()
        assert views.last.retried == 1


def test_what_is_shown_stays_while_the_connection_is_away(open_transcript: OpenTranscript) -> None:
    _, tab, views = open_transcript()
    views.last.tell(*sample_talk())
    count = tab.model.rowCount()
    views.last.state = ViewState.OFFLINE
    views.last.listener()
    assert tab.model.rowCount() == count
    assert "may be old" in tab.state.text()


def test_sessions_can_be_chosen(open_transcript: OpenTranscript) -> None:
    panel, tab, views = open_transcript()
    assert tab.picker.button.text() == "Fix the login redirect ▾"
    tab.picker.chosen.emit("agent:rex:pr")
    assert [one.key for one in views.open] == ["agent:rex:pr"]
    panel.refresh()
    assert [one.key for one in views.open] == ["agent:rex:pr"]
    panel.show_agent("studio", "dex")
    assert not tab.picker.isVisible()  # there is one only
    panel.show_agent("studio", "rex")
    assert views.last.key == "agent:rex:telegram:1"


def test_screen_readers_reach_every_row(open_transcript: OpenTranscript) -> None:
    _, tab, views = open_transcript()
    views.last.tell(*sample_talk())
    QAccessible.setActive(True)
    face = QAccessible.queryAccessibleInterface(tab.view)
    assert face is not None
    assert face.text(QAccessible.Text.Name) == "Conversation"
    names = [face.child(n).text(QAccessible.Text.Name) for n in range(face.childCount())]
    assert any("The `next` parameter" in name for name in names)


@pytest.mark.parametrize("width", [260, 420, 900])
def test_it_can_be_drawn_in_any_width_and_theme(
    open_transcript: OpenTranscript, look: ThemeManager, width: int
) -> None:
    panel, tab, views = open_transcript(size=(width, 500))
    views.last.tell(*sample_talk())
    views.last.say(
        Message(Role.SYSTEM, "b", NOW, boundary="compaction"),
        Message(Role.ASSISTANT, "x", NOW, "x" * 16_000, cut=9_000_000, attachments=2),
        Message(Role.ASSISTANT, "y", NOW, uses_cut=98_000, text="many"),
        result("gone", "orphan", NOW),
    )
    for place in range(tab.model.rowCount()):
        tab.model.toggle(place)
    for theme in (None, LIGHT):
        if theme is not None:
            look.set_theme(theme)
        for value in range(0, tab.view.verticalScrollBar().maximum(), 400):
            tab.view.verticalScrollBar().setValue(value)
            assert not tab.view.grab().isNull()
    assert panel.width() == width


def test_rows_are_mirrored_where_people_write_from_right_to_left(
    open_transcript: OpenTranscript,
) -> None:
    _, tab, views = open_transcript()
    views.last.tell(agent("a", "x", NOW, ToolUse("c", "exec", "y")))

    def ink(left: int, right: int) -> int:
        """How many pixels of a call's first third or last third are not its background."""
        box = tab.view.visualRect(tab.model.index(1))
        picture = tab.view.viewport().grab(box).toImage()
        back = picture.pixelColor(picture.width() // 2, picture.height() // 2)
        return sum(
            picture.pixelColor(x, y) != back
            for x in range(left, right)
            for y in range(8, picture.height() - 8)
        )

    third = tab.view.viewport().width() // 3
    before = ink(20, third) > ink(2 * third, 3 * third - 60)
    tab.view.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    QApplication.processEvents()
    after = ink(60, third) < ink(2 * third, 3 * third - 20)
    assert before
    assert after


def test_after_a_resize_the_same_row_is_first(open_transcript: OpenTranscript) -> None:
    panel, tab, views = open_transcript()
    views.last.tell(*many(0, 200))
    tab.view.show_row(60)
    QApplication.processEvents()
    tab.view.verticalScrollBar().setValue(tab.view.verticalScrollBar().value() - 200)
    QApplication.processEvents()
    first = tab.view.visible_rows()[0]
    panel.resize(700, 640)
    QApplication.processEvents()
    assert tab.view.visible_rows()[0] == first


def test_a_hundred_thousand_tool_calls_can_be_looked_at(open_transcript: OpenTranscript) -> None:
    _, tab, views = open_transcript()
    calls = (
        agent(f"a{n}", "", NOW, *(ToolUse(f"c{n}-{m}", "exec", f"do {m}") for m in range(1_000)))
        for n in range(99)
    )
    views.last.tell(*calls)
    assert tab.model.rowCount() > 99_000
    assert end_is_in_sight(tab)
    for value in (0, 1_000_000, tab.view.verticalScrollBar().maximum()):
        tab.view.verticalScrollBar().setValue(value)
        assert not tab.view.grab().isNull()
    assert len(tab.view.painter._documents) < 200
