"""Pills by keyboard, and what screen readers are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest

from cc_desktop.desktop.widgets.labels import ElidedLabel
from cc_desktop.desktop.widgets.pill import FilterPill, Pill, PillText
from cc_desktop.desktop.widgets.status_mark import ConnectionMark

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from cc_desktop.desktop.style.theme import ThemeManager


def role(widget: QWidget) -> QAccessible.Role:
    interface = QAccessible.queryAccessibleInterface(widget)
    assert interface is not None
    return interface.role()


def test_a_filter_is_one_of_several_and_a_gateway_a_button(look: ThemeManager) -> None:
    assert role(FilterPill(look)) == QAccessible.Role.RadioButton
    assert role(Pill(look)) == QAccessible.Role.Button


def test_what_is_cut_off_is_still_a_label_with_all_of_its_text(look: ThemeManager) -> None:
    label = ElidedLabel(look, look.metrics.font())
    label.setText("A long line " * 20)
    label.resize(40, 20)
    label.grab()
    assert role(label) == QAccessible.Role.StaticText
    assert label.text() == "A long line " * 20
    assert label.minimumSizeHint().width() == 0


@pytest.mark.parametrize(
    ("direction", "key", "step"),
    [
        (Qt.LayoutDirection.LeftToRight, Qt.Key.Key_Right, 1),
        (Qt.LayoutDirection.LeftToRight, Qt.Key.Key_Left, -1),
        (Qt.LayoutDirection.LeftToRight, Qt.Key.Key_Down, 1),
        (Qt.LayoutDirection.RightToLeft, Qt.Key.Key_Right, -1),
        (Qt.LayoutDirection.RightToLeft, Qt.Key.Key_Down, 1),
    ],
)
def test_arrows_ask_for_a_neighbour(
    look: ThemeManager, direction: Qt.LayoutDirection, key: Qt.Key, step: int
) -> None:
    pill = FilterPill(look)
    pill.setLayoutDirection(direction)
    steps: list[int] = []
    pill.stepped.connect(steps.append)
    QTest.keyClick(pill, key)
    assert steps == [step]
    assert not pill.isChecked()


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_enter_and_space_choose(look: ThemeManager, key: Qt.Key) -> None:
    pill = FilterPill(look)
    QTest.keyClick(pill, key)
    assert pill.isChecked()


def test_a_pill_grows_with_its_words_and_says_them(look: ThemeManager) -> None:
    pill = Pill(look)
    pill.show_segments((PillText("studio"),), ConnectionMark.LIVE, "live")
    narrow = pill.sizeHint().width()
    pill.show_segments((PillText("studio"), PillText("unreachable")), ConnectionMark.LOST, "error")
    assert pill.sizeHint().width() > narrow
    assert pill.accessibleName() == "studio unreachable"
    pill.show_segments((PillText("x" * 1000),))
    assert pill.sizeHint().width() < 400
