"""The application object and its event loop: Qt and asyncio in one thread."""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import PySide6.QtCore  # first: qasync uses the Qt binding that is already imported
import qasync
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from cc_desktop.about import APP_ID, APP_NAME
from cc_desktop.desktop.widgets.accessible.app_tree import prepare_for_readers
from cc_desktop.system.clock import wake_or_sleep

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from PySide6.QtWidgets import QWidget

    from cc_desktop.system.clock import Clock

LONGEST_PAINT_S = 1.0
THREADS = 4  # for name resolution and the keyring; qasync's own executor would start 10 threads

_Result = TypeVar("_Result")


class App(QApplication):
    """The application. Every request to quit sets `stop`, and the main coroutine ends.

    Attributes:
        stop: Set when the app is to end. While it is None, Qt quits by itself.
        open_link: Called with a link that the system delivers as an event, as macOS does.
    """

    def __init__(self, argv: Sequence[str]) -> None:
        # Set before the application exists: on Wayland it is the app id of the windows.
        QApplication.setDesktopFileName(APP_ID)
        if sys.platform == "win32":  # one id for taskbar and notifications; not tried
            import ctypes

            ctypes.windll.shell32.SetCurrentProcessExplicitAppUserModelID(APP_ID)
        super().__init__(list(argv))
        self.setApplicationName(APP_ID)
        self.setApplicationDisplayName(APP_NAME)
        self.setQuitOnLastWindowClosed(False)
        prepare_for_readers()
        self.stop: asyncio.Event | None = None
        self.open_link: Callable[[str], None] | None = None

    def event(self, event: PySide6.QtCore.QEvent) -> bool:
        """Turn Qt's Quit (menu, Cmd-Q, end of the login session) into `stop`.

        WORKAROUND(https://github.com/CabbageDevelopment/qasync/issues/176): a Qt loop that ends
        before the main coroutine leaves it with no loop to clean up on.
        """
        if event.type() == PySide6.QtCore.QEvent.Type.Quit and self.stop is not None:
            event.ignore()
            self.stop.set()
            return True
        if isinstance(event, QFileOpenEvent) and self.open_link is not None:
            self.open_link(event.url().toEncoded().toStdString())
            return True
        return super().event(event)


class _PaintWatch(PySide6.QtCore.QObject):
    """Sets an event when a window is painted for the first time."""

    def __init__(self, window: QWidget) -> None:
        super().__init__()
        self.painted = asyncio.Event()
        window.installEventFilter(self)

    def eventFilter(self, watched: PySide6.QtCore.QObject, event: PySide6.QtCore.QEvent) -> bool:
        """Qt override: note the paint, and look no further."""
        if event.type() == PySide6.QtCore.QEvent.Type.Paint:
            watched.removeEventFilter(self)
            self.painted.set()
        return False


async def first_paint(window: QWidget, clock: Clock) -> None:
    """Wait until a window that was just shown has been painted.

    Whatever the first picture does not need is imported and built after it. A window that the
    desktop keeps out of sight is not painted, so this waits `LONGEST_PAINT_S` at most.
    """
    watch = _PaintWatch(window)
    await wake_or_sleep(clock, watch.painted, LONGEST_PAINT_S)
    window.removeEventFilter(watch)


def run(app: App, coroutine: Coroutine[Any, Any, _Result]) -> _Result:
    """Run the main coroutine to its end and return its result."""

    def new_loop() -> asyncio.AbstractEventLoop:
        loop: asyncio.AbstractEventLoop = qasync.QEventLoop(app)
        loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix=APP_ID))
        return loop

    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(coroutine)
