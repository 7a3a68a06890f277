"""What the operator should know about the app's own files: one line each, shown once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)


class Notes:
    """Lines for the operator, for stderr or for the window; each is logged as well."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._listeners: list[Callable[[str], None]] = []

    @property
    def lines(self) -> tuple[str, ...]:
        """All of them, oldest first."""
        return tuple(self._lines)

    def add(self, line: str) -> None:
        """Tell a line, once."""
        if line in self._lines:
            return
        self._lines.append(line)
        log.warning("%s", line)
        for listener in self._listeners:
            listener(line)

    def subscribe(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with each line: those so far, and those to come."""
        for line in self._lines:
            listener(line)
        self._listeners.append(listener)
