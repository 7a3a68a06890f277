"""Icons and themes: can everybody tell the states apart, on any background?"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter

from cc_desktop.desktop.icons import TRAY_SIZES, app_icon, status_path, tray_icon, tray_key
from cc_desktop.desktop.icons import tray_pixmap as tray
from cc_desktop.desktop.theme import DARK, LIGHT, Look, Theme
from cc_desktop.desktop.words import STATUS_WORDS
from cc_desktop.fleet.model import Status
from cc_desktop.fleet.summary import TrayState

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

pytestmark = pytest.mark.usefixtures("qapp")
ROOT = Path(__file__).parents[2]


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


def on_panel(state: TrayState, size: int, panel: QColor) -> QImage:
    image = QImage(size, size, QImage.Format.Format_RGB32)
    image.fill(panel)
    painter = QPainter(image)
    painter.drawPixmap(0, 0, tray(state, 3, size, None))
    painter.end()
    return image


@pytest.mark.parametrize("panel", ["#000000", "#1e2127", "#ebeef3", "#ffffff"])
@pytest.mark.parametrize("size", [16, 22, 64])
@pytest.mark.parametrize("state", list(TrayState))
def test_the_tray_icon_is_legible_on_any_panel(state: TrayState, size: int, panel: str) -> None:
    back = QColor(panel)
    image = on_panel(state, size, back)
    clear = sum(
        contrast(image.pixelColor(x, y), back) >= 3 for x in range(size) for y in range(size)
    )
    assert clear / (size * size) > 0.1


@pytest.mark.parametrize("size", [16, 22, 64])
def test_tray_states_differ_without_colour(size: int) -> None:
    def grey(state: TrayState) -> QImage:
        image = on_panel(state, size, QColor("#1e2127"))
        return image.convertToFormat(QImage.Format.Format_Grayscale8)

    pictures = {state: grey(state) for state in TrayState}
    for one, other in itertools.combinations(TrayState, 2):
        differ = sum(
            abs(
                pictures[one].pixelColor(x, y).lightness()
                - pictures[other].pixelColor(x, y).lightness()
            )
            > 32
            for x in range(size)
            for y in range(size)
        )
        assert differ / (size * size) > 0.02, (one, other)


@pytest.mark.parametrize("state", list(TrayState))
def test_the_glyph_fills_the_canvas(state: TrayState) -> None:
    image = tray(state, 3, 64, None).toImage()
    columns = [x for x in range(64) if any(image.pixelColor(x, y).alpha() > 127 for y in range(64))]
    rows = [y for y in range(64) if any(image.pixelColor(x, y).alpha() > 127 for x in range(64))]
    assert columns[-1] - columns[0] >= 54
    assert rows[-1] - rows[0] >= 52


def test_digits_only_where_they_can_be_read() -> None:
    def same(size: int, one: int, other: int) -> bool:
        pictures = [tray(TrayState.ERROR, count, size, None).toImage() for count in (one, other)]
        return pictures[0] == pictures[1]

    assert same(16, 1, 7)
    assert not same(22, 1, 7)
    assert same(64, 12, 40)


def test_icons_come_in_every_size_and_are_made_once() -> None:
    icon = tray_icon(TrayState.ERROR, 3)
    assert {size.width() for size in icon.availableSizes()} == set(TRAY_SIZES)
    assert tray_icon(TrayState.ERROR, 3) is icon
    assert tray_key(TrayState.ERROR, 10) == tray_key(TrayState.ERROR, 99)
    assert tray_key(TrayState.IDLE, 3) == tray_key(TrayState.IDLE, 0)
    assert not app_icon().isNull()


def test_the_icon_of_the_app_is_well_formed() -> None:
    svg = ET.parse(ROOT / "resources/icons/cc-desktop.svg")  # noqa: S314  # our own file
    assert svg.getroot().get("viewBox") == "0 0 64 64"


def test_the_look_follows_the_system(qapp: QApplication) -> None:
    look = Look(qapp)
    seen: list[bool] = []
    look.changed.connect(lambda: seen.append(look.theme.dark))
    start = look.theme.dark
    look.set_theme(LIGHT if start else DARK)
    look.set_theme(None)
    assert seen == [not start, start]
