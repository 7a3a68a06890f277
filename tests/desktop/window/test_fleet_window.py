from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from cc_desktop.desktop.style.palette import DARK, LIGHT
from cc_desktop.desktop.widgets.window_geometry import fit_to_screen
from cc_desktop.desktop.window.agents.agent_filter import Chip
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import MarkSeen
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Device
from cc_desktop.fleet.store import Store
from cc_desktop.text.gateways import problem_text
from tests.desktop import sample
from tests.desktop.sample import NOW
from tests.desktop.views import details_of, overview

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QApplication

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.window.fleet_window import FleetWindow

    OpenWindow = Callable[..., FleetWindow]


def texts(window: FleetWindow) -> dict[str, str]:
    """What stands around the list."""
    reason = window.stack.reason()
    return {
        "headline": window.status_bar.headline(),
        "source": window.status_bar.source(),
        "empty": reason.title if reason else "",
    }


def selected(window: FleetWindow) -> str:
    row = window.model.row(window.list.currentIndex())
    return row.name if row else ""


def test_the_worst_agent_is_open_at_the_start(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    assert selected(window) == "Rex"
    assert window.details.key == ("studio", "rex")
    assert texts(window)["headline"] == "3 need you · 3 working · 5 idle"
    assert texts(window)["source"] == "Live"
    assert window.banner.isHidden()
    assert window.filter_bar.texts() == [
        *("All 11", "Needs you 3", "Working 3", "Idle 5", "Offline 0", "Devices 4")
    ]


def test_what_is_read_stays_when_rows_move(open_window: OpenWindow) -> None:
    store = sample.live_store()
    window = open_window(store)
    window.show_agent("studio", "otto")
    ended = {"status": "failed", "active": False, "updated_at": NOW, "ended_at": NOW}
    store.apply(ev.SessionChanged("studio", "agent:otto:main", "otto", ended))
    window.batch.flush()
    assert selected(window) == "Otto"
    assert window.list.currentIndex().row() == 0
    assert window.details.key == ("studio", "otto")


def test_what_is_read_stays_when_its_row_leaves_the_filter(open_window: OpenWindow) -> None:
    store = sample.live_store()
    window = open_window(store)
    window.show_chip(Chip.WORKING)
    window.show_agent("studio", "otto")
    ended = {"status": "done", "active": False, "updated_at": NOW, "ended_at": NOW}
    store.apply(ev.SessionChanged("studio", "agent:otto:main", "otto", ended))
    window.batch.flush()
    assert selected(window) == ""
    assert window.details.key == ("studio", "otto")
    window.show_chip(Chip.ALL)
    assert selected(window) == "Otto"


def test_an_agent_that_goes_gives_way_to_the_first(open_window: OpenWindow) -> None:
    store = sample.live_store()
    window = open_window(store)
    window.show_agent("home-lab", "hex")
    store.apply(ev.GatewayRemoved("home-lab"))
    window.batch.flush()
    assert selected(window) == "Rex"
    assert window.details.key == ("studio", "rex")


def test_show_agent_opens_a_closed_window_and_clears_what_hides_it(
    open_window: OpenWindow,
) -> None:
    window = open_window(sample.live_store())
    window.header.search.setText("rex")
    window.show_devices()
    window.close()
    window.show_agent("home-lab", "bob")
    assert window.isVisible()
    assert selected(window) == "Bob"
    assert window.header.search.text() == ""
    assert window.details.isVisible()


def test_show_agent_waits_for_one_that_is_not_there_yet(open_window: OpenWindow) -> None:
    store = sample.live_store(second=False)
    window = open_window(store)
    window.show_agent("home-lab", "bob")
    assert selected(window) == "Rex"
    store.apply(ev.GatewayAdded("home-lab", "home-lab"))
    store.apply(sample.home_lab())
    window.batch.flush()
    assert selected(window) == "Bob"


def test_a_hidden_window_does_no_work(open_window: OpenWindow) -> None:
    store = sample.demo_store()
    window = open_window(store)
    updates: list[int] = []
    window.model.updated.connect(lambda: updates.append(1))
    assert window.is_busy()
    window.close()
    store.apply(ev.AgentConfigured("demo-studio", "rex", name="Max"))
    assert not window.is_busy()
    assert updates == []
    window.show()
    assert selected(window) == "Max"


# The frame


def test_a_pill_counts_down_only_while_its_gateway_waits(
    open_window: OpenWindow, clock: sample.Clock
) -> None:
    store = sample.demo_store(clock)
    window = open_window(store)
    pill = window.header.pills["real"]
    assert pill.accessibleName() == "studio unreachable · retry in 8 s"
    clock.now += 1000
    window.refresh_connections()
    assert pill.accessibleName() == "studio unreachable · retry in 7 s"
    store.apply(ev.ConnectionChanged("real", ConnectionInfo(ConnectionState.CONNECTING)))
    window.batch.flush()
    assert pill.accessibleName() == "studio connecting…"


def test_a_pill_tells_the_problem_and_what_to_do(
    open_window: OpenWindow, asked: sample.Asked
) -> None:
    window = open_window(sample.blocked_store())
    window.header.pills["studio"].click()
    popup = window.header.popup
    assert popup is not None
    assert popup.problem() == problem_text(sample.WRONG_TOKEN)
    assert popup.state().endswith("Blocked")
    popup.reconnect.click()
    assert asked.calls == [("reconnect", "studio")]
    assert not popup.isVisible()


def test_the_banner_of_the_demo_leads_to_the_last_known(
    open_window: OpenWindow, asked: sample.Asked
) -> None:
    window = open_window(sample.demo_store())
    assert window.banner.isVisible()
    for link in window.banner.links:
        link.click()
    assert asked.calls == [("show_last_known", True), ("reconnect", None)]


def test_the_banner_goes_when_the_gateway_is_back(open_window: OpenWindow) -> None:
    store = sample.last_known_store()
    window = open_window(store)
    assert window.banner.isVisible()
    store.apply(ev.ConnectionChanged("studio", ConnectionInfo(ConnectionState.LIVE)))
    store.apply(sample.studio())
    window.batch.flush()
    assert not window.banner.isVisible()
    assert texts(window)["source"] == "Live"


def test_empty_states(open_window: OpenWindow) -> None:
    window = open_window(Store(sample.Clock()))
    assert texts(window)["empty"] == "No gateway yet"
    assert not window.details.isVisible()
    window = open_window(sample.live_store())
    window.header.search.setText("zebra")
    assert texts(window)["empty"] == "No match"
    assert window.stack.reason() is not None


def test_devices(open_window: OpenWindow) -> None:
    store = sample.live_store()
    window = open_window(store)
    window.filter_bar.devices_chip.click()
    model = window.devices
    rows = [model.row(model.index(row, 0)) for row in range(model.rowCount())]
    assert [row.cells[0] for row in rows if row] == [
        *("Ada's MacBook", "home-lab", "studio", "Pixel 9")
    ]
    assert model.data(model.index(3, 1)) == "gone"
    assert model.data(model.index(3, 5)) == "gone 40 min ago"
    store.apply(ev.DevicesListed("home-lab", ()))
    window.batch.flush()
    assert model.rowCount() == 3
    assert window.filter_bar.devices_chip.accessibleName() == "Devices 3"


def test_devices_that_nothing_tells_apart_are_one_row_and_this_app_is_marked(
    open_window: OpenWindow,
) -> None:
    store = sample.live_store(second=False)
    app = Device("studio", "", "Control Center Desktop", "linux", "ui", True, sample.NOW)
    listed = (
        *(replace(app, id=f"old{number}", online=False) for number in range(6)),
        replace(app, id="other", name="Ada's desktop"),
        replace(app, id="me", is_own=True),
        replace(app, id="laptop"),
    )
    store.apply(ev.DevicesListed("studio", listed))
    window = open_window(store)
    window.show_devices()
    assert [row.cells[:2] for row in window.devices.rows()] == [
        ("Control Center Desktop (this app)", "online"),
        ("Ada's desktop", "online"),
        ("Control Center Desktop", "online"),
        ("Control Center Desktop (6 times)", "gone"),
    ]


def test_the_look_changes_live(open_window: OpenWindow, look: ThemeManager) -> None:
    window = open_window(sample.live_store())
    before = window.grab().toImage()
    look.set_theme(LIGHT)
    after = window.grab().toImage()
    middle = (before.width() // 3, before.height() - 60)  # below the rows
    assert before.pixelColor(*middle).lightness() < 40
    assert after.pixelColor(*middle).lightness() > 230


# Keyboard


def test_everything_works_from_the_keyboard(open_window: OpenWindow, asked: sample.Asked) -> None:
    window = open_window(sample.live_store())
    QTest.qWaitForWindowActive(window, 1000)
    window.list.setFocus()
    for key, name in (
        (Qt.Key.Key_Down, "Dex"),
        (Qt.Key.Key_End, "Flip"),
        (Qt.Key.Key_Up, "Stuart Little-Field"),
        (Qt.Key.Key_Home, "Rex"),
    ):
        QTest.keyClick(window.list, key)
        assert selected(window) == name
        assert details_of(window).body.head.name() == name
    QTest.keyClick(window, Qt.Key.Key_F5)
    QTest.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    assert asked.calls == [("reconnect", None)] * 2


def test_search_and_back_by_keyboard(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    QTest.qWaitForWindowActive(window, 1000)
    window.list.setFocus()
    QTest.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert window.focusWidget() is window.header.search
    QTest.keyClicks(window.header.search, "bob")
    QTest.keyClick(window.header.search, Qt.Key.Key_Return)
    assert window.focusWidget() is window.list
    assert selected(window) == "Bob"
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.header.search.text() == ""
    assert window.model.rowCount() == 11
    assert selected(window) == "Bob"


def test_tab_reaches_every_control(open_window: OpenWindow) -> None:
    window = open_window(sample.demo_store())
    QTest.qWaitForWindowActive(window, 1000)
    window.header.search.setFocus()
    met = set()
    for _ in range(30):
        met.add(window.focusWidget())
        QTest.keyClick(window, Qt.Key.Key_Tab)
    wanted = {
        window.header.search,
        *window.header.pills.values(),
        *window.banner.links,
        window.filter_bar.chips[Chip.ALL],
        window.list,
        overview(details_of(window)).seen,
    }
    assert wanted <= met


def test_arrows_move_among_the_chips_and_enter_chooses(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    QTest.qWaitForWindowActive(window, 1000)
    chips = window.filter_bar.chips
    chips[Chip.ALL].setFocus()
    for _ in range(3):
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Right)
    assert window.focusWidget() is chips[Chip.IDLE]
    assert window.model.shown_names()[0] == "Rex"  # nothing is chosen yet
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Left)
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Return)
    assert window.model.chip is Chip.WORKING
    chips[Chip.ALL].setFocus()
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Left)
    assert window.focusWidget() is window.filter_bar.devices_chip


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_keys_press_pills_and_buttons(
    open_window: OpenWindow, asked: sample.Asked, key: Qt.Key
) -> None:
    window = open_window(sample.demo_store())
    QTest.keyClick(window.header.pills["real"], key)
    assert window.header.popup is not None
    assert window.header.popup.isVisible()
    window.header.popup.close()
    QTest.keyClick(window.banner.links[-1], key)
    assert asked.calls == [("reconnect", None)]


def test_escape_goes_back_step_by_step_to_all(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    QTest.qWaitForWindowActive(window, 1000)
    window.show_chip(Chip.IDLE)
    window.header.search.setText("rex")
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert (window.header.search.text(), window.model.chip) == ("", Chip.IDLE)
    assert window.filter_bar.checked() is Chip.IDLE
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.model.chip is window.filter_bar.checked() is Chip.ALL
    window.show_chip(Chip.IDLE)
    window.show_devices()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.model.chip is window.filter_bar.checked() is Chip.ALL


def test_search_looks_through_all_agents(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    window.show_chip(Chip.IDLE)
    assert window.filter_bar.matches() == ""
    window.header.search.setText("rex")
    assert window.model.shown_names() == ["Rex"]
    assert window.filter_bar.matches() == "1 match in All"
    assert window.filter_bar.checked() is Chip.ALL
    window.show_chip(Chip.IDLE)  # on purpose: among the matches
    assert window.filter_bar.matches() == "0 matches in Idle"
    window.show_chip(Chip.ALL)
    window.header.search.clear()
    assert window.filter_bar.matches() == ""


def test_after_mark_as_seen_the_keyboard_and_the_agent_stay_in_the_list(
    open_window: OpenWindow, asked: sample.Asked
) -> None:
    store = sample.live_store()
    window = open_window(store)
    window.resize(900, 360)  # not all rows fit
    QTest.qWaitForWindowActive(window, 1000)
    tab = overview(details_of(window))
    tab.seen.setFocus()
    QTest.keyClick(tab.seen, Qt.Key.Key_Return)
    assert asked.commands == [MarkSeen("studio", "rex")]
    store.apply(ev.Seen("studio", {"agent:rex:telegram:1": NOW - 4 * sample.MIN}))
    window.batch.flush()
    assert window.focusWidget() is window.list
    assert selected(window) == "Rex"
    place = window.list.visualRect(window.list.currentIndex())
    assert window.list.viewport().rect().contains(place.center())
    assert "out of credits" in tab.why.text()
    assert tab.why.heading() == "Last failure"
    assert not tab.seen.isVisible()


# Size


def test_the_first_size_fits_the_screen(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    fit_to_screen(window, QSize(5000, 4000))
    room = window.screen().availableGeometry()
    assert window.width() <= room.width()
    assert window.height() < room.height()  # the window manager adds a title bar


# Size


def test_details_stand_below_when_it_is_narrow(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    assert window.splitter.orientation() == Qt.Orientation.Horizontal
    window.resize(640, 480)
    assert window.splitter.orientation() == Qt.Orientation.Vertical
    window.resize(1180, 720)
    assert window.splitter.orientation() == Qt.Orientation.Horizontal


def test_size_and_split_are_remembered(open_window: OpenWindow) -> None:
    remembered: dict[str, str] = {}
    window = open_window(sample.live_store(), remembered)
    window.resize(700, 500)
    window.splitter.setSizes([230, 150])
    sizes = window.splitter.sizes()
    window.close()
    again = open_window(sample.live_store(), dict(remembered))
    assert (again.width(), again.height()) == (700, 500)
    assert again.splitter.sizes() == sizes


@pytest.mark.parametrize("nonsense", ["", "?", "AAAA", "ä"])
def test_nonsense_that_is_remembered_does_no_harm(open_window: OpenWindow, nonsense: str) -> None:
    window = open_window(sample.live_store(), {"window": nonsense, "splitter": nonsense})
    assert window.isVisible()


def test_closing_ends_the_app_only_without_a_tray(
    open_window: OpenWindow, asked: sample.Asked
) -> None:
    window = open_window(sample.live_store())
    window.close()
    assert asked.calls == []
    window.quit_on_close = True
    window.show()
    window.close()
    assert asked.calls == [("quit",)]


def test_minimised_is_hidden(open_window: OpenWindow, qapp: QApplication) -> None:
    window = open_window(sample.live_store())
    window.setWindowState(Qt.WindowState.WindowMinimized)
    qapp.sendEvent(window, QEvent(QEvent.Type.WindowStateChange))
    assert not window.batch.active
    window.show_fleet()
    qapp.sendEvent(window, QEvent(QEvent.Type.WindowStateChange))
    assert window.batch.active


def test_a_right_to_left_window_is_drawn(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    left = window.list.grab().toImage()
    window.list.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    right = window.list.grab().toImage()
    at = 241  # in the first row's status, from the side where reading starts
    red = QColor(DARK.error)
    assert left.pixelColor(at, 25) == red
    assert right.pixelColor(right.width() - 1 - at, 25) == red


def test_a_gateway_is_shown_with_what_is_known_of_it(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    window.show_gateway("nowhere")
    assert window.header.popup is None
    window.show_gateway("studio")

    assert window.header.popup is not None
    assert window.header.popup.isVisible()
    window.header.popup.close()


def test_a_gateway_that_was_moved_moves_in_the_window(
    open_window: OpenWindow, qapp: QApplication
) -> None:
    store = sample.live_store()
    window = open_window(store)
    keys = list(window.header.pills)
    assert len(keys) == 2
    store.apply(ev.GatewaysOrdered(tuple(reversed(keys))))
    window.batch.flush()
    qapp.processEvents()
    pills = window.header.pills
    assert list(pills) == keys[::-1]
    assert pills[keys[1]].x() < pills[keys[0]].x()
    assert pills[keys[1]].nextInFocusChain() is pills[keys[0]]
