"""What starting at login means on every system, and its failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAX_AGE_S = 30.0


class AutostartError(Exception):
    """Start at login cannot be changed. The text is one sentence for the operator."""

    @classmethod
    def of(cls, path: Path, reason: str) -> AutostartError:
        """The error for a file that cannot be written."""
        return cls(f"Start at login cannot be set: {path}: {reason}.")


class Autostart(Protocol):
    """Whether the app starts with the operator's session."""

    def is_enabled(self) -> bool:
        """What the system would do at the next login."""
        ...

    def set_enabled(self, enabled: bool) -> None:
        """Change it. Raises AutostartError."""
        ...


class CachedAutostart:
    """Answers from memory, so that a menu may ask as often as it is drawn.

    Other programs can change the setting too: an answer is at most `MAX_AGE_S` old, and `refresh`
    reads the system at once, as when a menu is about to be shown.
    """

    def __init__(self, system: Autostart, monotonic: Callable[[], float]) -> None:
        self._system = system
        self._monotonic = monotonic
        self._enabled = False
        self._read_at: float | None = None

    def is_enabled(self) -> bool:
        """What the system said, at most `MAX_AGE_S` ago."""
        if self._read_at is None or self._monotonic() - self._read_at >= MAX_AGE_S:
            self.refresh()
        return self._enabled

    def refresh(self) -> None:
        """Read the system again."""
        self._enabled = self._system.is_enabled()
        self._read_at = self._monotonic()

    def set_enabled(self, enabled: bool) -> None:
        """Change it. Raises AutostartError."""
        self._read_at = None  # a failure may have changed something as well
        self._system.set_enabled(enabled)
