"""How the app behaves among others: one instance, links, start at login, newer versions."""

from __future__ import annotations

import logging
import platform
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QUrl, qVersion
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QMessageBox

from cc_desktop import __version__
from cc_desktop.desktop.application import APP_NAME
from cc_desktop.desktop.link_opener import LinkOpener
from cc_desktop.desktop.single_instance import Claim, InstanceMessage, InstanceServer
from cc_desktop.desktop.window_activation import activation, bring_to_pointer
from cc_desktop.system.autostart import AutostartError

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QMenu

    from cc_desktop.desktop.widgets.app_actions import Actions
    from cc_desktop.desktop.window.fleet_window import FleetWindow
    from cc_desktop.fleet.store import Store
    from cc_desktop.system.autostart import Autostart
    from cc_desktop.system.update_check import Memory, Update, UpdateCheck

log = logging.getLogger(__name__)

_DISMISSED = "update_dismissed"


@dataclass(frozen=True, slots=True)
class Around:
    """What the app is handed about the system around it."""

    claim: Claim = field(default_factory=Claim)
    login: Autostart | None = None
    make_updates: Callable[[Memory], UpdateCheck] | None = None  # None: never asks
    link: str = ""  # to be opened at the start
    facts: tuple[str, ...] = ()  # further lines of the box About


class Manners(QObject):
    """Made before the window, which `attach` hands in."""

    def __init__(self, around: Around, memory: Memory) -> None:
        super().__init__()
        self._around = around
        self._memory = memory
        self._updates = around.make_updates(memory) if around.make_updates else None
        self._server = InstanceServer(around.claim, self)
        self._server.asked.connect(self._on_asked)
        self._window: FleetWindow | None = None
        self._opener: LinkOpener | None = None
        self._line = ""  # what the window says; news of an update stand back
        self.about_box: QMessageBox | None = None

    def attach(self, window: FleetWindow, store: Store) -> None:
        """Serve this window."""
        self._window = window
        self._opener = LinkOpener(store, window.show_agent, self.tell, self)
        window.notice.chosen.connect(self.open_update)
        window.notice.dismissed.connect(self._on_dismissed)
        self._refresh_notice()

    def start(self) -> None:
        """From now on others are heard."""
        self._server.start()
        if self._around.link:
            self.open_link(self._around.link)

    async def run(self) -> None:
        """Look for a newer version now and then; nothing that goes wrong there ends the app."""
        if self._updates is None:
            return
        try:
            await self._updates.run(self._refresh_notice)
        except Exception:
            log.exception("no more news of newer versions")

    def stop(self) -> None:
        """Leave nothing behind."""
        self._server.stop()
        if self._opener is not None:
            self._opener.stop()
        if self.about_box is not None:
            self.about_box.close()

    # The window

    def raise_window(self, token: str = "") -> None:
        """Show the window in front, on the screen that the mouse is on."""
        if self._window is not None:
            with activation(token):
                bring_to_pointer(self._window)
                self._window.show_fleet()

    def tell(self, line: str) -> None:
        """Say a line in the window, or nothing more."""
        self._line = line
        self._refresh_notice()

    def open_link(self, link: str) -> None:
        """Show what a link names."""
        self.raise_window()
        if self._opener is not None:
            self._opener.open(link)

    def _on_asked(self, message: InstanceMessage) -> None:
        if message.command == "none":
            return
        self.raise_window(message.activation_token)
        if message.command == "open" and self._opener is not None:
            self._opener.open(message.target)

    # Start at login

    def starts_at_login(self) -> bool | None:
        """As the system says now; None where there is no such thing."""
        return self._around.login.is_enabled() if self._around.login is not None else None

    def start_at_login(self, on: bool) -> None:
        """Change it; a failure is told in the window."""
        if self._around.login is None:
            return
        try:
            self._around.login.set_enabled(on)
        except AutostartError as error:
            self.raise_window()
            self.tell(str(error))

    # A newer version

    @property
    def update(self) -> Update | None:
        """The newer version that was heard of."""
        return self._updates.found if self._updates is not None else None

    def open_update(self) -> None:
        """Open the page about the newer version in the browser."""
        if self.update is not None and self.update.url:
            QDesktopServices.openUrl(QUrl(self.update.url))

    def _on_dismissed(self) -> None:
        if self._line:
            self._line = ""
        elif self.update is not None:
            self._memory.remember(_DISMISSED, self.update.version)
        self._refresh_notice()

    def _refresh_notice(self) -> None:
        if self._window is None:
            return
        line, link, update = self._line, "", self.update
        if not line and update and self._memory.recall(_DISMISSED) != update.version:
            line = f"{update_words(update)}."
            link = "Read about it" if update.url else ""
        self._window.notice.show_line(line, link)

    # The menu

    def menu_state(self) -> object:
        """What the entries of the menu depend on."""
        return self.starts_at_login(), self.update

    def show_about(self) -> None:
        """Show which version this is."""
        if self.about_box is None:
            self.about_box = QMessageBox()
            self.about_box.setWindowTitle(f"About {APP_NAME}")
            self.about_box.setTextFormat(Qt.TextFormat.PlainText)
            self.about_box.setModal(False)
            self.about_box.addButton(QMessageBox.StandardButton.Close)
        news = [f"{update_words(self.update)}."] if self.update else []
        versions = f"Python {platform.python_version()}, Qt {qVersion()}"
        self.about_box.setText(f"{APP_NAME} {__version__}")
        self.about_box.setInformativeText("\n".join([*news, versions, *self._around.facts]))
        self.about_box.show()
        self.about_box.raise_()
        self.about_box.activateWindow()


def update_words(update: Update) -> str:
    """A newer version in words."""
    return f"Version {update.version} is available, this is {__version__}"


def add_login_entry(menu: QMenu, actions: Actions) -> None:
    """The entry Start at login, ticked as the system says."""
    state = actions.starts_at_login()
    if state is None:
        return
    entry = QAction("Start at login", menu, checkable=True, checked=state)

    def on_triggered(on: bool) -> None:
        actions.start_at_login(on)
        entry.setChecked(bool(actions.starts_at_login()))  # it may have failed

    entry.triggered.connect(on_triggered)
    menu.addAction(entry)


def add_about_entry(menu: QMenu, actions: Actions, update: Update | None) -> None:
    """The entry About, which tells of a newer version."""
    text = f"About (version {update.version} is available)" if update else f"About {__version__}"
    entry = QAction(text, menu)
    entry.triggered.connect(lambda _checked=False: actions.about())
    menu.addAction(entry)
