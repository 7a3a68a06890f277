"""What the rules share."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from cc_desktop.fleet.model import Origin

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Fleet, Gateway

K = TypeVar("K")
V = TypeVar("V")


def is_current(gateway: Gateway | None) -> bool:
    """Return whether what is known of it is current: neither the demo nor the last known."""
    return gateway is not None and gateway.origin in (Origin.LIVE, Origin.REST)


def where(fleet: Fleet, gateway: str) -> str:
    """Return the gateway's name if there are several to tell apart, else ""."""
    real = [one for one in fleet.gateways.values() if one.origin is not Origin.DEMO]
    return fleet.gateways[gateway].name if len(real) > 1 else ""


def remember(mapping: dict[K, V], key: K, value: V, limit: int) -> None:
    """Set a key as the newest; the oldest is dropped when there are more than `limit`."""
    mapping.pop(key, None)
    mapping[key] = value
    if len(mapping) > limit:
        del mapping[next(iter(mapping))]


def forget_gateway(marks: set[tuple[str, str]] | dict[tuple[str, str], V], gateway: str) -> None:
    """Remove the marks whose first part is the gateway's id."""
    for key in [key for key in marks if key[0] == gateway]:
        if isinstance(marks, set):
            marks.discard(key)
        else:
            del marks[key]
