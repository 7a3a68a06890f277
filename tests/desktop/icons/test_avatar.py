from __future__ import annotations

import pytest
from PySide6.QtGui import QColor

from cc_desktop.desktop.icons.avatar import HUES, is_picture, tile_colour
from cc_desktop.desktop.style.high_contrast import HIGH_DARK, HIGH_LIGHT
from cc_desktop.desktop.style.palette import DARK, LIGHT, Theme


def contrast(front: QColor, back: QColor) -> float:
    def part(value: float) -> float:
        return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4

    lights = sorted(
        0.2126 * part(c.redF()) + 0.7152 * part(c.greenF()) + 0.0722 * part(c.blueF())
        for c in (front, back)
    )
    return (lights[1] + 0.05) / (lights[0] + 0.05)


@pytest.mark.parametrize(
    ("theme", "least"), [(LIGHT, 4.5), (DARK, 4.5), (HIGH_LIGHT, 7.0), (HIGH_DARK, 7.0)]
)
def test_initials_can_be_read_on_every_tile(theme: Theme, least: float) -> None:
    tiles = {tile_colour(f"Agent {number}", theme).name() for number in range(500)}
    assert len(tiles) == (1 if theme.high_contrast else len(HUES))
    assert min(contrast(QColor(theme.text), QColor(tile)) for tile in tiles) >= least


def test_the_same_name_has_the_same_tile_at_every_start() -> None:
    assert tile_colour("Reviewer 101", LIGHT).name() == "#f1d7f1"
    assert tile_colour("Reviewer \ud800", LIGHT).isValid()


@pytest.mark.parametrize(
    ("text", "picture"), [("🦖", True), ("R01", False), ("ЖЯ", False), ("?", False)]
)
def test_pictures_and_initials(text: str, picture: bool) -> None:
    assert is_picture(text) is picture
