"""Every visible text goes through the translation: in the pseudo-locale it says so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QListWidget, QWidget

from cc_desktop.desktop.icons.tray_state import TrayIconStyle
from cc_desktop.desktop.settings.page import Preference, SettingsContext
from cc_desktop.desktop.settings.window import SettingsWindow
from cc_desktop.notifications.preferences import Preferences
from cc_desktop.text.gateways import problem_text
from cc_desktop.text.i18n import PSEUDO, set_language
from tests.desktop import sample
from tests.desktop.notified import Notified
from tests.desktop.views import details_of, overview

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.window.fleet_window import FleetWindow

    OpenWindow = Callable[..., FleetWindow]

_ACROSS = Qt.Orientation.Horizontal
# Names, and what agents and gateways send, are shown as they are.
FROM_OUTSIDE = re.compile(
    r"Control Center|Rex|provider returned|studio|home-lab|dunst|ws://|\d\d:\d\d", re.IGNORECASE
)


@pytest.fixture(autouse=True)
def _pseudo() -> Iterator[None]:
    set_language(PSEUDO)
    yield
    set_language("")


def texts(root: QWidget) -> set[str]:
    found: set[str] = set()
    for part in root.findChildren(QWidget):
        if isinstance(part, QLabel | QAbstractButton):
            found |= {part.text(), part.accessibleName(), part.toolTip()}
        elif isinstance(part, QLineEdit):
            found |= {part.placeholderText(), part.accessibleName()}
        elif isinstance(part, QComboBox):
            found |= {part.itemText(row) for row in range(part.count())}
        elif isinstance(part, QListWidget):
            found |= {part.item(row).text() for row in range(part.count())}
    return found


def untranslated(found: set[str]) -> set[str]:
    """Texts with a word of English that did not go through the translation."""
    return {
        text
        for text in found
        if re.search(r"[A-Za-z]{3}", text)
        and not re.search(r"\[.*~\]", text, re.DOTALL | re.IGNORECASE)
        and not FROM_OUTSIDE.search(text)
    }


def test_the_window_is_translated(open_window: OpenWindow) -> None:
    for store in (sample.live_store(), sample.demo_store(), sample.blocked_store()):
        window = open_window(store)
        window.show_devices()
        window.show_only((("studio", "rex"),), "")
        window.header.search.setText("zebra")
        for key in window.header.pills:
            window.show_gateway(key)
        problems = (*problem_text(sample.UNREACHABLE), *problem_text(sample.WRONG_TOKEN))
        ours = {text for text in texts(window) if not any(part in text for part in problems)}
        assert untranslated(ours) == set()
        if window.header.popup is not None:
            window.header.popup.close()


def test_rows_and_tables_are_translated(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    said = {part for row in window.model.rows() for part in (row.word, row.second)}
    tables = (window.devices, overview(details_of(window)).sessions)
    said |= {str(model.headerData(c, _ACROSS)) for model in tables for c in range(model.columns)}
    assert untranslated(said) == set()


def test_the_settings_are_translated(qtbot: QtBot, look: ThemeManager) -> None:
    store = sample.live_store()
    chosen = Preferences(muted=frozenset({("studio", "rex"), ("home-lab", "")}))
    center = Notified(store, [], chosen).center
    tray = Preference(lambda: TrayIconStyle.AUTO, lambda _style: None)
    window = SettingsWindow(SettingsContext(look, store, sample.Clock(), center, tray), {})
    qtbot.addWidget(window)
    for key in ("notifications", "tray"):
        window.show_page(key)
        assert untranslated(texts(window)) == set()
