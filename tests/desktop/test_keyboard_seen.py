"""Whatever has the keyboard shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from cc_desktop.desktop.style.high_contrast import HIGH_DARK
from cc_desktop.desktop.style.palette import DARK, LIGHT
from tests.desktop.scenes import Scenes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PySide6.QtGui import QImage

    from cc_desktop.desktop.style.palette import Theme
    from cc_desktop.desktop.style.theme import ThemeManager

LEAST = 12  # pixels
LARGE = 60_000  # pixels: such a part is compared as a whole


def settle() -> None:
    for _ in range(3):
        QApplication.processEvents()


def place_of(part: QWidget) -> QRect:
    place = QRect(part.mapTo(part.window(), QPoint(0, 0)), part.size())
    return place.adjusted(-4, -4, 4, 4)


def parts(window: QWidget) -> Iterator[QWidget]:
    for part in window.findChildren(QWidget):
        takes_keys = bool(part.focusPolicy() & Qt.FocusPolicy.TabFocus)
        if takes_keys and part.isEnabled() and not part.visibleRegion().isEmpty():
            yield part


def shows_it(part: QWidget) -> bool:
    """Whether the part looks different with the keyboard; True where it does not take it."""
    window = part.window()
    if part.hasFocus():
        part.clearFocus()
    settle()
    place = place_of(part)
    before = window.grab(place).toImage()
    part.setFocus(Qt.FocusReason.TabFocusReason)
    settle()
    if not part.hasFocus() or place_of(part) != place:  # the page has moved to show it
        return True
    after = window.grab(place).toImage()
    if before.width() * before.height() > LARGE:
        return before != after
    return differing(before, after) >= LEAST


def differing(before: QImage, after: QImage) -> int:
    return sum(
        before.pixel(x, y) != after.pixel(x, y)
        for x in range(before.width())
        for y in range(before.height())
    )


@pytest.mark.parametrize("theme", [LIGHT, DARK, HIGH_DARK], ids=["light", "dark", "high-dark"])
async def test_what_has_the_keyboard_shows_it(
    look: ThemeManager, tmp_path: Path, theme: Theme
) -> None:
    scenes = Scenes(look, tmp_path)
    look.set_theme(theme)
    asked, hidden = 0, set()
    for name, window in await scenes.all():
        top = window.window()
        if top.windowType() == Qt.WindowType.Popup:
            continue  # it goes when another window comes to the front
        top.activateWindow()
        settle()
        for part in parts(top):
            asked += 1
            if not shows_it(part):
                hidden.add((name, type(part).__name__, part.accessibleName() or part.objectName()))
    scenes.close()
    assert asked > 150
    assert not hidden


async def test_no_window_traps_the_keyboard(look: ThemeManager, tmp_path: Path) -> None:
    """The Tab key leads from each part to the next, and round again."""
    scenes = Scenes(look, tmp_path)
    stuck = set()
    for name, window in await scenes.all():
        top = window.window()
        if top.windowType() == Qt.WindowType.Popup:
            continue
        top.activateWindow()
        settle()
        met: set[QWidget] = set()
        for _ in range(200):
            before = top.focusWidget()
            QTest.keyClick(before, Qt.Key.Key_Tab)
            now = top.focusWidget()
            if now is before:
                stuck.add((name, type(now).__name__))
                break
            if now in met:
                break
            met.add(now)
        else:
            stuck.add((name, "no end"))
    scenes.close()
    assert not stuck
