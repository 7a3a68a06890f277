from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtTest import QTest

from cc_desktop.desktop.details.compose.editor import MOST_CHARS, MOST_LINES
from cc_desktop.desktop.details.compose.outbox import DONE_MS
from cc_desktop.desktop.details.sessions.tab import SessionsTab
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import RequestRights, SendMessage, StopRun
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState
from tests.desktop import sample

if TYPE_CHECKING:
    from cc_desktop.desktop.details.compose.pane import MessagePane
    from cc_desktop.desktop.details.panel import Details
    from cc_desktop.fleet.store import Store
    from tests.desktop.details.conftest import OpenDetails


def write(pane: MessagePane, text: str) -> None:
    pane.edit.setFocus()
    QTest.keyClicks(pane.edit, text)


def enter(pane: MessagePane) -> None:
    QTest.keyClick(pane.edit, Qt.Key.Key_Return)


def lines(pane: MessagePane) -> list[str]:
    return [line.text() for line in pane.lines if not line.isHidden()]


def carried(store: Store, asked: sample.Asked) -> None:
    """What the monitor does with a command: it is in the model at once."""

    def execute(command: object) -> None:
        assert isinstance(command, SendMessage | StopRun)
        made = command if command.id else replace(command, id=f"c{len(asked.commands)}")
        asked.commands.append(made)
        store.apply(ev.CommandSent(made.gateway, made))

    asked.execute = execute


@pytest.fixture
def store() -> Store:
    return sample.writing_store()


@pytest.fixture
def idle(open_agent: OpenDetails, store: Store, asked: sample.Asked) -> Details:
    carried(store, asked)
    return open_agent(store, "studio", "sketch")


@pytest.fixture
def busy(open_agent: OpenDetails, store: Store, asked: sample.Asked) -> Details:
    carried(store, asked)
    return open_agent(store, "studio", "otto")


def sent(asked: sample.Asked) -> SendMessage:
    (command,) = [one for one in asked.commands if isinstance(one, SendMessage)]
    return command


# Sending


def test_enter_sends_to_the_newest_session_and_the_box_is_empty(
    idle: Details, asked: sample.Asked
) -> None:
    pane = idle.message
    assert pane.edit.placeholderText() == "Message to Sketch…"
    write(pane, "  two more ")
    enter(pane)
    command = sent(asked)
    assert (command.gateway, command.agent) == ("studio", "sketch")
    assert command.session_key == "agent:sketch:main"
    assert command.text == "two more"
    assert not command.steer
    assert command.id  # so that it is never sent twice
    assert pane.edit.toPlainText() == ""


def test_shift_enter_makes_a_line_and_nothing_is_sent(idle: Details, asked: sample.Asked) -> None:
    pane = idle.message
    write(pane, "one")
    QTest.keyClick(pane.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(pane.edit, "two")
    assert pane.edit.toPlainText() == "one\ntwo"
    assert asked.commands == []


def test_nothing_but_spaces_is_not_sent(idle: Details, asked: sample.Asked) -> None:
    write(idle.message, "   ")
    assert not idle.message.send.isVisible()
    enter(idle.message)
    assert asked.commands == []


def test_the_box_grows_to_five_lines_and_no_further(idle: Details) -> None:
    edit = idle.message.edit
    one = edit.height()
    edit.setPlainText("\n".join("abc"))
    three = edit.height()
    edit.setPlainText("\n".join("x" * MOST_LINES))
    five = edit.height()
    edit.setPlainText("\n".join("x" * 40))
    assert one < three < five == edit.height()
    edit.setPlainText("")
    assert edit.height() == one


def test_what_is_pasted_is_bounded(idle: Details) -> None:
    data = QMimeData()
    data.setText("x" * (MOST_CHARS + 5_000))
    idle.message.edit.insertFromMimeData(data)
    assert len(idle.message.edit.toPlainText()) <= MOST_CHARS


def test_a_message_goes_to_the_session_that_is_looked_at(
    idle: Details, asked: sample.Asked
) -> None:
    idle.show_agent("studio", "rex")
    bar = idle.body.bar
    assert bar is not None
    place = next(at for at in range(bar.count()) if bar.tabText(at).startswith("Sessions"))
    bar.setCurrentIndex(place)
    tab = idle.tab()
    assert isinstance(tab, SessionsTab)
    write(idle.message, "and now?")
    tab.table.setCurrentIndex(tab.model.index_of("agent:rex:pr"))  # nothing else has changed
    enter(idle.message)
    assert sent(asked).session_key == "agent:rex:pr"


# A run in progress


def test_a_running_agent_is_steered_where_the_gateway_can(
    busy: Details, asked: sample.Asked
) -> None:
    pane = busy.message
    assert pane.edit.placeholderText() == "Steer Otto…"
    write(pane, "not that file")
    assert pane.send.text() == "Steer"
    pane.send.click()
    assert sent(asked).steer


def test_an_older_gateway_gets_a_plain_message(
    busy: Details, store: Store, asked: sample.Asked
) -> None:
    info = store.fleet.gateways["studio"].connection
    store.apply(ev.ConnectionChanged("studio", replace(info, server_version="2026.5.7")))
    busy.refresh()
    write(busy.message, "hello")
    enter(busy.message)
    assert not sent(asked).steer


def test_stop_stops_the_run_once(busy: Details, store: Store, asked: sample.Asked) -> None:
    pane = busy.message
    assert pane.stop.isVisible()
    pane.stop.click()
    pane.stop.click()
    (command,) = asked.commands
    assert isinstance(command, StopRun)
    assert command.session_key == "agent:otto:main"
    busy.refresh()
    assert pane.stop.text() == "Stopping…"
    assert not pane.stop.isEnabled()
    store.apply(ev.CommandRefused("studio", command.id, "not-owner"))
    busy.refresh()
    assert lines(pane) == ["Not stopped. Only the client that started the run may stop it."]
    assert pane.stop.isEnabled()


def test_nothing_to_stop_no_button(idle: Details) -> None:
    assert not idle.message.stop.isVisible()


# Progress


def test_a_message_is_sent_then_confirmed_then_forgotten(
    idle: Details, store: Store, asked: sample.Asked, clock: sample.Clock
) -> None:
    pane = idle.message
    write(pane, "two more")
    enter(pane)
    assert lines(pane) == ["“two more” is sent, not confirmed yet"]
    store.apply(ev.CommandDone("studio", sent(asked).id))
    idle.refresh()
    assert lines(pane) == ["“two more” has arrived"]
    clock.now += DONE_MS
    idle.refresh()
    assert lines(pane) == []


def test_not_known_is_said_until_it_is_known(
    idle: Details, store: Store, asked: sample.Asked
) -> None:
    pane = idle.message
    write(pane, "two more")
    enter(pane)
    store.apply(ev.CommandUnknown("studio", sent(asked).id, "lost"))
    idle.refresh()
    assert lines(pane) == [
        "“two more”: The connection was lost. It is not known whether it arrived."
    ]
    assert pane.edit.toPlainText() == ""  # not offered again: it would be sent twice
    store.apply(ev.CommandDone("studio", sent(asked).id))
    idle.refresh()
    assert lines(pane) == ["“two more” has arrived"]


def test_a_refused_message_is_back_in_the_box_with_the_reason(
    idle: Details, store: Store, asked: sample.Asked
) -> None:
    pane = idle.message
    write(pane, "two more")
    enter(pane)
    write(pane, "next")
    store.apply(ev.CommandRefused("studio", sent(asked).id, "policy"))
    idle.refresh()
    assert pane.edit.toPlainText() == "two more\nnext"
    assert lines(pane) == ["“two more” was not sent. The session's policy does not allow messages."]
    idle.refresh()
    assert pane.edit.toPlainText() == "two more\nnext"  # once


def test_a_message_of_which_nobody_can_say_whether_it_arrived_is_back_with_what_to_do(
    idle: Details, store: Store, asked: sample.Asked
) -> None:
    pane = idle.message
    write(pane, "two more")
    enter(pane)
    store.apply(ev.CommandUnknown("studio", sent(asked).id, "lost"))
    store.apply(ev.CommandUnknown("studio", sent(asked).id, "no-history"))
    idle.refresh()
    assert pane.edit.toPlainText() == "two more"
    (line,) = lines(pane)
    assert line.startswith("“two more”: Nobody can say whether it arrived: this connection may not")
    assert line.endswith("Look at the session in the Control UI before you send it again.")


def test_a_message_refused_while_another_agent_is_looked_at_is_not_lost(
    idle: Details, store: Store, asked: sample.Asked
) -> None:
    write(idle.message, "two more")
    enter(idle.message)
    idle.show_agent("studio", "norbert")
    store.apply(ev.CommandRefused("studio", sent(asked).id, "not-arrived"))
    idle.refresh()
    assert idle.message.edit.toPlainText() == ""
    idle.show_agent("studio", "sketch")
    assert idle.message.edit.toPlainText() == "two more"


def test_every_agent_has_a_draft_of_its_own(idle: Details) -> None:
    write(idle.message, "for sketch")
    idle.show_agent("studio", "norbert")
    assert idle.message.edit.toPlainText() == ""
    write(idle.message, "for norbert")
    idle.show_agent("studio", "sketch")
    assert idle.message.edit.toPlainText() == "for sketch"
    idle.clear()
    idle.show_agent("studio", "norbert")
    assert idle.message.edit.toPlainText() == "for norbert"


def test_changes_of_the_fleet_do_not_touch_what_is_being_written(idle: Details) -> None:
    write(idle.message, "half a sen")
    idle.message.edit.moveCursor(idle.message.edit.textCursor().MoveOperation.Start)
    idle.refresh()
    assert idle.message.edit.textCursor().position() == 0
    assert idle.message.edit.toPlainText() == "half a sen"


# Rights, and no connection


def test_without_the_right_the_question_for_it_stands_in_place_of_the_box(
    open_agent: OpenDetails, asked: sample.Asked
) -> None:
    store = sample.live_store()
    details = open_agent(store, "studio", "otto")
    pane = details.message
    assert not pane.edit.isVisible()
    assert not pane.stop.isVisible()
    assert pane.prompt is not None
    pane.prompt.button.click()
    assert asked.commands == [RequestRights("studio", ("operator.write",))]
    sample.may(store, "studio", "operator.write")
    details.refresh()
    assert pane.edit.isVisible()
    assert pane.prompt is None


def test_while_the_gateway_is_away_nothing_can_be_sent_and_nothing_is_lost(
    idle: Details, store: Store, asked: sample.Asked
) -> None:
    write(idle.message, "later")
    store.apply(ev.ConnectionChanged("studio", ConnectionInfo(ConnectionState.WAITING)))
    idle.refresh()
    pane = idle.message
    assert not pane.edit.isEnabled()
    assert not pane.send.isEnabled()
    assert pane.edit.placeholderText() == "studio is not connected"
    pane.submit()
    assert asked.commands == []
    assert pane.edit.toPlainText() == "later"


def test_the_demo_takes_messages(open_agent: OpenDetails, asked: sample.Asked) -> None:
    details = open_agent(sample.demo_store(), "demo-studio", "sketch")
    write(details.message, "hello")
    enter(details.message)
    assert sent(asked).text == "hello"
