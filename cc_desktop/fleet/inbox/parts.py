"""Items that tell the same failure: a job's or a task's run fails, and so does its agent's run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.fleet.facts import CronJob, Task
from cc_desktop.fleet.inbox.gateway_items import record_scope
from cc_desktop.fleet.inbox.item import InboxItem, InboxKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cc_desktop.fleet.model import Gateway

_CAUSED = (InboxKind.CRON_FAILED, InboxKind.TASK_FAILED)


def touched_records(
    gateway: Gateway, agent: str, old: tuple[InboxItem, ...], new: tuple[InboxItem, ...]
) -> Iterator[str]:
    """The scopes of the records whose items an agent's failures told before, or tell now.

    Args:
        gateway: The gateway.
        agent: The agent's id.
        old: Its items before.
        new: Its items now.
    """
    keys = _failed_keys(old) ^ _failed_keys(new)
    if not keys:
        return
    for key in keys:
        job, _, rest = f"{key}:".partition(f"agent:{agent}:cron:")[2].partition(":")
        while rest or job:  # an id may have a colon
            yield record_scope(CronJob, job)
            more, _, rest = rest.partition(":")
            job = f"{job}:{more}" if more else ""
    for task in gateway.facts.tasks.values():
        if (task.child_key or task.session_key) in keys:
            yield record_scope(Task, task.id)


def _failed_keys(items: tuple[InboxItem, ...]) -> set[str]:
    return {item.session_key for item in items if item.kind is InboxKind.FAILED}


def linked(item: InboxItem, of_agent: tuple[InboxItem, ...], gateway: Gateway) -> InboxItem:
    """The item of a record, marked if a failure of its agent tells it already.

    Args:
        item: The item.
        of_agent: The items of the agent that it names.
        gateway: The gateway; its `inbox` may be older.
    """
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
