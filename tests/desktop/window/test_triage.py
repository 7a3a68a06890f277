"""Working through what needs somebody: by keys alone, with undo."""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, Qt
from PySide6.QtTest import QTest

from cc_desktop.config.seen_marks import SeenMarks
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import Status
from cc_desktop.monitor.command_desk import CommandDesk
from cc_desktop.system.supervision import FaultLog
from tests.desktop import sample
from tests.fakes.clock import FakeClock
from tests.monitor.test_command_desk import FakePool, MemoryState

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.desktop.window.fleet_window import FleetWindow
    from cc_desktop.fleet.store import Store

    OpenWindow = Callable[..., FleetWindow]


@pytest.fixture
def desk(asked: sample.Asked) -> Callable[[Store], None]:
    """Carries out the commands of the window on a store."""

    def follow(store: Store) -> None:
        made = CommandDesk(
            store,
            FakePool(),  # type: ignore[arg-type]
            SeenMarks(MemoryState()),  # type: ignore[arg-type]
            FakeClock(sample.NOW),
            random.Random(1),
            FaultLog(logging.getLogger(__name__)),
        )
        asked.execute = made.execute

    return follow


@pytest.fixture
def window(open_window: OpenWindow, desk: Callable[[Store], None]) -> FleetWindow:
    store = sample.live_store()
    for agent in ("otto", "pip"):
        store.apply(
            ev.SessionChanged(
                "studio",
                f"agent:{agent}:bad",
                agent,
                {"status": "failed", "ended_at": sample.NOW, "updated_at": sample.NOW},
                complete=True,
            )
        )
    desk(store)
    opened = open_window(store)
    QTest.qWaitForWindowActive(opened, 1000)
    return opened


def status(window: FleetWindow, agent: str, gateway: str = "studio") -> Status:
    found = window.context.store.fleet.agent(gateway, agent)
    assert found is not None
    return found.status


def press(window: FleetWindow, keys: str) -> None:
    QTest.keySequence(window, keys)
    window.batch.flush()


def select(window: FleetWindow, *agents: str) -> None:
    flags = QItemSelectionModel.SelectionFlag
    for number, agent in enumerate(agents):
        index = window.model.index_of(("studio", agent))
        flag = flags.Select if number else flags.ClearAndSelect
        window.list.selectionModel().setCurrentIndex(index, flag)


def test_a_key_marks_the_agent_as_seen_and_goes_on_to_the_next(window: FleetWindow) -> None:
    select(window, "rex")
    press(window, "Ctrl+E")
    assert status(window, "rex") is not Status.ERROR
    assert window.selection.key is not None
    assert window.selection.key != ("studio", "rex")
    key = window.selection.key
    assert status(window, key[1], key[0]).needs_you
    assert window.undo_bar.text == "Marked as seen: Rex"


def test_several_agents_are_marked_at_once_and_undone_at_once(window: FleetWindow) -> None:
    select(window, "rex", "otto", "pip")
    press(window, "Ctrl+E")
    failed = [status(window, agent) is Status.ERROR for agent in ("rex", "otto", "pip")]
    assert failed == [False, False, False]
    assert window.undo_bar.text == "Marked 3 as seen"
    press(window, "Ctrl+Z")
    failed = [status(window, agent) is Status.ERROR for agent in ("rex", "otto", "pip")]
    assert failed == [True, True, True]
    assert window.undo_bar.text == ""


def test_undo_by_the_link_in_the_bar(window: FleetWindow) -> None:
    select(window, "rex")
    press(window, "Ctrl+E")
    window.undo_bar.link.click()
    assert status(window, "rex") is Status.ERROR


def test_all_are_marked_with_one_key(window: FleetWindow) -> None:
    press(window, "Ctrl+Shift+E")
    assert not [row for row in window.model.rows() if row.status is Status.ERROR]
    press(window, "Ctrl+Z")
    assert [row.name for row in window.model.rows() if row.status is Status.ERROR]


def test_next_goes_round_among_those_that_need_somebody(window: FleetWindow) -> None:
    needing = [row.key for row in window.model.rows() if row.status.needs_you]
    select(window, "rex")
    start = needing.index(("studio", "rex"))
    visited = []
    for _ in needing:
        press(window, "F8")
        visited.append(window.selection.key)
    assert visited == [*needing[start + 1 :], *needing[: start + 1]]


def test_type_ahead_in_the_list_still_works(window: FleetWindow) -> None:
    window.list.setFocus()
    QTest.keyClicks(window.list, "nor")
    assert window.selection.key == ("studio", "norbert")


def test_the_menu_marks_what_is_selected(window: FleetWindow) -> None:
    select(window, "rex", "otto")
    index = window.model.index_of(("studio", "rex"))
    window.list.menu_wanted.emit(index, QPoint(9, 9))
    menu = window.list.menu
    assert menu is not None
    [action] = [one for one in menu.actions() if one.text() == "Mark 2 as seen"]
    action.trigger()
    assert status(window, "rex") is not Status.ERROR
    assert status(window, "otto") is not Status.ERROR


def test_a_menu_on_another_row_is_about_that_row(window: FleetWindow) -> None:
    select(window, "rex", "otto")
    index = window.model.index_of(("studio", "norbert"))
    window.list.menu_wanted.emit(index, QPoint(9, 9))
    assert window.list.selected_keys() == [("studio", "norbert")]


def test_nothing_to_mark_says_nothing(window: FleetWindow) -> None:
    select(window, "norbert")
    press(window, "Ctrl+E")
    assert window.undo_bar.text == ""
    assert window.selection.key == ("studio", "norbert")


def test_several_rows_can_be_chosen_with_the_keyboard(window: FleetWindow) -> None:
    window.list.setFocus()
    QTest.keyClick(window.list, Qt.Key.Key_Home)
    QTest.keyClick(window.list, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert len(window.list.selected_keys()) == 2
