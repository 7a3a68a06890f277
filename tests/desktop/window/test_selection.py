"""Agents shown by name, the menu of a row, who is muted, who is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QModelIndex, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QGuiApplication, QImage, QPainter
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QStyleOptionViewItem

from cc_desktop.desktop.fleet_desktop import NotificationTools
from cc_desktop.desktop.widgets.rows.row_delegate import ROW_HEIGHT
from cc_desktop.desktop.window.agents.agent_delegate import AgentDelegate
from cc_desktop.desktop.window.agents.agent_filter import Chip
from cc_desktop.desktop.window.agents.agent_model import AgentModel
from cc_desktop.fleet import events as ev
from tests.desktop import sample
from tests.desktop.notified import Notified
from tests.desktop.sample import NOW
from tests.desktop.views import details_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QMenu

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.window.fleet_window import FleetWindow
    from cc_desktop.fleet.store import Store
    from cc_desktop.notifications.preferences import Preferences

    OpenWindow = Callable[..., FleetWindow]

CHOICE = (("studio", "otto"), ("home-lab", "bob"))


def names(window: FleetWindow) -> list[str]:
    return window.model.shown_names()


def with_center(
    window: FleetWindow, store: Store, preferences: Preferences | None = None
) -> Notified:
    notified = Notified(store, [], preferences)
    NotificationTools(window, window.context, notified.center, lambda: None)
    return notified


# Some agents by name


def test_only_these_agents_are_shown_and_a_chip_says_so(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    window.show_only(CHOICE, "2 agents failed")
    assert names(window) == ["Otto", "Bob"]
    assert window.filter_bar.named_chip.isVisible()
    assert window.filter_bar.named_chip.isChecked()
    assert window.filter_bar.named_chip.accessibleName().startswith("Only 2 agents failed.")
    assert window.details.key == ("studio", "otto")
    assert window.filter_bar.chips[Chip.ALL].accessibleName() == "All 11"


def test_the_choice_opens_a_closed_window_over_whatever_it_showed(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    window.header.search.setText("rex")
    window.show_devices()
    window.close()
    window.show_only(CHOICE, "2 agents failed")
    assert window.isVisible()
    assert window.stack.shows_agents()
    assert names(window) == ["Otto", "Bob"]
    assert window.header.search.text() == ""


def test_an_agent_of_the_choice_that_is_read_stays(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    window.show_agent("home-lab", "bob")
    window.show_only(CHOICE, "2 agents failed")
    assert window.details.key == ("home-lab", "bob")


def test_a_chosen_agent_stays_whatever_becomes_of_it(open_window: OpenWindow) -> None:
    store = sample.live_store()
    window = open_window(store)
    window.show_only(CHOICE, "2 agents failed")
    ended = {"status": "done", "active": False, "updated_at": NOW, "ended_at": NOW}
    store.apply(ev.SessionChanged("studio", "agent:otto:main", "otto", ended))
    window.batch.flush()
    assert sorted(names(window)) == ["Bob", "Otto"]


@pytest.mark.parametrize("way", ["itself", "escape", "another", "devices", "agent"])
def test_the_choice_is_taken_back(open_window: OpenWindow, way: str) -> None:
    window = open_window(sample.live_store())
    QTest.qWaitForWindowActive(window, 1000)
    window.show_only(CHOICE, "2 agents failed")
    match way:
        case "itself":
            QTest.mouseClick(window.filter_bar.named_chip, Qt.MouseButton.LeftButton)
        case "escape":
            QTest.keyClick(window, Qt.Key.Key_Escape)
        case "another":
            window.filter_bar.chips[Chip.WORKING].click()
        case "devices":
            window.filter_bar.devices_chip.click()
            QTest.keyClick(window, Qt.Key.Key_Escape)
        case "agent":
            window.show_agent("studio", "rex")
    assert not window.filter_bar.named_chip.isVisible()
    assert window.model.only is None
    assert window.model.rowCount() == (3 if way == "another" else 11)
    checked = [chip for chip, pill in window.filter_bar.chips.items() if pill.isChecked()]
    assert checked == [Chip.WORKING if way == "another" else Chip.ALL]


def test_another_choice_takes_the_place_of_the_first(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    window.show_only(CHOICE, "2 agents failed")
    window.show_only((("studio", "pip"),), "")
    assert names(window) == ["Pip"]
    assert window.filter_bar.named_chip.accessibleName().startswith("Only 1 agent.")


def test_the_search_looks_beyond_the_chosen(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    window.show_only(CHOICE, "2 agents failed")
    window.header.search.setText("bob")
    assert names(window) == ["Bob"]
    window.header.search.setText("rex")
    assert names(window) == ["Rex"]
    assert window.filter_bar.matches() == "1 match in All"
    window.header.search.clear()
    assert names(window) == ["Otto", "Bob"]
    assert window.filter_bar.named_chip.isChecked()


def test_chosen_agents_that_are_gone_are_explained(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    window.show_only((("old", "gone"),), "1 agent failed")
    assert window.stack.reason() is not None
    assert window.stack.reason() == (
        "No longer there",
        "These agents are gone. Esc shows all agents.",
    )
    window.show_chip(Chip.ALL)
    assert window.stack.shows_agents()


def test_the_words_of_a_choice_are_plain_text(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    window.show_only(CHOICE, "<b>2\u202e</b>\nagents " + "x" * 300)
    said = window.filter_bar.named_chip.accessibleName()
    assert said.startswith("Only <b>2</b> agents xxx")
    assert len(said) < 130
    assert "<b>" not in window.filter_bar.named_chip.toolTip()


def test_the_model_keeps_its_rows_in_order(clock: sample.Clock) -> None:
    model = AgentModel(sample.live_store(clock), clock)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning, model)
    model.catch_up()
    model.set_chip(Chip.IDLE)
    model.set_only(CHOICE)
    assert (model.rowCount(), model.chip, model.filtered) == (2, Chip.ALL, True)
    model.set_chip(Chip.ALL)
    assert (model.rowCount(), model.filtered) == (11, False)


# Who is looked at


def test_an_agent_that_is_opened_is_selected_alone_whatever_key_was_held(
    open_window: OpenWindow, qapp: QApplication
) -> None:
    """Ctrl+W hides the window before Ctrl is let go, and the app never hears that it was."""
    window = open_window(sample.live_store())
    window.show_agent("studio", "otto")
    held = Qt.KeyboardModifier.ControlModifier
    QTest.keyPress(window.windowHandle(), Qt.Key.Key_Control, held)
    assert qapp.keyboardModifiers() == held
    window.show_agent("studio", "norbert")
    QTest.keyRelease(window.windowHandle(), Qt.Key.Key_Control)
    assert window.list.selected_keys() == [("studio", "norbert")]


def test_who_is_looked_at(open_window: OpenWindow, qapp: QApplication) -> None:
    window = open_window(sample.live_store())
    QTest.qWaitForWindowActive(window, 1000)
    assert window.viewed() == ("studio", "rex")
    window.show_agent("home-lab", "bob")
    assert window.viewed() == ("home-lab", "bob")
    window.show_devices()
    assert window.viewed() is None
    window.show_chip(Chip.ALL)
    window.setWindowState(Qt.WindowState.WindowMinimized)
    assert window.viewed() is None
    window.show_fleet()
    window.close()
    assert window.viewed() is None


def test_nobody_is_looked_at_in_a_window_behind_another(
    open_window: OpenWindow,
) -> None:
    behind = open_window(sample.live_store())
    front = open_window(sample.live_store())
    front.activateWindow()
    QTest.qWaitForWindowActive(front, 1000)
    assert behind.viewed() is None
    assert front.viewed() == ("studio", "rex")


# The menu of a row


def lines(menu: QMenu | None) -> list[str]:
    assert menu is not None
    return [action.text() for action in menu.actions() if not action.isSeparator()]


def choose(menu: QMenu | None, start: str) -> None:
    assert menu is not None
    next(action for action in menu.actions() if action.text().startswith(start)).trigger()
    menu.close()


def row_of(window: FleetWindow, gateway: str, agent: str) -> QModelIndex:
    return window.model.index_of((gateway, agent))


def test_the_menu_of_a_row_by_mouse(open_window: OpenWindow) -> None:
    store = sample.live_store()
    window = open_window(store)
    with_center(window, store)
    spot = window.list.visualRect(row_of(window, "home-lab", "hex")).center()
    place = window.list.viewport().mapToGlobal(spot)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, spot, place)
    QApplication.sendEvent(window.list.viewport(), event)
    assert lines(window.list.menu) == [
        *("Open details", "Open in Control UI", "Mark as seen"),
        *("Send a message (needs a right)…", "Stop (needs a right)…", "Stop everything…"),
        *("Copy name", "Copy link"),
        *("Tell me when this is done", "Mute agent Hex", "Mute gateway home-lab"),
    ]
    assert window.list.menu is not None
    assert window.list.menu.pos() == place


def test_the_menu_of_a_row_by_key(open_window: OpenWindow) -> None:
    store = sample.live_store()
    window = open_window(store)
    QTest.qWaitForWindowActive(window, 1000)
    window.show_agent("studio", "dex")
    # What the platform makes of the menu key; Qt hands it to the widget with the keyboard.
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(), QPoint())
    QApplication.sendEvent(window.windowHandle(), event)
    assert lines(window.list.menu)[:3] == ["Open details", "Open in Control UI", "Mark as seen"]
    row = window.list.visualRect(row_of(window, "studio", "dex"))
    place = window.list.viewport().mapToGlobal(row.center())
    assert window.list.menu is not None
    assert window.list.menu.pos() == place


def test_no_menu_where_there_is_no_row(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store(second=False))
    spot = QPoint(20, window.list.viewport().height() - 2)
    place = window.list.viewport().mapToGlobal(spot)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, spot, place)
    QApplication.sendEvent(window.list.viewport(), event)
    assert window.list.menu is None


def test_muting_from_the_menu_marks_the_row(open_window: OpenWindow) -> None:
    store = sample.live_store()
    window = open_window(store)
    notified = with_center(window, store)
    index = row_of(window, "studio", "otto")
    window.list.menu_wanted.emit(index, QPoint(9, 9))
    choose(window.list.menu, "Mute agent Otto")
    assert notified.center.preferences.muted == {("studio", "otto")}
    row = window.model.known(("studio", "otto"))
    assert row is not None
    assert row.muted
    assert row.sentence.endswith(" Muted.")
    assert "no notifications" in row.tip
    window.list.menu_wanted.emit(index, QPoint(9, 9))
    choose(window.list.menu, "Unmute agent Otto")
    assert notified.center.preferences.muted == set()


def test_muting_a_gateway_marks_all_its_agents(open_window: OpenWindow) -> None:
    store = sample.live_store()
    window = open_window(store)
    with_center(window, store)
    window.list.menu_wanted.emit(row_of(window, "home-lab", "hex"), QPoint(9, 9))
    choose(window.list.menu, "Mute gateway home-lab")
    assert window.model.muted_keys() == {
        ("home-lab", name) for name in ("hex", "nano", "bob", "stuart")
    }
    window.show_agent("home-lab", "bob")
    assert details_of(window).body.head.place().startswith("Muted · home-lab")
    window.show_agent("studio", "rex")
    assert "Muted" not in details_of(window).body.head.place()


def test_what_is_muted_elsewhere_is_marked_at_the_next_show(open_window: OpenWindow) -> None:
    store = sample.live_store()
    window = open_window(store)
    notified = with_center(window, store)
    window.close()
    notified.center.mute("studio", "rex", True)
    window.show()
    row = window.model.known(("studio", "rex"))
    assert row is not None
    assert row.muted


def test_open_details_and_copy_name(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    QTest.qWaitForWindowActive(window, 1000)
    index = row_of(window, "home-lab", "stuart")
    window.list.menu_wanted.emit(index, QPoint(9, 9))
    choose(window.list.menu, "Copy name")
    assert QGuiApplication.clipboard().text() == "Stuart Little-Field"
    window.list.menu_wanted.emit(index, QPoint(9, 9))
    choose(window.list.menu, "Copy link")
    assert QGuiApplication.clipboard().text() == "cc-desktop://agent/home-lab/stuart"
    window.list.menu_wanted.emit(index, QPoint(9, 9))
    choose(window.list.menu, "Open details")
    assert window.details.key == ("home-lab", "stuart")
    focused = window.focusWidget()
    assert focused is not None
    assert window.details.isAncestorOf(focused)


def test_a_gateway_that_is_not_live_can_be_reconnected(
    open_window: OpenWindow, asked: sample.Asked
) -> None:
    window = open_window(sample.last_known_store())
    window.list.menu_wanted.emit(row_of(window, "studio", "rex"), QPoint(9, 9))
    choose(window.list.menu, "Reconnect studio")
    assert asked.calls == [("reconnect", "studio")]


def test_the_demo_is_neither_muted_nor_reconnected(open_window: OpenWindow) -> None:
    store = sample.demo_store()
    window = open_window(store)
    with_center(window, store)
    window.list.menu_wanted.emit(row_of(window, "demo-studio", "rex"), QPoint(9, 9))
    menu = lines(window.list.menu)
    assert not [line for line in menu if line.startswith(("Mute", "Reconnect", "Open in Control"))]
    assert "Mark as seen" in menu


def test_names_in_the_menu_are_shown_as_they_are(open_window: OpenWindow) -> None:
    store = sample.live_store()
    store.apply(ev.AgentConfigured("studio", "rex", name="R&D\t<b>x</b>\u202e" + "y" * 200))
    window = open_window(store)
    with_center(window, store)
    window.list.menu_wanted.emit(row_of(window, "studio", "rex"), QPoint(9, 9))
    (muting,) = [line for line in lines(window.list.menu) if line.startswith("Mute agent")]
    assert muting.startswith("Mute agent R&&D <b>x</b>yyy")
    assert "\t" not in muting
    assert len(muting) <= 80


def test_the_menu_is_gone_after_it_closed(open_window: OpenWindow, qapp: QApplication) -> None:
    window = open_window(sample.live_store())
    gone: list[int] = []
    window.list.menu_wanted.emit(row_of(window, "studio", "rex"), QPoint(9, 9))
    assert window.list.menu is not None
    window.list.menu.destroyed.connect(lambda: gone.append(1))
    window.list.menu.close()
    qapp.sendPostedEvents()
    qapp.processEvents()
    assert gone == [1]


# The mark


def paint(look: ThemeManager, muted: bool, name: str) -> QImage:
    store = sample.live_store()
    store.apply(ev.AgentConfigured("studio", "rex", name=name))
    model = AgentModel(store, sample.Clock())
    model.set_muted(frozenset({("studio", "rex")} if muted else set()))
    model.catch_up()
    image = QImage(770, ROW_HEIGHT, QImage.Format.Format_RGB32)
    image.fill(QColor(look.theme.bg))
    option = QStyleOptionViewItem()
    option.rect = QRect(0, 0, 770, ROW_HEIGHT)
    option.direction = Qt.LayoutDirection.LeftToRight
    painter = QPainter(image)
    AgentDelegate(look).paint(painter, option, model.index(0, 0))
    painter.end()
    return image


@pytest.mark.parametrize("name", ["R", "R" * 60])
def test_the_mark_moves_nothing_but_the_name(look: ThemeManager, name: str) -> None:
    plain, muted = paint(look, False, name), paint(look, True, name)
    assert plain != muted
    rest = QRect(234, 0, 770 - 234, ROW_HEIGHT)  # from the status on
    assert plain.copy(rest) == muted.copy(rest)
