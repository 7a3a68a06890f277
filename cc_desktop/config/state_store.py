"""Keys and values that survive a restart, in one JSON file that only its owner can read."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import msgspec

from cc_desktop.system.files import (
    FileError,
    MissingFileError,
    keep_aside,
    read_private,
    write_private,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

log = logging.getLogger(__name__)


class StateStore:
    """Keys and values of one file. No method raises for what the disk does.

    A damaged file is kept aside before the first write. A file that cannot be read, or written,
    is tried again with the next change and by `flush`; until then the values live in memory.

    Attributes:
        defer: Called after a change, to have it written later (see `Storage.run`). While it is
            None, a change is written at once.
    """

    def __init__(self, path: Path) -> None:
        self.defer: Callable[[], None] | None = None
        self._path = path
        self._data: dict[str, Any] = {}
        self._removed: set[str] = set()  # while the file could not be read
        self._readable = True
        self._damaged = False
        self._failure = ""  # what was logged last
        self._version = 0  # counts changes
        self._written = 0  # the version on the disk
        self._lock = threading.Lock()  # held while writing
        self._load()

    def get(self, key: str) -> Any:
        """The value of a key, or None."""
        return self._data.get(key)

    def items(self) -> dict[str, Any]:
        """All keys and values."""
        return dict(self._data)

    def set(self, key: str, value: Any) -> None:
        """Keep a value, which must be JSON and must not be changed afterwards."""
        if key not in self._data or self._data[key] != value:
            self._data[key] = value
            self._removed.discard(key)
            self._change()
        elif self.dirty and self.defer is None:
            self.flush()

    def remove(self, key: str) -> None:
        """Forget a key."""
        if key in self._data or not self._readable:
            self._data.pop(key, None)
            self._removed.add(key)
            self._change()

    def reload(self) -> None:
        """Take over what another process wrote, unless changes of our own wait to be written."""
        if not self.dirty:
            self._data = {}
            self._load()

    # Writing

    @property
    def dirty(self) -> bool:
        """Whether the disk lacks a change."""
        return self._written != self._version

    def flush(self) -> bool:
        """Write what has changed, and wait for the disk; whether all of it is written."""
        snapshot = self.snapshot()
        if snapshot is not None:
            self.write(*snapshot)
        return not self.dirty

    def snapshot(self) -> tuple[int, bytes] | None:
        """What `write` needs; None where there is nothing to write, or it cannot be written now."""
        if not self.dirty:
            return None
        if not self._readable:
            self._load()
            if not self._readable:
                return None  # what the file holds would be lost
        try:
            if self._damaged:
                log.warning(
                    "%s is damaged and kept aside as %s", self._path, keep_aside(self._path)
                )
                self._damaged = False
            return self._version, msgspec.json.encode(self._data)
        except MissingFileError:
            self._damaged = False  # somebody else has put it aside
            return self.snapshot()
        except FileError as error:
            self._fail(str(error))
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            self._fail(f"{self._path}: a value is no JSON ({type(error).__name__})")
        return None

    def write(self, version: int, data: bytes) -> None:
        """Write a snapshot, unless a newer one is written already. Any thread may call it."""
        with self._lock:
            if version <= self._written:
                return
            try:
                write_private(self._path, data)
            except FileError as error:
                self._fail(str(error))
                return
            self._written = version
            if self._failure:
                log.warning("%s can be written again", self._path)
                self._failure = ""

    def _change(self) -> None:
        self._version += 1
        if self.defer is not None:
            self.defer()
        else:
            self.flush()

    def _load(self) -> None:
        self._readable, self._damaged = True, False
        try:
            found = msgspec.json.decode(read_private(self._path), type=dict[str, Any])
        except MissingFileError:
            return
        except FileError as error:
            if error.errno:  # it may be readable again, as after a failure of the disk
                self._readable = False
                self._fail(str(error))
            else:
                self._damaged = True
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            self._damaged = True
        else:
            kept = {key: value for key, value in found.items() if key not in self._removed}
            self._data = {**kept, **self._data}
            self._removed = set()
        if self._damaged:
            log.warning("%s cannot be read: it is damaged", self._path)

    def _fail(self, why: str) -> None:
        if why != self._failure:  # once, not for every change that follows
            self._failure = why
            log.warning("not saved, will be tried again: %s", why)
