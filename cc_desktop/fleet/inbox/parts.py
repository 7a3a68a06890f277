"""Items that tell the same failure: a job's or a task's run fails, and so does its agent's run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.fleet.inbox.item import InboxItem, InboxKind

if TYPE_CHECKING:
    from collections.abc import Mapping

_CAUSED = (InboxKind.CRON_FAILED, InboxKind.TASK_FAILED)


def with_parts(
    items: tuple[InboxItem, ...], inbox: Mapping[str, tuple[InboxItem, ...]]
) -> tuple[InboxItem, ...]:
    """The gateway's own items, those marked that an agent's failure tells already.

    Args:
        items: The gateway's own items.
        inbox: All items of the gateway, by the agent's id.
    """
    if not any(item.kind in _CAUSED for item in items):
        return items
    return tuple(_linked(item, inbox.get(item.agent, ())) for item in items)


def _linked(item: InboxItem, of_agent: tuple[InboxItem, ...]) -> InboxItem:
    if item.kind not in _CAUSED or not item.agent:
        return item
    failures = (one for one in of_agent if one.kind is InboxKind.FAILED and _same(item, one))
    failed = next(failures, None)
    part_of = failed.id if failed else ""
    return item if part_of == item.part_of else replace(item, part_of=part_of)


def _same(item: InboxItem, failed: InboxItem) -> bool:
    if item.kind is InboxKind.TASK_FAILED:
        return bool(item.session_key) and item.session_key == failed.session_key
    # Measured on 2026.5.7 and 2026.9.6: one session a job, and one a run.
    own = f"agent:{item.agent}:cron:{item.subject}"
    return f"{failed.session_key}:".startswith(f"{own}:")
