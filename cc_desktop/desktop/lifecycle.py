"""Starts the desktop, ends it in one place, and says so when it cannot go on."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, QtMsgType, qInstallMessageHandler

from cc_desktop.about import APP_ID, ExitCode
from cc_desktop.desktop.application import App, run
from cc_desktop.desktop.controller import DesktopController
from cc_desktop.desktop.language import follow_language
from cc_desktop.desktop.system_services import SystemServices
from cc_desktop.diagnostics import crash
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.monitor import FleetMonitor


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
        ready: Called before the window is shown (tests, benchmarks).

    Returns:
        The exit code.
    """
    services = services or SystemServices()
    hook = crash.CrashHook()
    hook.install()
    qInstallMessageHandler(_log_qt)
    try:
        app = App([sys.argv[0] or APP_ID])
        follow_language(app)
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
            if ready is not None:
                ready(controller)
            await controller.show()
            gc.enable()  # which `run_app` put off
            controller.start()
            work = asyncio.create_task(controller.run(), name="background work")
            try:
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
            line = tr("internal error, the app ends: {error}", error=crash.headline(error))
            sys.stderr.write(f"{APP_ID}: {line}\n")
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
