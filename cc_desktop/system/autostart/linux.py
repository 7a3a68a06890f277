"""Start at login on Linux: https://specifications.freedesktop.org/autostart-spec/latest/."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from cc_desktop.about import APP_ID, APP_NAME
from cc_desktop.system import launch_command
from cc_desktop.system.autostart.base import AutostartError, changing
from cc_desktop.system.files import FileError, read_private, write_private

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_ENTRY = 64 * 1024  # bytes


class XdgAutostart:
    """A desktop entry in the operator's autostart directory, which overrides the system's."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str] | None = None) -> None:
        environ = os.environ if environ is None else environ
        self._command = list(command)
        home = Path(environ.get("HOME") or Path.home())
        config = Path(environ.get("XDG_CONFIG_HOME", ""))
        name = Path("autostart") / f"{APP_ID}.desktop"
        # The base directory specification declares a relative directory invalid.
        self.path = (config if config.is_absolute() else home / ".config") / name
        others = (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
        self._system = [Path(other) / name for other in others if Path(other).is_absolute()]

    def is_enabled(self) -> bool:
        """What the session would do: the first file that exists decides."""
        for path in (self.path, *self._system):
            try:
                text = read_private(path, MAX_ENTRY).decode("utf-8", "replace")
            except FileError:
                continue
            return _starts(launch_command.read_entry(text))
        return False

    def set_enabled(self, enabled: bool) -> None:
        """Write the entry or delete it; one of the system's is hidden by one of our own."""
        try:
            with changing(self.path):
                if enabled:
                    self._write(self._entry())
                elif any(path.exists() for path in self._system):
                    self._write(self._entry() + "Hidden=true\n")
                else:
                    self.path.unlink(missing_ok=True)
        except launch_command.LaunchError as error:
            raise AutostartError(f"Start at login cannot be set: {error}") from None

    def _write(self, entry: str) -> None:
        # Resolved: an entry that is a link, into a directory of dotfiles, stays one.
        write_private(self.path.resolve(), entry.encode())

    def _entry(self) -> str:
        return (
            "[Desktop Entry]\n"
            "Type=Application\n"
            f"Name={APP_NAME}\n"
            "Comment=Your agents in the tray\n"
            f"Exec={launch_command.exec_line(self._command)}\n"
            f"Icon={APP_ID}\n"
            "Terminal=false\n"
            "X-GNOME-Autostart-enabled=true\n"
        )


def _starts(entry: Mapping[str, str]) -> bool:
    program = launch_command.first_word(entry.get("Exec", ""))
    return (
        bool(program)
        and entry.get("Hidden", "false") != "true"
        and entry.get("X-GNOME-Autostart-enabled", "true") != "false"
        # The session cannot start a program that was moved or removed, whatever the entry says.
        and (not program.startswith("/") or Path(program).exists())
    )
