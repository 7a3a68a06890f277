"""Opens, wires and closes the window, the tray icon and the dialogs; ends the app in one place."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QAction

from cc_desktop.about import APP_ID, ExitCode
from cc_desktop.desktop.app_menu import LoginSwitch, add_about_entry, add_login_entry
from cc_desktop.desktop.application import App, run
from cc_desktop.desktop.fleet_desktop import NotificationTools, build_fleet_window
from cc_desktop.desktop.icons.status import app_icon
from cc_desktop.desktop.instance_controller import InstanceController
from cc_desktop.desktop.notifications.tray_backend import choose_backend
from cc_desktop.desktop.style.theme import ThemeManager
from cc_desktop.desktop.system_services import SystemServices
from cc_desktop.desktop.tray.menu import MenuPart
from cc_desktop.desktop.tray.notifications_menu import notifications_part
from cc_desktop.desktop.tray.tray_icon import TrayHost, TrayOptions
from cc_desktop.desktop.tray.window_toggle import WindowToggle
from cc_desktop.desktop.update_notice import UpdateNotice
from cc_desktop.desktop.widgets.app_actions import Actions
from cc_desktop.desktop.widgets.view_context import ViewContext
from cc_desktop.diagnostics import crash
from cc_desktop.fleet.commands import MarkSeen, Reconnect, Refresh
from cc_desktop.fleet.summary import TrayIconStyle
from cc_desktop.notifications.center import NotificationCenter
from cc_desktop.system.supervision import keep_running
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from PySide6.QtWidgets import QMenu

    from cc_desktop.desktop.about_dialog import AboutDialog
    from cc_desktop.desktop.settings.window import SettingsWindow
    from cc_desktop.monitor import FleetMonitor
    from cc_desktop.notifications.message import Target

log = logging.getLogger(__name__)

LATE_TRAY_MS = 5_000  # how long a hidden start waits for a tray before it shows its window


class _WindowMemory(MutableMapping[str, str]):
    """What the window remembers between starts."""

    def __init__(self, monitor: FleetMonitor) -> None:
        self._monitor = monitor
        kept = monitor.recall("window")
        self._kept: dict[str, str] = (
            {str(key): value for key, value in kept.items() if isinstance(value, str)}
            if isinstance(kept, dict)
            else {}
        )

    def __getitem__(self, key: str) -> str:
        return self._kept[key]

    def __setitem__(self, key: str, value: str) -> None:
        if self._kept.get(key) != value:
            self._kept[key] = value
            self._monitor.remember("window", dict(self._kept))

    def __delitem__(self, key: str) -> None:
        del self._kept[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


class DesktopController:
    """The window and the tray icon of one app."""

    def __init__(
        self,
        app: App,
        monitor: FleetMonitor,
        stop: Callable[[], None],
        hidden: bool,
        services: SystemServices,
        hook: crash.CrashHook,
    ) -> None:
        """Build everything; `start` shows it.

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
        self._about: AboutDialog | None = None
        self._settings: SettingsWindow | None = None
        actions = Actions(
            reconnect=lambda gateway: void(monitor.execute(Reconnect(gateway or ""))),
            mark_seen=lambda gateway, agent: void(monitor.execute(MarkSeen(gateway, agent))),
            show_last_known=monitor.show_last_known,
            quit=stop,
        )
        self._look = ThemeManager(app)
        self._remembered = _WindowMemory(monitor)
        app.setWindowIcon(app_icon())
        self._context = ViewContext(monitor.store, actions, monitor.now_ms, self._look)
        self.window = build_fleet_window(self._context, self._remembered)
        updates = services.make_updates(monitor) if services.make_updates else None
        self.notice = UpdateNotice(self.window.notice, updates, monitor)
        self.instance = InstanceController(
            services.lock, self.window, monitor.store, self.notice.show_message
        )
        self._login = LoginSwitch(services.autostart, self._show_failure)
        app.open_link = self.instance.open_link
        self.center = NotificationCenter(
            monitor.store,
            choose_backend(lambda: self.tray.icon, monitor.clock),
            monitor.clock,
            monitor.memory,
            open_target=self._on_notification,
            viewed=self.window.viewed,
            refresh=lambda gateway: void(monitor.execute(Refresh(gateway))),
        )
        self.notifications = NotificationTools(
            self.window, self._context, self.center, self.open_settings
        )
        self.restart: Callable[[], None] | None = None  # called when the app has ended
        self._stop = stop
        self.tray = TrayHost(
            monitor.store,
            actions,
            self.center,
            TrayOptions(
                open_fleet=self.window.show_fleet,
                toggle_fleet=WindowToggle(self.window, self.window.show_fleet),
                open_agent=self.window.show_agent,
                on_tray=self._on_tray,
                on_stale_bus=self._start_again,
                menu=self._menu_parts(),
                style=_tray_look(monitor.memory.tray_look),
                now_ms=monitor.now_ms,
            ),
        )
        self.tray.menu.aboutToShow.connect(self._login.refresh)
        self.center.subscribe(self.tray.refresh)

    def start(self) -> None:
        """Show what is to be shown."""
        if not self._hidden:
            self.window.show_fleet()
        try:
            self.tray.start()
        except Exception as error:  # noqa: BLE001, RUF100 - the window works without the tray
            self._hook.faults.record("tray icon", error)
            self._do_without_tray()
        self.instance.start(self._services.link)

    async def run(self) -> None:
        """Run the background work; a part that fails is restarted and ends no other."""
        parts: list[tuple[str, Callable[[], Awaitable[object]]]] = [
            ("fleet monitor", self.monitor.run),
            ("notifications", self.center.run),
        ]
        if self.notice.enabled:
            parts.append(("update check", self.notice.run))
        tasks = [
            asyncio.create_task(
                keep_running(name, part, self.monitor.clock, self._hook.faults), name=name
            )
            for name, part in parts
        ]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _on_notification(self, target: Target, token: str) -> None:
        """A click must not end whoever reads the clicks."""
        try:
            self.open_target(target, token)
        except Exception as error:  # noqa: BLE001, RUF100 - the border of a failure domain
            self._hook.faults.record("click on a notification", error)

    def open_target(self, target: Target, token: str) -> None:
        """Show what a notification or a notice is about, in front."""
        self.instance.raise_window(token)
        if len(target.agents) == 1:
            self.window.show_agent(*target.agents[0])
        elif target.agents:
            self.window.show_only(target.agents, target.words)
        elif target.devices:
            self.window.show_devices()
        elif target.gateway:
            self.window.show_gateway(target.gateway)

    def open_settings(self) -> None:
        """Show the settings."""
        if self._settings is None:
            # Here: most starts never open it.
            from cc_desktop.desktop.settings.page import Preference, SettingsContext
            from cc_desktop.desktop.settings.window import SettingsWindow

            context = SettingsContext(
                self._look,
                self.monitor.store,
                self.monitor.now_ms,
                self.center,
                Preference(lambda: _tray_look(self.monitor.memory.tray_look), self._set_tray_look),
            )
            self._settings = SettingsWindow(context, self._remembered)
        self._settings.show_page()

    def open_about(self) -> None:
        """Show the About box."""
        if self._about is None:
            from cc_desktop.desktop.about_dialog import AboutDialog

            self._about = AboutDialog(self._services.facts)
        self._about.open_for(self.notice.update)

    def _set_tray_look(self, look: TrayIconStyle) -> None:
        self.monitor.memory.tray_look = look.value
        self.tray.set_look(look)

    def _menu_parts(self) -> tuple[MenuPart, ...]:
        """What the tray's menu offers beside the fleet."""
        center, login = self.center, self._login
        return (
            notifications_part(
                center, self.open_settings, self.notifications.show_history, self.monitor.now_ms
            ),
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
        """End the app and start it anew, with the window or without it, as it is now."""
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
                self.notice.show_message("")
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
            self.notice.show_message(
                "This desktop has no tray, so closing this window ends the app."
            )

    def stop(self) -> None:
        """Close everything. A part that fails does not keep the others open."""
        self._no_tray.stop()
        self.window.quit_on_close = False
        for name, close in (
            ("instance", self.instance.stop),
            ("tray", self.tray.stop),
            ("about", self._about.close if self._about else lambda: None),
            ("settings", self._settings.close if self._settings else lambda: None),
            ("window", self.window.close),
        ):
            try:
                close()
            except Exception as error:  # noqa: BLE001, RUF100 - the others must be closed too
                self._hook.faults.record(f"closing: {name}", error)
        for widget in (self._about, self._settings, self.window):
            if widget is not None:
                widget.deleteLater()


def void(_result: object) -> None:
    """Drop a result: actions return nothing."""


def _tray_look(name: str) -> TrayIconStyle:
    return TrayIconStyle(name) if name in set(TrayIconStyle) else TrayIconStyle.AUTO


def run_controller(
    make_monitor: Callable[[], FleetMonitor],
    *,
    hidden: bool,
    services: SystemServices | None = None,
    ready: Callable[[DesktopController], None] | None = None,
) -> int:
    """Run until quit.

    Args:
        make_monitor: Makes the fleet to show.
        hidden: Start without the window.
        services: The system around the app.
        ready: Called once the window is there (tests, benchmarks).

    Returns:
        The exit code.
    """
    services = services or SystemServices()
    hook = crash.CrashHook()
    hook.install()
    qInstallMessageHandler(_log_qt)
    try:
        app = App([sys.argv[0] or APP_ID])
        code, restart = run(app, _main(app, make_monitor, hidden, services, ready, hook))
    finally:
        qInstallMessageHandler(None)  # Qt may log while Python shuts down
        hook.remove()
    if restart is not None:
        restart()
    return code


async def _main(
    app: App,
    make_monitor: Callable[[], FleetMonitor],
    hidden: bool,
    services: SystemServices,
    ready: Callable[[DesktopController], None] | None,
    hook: crash.CrashHook,
) -> tuple[int, Callable[[], None] | None]:
    """Returns the exit code, and what starts the app again, if it is to be."""
    app.stop = stop = asyncio.Event()
    _catch_signals(stop)
    hook.watch_loop(asyncio.get_running_loop())
    controller: DesktopController | None = None
    try:
        try:
            controller = DesktopController(app, make_monitor(), stop.set, hidden, services, hook)
            work = asyncio.create_task(controller.run(), name="background work")
            try:
                controller.start()
                if ready is not None:
                    ready(controller)
                await _first_of(stop, work)
            finally:
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
        finally:
            if controller is not None:
                controller.stop()
    except Exception as error:  # noqa: BLE001, RUF100 - the app itself cannot go on
        hook.faults.record("the app ends", error)
        wanted = await _report_crash(error, stop)
        return ExitCode.CRASHED, services.restart if wanted else None
    return ExitCode.OK, controller.restart


async def _first_of(stop: asyncio.Event, work: asyncio.Task[None]) -> None:
    """Wait for the end of the app; raises what the background work raises."""
    stopped = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait({stopped, work}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
        await asyncio.gather(stopped, return_exceptions=True)
    if work.done() and not stop.is_set():
        work.result()


async def _report_crash(error: Exception, stop: asyncio.Event) -> bool:
    """Say why the app ends; whether the operator wants it to start again."""
    from cc_desktop.desktop.crash_dialog import CrashChoice, CrashDialog, can_show

    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            line = f"{APP_ID}: internal error, the app ends: {crash.headline(error)}"
            sys.stderr.write(f"{line}\n")
    if stop.is_set() or not can_show():
        return False
    return await CrashDialog(error).ask(stop) is CrashChoice.RESTART


def _catch_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    if sys.platform == "win32":
        # This loop has no signal handlers, and Python handles signals only while its code runs.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
        timer = QTimer(App.instance())
        timer.timeout.connect(lambda: None)
        timer.start(500)
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)


_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def _log_qt(kind: QtMsgType, _context: object, message: str) -> None:
    logging.getLogger("qt").log(_LEVELS.get(kind, logging.WARNING), "%s", message)
