"""What starting at login means on every system, and its failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


class AutostartError(Exception):
    """Start at login cannot be changed. The text is one sentence for the operator."""

    @classmethod
    def of(cls, path: Path, reason: str) -> AutostartError:
        """The error for a file that cannot be written."""
        return cls(f"Start at login cannot be set: {path}: {reason}.")


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
