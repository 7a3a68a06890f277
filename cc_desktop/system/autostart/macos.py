"""Start at login on macOS: a property list among the operator's launch agents."""

from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING
from xml.parsers.expat import ExpatError

from cc_desktop.about import APP_ID
from cc_desktop.system.autostart.base import changing
from cc_desktop.system.files import FileError, read_private, write_private

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MAX_AGENT = 64 * 1024  # bytes


class MacLaunchAgent:
    """A property list among the operator's launch agents; it counts from the next login."""

    def __init__(self, command: Sequence[str], directory: Path) -> None:
        self._command = list(command)
        self.path = directory / f"{APP_ID}.plist"

    def is_enabled(self) -> bool:
        """Whether there is one that is not disabled."""
        try:
            agent = plistlib.loads(read_private(self.path, MAX_AGENT))
        except (FileError, ValueError, RecursionError, ExpatError):
            return False
        if not isinstance(agent, dict):
            return False
        return agent.get("RunAtLoad") is True and agent.get("Disabled") is not True

    def set_enabled(self, enabled: bool) -> None:
        """Write it or delete it."""
        agent = {
            "Label": APP_ID,
            "ProgramArguments": self._command,
            "RunAtLoad": True,
            "ProcessType": "Interactive",
        }
        with changing(self.path):
            if enabled:
                write_private(self.path.resolve(), plistlib.dumps(agent))
            else:
                self.path.unlink(missing_ok=True)
