"""What the app keeps between starts, in files that only their owner can read."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any

import msgspec

from cc_desktop.system.files import FileError, write_private

if TYPE_CHECKING:
    from pathlib import Path

    from cc_desktop.config.paths import Paths

log = logging.getLogger(__name__)


class StateFile:
    """Keys and values in one file of JSON. One that cannot be read is kept aside, not lost."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._data: dict[str, Any] = {}
        self._unreadable = False
        try:
            self._data = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        except FileNotFoundError:
            pass
        except (OSError, msgspec.DecodeError, UnicodeError) as error:
            self._unreadable = True
            log.warning("%s cannot be read: %s", path, error)

    def get(self, key: str) -> Any:
        """What was remembered, or None."""
        return self._data.get(key)

    def set(self, key: str, value: Any) -> None:
        """Remember. Where nothing can be written, for as long as the app runs."""
        if self._data.get(key) == value:
            return
        self._data[key] = value
        if self._unreadable:
            self._unreadable = False
            with contextlib.suppress(OSError):
                self._path.rename(self._path.with_name(f"{self._path.name}.unreadable"))
        try:
            write_private(self._path, msgspec.json.encode(self._data), durable=False)
        except FileError as error:
            log.warning("not remembered: %s", error)


class NotificationMemory:
    """Implements `cc_desktop.notifications.center.Memory`, and keeps the look of the tray icon."""

    def __init__(self, paths: Paths, state: StateFile) -> None:
        """`state` also keeps other things, such as the size of windows."""
        self._state = state
        self._preferences = StateFile(paths.preferences)
        self._notices = StateFile(paths.notices)

    def load_notifications(self) -> tuple[object, object, object]:
        """Preferences, snooze (local ms) and notices."""
        return (
            self._preferences.get("notifications"),
            self._state.get("snoozed_until"),
            self._notices.get("notices"),
        )

    def save_preferences(self, data: dict[str, Any]) -> None:
        """Keep the choices."""
        self._preferences.set("notifications", data)

    def save_snooze(self, until: int) -> None:
        """Keep until when it is snoozed, local ms."""
        self._state.set("snoozed_until", until)

    def save_notices(self, data: list[dict[str, Any]]) -> None:
        """Keep the list."""
        self._notices.set("notices", data)

    @property
    def tray_look(self) -> str:
        """For which panel the tray icon is drawn; "" until it is chosen."""
        look = self._preferences.get("tray_icon")
        return look if isinstance(look, str) else ""

    @tray_look.setter
    def tray_look(self, look: str) -> None:
        self._preferences.set("tray_icon", look)
