"""Entries about the app itself at the end of the tray menu: start at login, About."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QAction

from cc_desktop import __version__
from cc_desktop.system.autostart import AutostartError
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QMenu

    from cc_desktop.system.autostart import Autostart
    from cc_desktop.system.update_check import Update


class LoginSwitch:
    """Start at login, with the state cached: the menu is compared often, the disk read seldom."""

    def __init__(self, autostart: Autostart | None, report: Callable[[str], None]) -> None:
        """`report` tells the operator why it cannot be changed."""
        self._autostart = autostart
        self._report = report
        self._on: bool | None = None
        self.refresh()

    @property
    def on(self) -> bool | None:
        """Whether the system starts the app at login; None if this system cannot."""
        return self._on

    def refresh(self) -> None:
        """Read it again: other programs change it too."""
        self._on = self._autostart.is_enabled() if self._autostart is not None else None

    def set(self, on: bool) -> None:
        """Change it; a failure is reported."""
        if self._autostart is None:
            return
        try:
            self._autostart.set_enabled(on)
        except AutostartError as error:
            self._report(str(error))
        self.refresh()


def add_login_entry(menu: QMenu, switch: LoginSwitch) -> None:
    """Add “Start at login”, where the system has it."""
    if switch.on is None:
        return
    entry = QAction(tr("Start at login"), menu, checkable=True, checked=switch.on)

    def on_triggered(on: bool) -> None:
        switch.set(on)
        entry.setChecked(bool(switch.on))  # it may have failed

    entry.triggered.connect(on_triggered)
    menu.addAction(entry)


def add_about_entry(menu: QMenu, show_about: Callable[[], None], update: Update | None) -> None:
    """Add “About”, which mentions a newer version."""
    text = tr("About {version}", version=__version__)
    if update:
        text = tr("About (version {version} is available)", version=update.version)
    entry = QAction(text, menu)
    entry.triggered.connect(lambda _checked=False: show_about())
    menu.addAction(entry)
