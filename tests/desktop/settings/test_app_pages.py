"""The pages Gateways, General and About: a change applies at once and survives what goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from cc_desktop.config.paths import Paths
from cc_desktop.config.settings_file import GatewayEntry, Removed, SettingsFile, SettingsFileError
from cc_desktop.desktop.icons.tray_state import TrayIconStyle
from cc_desktop.desktop.settings.about_page import AboutPage
from cc_desktop.desktop.settings.gateways.gateways_page import GatewaysPage
from cc_desktop.desktop.settings.general_page import GeneralPage
from cc_desktop.desktop.settings.page import Preference, SettingsContext
from cc_desktop.desktop.settings.ports import AboutTools, GatewayTools, GeneralTools
from cc_desktop.desktop.settings.window import SettingsWindow
from cc_desktop.desktop.setup.settings_tools import GuardThresholds, SettingsChoices
from cc_desktop.diagnostics.state_report import state_report
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, PairingRequest, Problem
from tests.desktop import sample
from tests.desktop.notified import Notified
from tests.fakes.clock import settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget
    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.style.theme import ThemeManager

STUDIO = GatewayEntry("studio", "wss://studio.example:18789/")
LAB = GatewayEntry("home-lab", "ws://localhost:18789/", name="Home lab")
FILE = Path("/somewhere/settings.toml")


class UnexpectedError(Exception):
    """Nobody has thought of this one."""


class FakeEditor:
    """Keeps gateways in memory."""

    def __init__(self) -> None:
        self.entries = [STUDIO, LAB]
        self.error: Exception | None = None

    def list(self) -> tuple[GatewayEntry, ...]:
        return tuple(self.entries)

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error

    def _place(self, ident: str) -> int:
        return [entry.id for entry in self.entries].index(ident)

    def remove(self, ident: str) -> Removed:
        self._fail()
        index = self._place(ident)
        return Removed(index, self.entries.pop(index).id)

    def restore(self, removed: Removed) -> None:
        self._fail()
        self.entries.insert(removed.index, {e.id: e for e in (STUDIO, LAB)}[removed.text])

    def move(self, ident: str, to: int) -> None:
        self._fail()
        self.entries.insert(to, self.entries.pop(self._place(ident)))

    def set_enabled(self, ident: str, on: bool) -> None:
        self._fail()
        index = self._place(ident)
        self.entries[index] = replace(self.entries[index], enabled=on)


class FakeLogin:
    """Start at login that always works, or is not there."""

    on: bool | None = False

    def refresh(self) -> None:
        pass

    def set(self, on: bool) -> None:
        self.on = on


def texts(page: QWidget) -> list[str]:
    """What is written on a page."""
    return [one.text() for one in page.findChildren(QLabel)]


class FakeKey:
    """A global key as the settings see it."""

    def __init__(self) -> None:
        self.on = False
        self.can_be_on = True
        self.words = "A key that brings this window to the front."
        self.looks = 0
        self.changed: Callable[[], object] | None = None

    def note(self) -> str:
        return self.words

    def set(self, on: bool) -> None:
        self.on = on

    def look(self) -> None:
        self.looks += 1

    def follow(self, changed: Callable[[], object] | None) -> None:
        self.changed = changed


class Desk:
    """The window with its pages, and what they asked for."""

    def __init__(self, look: ThemeManager, path: Path) -> None:
        self.editor, self.login, self.key = FakeEditor(), FakeLogin(), FakeKey()
        self.asked: list[tuple[Any, ...]] = []
        self.theme = "system"
        self.slips: list[str] = []
        self.secured = ""
        self.store = sample.live_store()
        self.file = SettingsFile(path / "settings.toml")
        self.context = SettingsContext(
            look,
            self.store,
            sample.Clock(),
            Notified(self.store, []).center,
            Preference(lambda: TrayIconStyle.AUTO, lambda _style: None),
            gateways=GatewayTools(
                self.editor,
                add=lambda _parent: self.asked.append(("add",)),
                edit=lambda _parent, ident, test: self.asked.append(("edit", ident, test)),
                secure_tokens=self.secure,
                file=FILE,
                decided_by="GATEWAY_WS_URL",
            ),
            general=GeneralTools(
                self.login,
                lambda: self.theme,
                self.set_theme,
                SettingsChoices(self.file),
                FILE,
                slips=lambda: self.slips,
                open_file=lambda: self.asked.append(("open file",)),
                global_key=self.key,
            ),
            about=AboutTools(
                lambda: [("Qt", "6.11")],
                lambda: "",
                (("Settings", FILE),),
                lambda: state_report(
                    self.store.fleet, (), Paths(FILE.parent, FILE.parent, FILE.parent), sample.NOW
                ),
                None,
            ),
            guard=GuardThresholds(self.file, lambda: None),
        )
        self.window = SettingsWindow(self.context, {})
        self.window.show_page("gateways")

    def set_theme(self, name: str) -> None:
        self.theme = name

    async def secure(self) -> str:
        self.asked.append(("secure",))
        return self.secured

    @property
    def gateways(self) -> GatewaysPage:
        page = self.window.page("gateways")
        assert isinstance(page, GatewaysPage)
        return page

    @property
    def general(self) -> GeneralPage:
        self.window.show_page("general")
        page = self.window.page("general")
        assert isinstance(page, GeneralPage)
        return page

    @property
    def about(self) -> AboutPage:
        self.window.show_page("about")
        page = self.window.page("about")
        assert isinstance(page, AboutPage)
        return page

    def names(self) -> list[str]:
        return [row.name() for row in self.gateways.rows]


@pytest.fixture
def desk(qtbot: QtBot, look: ThemeManager, tmp_path: Path) -> Desk:
    made = Desk(look, tmp_path)
    qtbot.addWidget(made.window)
    QTest.qWaitForWindowActive(made.window, 1000)
    return made


# Gateways


def test_each_gateway_says_how_it_is(desk: Desk) -> None:
    info = ConnectionInfo(
        ConnectionState.LIVE, server_version="2026.9.6", protocol=4, token_place="keyring"
    )
    desk.store.apply(ev.ConnectionChanged("studio", info))
    problem = Problem("pairing", detail="7f3a91c2")
    waits = ConnectionInfo(ConnectionState.WAITING, problem=problem)
    desk.store.apply(ev.ConnectionChanged("home-lab", waits))
    desk.gateways.refresh()
    studio, lab = desk.gateways.rows
    agents = len(desk.store.fleet.gateways["studio"].agents)
    assert studio.line() == (
        f"live · OpenClaw 2026.9.6 · {agents} agents · device token in the system's keyring"
    )
    assert lab.line() == "waiting for approval"
    assert desk.names() == ["studio", "Home lab"]
    assert not lab.copy.isHidden()
    assert lab.test.isHidden()
    lab.copy.click()
    assert QGuiApplication.clipboard().text() == "openclaw devices approve 7f3a91c2"


def test_a_row_counts_down_how_long_the_approval_can_be_given(desk: Desk) -> None:
    now = sample.NOW
    pairing = PairingRequest("7f3a", "laptop", ("operator.read",), now, now + 252_000)
    problem = Problem("pairing", detail="7f3a")
    info = ConnectionInfo(ConnectionState.WAITING, problem=problem, pairing=pairing)
    desk.store.apply(ev.ConnectionChanged("home-lab", info))
    desk.gateways.refresh()
    assert desk.gateways.rows[1].line() == "waiting for approval · expires in 4:12"
    assert desk.gateways._countdown.isActive()
    desk.window.close()
    assert not desk.gateways._countdown.isActive()


def test_the_page_says_what_goes_before_it(desk: Desk) -> None:
    assert desk.gateways.foot() == (
        "Written to /somewhere/settings.toml."
        " GATEWAY_WS_URL is set in the environment, which goes before this list."
    )


def test_testing_and_editing_open_the_form(desk: Desk) -> None:
    desk.gateways.add.click()
    desk.gateways.rows[1].test.click()
    desk.gateways.rows[0].edit.click()
    assert desk.asked == [("add",), ("edit", "home-lab", True), ("edit", "studio", False)]


def test_a_gateway_is_removed_and_comes_back(desk: Desk) -> None:
    desk.gateways.rows[0].menu().actions()[0].trigger()
    assert desk.names() == ["Home lab"]
    assert desk.window.focusWidget() is desk.gateways.undo
    desk.gateways.undo.click()
    assert desk.names() == ["studio", "Home lab"]
    assert desk.window.focusWidget() is desk.gateways.rows[0].edit


def test_what_is_clicked_is_what_is_changed_though_the_file_has_another_order(desk: Desk) -> None:
    desk.editor.entries.reverse()  # an editor did that, and nothing is drawn anew yet
    desk.gateways.rows[0].on.click()
    assert {e.id: e.enabled for e in desk.editor.entries} == {"studio": False, "home-lab": True}
    desk.editor.entries.reverse()
    desk.gateways.rows[0].menu().actions()[0].trigger()
    assert [entry.id for entry in desk.editor.entries] == ["studio"]


def test_undo_is_offered_for_as_long_as_somebody_looks(desk: Desk) -> None:
    desk.gateways.rows[0].menu().actions()[0].trigger()
    assert not desk.gateways.undo.isHidden()
    assert desk.gateways.undo.isVisible()
    desk.window.close()
    desk.window.show_page("gateways")
    assert not desk.gateways.undo.isVisible()
    assert desk.names() == ["Home lab"]


def test_the_order_is_changed_by_keys_and_the_keyboard_goes_along(desk: Desk) -> None:
    row = desk.gateways.rows[0]
    row.edit.setFocus()
    QTest.keyClick(row.edit, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert desk.names() == ["Home lab", "studio"]
    focus = desk.window.focusWidget()
    assert focus is desk.gateways.rows[1].up  # it is the last: it can only go up again
    QTest.keyClick(focus, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert desk.names() == ["studio", "Home lab"]
    assert not desk.gateways.rows[0].up.isEnabled()
    assert not desk.gateways.rows[1].down.isEnabled()


def test_a_gateway_is_switched_off_and_on(desk: Desk) -> None:
    desk.gateways.rows[0].on.click()
    assert not desk.editor.entries[0].enabled
    assert desk.gateways.rows[0].line() == "off"
    desk.gateways.rows[0].on.click()
    assert desk.editor.entries[0].enabled


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SettingsFileError("settings.toml: Permission denied"), "settings.toml: Permission denied"),
        (UnexpectedError(), "This app failed while it changed the settings."),
    ],
)
def test_a_change_that_fails_says_why_and_shows_what_is(
    desk: Desk, error: Exception, said: str
) -> None:
    desk.editor.error = error
    desk.gateways.rows[0].on.click()
    assert desk.gateways.error() == said
    assert desk.gateways.rows[0].on.isChecked()
    desk.editor.error = None
    desk.gateways.rows[0].on.click()
    assert desk.gateways.error() == ""


async def test_tokens_are_moved_to_the_keyring_or_the_page_says_why_not(desk: Desk) -> None:
    info = ConnectionInfo(ConnectionState.LIVE, token_place="file")
    desk.store.apply(ev.ConnectionChanged("studio", info))
    desk.gateways.refresh()
    assert not desk.gateways.rows[0].secure.isHidden()
    assert desk.gateways.rows[1].secure.isHidden()
    desk.secured = "The keyring is locked."
    desk.gateways.rows[0].secure.click()
    await settle()
    assert (desk.asked, desk.gateways.error()) == ([("secure",)], "The keyring is locked.")


def test_a_page_that_nobody_sees_does_not_follow(desk: Desk, qtbot: QtBot) -> None:
    desk.window.close()
    desk.store.apply(ev.ConnectionChanged("studio", ConnectionInfo(ConnectionState.BLOCKED)))
    assert "blocked" not in desk.gateways.rows[0].line()
    desk.window.show_page("gateways")
    assert desk.gateways.rows[0].line() == "blocked"


# General


def test_start_at_login_and_the_theme(desk: Desk) -> None:
    desk.general.login.click()
    desk.general.themes["dark"].click()
    assert (desk.login.on, desk.theme) == (True, "dark")


def test_where_the_system_cannot_start_it_the_page_says_so(desk: Desk) -> None:
    desk.login.on = None
    assert not desk.general.login.isEnabled()


def test_a_global_key_is_asked_for_and_its_key_is_shown(desk: Desk) -> None:
    page = desk.general
    assert page.isVisible()
    assert desk.key.looks == 1
    page.key.click()
    assert desk.key.on
    desk.key.words = "Meta+Alt+F8, everywhere."
    assert desk.key.changed is not None
    desk.key.changed()
    assert "Meta+Alt+F8, everywhere." in texts(page)
    assert page.key.accessibleDescription() == "Meta+Alt+F8, everywhere."
    desk.key.on = False  # the operator refused it in the desktop's dialog
    desk.key.changed()
    assert not page.key.isChecked()


def test_a_desktop_without_such_keys_is_said_to_have_none(desk: Desk) -> None:
    page = desk.general
    desk.key.can_be_on, desk.key.words = False, "Not available on this desktop."
    page.refresh()
    assert not page.key.isEnabled()
    assert "Not available on this desktop." in texts(page)
    desk.key.on = True  # it was, on another desktop: it can be given up
    page.refresh()
    assert page.key.isEnabled()


def test_the_key_is_not_followed_by_a_page_that_nobody_sees(desk: Desk) -> None:
    page = desk.general
    desk.window.close()
    assert not page.isVisible()
    assert desk.key.changed is None


def test_what_concerns_the_fleet_is_written_to_the_settings_file(desk: Desk) -> None:
    desk.file.path.write_text("# mine\nstuck_after_minutes = 7\nother = 1\n")
    page = desk.general
    assert page.minutes.currentText() == "7 minutes"
    page.unreachable["last-known"].click()
    page.minutes.setCurrentIndex(page.minutes.findData(30))
    page.minutes.activated.emit(page.minutes.currentIndex())
    written = desk.file.path.read_text()
    assert written.startswith("# mine\nstuck_after_minutes = 30\nother = 1\n")
    assert 'when_unreachable = "last-known"' in written


def test_a_settings_file_with_a_slip_is_not_overwritten(desk: Desk) -> None:
    desk.file.path.write_text("demo = = true\n")
    page = desk.general
    assert page.minutes.currentText() == "10 minutes"
    page.unreachable["last-known"].click()
    assert "settings.toml" in page.error()
    assert page.unreachable["sample"].isChecked()
    assert desk.file.path.read_text() == "demo = = true\n"


def test_slips_are_listed_with_a_way_to_the_file(desk: Desk) -> None:
    assert desk.general.slips.text() == ""
    desk.slips = [f"{FILE}:{line}: a slip" for line in range(14)]
    desk.window.show_page("about")
    lines = desk.general.slips.text().splitlines()
    assert lines[0] == f"{FILE}:0: a slip"
    assert lines[-1] == "and 2 more"
    desk.general.slips.open.click()
    assert desk.asked == [("open file",)]


# About


def test_about_tells_versions_and_copies_what_helps(desk: Desk) -> None:
    assert desk.about.versions() == "Qt 6.11"
    desk.about.copy.click()
    copied = QGuiApplication.clipboard().text()
    assert "Python 3." in copied
    assert "state live" in copied
    assert "Rex" not in copied


def test_pages_without_their_tools_are_left_out(
    qtbot: QtBot, look: ThemeManager, desk: Desk
) -> None:
    context = SettingsContext(
        look, desk.store, sample.Clock(), desk.context.center, desk.context.tray
    )
    window = SettingsWindow(context, {})
    qtbot.addWidget(window)
    assert [window.pages.item(row).text() for row in range(window.pages.count())] == [
        "Notifications",
        "Tray icon",
    ]
