"""Items that tell the same failure: a job's or a task's run fails, and so does its agent's run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.fleet.inbox.item import InboxItem, InboxKind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cc_desktop.fleet.model import Gateway

_CAUSED = (InboxKind.CRON_FAILED, InboxKind.TASK_FAILED)


def with_parts(
    items: tuple[InboxItem, ...],
    inbox: Mapping[str, tuple[InboxItem, ...]],
    gateway: Gateway,
    agents: Collection[str] | None = None,
) -> tuple[InboxItem, ...]:
    """The gateway's own items, those marked that an agent's failure tells already.

    Args:
        items: The gateway's own items.
        inbox: All items of the gateway, by the agent's id.
        gateway: The gateway; its `inbox` may be older.
        agents: Those whose items may be others than before; None: all.
    """
    if agents is None:
        places = [place for place, item in enumerate(items) if item.kind in _CAUSED]
    else:
        places = [place for place, item in enumerate(items) if item.agent in agents]
    if not places:
        return items
    linked = list(items)
    for place in places:
        linked[place] = _linked(items[place], inbox.get(items[place].agent, ()), gateway)
    return tuple(linked)


def _linked(item: InboxItem, of_agent: tuple[InboxItem, ...], gateway: Gateway) -> InboxItem:
    if item.kind not in _CAUSED or not item.agent:
        return item
    keys = (
        one for one in of_agent if one.kind is InboxKind.FAILED and _same(item, one.session_key)
    )
    failed = next(keys, None)
    part_of = failed.id if failed else ""
    seen = item.seen or _was_seen(item, gateway)
    if (part_of, seen) == (item.part_of, item.seen):
        return item
    return replace(item, part_of=part_of, seen=seen)


def _was_seen(item: InboxItem, gateway: Gateway) -> bool:
    """Whether the operator has seen that failure as the agent's."""
    offset_ms = gateway.facts.offset_ms  # marks of failures have the gateway's time
    return any(
        at + offset_ms >= item.since and _same(item, key) for key, at in gateway.seen.items()
    )


def _same(item: InboxItem, session_key: str) -> bool:
    if item.kind is InboxKind.TASK_FAILED:
        return bool(item.session_key) and item.session_key == session_key
    # Measured on 2026.5.7 and 2026.9.6: one session a job, and one a run.
    return f"{session_key}:".startswith(f"agent:{item.agent}:cron:{item.subject}:")
