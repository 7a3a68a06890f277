"""Opens the way to a gateway: the panel over the sample, and the dialog of one gateway."""

from __future__ import annotations

import asyncio
import functools
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PySide6.QtCore import QUrl
from PySide6.QtGui import QAction, QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cc_desktop.config.local_gateway import find_local_gateway, read_local_token
from cc_desktop.demo.policy import DEMO_GATEWAY
from cc_desktop.fleet.model import ConnectionState
from cc_desktop.text.banner import BannerLink
from cc_desktop.text.i18n import tr
from cc_desktop.text.settings import SlipKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QMenu

    from cc_desktop.config.local_gateway import LocalGateway
    from cc_desktop.desktop.connect.page import ConnectPage, GatewayDialog
    from cc_desktop.desktop.connect.tools import ConnectTools
    from cc_desktop.desktop.system_services import SetupServices
    from cc_desktop.desktop.tray.menu import MenuPart
    from cc_desktop.desktop.window.fleet_window import FleetWindow
    from cc_desktop.monitor import FleetMonitor

_LIVE = ConnectionState.LIVE
_NO_FILE = (SlipKind.SYNTAX, SlipKind.UNREADABLE)
_CERTIFICATE = ("certificate", "certificate-changed")


class ConnectDesk:
    """Serves the banner, the popup of a gateway, the tray's menu and the settings."""

    def __init__(
        self,
        window: FleetWindow,
        monitor: FleetMonitor,
        file: Path,
        setup: Callable[[], SetupServices],
        say: Callable[[str], None],
    ) -> None:
        """Build nothing yet.

        Args:
            window: Where the panel is shown.
            monitor: The fleet.
            file: The settings file.
            setup: Called when it is first needed.
            say: Shows a message above the fleet until it is dismissed.
        """
        self._window = window
        self._monitor = monitor
        self._store = monitor.store
        self._clock = monitor.clock
        self._file = file
        self._make_setup = setup
        self._say = say
        self._shared = monitor.shared
        self.panel: ConnectPage | None = None
        self.dialog: GatewayDialog | None = None
        window.banner.chosen.connect(self._on_banner)

    @functools.cached_property
    def setup(self) -> SetupServices:
        """What it takes to set gateways up. Late: it loads what the first picture does not need."""
        return self._make_setup()

    @property
    def is_first_start(self) -> bool:
        """Whether no gateway is set up, and none is there at the default address either."""
        if any(slip.kind in _NO_FILE for slip in self._monitor.settings.problems):
            return False  # gateways are set up there, and another line tells what is wrong
        real = [g for name, g in self._store.fleet.gateways.items() if name != DEMO_GATEWAY]
        if not real:
            return True
        is_live = any(gateway.connection.state is _LIVE for gateway in real)
        return not (self._monitor.settings.is_configured or is_live)

    def show_panel(self) -> None:
        """Show the panel in the place of the sample."""
        self._window.show_fleet()
        if self.panel is None:
            from cc_desktop.desktop.connect.page import ConnectPage  # most starts open none

            self.panel = ConnectPage(
                self._make_tools(),
                tr("Connect your gateway"),
                tr("Then your agents take the place of the sample behind this panel."),
                tr("Look at the sample first"),
            )
            self.panel.hide()
            self.panel.left.connect(self.hide_panel)
            self.panel.saved.connect(self._on_panel_saved)
            column = self._column()
            column.insertWidget(column.indexOf(self._window.splitter), self.panel, 1)
        self._window.splitter.hide()
        self.panel.show()

    def offer(self) -> None:
        """Show the panel at the start, where there is nothing else to see."""
        if self.is_first_start and self.setup.connects:
            self.show_panel()

    def hide_panel(self) -> None:
        """Show the fleet again."""
        if self.panel is not None and not self.panel.isHidden():
            self.panel.hide()
            self._window.splitter.show()
            self._window.list.setFocus()

    def edit(self, gateway: str) -> None:
        """Change a gateway, by its id; one that is not in the settings file cannot be changed."""
        if self.is_first_start:
            self.show_panel()
            return
        from cc_desktop.config.settings_file import SettingsFileError  # not for the first picture

        self._window.show_fleet()
        try:
            if any(entry.id == gateway for entry in self.setup.editor.list()):
                problem = self._store.fleet.gateways[gateway].connection.problem
                # The test shows the certificates that are to be compared.
                test = problem is not None and problem.kind in _CERTIFICATE
                self.open_dialog(self._window, gateway, test=test)
            else:
                self._say(
                    tr("The command line or the environment names this gateway: change it there.")
                )
        except SettingsFileError as error:
            self._say(str(error))

    def open_dialog(self, parent: QWidget, ident: str = "", *, test: bool = False) -> None:
        """Add a gateway, or change the one with an id. `test`: begin with a test of it.

        Raises:
            SettingsFileError: that gateway is not in the settings file any more.
        """
        from cc_desktop.desktop.connect.page import GatewayDialog

        self.close_dialog()
        self.dialog = GatewayDialog(self._make_tools(), parent, ident)
        self.dialog.page.saved.connect(self._on_saved)
        self.dialog.destroyed.connect(self._on_dialog_gone)
        self.dialog.show()
        if test:
            self.dialog.page.form.test()

    def close_dialog(self) -> None:
        """Close the dialog, if there is one."""
        if self.dialog is not None:
            self.dialog.close()

    def open_settings_file(self) -> None:
        """Show the settings file in the program that the desktop has for it."""
        path = self._file if self._file.exists() else self._file.parent
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))

    def menu_part(self) -> MenuPart:
        """“Connect a gateway…” in the tray's menu, while none is set up."""
        from cc_desktop.desktop.tray.menu import MenuPart  # not for the first picture

        return MenuPart(lambda: self.is_first_start, self._add_entry)

    def stop(self) -> None:
        """Close everything, and end what runs."""
        self.close_dialog()
        self.hide_panel()

    def _add_entry(self, menu: QMenu) -> None:
        if self.is_first_start:
            entry = QAction(tr("Connect a gateway…"), menu)
            entry.triggered.connect(lambda _checked=False: self.show_panel())
            menu.addAction(entry)

    def _on_banner(self, link: BannerLink) -> None:
        banner = self._window.banner.banner
        match link:
            case BannerLink.CONNECT:
                self.show_panel()
            case BannerLink.EDIT if banner is not None:
                self.edit(banner.gateway)
            case BannerLink.COPY if banner is not None:
                QGuiApplication.clipboard().setText(banner.command)
            case BannerLink.OPEN_FILE:
                self.open_settings_file()

    def _make_tools(self) -> ConnectTools:
        from cc_desktop.desktop.connect.tools import ConnectTools  # most starts need none

        return ConnectTools(
            look=self._window.context.look,
            editor=self.setup.editor,
            test=self.setup.test,
            sleep=self._clock.sleep,
            now_ms=self._clock.now_ms,
            find_local=_find_running,
            local_token=lambda: read_local_token(os.environ, Path.home()),
            stored_token=self.setup.stored_token,
        )

    def _on_panel_saved(self, gateway: str) -> None:
        self.hide_panel()
        self._on_saved(gateway)

    def _on_saved(self, gateway: str) -> None:
        from cc_desktop.text.connect.secrets import kept_for_now  # not for the first picture

        if self._shared.place_of(gateway) == "memory":
            self._say(kept_for_now(self._shared.why))
        if not self.setup.connects:
            words = tr("Saved. The gateway is watched when the app starts without --demo.")
            self._say(words)

    def _on_dialog_gone(self) -> None:
        self.dialog = None

    def _column(self) -> QVBoxLayout:
        centre = self._window.centralWidget()
        column = centre.layout() if centre is not None else None
        if not isinstance(column, QVBoxLayout):  # pragma: no cover - the window builds one
            raise TypeError(type(column).__name__)
        return column


ANSWER_S = 2.0  # how long the gateway of this computer may take to accept a connection


async def _find_running() -> LocalGateway | None:
    """The gateway of this computer, if something listens at its port."""
    found = await asyncio.to_thread(find_local_gateway, os.environ, Path.home())
    parts = urlsplit(found.url)
    opening = asyncio.open_connection(parts.hostname, parts.port)
    try:
        _, writer = await asyncio.wait_for(opening, ANSWER_S)
    except OSError:
        return None
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return found
