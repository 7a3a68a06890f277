from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from cc_desktop.desktop.fleet_desktop import build_fleet_window
from cc_desktop.desktop.style.palette import DARK
from cc_desktop.desktop.style.theme import ThemeManager
from cc_desktop.desktop.widgets.view_context import ViewContext
from tests.desktop import sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.window.fleet_window import FleetWindow
    from cc_desktop.fleet.history.queries import AgentQueries
    from cc_desktop.fleet.store import Store


os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # tests need no display


@pytest.fixture
def clock() -> sample.Clock:
    return sample.Clock()


@pytest.fixture
def asked() -> sample.Asked:
    return sample.Asked()


@pytest.fixture(scope="session")
def one_look(qapp: QApplication) -> ThemeManager:
    return ThemeManager(qapp, DARK)


@pytest.fixture
def look(one_look: ThemeManager) -> ThemeManager:
    one_look.set_theme(DARK)
    return one_look


@pytest.fixture(autouse=True)
def _no_leftovers(qapp: QApplication) -> Iterator[None]:
    """Windows of earlier tests are gone, and with them their timers."""
    yield
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    if qapp.keyboardModifiers():  # a key sent with Ctrl leaves it held: the next click adds to it
        idle = QWidget()
        idle.show()
        QTest.keyClick(idle, Qt.Key.Key_F35)
        idle.close()
    assert not qapp.keyboardModifiers()


@pytest.fixture
def open_window(
    qtbot: QtBot, look: ThemeManager, asked: sample.Asked, clock: sample.Clock
) -> Callable[..., FleetWindow]:
    """Opens a window on a store; `remembered` is what earlier starts left, `queries` answers."""

    opened: list[FleetWindow] = []  # qtbot does not keep windows alive

    def make(
        store: Store,
        remembered: dict[str, str] | None = None,
        queries: AgentQueries | None = None,
    ) -> FleetWindow:
        kept = {} if remembered is None else remembered
        context = ViewContext(store, asked.actions, clock, look, queries)
        window = build_fleet_window(context, kept)
        qtbot.addWidget(window)
        if "window" not in kept:
            window.resize(1180, 720)  # the screen of the tests is smaller
        window.show()
        opened.append(window)
        return window

    return make
