"""What the windows and the tray may ask of the app."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from cc_desktop.fleet.commands import Command


def _nothing(*_: object) -> None:
    """What an app without settings does."""


class Actions(Struct, frozen=True):
    """Handed in by the app. None of them blocks."""

    reconnect: Callable[[str | None], None]  # a gateway's id, or None for all
    show_last_known: Callable[[bool], None]  # instead of the demo, or the demo again
    quit: Callable[[], None]
    connect: Callable[[], None] = _nothing  # opens the panel for a first gateway
    edit_gateway: Callable[[str], None] = _nothing  # a gateway's id
    open_rights: Callable[[str], None] = _nothing  # a gateway's id: what this computer may do there
    open_settings_file: Callable[[], None] = _nothing
    execute: Callable[[Command], object] = _nothing  # anything else; how far it is, is in the model
    open_address: Callable[[str], None] = _nothing  # http or https, in the browser
