"""Approvals and questions on their cards: what is shown, what is sent, what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton

from cc_desktop.desktop.inbox.cards.approval_body import ApprovalBody
from cc_desktop.desktop.inbox.section import AgentSection
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import (
    AnswerQuestion,
    ChangeTask,
    ResolveApproval,
    SendMessage,
    StopRun,
    TaskAction,
)
from cc_desktop.fleet.facts import Task
from cc_desktop.fleet.requests import Choice, QuestionPart
from tests.desktop.inbox import fleet
from tests.desktop.sample import MIN, NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.desktop import sample
    from tests.desktop.inbox.conftest import Desk

HOSTILE = "rm -rf / \u202e#\x1b[8m\u200b\t\x00\u00a0x"


def approve(decision: str, ident: str = "a2") -> ResolveApproval:
    return ResolveApproval("studio", "dex", ident, decision, "exec")


def words(widget: object) -> list[str]:
    assert hasattr(widget, "findChildren")
    return [button.text() for button in widget.findChildren(QPushButton) if button.isVisible()]


def test_an_approval_shows_all_that_it_takes(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.open("approval")
    body = app.approval
    assert app.card.heading() == "Approval · run a command"
    assert body.command.text() == fleet.COMMAND
    assert body.facts.text() == "Host: vm-studio\nDirectory: ~/work/site"
    assert app.card.left.text() == "29:00 left"
    assert list(body.buttons) == ["allow-once", "deny", "allow-always"]
    assert not any(button.isDefault() for button in body.buttons.values())


@pytest.mark.parametrize("decision", ["allow-once", "deny"])
def test_one_click_decides_once(desk: Callable[..., Desk], decision: str) -> None:
    app = desk()
    app.open("approval")
    app.approval.buttons[decision].click()
    assert app.asked.commands == [approve(decision)]
    assert not any(button.isEnabled() for button in app.approval.buttons.values())
    assert app.card.progress.text().endswith("Sent.")
    app.approval.buttons[decision].click()
    assert len(app.asked.commands) == 1  # never twice


def test_always_needs_a_second_click_that_says_what_it_grants(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.open("approval")
    body = app.approval
    body.buttons["allow-always"].click()
    assert app.asked.commands == []
    assert body.lasting.isVisible()
    assert "without asking" in body.grants.text()
    assert app.window.focusWidget() is body.cancel
    body.cancel.click()
    assert not body.lasting.isVisible()
    body.buttons["allow-always"].click()
    body.confirm.click()
    assert app.asked.commands == [approve("allow-always")]


def test_only_what_the_gateway_allows_is_offered(desk: Callable[..., Desk]) -> None:
    store = fleet.store(gateways=False)
    store.apply(ev.ApprovalClosed("studio", "dex", "a2"))
    store.apply(ev.ApprovalOpened("studio", fleet.approval("a3", decisions=("deny", "grant-7d"))))
    app = desk(store)
    app.open("approval")
    assert list(app.approval.buttons) == ["deny", "grant-7d"]
    app.approval.buttons["grant-7d"].click()
    assert "does not know what it grants" in app.approval.grants.text()
    app.approval.confirm.click()
    assert app.asked.commands == [ResolveApproval("studio", "dex", "a3", "grant-7d", "exec")]


def test_without_the_right_it_is_asked_for_in_place(desk: Callable[..., Desk]) -> None:
    app = desk(fleet.store(scopes=fleet.READ, gateways=False))
    app.open("approval")
    assert not app.approval._row.isVisible()
    assert "Ask to decide approvals" in words(app.card)
    app.open("question")
    assert not app.question.send.isVisible()
    assert not any(part.edit.isEnabled() for part in app.question.parts)


def test_a_key_decides_only_when_it_is_pressed_twice(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.open("approval")
    QTest.keyClick(app.page.list, Qt.Key.Key_A)
    assert app.asked.commands == []
    assert app.approval.hint.text() == "Press A again: Approve once."
    QTest.keyClick(app.page.list, Qt.Key.Key_D)  # another key: from the start
    assert app.approval.hint.text() == "Press D again: Deny."
    app.approval._arming.timeout.emit()  # too late
    QTest.keyClick(app.page.list, Qt.Key.Key_D)
    assert app.asked.commands == []
    QTest.keyClick(app.page.list, Qt.Key.Key_D)
    assert app.asked.commands == [approve("deny")]


def test_what_was_half_decided_is_forgotten_when_the_request_changes(
    desk: Callable[..., Desk],
) -> None:
    app = desk()
    app.open("approval")
    QTest.keyClick(app.page.list, Qt.Key.Key_A)
    app.open("question")
    app.open("approval")
    QTest.keyClick(app.page.list, Qt.Key.Key_A)
    assert app.asked.commands == []


def test_an_approval_that_is_told_again_disturbs_nobody(desk: Callable[..., Desk]) -> None:
    """With each list the gateway's clock is measured anew, and so are its times."""
    app = desk()
    app.open("approval")
    body = app.approval
    QApplication.processEvents()
    body.guard.settling.stop()
    button = body.buttons["allow-once"]
    QTest.keyClick(app.page.list, Qt.Key.Key_A)
    again = fleet.approval("a2", expires_at=NOW + 28 * MIN, run_id="run")
    app.apply(ev.ApprovalOpened("studio", again))
    assert app.card.left.text() == "28:00 left"
    assert body.buttons["allow-once"] is button
    assert body.hint.text() == "Press A again: Approve once."
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert app.asked.commands == [approve("allow-once")]


def test_keyboard_alone_from_notification_to_decision_in_the_details(
    desk: Callable[..., Desk],
) -> None:
    app = desk(fleet.store(gateways=False))
    app.window.show_agent("studio", "dex")  # as the click on what one agent needs does
    QApplication.processEvents()
    assert app.window.focusWidget() is app.window.list
    QTest.keyClick(app.window.list, Qt.Key.Key_Return)  # to what is read first
    section = app.window.findChild(AgentSection)
    assert section is not None
    [body] = bodies(section)
    assert app.window.focusWidget() is body.command.field
    for _ in range(2):
        QTest.keyClick(body.command.field, Qt.Key.Key_A)
    assert app.asked.commands == [approve("allow-once")]


def test_enter_leads_into_the_tab_of_an_agent_that_waits_for_nothing(
    desk: Callable[..., Desk],
) -> None:
    app, section = two_asking(desk)
    app.apply(ev.ApprovalClosed("studio", "dex", "a2"))
    app.apply(ev.ApprovalClosed("studio", "dex", "a9"))
    QTest.keyClick(app.window.list, Qt.Key.Key_Return)
    focused = app.window.focusWidget()
    assert app.window.details.isAncestorOf(focused)
    assert not section.isAncestorOf(focused)


def test_what_is_over_cannot_be_marked(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.open("approval")
    assert app.page.pane.seen.isVisible()
    app.apply(ev.ApprovalClosed("studio", "dex", "a2"))
    assert not app.page.pane.seen.isVisible()
    app.open("question")
    assert app.page.pane.seen.isVisible()


def test_keyboard_alone_from_an_item_to_its_decision(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.window.show_agent("studio", "otto")
    app.tools.open_item(fleet.item(app.store, "approval").id)  # as the tray's menu does
    assert app.window.focusWidget() is app.page.list
    QTest.keyClick(app.page.list, Qt.Key.Key_Return)  # to what is read first
    field = app.window.focusWidget()
    assert field is app.approval.command.field
    for _ in range(8):
        if app.window.focusWidget() is app.approval.buttons["allow-once"]:
            break
        app.window.focusNextChild()
    QTest.keyClick(app.window.focusWidget(), Qt.Key.Key_Return)
    assert app.asked.commands == [approve("allow-once")]
    app.apply(ev.CommandDone("studio", app.last))
    app.apply(ev.ApprovalClosed("studio", "dex", "a2"))
    assert app.card.outcome.text() == "Approved once."
    QTest.keyClick(app.page, Qt.Key.Key_N)
    assert app.card.item is not None
    assert app.card.item.kind.value == "stuck"  # the oldest that needs somebody


def test_a_refusal_comes_back_with_its_reason(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.open("approval")
    app.approval.buttons["deny"].click()
    app.apply(ev.CommandUnknown("studio", app.last, "lost"))
    assert "not known whether it arrived" in app.card.progress.text()
    assert not app.approval.buttons["deny"].isEnabled()
    app.apply(ev.CommandRefused("studio", app.last, "not-arrived"))
    assert app.card.progress.text().startswith("Deny was refused. The connection was lost")
    assert app.approval.buttons["deny"].isEnabled()


def test_the_first_answer_wins_and_is_said(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.open("approval")
    app.approval.buttons["allow-once"].click()
    app.apply(ev.CommandRefused("studio", app.last, "decided", "deny"))
    app.apply(ev.ApprovalClosed("studio", "dex", "a2"))
    assert app.card.outcome.text() == "Somebody else denied it."
    assert app.card.content is None
    assert app.titles()[1:3] != []


def test_an_approval_that_ends_leaves_no_button_and_chooses_no_other(
    desk: Callable[..., Desk],
) -> None:
    app = desk()
    app.open("approval")
    app.apply(ev.ApprovalClosed("studio", "dex", "a2"))
    assert app.card.is_over
    assert "decided elsewhere" in app.card.outcome.text()
    QTest.keyClick(app.page.list, Qt.Key.Key_A)
    QTest.keyClick(app.page.list, Qt.Key.Key_A)
    assert app.asked.commands == []


def test_one_that_expires_says_so(desk: Callable[..., Desk], clock: sample.Clock) -> None:
    app = desk(fleet.store(clock))
    app.open("approval")
    clock.now += 30 * MIN
    app.apply(ev.Tick("studio"))
    assert app.card.is_over
    assert app.card.outcome.text() == "Its time ran out. Nobody decided it here."


def test_hostile_commands_hide_nothing(desk: Callable[..., Desk]) -> None:
    store = fleet.store(gateways=False)
    store.apply(ev.ApprovalClosed("studio", "dex", "a2"))
    long = HOSTILE + "\n" * 40 + "x" * 30_000
    store.apply(ev.ApprovalOpened("studio", fleet.approval("a3", command=long, warning="<b>!\x1b")))
    app = desk(store)
    app.open("approval")
    text = app.approval.command.text()
    for hidden in ("\u202e", "\x1b", "\u200b", "\x00", "\u00a0"):
        assert hidden not in text
    for shown in ("U+202E", "\u241b", "U+200B", "\u2400", "U+00A0"):
        assert shown in text
    assert app.approval.command.all.isVisible()
    app.approval.command.all.click()
    assert app.approval.command.text().endswith("x" * 1000)
    assert "Scroll to read all" in app.approval.command.note()
    assert app.approval.warning.text() == "<b>!\u241b"
    assert app.approval.warning.textFormat() == Qt.TextFormat.PlainText


# Questions


def test_an_option_is_chosen_by_its_digit_and_answered(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.open("question")
    assert not app.question.send.isEnabled()
    QTest.keyClick(app.page.list, Qt.Key.Key_2)
    assert app.question.send.isEnabled()
    app.question.send.click()
    sent = app.asked.commands[-1]
    assert isinstance(sent, AnswerQuestion)
    assert (sent.gateway, sent.agent, sent.question) == ("home-lab", "nano", "q1")
    assert sent.answers == {"which": ("users",)}
    app.apply(ev.CommandDone("home-lab", app.last))
    app.apply(ev.QuestionClosed("home-lab", "nano", "q1"))
    assert app.card.outcome.text() == "Answered."


def test_a_question_that_can_be_answered_a_moment_later_stays_open(
    desk: Callable[..., Desk],
) -> None:
    """Its run tells of it first, and then the gateway with an id to answer it by."""
    store = fleet.store(gateways=False)
    store.apply(ev.QuestionClosed("home-lab", "nano", "q1"))
    store.apply(ev.QuestionOpened("home-lab", fleet.question("run:call", can_answer=False)))
    app = desk(store)
    app.open("question")
    assert not app.question.send.isVisible()
    app.apply(ev.QuestionOpened("home-lab", fleet.question("q2")))
    QTest.keyClick(app.page.list, Qt.Key.Key_2)
    app.question.send.click()
    sent = app.asked.commands[-1]
    assert isinstance(sent, AnswerQuestion)
    assert sent.question == "q2"
    app.apply(ev.CommandDone("home-lab", app.last))
    app.apply(ev.QuestionClosed("home-lab", "nano", "q2"))
    assert app.card.outcome.text() == "Answered."


def test_an_item_that_is_gone_when_it_is_opened_has_no_heading_of_another(
    desk: Callable[..., Desk],
) -> None:
    app = desk()
    app.open("approval")
    app.tools.open_item("question-0000000000")
    assert app.card.outcome.text() == "This item is no longer open."
    assert app.card.heading() == "Inbox"


def test_what_is_typed_stays_while_the_fleet_moves(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.open("question")
    part = app.question.parts[0]
    part.options[0].mark.click()
    QTest.keyClicks(part.edit, "neither")
    assert part.answer() == ("neither",)  # words of one's own take the place of the option
    app.apply(ev.ApprovalClosed("studio", "dex", "a2"))
    app.apply(ev.Tick("home-lab"))
    assert app.question.parts[0].edit.text() == "neither"
    app.question.send.click()
    sent = app.asked.commands[-1]
    assert isinstance(sent, AnswerQuestion)
    assert sent.answers == {"which": ("neither",)}


def asked_for(*parts: QuestionPart) -> object:
    store = fleet.store(gateways=False)
    store.apply(ev.QuestionClosed("home-lab", "nano", "q1"))
    store.apply(ev.QuestionOpened("home-lab", fleet.question("q2", parts=parts)))
    return store


def test_several_and_secret_parts(desk: Callable[..., Desk]) -> None:
    several = QuestionPart(
        "s", "Which?", choices=(Choice("a"), Choice("b & c")), is_several=True, takes_text=False
    )
    secret = QuestionPart("t", "Token?", is_secret=True)
    app = desk(asked_for(several, secret))
    app.open("question")
    first, second = app.question.parts
    assert second.edit.echoMode() is QLineEdit.EchoMode.Password
    assert not first.edit.isVisible()
    for option in first.options:
        option.mark.click()
    QTest.keyClicks(second.edit, " s3cret ")
    app.question.send.click()
    sent = app.asked.commands[-1]
    assert isinstance(sent, AnswerQuestion)
    assert sent.answers == {"s": ("a", "b & c"), "t": (" s3cret ",)}
    assert second.edit.text() == ""
    assert "s3cret" not in repr(app.store.fleet.gateways["home-lab"].commands)


def test_a_secret_is_not_kept_when_nobody_looks(desk: Callable[..., Desk]) -> None:
    app = desk(asked_for(QuestionPart("t", "Token?", is_secret=True)))
    app.open("question")
    edit = app.question.parts[0].edit
    QTest.keyClicks(edit, "s3cret")
    app.tools.toggle_inbox()
    assert edit.text() == ""


def test_no_answer_needs_a_second_click(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.open("question")
    app.question.decline.click()
    assert app.asked.commands == []
    app.question.decline.click()
    sent = app.asked.commands[-1]
    assert isinstance(sent, AnswerQuestion)
    assert sent.cancel


# Troubles


def test_a_stuck_run_is_stopped_by_a_second_click_and_told_something(
    desk: Callable[..., Desk],
) -> None:
    app = desk()
    app.open("stuck")
    body = app.trouble
    body.stop.click()
    assert app.asked.commands == []
    body.stop.click()
    assert app.asked.commands == [StopRun("home-lab", "hex", "agent:hex:main")]
    app.apply(ev.CommandRefused("home-lab", app.last, "not-running"))
    QTest.keyClicks(body.message, "go on")
    QTest.keyClick(body.message, Qt.Key.Key_Return)
    sent = app.asked.commands[-1]
    assert isinstance(sent, SendMessage)
    assert (sent.text, sent.session_key) == ("go on", "agent:hex:main")


def test_a_failed_task_is_not_offered_what_no_gateway_does(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.open("task-failed")
    assert not app.gateway.retry.isVisible()
    assert not app.gateway.dismiss.isVisible()
    assert "Send it a message" in app.gateway.advice.text()


def test_a_result_that_was_given_up_is_delivered_again_or_dismissed(
    desk: Callable[..., Desk],
) -> None:
    app = desk()
    told = Task(
        "t1",
        "otto",
        title="Index the docs",
        status="completed",
        outcome="blocked",
        delivery="failed",
        ended_at=NOW - MIN,
    )
    app.apply(ev.FactTold("studio", told))
    app.open("task-failed")
    assert app.gateway.dismiss.isVisible()
    app.gateway.retry.click()
    assert app.asked.commands == [ChangeTask("studio", "t2", TaskAction.RETRY)]
    app.apply(ev.CommandDone("studio", app.last))
    assert app.card.progress.text() == "Retry: done."


def test_letters_that_are_typed_decide_nothing(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.open("stuck")
    QTest.keyClicks(app.trouble.message, "need a day")
    assert app.trouble.message.text() == "need a day"
    assert app.asked.commands == []


def test_the_card_is_in_the_details_of_the_agent_too(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.window.show_agent("studio", "dex")
    QApplication.processEvents()
    app.flush()
    details = app.window.details
    buttons = {one.accessibleName(): one for one in details.findChildren(QPushButton)}
    buttons["Deny"].click()
    assert app.asked.commands == [approve("deny")]
    app.apply(ev.ApprovalClosed("studio", "dex", "a2"))
    assert "Deny" not in words(details)
    app.window.show_agent("studio", "otto")
    assert NOW


# Clicks and keys that were meant for something else


def two_asking(desk: Callable[..., Desk]) -> tuple[Desk, AgentSection]:
    """An agent with two approvals, in its details."""
    app = desk(fleet.store(gateways=False))
    app.apply(ev.ApprovalOpened("studio", fleet.approval("a9", command="rm -rf /")))
    app.window.show_agent("studio", "dex")
    section = app.window.findChild(AgentSection)
    assert section is not None
    assert len(section.cards) == 2
    return app, section


def bodies(section: AgentSection) -> list[ApprovalBody]:
    found = [card.content for card in section.cards.values()]
    assert all(isinstance(one, ApprovalBody) for one in found)
    return [one for one in found if isinstance(one, ApprovalBody)]


def test_a_card_that_moves_under_the_pointer_is_not_decided(desk: Callable[..., Desk]) -> None:
    app, section = two_asking(desk)
    first, second = bodies(section)
    gone, left = first.approval, second.approval
    for body in (first, second):
        body.guard.settling.stop()  # they have been there for a while
    app.apply(ev.ApprovalClosed("studio", "dex", gone))
    QApplication.processEvents()
    QTest.mouseClick(second.buttons["allow-once"], Qt.MouseButton.LeftButton)
    assert app.asked.commands == []
    second.guard.settling.stop()
    QTest.mouseClick(second.buttons["allow-once"], Qt.MouseButton.LeftButton)
    assert app.asked.commands == [approve("allow-once", left)]


def test_the_keyboard_does_not_fall_on_another_decision(desk: Callable[..., Desk]) -> None:
    app, section = two_asking(desk)
    first, second = bodies(section)
    first.buttons["deny"].setFocus()
    app.apply(ev.ApprovalClosed("studio", "dex", first.approval))
    QApplication.processEvents()
    focus = app.window.focusWidget()
    assert focus is not None
    assert not second.isAncestorOf(focus)


def test_a_request_that_changes_under_the_pointer_is_not_decided(
    desk: Callable[..., Desk],
) -> None:
    app = desk()
    app.open("approval")
    app.approval.guard.settling.stop()
    app.apply(ev.ApprovalOpened("studio", fleet.approval("a2", command="rm -rf /")))
    QTest.mouseClick(app.approval.buttons["allow-once"], Qt.MouseButton.LeftButton)
    assert app.asked.commands == []


def test_a_double_click_is_no_second_click(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.open("question")
    app.question.guard.settling.stop()
    QTest.mouseClick(app.question.decline, Qt.MouseButton.LeftButton)
    app.question.guard.settling.stop()
    QTest.mouseDClick(app.question.decline, Qt.MouseButton.LeftButton)  # its press
    QTest.mouseRelease(app.question.decline, Qt.MouseButton.LeftButton)
    assert app.asked.commands == []


def test_the_gateway_hears_its_own_label(desk: Callable[..., Desk]) -> None:
    """The one that is shown is cleaned, and may be cut."""
    part = QuestionPart("s", "Which?", choices=(Choice("a b", value="a  b"),))
    app = desk(asked_for(part))
    app.open("question")
    app.question.parts[0].options[0].mark.click()
    app.question.send.click()
    sent = app.asked.commands[-1]
    assert isinstance(sent, AnswerQuestion)
    assert sent.answers == {"s": ("a  b",)}
