"""Start at login. The state is always read from the system, which others may have changed."""

from __future__ import annotations

import contextlib
import os
import plistlib
import subprocess
import sys
import uuid
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from xml.parsers.expat import ExpatError

from cc_desktop.about import APP_ID, APP_NAME
from cc_desktop.system import launch_command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class AutostartError(Exception):
    """It could not be changed. The text is one sentence for the operator."""


class LoginStart(Protocol):
    """Whether the app starts with the operator's session."""

    def is_on(self) -> bool:
        """What the system would do at the next login."""
        ...

    def turn(self, on: bool) -> None:
        """Change it. Raises AutostartError."""
        ...


def login_start(command: Sequence[str]) -> LoginStart:
    """Of this system. `command` is what the system shall run."""
    command = [*command, "--hidden"]
    if sys.platform == "win32":
        return RunKey(command)
    if sys.platform == "darwin":
        return LaunchAgent(command, Path.home() / "Library" / "LaunchAgents")
    return XdgAutostart(command)


def write_file(path: Path, data: bytes) -> None:
    """Write a file all at once, through a link if it is one.

    Raises:
        OSError: it cannot be written.
    """
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise


# Linux: https://specifications.freedesktop.org/autostart-spec/latest/


class XdgAutostart:
    """A desktop entry in the operator's autostart directory, which goes before the system's."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str] | None = None) -> None:
        environ = os.environ if environ is None else environ
        self._command = list(command)
        home = Path(environ.get("HOME") or Path.home())
        config = Path(environ.get("XDG_CONFIG_HOME", ""))
        name = Path("autostart") / f"{APP_ID}.desktop"
        # A relative directory is invalid, says the specification of the directories.
        self.path = (config if config.is_absolute() else home / ".config") / name
        others = (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
        self._system = [Path(other) / name for other in others if Path(other).is_absolute()]

    def is_on(self) -> bool:
        """What the session would do: the first file that is there decides."""
        for path in (self.path, *self._system):
            try:
                entry = launch_command.read_entry(path.read_text("utf-8", "replace"))
            except OSError:
                continue
            return _starts(entry)
        return False

    def turn(self, on: bool) -> None:
        """Write the entry or take it away; one of the system's is hidden, not deleted."""
        try:
            if on:
                write_file(self.path, self._entry().encode())
            elif any(path.exists() for path in self._system):
                write_file(self.path, (self._entry() + "Hidden=true\n").encode())
            else:
                self.path.unlink(missing_ok=True)
        except OSError as error:
            raise AutostartError(_sentence(self.path, error)) from None
        except launch_command.LaunchError as error:
            raise AutostartError(f"Start at login cannot be set: {error}") from None

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
        # A program that was moved or removed is not started, whatever the entry says.
        and (not program.startswith("/") or Path(program).exists())
    )


# Windows

RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
# Where the Task Manager writes down what the operator has switched off.
APPROVED = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"


class RunKey:
    """A value of the operator's Run key."""

    def __init__(self, command: Sequence[str], registry: Any = None) -> None:
        """`registry` is the module winreg."""
        self._command = subprocess.list2cmdline(command)
        self._registry = registry or import_module("winreg")

    def is_on(self) -> bool:
        """Whether there is a value that was not switched off."""
        approved = self._read(APPROVED)
        off = isinstance(approved, bytes) and bool(approved) and approved[0] & 1 == 1
        return bool(self._read(RUN)) and not off

    def turn(self, on: bool) -> None:
        """Write the value or delete it."""
        registry = self._registry
        try:
            if on:
                with registry.CreateKey(registry.HKEY_CURRENT_USER, RUN) as key:
                    registry.SetValueEx(key, APP_ID, 0, registry.REG_SZ, self._command)
            else:
                self._delete(RUN)
            self._delete(APPROVED)
        except OSError as error:
            raise AutostartError(
                f"Start at login cannot be set in the registry: {error.strerror or error}."
            ) from None

    def _read(self, path: str) -> object:
        registry = self._registry
        try:
            with registry.OpenKey(registry.HKEY_CURRENT_USER, path) as key:
                return registry.QueryValueEx(key, APP_ID)[0]
        except OSError:
            return None

    def _delete(self, path: str) -> None:
        registry = self._registry
        with (
            contextlib.suppress(FileNotFoundError),
            registry.OpenKey(registry.HKEY_CURRENT_USER, path, 0, registry.KEY_SET_VALUE) as key,
        ):
            registry.DeleteValue(key, APP_ID)


# macOS


class LaunchAgent:
    """A property list among the operator's launch agents."""

    def __init__(self, command: Sequence[str], directory: Path) -> None:
        self._command = list(command)
        self.path = directory / f"{APP_ID}.plist"

    def is_on(self) -> bool:
        """Whether there is one that is not disabled."""
        try:
            agent = plistlib.loads(self.path.read_bytes())
        except (OSError, ValueError, ExpatError):
            return False
        if not isinstance(agent, dict):
            return False
        return agent.get("RunAtLoad") is True and agent.get("Disabled") is not True

    def turn(self, on: bool) -> None:
        """Write it or take it away; it counts from the next login."""
        agent = {
            "Label": APP_ID,
            "ProgramArguments": self._command,
            "RunAtLoad": True,
            "ProcessType": "Interactive",
        }
        try:
            if on:
                write_file(self.path, plistlib.dumps(agent))
            else:
                self.path.unlink(missing_ok=True)
        except OSError as error:
            raise AutostartError(_sentence(self.path, error)) from None


def _sentence(path: Path, error: OSError) -> str:
    return f"Start at login cannot be set: {path}: {error.strerror}."
