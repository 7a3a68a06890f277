"""The log: a private, rotating file, and stderr where it is asked for. No secret gets into it."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import sys
from typing import IO, TYPE_CHECKING, Any

from cc_desktop.about import APP_ID
from cc_desktop.system.files import FileError, make_private_directory
from cc_desktop.system.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LEVELS = ("debug", "info", "warning", "error")
LOG_FILE = f"{APP_ID}.log"
MAX_BYTES = 1_000_000
BACKUPS = 2
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class RedactingFormatter(logging.Formatter):
    """Redacts the finished text: message, arguments, traceback and stack alike."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record without secrets."""
        return redact(super().format(record))


class PrivateLogFile(logging.FileHandler):
    """A rotating log file that only its owner can read. It reports a failure to write once.

    It rotates by itself: `logging.handlers` loads what it takes to log over a network, 0.4 MiB.
    """

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        self._failed = False
        self._native_crashes = False
        super().__init__(path, encoding="utf-8", delay=True, errors="backslashreplace")

    def _open(self) -> Any:
        # O_NONBLOCK: somebody may have put a FIFO there, which nobody reads.
        extra = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | extra, 0o600)
        if sys.platform != "win32":
            with contextlib.suppress(OSError):
                os.fchmod(handle, 0o600)  # a file of an older version, or of another umask
        return os.fdopen(handle, "a", encoding=self.encoding, errors=self.errors)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say once that the log cannot be written; the app works all the same."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError | ValueError) and not self._failed:
            self._failed = True
            _say(f"no log from here on: {self.baseFilename}: {_reason(error)}")

    def record_native_crashes(self) -> None:
        """Write the stacks of all threads to this file if the process dies of a signal."""
        try:
            if self.stream is None:
                self.stream = self._open()
            faulthandler.enable(file=self.stream)
            self._native_crashes = True
        except (OSError, ValueError) as error:
            _say(f"no log from here on: {self.baseFilename}: {_reason(error)}")

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, into a new file if this one is full, or was taken away."""
        try:
            if not os.path.lexists(self.baseFilename):
                self._begin(lambda: None)
            elif self._is_full(record):
                self._begin(self._move_away)
            super().emit(record)
        except Exception:  # noqa: BLE001, RUF100 - as logging does: a log stops nobody
            self.handleError(record)

    def _is_full(self, record: logging.LogRecord) -> bool:
        if self.stream is None:
            self.stream = self._open()
        if not os.path.isfile(self.baseFilename):  # noqa: PTH113 - as logging has it, a string
            return False  # nobody rotates a device
        line = f"{self.format(record)}{self.terminator}"
        size = self.stream.seek(0, os.SEEK_END)
        return size > 0 and size + len(line.encode(errors="replace")) > self.max_bytes

    def _begin(self, prepare: Callable[[], None]) -> None:
        """Begin a new file, to which the fault handler follows, wherever `prepare` fails."""
        if self._native_crashes:
            faulthandler.disable()
        stream, self.stream = self.stream, None
        try:
            if stream is not None:
                stream.close()
            prepare()
        finally:
            if self._native_crashes:
                self.record_native_crashes()

    def _move_away(self) -> None:
        """The oldest file goes."""
        names = [self.baseFilename, *(f"{self.baseFilename}.{n + 1}" for n in range(BACKUPS))]
        for older, newer in reversed(list(zip(names[1:], names, strict=False))):
            with contextlib.suppress(FileNotFoundError):
                os.replace(newer, older)  # noqa: PTH105

    def close(self) -> None:
        """Close the file."""
        if self._native_crashes:
            faulthandler.disable()
            self._native_crashes = False
        super().close()


def start(directory: Path, level: str) -> PrivateLogFile | None:
    """Set logging up for the process.

    Args:
        directory: Where the log file belongs; created with mode 0700.
        level: One of `LEVELS`; "debug" and "info" go to stderr as well.

    Returns:
        The log file, or None if there cannot be one. In that case one line on stderr says why.
    """
    logging.raiseExceptions = False  # no traceback on stderr for a log that cannot be written
    handlers: list[logging.Handler] = []
    file = None
    try:
        make_private_directory(directory)
        file = PrivateLogFile(directory / LOG_FILE)
        handlers.append(file)
    except FileError as error:
        _say(f"no log file: {error}")
    if sys.stderr is not None and level in ("debug", "info"):
        handlers.append(logging.StreamHandler(_stderr()))
    for handler in handlers:
        handler.setFormatter(RedactingFormatter(_FORMAT))
    logging.basicConfig(
        level=level.upper(), handlers=handlers or [logging.NullHandler()], force=True
    )
    logging.getLogger("websockets").setLevel(logging.WARNING)  # its debug log has whole frames
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return file


def _stderr() -> IO[str]:
    return sys.stderr


def _reason(error: BaseException | None) -> str:
    return (getattr(error, "strerror", None) or str(error)) if error is not None else "unknown"


def _say(line: str) -> None:
    """One line on stderr, where there is one."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{APP_ID}: {line}\n")
