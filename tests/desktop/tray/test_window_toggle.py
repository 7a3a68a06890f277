from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QWidget

from cc_desktop.desktop.tray.window_toggle import JUST_NOW_S, WindowToggle

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.usefixtures("qapp")


class Toggled:
    """A window, and a panel that takes the focus."""

    def __init__(self, qtbot: QtBot) -> None:
        self.now = 5.0
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.click = WindowToggle(self.window, self.show, lambda: self.now)

    def show(self) -> None:
        self.window.showNormal()
        self.window.activateWindow()

    def leave(self) -> None:
        QApplication.sendEvent(self.window, QEvent(QEvent.Type.WindowDeactivate))


@pytest.fixture
def toggled(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Toggled:
    it = Toggled(qtbot)
    monkeypatch.setattr(it.window, "isActiveWindow", lambda: False)
    return it


def test_a_hidden_window_is_shown_and_one_in_front_is_hidden(
    toggled: Toggled, monkeypatch: pytest.MonkeyPatch
) -> None:
    toggled.click()
    assert toggled.window.isVisible()
    monkeypatch.setattr(toggled.window, "isActiveWindow", lambda: True)
    toggled.click()
    assert not toggled.window.isVisible()
    toggled.click()
    assert toggled.window.isVisible()


def test_a_window_behind_others_comes_to_the_front(toggled: Toggled) -> None:
    toggled.show()
    toggled.leave()
    toggled.now += 2 * JUST_NOW_S
    toggled.click()
    assert toggled.window.isVisible()


def test_a_panel_that_takes_the_focus_with_the_click_hides_it_all_the_same(
    toggled: Toggled,
) -> None:
    toggled.show()
    toggled.leave()
    toggled.now += JUST_NOW_S / 2
    toggled.click()
    assert not toggled.window.isVisible()


def test_a_minimised_window_is_shown(toggled: Toggled) -> None:
    toggled.window.showMinimized()
    toggled.leave()
    toggled.click()
    assert toggled.window.isVisible()
    assert not toggled.window.isMinimized()
