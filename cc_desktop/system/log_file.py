"""The log file: private, bounded, and never a reason to fail."""

from __future__ import annotations

import os
import sys
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import io
    import logging
    from pathlib import Path

MAX_LOG_BYTES = 1_000_000  # of each of the three files


class PrivateLogHandler(RotatingFileHandler):
    """Writes a log that only its owner can read; a symbolic link in its place is refused.

    Where the log cannot be written, as on a full disk, one line on stderr says so. Later records
    are tried again.
    """

    def __init__(self, path: Path) -> None:
        self._told = False
        super().__init__(
            path,
            maxBytes=MAX_LOG_BYTES,
            backupCount=2,
            delay=True,
            encoding="utf-8",
            errors="backslashreplace",
        )

    def _open(self) -> io.TextIOWrapper:
        # O_NONBLOCK: a FIFO without a reader is refused, not waited for.
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        handle = os.open(self.baseFilename, flags, 0o600)
        if sys.platform != "win32":
            os.fchmod(handle, 0o600)  # it may come from an earlier version
        return os.fdopen(handle, "a", encoding=self.encoding, errors=self.errors)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name of logging
        """Tell it once, without the traceback that `logging` prints for every record."""
        if not self._told and sys.stderr is not None:
            self._told = True
            error = sys.exc_info()[1]
            reason = (error.strerror if isinstance(error, OSError) else "") or type(error).__name__
            sys.stderr.write(f"cc-desktop: no log file: {self.baseFilename}: {reason}\n")
