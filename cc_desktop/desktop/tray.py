"""The tray: worst state at a glance, everything else from its menu."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from cc_desktop.desktop import words
from cc_desktop.desktop.batch import ChangeBatch
from cc_desktop.desktop.icons import tray_icon, tray_key
from cc_desktop.fleet.model import Status
from cc_desktop.fleet.summary import TrayState, summarize

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.desktop.actions import Actions
    from cc_desktop.fleet.model import Agent, Fleet
    from cc_desktop.fleet.store import Store

POLL_MS = 1_000
POLL_FAST = 30  # so many polls a second apart, for a panel that starts after us
POLL_SLOW_MS = 30_000
LISTED = 12  # agents of each kind in the menu
_RANK = {status: rank for rank, status in enumerate(Status)}


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
        extend_menu: Callable[[QMenu], None] | None = None,
        menu_state: Callable[[], object] = lambda: None,
        snoozed: Callable[[], bool] = lambda: False,
        dark_panel: bool | None = None,
        available: Callable[[], bool] = QSystemTrayIcon.isSystemTrayAvailable,
        parent: QObject | None = None,
    ) -> None:
        """`on_tray` hears whether there is a tray, at the start and at every change.

        `extend_menu` adds entries above Quit; whenever what `menu_state` gives is another, the
        menu is made anew.
        """
        super().__init__(parent)
        self._store = store
        self._actions = actions
        self._open_fleet = open_fleet
        self._open_agent = open_agent
        self._on_tray = on_tray
        self._extend_menu = extend_menu
        self._menu_state = menu_state
        self._snoozed = snoozed
        self._dark_panel = dark_panel
        self._available = available
        self._told: bool | None = None
        self._polls = 0
        self._shown: tuple[object, ...] | None = None
        self._entries: tuple[tuple[str, str, str], ...] = ()
        self._menu_shows: object = None
        self.icon: QSystemTrayIcon | None = None
        self.menu = QMenu()  # one for life: hosts keep what they were handed
        self.menu.aboutToShow.connect(self._update_menu)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.poll)
        self._batch = ChangeBatch(self)
        self._batch.ready.connect(lambda _changes: self.refresh())
        self._batch.caught_up.connect(self.refresh)
        self._unsubscribe = store.subscribe(self._batch.add)

    def start(self) -> None:
        """Look for a tray, now and again and again."""
        self._batch.set_active(True)
        self.poll()

    def stop(self) -> None:
        """Take the icon away for good."""
        self._timer.stop()
        self._batch.set_active(False)
        self._unsubscribe()
        self._drop_icon()

    def poll(self) -> None:
        """Look whether there is a tray.

        WORKAROUND(https://bugreports.qt.io/browse/QTBUG-61898): an icon that was made before its
        host was there never appears, so each coming of a host gets a new one.
        """
        there = self._available()
        if there and self.icon is None:
            self._make_icon()
        elif not there and self.icon is not None:
            self._drop_icon()
            self._polls = 0
        if there is not self._told:
            self._told = there
            self._on_tray(there)
        self._polls += 1
        self._timer.start(POLL_MS if self._polls <= POLL_FAST else POLL_SLOW_MS)

    def _make_icon(self) -> None:
        self.icon = QSystemTrayIcon(self)
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._on_activated)
        self._shown = None
        self.refresh()
        self.icon.show()

    def _drop_icon(self) -> None:
        if self.icon is not None:
            self.icon.hide()
            self.icon.deleteLater()
            self.icon = None

    # What it shows

    def refresh(self) -> None:
        """Show what is known now; touches the icon only when it looks different."""
        if self.icon is None:
            return
        summary = summarize(self._store.fleet)
        state = summary.tray
        if self._snoozed() and state in (TrayState.IDLE, TrayState.WORKING):
            state = TrayState.SNOOZED  # who snoozed still sees that something is wrong
        key = tray_key(state, summary.needs_you)
        if self._shown is None or self._shown[0] != key:
            self.icon.setIcon(tray_icon(key[0], key[1], self._dark_panel))
        if self._shown is None or self._shown[1] != summary.tooltip:
            self.icon.setToolTip(summary.tooltip)
        self._shown = (key, summary.tooltip)
        self._update_menu()  # some hosts never say that they show it

    def _menu_entries(self) -> tuple[tuple[str, str, str], ...]:
        """Text, gateway id and agent id of every line; without ids it cannot be chosen."""
        fleet = self._store.fleet
        summary = summarize(fleet)
        demo = "DEMO · " if summary.tray is TrayState.DEMO else ""
        entries = [(f"{demo}{summary.headline}", "", "")]
        several = len(fleet.shown()) > 1
        for wanted in (
            (Status.ERROR, Status.WAITING, Status.STUCK),
            (Status.ACTIVE, Status.THINKING),
        ):
            agents = _agents(fleet, wanted)
            first = heapq.nsmallest(
                LISTED, agents, key=lambda agent: (_RANK[agent.status], agent.shown_name.casefold())
            )
            for agent in first:
                where = f" ({words.plain(fleet.gateways[agent.gateway].name, 30)})"
                name = words.plain(agent.shown_name, 40) + (where if several else "")
                text = f"{name} · {words.STATUS_WORDS[agent.status]}"
                entries.append((text, agent.gateway, agent.id))
            if len(agents) > len(first):
                entries.append((f"and {len(agents) - len(first)} more", "", ""))
        return tuple(entries)

    def _update_menu(self) -> None:
        """Make the menu anew only if it differs: hosts hold on to the entries they fetched."""
        entries = self._menu_entries()
        shows = (entries, self._menu_state())
        if shows != self._menu_shows:
            self._menu_shows = shows
            self._entries = entries
            self._rebuild_menu()

    def _rebuild_menu(self) -> None:
        menu = self.menu
        menu.clear()
        for number, (text, gateway, agent) in enumerate(self._entries):
            action = self._add(text)
            action.setEnabled(bool(gateway) or number > 0)
            if gateway:
                action.triggered.connect(
                    lambda _checked=False, gateway=gateway, agent=agent: self._open_agent(
                        gateway, agent
                    )
                )
            elif number:
                action.triggered.connect(lambda _checked=False: self._open_fleet())
            if number == 0 and len(self._entries) > 1:
                menu.addSeparator()
        menu.addSeparator()
        opener = self._add("Open fleet")
        opener.triggered.connect(lambda _checked=False: self._open_fleet())
        menu.setDefaultAction(opener)
        reconnect = self._add("Reconnect now")
        reconnect.triggered.connect(lambda _checked=False: self._actions.reconnect(None))
        if self._extend_menu is not None:
            self._extend_menu(menu)
        menu.addSeparator()
        self._add("Quit").triggered.connect(lambda _checked=False: self._actions.quit())

    def _add(self, text: str) -> QAction:
        action = QAction(text.replace("&", "&&"), self.menu)
        self.menu.addAction(action)
        return action

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        """A click opens the fleet; the menu opens by itself."""
        reasons = QSystemTrayIcon.ActivationReason
        if reason in (reasons.Trigger, reasons.DoubleClick, reasons.MiddleClick):
            self._open_fleet()


def _agents(fleet: Fleet, wanted: tuple[Status, ...]) -> list[Agent]:
    return [
        agent
        for gateway in fleet.shown()
        for agent in gateway.agents.values()
        if agent.status in wanted
    ]
