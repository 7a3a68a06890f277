"""Marks, combo boxes and focus rings in the theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from cc_desktop.desktop.style.palette import DARK, LIGHT, Theme
from cc_desktop.desktop.widgets.inputs import Choice, check_box, day_button, radio_button

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.style.theme import ThemeManager

THEMES = pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])


def colours(widget: QWidget) -> set[str]:
    image: QImage = widget.grab().toImage()
    return {
        image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())
    }


@THEMES
def test_marks_are_filled_with_the_accent(look: ThemeManager, theme: Theme) -> None:
    look.set_theme(theme)
    for made in (check_box(look, "Words"), radio_button(look, "Words")):
        assert theme.accent not in colours(made)
        made.setChecked(True)
        assert theme.accent in colours(made)
        assert theme.text in colours(made)


def test_what_cannot_be_chosen_is_faint(look: ThemeManager) -> None:
    made = check_box(look, "Words")
    made.setChecked(True)
    made.setEnabled(False)
    assert look.theme.accent not in colours(made)


@THEMES
def test_the_focus_can_be_seen(qtbot: QtBot, look: ThemeManager, theme: Theme) -> None:
    look.set_theme(theme)
    window = QWidget()
    qtbot.addWidget(window)
    combo = Choice(look)
    combo.addItems(["One", "Two"])
    for part in (check_box(look, "Words"), radio_button(look, "Words"), combo):
        part.setParent(window)
        part.show()
        window.show()
        window.activateWindow()
        part.clearFocus()
        calm = part.grab().toImage()
        part.setFocus(Qt.FocusReason.TabFocusReason)
        qtbot.waitUntil(part.hasFocus)
        assert part.grab().toImage() != calm
        part.hide()


def test_all_of_a_check_box_can_be_clicked(look: ThemeManager) -> None:
    made = check_box(look, "Words")
    made.resize(made.sizeHint())
    words = QPoint(made.width() - 12, made.height() // 2)
    QTest.mouseClick(made, Qt.MouseButton.LeftButton, pos=words)
    assert made.isChecked()


@THEMES
def test_a_chosen_day_is_filled(look: ThemeManager, theme: Theme) -> None:
    look.set_theme(theme)
    day = day_button(look, "Mo", "Monday")
    assert theme.selection not in colours(day)
    day.setChecked(True)
    assert QColor(theme.selection).name() in colours(day)
    assert day.accessibleName() == "Monday"
