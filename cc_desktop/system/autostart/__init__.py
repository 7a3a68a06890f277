"""Start at login. The operating system keeps the state, so no setting of ours can contradict it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cc_desktop.system.autostart.base import Autostart, AutostartError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Autostart", "AutostartError", "system_autostart"]


def system_autostart(command: Sequence[str]) -> Autostart:
    """Start at login on this system.

    Args:
        command: The program and its arguments, absolute paths; "--hidden" is added.
    """
    command = [*command, "--hidden"]
    if sys.platform == "win32":
        from cc_desktop.system.autostart.windows import WindowsRunKey

        return WindowsRunKey(command)
    if sys.platform == "darwin":
        from cc_desktop.system.autostart.macos import MacLaunchAgent

        return MacLaunchAgent(command, Path.home() / "Library" / "LaunchAgents")
    from cc_desktop.system.autostart.linux import XdgAutostart

    return XdgAutostart(command)
