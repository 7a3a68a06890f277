"""Which items a gateway itself has at this moment: its connection, and what it tells of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.facts import ChannelState, ConditionKind
from cc_desktop.fleet.inbox.item import InboxItem, InboxKind, item_id
from cc_desktop.fleet.model import ConnectionState, Origin, PairingRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cc_desktop.fleet.facts import CronJob, Quota, SignIn, Task
    from cc_desktop.fleet.model import Gateway, Now

LOST_AFTER_MS = 30_000  # a restart is no news
OVERDUE_AFTER_MS = 300_000  # a job may start so much later than it should
QUOTA_NEARLY_USED = 90.0  # percent
PAIRING = "pairing"  # the kind of a problem
TASK_FAILURES = ("failed", "timed_out", "lost")
DELIVERY_FAILURES = ("failed", "undeliverable")


def gateway_items(gateway: Gateway, now: Now) -> Iterator[InboxItem]:
    """What of a gateway asks for the operator's attention. O(its facts)."""
    yield from _connection(gateway, now)
    facts = gateway.facts
    for job in facts.cron.values():
        yield from _cron(gateway, job, now)
    for sign_in in facts.sign_ins.values():
        yield from _sign_in(gateway, sign_in)
    for quota in facts.quotas.values():
        yield from _quota(gateway, quota, now)
    for task in facts.tasks.values():
        yield from _task(gateway, task)
    for channel in facts.channels.values():
        if channel.state is not ChannelState.OK:
            yield _item(
                gateway,
                InboxKind.CHANNEL,
                channel.id,
                channel.label or channel.id,
                channel.detail,
                code=channel.state.value,
            )
    for condition in facts.conditions.values():
        kind = _CONDITIONS[condition.kind]
        name = condition.name or gateway.name
        yield _item(gateway, kind, condition.id, name, condition.detail)
    for join in facts.joins.values():
        if not 0 < join.expires_at <= now.wall:
            yield _item(
                gateway,
                InboxKind.PAIRING,
                join.id,
                join.name,
                code=join.what,
                since=join.since,
                until=join.expires_at,
            )


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
    times += [
        job.next_run_at + OVERDUE_AFTER_MS
        for job in gateway.facts.cron.values()
        if job.next_run_at and job.is_enabled and not job.is_running
    ]
    times += [join.expires_at for join in gateway.facts.joins.values()]
    times += [quota.resets_at for quota in gateway.facts.quotas.values()]
    return min((time for time in times if time > now.wall), default=0)


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


def _cron(gateway: Gateway, job: CronJob, now: Now) -> Iterator[InboxItem]:
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
    elif job.delivery_error:
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
    due = job.next_run_at
    if job.is_enabled and not job.is_running and 0 < due <= now.wall - OVERDUE_AFTER_MS:
        yield _item(gateway, InboxKind.CRON_OVERDUE, job.id, name, agent=job.agent_id, since=due)


def _sign_in(gateway: Gateway, sign_in: SignIn) -> Iterator[InboxItem]:
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


def _task(gateway: Gateway, task: Task) -> Iterator[InboxItem]:
    name = task.title or task.id
    if task.status in TASK_FAILURES or task.outcome == "blocked":
        kind, detail, code = InboxKind.TASK_FAILED, task.error or task.summary, task.status
    elif task.delivery in DELIVERY_FAILURES:
        kind, detail, code = InboxKind.UNDELIVERED, task.summary, "task"
    else:
        return
    yield _item(
        gateway,
        kind,
        f"task:{task.id}",
        name,
        detail,
        agent=task.agent_id,
        session_key=task.session_key,
        code=code,
        since=task.ended_at,
    )


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
