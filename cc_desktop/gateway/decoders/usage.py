"""Tokens and cost by day.

`usage.cost` tells them for one agent from OpenClaw 2026.7.1 on. Older releases take `agentId` and
tell the default agent's nevertheless (2026.5.7, measured); there, the rows of `sessions.usage`
have to be added up.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from cc_desktop.fleet.history.usage import DayUsage, UsageReport
from cc_desktop.gateway.decoders.values import agent_of
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_DAYS = 400
SESSIONS = 200  # that `sessions.usage` is asked to add up: each costs the gateway a transcript
# Values of `cacheStatus.status` with which the gateway has not read all its transcripts yet.
_COUNTING = frozenset({"refreshing", "partial", "stale"})


def usage_cost(payload: object, asked_at: int) -> UsageReport:
    """The answer of `usage.cost`: {daily: [{date, totalTokens, totalCost, …}], cacheStatus?}."""
    data = fields.as_object(payload)
    return UsageReport(
        _by_date(_day(row, "totalTokens", "totalCost") for row in _rows(data.get("daily"))),
        asked_at,
        counting=_is_counting(data),
    )


def sessions_usage(payload: object, agent: str, asked_at: int) -> UsageReport:
    """The answer of `sessions.usage`, of one agent.

    Each of its `sessions` has `usage.dailyBreakdown: [{date, tokens, cost}]`. How many prices are
    missing is told of the whole session only: it counts for its last day.
    """
    data = fields.as_object(payload)
    sessions = fields.as_objects(data.get("sessions"))
    days: list[DayUsage] = []
    for row in sessions:
        key = fields.identifier(row.get("key"))
        if (fields.identifier(row.get("agentId")) or agent_of(key)) != agent:
            continue
        usage = fields.as_object(row.get("usage"))
        mine = [_day(day, "tokens", "cost") for day in _rows(usage.get("dailyBreakdown"))]
        missing = fields.integer(usage.get("missingCostEntries"))
        if mine and missing:
            mine.append(DayUsage(max(day.date for day in mine), unpriced=missing))
        days += mine
    return UsageReport(
        _by_date(days), asked_at, counting=_is_counting(data), cut=len(sessions) >= SESSIONS
    )


def _rows(value: object) -> list[dict[str, Any]]:
    return [row for row in fields.as_objects(value)[:MOST_DAYS] if _is_date(row.get("date"))]


def _is_date(value: object) -> bool:
    """Whether it is a day such as "2026-11-24"."""
    if not isinstance(value, str) or len(value) != len("2026-11-24"):
        return False
    try:
        return datetime.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _day(row: dict[str, Any], tokens: str, usd: str) -> DayUsage:
    return DayUsage(
        row["date"],
        fields.integer(row.get(tokens)),
        fields.number(row.get(usd)),
        fields.integer(row.get("missingCostEntries")),
    )


def _by_date(days: Iterable[DayUsage]) -> tuple[DayUsage, ...]:
    found: dict[str, DayUsage] = {}
    for day in days:
        known = found.get(day.date)
        found[day.date] = known.plus(day) if known else day
    return tuple(found[date] for date in sorted(found))


def _is_counting(data: dict[str, Any]) -> bool:
    return fields.as_object(data.get("cacheStatus")).get("status") in _COUNTING
