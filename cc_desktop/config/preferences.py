"""What the operator chose in the window Settings: one record a page, all in one file.

A page is a frozen Struct with its name in `PAGE`:

    class TrayPreferences(msgspec.Struct, frozen=True):
        PAGE: ClassVar[str] = "tray"
        icon_style: Literal["auto", "light"] = "auto"

    chosen = preferences.get(TrayPreferences)
    preferences.set(msgspec.structs.replace(chosen, icon_style="light"))
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeVar

import msgspec

if TYPE_CHECKING:
    from cc_desktop.config.state_store import StateStore

log = logging.getLogger(__name__)


class Page(Protocol):
    """A record of choices. Every field has a default."""

    PAGE: ClassVar[str]
    __struct_fields__: ClassVar[tuple[str, ...]]


P = TypeVar("P", bound=Page)


class TrayPreferences(msgspec.Struct, frozen=True):
    """The page Tray icon."""

    PAGE: ClassVar[str] = "tray"

    # The values of `desktop.icons.tray_state.TrayIconStyle`.
    icon_style: Literal["auto", "light", "dark", "colour"] = "auto"


class GeneralPreferences(msgspec.Struct, frozen=True):
    """The page General. What concerns the fleet is in the settings file instead."""

    PAGE: ClassVar[str] = "general"

    theme: Literal["system", "light", "dark"] = "system"
    global_key: bool = False  # for the next that needs you, in every window of the desktop


# Keys of earlier versions → the page and the field that they became.
_MOVED = {"tray_icon": ("tray", "icon_style")}


class Preferences:
    """The typed store of choices. What cannot be used counts as not chosen, a field at a time."""

    def __init__(self, store: StateStore) -> None:
        """Take the file over, and move what an earlier version kept elsewhere in it."""
        self._store = store
        for old, (page, field) in _MOVED.items():
            value = store.get(old)
            if value is not None:
                kept = self.get_raw(page)
                store.set(page, {field: value, **(kept if isinstance(kept, dict) else {})})
                store.remove(old)

    def get(self, page: type[P]) -> P:
        """The choices of a page."""
        return decode_fields(page, self._store.get(page.PAGE))

    def set(self, record: Page) -> None:
        """Keep the choices of a page; fields that a newer version wrote stay."""
        self.set_raw(record.PAGE, msgspec.to_builtins(record))

    def get_raw(self, page: str) -> object:
        """The JSON of a page that another room reads by itself."""
        return self._store.get(page)

    def set_raw(self, page: str, data: dict[str, Any]) -> None:
        """Keep the JSON of a page."""
        kept = self._store.get(page)
        self._store.set(page, {**kept, **data} if isinstance(kept, dict) else data)


def decode_fields(kind: type[P], data: object) -> P:
    """Make a record from JSON; each field that does not fit gets its default."""
    values = {}
    for field in msgspec.structs.fields(kind):  # type: ignore[arg-type] # pages are Structs
        if not isinstance(data, dict) or field.encode_name not in data:
            continue
        try:
            values[field.name] = msgspec.convert(data[field.encode_name], field.type)
        except msgspec.ValidationError:
            log.warning("preferences: %s.%s is not usable", kind.PAGE, field.encode_name)
    return kind(**values)
