"""Gateways side by side: which of them runs an older release than another one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cc_desktop.fleet.model import Origin

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Fleet, Gateway

_RELEASE = re.compile(r"(\d{4})\.(\d{1,2})\.(\d{1,3})", re.ASCII)

Release = tuple[int, ...]


def release_of(gateway: Gateway) -> Release:
    """The release that a gateway said it runs, to be compared; empty if it never said one."""
    if gateway.origin is Origin.DEMO:
        return ()
    found = _RELEASE.match(gateway.connection.server_version)
    return tuple(int(part) for part in found.groups()) if found else ()


def newest_release(fleet: Fleet) -> Release:
    """The newest release among the gateways; empty if none is known."""
    return max((release_of(gateway) for gateway in fleet.gateways.values()), default=())


def written(release: Release) -> str:
    """A release as gateways write it."""
    return ".".join(map(str, release))
