"""Contrast: WCAG 2.1 wants 4.5:1 for text, 3:1 for shapes and borders of controls."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor

from cc_desktop.desktop.style.palette import DARK, LIGHT, TINT_ALPHA, Theme
from cc_desktop.fleet.model import Status

pytestmark = pytest.mark.usefixtures("qapp")
THEMES = pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
TINTS = ("error", "waiting_strong", "stuck", "active_strong")


def luminance(colour: QColor) -> float:
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str | QColor, other: str | QColor) -> float:
    low, high = sorted((luminance(QColor(one)), luminance(QColor(other))))
    return (high + 0.05) / (low + 0.05)


def over(base: str, colour: str, times: int = 1) -> QColor:
    """The colour of a banner over the surface; its stripes lie over it twice."""
    alpha, result = TINT_ALPHA / 255, QColor(base)
    for _ in range(times):
        mixed = [
            round(under * (1 - alpha) + top * alpha)
            for under, top in zip(
                result.getRgb()[:3],  # type: ignore[index]  # the stub says object
                QColor(colour).getRgb()[:3],  # type: ignore[index]  # the stub says object
                strict=True,
            )
        ]
        result = QColor(*mixed)
    return result


def backgrounds(theme: Theme) -> dict[str, QColor]:
    plain = {name: QColor(getattr(theme, name)) for name in ("bg", "surface", "raised")}
    return {**plain, "selection": QColor(theme.selection)}


def tints(theme: Theme) -> dict[str, QColor]:
    made = {name: over(theme.surface, getattr(theme, name)) for name in TINTS}
    return {**made, "stripe": over(theme.surface, theme.stuck, 2)}


@THEMES
@pytest.mark.parametrize("status", list(Status))
def test_words_and_shapes_of_a_status_are_legible(theme: Theme, status: Status) -> None:
    for name, back in backgrounds(theme).items():
        selected = name == "selection"
        assert contrast(theme.status(status), back) >= 3, name
        assert contrast(theme.status_text(status, selected=selected), back) >= 4.5, name
    assert contrast(theme.on_shape, theme.status(status)) >= 3


@THEMES
def test_text_is_legible_on_every_background(theme: Theme) -> None:
    for name, back in (backgrounds(theme) | tints(theme)).items():
        assert contrast(theme.text, back) >= 4.5, name
        assert contrast(theme.link, back) >= 4.5, name
    for name, back in backgrounds(theme).items():
        assert contrast(theme.muted, back) >= 4.5, name
    assert contrast(theme.on_shape, theme.accent) >= 4.5


@THEMES
def test_the_tag_of_a_banner_is_legible(theme: Theme) -> None:
    for name in TINTS:
        assert contrast(getattr(theme, name), over(theme.surface, getattr(theme, name))) >= 4.5
    assert contrast(theme.stuck, over(theme.surface, theme.stuck, 2)) >= 4.5


@THEMES
def test_borders_of_controls_can_be_seen(theme: Theme) -> None:
    for name in ("bg", "surface", "raised"):
        assert contrast(theme.border, getattr(theme, name)) >= 3, name
        assert contrast(theme.accent, getattr(theme, name)) >= 3, name  # focus, selected rows
    assert contrast(theme.accent, theme.selection) >= 3
