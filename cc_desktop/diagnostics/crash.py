"""Crash hook: whatever nobody caught is logged once with its traceback, then counted. No Qt."""

from __future__ import annotations

import logging
import platform
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any

from cc_desktop import __version__
from cc_desktop.about import APP_NAME
from cc_desktop.system.redaction import redact
from cc_desktop.system.supervision import FaultLog, root_cause

if TYPE_CHECKING:
    import asyncio
    from types import TracebackType

log = logging.getLogger(__name__)


class CrashHook:
    """Catches what Python would print to stderr, which a windowed program does not have.

    Exceptions in Qt slots arrive at `sys.excepthook` under PySide6. None of these ends the app.
    """

    def __init__(self, faults: FaultLog | None = None) -> None:
        self.faults = faults or FaultLog(log)
        self._old: tuple[Any, Any, Any] | None = None
        self._messages: set[str] = set()

    def install(self) -> None:
        """Take over Python's hooks for uncaught exceptions."""
        if self._old is None:
            self._old = (sys.excepthook, threading.excepthook, sys.unraisablehook)
            sys.excepthook = self._on_exception
            threading.excepthook = self._on_thread
            sys.unraisablehook = self._on_unraisable

    def remove(self) -> None:
        """Give the hooks back."""
        if self._old is not None:
            sys.excepthook, threading.excepthook, sys.unraisablehook = self._old
            self._old = None

    def watch_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Log what callbacks and forgotten tasks of this loop raise."""
        loop.set_exception_handler(self._on_loop)

    def _on_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception):
            self.faults.record("event handler", error.with_traceback(trace))
        elif self._old is not None:
            self._old[0](kind, error, trace)  # KeyboardInterrupt, SystemExit

    def _on_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            name = args.thread.name if args.thread is not None else "unknown"
            self.faults.record(f"thread {name}", args.exc_value)

    def _on_unraisable(self, args: sys.UnraisableHookArgs) -> None:
        if args.exc_value is not None:
            self.faults.record(args.err_msg or "finalizer", args.exc_value)

    def _on_loop(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        message = str(context.get("message") or "event loop")
        error = context.get("exception")
        if isinstance(error, BaseException):
            self.faults.record(message, error)
        elif message not in self._messages and len(self._messages) < 100:
            self._messages.add(message)
            log.error("event loop: %s", message)


def headline(error: BaseException) -> str:
    """What happened, as one short line without secrets."""
    cause = root_cause(error)
    text = redact(" ".join(str(cause).split()))[:200]
    return f"{type(cause).__name__}: {text}" if text else type(cause).__name__


def details(error: BaseException) -> str:
    """What a bug report needs: versions and the traceback, without secrets."""
    versions = f"{APP_NAME} {__version__}, Python {platform.python_version()}, {sys.platform}"
    trace = "".join(traceback.format_exception(root_cause(error)))
    return redact(f"{versions}\n\n{trace}")
