"""The list of the inbox: what is in it, keys, marks, filters, and work that is not done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QLabel

from cc_desktop.desktop.widgets.rows.seen_steps import SeenSteps
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import MarkItems, MarkUnseen
from cc_desktop.fleet.facts import ReadAccess, Subject
from cc_desktop.fleet.inbox import InboxItem, InboxKind
from cc_desktop.text.inbox.lines import sentence
from tests.desktop import sample
from tests.desktop.inbox import fleet
from tests.desktop.sample import MIN, NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.desktop.inbox.conftest import Desk

HOSTILE = "<b>x</b>\u202e\x1b[31m\n" + "y" * 5000


def test_needs_you_first_each_severity_oldest_first(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.tools.bell.click()
    titles = app.titles()
    assert titles[:6] == [
        "Needs you",
        "Hex is stuck: exec: pytest -q",
        "Rex failed: the API key has run out of credits.",
        "Nano asks: Which database should I migrate first?",
        f"Dex wants: {fleet.COMMAND}",
        "Sign in to Anthropic again: Runs that use it fail until somebody signs in on the gateway",
    ]
    assert titles.index("Warnings") == 6
    assert "The job “nightly backup” failed: disk full" in titles
    assert titles.index("News") == len(titles) - 2
    assert app.window.focusWidget() is app.page.list
    assert app.card.item is not None
    assert app.card.item.kind.value == "stuck"


def test_a_row_is_one_sentence(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.tools.show_inbox()
    index = app.page.model.index_of(fleet.item(app.store, "approval").id)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == (
        f"Needs you, Dex wants: {fleet.COMMAND}, studio · Deploy the docs, 1 min ago, "
        "29 minutes left."
    )


def test_days_are_not_told_in_minutes() -> None:
    item = structs.replace(fleet.item(fleet.store(), "approval"), until=43 * 60 * MIN)
    assert "43 h left" in sentence(item, "studio", 0)


def test_mark_and_undo(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.open("approval")
    item = fleet.item(app.store, "approval")
    QTest.keyClick(app.page.list, Qt.Key.Key_E)
    assert app.asked.commands == [MarkItems("studio", (item.id,))]
    assert fleet.item(app.store, "approval").seen
    assert app.page.undo_words.text() == "1 item marked as seen"
    QTest.keyClick(app.page.list, Qt.Key.Key_U)
    assert not fleet.item(app.store, "approval").seen
    assert not app.page.undo_bar.isVisible()


def test_a_failure_that_was_seen_comes_back_by_undo(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.open("failed")
    ident = fleet.item(app.store, "failed").id
    app.page.mark_selected()
    assert not app.is_open(ident)
    QTest.keyClick(app.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert app.asked.commands[-1] == MarkUnseen("studio", "rex", ("agent:rex:telegram:1",))
    assert app.is_open(ident)


def test_several_are_marked_at_once_and_never_decided_at_once(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.tools.show_inbox()
    app.page.list.selectAll()
    assert len(app.page.list.selected()) == 12
    assert app.page.pane.title.text() == "12 items selected"
    for key in (Qt.Key.Key_A, Qt.Key.Key_A, Qt.Key.Key_D, Qt.Key.Key_D):
        QTest.keyClick(app.page.list, key)
    assert app.asked.commands == []
    app.page.mark_selected()
    assert {type(command) for command in app.asked.commands} == {MarkItems}
    assert len(app.asked.commands) == 2  # one a gateway
    assert app.tools.bell.count == ""


def test_filters_by_severity_and_gateway(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.tools.show_inbox()
    app.page.chips.chips["warning"].click()
    assert app.titles()[0] == "Warnings"
    app.page.chips.gateways["home-lab"].click()
    assert app.titles() == ["Warnings", "The quota at OpenAI is nearly used: 96 % used"]
    QTest.keyClick(app.window, Qt.Key.Key_Escape)
    assert len(app.titles()) == 15
    QTest.keyClick(app.window, Qt.Key.Key_Escape)
    assert not app.page.isVisible()
    assert app.window.list.isVisible()


def test_nothing_open_is_said_and_so_is_what_cannot_be_seen(desk: Callable[..., Desk]) -> None:
    app = desk(sample.big_store(1))
    app.apply(ev.FactTold("big", Subject("approvals", ReadAccess.REFUSED)))
    app.tools.show_inbox()
    assert app.page.empty_title.text() == "Nothing needs you"
    assert app.page.refused.text() == "Not visible to this connection on big: approvals."


def test_the_reason_stands_once_in_full_on_the_card(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.open("failed")
    assert app.page.pane.title.text() == "Rex failed"
    words = [one.text() for one in app.page.pane.findChildren(QLabel) if one.isVisible()]
    told = "provider returned a billing error: the API key has run out of credits."
    assert [text for text in words if "out of credits" in text] == [told]
    app.open("approval")
    assert app.page.pane.title.text() == "Dex needs your approval"


def test_what_cannot_be_seen_leads_to_the_rights_of_its_gateway(
    desk: Callable[..., Desk],
) -> None:
    app = desk()
    app.apply(ev.FactTold("home-lab", Subject("approvals", ReadAccess.REFUSED)))
    app.tools.show_inbox()
    link = app.page.refused.links["home-lab"]
    assert link.accessibleName() == "Rights on home-lab"
    QTest.keyClick(link, Qt.Key.Key_Return)
    assert app.asked.calls == [("rights", "home-lab")]
    app.page.chips.chips["earlier"].click()
    assert not app.page.refused.isVisible()


def test_the_strip_leads_into_the_inbox_of_its_gateway(desk: Callable[..., Desk]) -> None:
    app = desk()
    strip = app.window.strip
    assert strip.isVisible()
    assert strip.accessibleName().startswith("studio: Sign in to Anthropic again")
    assert ".." not in strip.accessibleName()
    QTest.keyClick(strip, Qt.Key.Key_Return)
    assert app.page.isVisible()
    assert app.page.model.gateway == "studio"
    app.window.centre.show_fleet()
    quiet = desk(sample.live_store())
    assert not quiet.window.strip.isVisible()


def test_an_item_that_is_over_is_said_to_be(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.tools.open_item("approval-0000000000")
    assert app.card.outcome.text() == "This item is no longer open."
    assert app.window.focusWidget() is app.page.pane.next


def test_a_hidden_inbox_does_no_work(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.tools.show_inbox()
    assert app.page.is_busy()
    before = app.titles()
    app.tools.toggle_inbox()
    assert not app.page.is_busy()
    app.apply(ev.ApprovalClosed("studio", "dex", "a2"))
    assert app.titles() == before
    app.tools.toggle_inbox()
    assert app.titles() != before
    app.window.hide()
    assert not app.page.is_busy()


def test_seconds_are_counted_only_while_something_expires(
    desk: Callable[..., Desk], clock: sample.Clock
) -> None:
    app = desk(sample.live_store(clock))
    app.open("approval")
    assert app.page._timer.interval() == 1_000
    clock.now += MIN
    app.page._timer.timeout.emit()
    assert app.card.left.text() == "28:00 left"
    app.apply(ev.ApprovalClosed("studio", "dex", "a1"))
    assert app.page._timer.interval() == 15_000


def test_a_thousand_items_change_row_by_row(desk: Callable[..., Desk]) -> None:
    app = desk(fleet.many(1_000))
    app.tools.show_inbox()
    model = app.page.model
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning, model)
    assert len(app.titles()) == 1_001
    app.page.list.choose(fleet.item(app.store, "approval", "agent0500").id)
    resets: list[int] = []
    model.modelReset.connect(lambda: resets.append(1))
    kept = app.page.model.rows()[700]
    app.apply(ev.ApprovalClosed("big", "agent0600", "a600"))
    assert len(app.titles()) == 1_000
    assert kept in model.rows()
    assert any(row is kept for row in model.rows())
    assert resets == []
    assert app.card.item is not None
    assert app.card.item.agent == "agent0500"


def test_hostile_words_are_one_line_of_plain_text(desk: Callable[..., Desk]) -> None:
    store = fleet.store(gateways=False)
    store.apply(ev.ApprovalOpened("studio", fleet.approval("h", title=HOSTILE, command=HOSTILE)))
    app = desk(store)
    app.tools.show_inbox()
    for row in app.page.model.rows():
        assert "\n" not in row.text
        assert "\u202e" not in row.text
        assert len(row.text) < 400
    index = app.page.model.index_of(store_item(app).id)
    assert "<b>x" not in index.data(Qt.ItemDataRole.ToolTipRole)
    app.page.list.choose(store_item(app).id)
    assert app.page.pane.title.textFormat() == Qt.TextFormat.PlainText
    app.window.grab()


def store_item(app: Desk) -> InboxItem:
    return next(item for item in app.page.model.items if item.subject == "h")


def test_the_page_stands_in_a_narrow_window(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.window.resize(480, 600)
    app.open("approval")
    assert app.page.splitter.orientation() == Qt.Orientation.Vertical
    assert app.card.isVisible()
    assert NOW


def test_what_stands_for_several_is_marked_and_undone_for_each() -> None:
    parts = tuple(
        InboxItem(f"failed-{name}", InboxKind.FAILED, gateway, name, name, f"agent:{name}:main")
        for gateway, name in (("studio", "rex"), ("home-lab", "hex"))
    )
    group = InboxItem("failed-all", InboxKind.FAILED, "studio", "all", members=("a", "b"))
    commands: list[object] = []
    marks = SeenSteps(commands.append, lambda _item: parts)
    assert marks.mark([group]) == 1
    assert commands == [
        MarkItems("studio", ("failed-rex",)),
        MarkItems("home-lab", ("failed-hex",)),
    ]
    assert marks.undo()
    assert commands[2:] == [
        MarkUnseen("studio", "rex", ("agent:rex:main",)),
        MarkUnseen("home-lab", "hex", ("agent:hex:main",)),
    ]
    assert not marks.undo()


def test_a_device_that_waits_is_recognised_on_its_card(desk: Callable[..., Desk]) -> None:
    app = desk()
    app.open("pairing")
    assert "Address: 192.168.1.20" in app.gateway.facts.text()
    assert app.gateway.facts.isVisible()
    app.open("channel")
    assert not app.gateway.facts.isVisible()
