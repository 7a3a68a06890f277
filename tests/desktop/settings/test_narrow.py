"""No page scrolls sideways, in any language, in the narrowest window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QScrollArea, QWidget

from cc_desktop.config.paths import resource
from cc_desktop.desktop.settings.window import SettingsWindow
from cc_desktop.desktop.widgets.inputs import check_box, radio_button
from cc_desktop.text.i18n import set_language
from tests.settings_screenshots import sample_context, sample_fleet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.style.theme import ThemeManager


@pytest.fixture(params=["en", "de"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    set_language(request.param, resource("locale"))
    yield request.param
    set_language("")


@pytest.mark.parametrize("page", ["gateways", "notifications", "tray", "general", "about"])
def test_no_page_scrolls_sideways(
    qtbot: QtBot, look: ThemeManager, language: str, page: str
) -> None:
    window = SettingsWindow(sample_context(look, sample_fleet()), {})
    qtbot.addWidget(window)
    window.resize(window.minimumSize())
    window.show_page(page)
    for _ in range(5):
        QApplication.processEvents()
    (area,) = [one for one in window.findChildren(QScrollArea) if one.isVisible()]
    assert area.horizontalScrollBar().maximum() == 0
    for part in window.page(page).findChildren(QWidget):
        if part.isVisible() and part.hasHeightForWidth():
            assert part.height() >= part.heightForWidth(part.width()), part
        if part.isVisible() and isinstance(part, QPushButton) and part.text() != "⋯":
            assert part.width() >= part.sizeHint().width(), part.text()


WORDS = "Edits of a gateway's configuration are ignored or wait for somebody"


@pytest.mark.parametrize("make", [check_box, radio_button])
def test_the_words_of_a_box_wrap_and_all_of_it_can_be_clicked(
    qtbot: QtBot, look: ThemeManager, make: object
) -> None:
    box = make(look, WORDS)  # type: ignore[operator]
    qtbot.addWidget(box)
    one = box.sizeHint()
    width = one.width() // 2
    assert box.minimumSizeHint().width() < width
    assert box.heightForWidth(one.width()) == one.height()
    high = box.heightForWidth(width)
    assert high > one.height()
    box.resize(width, high)
    box.show()
    spot = QPoint(width // 2, high - 4)
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=spot)
    assert box.isChecked()
    assert box.text() == WORDS  # as screen readers say it
    shot = QPixmap(box.size())
    shot.fill(QColor("red"))
    box.render(shot)
    image, below = shot.toImage(), one.height() + 2
    inks = {image.pixel(x, y) for x in range(width) for y in range(below, high)}
    assert len(inks) > 1  # the second line is drawn
