"""The application object and its event loop: Qt and asyncio in one thread."""

from __future__ import annotations

import asyncio
import ctypes
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import PySide6.QtCore  # first: qasync uses the Qt binding that is already imported
import qasync
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from cc_desktop.about import APP_ID, APP_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence


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
            ctypes.windll.shell32.SetCurrentProcessExplicitAppUserModelID(APP_ID)
        super().__init__(list(argv))
        self.setApplicationName(APP_ID)
        self.setApplicationDisplayName(APP_NAME)
        self.setQuitOnLastWindowClosed(False)
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


def run(app: App, coroutine: Coroutine[Any, Any, _Result]) -> _Result:
    """Run the main coroutine to its end and return its result."""

    def new_loop() -> asyncio.AbstractEventLoop:
        loop: asyncio.AbstractEventLoop = qasync.QEventLoop(app)
        loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix=APP_ID))
        return loop

    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(coroutine)
