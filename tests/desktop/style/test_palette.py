"""Contrast: every colour against everything that it stands on, in every theme."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QPalette

from cc_desktop.desktop.style import theme as theme_module
from cc_desktop.desktop.style.contrast import PAIRS, ROWS, RULES, Pair, backdrop, contrast
from cc_desktop.desktop.style.high_contrast import HIGH_DARK, HIGH_LIGHT
from cc_desktop.desktop.style.palette import DARK, LIGHT, Theme, qt_palette
from cc_desktop.desktop.style.theme import ThemeManager
from cc_desktop.fleet.model import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication

pytestmark = pytest.mark.usefixtures("qapp")
ALL = {"dark": DARK, "light": LIGHT, "high-dark": HIGH_DARK, "high-light": HIGH_LIGHT}
THEMES = pytest.mark.parametrize("theme", ALL.values(), ids=ALL)


def short(theme: Theme, pairs: tuple[Pair, ...]) -> list[str]:
    """The pairs that have less contrast than they need."""
    found = []
    for pair in pairs:
        have = contrast(backdrop(theme, pair.front), backdrop(theme, pair.back))
        need = (7 if pair.text else 4.5) if theme.high_contrast else (4.5 if pair.text else 3)
        if have < need:
            found.append(f"{pair.front} on {pair.back}: {have:.2f} of {need}")
    return found


@THEMES
def test_every_pair_can_be_told_apart(theme: Theme) -> None:
    assert short(theme, PAIRS) == []


@THEMES
def test_in_high_contrast_the_rules_between_areas_are_seen(theme: Theme) -> None:
    assert bool(short(theme, RULES)) is not theme.high_contrast


@THEMES
@pytest.mark.parametrize("status", list(Status))
def test_words_and_shapes_of_a_status_are_legible(theme: Theme, status: Status) -> None:
    text, shape = (7, 4.5) if theme.high_contrast else (4.5, 3)
    for name in ROWS:
        back, selected = backdrop(theme, name), name == "selection"
        assert contrast(theme.status(status), back) >= shape, name
        assert contrast(theme.status_text(status, selected=selected), back) >= text, name


def test_contrast_is_that_of_wcag() -> None:
    assert contrast(QColor("#000000"), QColor("#ffffff")) == 21
    assert contrast(QColor("#777777"), QColor("#ffffff")) == pytest.approx(4.48, abs=0.01)
    assert contrast(QColor("#ffffff"), QColor("#ffffff")) == 1


def test_no_colour_is_forgotten() -> None:
    tokens = {field.name for field in fields(Theme) if field.type == "str"}
    used = {pair.front for pair in PAIRS} | {pair.back for pair in PAIRS + RULES}
    used |= {pair.front for pair in RULES}
    assert tokens <= used


def test_a_pair_that_is_too_faint_is_found() -> None:
    faint, strong = Pair("line", "bg", text=False), Pair("text", "bg", text=True)
    assert [line.split(":")[0] for line in short(LIGHT, (faint, strong))] == ["line on bg"]


# Following the system


class Hints:
    """What Qt tells of the system's wish for contrast, from 6.10 on."""

    def __init__(self, signal: object) -> None:
        self.high = False
        self.contrastPreferenceChanged = signal

    def contrastPreference(self) -> Qt.ContrastPreference:
        wish = Qt.ContrastPreference
        return wish.HighContrast if self.high else wish.NoPreference


class _Teller(QObject):
    told = Signal()


@pytest.fixture
def _calm_system(qapp: QApplication) -> Iterator[None]:
    """The system has a palette without high contrast."""
    before = qapp.palette()
    qapp.setPalette(qt_palette(LIGHT))
    yield
    qapp.setPalette(before)


@pytest.mark.usefixtures("_calm_system")
def test_more_contrast_is_given_when_the_system_asks(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    teller = _Teller()
    hints = Hints(teller.told)
    monkeypatch.setattr(theme_module, "_accessibility", lambda _app: hints)
    look = ThemeManager(qapp, LIGHT)
    seen: list[Theme] = []
    look.changed.connect(lambda: seen.append(look.theme))

    hints.high = True
    teller.told.emit()
    look.set_theme(DARK)
    hints.high = False
    teller.told.emit()

    assert seen == [HIGH_LIGHT, HIGH_DARK, DARK]


@pytest.mark.usefixtures("_calm_system")
@pytest.mark.parametrize(
    ("window", "text", "theme"),
    [
        ("#000000", "#ffffff", HIGH_DARK),
        ("#ffffff", "#000000", HIGH_LIGHT),
        ("#efefef", "#000000", LIGHT),
        ("#323232", "#ffffff", DARK),
    ],
)
def test_a_stark_palette_of_the_system_asks_for_contrast(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, window: str, text: str, theme: Theme
) -> None:
    monkeypatch.setattr(theme_module, "_accessibility", lambda _app: None)  # Qt before 6.10
    palette = QPalette(QColor(window))
    palette.setColor(QPalette.ColorRole.Window, QColor(window))
    palette.setColor(QPalette.ColorRole.WindowText, QColor(text))
    qapp.setPalette(palette)
    assert ThemeManager(qapp, DARK if theme.dark else LIGHT).theme is theme
