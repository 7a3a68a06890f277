"""The app's own files: private to the user, replaced atomically, read with a limit.

A write goes to a draft beside the file, reaches the disk, and is then renamed over the file. A
process that is killed leaves at most its draft, which `remove_drafts` deletes at a later start.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import sys
import uuid
from typing import TYPE_CHECKING

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 16 * 1024 * 1024  # more than any file of the app needs
MAX_KEPT_ASIDE = 10  # unreadable copies of one file: the oldest and the newest nine
_ASIDE = ".unreadable-"
_DRAFT = re.compile(r"\..+\.(?:json|toml|desktop|plist)\.[0-9a-f]{8}")
# What a file system answers that cannot flush a directory. The rename is complete nevertheless.
_NO_DIRECTORY_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EPERM, errno.EBADF}


class FileError(Exception):
    """A file cannot be read or written. The text is one line: which file and why.

    Attributes:
        path: The file.
        reason: Why, in the system's words, such as "No space left on device".
        errno: The system's error number, or 0 where the content or the kind of file is wrong.
    """

    def __init__(self, path: Path, reason: OSError | str) -> None:
        self.path = path
        self.errno = 0
        if isinstance(reason, OSError):
            self.errno = reason.errno or 0
            reason = reason.strerror or type(reason).__name__
        self.reason = reason
        super().__init__(f"{_shown(path)}: {reason}")


class MissingFileError(FileError):
    """There is no such file."""


def _shown(path: Path) -> str:
    return "".join(char if char.isprintable() else "?" for char in str(path))


def make_private_directory(path: Path) -> None:
    """Make a directory, and those above it that are missing, for the owner alone (0700).

    `Path.mkdir(parents=True, mode=…)` gives the mode to the last one only.

    Raises:
        FileError: it cannot be made.
    """
    missing = []
    try:
        for directory in (path, *path.parents):
            if directory.is_dir():
                break
            missing.append(directory)
        for directory in reversed(missing):
            # Another process of the app may make it at the same moment.
            directory.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise FileError(path, error) from None
    except ValueError:
        raise FileError(path, "this cannot be a path") from None


def write_private(path: Path, data: bytes, durable: bool = True) -> None:
    """Replace a file atomically; only its owner can read it.

    A symbolic link is replaced, not followed: pass `path.resolve()` to write through it.

    Args:
        path: Where to write. Missing directories are made, private too.
        data: The whole new content.
        durable: Wait until the file and its directory are on the disk. That may take longer than
            a user interface may stand still.

    Raises:
        FileError: it cannot be written; the old content is still there.
    """
    make_private_directory(path.parent)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        handle = os.open(draft, flags, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                _lock(file.fileno())
                file.write(data)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
                if sys.platform == "win32":
                    file.close()  # an open file cannot be renamed there
                else:
                    file.flush()
                draft.replace(path)  # while the lock is held: see remove_drafts
        except BaseException:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise
        if durable:
            _sync_directory(path.parent)
    except OSError as error:
        raise FileError(path, error) from None


def _lock(handle: int) -> bool:
    """Mark a draft as being written. False: another process is writing it."""
    if sys.platform != "win32":
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            pass  # a file system without locks: drafts are then as good as abandoned
    return True


def _sync_directory(path: Path) -> None:
    if sys.platform == "win32":
        return  # directories cannot be opened there
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in _NO_DIRECTORY_SYNC:
            raise


def read_private(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Read a regular file. Never waits: a FIFO or a device is refused.

    Args:
        path: The file; symbolic links are followed.
        limit: The most bytes that the file may have.

    Raises:
        MissingFileError: there is none.
        FileError: it cannot be read, is no regular file, or is too large.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise FileError(path, "not a regular file")
            data = file.read(limit + 1)
    except FileNotFoundError as error:
        raise MissingFileError(path, error) from None
    except OSError as error:
        raise FileError(path, error) from None
    except ValueError:  # a NUL character
        raise FileError(path, "this cannot be a path") from None
    if len(data) > limit:
        raise FileError(path, f"larger than {limit} bytes")
    return data


def others_may(path: Path, rights: int) -> bool:
    """Whether the group or others have one of the rights `stat.S_I…`. False where unknown."""
    if sys.platform == "win32":
        return False  # rights are not in the mode there
    try:
        return bool(path.stat().st_mode & rights)
    except (OSError, ValueError):
        return False


def remove_drafts(directory: Path) -> int:
    """Delete the drafts that killed writers left; how many there were.

    A draft that another process is writing right now is locked, and stays.
    """
    removed = 0
    with contextlib.suppress(OSError):
        for path in sorted(directory.iterdir()):
            if _DRAFT.fullmatch(path.name) and _remove_abandoned(path):
                removed += 1
    return removed


def _remove_abandoned(path: Path) -> bool:
    try:
        if sys.platform != "win32":
            flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW
            handle = os.open(path, flags)
            try:
                regular = stat.S_ISREG(os.fstat(handle).st_mode)
                if not regular or not _lock(handle):
                    return False
            finally:
                os.close(handle)
        path.unlink()  # Windows refuses while a writer has it open
    except OSError:
        return False
    return True


def kept_aside(path: Path) -> list[Path]:
    """The unreadable copies of a file that were kept aside, oldest first."""
    prefix = path.name + _ASIDE
    found = []
    with contextlib.suppress(OSError):
        for each in path.parent.iterdir():
            number = each.name.removeprefix(prefix)
            if each.name.startswith(prefix) and number.isascii() and number.isdigit():
                found.append((int(number), each))
    return [each for _number, each in sorted(found)]


def keep_aside(path: Path) -> Path:
    """Rename a file whose content is unusable, so that a new one does not overwrite it.

    Of each file, the oldest copy and the newest ones stay, `MAX_KEPT_ASIDE` in all.

    Returns:
        Its new name.

    Raises:
        FileError: it cannot be renamed; it is still in its place.
    """
    old = kept_aside(path)
    number = int(old[-1].name.rpartition("-")[2]) + 1 if old else 1
    try:
        while True:
            aside = path.with_name(f"{path.name}{_ASIDE}{number}")
            try:
                # Reserves the name: a rename alone would replace what another process put there.
                os.close(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            except FileExistsError:
                number += 1
                continue
            break
        try:
            if path.is_dir() and not path.is_symlink():
                aside.unlink()  # a directory does not replace a file
            path.replace(aside)
        except OSError:
            with contextlib.suppress(OSError):
                aside.unlink()
            raise
    except OSError as error:
        raise FileError(path, error) from None
    for surplus in old[1 : max(1, len(old) + 2 - MAX_KEPT_ASIDE)]:
        with contextlib.suppress(OSError):
            surplus.unlink()
    return aside
