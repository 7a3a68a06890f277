"""Notifications by the tray icon: Windows, macOS, and Linux without D-Bus."""

from __future__ import annotations

import asyncio
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QSystemTrayIcon

from cc_desktop.config.paths import resource
from cc_desktop.notifications.backends.dbus import session_bus_address
from cc_desktop.notifications.backends.freedesktop import FreedesktopBackend
from cc_desktop.notifications.message import OPEN, NotificationAction
from cc_desktop.text import notifications as text
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.notifications.backends.base import NotificationBackend
    from cc_desktop.notifications.message import Message
    from cc_desktop.system.clock import Clock

SHOWN_MS = 10_000  # a hint: Windows and macOS have their own settings
TARGET_S = 60.0  # a click later than that may be on another one, in the list that systems keep
TITLE_CHARS, BODY_CHARS = 63, 255  # more, Windows cuts off


class TrayBackend:
    """Implements `cc_desktop.notifications.backends.base.NotificationBackend`.

    A tray does not report which notification was clicked. A click within `TARGET_S` of the last
    one opens what that is about; a later or a second click opens the fleet, which is better than
    the wrong agent. There are no buttons, and nothing can be withdrawn.
    """

    def __init__(self, icon: Callable[[], QSystemTrayIcon | None], clock: Clock) -> None:
        """`icon` returns the tray icon that is there now, or None."""
        self._icon = icon
        self._clock = clock
        self._on_chosen: Callable[[NotificationAction], None] = lambda _chosen: None
        self._connected: QSystemTrayIcon | None = None
        self._last: Message | None = None
        self._until = 0.0

    @property
    def name(self) -> str:
        """Who shows them; "" without an icon."""
        return tr(text.THE_TRAY) if self._icon() is not None else ""

    @property
    def problem(self) -> str:
        """Why nobody shows them."""
        return "" if self._icon() is not None else tr(text.NO_TRAY)

    async def run(self, on_chosen: Callable[[NotificationAction], None]) -> None:
        """Report clicks until cancelled."""
        self._on_chosen = on_chosen
        await asyncio.Event().wait()

    def show(self, message: Message) -> None:
        """Show it; without an icon, nothing happens."""
        icon = self._icon()
        if icon is None:
            return
        if icon is not self._connected:
            self._connected = icon
            icon.messageClicked.connect(self._on_clicked)
        self._last = message
        self._until = self._clock.monotonic() + TARGET_S
        kinds = QSystemTrayIcon.MessageIcon
        icon.showMessage(
            plain(message.title, TITLE_CHARS),
            plain(message.body, BODY_CHARS) or " ",  # Windows shows none without
            kinds.Warning if message.critical else kinds.Information,
            SHOWN_MS,
        )

    def withdraw(self, tag: str) -> None:
        """Leave it where it is; a click on it opens the fleet."""
        if self._last is not None and self._last.tag == tag:
            self._last = None

    async def is_system_quiet(self) -> bool:
        """Return False: Windows and macOS hold notifications back by themselves."""
        return False

    def _on_clicked(self) -> None:
        message, self._last = self._last, None
        if message is None or self._clock.monotonic() >= self._until:
            self._on_chosen(NotificationAction("", OPEN))
            return
        data = next((button.data for button in message.buttons if button.key == OPEN), {})
        self._on_chosen(NotificationAction(message.tag, OPEN, data))


def choose_backend(icon: Callable[[], QSystemTrayIcon | None], clock: Clock) -> NotificationBackend:
    """Return what shows notifications here: the desktop's service on Linux, else the tray icon.

    A tray may come later than the app, so its backend is chosen also while there is none.
    """
    if sys.platform == "linux" and find_spec("jeepney") is not None:
        address = session_bus_address()
        if address:
            # A file: services show a broken picture for a name that no icon theme has, as from a
            # checkout, and not all of them can draw SVG.
            picture = resource("icons/cc-desktop.png").absolute()
            return FreedesktopBackend(address, clock, icon=str(picture))
    return TrayBackend(icon, clock)
