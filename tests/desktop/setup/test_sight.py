from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from cc_desktop.desktop.setup.sight import SightWatch

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_a_window_that_is_shown_minimised_or_hidden_is_told_once_each(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    told: list[bool] = []
    SightWatch(window, told.append)
    window.show()
    window.show()
    assert told == [True]
    window.showMinimized()
    assert told == [True, False]
    window.showNormal()
    window.hide()
    window.hide()
    assert told == [True, False, True, False]
