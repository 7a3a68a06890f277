"""The top of the tree that screen readers see on Linux."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QWidget

from cc_desktop.desktop.widgets.accessible.app_tree import AppTree

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def tree(qapp: QApplication) -> AppTree:
    for left in QApplication.topLevelWidgets():
        left.hide()
    return AppTree(qapp)


def names(tree: AppTree) -> set[str]:
    children = [tree.child(place) for place in range(tree.childCount())]
    assert [tree.indexOfChild(child) for child in children] == list(range(len(children)))
    return {child.text(QAccessible.Text.Name) for child in children}


def test_open_windows_and_popups_are_listed(qtbot: QtBot, tree: AppTree) -> None:
    window = QWidget()
    popup = QLabel("Popup", window, Qt.WindowType.Popup)
    hint = QLabel("Hint", window, Qt.WindowType.ToolTip)
    combo = QComboBox(window)
    combo.addItems(["One", "Two"])
    window.setAccessibleName("Window")
    qtbot.addWidget(window)
    assert names(tree) == set()

    window.show()
    hint.show()
    assert names(tree) == {"Window"}
    popup.show()
    assert names(tree) == {"Window", "Popup"}
    assert tree.focusChild().text(QAccessible.Text.Name) == "Popup"
    popup.hide()
    combo.showPopup()  # its list is the combo box's own child
    assert names(tree) == {"Window"}
    combo.hidePopup()


def test_what_is_not_there_is_nothing(qtbot: QtBot, tree: AppTree) -> None:
    other = QLabel("Hidden")
    qtbot.addWidget(other)
    interface = QAccessible.queryAccessibleInterface(other)
    assert tree.indexOfChild(interface) == -1
    assert tree.child(0) is None
    assert tree.child(-1) is None
    assert tree.parent() is None
    assert tree.role() == QAccessible.Role.Application
    assert tree.text(QAccessible.Text.Description) == ""
