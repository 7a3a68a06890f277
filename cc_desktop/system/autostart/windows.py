"""Start at login on Windows: a value of the operator's Run key."""

from __future__ import annotations

import contextlib
import subprocess
from importlib import import_module
from typing import TYPE_CHECKING, Any

from cc_desktop.about import APP_ID
from cc_desktop.system.autostart.base import AutostartError

if TYPE_CHECKING:
    from collections.abc import Sequence

RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
# Where the Task Manager records what the operator has switched off.
APPROVED = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"


class WindowsRunKey:
    """A value of the operator's Run key."""

    def __init__(self, command: Sequence[str], registry: Any = None) -> None:
        """`registry` is the module winreg."""
        self._command = subprocess.list2cmdline(command)
        self._registry = registry or import_module("winreg")

    def is_enabled(self) -> bool:
        """Whether there is a value that was not switched off."""
        approved = self._read(APPROVED)
        off = isinstance(approved, bytes) and bool(approved) and approved[0] & 1 == 1
        return bool(self._read(RUN)) and not off

    def set_enabled(self, enabled: bool) -> None:
        """Write the value or delete it."""
        registry = self._registry
        try:
            if enabled:
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
