"""Shapes and themes: can everybody tell the states apart, and does the theme follow?"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QListWidget, QMenu, QTableView, QWidget

from cc_desktop.desktop.icons.status import app_icon, status_path, status_pixmap
from cc_desktop.desktop.style.palette import DARK, LIGHT
from cc_desktop.fleet.model import Status
from cc_desktop.text.agents import STATUS_WORDS
from tests.desktop.style.test_palette import ALL, THEMES

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.style.palette import Theme
    from cc_desktop.desktop.style.theme import ThemeManager

pytestmark = pytest.mark.usefixtures("qapp")
ROOT = Path(__file__).parents[3]


def outline(status: Status) -> QImage:
    image = QImage(64, 64, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.scale(64, 64)
    painter.fillPath(status_path(status), Qt.GlobalColor.black)
    painter.end()
    return image


def difference(one: QImage, other: QImage) -> float:
    """Which part of the pixels is drawn in one but not in the other."""
    size = one.width()
    differ = sum(
        abs(one.pixelColor(x, y).alpha() - other.pixelColor(x, y).alpha()) > 127
        for x in range(size)
        for y in range(size)
    )
    return differ / (size * size)


def test_every_status_has_its_own_shape_and_word() -> None:
    shapes = {status: outline(status) for status in Status}
    for one, other in itertools.combinations(Status, 2):
        assert difference(shapes[one], shapes[other]) > 0.02, (one, other)
    assert len(set(STATUS_WORDS.values())) == len(Status)


def test_the_icon_of_the_app_is_made() -> None:
    assert not app_icon().isNull()


def test_the_icon_of_the_app_is_well_formed() -> None:
    svg = ET.parse(ROOT / "resources/icons/cc-desktop.svg")  # noqa: S314  # our own file
    assert svg.getroot().get("viewBox") == "0 0 64 64"


def test_the_look_follows_the_system(look: ThemeManager) -> None:
    look.set_theme(None)
    start = look.theme.dark
    seen: list[bool] = []

    def note() -> None:
        seen.append(look.theme.dark)

    look.changed.connect(note)
    look.set_theme(LIGHT if start else DARK)
    look.set_theme(None)
    look.changed.disconnect(note)
    assert seen == [not start, start]


def colours(image: QImage) -> set[str]:
    return {
        image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())
    }


@pytest.mark.parametrize("status", [Status.ERROR, Status.IDLE])
def test_the_picture_of_a_status_has_the_colours_of_its_theme(status: Status) -> None:
    for theme in ALL.values():
        image = status_pixmap(status, 16, theme, 2.0).toImage()
        assert theme.status(status).name() in colours(image)


def chosen(kind: str) -> QWidget:
    """A widget of a kind in which something is chosen, and which has not the keyboard."""
    if kind == "table":
        model = QStandardItemModel()
        model.appendRow([QStandardItem("One"), QStandardItem("Two")])
        table = QTableView()
        model.setParent(table)
        table.setModel(model)
        table.selectRow(0)
        return table
    if kind == "menu":
        menu = QMenu()
        menu.setActiveAction(menu.addAction("One"))
        return menu
    pages = QListWidget()
    pages.setObjectName("settings_pages")
    pages.addItem("One")
    pages.setCurrentRow(0)
    return pages


@THEMES
@pytest.mark.parametrize("kind", ["table", "menu", "pages"])
def test_what_is_chosen_has_an_outline(
    qtbot: QtBot, look: ThemeManager, theme: Theme, kind: str
) -> None:
    look.set_theme(theme)
    widget = chosen(kind)
    qtbot.addWidget(widget)
    widget.setFont(look.metrics.font())
    widget.resize(240, 120)
    assert {theme.accent, theme.selection} <= colours(widget.grab().toImage())
