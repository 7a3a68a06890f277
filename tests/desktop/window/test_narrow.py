"""Nothing is cut off where the window is narrow, in any language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from cc_desktop.config.paths import resource
from cc_desktop.desktop.away.card import AwayCard
from cc_desktop.desktop.details.panel import Details
from cc_desktop.desktop.details.transcript.link_bar import LinkBar
from cc_desktop.text.history.away import AwayKind, AwayLine
from cc_desktop.text.i18n import set_language
from tests.desktop import sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.window.fleet_window import FleetWindow
    from cc_desktop.fleet.store import Store

    OpenWindow = Callable[..., FleetWindow]

DETAILS = 410 - 2 * 16  # px: what the details have for their parts at 1024


@pytest.fixture(params=["en", "de"], autouse=True)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    set_language(request.param, resource("locale"))
    yield request.param
    set_language("")


def settle() -> None:
    for _ in range(5):
        QApplication.processEvents()


def place_in(part: QWidget, whole: QWidget) -> QRect:
    return part.rect().translated(part.mapTo(whole, QPoint(0, 0)))


@pytest.mark.parametrize(
    "store", [sample.demo_store, sample.last_known_store, sample.blocked_store, sample.live_store]
)
def test_the_window_can_be_as_narrow_as_it_says(
    open_window: OpenWindow, store: Callable[[], Store]
) -> None:
    window = open_window(store())
    window.resize(window.minimumSize())
    settle()
    assert window.minimumSizeHint().width() <= window.width()


def test_the_banner_puts_its_links_below_where_the_words_need_the_line(
    open_window: OpenWindow,
) -> None:
    window = open_window(sample.demo_store())
    heights = []
    for width in (1600, 1024, 480):
        window.resize(width, 700)
        settle()
        banner = window.banner
        heights.append(banner.height())
        assert banner.links
        for link in banner.links:
            assert banner.rect().contains(place_in(link, banner))
            assert link.width() >= link.sizeHint().width()
    assert heights[0] < heights[2]


def test_the_bar_of_a_link_fits_beside_the_list(qtbot: QtBot, look: ThemeManager) -> None:
    bar = LinkBar(look)
    qtbot.addWidget(bar)
    assert bar.minimumSizeHint().width() <= DETAILS * 0.7
    bar.resize(DETAILS, 200)
    bar.ask("https://docs.example/cookies")
    settle()
    for part in (bar.open, bar.copy, bar.cancel):
        assert part.width() >= part.sizeHint().width()
        assert bar.rect().contains(place_in(part, bar))


def test_where_it_is_low_too_the_keyboard_decides_what_is_seen(open_window: OpenWindow) -> None:
    """As on a screen of 1024 x 600 at 200 %."""
    window = open_window(sample.live_store())
    QTest.qWaitForWindowActive(window, 1000)
    window.resize(512, 360)
    settle()
    left, right = window.splitter.widget(0), window.splitter.widget(1)
    window.list.setFocus()
    settle()
    assert window.splitter.sizes()[1] == 0
    assert left is not None
    assert left.height() >= 100
    QTest.keyClick(window.list, Qt.Key.Key_Return)
    settle()
    assert window.splitter.sizes()[0] == 0
    assert right is not None
    assert right.height() >= 100
    QTest.keyClick(window, Qt.Key.Key_Escape)
    settle()
    assert window.list.hasFocus()
    assert window.splitter.sizes()[1] == 0
    window.resize(512, 800)
    settle()
    assert all(size > 100 for size in window.splitter.sizes())


def test_a_window_that_gets_small_at_once_has_room_for_one_only(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    window.resize(1180, 720)
    settle()
    window.list.setFocus()
    window.resize(512, 360)
    settle()
    assert window.splitter.sizes()[1] == 0
    pills = window.filter_bar.pills()
    assert all(pill.height() >= pill.sizeHint().height() for pill in pills if pill.isVisible())


def test_where_it_is_low_the_mouse_leads_into_the_details_and_back(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    QTest.qWaitForWindowActive(window, 1000)
    details = window.details
    assert isinstance(details, Details)
    window.resize(512, 360)
    window.list.setFocus()
    settle()
    assert window.viewed() is None  # nobody sees its details
    spot = window.list.visualRect(window.list.model().index(0, 0)).center()
    left = Qt.MouseButton.LeftButton
    QTest.mouseClick(window.list.viewport(), left, Qt.KeyboardModifier.NoModifier, spot)
    settle()
    assert window.splitter.sizes()[0] == 0
    assert details.back.isVisible()
    QTest.mouseClick(details.back, left)
    settle()
    assert window.splitter.sizes()[1] == 0
    window.resize(512, 800)
    settle()
    assert not details.back.isVisible()


def test_where_it_is_low_an_agent_that_is_asked_for_is_seen(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    QTest.qWaitForWindowActive(window, 1000)
    window.resize(512, 360)
    window.list.setFocus()
    settle()
    window.show_agent("studio", "otto")
    settle()
    assert window.splitter.sizes()[0] == 0
    assert window.viewed() == ("studio", "otto")


def test_where_it_is_low_the_card_of_an_absence_scrolls(
    open_window: OpenWindow, look: ThemeManager
) -> None:
    window = open_window(sample.demo_store())
    QTest.qWaitForWindowActive(window, 1000)
    card = AwayCard(look)
    window.column.insertWidget(window.column.indexOf(window.splitter), card)
    lines = [
        AwayLine(kind, f"{n} of these happened", "to somebody, with many words " * 3, (("a", "b"),))
        for n, kind in enumerate(AwayKind)
    ]
    card.show_lines("While you were away", lines, "The gateway keeps no list of runs.")
    window.resize(1180, 900)
    settle()
    assert card.area.verticalScrollBar().maximum() == 0  # all of it, where there is room
    window.resize(512, 360)
    window.list.setFocus()
    settle()
    assert window.list.viewport().height() >= 50  # a row of the list
    assert card.dismiss.height() >= card.dismiss.sizeHint().height()
    assert card.area.verticalScrollBar().maximum() > 0
    for line in card.buttons():
        line.setFocus()
        settle()
        assert card.area.viewport().rect().contains(place_in(line, card.area.viewport()))
        assert window.rect().contains(place_in(line, window))
