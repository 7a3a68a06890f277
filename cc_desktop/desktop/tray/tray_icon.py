"""The tray: worst state at a glance, everything else from its menu."""

from __future__ import annotations

import math
import sys
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QSystemTrayIcon

from cc_desktop.desktop.icons.tray import TrayKey, tray_icon
from cc_desktop.desktop.icons.tray_state import TrayIconStyle, tray_state
from cc_desktop.desktop.tray.debounce import TrayAppearance, TrayDebouncer
from cc_desktop.desktop.tray.menu import TrayKind, TrayMenu
from cc_desktop.desktop.widgets.change_batch import ChangeBatch
from cc_desktop.fleet.summary import summarize
from cc_desktop.text import notifications
from cc_desktop.text.summary import tooltip

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QMenu

    from cc_desktop.desktop.widgets.app_actions import Actions
    from cc_desktop.fleet.store import Store
    from cc_desktop.notifications.policy import QuietPeriod

POLL_MS = 1_000
POLL_FAST = 30  # so many polls a second apart, for a panel that starts after us
POLL_SLOW_MS = 30_000
MENU_MS = 500  # how often the menu follows, where it may be open without anyone saying so
WATCHER = "org.kde.StatusNotifierWatcher"


def find_tray() -> TrayKind | None:
    """The tray in which an icon that is made now would appear; None if there is none."""
    if not QSystemTrayIcon.isSystemTrayAvailable():
        return None
    return TrayKind.DBUS if sys.platform == "linux" and _has_dbus_tray() else TrayKind.NATIVE


def _has_dbus_tray() -> bool:
    """Asks the bus and not the panel, which may hang."""
    from PySide6.QtDBus import QDBusConnection

    bus = QDBusConnection.sessionBus().interface()
    return bool(bus.isServiceRegistered(WATCHER).value())


def watch_trays(changed: Callable[[], None], parent: QObject) -> None:
    """Call `changed` when a tray comes to the session bus or leaves it, while `parent` lives."""
    if sys.platform != "linux":
        return
    from PySide6.QtDBus import QDBusConnection, QDBusServiceWatcher

    bus = QDBusConnection.sessionBus()
    if bus.isConnected():
        watcher = QDBusServiceWatcher(
            WATCHER, bus, QDBusServiceWatcher.WatchModeFlag.WatchForOwnerChange, parent
        )
        watcher.serviceOwnerChanged.connect(lambda *_: changed())


class TrayHost(QObject):
    """Shows the icon whenever there is a tray to show it in."""

    def __init__(
        self,
        store: Store,
        actions: Actions,
        open_fleet: Callable[[], None],
        open_agent: Callable[[str, str], None],
        on_tray: Callable[[bool], None],
        *,
        extend_menu: Callable[[QMenu], None] = lambda _menu: None,
        menu_state: Callable[[], object] = lambda: None,
        quiet: Callable[[], QuietPeriod | None] = lambda: None,
        waiting: Callable[[], int] = lambda: 0,
        look: TrayIconStyle = TrayIconStyle.AUTO,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        monotonic: Callable[[], float] = time.monotonic,
        find: Callable[[], TrayKind | None] = find_tray,
        watch: Callable[[Callable[[], None], QObject], None] = watch_trays,
        parent: QObject | None = None,
    ) -> None:
        """`on_tray` hears whether there is a tray, at the start and at every change.

        `extend_menu` and `menu_state`: see `TrayMenu`. `quiet` tells why no notifications are
        shown, `waiting` how many were not; call `refresh` when either changes.
        """
        super().__init__(parent)
        self._store = store
        self._open_fleet = open_fleet
        self._on_tray = on_tray
        self._quiet = quiet
        self._waiting = waiting
        self._look = look
        self._now_ms = now_ms
        self._monotonic = monotonic
        self._find = find
        self._watch = watch
        self._kind: TrayKind | None = None
        self._told: bool | None = None
        self._polls = 0
        self._steady = TrayDebouncer()
        self._shown: TrayAppearance | None = None
        self.icon: QSystemTrayIcon | None = None
        self._menu = TrayMenu(store, actions, open_fleet, open_agent, extend_menu, menu_state)
        self.menu = self._menu.menu
        self.menu.aboutToShow.connect(self._update_menu)
        self._poll_timer = self._timer(self.poll)
        self._steady_timer = self._timer(self._show_what_is_due)
        self._menu_timer = self._timer(self._update_menu)
        self._batch = ChangeBatch(self)
        self._batch.ready.connect(lambda _changes: self.refresh())
        self._batch.caught_up.connect(self.refresh)
        self._unsubscribe = store.subscribe(self._batch.add)

    def _timer(self, act: Callable[[], None]) -> QTimer:
        # The coarse ones may be early, and would have to be started a second time.
        timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        timer.timeout.connect(act)
        return timer

    def start(self) -> None:
        """Look for a tray, now and again and again."""
        self._batch.set_active(True)
        self._watch(self._on_trays_changed, self)
        self.poll()

    def stop(self) -> None:
        """Take the icon away for good."""
        self._batch.set_active(False)
        self._unsubscribe()
        self._drop_icon()
        self._poll_timer.stop()

    def set_look(self, look: TrayIconStyle) -> None:
        """Draw the icon for another panel."""
        if look is self._look:
            return
        self._look = look
        if self.icon is not None and self._shown is not None:
            self.icon.setIcon(tray_icon(self._shown.key, look))

    # Trays come and go

    def poll(self) -> None:
        """Look whether there is a tray.

        WORKAROUND(https://bugreports.qt.io/browse/QTBUG-61898): an icon that was made before its
        host was there never appears, so each coming of a host gets a new one.
        """
        kind = self._find()
        if kind is not self._kind:
            self._drop_icon()
            self._kind = kind
            if kind is None:
                self._polls = 0
            else:
                self._make_icon()
        there = kind is not None
        if there is not self._told:
            self._told = there
            self._on_tray(there)
        self._polls += 1
        self._poll_timer.start(POLL_MS if self._polls <= POLL_FAST else POLL_SLOW_MS)

    def _on_trays_changed(self) -> None:
        """Look again soon. Not at once: a panel that only restarts is back before.

        Not every tray is on the bus, and one that is shows nothing before it says that it does:
        so this makes the polls fast, and does not replace them.
        """
        self._polls = 0
        self._poll_timer.start(POLL_MS)

    def _make_icon(self) -> None:
        self._menu.kind = self._kind
        self._update_menu()
        self.icon = QSystemTrayIcon(self)
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._on_activated)
        self.refresh()
        self.icon.show()

    def _drop_icon(self) -> None:
        self._steady.forget()
        self._shown = None
        self._steady_timer.stop()
        self._menu_timer.stop()
        if self.icon is not None:
            self.icon.hide()
            self.icon.deleteLater()
            self.icon = None

    # What it shows

    def refresh(self) -> None:
        """Show what is known now, as soon as it has settled."""
        if self.icon is None:
            return
        self._steady.want(self._picture(), self._monotonic())
        self._show_what_is_due()
        # Elsewhere the menu says that it is about to show. A tray on the bus asks for the entries
        # when it likes, and some show those that they have.
        if self._kind is TrayKind.DBUS and not self._menu_timer.isActive():
            self._menu_timer.start(MENU_MS)

    def _picture(self) -> TrayAppearance:
        summary = summarize(self._store.fleet)
        state = tray_state(summary)
        quiet = self._quiet()
        if quiet is None:
            return TrayAppearance(TrayKey.of(state, summary.needs_you), tooltip(summary))
        why = notifications.quiet_words(quiet, self._now_ms())
        waiting = notifications.waiting_words(self._waiting())
        more = ", ".join(part for part in (why[:1].lower() + why[1:], waiting) if part)
        # Switched off is how it is meant to be, not a state that passes.
        resting = quiet.reason != "off"
        return TrayAppearance(TrayKey.of(state, summary.needs_you, resting), tooltip(summary, more))

    def _show_what_is_due(self) -> None:
        now = self._monotonic()
        picture = self._steady.take(now)
        if picture is not None and self.icon is not None:
            before, self._shown = self._shown, picture
            if before is None or before.key != picture.key:
                self.icon.setIcon(tray_icon(picture.key, self._look))
            if before is None or before.tooltip != picture.tooltip:
                self.icon.setToolTip(picture.tooltip)
        due = self._steady.due(now)
        if due is None:
            self._steady_timer.stop()
        else:
            self._steady_timer.start(math.ceil((due - now) * 1000))

    def _update_menu(self) -> None:
        self._menu_timer.stop()
        self._menu.update()

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        """A click opens the fleet; the menu opens by itself."""
        reasons = QSystemTrayIcon.ActivationReason
        if reason in (reasons.Trigger, reasons.DoubleClick, reasons.MiddleClick):
            self._open_fleet()
