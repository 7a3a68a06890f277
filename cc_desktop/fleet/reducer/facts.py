"""What a gateway tells about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.fleet import facts
from cc_desktop.fleet.reducer.state import Result, put_gateway

if TYPE_CHECKING:
    from cc_desktop.fleet import events as ev
    from cc_desktop.fleet.facts import Facts
    from cc_desktop.fleet.model import Fleet, Gateway, Now


def listed(fleet: Fleet, gateway: Gateway, event: ev.FactsListed, now: Now) -> Result:
    """All records of one kind."""
    known = _dated(gateway)
    records = tuple(facts.localized(record, known.offset_ms) for record in event.records)
    return _put(fleet, gateway, facts.with_all(known, event.kind, records))


def told(fleet: Fleet, gateway: Gateway, event: ev.FactTold, now: Now) -> Result:
    """One record."""
    known = _dated(gateway)
    record = facts.localized(event.record, known.offset_ms)
    return _put(fleet, gateway, facts.with_one(known, record))


def gone(fleet: Fleet, gateway: Gateway, event: ev.FactGone, now: Now) -> Result:
    """One record is no longer true."""
    return _put(fleet, gateway, facts.without(gateway.facts, event.kind, event.id))


def _dated(gateway: Gateway) -> Facts:
    offset_ms = facts.steady_offset(gateway.facts.offset_ms, gateway.clock_offset_ms)
    if offset_ms == gateway.facts.offset_ms:
        return gateway.facts
    return replace(gateway.facts, offset_ms=offset_ms)


def _put(fleet: Fleet, gateway: Gateway, after: Facts) -> Result:
    if after is gateway.facts:
        return fleet, []
    return put_gateway(fleet, gateway, replace(gateway, facts=after))
