"""What the operator chose, and what the window remembers between starts."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TYPE_CHECKING

from cc_desktop.config.preferences import GeneralPreferences, TrayPreferences
from cc_desktop.desktop.icons.tray_state import TrayIconStyle
from cc_desktop.desktop.style.palette import DARK, LIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cc_desktop.config.storage import Storage
    from cc_desktop.desktop.style.palette import Theme
    from cc_desktop.monitor import FleetMonitor


class WindowMemory(MutableMapping[str, str]):
    """What the window remembers between starts."""

    def __init__(self, monitor: FleetMonitor) -> None:
        self._monitor = monitor
        kept = monitor.recall("window")
        self._kept: dict[str, str] = (
            {str(key): value for key, value in kept.items() if isinstance(value, str)}
            if isinstance(kept, dict)
            else {}
        )

    def __getitem__(self, key: str) -> str:
        return self._kept[key]

    def __setitem__(self, key: str, value: str) -> None:
        if self._kept.get(key) != value:
            self._kept[key] = value
            self._monitor.remember("window", dict(self._kept))

    def __delitem__(self, key: str) -> None:
        del self._kept[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


def chosen_theme(memory: Storage) -> Theme | None:
    """The theme that was chosen; None: the system's."""
    chosen = memory.preferences.get(GeneralPreferences).theme
    return {"light": LIGHT, "dark": DARK}.get(chosen)


def chosen_tray_style(memory: Storage) -> TrayIconStyle:
    return TrayIconStyle(memory.preferences.get(TrayPreferences).icon_style)
