"""Puts the views together: the window with its details, and the notifications under the bell."""

from __future__ import annotations

import sys
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QKeySequence, QShortcut, QWindow

from cc_desktop.config.control_ui import control_ui_address
from cc_desktop.desktop.details.panel import Details
from cc_desktop.desktop.icons.glyphs import Glyph
from cc_desktop.desktop.notifications.bell_button import Bell
from cc_desktop.desktop.widgets.accessible.announcer import Announcer
from cc_desktop.desktop.widgets.icon_button import IconButton
from cc_desktop.desktop.widgets.rows.row_menu import add_mutes, add_watches
from cc_desktop.desktop.widgets.view_context import ViewContext
from cc_desktop.desktop.window.fleet_window import FleetWindow
from cc_desktop.fleet.inbox import InboxChanged, Severity
from cc_desktop.fleet.model import Origin
from cc_desktop.text.i18n import tr
from cc_desktop.text.inbox.lines import headline

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from PySide6.QtWidgets import QMenu

    from cc_desktop.desktop.away.desk import AwayDesk
    from cc_desktop.desktop.inbox.page import InboxPage
    from cc_desktop.desktop.inbox.ports import InboxPorts
    from cc_desktop.desktop.inbox.section import AgentSection
    from cc_desktop.desktop.notifications.history_panel import HistoryPanel
    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.widgets.agent_pane import Key
    from cc_desktop.desktop.widgets.app_actions import Actions
    from cc_desktop.fleet.inbox import InboxItem
    from cc_desktop.fleet.model import Change
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
    """Bell and gear in the window, the inbox behind the bell, and the marks of muted agents.

    Attributes:
        announcer: Tells screen readers what is new, while the window is in sight.
        ports: What the inbox needs of the app.
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
        self._inbox: InboxPage | None = None
        self._panel: HistoryPanel | None = None
        self.announcer = Announcer(window)
        self.bell = Bell(context.look, context.store, center, context.clock)
        self.bell.clicked.connect(lambda _checked=False: self.toggle_inbox())
        self.gear = IconButton(context.look, Glyph.GEAR, tr("Settings (Ctrl+,)"))
        self.gear.clicked.connect(lambda _checked=False: open_settings())
        QShortcut(QKeySequence("Ctrl+,"), window).activated.connect(open_settings)
        QShortcut(QKeySequence("Ctrl+I"), window).activated.connect(self.toggle_inbox)
        window.add_tools(self.bell, self.gear)
        window.list.extend_menu(self._extend_menu)
        window.strip.chosen.connect(self.show_inbox)
        if isinstance(window.details, Details):
            window.details.set_section(self._make_section)
        window.seen.connect(self.refresh)
        window.batch.ready.connect(self._on_changes)
        window.batch.caught_up.connect(self.refresh)
        center.subscribe(self.refresh)
        self.refresh()

    @cached_property
    def ports(self) -> InboxPorts:
        """Made when the inbox, or a card in the details, is first needed."""
        from cc_desktop.desktop.inbox.ports import InboxPorts
        from cc_desktop.desktop.widgets.rights.right_prompt import RightPrompt, RightsPort

        window, context = self._window, self._context
        return InboxPorts(
            context,
            ask_right=lambda gateway, right: RightPrompt(RightsPort.of(context), gateway, right),
            open_agent=window.show_agent,
            open_agents=window.show_only,
            control_ui=self._control_ui,
            open_address=context.actions.open_address,
            open_gateway=window.show_gateway,
            open_item=self.open_item,
            show_fleet=window.centre.show_fleet,
            say=lambda text, urgent: self.announcer.announce(text, urgent),
        )

    @property
    def panel(self) -> HistoryPanel:
        """What was told earlier; built when it is first asked for."""
        if self._panel is None:
            from cc_desktop.desktop.notifications.history_panel import HistoryPanel

            self._panel = HistoryPanel(
                self._context.look,
                self._center,
                self._context.store,
                self._context.clock,
                self._open_settings,
            )
        return self._panel

    @property
    def inbox(self) -> InboxPage:
        """The page; built when it is first asked for."""
        if self._inbox is None:
            from cc_desktop.desktop.inbox.page import InboxPage

            self._inbox = InboxPage(self.ports, self._window.batch, self.panel)
        return self._inbox

    def _control_ui(self, item: InboxItem) -> str:
        """Where the gateway shows an item itself; sample data is shown nowhere."""
        gateway = self._context.store.fleet.gateways.get(item.gateway)
        if gateway is None or gateway.origin is Origin.DEMO:
            return ""
        version = gateway.connection.server_version
        return control_ui_address(gateway.url, version, item.session_key)

    def _make_section(self) -> AgentSection:
        from cc_desktop.desktop.inbox.section import AgentSection

        return AgentSection(self.ports)

    def toggle_inbox(self) -> None:
        """Show the inbox, or the fleet again."""
        if self._inbox is not None and self._window.centre.page is self._inbox:
            self._window.centre.show_fleet()
            self._window.list.setFocus()
        else:
            self.show_inbox()

    def show_inbox(self, gateway: str = "") -> None:
        """Show what is open; of one gateway, or of all."""
        self._window.show_fleet()
        self.inbox.show_kind("open")
        self.inbox.show_gateway(gateway)
        self._window.centre.show_page(self.inbox)

    def show_history(self) -> None:
        """Show what was told earlier."""
        self.show_inbox()
        self.inbox.show_kind("earlier")
        self.panel.focus_first()

    def open_item(self, ident: str) -> None:
        """Show an item, or that it is over."""
        self._window.show_fleet()
        self._window.batch.flush()
        self._window.centre.show_page(self.inbox)
        self.inbox.open_item(ident)

    def refresh(self) -> None:
        """Show what is known now; a hidden window does no work."""
        if self._window.batch.active:
            self.bell.refresh()
            self._window.set_muted(self._center.preferences.muted)

    def _on_changes(self, changes: list[Change]) -> None:
        items = [change for change in changes if isinstance(change, InboxChanged)]
        if items:
            self.bell.refresh()
            self._announce(items)

    def _announce(self, changes: list[InboxChanged]) -> None:
        """Say what has begun, unless the operator wants to be left alone."""
        center, now = self._center, self._context.clock()
        if center.quiet is not None:
            return
        for change in changes:
            item = change.after
            if item is None or change.before is not None or item.seen or item.part_of:
                continue
            if not center.preferences.is_muted(item.gateway, item.agent):
                self.announcer.announce(headline(item, now), item.severity is Severity.NEEDS_YOU)

    def _extend_menu(self, menu: QMenu, gateway_id: str, agent_id: str) -> None:
        fleet = self._context.store.fleet
        add_watches(menu, self._context.actions.execute, fleet, gateway_id, agent_id)
        add_mutes(menu, self._center, fleet, gateway_id, agent_id)
