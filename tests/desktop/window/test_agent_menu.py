"""What can be done with an agent from its row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint

from cc_desktop.desktop.details.panel import Details
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import StopRun
from tests.desktop import sample
from tests.desktop.window.test_selection import choose, lines, row_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.desktop.window.fleet_window import FleetWindow

    OpenWindow = Callable[..., FleetWindow]


def open_menu(window: FleetWindow, gateway: str, agent: str) -> list[str]:
    window.list.menu_wanted.emit(row_of(window, gateway, agent), QPoint(9, 9))
    return lines(window.list.menu)


def test_the_control_ui_opens_at_the_session_that_the_row_tells_of(
    open_window: OpenWindow, asked: sample.Asked
) -> None:
    window = open_window(sample.live_store())
    open_menu(window, "studio", "rex")
    choose(window.list.menu, "Open in Control UI")
    (call,) = asked.calls
    assert call == ("open", "http://studio.example:18789/chat/rex/telegram/1")


def test_stop_from_the_row_stops_every_run_of_the_agent(
    open_window: OpenWindow, asked: sample.Asked
) -> None:
    store = sample.writing_store()
    row = {"status": "running", "active": True, "updated_at": sample.NOW}
    store.apply(ev.SessionChanged("studio", "agent:otto:two", "otto", row, complete=True))
    window = open_window(store)
    assert "Stop 2 runs" in open_menu(window, "studio", "otto")
    choose(window.list.menu, "Stop 2 runs")
    stopped = [one.session_key for one in asked.commands if isinstance(one, StopRun)]
    assert sorted(stopped) == ["agent:otto:main", "agent:otto:two"]


def test_who_does_nothing_cannot_be_stopped(open_window: OpenWindow) -> None:
    window = open_window(sample.writing_store())
    menu = open_menu(window, "studio", "sketch")
    assert "Send a message…" in menu
    assert "Stop" not in menu


def test_send_puts_the_keyboard_into_the_box(open_window: OpenWindow) -> None:
    window = open_window(sample.writing_store())
    open_menu(window, "studio", "sketch")
    choose(window.list.menu, "Send a message")
    assert window.selection.key == ("studio", "sketch")
    details = window.details
    assert isinstance(details, Details)
    assert window.focusWidget() is details.message.edit


def test_without_the_right_the_entry_leads_to_the_question_for_it(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    open_menu(window, "studio", "otto")
    choose(window.list.menu, "Stop (needs a right)")
    details = window.details
    assert isinstance(details, Details)
    assert details.message.prompt is not None
    assert window.focusWidget() is details.message.prompt.button


def test_nothing_is_offered_that_a_gateway_which_is_away_cannot_do(open_window: OpenWindow) -> None:
    menu = open_menu(open_window(sample.last_known_store()), "studio", "otto")
    assert not [line for line in menu if line.startswith(("Send", "Stop"))]
