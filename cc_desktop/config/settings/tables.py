"""The settings file as it is written. The name of a field is its key."""

from __future__ import annotations

from typing import Annotated, Any, get_type_hints

from msgspec import Meta, Struct

from cc_desktop.config.settings.model import (
    DEFAULT_POLL_S,
    Access,
    GuardSettings,
    WhenUnreachable,
)

_Name = Annotated[str, Meta(min_length=1, max_length=80)]
_Word = Annotated[str, Meta(max_length=4_000)]


class HookTable(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[hooks]`: a program that is run for each notice, as its words."""

    command: Annotated[tuple[_Word, ...], Meta(max_length=64)] = ()


class GatewayTable(Struct):
    """A table `[[gateways]]`."""

    url: str = ""
    id: _Name | None = None
    name: _Name | None = None
    token_file: str | None = None
    rest_url: str = ""
    poll_interval: str | int | float = DEFAULT_POLL_S
    insecure: bool = False
    client_id: str = ""
    client_mode: str = ""
    access: Access = "watch"
    proxy: str = ""
    fingerprint: str = ""
    enabled: bool = True


class File(Struct):
    """The top level."""

    demo: bool = True
    demo_seed: int = 7
    stuck_after_minutes: Annotated[int, Meta(ge=1, le=10_080)] = 10
    keyring: bool = True
    update_url: str = ""
    when_unreachable: WhenUnreachable = "sample"
    hooks: HookTable = HookTable()
    guard: dict[str, Any] = {}
    gateways: list[dict[str, Any]] = []


KNOWN: dict[type, dict[str, Any]] = {
    table: get_type_hints(table, include_extras=True)
    for table in (File, GatewayTable, GuardSettings)
}
# Written by other parts of the app, or kept for them.
KEPT_KEYS = frozenset({"scopes"})
