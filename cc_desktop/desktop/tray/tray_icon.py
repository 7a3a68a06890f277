"""The tray icon: the worst state at a glance, everything else from its menu."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QSystemTrayIcon

from cc_desktop.desktop.icons.tray import TrayKey, tray_icon
from cc_desktop.desktop.icons.tray_state import TrayIconStyle, tray_state
from cc_desktop.desktop.tray.availability import BusWatch, TrayKind, find_tray, watch_trays
from cc_desktop.desktop.tray.debounce import TrayAppearance, TrayDebouncer
from cc_desktop.desktop.tray.menu import MenuPart, TrayMenu
from cc_desktop.desktop.widgets.rows.change_batch import ChangeBatch
from cc_desktop.fleet.summary import summarize
from cc_desktop.notifications.policy import OFF
from cc_desktop.text import notifications
from cc_desktop.text.summary import tooltip

if TYPE_CHECKING:
    from cc_desktop.desktop.widgets.app_actions import Actions
    from cc_desktop.fleet.store import Store
    from cc_desktop.notifications.center import NotificationCenter

POLL_MS = 1_000
POLL_FAST = 30  # polls a second apart, for a panel that starts after us
POLL_SLOW_MS = 30_000
MENU_MS = 500  # between two updates of a menu that may be open without anyone saying so


class TrayOptions(Struct, frozen=True):
    """What the tray needs of the app around it.

    Attributes:
        open_fleet: Shows the window.
        toggle_fleet: Shows the window, or hides it when it is in front.
        open_agent: Shows an agent, by gateway id and agent id.
        open_item: Shows an item of the inbox, by its id.
        on_tray: Called with whether there is a tray, at the start and at every change.
        on_stale_bus: Called when only a new process could have a tray, see `BusWatch`.
        menu: Entries beside those about the fleet.
        style: For which panel the icon is drawn.
        now_ms: Local ms.
        monotonic: s.
        find: Returns the tray in which a new icon would appear.
        watch: Calls back when a tray comes or goes.
        is_bus_stale: Whether only a new process could have a tray; None: asks Qt.
    """

    open_fleet: Callable[[], None]
    toggle_fleet: Callable[[], None]
    open_agent: Callable[[str, str], None]
    on_tray: Callable[[bool], None]
    open_item: Callable[[str], None] = lambda _ident: None
    on_stale_bus: Callable[[], None] = lambda: None
    menu: Sequence[MenuPart] = ()
    style: TrayIconStyle = TrayIconStyle.AUTO
    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    monotonic: Callable[[], float] = time.monotonic
    find: Callable[[], TrayKind | None] = find_tray
    watch: Callable[[Callable[[], None], QObject], None] = watch_trays
    is_bus_stale: Callable[[], bool] | None = None


class TrayHost(QObject):
    """Shows the icon whenever there is a tray to show it in."""

    def __init__(
        self,
        store: Store,
        actions: Actions,
        center: NotificationCenter,
        options: TrayOptions,
        parent: QObject | None = None,
    ) -> None:
        """Prepare; `start` looks for a tray. Call `refresh` when the center changed."""
        super().__init__(parent)
        self._store = store
        self._center = center
        self._options = options
        self._style = options.style
        self._is_bus_stale = options.is_bus_stale or BusWatch().is_stale
        self._kind: TrayKind | None = None
        self._reported: bool | None = None
        self._polls = 0
        self._debouncer = TrayDebouncer()
        self._shown: TrayAppearance | None = None
        self.icon: QSystemTrayIcon | None = None
        self._menu = TrayMenu(
            store,
            actions,
            options.open_fleet,
            options.open_agent,
            options.open_item,
            options.now_ms,
            options.menu,
        )
        self.menu = self._menu.menu
        self.menu.aboutToShow.connect(self._update_menu)
        self._poll_timer = self._timer(self.poll)
        self._debounce_timer = self._timer(self._show_what_is_due)
        self._menu_timer = self._timer(self._update_menu)
        self._batch = ChangeBatch(self)
        self._batch.ready.connect(lambda _changes: self.refresh())
        self._batch.caught_up.connect(self.refresh)
        self._unsubscribe = store.subscribe(self._batch.add)

    def _timer(self, act: Callable[[], None]) -> QTimer:
        # Coarse timers may be early, and would have to be started a second time.
        timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        timer.timeout.connect(act)
        return timer

    def start(self) -> None:
        """Look for a tray from now on."""
        self._batch.set_active(True)
        self._options.watch(self._on_trays_changed, self)
        self.poll()

    def stop(self) -> None:
        """Take the icon away for good."""
        self._batch.set_active(False)
        self._unsubscribe()
        self._drop_icon()
        self._poll_timer.stop()

    def set_look(self, look: TrayIconStyle) -> None:
        """Draw the icon for another panel."""
        if look is self._style:
            return
        self._style = look
        if self.icon is not None and self._shown is not None:
            self.icon.setIcon(tray_icon(self._shown.key, look))

    # Trays come and go

    def poll(self) -> None:
        """Look whether there is a tray.

        WORKAROUND(https://bugreports.qt.io/browse/QTBUG-61898): an icon that was made before its
        host was there never appears, so each host that comes gets a new one.
        """
        if self._kind is None and self._is_bus_stale():
            self._options.on_stale_bus()
            return
        kind = self._options.find()
        if kind is not self._kind:
            self._drop_icon()
            self._kind = kind
            if kind is None:
                self._polls = 0
            else:
                self._make_icon()
        there = kind is not None
        if there is not self._reported:
            self._reported = there
            self._options.on_tray(there)
        self._polls += 1
        self._poll_timer.start(POLL_MS if self._polls <= POLL_FAST else POLL_SLOW_MS)

    def _on_trays_changed(self) -> None:
        """Look again in a second: a panel that only restarts is back by then.

        This does not replace the polls. Not every tray is on the bus, and one that is shows no
        icons before it says so.
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
        self._debouncer.reset()
        self._shown = None
        self._debounce_timer.stop()
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
        self._debouncer.request(self._appearance(), self._options.monotonic())
        self._show_what_is_due()
        # Other trays announce that the menu opens. Trays on the bus may show what they fetched.
        if self._kind is TrayKind.DBUS and not self._menu_timer.isActive():
            self._menu_timer.start(MENU_MS)

    def _appearance(self) -> TrayAppearance:
        summary = summarize(self._store.fleet)
        state = tray_state(summary)
        quiet = self._center.quiet
        count = summary.needs_you + summary.gateway_needs_you
        warned = summary.warnings > 0
        if quiet is None:
            return TrayAppearance(TrayKey.of(state, count, warned=warned), tooltip(summary))
        why = notifications.quiet_words(quiet, self._options.now_ms())
        waiting = notifications.waiting_words(self._center.waiting)
        more = ", ".join(part for part in (why[:1].lower() + why[1:], waiting) if part)
        resting = quiet.reason is not OFF  # "off" is a choice, not a state that passes
        return TrayAppearance(
            TrayKey.of(state, count, resting, warned=warned), tooltip(summary, more)
        )

    def _show_what_is_due(self) -> None:
        now = self._options.monotonic()
        appearance = self._debouncer.poll(now)
        if appearance is not None and self.icon is not None:
            before, self._shown = self._shown, appearance
            if before is None or before.key != appearance.key:
                self.icon.setIcon(tray_icon(appearance.key, self._style))
            if before is None or before.tooltip != appearance.tooltip:
                self.icon.setToolTip(appearance.tooltip)
        due = self._debouncer.due(now)
        if due is None:
            self._debounce_timer.stop()
        else:
            self._debounce_timer.start(math.ceil((due - now) * 1000))

    def _update_menu(self) -> None:
        self._menu_timer.stop()
        self._menu.update()

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        """A click shows or hides the fleet; the menu opens by itself.

        A double click comes after a click of its own, so it must not hide what that showed.
        """
        reasons = QSystemTrayIcon.ActivationReason
        if reason == reasons.Trigger:
            self._options.toggle_fleet()
        elif reason in (reasons.DoubleClick, reasons.MiddleClick):
            self._options.open_fleet()
