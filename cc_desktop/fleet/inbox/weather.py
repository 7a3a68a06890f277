"""Provider weather: failures of several agents with one cause are one item, of all gateways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.fleet.inbox.item import InboxItem, InboxKind, item_id
from cc_desktop.fleet.model import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cc_desktop.fleet.model import Fleet, Gateway

SHARED = "\n"  # the key, among those of agents, of items about several agents; no agent has it
WITHIN_MS = 600_000  # failures so close to each other have one cause
_GONE = (Origin.LAST_KNOWN, Origin.NONE)

Items = tuple[InboxItem, ...]
Inboxes = dict[str, dict[str, Items]]  # what is different: by gateway, then by agent


def regrouped(fleet: Fleet, causes: Iterable[str]) -> Inboxes:
    """Group the failures of these causes anew.

    Args:
        fleet: The model, with the items of each agent up to date.
        causes: As items have them. O(items of agents), so only those of which something changed.

    Returns:
        The items that are different, by gateway and agent.
    """
    wanted = {cause for cause in causes if cause}
    found: dict[tuple[str, bool], list[InboxItem]] = {
        (c, demo): [] for c in wanted for demo in (False, True)
    }
    for gateway in fleet.gateways.values():
        if gateway.inbox:
            is_demo = gateway.origin is Origin.DEMO
            for item in failures(gateway):
                if item.cause in wanted:
                    found[item.cause, is_demo].append(item)
    changed: Inboxes = {}
    shared: dict[str, list[InboxItem]] = {}
    for (cause, is_demo), items in found.items():
        together = _together(items)
        group = _group(fleet, cause, is_demo, together) if together else None
        if group is not None:
            shared.setdefault(group.gateway, []).append(group)
        ids = {item.id for item in together}
        for item in items:
            part_of = group.id if group is not None and item.id in ids else ""
            if item.part_of != part_of:
                _put(fleet, changed, replace(item, part_of=part_of))
    for gateway in fleet.gateways.values():
        if SHARED not in gateway.inbox and gateway.id not in shared:
            continue
        old = gateway.inbox.get(SHARED, ())
        new = (*(one for one in old if one.cause not in wanted), *shared.get(gateway.id, ()))
        if new != old:
            changed.setdefault(gateway.id, {})[SHARED] = new
    return changed


def failures(gateway: Gateway) -> Iterator[InboxItem]:
    """The items of single failures: an agent has one at most, before all its others."""
    for scope, items in gateway.inbox.items():
        if items[0].cause and scope != SHARED:
            yield items[0]


def _together(items: Sequence[InboxItem]) -> Items:
    """Those that have another one close by, the oldest first."""
    ordered = sorted(items, key=lambda item: (item.since, item.id))
    if len(ordered) < 2:
        return ()
    found: list[InboxItem] = []
    for number, item in enumerate(ordered):
        around = (*ordered[max(0, number - 1) : number], *ordered[number + 1 : number + 2])
        if any(abs(other.since - item.since) <= WITHIN_MS for other in around):
            found.append(item)
    return tuple(found)


def _group(fleet: Fleet, cause: str, is_demo: bool, members: Items) -> InboxItem:
    # The first of them in the order of the settings: which one failed first may change.
    owners = {item.gateway for item in members}
    owner = next(name for name in fleet.gateways if name in owners)
    newest = members[-1]
    codes = [item.code for item in members if item.code.isdigit()]
    return InboxItem(
        item_id(InboxKind.FAILED, "", f"{cause}\n{is_demo}"),
        InboxKind.FAILED,
        owner,
        cause,
        name=newest.provider,
        detail=newest.detail,
        code=codes[-1] if codes else newest.code,
        since=members[0].since,
        members=tuple(item.id for item in members),
        cause=cause,
        provider=newest.provider,
        count=len(members),
        span_ms=newest.since - members[0].since,
    )


def _put(fleet: Fleet, changed: Inboxes, item: InboxItem) -> None:
    scopes = changed.setdefault(item.gateway, {})
    items: Mapping[str, Items] = fleet.gateways[item.gateway].inbox
    current = scopes.get(item.agent, items.get(item.agent, ()))
    scopes[item.agent] = tuple(item if one.id == item.id else one for one in current)
