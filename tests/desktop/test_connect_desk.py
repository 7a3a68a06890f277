"""The ways to the form: first start, banner, popup of a gateway, tray, settings."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from cc_desktop.config.paths import find_paths
from cc_desktop.config.preferences import GeneralPreferences
from cc_desktop.config.secrets.credentials import Token
from cc_desktop.config.settings import GatewaySettings, Settings
from cc_desktop.config.settings_file import GatewayEntry
from cc_desktop.desktop.controller import DesktopController
from cc_desktop.desktop.settings.gateways.gateways_page import GatewaysPage
from cc_desktop.desktop.settings.general_page import GeneralPage
from cc_desktop.desktop.setup.connect_desk import ConnectDesk
from cc_desktop.desktop.style.palette import DARK, LIGHT
from cc_desktop.desktop.system_services import SetupServices, SystemServices
from cc_desktop.diagnostics.crash import CrashHook
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import RequestRights, Right
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Problem
from cc_desktop.monitor import FleetMonitor, MonitorOptions
from cc_desktop.system.update_check import UpdateCheck
from cc_desktop.text.banner import BannerLink
from cc_desktop.text.settings import SettingsProblem, SlipKind
from tests.desktop import sample
from tests.desktop.connect.fakes import FakeGateways
from tests.fakes.clock import FakeClock, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cc_desktop.desktop.style.theme import ThemeManager

STUDIO = GatewaySettings("studio", "studio", "ws://127.0.0.1:9/")
WRONG = Problem("token-mismatch", "AUTH_TOKEN_MISMATCH")


class UnexpectedError(Exception):
    """Nobody has thought of this one."""


class Started:
    """The app on settings that a test gives."""

    def __init__(self, qapp: QApplication, look: ThemeManager, path: Path) -> None:
        self._app: Any = qapp  # the tests' application is not an App, and needs nothing of one
        self.path = path
        self.fake = FakeGateways(look)

    def start(
        self,
        *gateways: GatewaySettings,
        hidden: bool = False,
        connects: bool = True,
        decided_by: str = "",
        problems: tuple[SettingsProblem, ...] = (),
        is_configured: bool = True,
    ) -> DesktopController:
        paths = find_paths(self.path)
        settings = Settings(gateways, keyring=False, problems=problems, is_configured=is_configured)
        monitor = FleetMonitor(
            settings,
            paths,
            MonitorOptions(demo_only=not gateways),
            clock=FakeClock(sample.NOW),
            rng=random.Random(1),
        )
        editor: Any = self.fake  # has what the form asks for; the page is tested by itself
        setup = SetupServices(
            editor, self.fake.test, self.fake.tools.stored_token, decided_by, connects
        )
        services = SystemServices(
            paths=paths,
            setup=lambda _monitor: setup,
            make_updates=lambda memory, url: UpdateCheck(
                url, memory, monitor.clock, random.Random(1)
            ),
        )
        desk = DesktopController(self._app, monitor, lambda: None, hidden, services, CrashHook())
        desk.start()
        return desk


@pytest.fixture
def started(
    qapp: QApplication, look: ThemeManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., DesktopController]]:
    monkeypatch.setattr("cc_desktop.desktop.setup.connect_desk._find_running", nothing_runs)
    # One application has one theme, and the tests share both.
    monkeypatch.setattr("cc_desktop.desktop.controller.ThemeManager", lambda *_: look)
    kept = []

    def make(*gateways: GatewaySettings, **options: Any) -> DesktopController:
        one = Started(qapp, look, tmp_path)
        one.fake.entries = [GatewayEntry(gateway.id, gateway.url) for gateway in gateways]
        kept.append(one.start(*gateways, **options))
        return kept[-1]

    yield make
    for desk in kept:
        desk.stop()


async def nothing_runs() -> None:
    return None


def connect_of(desk: DesktopController) -> ConnectDesk:
    assert desk.connect is not None
    return desk.connect


def shows_panel(desk: DesktopController) -> bool:
    panel = connect_of(desk).panel
    return panel is not None and panel.isVisible()


async def test_the_first_start_offers_to_connect(
    started: Callable[..., DesktopController],
) -> None:
    desk = started()
    assert shows_panel(desk)
    assert not desk.window.splitter.isVisible()
    panel = connect_of(desk).panel
    assert panel is not None
    panel.leave.click()
    assert not shows_panel(desk)
    assert desk.window.splitter.isVisible()

    desk.window.banner.chosen.emit(BannerLink.CONNECT)
    assert shows_panel(desk)


async def test_a_hidden_start_shows_no_panel_and_the_tray_offers_it(
    started: Callable[..., DesktopController],
) -> None:
    desk = started(hidden=True)
    assert not desk.window.isVisible()
    menu = QMenu()
    connect_of(desk).menu_part().add(menu)
    (entry,) = menu.actions()
    entry.trigger()
    assert shows_panel(desk)


async def test_with_a_gateway_there_is_no_panel(
    started: Callable[..., DesktopController],
) -> None:
    desk = started(STUDIO)
    assert connect_of(desk).panel is None
    menu = QMenu()
    connect_of(desk).menu_part().add(menu)
    assert menu.actions() == []


async def test_saving_shows_the_fleet(started: Callable[..., DesktopController]) -> None:
    desk = started()
    panel = connect_of(desk).panel
    assert panel is not None
    panel.form.address.edit.setText("studio.example")
    panel.save.click()
    await settle()
    assert not shows_panel(desk)


async def test_a_demo_that_was_asked_for_offers_nothing_by_itself(
    started: Callable[..., DesktopController],
) -> None:
    desk = started(connects=False)
    assert connect_of(desk).panel is None
    desk.window.banner.chosen.emit(BannerLink.CONNECT)
    panel = connect_of(desk).panel
    assert panel is not None
    panel.form.address.edit.setText("studio.example")
    panel.save.click()
    await settle()
    assert "without --demo" in desk.window.notice.text


async def test_without_a_gateway_a_quiet_pill_leads_to_the_panel(
    started: Callable[..., DesktopController],
) -> None:
    desk = started()
    connect_of(desk).hide_panel()
    header = desk.window.header
    assert header.nobody is not None
    QApplication.processEvents()
    assert header.nobody.isVisible()
    header.nobody.setFocus()
    QTest.keyClick(header.nobody, Qt.Key.Key_Space)
    assert shows_panel(desk)
    desk.monitor.store.apply(ev.GatewayAdded("studio", "studio"))
    desk.window.batch.flush()
    assert header.nobody is None
    assert list(header.pills) == ["studio"]


async def test_another_address_for_updates_and_the_keyring_apply_at_once(
    started: Callable[..., DesktopController],
) -> None:
    desk = started(STUDIO)
    assert not desk.notice.enabled
    assert desk.monitor.tokens.why == "off"
    settings = Settings((STUDIO,), update_url="https://example.org/newest.json", keyring=True)
    desk.monitor.configure(settings)
    assert desk.notice.enabled
    assert desk.monitor.tokens.why == ""
    desk.monitor.configure(Settings((STUDIO,), keyring=False))
    assert not desk.notice.enabled
    assert desk.monitor.tokens.why == "off"


async def test_the_settings_ask_for_rights_and_show_where_secrets_are(
    started: Callable[..., DesktopController],
) -> None:
    desk = started(STUDIO)
    live = ConnectionInfo(ConnectionState.LIVE, scopes=("operator.read",), token_place="file")
    desk.monitor.store.apply(ev.ConnectionChanged("studio", live))
    desk.open_settings("gateways")
    assert desk.settings_window is not None
    page = desk.settings_window.page("gateways")
    assert isinstance(page, GatewaysPage)
    assert page.facts.rights is not None
    assert page.facts.secrets is not None
    page.facts.rights.rungs[Right.ANSWER].box.click()
    (asked,) = desk.monitor.store.fleet.gateways["studio"].commands.values()
    assert isinstance(asked.command, RequestRights)
    assert asked.command.scopes == ("operator.questions",)
    desk.settings_window.close()
    desk.open_rights("studio")  # as the inbox does
    assert desk.settings_window.isVisible()
    assert desk.settings_window.current() == "gateways"
    reason = "because the settings say keyring = false"
    none, in_file = page.facts.secrets.lines()
    assert none == "none is kept here, and the settings say keyring = false"
    assert in_file == f"in a private file (0600), {reason}"

    await desk.monitor.shared.keep("studio", Token("t0ken"))
    assert page.facts.secrets.lines()[0] == f"only until the app ends, {reason}"
    assert not page.facts.secrets.to_keyring.isVisible()  # no keyring may be used
    page.facts.secrets.to_file.click()
    await settle()
    assert page.facts.secrets.lines()[0] == in_file
    assert page.facts.secrets.said() == ""


async def test_a_token_that_is_kept_for_now_is_said_and_stays_said(
    started: Callable[..., DesktopController],
) -> None:
    desk = started()
    panel = connect_of(desk).panel
    assert panel is not None
    await desk.monitor.shared.keep("studio.example", Token("t0ken"))
    panel.form.address.edit.setText("studio.example")
    panel.save.click()
    await settle()
    said = desk.window.notice.text
    assert "only until the app ends, because the settings say keyring = false" in said
    desk.monitor.configure(desk.monitor.settings)  # as the watcher of the file does
    assert desk.window.notice.text == said


async def test_the_banner_edits_the_gateway_and_copies_the_command(
    started: Callable[..., DesktopController],
) -> None:
    desk = started(STUDIO)
    info = ConnectionInfo(ConnectionState.BLOCKED, problem=WRONG)
    desk.monitor.store.apply(ev.ConnectionChanged("studio", info))
    desk.window.batch.flush()
    links = {link.text(): link for link in desk.window.banner.links}
    links["Copy command"].click()
    assert QGuiApplication.clipboard().text() == "openclaw gateway auth-token --show"
    links["Edit gateway…"].click()
    dialog = connect_of(desk).dialog
    assert dialog is not None
    assert dialog.page.form.address.edit.text() == STUDIO.url
    dialog.close()


async def test_the_popup_offers_the_next_step(started: Callable[..., DesktopController]) -> None:
    desk = started(STUDIO)
    info = ConnectionInfo(ConnectionState.BLOCKED, problem=WRONG)
    desk.monitor.store.apply(ev.ConnectionChanged("studio", info))
    desk.window.show_gateway("studio")
    popup = desk.window.header.popup
    assert popup is not None
    assert popup.offered() == ["Copy command", "Edit gateway…", "Reconnect now"]


async def test_a_gateway_of_the_command_line_is_not_edited_here(
    started: Callable[..., DesktopController],
) -> None:
    desk = started(STUDIO, decided_by="--url")
    connect_of(desk).setup.editor.entries.clear()  # type: ignore[attr-defined] # the fake
    connect_of(desk).edit("studio")
    assert connect_of(desk).dialog is None
    assert "command line" in desk.window.notice.text


async def test_a_default_address_where_nothing_answers_is_a_first_start(
    started: Callable[..., DesktopController],
) -> None:
    desk = started(STUDIO, is_configured=False)
    assert connect_of(desk).is_first_start
    connect_of(desk).edit("studio")
    assert shows_panel(desk)
    live = ConnectionInfo(ConnectionState.LIVE)
    desk.monitor.store.apply(ev.ConnectionChanged("studio", live))
    assert not connect_of(desk).is_first_start


async def test_a_settings_file_that_cannot_be_read_is_no_first_start(
    started: Callable[..., DesktopController],
) -> None:
    slip = SettingsProblem(SlipKind.SYNTAX, file="settings.toml", line=3, detail="what")
    desk = started(problems=(slip,))
    assert connect_of(desk).panel is None
    assert "settings.toml:3" in desk.window.notice.text  # although there is no tray


async def test_a_changed_certificate_leads_to_the_comparison(
    started: Callable[..., DesktopController],
) -> None:
    desk = started(STUDIO)
    problem = Problem("certificate-changed", fingerprint="ab" * 32, pinned="cd" * 32)
    info = ConnectionInfo(ConnectionState.BLOCKED, problem=problem)
    desk.monitor.store.apply(ev.ConnectionChanged("studio", info))
    desk.window.batch.flush()
    {link.text(): link for link in desk.window.banner.links}["Edit gateway…"].click()
    await settle()
    dialog = connect_of(desk).dialog
    assert dialog is not None
    assert not dialog.page.form.steps.isHidden()  # it is tested at once
    dialog.close()


async def test_a_panel_that_raises_leaves_the_window(
    started: Callable[..., DesktopController], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise UnexpectedError

    monkeypatch.setattr(ConnectDesk, "show_panel", broken)
    desk = started()
    assert desk.window.isVisible()
    assert desk.window.splitter.isVisible()


async def test_the_theme_is_remembered(started: Callable[..., DesktopController]) -> None:
    desk = started(STUDIO)
    desk.open_settings("general")
    assert desk.settings_window is not None
    page = desk.settings_window.page("general")
    assert isinstance(page, GeneralPage)
    page.themes["light"].click()
    assert desk.window.context.look.theme is LIGHT
    assert desk.monitor.memory.preferences.get(GeneralPreferences).theme == "light"
    page.themes["dark"].click()
    assert desk.window.context.look.theme is DARK
