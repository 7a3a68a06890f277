"""Which tray there is. On Linux it comes and goes with a program on the session bus.

Qt connects to the session bus once. When that bus ends, Qt's connection stays dead although a new
bus has the same address, and with it everything that Qt does over D-Bus: the tray icon above all.
No call of Qt renews it (tried with Qt 6.11: `disconnectFromBus`, a connection of the same name, a
new QSystemTrayIcon). `is_bus_stale` finds that out; only a new process helps.
"""

from __future__ import annotations

import enum
import sys
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QSystemTrayIcon

from cc_desktop.about import APP_ID
from cc_desktop.notifications.backends.dbus import session_bus_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QObject

WATCHER = "org.kde.StatusNotifierWatcher"
_PROBE = f"{APP_ID}-probe"  # name of a connection that is opened for a moment


class TrayKind(enum.Enum):
    """How a tray gets the icon. An icon of one kind never appears in a tray of the other."""

    DBUS = "StatusNotifierItem"
    NATIVE = "the system's own: XEmbed, Windows, macOS"


def find_tray() -> TrayKind | None:
    """Return the tray in which an icon that is made now would appear, or None."""
    if not QSystemTrayIcon.isSystemTrayAvailable():
        return None
    return TrayKind.DBUS if sys.platform == "linux" and _has_dbus_tray() else TrayKind.NATIVE


def _has_dbus_tray() -> bool:
    """Ask the bus and not the panel, which may hang."""
    from PySide6.QtDBus import QDBusConnection

    bus = QDBusConnection.sessionBus().interface()
    return bool(bus.isServiceRegistered(WATCHER).value())


def watch_trays(changed: Callable[[], None], parent: QObject) -> None:
    """Call `changed` when a tray joins or leaves the session bus, while `parent` lives."""
    if sys.platform != "linux":
        return
    from PySide6.QtDBus import QDBusConnection, QDBusServiceWatcher

    bus = QDBusConnection.sessionBus()
    if bus.isConnected():
        watcher = QDBusServiceWatcher(
            WATCHER, bus, QDBusServiceWatcher.WatchModeFlag.WatchForOwnerChange, parent
        )
        watcher.serviceOwnerChanged.connect(lambda *_: changed())


class BusWatch:
    """Finds out that Qt lost the session bus, and that a new one is there with a tray on it."""

    def __init__(self) -> None:
        self._was_connected = sys.platform == "linux" and _is_connected()

    def is_stale(self) -> bool:
        """Return whether a new process would have a tray that this one cannot have."""
        if not self._was_connected or _is_connected() or not session_bus_address():
            return False
        from PySide6.QtDBus import QDBusConnection

        bus = QDBusConnection.connectToBus(QDBusConnection.BusType.SessionBus, _PROBE)
        try:
            return bus.isConnected() and bool(bus.interface().isServiceRegistered(WATCHER).value())
        finally:
            del bus
            QDBusConnection.disconnectFromBus(_PROBE)


def _is_connected() -> bool:
    from PySide6.QtDBus import QDBusConnection

    return QDBusConnection.sessionBus().isConnected()
