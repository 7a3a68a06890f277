"""Which items a gateway itself has at this moment: its connection, and what it tells of itself.

Each record of what it tells has items of its own, so that one that changes is looked at alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cc_desktop.fleet.facts import (
    Channel,
    ChannelState,
    Condition,
    ConditionKind,
    CronJob,
    JoinRequest,
    Quota,
    ReadAccess,
    SignIn,
    Subject,
    Task,
)
from cc_desktop.fleet.inbox.item import InboxItem, InboxKind, item_id
from cc_desktop.fleet.inbox.releases import release_of, written
from cc_desktop.fleet.model import ConnectionState, Origin, PairingRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cc_desktop.fleet.facts import Fact, Facts
    from cc_desktop.fleet.inbox.releases import Release
    from cc_desktop.fleet.model import Gateway, Now

LOST_AFTER_MS = 30_000  # a restart is no news
OVERDUE_AFTER_MS = 300_000  # a job may start so much later than it should
QUOTA_NEARLY_USED = 90.0  # percent
PAIRING = "pairing"  # the kind of a problem
TASK_FAILURES = ("failed", "timed_out", "lost")
RETRIED = ("pending", "session_queued")  # its result is on its way again
# What is over and was not seen in so long is history. Gateways keep tasks as long.
FORGET_AFTER_MS = 7 * 86_400_000
LOOK_AGAIN_MS = 30_000  # a gateway says something at least so often
_HEARD = (Origin.LIVE, Origin.REST, Origin.LAST_KNOWN)


def gateway_items(gateway: Gateway, now: Now, newest: Release = ()) -> Iterator[InboxItem]:
    """What of a gateway itself asks for attention: its connection and its release.

    Args:
        gateway: The gateway.
        now: The moment.
        newest: The newest release among all gateways.
    """
    yield from _connection(gateway, now)
    release = release_of(gateway)
    if release and release < newest:
        yield _item(
            gateway,
            InboxKind.DRIFT,
            "release",
            gateway.name,
            written(release),
            code=written(newest),
        )


def record_items(gateway: Gateway, record: Fact, now: Now) -> Iterator[InboxItem]:
    """What one record of a gateway's facts asks for."""
    if (items := _ITEMS.get(type(record))) is not None:
        yield from items(gateway, record, now)


def record_scope(kind: type[Fact], ident: str) -> str:
    """The key of a record's items, unique among the records of a gateway."""
    return f"{kind.__name__}:{ident}"


def records(facts: Facts) -> Iterator[Fact]:
    """All records that may have items."""
    for kind in _ITEMS:
        yield from facts.of(kind).values()


def stands_alone(kind: type[Fact], after: Gateway, now: Now) -> bool:
    """Whether a record of this kind that changed changes no items but its own.

    While something is due, or a job may be late (which is looked at again within `LOOK_AGAIN_MS`),
    any word of the gateway may change the items of other records.
    """
    if kind in (Condition, Subject):  # they say of all jobs whether one can be late
        return False
    is_due = 0 < after.inbox_due <= now.wall + LOOK_AGAIN_MS
    return after.origin is Origin.LIVE and not is_due


_CONDITIONS = {
    ConditionKind.CONFIG_IGNORED: InboxKind.CONFIG_IGNORED,
    ConditionKind.RESTART_NEEDED: InboxKind.RESTART_NEEDED,
    ConditionKind.RUNTIME: InboxKind.RUNTIME,
    ConditionKind.PLUGIN: InboxKind.PLUGIN,
    ConditionKind.UPDATE: InboxKind.UPDATE,
}


def lost_at(gateway: Gateway) -> int:
    """Local ms from which on a gateway that was there counts as lost; 0: it is not missing."""
    info = gateway.connection
    if info.state in (ConnectionState.LIVE, ConnectionState.BLOCKED, ConnectionState.OFF):
        return 0
    if gateway.origin is not Origin.LAST_KNOWN:
        return 0
    return max(gateway.away_since + LOST_AFTER_MS, info.expected_back)


def next_due(gateway: Gateway, now: Now) -> int:
    """Local ms at which time alone next changes the items of a gateway; 0: never."""
    times = [lost_at(gateway)]
    for record in records(gateway.facts):
        times += record_due(gateway, record, now)
    return min((time for time in times if time > now.wall), default=0)


def record_due(gateway: Gateway, record: Fact, now: Now) -> list[int]:
    """Local ms at which time alone may change the items of one record."""
    if isinstance(record, CronJob):
        return _job_due(gateway, record, now)
    if isinstance(record, Task):
        return [record.ended_at + FORGET_AFTER_MS] if record.ended_at else []
    if isinstance(record, JoinRequest):
        return [record.expires_at]
    return [record.resets_at] if isinstance(record, Quota) else []


def _job_due(gateway: Gateway, job: CronJob, now: Now) -> list[int]:
    if job.next_run_at and job.is_enabled and not job.is_running:
        times = [job.next_run_at + OVERDUE_AFTER_MS]
        facts = gateway.facts
        is_late = _is_late(facts, job, now.wall)
        if is_late and not _is_late(facts, job, _known_at(gateway, now)):
            # The gateway's next word says whether it is, if there is somebody to say it.
            is_live = gateway.origin is Origin.LIVE
            times.append(now.wall + LOOK_AGAIN_MS if is_live else 0)
        return times
    return [job.last_run_at + FORGET_AFTER_MS] if job.is_once and job.last_run_at else []


def _known_at(gateway: Gateway, now: Now) -> int:
    """Local ms up to which we know what the gateway did.

    What should have happened while it, or this computer, was away may well have happened.
    """
    return min(gateway.as_of, now.wall) if gateway.origin in _HEARD else now.wall


def _is_late(facts: Facts, job: CronJob, known_at: int) -> bool:
    """Whether a job should have started by then, by more than the grace."""
    if not job.is_enabled or job.is_running or not job.next_run_at:
        return False
    if ConditionKind.SUSPENDED.value in facts.conditions:
        return False
    if facts.access("cron") is not ReadAccess.READABLE:
        return False  # it may have run while we were not there
    return job.next_run_at + OVERDUE_AFTER_MS <= known_at


def _connection(gateway: Gateway, now: Now) -> Iterator[InboxItem]:
    info = gateway.connection
    pairing = info.pairing
    if pairing is None and info.problem is not None and info.problem.kind == PAIRING:
        pairing = PairingRequest()
    if pairing is not None:
        yield _item(
            gateway,
            InboxKind.PAIRING_SELF,
            "self",
            gateway.name,
            pairing.command,
            code="upgrade" if pairing.upgrade else "new",
            since=pairing.requested_at,
            until=pairing.expires_at,
        )
    elif info.state is ConnectionState.BLOCKED and info.problem is not None:
        yield _item(
            gateway,
            InboxKind.GATEWAY_BLOCKED,
            "connection",
            gateway.name,
            info.problem.said,
            code=info.problem.kind,
        )
    elif 0 < lost_at(gateway) <= now.wall:
        problem = info.problem
        yield _item(
            gateway,
            InboxKind.GATEWAY_LOST,
            "connection",
            gateway.name,
            problem.said if problem else "",
            code=problem.kind if problem else "",
            since=gateway.as_of,
        )
    elif info.flapping and info.state is not ConnectionState.OFF:
        yield _item(gateway, InboxKind.GATEWAY_FLAPPING, "connection", gateway.name)


def _job(gateway: Gateway, job: CronJob, now: Now) -> Iterator[InboxItem]:
    yield from _outcome(gateway, job, now)
    if _is_late(gateway.facts, job, _known_at(gateway, now)):
        yield _item(
            gateway,
            InboxKind.CRON_OVERDUE,
            job.id,
            job.name or job.id,
            agent=job.agent_id,
            since=job.next_run_at,
        )


def _outcome(gateway: Gateway, job: CronJob, now: Now) -> Iterator[InboxItem]:
    if not (job.is_enabled or job.is_given_up):
        if not job.is_once:
            return  # somebody switched it off
        if 0 < job.last_run_at <= now.wall - FORGET_AFTER_MS:
            return
    name = job.name or job.id
    if job.last_status == "error":
        yield _item(
            gateway,
            InboxKind.CRON_FAILED,
            job.id,
            name,
            job.last_error,
            agent=job.agent_id,
            code=job.error_reason,
            since=job.last_run_at,
        )
    elif job.is_undelivered or job.delivery_error:
        yield _item(
            gateway,
            InboxKind.UNDELIVERED,
            f"cron:{job.id}",
            name,
            job.delivery_error,
            agent=job.agent_id,
            code="cron",
            since=job.last_run_at,
        )


def _sign_in(gateway: Gateway, sign_in: SignIn, _now: Now) -> Iterator[InboxItem]:
    kind = {
        "expired": InboxKind.SIGN_IN_EXPIRED,
        "expiring": InboxKind.SIGN_IN_EXPIRING,
    }.get(sign_in.status)
    if kind is not None:
        yield _item(
            gateway,
            kind,
            sign_in.id,
            sign_in.provider or sign_in.id,
            until=sign_in.expires_at if kind is InboxKind.SIGN_IN_EXPIRING else 0,
        )


def _quota(gateway: Gateway, quota: Quota, now: Now) -> Iterator[InboxItem]:
    is_over = 0 < quota.resets_at <= now.wall
    if quota.used_percent >= QUOTA_NEARLY_USED and not is_over:
        yield _item(
            gateway,
            InboxKind.QUOTA,
            quota.id,
            quota.provider or quota.id,
            quota.label,
            code=f"{min(quota.used_percent, 100):.0f}",
            until=quota.resets_at,
        )


def is_undelivered_task(item: InboxItem) -> bool:
    """Whether a task did its work, and the gateway gave up on delivering the result."""
    return item.kind is InboxKind.TASK_FAILED and item.code not in TASK_FAILURES


def _task(gateway: Gateway, task: Task, now: Now) -> Iterator[InboxItem]:
    if task.delivery == "dismissed" or 0 < task.ended_at <= now.wall - FORGET_AFTER_MS:
        return
    name = task.title or task.id
    blocked = task.outcome == "blocked" and task.delivery not in RETRIED
    if task.status in TASK_FAILURES or blocked:
        kind, detail, code = InboxKind.TASK_FAILED, task.error or task.summary, task.status
    elif task.delivery == "failed":
        kind, detail, code = InboxKind.UNDELIVERED, task.error or task.summary, "task"
    else:
        return
    yield _item(
        gateway,
        kind,
        f"task:{task.id}",
        name,
        detail,
        agent=task.agent_id,
        session_key=task.child_key or task.session_key,
        code=code,
        since=task.ended_at,
    )


def _channel(gateway: Gateway, channel: Channel, _now: Now) -> Iterator[InboxItem]:
    if channel.state is not ChannelState.OK:
        yield _item(
            gateway,
            InboxKind.CHANNEL,
            channel.id,
            channel.label or channel.id,
            channel.detail,
            code=channel.state.value,
        )


def _condition(gateway: Gateway, condition: Condition, _now: Now) -> Iterator[InboxItem]:
    if condition.kind in _CONDITIONS:
        kind = _CONDITIONS[condition.kind]
        name = condition.name or gateway.name
        yield _item(gateway, kind, condition.id, name, condition.detail)


def _join(gateway: Gateway, join: JoinRequest, now: Now) -> Iterator[InboxItem]:
    if not 0 < join.expires_at <= now.wall:
        yield _item(
            gateway,
            InboxKind.PAIRING,
            join.id,
            join.name,
            join.known,
            code=join.what,
            since=join.since,
            until=join.expires_at,
        )


_ITEMS: dict[type[Fact], Callable[[Gateway, Any, Now], Iterator[InboxItem]]] = {
    CronJob: _job,
    SignIn: _sign_in,
    Quota: _quota,
    Task: _task,
    Channel: _channel,
    Condition: _condition,
    JoinRequest: _join,
}


def _item(
    gateway: Gateway,
    kind: InboxKind,
    subject: str,
    name: str,
    detail: str = "",
    *,
    agent: str = "",
    session_key: str = "",
    code: str = "",
    since: int = 0,
    until: int = 0,
) -> InboxItem:
    return InboxItem(
        item_id(kind, gateway.id, subject),
        kind,
        gateway.id,
        subject,
        agent=agent,
        session_key=session_key,
        name=name,
        detail=detail,
        code=code,
        since=since,
        until=until,
    )
