"""Scheduled jobs: the rows of `cron.list`, which `cron` events carry, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.facts import CronJob
from cc_desktop.gateway.decoders import values
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Iterator

# 2026.9.6 has one of each for each agent, and they are not the operator's.
BUILT_IN = ("heartbeat:", "skill-collection-review:")
_NO_NEWS = "FailoverError: "  # before the reason, on 2026.5.7


def job(row: dict[str, Any]) -> CronJob | None:
    """A job; None if it has no id, or is one of the gateway's own."""
    ident = fields.identifier(row.get("id"))
    if not ident or fields.identifier(row.get("declarationKey")).startswith(BUILT_IN):
        return None
    state = fields.as_object(row.get("state"))
    return CronJob(
        id=ident,
        name=values.name(row.get("displayName")) or values.name(row.get("name")),
        agent_id=fields.identifier(row.get("agentId"))
        or fields.identifier(row.get("effectiveAgentId")),
        is_enabled=row.get("enabled") is not False,
        is_running=fields.integer(state.get("runningAtMs")) > 0,
        next_run_at=fields.integer(state.get("nextRunAtMs")),
        last_run_at=fields.integer(state.get("lastRunAtMs")),
        last_status=values.name(state.get("lastRunStatus")) or values.name(state.get("lastStatus")),
        last_error=fields.text(state.get("lastError")).removeprefix(_NO_NEWS),
        error_reason=values.name(state.get("lastErrorReason")),
        failures=fields.integer(state.get("consecutiveErrors")),
        is_given_up=isinstance(state.get("autoDisabled"), dict),
        is_once=fields.as_object(row.get("schedule")).get("kind") == "at",
        # "unknown" is what it is after a run that failed.
        is_undelivered=state.get("lastDeliveryStatus") == "not-delivered",
        delivery_error=fields.text(state.get("lastDeliveryError"))
        if state.get("lastDeliveryStatus") == "not-delivered"
        else "",
    )


def jobs(payload: object) -> Iterator[CronJob]:
    """The readable jobs of `cron.list`."""
    for row in fields.as_objects(fields.as_object(payload).get("jobs")):
        found = job(row)
        if found is not None:
            yield found


def changed(gateway: str, data: dict[str, Any]) -> ev.FactTold | ev.FactGone | None:
    """The payload of `cron`; None if only a list can say what it means.

    An event may name a job without its row, such as one that was skipped (2026.5.7).
    """
    row = fields.as_object(data.get("job"))
    ident = fields.identifier(data.get("jobId")) or fields.identifier(row.get("id"))
    if ident and data.get("action") == "removed":
        return ev.FactGone(gateway, CronJob, ident)
    if ident and "state" in row:
        found = job({**row, "id": ident})
        # One of the gateway's own is known to nobody: forgetting it changes nothing.
        return ev.FactTold(gateway, found) if found else ev.FactGone(gateway, CronJob, ident)
    return None
