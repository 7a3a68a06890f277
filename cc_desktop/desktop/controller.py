"""Tray and window over a running fleet: starts them, and ends all of it in one place."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QAction

from cc_desktop.desktop.application import App, run
from cc_desktop.desktop.fleet_desktop import NotificationTools, build_fleet_window
from cc_desktop.desktop.icons.status import app_icon
from cc_desktop.desktop.manners import Around, Manners, add_about_entry, add_login_entry
from cc_desktop.desktop.notifications.tray_backend import choose_backend
from cc_desktop.desktop.style.theme import ThemeManager
from cc_desktop.desktop.tray.notifications_menu import (
    build_notifications_menu,
    notification_entries,
)
from cc_desktop.desktop.tray.tray_icon import TrayHost
from cc_desktop.desktop.widgets.app_actions import Actions
from cc_desktop.desktop.widgets.view_context import ViewContext
from cc_desktop.fleet.summary import TrayIconStyle
from cc_desktop.notifications.center import Memory, NotificationCenter

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QMenu

    from cc_desktop.desktop.settings.window import SettingsWindow
    from cc_desktop.fleet.store import Store
    from cc_desktop.notifications.message import Target
    from cc_desktop.system.clock import Clock

log = logging.getLogger(__name__)

LATE_TRAY_MS = 5_000  # so long a hidden start waits for a tray before it shows its window


class DesktopMemory(Memory, Protocol):
    """What is kept between starts. No method raises."""

    tray_look: str  # "" until it is chosen


class FleetMonitor(Protocol):
    """The fleet without a window, as the app hands it in."""

    store: Store
    clock: Clock

    @property
    def memory(self) -> DesktopMemory:
        """Where choices and notices are kept."""
        ...

    async def run(self) -> None:
        """Watch the fleet until cancelled."""
        ...

    def reconnect(self, gateway: str | None = None) -> None:
        """Try at once."""
        ...

    def refresh(self, gateway: str) -> None:
        """Ask a gateway for a fresh list."""
        ...

    def mark_seen(self, gateway: str, agent_id: str) -> None:
        """The operator has seen why the agent failed."""
        ...

    def show_last_known(self, wanted: bool) -> None:
        """Prefer what was last known to the demo."""
        ...

    def now_ms(self) -> int:
        """Local ms since the epoch."""
        ...

    def recall(self, key: str) -> Any:
        """What was remembered under a key, or None."""
        ...

    def remember(self, key: str, value: Any) -> None:
        """Remember it for the next start."""
        ...


class _WindowMemory(MutableMapping[str, str]):
    """What the window remembers, kept by the app."""

    def __init__(self, engine: FleetMonitor) -> None:
        self._engine = engine
        kept = engine.recall("window")
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
            self._engine.remember("window", dict(self._kept))

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
        engine: FleetMonitor,
        stop: Callable[[], None],
        hidden: bool,
        around: Around,
    ) -> None:
        self._hidden = hidden
        self._told_no_tray = False
        self._no_tray = QTimer(singleShot=True, interval=LATE_TRAY_MS)
        self._no_tray.timeout.connect(self._do_without_tray)
        self.engine = engine
        self.manners = Manners(around, engine)
        self._actions = actions = Actions(
            reconnect=engine.reconnect,
            mark_seen=engine.mark_seen,
            show_last_known=engine.show_last_known,
            quit=stop,
            about=self.manners.show_about,
            starts_at_login=self.manners.starts_at_login,
            start_at_login=self.manners.start_at_login,
        )
        self._look = look = ThemeManager(app)
        self._remembered = _WindowMemory(engine)
        app.setWindowIcon(app_icon())
        self._context = ViewContext(engine.store, actions, engine.now_ms, look)
        self.window = build_fleet_window(self._context, self._remembered)
        self.manners.attach(self.window, engine.store)
        app.open_link = self.manners.open_link
        self.center = NotificationCenter(
            engine.store,
            choose_backend(lambda: self.tray.icon, engine.clock),
            engine.clock,
            engine.memory,
            open_target=self.open_target,
            viewed=self.window.viewed,
            refresh=engine.refresh,
        )
        self.tray = TrayHost(
            engine.store,
            actions,
            self.window.show_fleet,
            self.window.show_agent,
            self._on_tray,
            extend_menu=self._extend_menu,
            menu_state=self._menu_state,
            quiet=lambda: self.center.quiet,
            waiting=lambda: self.center.waiting,
            look=_tray_look(engine.memory.tray_look),
            now_ms=engine.now_ms,
        )
        self._settings: SettingsWindow | None = None
        self.notifications = NotificationTools(
            self.window, self._context, self.center, self.open_settings
        )
        self.center.subscribe(self.tray.refresh)

    def start(self) -> None:
        """Show what is to be shown."""
        if not self._hidden:
            self.window.show_fleet()
        self.tray.start()
        self.manners.start()

    def open_target(self, target: Target, token: str) -> None:
        """Show what a notification or a notice is about, in front."""
        self.manners.raise_window(token)
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
                self.engine.store,
                self.engine.now_ms,
                self.center,
                Preference(lambda: _tray_look(self.engine.memory.tray_look), self._set_tray_look),
            )
            self._settings = SettingsWindow(context, self._remembered)
        self._settings.show_page()

    def _set_tray_look(self, look: TrayIconStyle) -> None:
        self.engine.memory.tray_look = look.value
        self.tray.set_look(look)

    def _menu_state(self) -> object:
        entries = notification_entries(self.center, self.engine.now_ms(), lists=True)
        return self.manners.menu_state(), entries

    def _extend_menu(self, menu: QMenu) -> None:
        build_notifications_menu(
            menu,
            self.center,
            self.open_settings,
            open_notices=self.notifications.show_history,
            clock=self.engine.now_ms,
        )
        settings = QAction("Settings\u2026", menu)
        settings.triggered.connect(lambda _checked=False: self.open_settings())
        menu.addAction(settings)
        add_login_entry(menu, self._actions)
        add_about_entry(menu, self._actions, self.manners.update)

    def _on_tray(self, there: bool) -> None:
        """Closing the window leaves the tray icon; where there is none, it ends the app."""
        self.window.quit_on_close = not there
        if there:
            self._no_tray.stop()
            if self._told_no_tray:
                self._told_no_tray = False
                self.manners.tell("")
        elif self._hidden and not self._told_no_tray:
            self._no_tray.start()  # at login the tray may come after us
        else:
            self._do_without_tray()

    def _do_without_tray(self) -> None:
        """An app without window and icon could not be reached."""
        if not self.window.isVisible():
            self.window.show_fleet()
        if not self._told_no_tray:
            self._told_no_tray = True
            self.manners.tell("This desktop has no tray, so closing this window ends the app.")

    def stop(self) -> None:
        """Take both away."""
        self._no_tray.stop()
        self.manners.stop()
        self.tray.stop()
        if self._settings is not None:
            self._settings.close()
            self._settings.deleteLater()
        self.window.quit_on_close = False
        self.window.close()
        self.window.deleteLater()


def _tray_look(name: str) -> TrayIconStyle:
    return TrayIconStyle(name) if name in set(TrayIconStyle) else TrayIconStyle.AUTO


def run_controller(
    make_engine: Callable[[], FleetMonitor],
    *,
    hidden: bool,
    around: Around | None = None,
    ready: Callable[[DesktopController], None] | None = None,
) -> int:
    """Run until quit; the exit code. `ready` is called once the window is there (tests, bench)."""
    qInstallMessageHandler(_log_qt)
    app = App([sys.argv[0] or "cc-desktop"])
    return run(app, _main(app, make_engine, hidden, around or Around(), ready))


async def _main(
    app: App,
    make_engine: Callable[[], FleetMonitor],
    hidden: bool,
    around: Around,
    ready: Callable[[DesktopController], None] | None,
) -> int:
    stop = asyncio.Event()
    app.stop = stop
    _catch_signals(stop)
    engine = make_engine()
    shell = DesktopController(app, engine, stop.set, hidden, around)
    code = 0
    try:
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(engine.run(), name="engine")
            others = [
                group.create_task(shell.manners.run(), name="updates"),
                group.create_task(shell.center.run(), name="notices"),
            ]
            shell.start()
            if ready is not None:
                ready(shell)
            await stop.wait()
            watching.cancel()
            for task in others:
                task.cancel()
    except* Exception as errors:  # noqa: BLE001, RUF100 - whatever ended the engine ends the app
        log.critical("the app ends after an error", exc_info=errors)
        code = 1
    finally:
        shell.stop()
    return code


def _catch_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    if sys.platform == "win32":
        # No signal handlers on this loop: Python looks for signals only while it runs.
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
