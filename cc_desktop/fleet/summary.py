"""The whole fleet in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cc_desktop.fleet.inbox import Severity
from cc_desktop.fleet.inbox.open_items import each_item
from cc_desktop.fleet.model import ConnectionState, Fleet, Gateway, Origin, Status

if TYPE_CHECKING:
    from collections.abc import Iterable


_TRYING = (ConnectionState.CONNECTING, ConnectionState.AUTHENTICATING, ConnectionState.SYNCING)


class Summary(Struct, frozen=True):
    """The fleet in numbers."""

    origin: Origin
    as_of: int  # local ms: the oldest data on the screen
    error: int
    needs_you: int  # error included
    working: int
    idle: int
    offline: int
    total: int
    is_connecting: bool  # a gateway is being tried
    has_lost: bool  # a gateway was there and is gone, or could not be reached so far
    unreachable: tuple[str, ...]  # names of gateways that are not live, blocked ones included
    gateway_needs_you: int = 0  # items that need somebody and are not about an agent
    warnings: int = 0  # that nobody has seen


def screen_origin(fleet: Fleet) -> Origin:
    """The best source among what is shown."""
    origins: Iterable[Origin] = [gateway.origin for gateway in fleet.shown()]
    for origin in (Origin.LIVE, Origin.REST, Origin.DEMO, Origin.LAST_KNOWN):
        if origin in origins:
            return origin
    return Origin.NONE


def _is_lost(gateway: Gateway) -> bool:
    """Whether a gateway was lost, or was never reached."""
    never = gateway.origin is Origin.NONE and gateway.connection.problem is not None
    return gateway.origin is Origin.LAST_KNOWN or never


def summarize(fleet: Fleet) -> Summary:
    """Count what is on the screen. O(agents)."""
    counts = dict.fromkeys(Status, 0)
    for gateway in fleet.shown():
        for agent in gateway.agents.values():
            counts[agent.status] += 1
    origin = screen_origin(fleet)
    error = counts[Status.ERROR]
    needs_you = error + counts[Status.WAITING] + counts[Status.STUCK]
    working = counts[Status.ACTIVE] + counts[Status.THINKING]
    items = [item for item in each_item(fleet) if not (item.seen or item.part_of)]
    real = [gateway for gateway in fleet.gateways.values() if gateway.origin is not Origin.DEMO]
    return Summary(
        origin=origin,
        as_of=min((g.as_of for g in fleet.shown() if g.agents and g.as_of), default=0),
        error=error,
        needs_you=needs_you,
        working=working,
        idle=counts[Status.IDLE],
        offline=counts[Status.OFFLINE] + counts[Status.UNKNOWN],
        total=sum(counts.values()),
        is_connecting=any(gateway.connection.state in _TRYING for gateway in real),
        has_lost=any(_is_lost(gateway) for gateway in real),
        unreachable=tuple(g.name for g in real if g.connection.state is not ConnectionState.LIVE),
        gateway_needs_you=sum(
            item.severity is Severity.NEEDS_YOU and not (item.agent or item.members)
            for item in items
        ),
        warnings=sum(item.severity is Severity.WARNING for item in items),
    )
