"""Shapes and themes: can everybody tell the states apart, and does the theme follow?"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter

from cc_desktop.desktop.icons.status import app_icon, status_path
from cc_desktop.desktop.style.palette import DARK, LIGHT
from cc_desktop.fleet.model import Status
from cc_desktop.text.agents import STATUS_WORDS

if TYPE_CHECKING:
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
