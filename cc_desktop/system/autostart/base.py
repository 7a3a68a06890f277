"""What starting at login means on every system, and its failure."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from cc_desktop.system.files import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class AutostartError(Exception):
    """Start at login cannot be changed. The text is one sentence for the operator."""


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """Turn a failure to write or delete `path` into an AutostartError."""
    try:
        yield
    except FileError as error:
        path, reason = error.path, error.reason
    except OSError as error:
        reason = error.strerror or str(error)
    else:
        return
    raise AutostartError(f"Start at login cannot be set: {path}: {reason}.")


class Autostart(Protocol):
    """Whether the app starts with the operator's session.

    Other programs can change it, so both methods ask the system, which may wait for a disk: read
    it when a menu is about to be shown, not whenever the fleet changes.
    """

    def is_enabled(self) -> bool:
        """What the system would do at the next login."""
        ...

    def set_enabled(self, enabled: bool) -> None:
        """Change it. Raises AutostartError."""
        ...
