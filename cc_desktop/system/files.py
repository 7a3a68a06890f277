"""Files of the app's own: private to the user, and written all at once or not at all."""

from __future__ import annotations

import contextlib
import os
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class FileError(Exception):
    """A file cannot be written. The text says which one and why."""


def write_private(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Replace a file atomically; only its owner can read it.

    Args:
        path: Where to write. Missing directories are made, private too.
        data: The whole new content.
        durable: Wait for the disk. That may take longer than a window may stand still.

    Raises:
        FileError: it cannot be written; the old content is still there.
    """
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from None
