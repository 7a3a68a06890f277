"""Icons and themes: can everybody tell the states apart, on any background?"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from cc_desktop.text.words import STATUS_WORDS
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter

from cc_desktop.desktop.icons.status import app_icon, status_path
from cc_desktop.desktop.style.palette import DARK, LIGHT, Theme
from cc_desktop.desktop.style.theme import ThemeManager
from cc_desktop.fleet.model import Status

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

pytestmark = pytest.mark.usefixtures("qapp")
ROOT = Path(__file__).parents[3]


def luminance(colour: QColor) -> float:
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str | QColor, other: str | QColor) -> float:
    low, high = sorted((luminance(QColor(one)), luminance(QColor(other))))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("status", list(Status))
def test_words_and_shapes_are_legible_on_every_background(theme: Theme, status: Status) -> None:
    for back in (theme.bg, theme.surface, theme.raised):
        assert contrast(theme.status(status), back) >= 3
        assert contrast(theme.status_text(status), back) >= 4.5
        assert contrast(theme.text, back) >= 4.5
        assert contrast(theme.muted, back) >= 4.5
        assert contrast(theme.accent, back) >= 4.5
    assert contrast(theme.status_text(status), theme.selection) >= 4.0
    assert contrast(theme.on_shape, theme.accent) >= 4.5


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


def test_the_look_follows_the_system(qapp: QApplication) -> None:
    look = ThemeManager(qapp)
    seen: list[bool] = []
    look.changed.connect(lambda: seen.append(look.theme.dark))
    start = look.theme.dark
    look.set_theme(LIGHT if start else DARK)
    look.set_theme(None)
    assert seen == [not start, start]
