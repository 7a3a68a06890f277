"""The items of what a gateway tells of itself: each record's stand for themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.fleet.inbox.gateway_items import (
    record_due,
    record_items,
    record_scope,
    records,
    stands_alone,
)
from cc_desktop.fleet.inbox.item import InboxChanged, Items, dated, differences
from cc_desktop.fleet.inbox.parts import linked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cc_desktop.fleet.facts import Fact
    from cc_desktop.fleet.model import Gateway, Now

    Record = tuple[type[Fact], str]  # kind and id


def all_records(
    gateway: Gateway, inbox: Mapping[str, Items], now: Now
) -> tuple[dict[str, Items], list[InboxChanged]]:
    """The items of all records anew. O(facts)."""
    new: dict[str, Items] = {}
    changes: list[InboxChanged] = []
    gone = gateway.fact_inbox.copy()
    for record in records(gateway.facts):
        scope = record_scope(type(record), record.id)
        known = gone.pop(scope, ())
        items = _items_of_record(gateway, inbox, record, known, now)
        if items != known:
            changes += differences(gateway.id, known, items)
        if items:
            new[scope] = items
    for items in gone.values():
        changes += differences(gateway.id, items, ())
    return (new, changes) if changes else (gateway.fact_inbox, [])


def linked_records(
    gateway: Gateway, inbox: Mapping[str, Items], touched: Iterable[str]
) -> tuple[dict[str, Items], list[InboxChanged]]:
    """The items of some records, whose agents have failures that they had not before."""
    facts = gateway.fact_inbox
    changes: list[InboxChanged] = []
    for scope in touched:
        if (old := facts.get(scope)) is not None:
            new = tuple(linked(item, inbox.get(item.agent, ()), gateway) for item in old)
            if new != old:
                facts = {**facts, scope: new}
                changes += differences(gateway.id, old, new)
    return facts, changes


def is_alone(told: Record, before: Gateway | None, after: Gateway, now: Now) -> bool:
    """Whether of all that a gateway tells of itself, only this record is another than before."""
    kind, ident = told
    if before is None or before.facts.offset_ms != after.facts.offset_ms:
        return False
    old, new = before.facts.of(kind), after.facts.of(kind)
    is_all = len(new) - len(old) == (ident in new) - (ident in old)  # no other had to make room
    return is_all and stands_alone(kind, after, now)


def update_record(gateway: Gateway, told: Record, now: Now) -> tuple[Gateway, list[InboxChanged]]:
    """The items of one record anew. What is due may come early then: that costs one look."""
    kind, ident = told
    scope = record_scope(kind, ident)
    record = gateway.facts.of(kind).get(ident)
    old, due = gateway.fact_inbox.get(scope, ()), gateway.inbox_due
    new: Items = ()
    if record is not None:
        new = _items_of_record(gateway, gateway.inbox, record, old, now)
        times = (due, *record_due(gateway, record, now))
        due = min((time for time in times if time > now.wall), default=0)
    if new == old:
        return (gateway if due == gateway.inbox_due else replace(gateway, inbox_due=due)), []
    items = gateway.fact_inbox.copy()
    items[scope] = new
    if not new:
        del items[scope]
    return replace(gateway, fact_inbox=items, inbox_due=due), differences(gateway.id, old, new)


def _items_of_record(
    gateway: Gateway, inbox: Mapping[str, Items], record: Fact, old: Items, now: Now
) -> Items:
    known = {item.id: item for item in old}
    fresh = (
        dated(item, known.get(item.id), gateway, now) for item in record_items(gateway, record, now)
    )
    return tuple(linked(item, inbox.get(item.agent, ()), gateway) for item in fresh)
