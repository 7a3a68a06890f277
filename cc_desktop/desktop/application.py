"""The event loop: Qt and asyncio in one thread, ended in one place."""

from __future__ import annotations

import asyncio
import ctypes
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import PySide6.QtCore  # first: qasync takes the binding that is imported already
import qasync
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence


APP_ID = "cc-desktop"
APP_NAME = "Control Center Desktop"
THREADS = 4  # name look-ups and the keyring; qasync's own executor would start 10


class App(QApplication):
    """The application. Whoever asks it to quit sets `stop`, and the main coroutine ends.

    Attributes:
        stop: Set when the app shall end. While it is None, quitting is Qt's affair.
        open_link: Called with a link that the system hands over, as macOS does.
    """

    def __init__(self, argv: Sequence[str]) -> None:
        # Before the application exists: it is the app id of the windows on Wayland.
        QApplication.setDesktopFileName(APP_ID)
        if sys.platform == "win32":  # the same on the taskbar and for notifications. Untried.
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


def run(app: App, coroutine: Coroutine[Any, Any, int]) -> int:
    """Run the main coroutine to its end and return its exit code."""

    def new_loop() -> asyncio.AbstractEventLoop:
        loop: asyncio.AbstractEventLoop = qasync.QEventLoop(app)
        loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix=APP_ID))
        return loop

    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(coroutine)
