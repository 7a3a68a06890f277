"""Opens, wires and closes the window, the tray icon and the dialogs."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction

from cc_desktop.config.preferences import TrayPreferences
from cc_desktop.desktop.app_menu import LoginSwitch, add_about_entry, add_login_entry
from cc_desktop.desktop.application import first_paint
from cc_desktop.desktop.fleet_desktop import (
    AwayTools,
    NotificationTools,
    build_fleet_window,
    open_address,
    view_context,
)
from cc_desktop.desktop.icons.status import app_icon
from cc_desktop.desktop.instance.instance_controller import InstanceController
from cc_desktop.desktop.notifications.tray_backend import choose_backend
from cc_desktop.desktop.remembered import WindowMemory, chosen_theme, chosen_tray_style
from cc_desktop.desktop.settings_watcher import SettingsWatcher
from cc_desktop.desktop.shortcut.tools import GlobalKeyTools
from cc_desktop.desktop.style.theme import ThemeManager
from cc_desktop.desktop.tray.no_tray import no_tray_words
from cc_desktop.desktop.update_notice import UpdateNotice
from cc_desktop.desktop.widgets.app_actions import Actions
from cc_desktop.diagnostics.timeline import Timeline
from cc_desktop.fleet.commands import Reconnect
from cc_desktop.notifications.center import NotificationCenter
from cc_desktop.system.supervision import keep_running, run_together
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QMenu

    from cc_desktop.config.settings import Settings
    from cc_desktop.desktop.application import App
    from cc_desktop.desktop.icons.tray_state import TrayIconStyle
    from cc_desktop.desktop.settings.window import SettingsWindow
    from cc_desktop.desktop.setup.connect_desk import ConnectDesk
    from cc_desktop.desktop.system_services import SystemServices
    from cc_desktop.desktop.tray.menu import MenuPart
    from cc_desktop.desktop.tray.tray_icon import TrayHost
    from cc_desktop.diagnostics.crash import CrashHook
    from cc_desktop.monitor import FleetMonitor
    from cc_desktop.notifications.message import Target

log = logging.getLogger(__name__)

LATE_TRAY_MS = 5_000  # how long a hidden start waits for a tray before it shows its window


class DesktopController:
    """The window and the tray icon of one app."""

    def __init__(
        self,
        app: App,
        monitor: FleetMonitor,
        stop: Callable[[], None],
        hidden: bool,
        services: SystemServices,
        hook: CrashHook,
    ) -> None:
        """Build what the window needs; `show` shows it, and `start` adds the rest.

        Args:
            app: The application.
            monitor: The fleet to show.
            stop: Ends the app.
            hidden: Start without the window.
            services: The system around the app.
            hook: Where faults are logged.
        """
        self.monitor = monitor
        self._hidden = hidden
        self._services = services
        self._hook = hook
        self._told_no_tray = False
        self._no_tray = QTimer(singleShot=True, interval=LATE_TRAY_MS)
        self._no_tray.timeout.connect(self._do_without_tray)
        self._settings: SettingsWindow | None = None
        actions = Actions(
            reconnect=self._reconnect,
            show_last_known=monitor.show_last_known,
            quit=stop,
            connect=lambda: self.connect.show_panel() if self.connect else None,
            execute=monitor.execute,
            edit_gateway=lambda gateway: self.connect.edit(gateway) if self.connect else None,
            open_rights=self.open_rights,
            open_settings_file=self._open_settings_file,
            open_address=open_address,
        )
        self._look = ThemeManager(app, chosen_theme(monitor.memory))
        self._remembered = WindowMemory(monitor)
        app.setWindowIcon(app_icon())
        context = view_context(monitor, actions, self._look, self._remembered)
        self.window = build_fleet_window(context, self._remembered)
        self.window.batch.on_active = monitor.set_in_sight
        self.away = AwayTools(self.window, context)
        self.connect = self._make_connect()
        self.notice = UpdateNotice(self.window.notice, None, monitor)
        self._update_url = ""
        monitor.on_settings(self._follow_update_url)
        self.instance = InstanceController(
            services.lock, self.window, monitor.store, self.notice.show_message
        )
        self.settings_watcher = SettingsWatcher(monitor, self.notice)
        self.instance.on_start = self.settings_watcher.reload
        self.global_key = GlobalKeyTools(monitor, self._show_next)
        self._login = LoginSwitch(services.autostart, self._show_failure)
        app.open_link = self.instance.open_link
        self.center = NotificationCenter(
            monitor.store,
            choose_backend(lambda: self.tray.icon, monitor.clock),
            monitor.clock,
            monitor.memory,
            open_target=self._on_notification,
            viewed=self.window.viewed,
            execute=monitor.execute,
        )
        monitor.on_settings(lambda settings: self.center.hooks.configure(settings.hook_command))
        self.notifications = NotificationTools(
            self.window, context, self.center, self.open_settings
        )
        self.instance.show_item = self.notifications.open_item
        self._timeline = Timeline(monitor.store, monitor.now_ms)
        self.restart: Callable[[], None] | None = None  # called when the app has ended
        self._stop = stop
        self._actions = actions
        monitor.memory.notes.subscribe(self.notice.show_hint)

    @cached_property
    def tray(self) -> TrayHost:
        """The tray icon. Built when first needed, so that the window is painted before."""
        from cc_desktop.desktop.tray.tray_icon import TrayHost, TrayOptions
        from cc_desktop.desktop.tray.window_toggle import WindowToggle

        monitor, window = self.monitor, self.window
        tray = TrayHost(
            monitor.store,
            self._actions,
            self.center,
            TrayOptions(
                open_fleet=self.instance.raise_window,
                toggle_fleet=WindowToggle(window, self.instance.raise_window),
                open_agent=window.show_agent,
                open_item=self.notifications.open_item,
                on_tray=self._on_tray,
                on_stale_bus=self._start_again,
                menu=self._menu_parts(),
                style=chosen_tray_style(monitor.memory),
                now_ms=monitor.now_ms,
            ),
        )
        tray.menu.aboutToShow.connect(self._login.refresh)
        self.center.subscribe(tray.refresh)
        return tray

    async def show(self) -> None:
        """Show the window, and return when it has been painted; hidden, do nothing."""
        if not self._hidden:
            self.window.show_fleet()
            await first_paint(self.window, self.monitor.clock)

    def start(self) -> None:
        """Show the tray icon, and listen to later starts."""
        try:
            self.tray.start()
        except Exception as error:  # noqa: BLE001, RUF100 - the window works without the tray
            self._hook.faults.record("tray icon", error)
            self._do_without_tray()
        self._follow_shells()
        self.away.start(self.monitor, self._hook.faults)
        self.global_key.start(self._hook.faults)
        if self.connect is not None and not self._hidden:
            try:
                self.connect.offer()
            except Exception as error:  # noqa: BLE001, RUF100 - the window works without the panel
                self._hook.faults.record("panel of the first start", error)

    def _follow_shells(self) -> None:
        from cc_desktop.desktop.instance.order_desk import OrderDesk

        self.instance.orders = OrderDesk(self.monitor)
        self.instance.start(self._services.link)

    async def run(self) -> None:
        """Run the background work.

        Raises:
            Exception: Whatever ends the fleet monitor: without it the app cannot go on. The other
                parts are restarted.
        """
        clock, faults = self.monitor.clock, self._hook.faults
        mine = {"notifications": self.center.run, "update check": self.notice.run}
        parts = {**mine, **self.away.jobs, **self.global_key.jobs}
        jobs = {name: keep_running(name, part, clock, faults) for name, part in parts.items()}
        await run_together({"fleet monitor": self.monitor.run(), **jobs})

    def _follow_update_url(self, settings: Settings) -> None:
        make = self._services.make_updates
        if make is not None and settings.update_url != self._update_url:
            self._update_url = settings.update_url
            self.notice.replace(make(self.monitor, self._update_url) if self._update_url else None)

    def _reconnect(self, gateway: str | None) -> None:
        self.monitor.execute(Reconnect(gateway or ""))

    def _show_next(self, token: str) -> None:
        self.instance.raise_window(token)
        self.window.batch.flush()
        self.window.centre.or_page(self.window.triage).next()

    def _on_notification(self, target: Target, token: str) -> None:
        """Log a click that fails: it must not end the reader of the clicks."""
        try:
            self.open_target(target, token)
        except Exception as error:  # noqa: BLE001, RUF100 - the border of a failure domain
            self._hook.faults.record("click on a notification", error)

    def open_target(self, target: Target, token: str) -> None:
        """Show what a notification or a notice is about, in front."""
        self.instance.raise_window(token)
        if len(target.agents) == 1:  # its details have what it takes to decide
            self.window.show_agent(*target.agents[0])
        elif target.item:
            self.notifications.open_item(target.item)
        elif target.agents:
            self.window.show_only(target.agents, target.words)
        elif target.devices:
            self.window.show_devices()
        elif target.gateway:
            self.window.show_gateway(target.gateway)

    def open_settings(self, page: str = "") -> None:
        """Show the settings, at a page or at the last one."""
        if self._settings is None:
            # Here: most starts never open it.
            from cc_desktop.desktop.settings.page import Preference, SettingsContext
            from cc_desktop.desktop.settings.window import SettingsWindow
            from cc_desktop.desktop.setup import settings_tools as tools

            paths, memory, look = self._services.paths, self.monitor.memory, self._look
            context = SettingsContext(
                self._look,
                self.monitor.store,
                self.monitor.now_ms,
                self.center,
                Preference(lambda: chosen_tray_style(memory), self._set_tray_look),
                gateways=tools.gateway_tools(self.connect, self.monitor, look, paths),
                general=tools.general_tools(
                    *(self._login, look, self.monitor, paths, self._open_settings_file),
                    self.global_key.choice,
                ),
                about=tools.about_tools(self.monitor, self.notice, paths, self._timeline),
                guard=tools.guard_tools(self.monitor, paths),
            )
            self._settings = SettingsWindow(context, self._remembered)
        self._settings.show_page(page)

    def open_rights(self, gateway: str) -> None:
        """Show what this computer may do on a gateway."""
        self.open_settings("gateways")
        if self._settings is not None:
            self._settings.open_part(gateway)

    @property
    def settings_window(self) -> SettingsWindow | None:
        """The settings, once they were opened."""
        return self._settings

    def open_about(self) -> None:
        """Show the page About."""
        self.open_settings("about")

    def _make_connect(self) -> ConnectDesk | None:
        setup, paths = self._services.setup, self._services.paths
        if setup is None or paths is None:
            return None
        from cc_desktop.desktop.setup.connect_desk import ConnectDesk

        return ConnectDesk(
            self.window,
            self.monitor,
            paths.settings,
            lambda: setup(self.monitor),
            lambda line: self.notice.show_message(line),
        )

    def _open_settings_file(self) -> None:
        if self.connect is not None:
            self.connect.open_settings_file()

    def _set_tray_look(self, look: TrayIconStyle) -> None:
        self.monitor.memory.preferences.set(TrayPreferences(look.value))
        self.tray.set_look(look)

    def _menu_parts(self) -> tuple[MenuPart, ...]:
        """What the tray's menu offers beside the fleet."""
        from cc_desktop.desktop.tray.menu import MenuPart
        from cc_desktop.desktop.tray.notifications_menu import notifications_part

        center, login = self.center, self._login
        return (
            notifications_part(
                center, self.open_settings, self.notifications.show_history, self.monitor.now_ms
            ),
            *((self.connect.menu_part(),) if self.connect else ()),
            MenuPart(lambda: None, self._add_settings_entry),
            MenuPart(lambda: login.on, lambda menu: add_login_entry(menu, login)),
            MenuPart(
                lambda: self.notice.update,
                lambda menu: add_about_entry(menu, self.open_about, self.notice.update),
            ),
        )

    def _add_settings_entry(self, menu: QMenu) -> None:
        settings = QAction(tr("Settings…"), menu)
        settings.triggered.connect(lambda _checked=False: self.open_settings())
        menu.addAction(settings)

    def _start_again(self) -> None:
        """End the app and start it again, with its window as visible as it is now."""
        log.warning("the session bus came back, which Qt cannot use: the app starts again")
        services = self._services
        self.restart = services.restart if self.window.isVisible() else services.restart_hidden
        self._stop()

    def _show_failure(self, line: str) -> None:
        self.instance.raise_window()
        self.notice.show_message(line)

    def _on_tray(self, there: bool) -> None:
        """Closing the window leaves the tray icon; without a tray, it ends the app."""
        self.window.quit_on_close = not there
        if there:
            self._no_tray.stop()
            if self._told_no_tray:
                self._told_no_tray = False
                self.notice.drop_hint(no_tray_words())
        elif self._hidden and not self._told_no_tray:
            self._no_tray.start()  # at login the tray may start later than the app
        else:
            self._do_without_tray()

    def _do_without_tray(self) -> None:
        """Show the window: an app with neither window nor icon could not be reached."""
        self.window.quit_on_close = True
        if not self.window.isVisible():
            self.window.show_fleet()
        if not self._told_no_tray:
            self._told_no_tray = True
            self.notice.show_hint(no_tray_words(), last=True)

    def stop(self) -> None:
        """Close everything. A part that fails does not keep the others open."""
        self._no_tray.stop()
        self.window.quit_on_close = False
        for name, close in (
            ("instance", self.instance.stop),
            ("settings file", self.settings_watcher.stop),
            ("tray", self.tray.stop),
            ("away", self.away.stop),
            ("connect", self.connect.stop if self.connect else lambda: None),
            ("settings", self._settings.close if self._settings else lambda: None),
            ("window", self.window.close),
        ):
            try:
                close()
            except Exception as error:  # noqa: BLE001, RUF100 - the others must be closed too
                self._hook.faults.record(f"closing: {name}", error)
        for widget in (self._settings, self.window):
            if widget is not None:
                widget.deleteLater()
