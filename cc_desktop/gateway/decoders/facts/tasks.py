"""Background tasks: the rows of `tasks.list`, which `task` events carry, too (2026.7.1 on).

Only those count that somebody has to hear of. A scheduled run is a task as well: its job tells it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.facts import Task
from cc_desktop.gateway.decoders import values
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_TASKS = 200  # of one gateway: the newest
FAILURES = ("failed", "timed_out", "lost")


def task(row: dict[str, Any]) -> Task | None:
    """A task; None if it has no id."""
    ident = fields.identifier(row.get("id")) or fields.identifier(row.get("taskId"))
    if not ident:
        return None
    diff = fields.as_object(row.get("diffStat"))
    return Task(
        id=ident,
        agent_id=fields.identifier(row.get("agentId")),
        session_key=fields.identifier(row.get("sessionKey")),
        child_key=fields.identifier(row.get("childSessionKey")),
        title=values.name(row.get("title")),
        status=values.name(row.get("status")),
        outcome=values.name(row.get("terminalOutcome")),
        error=values.error_text(row.get("error")),
        summary=fields.text(row.get("terminalSummary")) or fields.text(row.get("progressSummary")),
        delivery=values.name(row.get("deliveryStatus")),
        started_at=values.moment(row.get("startedAt")),
        ended_at=values.moment(row.get("endedAt")) or values.moment(row.get("updatedAt")),
        files=fields.integer(diff.get("files")),
        added=fields.integer(diff.get("added")),
        removed=fields.integer(diff.get("removed")),
    )


def matters(row: dict[str, Any]) -> bool:
    """Whether somebody has to hear of it: it failed, is blocked, or its result reached nobody."""
    if row.get("runtime") == "cron" or row.get("deliveryStatus") == "dismissed":
        return False
    # A run that was begun from outside is a task as well: its session's row tells how it ended.
    is_own_run = bool(row.get("sessionKey")) and row.get("sessionKey") == row.get("childSessionKey")
    return (
        (row.get("status") in FAILURES and not is_own_run)
        or row.get("terminalOutcome") == "blocked"
        or row.get("deliveryStatus") == "failed"
    )


def worth_telling(rows: Iterable[dict[str, Any]]) -> tuple[Task, ...]:
    """Of these rows, the newest tasks that matter."""
    found = [one for row in rows if matters(row) and (one := task(row))]
    found.sort(key=lambda one: one.ended_at)
    return tuple({one.id: one for one in found[-MAX_TASKS:]}.values())


def changed(gateway: str, data: dict[str, Any]) -> ev.FactTold | ev.FactGone | None:
    """The payload of `task`; None if only a list can say what it means ("restored")."""
    row = fields.as_object(data.get("task"))
    ident = fields.identifier(data.get("taskId")) or fields.identifier(row.get("id"))
    if ident and data.get("action") == "deleted":
        return ev.FactGone(gateway, Task, ident)
    found = task(row)
    if found is None:
        return None
    return ev.FactTold(gateway, found) if matters(row) else ev.FactGone(gateway, Task, found.id)
