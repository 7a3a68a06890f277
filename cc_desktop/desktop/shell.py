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

from cc_desktop.desktop.actions import Actions
from cc_desktop.desktop.fleet_window import FleetWindow
from cc_desktop.desktop.icons import app_icon
from cc_desktop.desktop.loop import App, run
from cc_desktop.desktop.theme import Look
from cc_desktop.desktop.tray import TrayHost

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.fleet.store import Store

log = logging.getLogger(__name__)


class Engine(Protocol):
    """The fleet without a window, as the app hands it in."""

    store: Store

    async def run(self) -> None:
        """Watch the fleet until cancelled."""
        ...

    def reconnect(self, gateway: str | None = None) -> None:
        """Try at once."""
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

    def __init__(self, engine: Engine) -> None:
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


class Shell:
    """The window and the tray icon of one app."""

    def __init__(self, app: App, engine: Engine, stop: Callable[[], None], hidden: bool) -> None:
        self._hidden = hidden
        self.engine = engine
        actions = Actions(
            reconnect=engine.reconnect,
            mark_seen=engine.mark_seen,
            show_last_known=engine.show_last_known,
            quit=stop,
        )
        look = Look(app)
        app.setWindowIcon(app_icon())
        self.window = FleetWindow(engine.store, actions, _WindowMemory(engine), engine.now_ms, look)
        self.tray = TrayHost(
            engine.store,
            actions,
            self.window.show_fleet,
            self.window.show_agent,
            self._on_tray,
        )

    def start(self) -> None:
        """Show what is to be shown."""
        if not self._hidden:
            self.window.show_fleet()
        self.tray.start()

    def _on_tray(self, there: bool) -> None:
        """Closing the window leaves the tray icon; where there is none, it ends the app."""
        self.window.quit_on_close = not there
        if not there and not self.window.isVisible():
            log.info("no tray: the window is shown instead")
            self.window.show_fleet()

    def stop(self) -> None:
        """Take both away."""
        self.tray.stop()
        self.window.quit_on_close = False
        self.window.close()
        self.window.deleteLater()


def run_shell(
    make_engine: Callable[[], Engine],
    *,
    hidden: bool,
    ready: Callable[[Shell], None] | None = None,
) -> int:
    """Run until quit; the exit code. `ready` is called once the window is there (tests, bench)."""
    qInstallMessageHandler(_log_qt)
    app = App([sys.argv[0] or "cc-desktop"])
    return run(app, _main(app, make_engine, hidden, ready))


async def _main(
    app: App,
    make_engine: Callable[[], Engine],
    hidden: bool,
    ready: Callable[[Shell], None] | None,
) -> int:
    stop = asyncio.Event()
    app.stop = stop
    _catch_signals(stop)
    engine = make_engine()
    shell = Shell(app, engine, stop.set, hidden)
    code = 0
    try:
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(engine.run(), name="engine")
            shell.start()
            if ready is not None:
                ready(shell)
            await stop.wait()
            watching.cancel()
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
