"""The tray's icons: can everybody tell the states apart, on any panel?"""

from __future__ import annotations

import itertools
import sys

import pytest
from PySide6.QtGui import QColor, QImage, qGray

from cc_desktop.desktop.icons.tray import TRAY_SIZES, TrayKey, is_mask, tray_icon, tray_pixmap
from cc_desktop.desktop.icons.tray_state import TrayIconStyle, TrayState
from cc_desktop.desktop.style.contrast import contrast
from tests.tray_sheet import DARK_PANEL, LIGHT_PANEL, keys, on_panel, sheet, small

pytestmark = pytest.mark.usefixtures("qapp")

# By how many of its 256 pixels, by more than so many of 256 levels of grey, any icon of 16 px
# differs from any other. The least today are 16, connecting and idle while quiet.
PIXELS, LEVELS = 14, 60
PANELS = [
    pytest.param(TrayIconStyle.AUTO, DARK_PANEL, False, id="auto-on-dark"),
    pytest.param(TrayIconStyle.AUTO, LIGHT_PANEL, False, id="auto-on-light"),
    pytest.param(TrayIconStyle.COLOUR, DARK_PANEL, False, id="colour-on-dark"),
    pytest.param(TrayIconStyle.COLOUR, LIGHT_PANEL, False, id="colour-on-light"),
    pytest.param(TrayIconStyle.DARK_PANEL, DARK_PANEL, False, id="dark"),
    pytest.param(TrayIconStyle.LIGHT_PANEL, LIGHT_PANEL, False, id="light"),
    pytest.param(TrayIconStyle.AUTO, DARK_PANEL, True, id="mask-on-dark"),
    pytest.param(TrayIconStyle.AUTO, LIGHT_PANEL, True, id="mask-on-light"),
]


@pytest.mark.parametrize("size", [16, 22, 32])
@pytest.mark.parametrize(("look", "panel", "mask"), PANELS)
def test_any_two_states_differ_without_colour(
    look: TrayIconStyle, panel: str, mask: bool, size: int
) -> None:
    def grey(key: TrayKey) -> bytes:
        image = on_panel(key, size, panel, look, mask=mask)
        image = image.convertToFormat(QImage.Format.Format_Grayscale8)
        return bytes(qGray(image.pixel(x, y)) for x in range(size) for y in range(size))

    pictures = {key: grey(key) for key in keys()}
    assert len(pictures) == 2 * len(TrayState)
    for one, other in itertools.combinations(keys(), 2):
        pairs = zip(pictures[one], pictures[other], strict=True)
        assert sum(abs(a - b) > LEVELS for a, b in pairs) >= PIXELS, (one, other)


@pytest.mark.parametrize("panel", ["#000000", DARK_PANEL, "#6f7a88", LIGHT_PANEL, "#ffffff"])
@pytest.mark.parametrize("size", [16, 22, 64])
@pytest.mark.parametrize("key", keys(), ids=str)
def test_the_icon_is_legible_on_any_panel(key: TrayKey, size: int, panel: str) -> None:
    back = QColor(panel)
    image = on_panel(key, size, panel)
    clear = sum(
        contrast(image.pixelColor(x, y), back) >= 3 for x in range(size) for y in range(size)
    )
    assert clear / (size * size) > 0.07


@pytest.mark.parametrize("size", TRAY_SIZES)
@pytest.mark.parametrize("look", TrayIconStyle)
@pytest.mark.parametrize("key", keys(), ids=str)
def test_the_icon_fills_the_canvas(key: TrayKey, look: TrayIconStyle, size: int) -> None:
    image = tray_pixmap(key, size, look).toImage()
    filled = [
        (x, y) for x in range(size) for y in range(size) if image.pixelColor(x, y).alpha() > 40
    ]
    for axis in (0, 1):
        places = [place[axis] for place in filled]
        assert max(places) - min(places) + 1 >= 0.84 * size


def test_digits_only_where_they_can_be_read() -> None:
    def same(size: int, one: int, other: int) -> bool:
        pictures = [
            tray_pixmap(TrayKey.of(TrayState.ERROR, count), size).toImage()
            for count in (one, other)
        ]
        return pictures[0] == pictures[1]

    assert same(16, 1, 7)
    assert not same(22, 1, 7)
    assert not same(22, 9, 10)
    assert same(64, 12, 40)


@pytest.mark.parametrize("state", [TrayState.NEEDS_YOU, TrayState.ERROR])
@pytest.mark.parametrize("size", TRAY_SIZES)
def test_the_badge_is_the_same_while_it_is_quiet(state: TrayState, size: int) -> None:
    loud, quiet = (
        tray_pixmap(TrayKey.of(state, 3, each), size).toImage() for each in (False, True)
    )
    corner = range(size * 3 // 4, size)
    assert all(loud.pixel(x, y) == quiet.pixel(x, y) for x in corner for y in corner)


def test_keys_are_equal_for_icons_that_look_alike() -> None:
    assert TrayKey.of(TrayState.ERROR, 10) == TrayKey.of(TrayState.ERROR, 99)
    assert TrayKey.of(TrayState.IDLE, 3) == TrayKey.of(TrayState.IDLE, 0)
    assert TrayKey.of(TrayState.IDLE, 0, True) != TrayKey.of(TrayState.IDLE, 0)


def test_icons_come_in_every_size_and_are_made_once() -> None:
    key = TrayKey.of(TrayState.ERROR, 3)
    icon = tray_icon(key)
    assert {size.width() for size in icon.availableSizes()} == set(TRAY_SIZES)
    assert tray_icon(key) is icon


@pytest.mark.parametrize(
    ("platform", "masks"),
    [("darwin", [TrayIconStyle.AUTO]), ("linux", []), ("win32", [])],
)
def test_only_the_menu_bar_of_macos_colours_the_icon(
    monkeypatch: pytest.MonkeyPatch, platform: str, masks: list[TrayIconStyle]
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    tray_icon.cache_clear()
    assert [look for look in TrayIconStyle if is_mask(look)] == masks
    key = TrayKey.of(TrayState.WORKING, 0)
    assert [look for look in TrayIconStyle if tray_icon(key, look).isMask()] == masks
    tray_icon.cache_clear()


def test_a_mask_is_black_alone() -> None:
    for key in keys():
        image = tray_pixmap(key, 32, mask=True).toImage()
        pixels = [image.pixelColor(x, y) for x in range(32) for y in range(32)]
        assert {(p.red(), p.green(), p.blue()) for p in pixels if p.alpha() > 8} == {(0, 0, 0)}


def test_the_sheet_for_the_readme_can_be_made() -> None:
    image = small(sheet())
    assert image.width() > 1000
    assert image.colorCount() == 256
