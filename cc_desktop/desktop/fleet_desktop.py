"""Puts the views together: the window with its details, and the notifications under the bell."""

from __future__ import annotations

import itertools
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QKeySequence, QShortcut, QWindow

from cc_desktop.desktop.details.panel import Details
from cc_desktop.desktop.icons.glyphs import Glyph
from cc_desktop.desktop.notifications.bell_button import Bell
from cc_desktop.desktop.widgets.accessible.announcer import Announcer
from cc_desktop.desktop.widgets.icon_button import IconButton
from cc_desktop.desktop.widgets.rows.row_menu import add_mutes
from cc_desktop.desktop.widgets.view_context import ViewContext
from cc_desktop.desktop.window.fleet_window import FleetWindow
from cc_desktop.notifications.kinds import RULES
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from PySide6.QtWidgets import QMenu

    from cc_desktop.desktop.away.desk import AwayDesk
    from cc_desktop.desktop.notifications.history_panel import HistoryPanel
    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.widgets.agent_pane import Key
    from cc_desktop.desktop.widgets.app_actions import Actions
    from cc_desktop.monitor import FleetMonitor
    from cc_desktop.notifications.center import NotificationCenter
    from cc_desktop.system.supervision import FaultLog


def build_fleet_window(context: ViewContext, remembered: MutableMapping[str, str]) -> FleetWindow:
    """The window with the details beside its list. `remembered` keeps what it looked like."""
    return FleetWindow(context, Details(context), remembered)


def view_context(
    monitor: FleetMonitor,
    actions: Actions,
    look: ThemeManager,
    remembered: MutableMapping[str, str],
) -> ViewContext:
    """What the views of a monitor's fleet need. `remembered` keeps what they looked like."""
    return ViewContext(
        *(monitor.store, actions, monitor.now_ms, look),
        queries=monitor.queries,
        history=monitor.history,
        remembered=remembered,
        views=monitor.views,
    )


def open_address(address: str) -> None:
    """Open an address in the browser. Nothing else than the web is opened."""
    url = QUrl(address, QUrl.ParsingMode.StrictMode)
    if url.isValid() and url.scheme() in ("http", "https"):
        QDesktopServices.openUrl(url)


class AwayTools:
    """The card above the list, and what tells that the operator was away.

    Attributes:
        jobs: What has to run in the background, by name: listening for a locked screen.
        desk: Notices an absence; None until `start`, or if that failed.
    """

    def __init__(self, window: FleetWindow, context: ViewContext) -> None:
        self._window = window
        self._context = context
        self._handle: QWindow | None = None
        self.jobs: dict[str, Callable[[], Awaitable[object]]] = {}
        self.desk: AwayDesk | None = None

    def start(self, monitor: FleetMonitor, faults: FaultLog) -> None:
        """Begin, once the first picture is painted. Without it the fleet can be seen as well."""
        try:
            self._start(monitor)
        except Exception as error:  # noqa: BLE001, RUF100 - the border of a failure domain
            faults.record("while you were away", error)

    def _start(self, monitor: FleetMonitor) -> None:
        from cc_desktop.desktop.away.desk import AwayDesk, AwayPorts
        from cc_desktop.desktop.away.lock_watch import LockWatch

        window = self._window
        ports = AwayPorts(monitor.recall, monitor.remember, self._open_agents, window.show_gateway)
        self.desk = AwayDesk(self._context, ports)
        if sys.platform == "linux":
            self.jobs["screen lock"] = LockWatch(monitor.clock, self.desk.set_locked).run
        window.column.insertWidget(window.column.indexOf(window.splitter), self.desk.pane)
        window.seen.connect(self._on_seen)
        if window.isVisible() and not window.isMinimized():
            self._on_seen()

    def stop(self) -> None:
        """The app ends."""
        if self.desk is not None:
            self.desk.stop()

    def _on_seen(self) -> None:
        handle = self._window.windowHandle()
        if handle is not self._handle:  # there is one: the window has been shown
            self._handle = handle
            handle.visibilityChanged.connect(self._on_visibility)
        if self.desk is not None:
            self.desk.set_visible(True)

    def _on_visibility(self, visibility: QWindow.Visibility) -> None:
        unseen = (QWindow.Visibility.Hidden, QWindow.Visibility.Minimized)
        if visibility in unseen and self.desk is not None:
            self.desk.set_visible(False)

    def _open_agents(self, agents: tuple[Key, ...], words: str) -> None:
        if len(agents) == 1:
            self._window.show_agent(*agents[0])
        else:
            self._window.show_only(agents, words)


class NotificationTools:
    """Bell and gear in the window, the list under the bell, and the marks of muted agents.

    Attributes:
        announcer: Tells screen readers what is new, while the window is in sight.
    """

    def __init__(
        self,
        window: FleetWindow,
        context: ViewContext,
        center: NotificationCenter,
        open_settings: Callable[[], None],
    ) -> None:
        self._window = window
        self._context = context
        self._center = center
        self._open_settings = open_settings
        self._panel: HistoryPanel | None = None
        self.announcer = Announcer(window)
        self._announced = self._newest()  # the id of a notice
        self.bell = Bell(context.look, center, context.clock)
        self.bell.clicked.connect(lambda _checked=False: self.show_history())
        self.gear = IconButton(context.look, Glyph.GEAR, tr("Settings (Ctrl+,)"))
        self.gear.clicked.connect(lambda _checked=False: open_settings())
        QShortcut(QKeySequence("Ctrl+,"), window).activated.connect(open_settings)
        window.add_tools(self.bell, self.gear)
        window.list.extend_menu(self._extend_menu)
        window.seen.connect(self.refresh)
        center.subscribe(self.refresh)
        self.refresh()

    @property
    def panel(self) -> HistoryPanel:
        """The list under the bell; built when it is first asked for."""
        if self._panel is None:
            from cc_desktop.desktop.notifications.history_panel import HistoryPanel

            self._panel = HistoryPanel(
                self._context.look,
                self._center,
                self._context.store,
                self._context.clock,
                self._open_settings,
                self._window,
            )
        return self._panel

    def show_history(self) -> None:
        """Show the list under the bell."""
        self._window.show_fleet()
        self.panel.open_under(self.bell)

    def refresh(self) -> None:
        """Show what is known now; a hidden window does no work."""
        if self._window.batch.active:
            self.bell.refresh()
            self._window.set_muted(self._center.preferences.muted)
            self._announce()
        self._announced = self._newest()

    def _newest(self) -> int:
        notices = self._center.notices
        return notices[0].id if notices else 0

    def _announce(self) -> None:
        """Say what has come since, unless the operator wants to be left alone."""
        center = self._center
        if center.quiet is not None:
            return
        fresh = itertools.takewhile(lambda notice: notice.id > self._announced, center.notices)
        for notice in reversed(tuple(fresh)):
            if not notice.over and not center.preferences.is_muted(notice.gateway, notice.agent):
                self.announcer.announce(plain(notice.title), RULES[notice.kind].urgent)

    def _extend_menu(self, menu: QMenu, gateway_id: str, agent_id: str) -> None:
        add_mutes(menu, self._center, self._context.store.fleet, gateway_id, agent_id)
