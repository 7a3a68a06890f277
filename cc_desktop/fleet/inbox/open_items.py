"""The inbox over all gateways, as every view shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.inbox.follow import GATEWAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cc_desktop.fleet.inbox.item import InboxItem
    from cc_desktop.fleet.model import Fleet


def open_items(fleet: Fleet, *, parts: bool = False) -> list[InboxItem]:
    """What asks for the operator's attention: what needs somebody first, then the oldest.

    Of a gateway that is hidden behind the demo only what concerns the gateway itself is listed.

    Args:
        fleet: The model.
        parts: Include items that another one tells along with others.
    """
    return sorted(
        (item for item in each_item(fleet) if parts or not item.part_of),
        key=lambda item: item.order,
    )


def find_item(fleet: Fleet, ident: str) -> InboxItem | None:
    """The open item that has or had this id, or None: it has ended, or never was."""
    return next((item for item in each_item(fleet) if ident and ident in (item.id, item.was)), None)


def members_of(fleet: Fleet, item: InboxItem) -> tuple[InboxItem, ...]:
    """The items that one tells together, the oldest first; itself if it stands for none."""
    if not item.members:
        return (item,)
    found = {one.id: one for one in each_item(fleet) if one.part_of == item.id}
    return tuple(found[member] for member in item.members if member in found)


def each_item(fleet: Fleet) -> Iterator[InboxItem]:
    """All that is on the screen, in no order. O(items)."""
    for gateway in fleet.gateways.values():
        for scope, items in gateway.inbox.items():
            if not gateway.hidden or scope == GATEWAY:
                yield from items
        for items in gateway.fact_inbox.values():
            yield from items
