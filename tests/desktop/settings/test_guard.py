"""The thresholds of runaway runs: shown with their defaults, written and applied at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cc_desktop.config.settings import GuardSettings, load_settings
from cc_desktop.config.settings_file import SettingsFile
from cc_desktop.desktop.icons.tray_state import TrayIconStyle
from cc_desktop.desktop.settings.notifications_page import NotificationsPage
from cc_desktop.desktop.settings.page import Preference, SettingsContext
from cc_desktop.desktop.settings.window import SettingsWindow
from cc_desktop.desktop.setup.settings_tools import GuardThresholds
from tests.desktop import sample
from tests.desktop.notified import Notified

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.settings.notification_guard import GuardSection
    from cc_desktop.desktop.style.theme import ThemeManager


class UnexpectedError(Exception):
    """Nobody has thought of this one."""


class Opened:
    """The page on a settings file."""

    def __init__(self, look: ThemeManager, path: Path) -> None:
        self.path = path
        self.reloads = 0
        self.error: Exception | None = None
        store = sample.live_store()
        context = SettingsContext(
            look,
            store,
            sample.Clock(),
            Notified(store, []).center,
            Preference(lambda: TrayIconStyle.AUTO, lambda _style: None),
            guard=GuardThresholds(SettingsFile(path), self._reload),
        )
        self.window = SettingsWindow(context, {})
        self.window.show_page("notifications")

    def _reload(self) -> None:
        self.reloads += 1
        if self.error is not None:
            raise self.error

    @property
    def guard(self) -> GuardSection:
        page = self.window.page("notifications")
        assert isinstance(page, NotificationsPage)
        assert page.guard is not None
        return page.guard

    def choose(self, key: str, value: float) -> None:
        choice = self.guard.choices[key]
        choice.setCurrentIndex(choice.findData(value))
        choice.activated.emit(choice.currentIndex())

    def shown(self) -> dict[str, str]:
        return {key: choice.currentText() for key, choice in self.guard.choices.items()}


@pytest.fixture
def opened(qtbot: QtBot, look: ThemeManager, tmp_path: Path) -> Callable[..., Opened]:
    kept: list[Opened] = []

    def make(written: str = "") -> Opened:
        path = tmp_path / "settings.toml"
        path.write_text(written)
        made = Opened(look, path)
        qtbot.addWidget(made.window)
        kept.append(made)
        return made

    return make


def test_the_defaults_are_shown_as_such(opened: Callable[..., Opened]) -> None:
    app = opened()
    assert app.shown() == {
        "same_calls": "12 times (default)",
        "within_minutes": "10 min (default)",
        "times_usual": "5 times as many (default)",
        "usual_after_runs": "10 runs (default)",
        "least_tokens": "100k tokens (default)",
    }
    assert not app.guard.reset.isEnabled()
    assert str(app.path) in app.guard._place.text()


def test_a_change_is_written_and_applied_at_once_and_the_rest_stays(
    opened: Callable[..., Opened],
) -> None:
    app = opened("# mine\ndemo = false\n\n[guard] # tight\nother = 1\n\n[hooks]\ncommand = []\n")
    app.choose("same_calls", 5)
    app.choose("times_usual", 3)
    assert app.reloads == 2
    written = app.path.read_text()
    assert written.startswith(
        "# mine\ndemo = false\n\n[guard] # tight\nother = 1\nsame_calls = 5\n"
    )
    assert load_settings(app.path, {}).guard == GuardSettings(same_calls=5, times_usual=3.0)
    assert app.shown()["same_calls"] == "5 times"
    app.choose("same_calls", 12)
    assert "same_calls" not in app.path.read_text(), "a default needs no line"
    app.guard.reset.click()
    assert load_settings(app.path, {}).guard == GuardSettings()
    assert "other = 1" in app.path.read_text()
    assert not app.guard.reset.isEnabled()


def test_nothing_is_left_of_a_table_that_was_only_ours(opened: Callable[..., Opened]) -> None:
    app = opened("demo = false\n\n[[gateways]]\nurl = 'ws://a'\n")
    before = app.path.read_text()
    app.choose("within_minutes", 30)
    assert load_settings(app.path, {}).guard.within_minutes == 30
    assert len(load_settings(app.path, {}).gateways) == 1
    app.guard.reset.click()
    assert app.path.read_text().rstrip() == before.rstrip()


@pytest.mark.parametrize(
    "written", ["guard = {same_calls = 7}\n", "guard.same_calls = 7\n", "[guard]\nsame_calls=7"]
)
def test_a_value_that_only_the_file_has_is_shown_however_it_is_written(
    opened: Callable[..., Opened], written: str
) -> None:
    app = opened(written)
    assert app.shown()["same_calls"] == "7 times"
    app.choose("least_tokens", 20_000)
    expected = replace(GuardSettings(same_calls=7), least_tokens=20_000)
    assert load_settings(app.path, {}).guard == expected


@pytest.mark.parametrize("written", ["guard = 5\n", "demo = = true\n"])
def test_a_file_that_cannot_be_changed_is_left_alone_and_said(
    opened: Callable[..., Opened], written: str
) -> None:
    app = opened(written)
    app.choose("same_calls", 5)
    assert "settings.toml" in app.guard.error()
    assert app.path.read_text() == written
    assert app.shown()["same_calls"] == "12 times (default)"


def test_what_nobody_expected_is_said_and_the_page_goes_on(opened: Callable[..., Opened]) -> None:
    app = opened()
    app.error = UnexpectedError("secret")
    app.choose("same_calls", 5)
    assert app.guard.error() == "This app failed while it changed the settings."
    app.error = None
    app.choose("same_calls", 8)
    assert app.guard.error() == ""


def test_the_file_is_read_again_when_somebody_looks(opened: Callable[..., Opened]) -> None:
    app = opened()
    app.path.write_text("[guard]\nsame_calls = 20\n")
    app.window.hide()
    app.window.show_page("notifications")
    assert app.shown()["same_calls"] == "20 times"
