"""Tokens and cost of an agent by day, as its gateway counts them."""

from __future__ import annotations

import datetime

from msgspec import Struct


class DayUsage(Struct, frozen=True, gc=False):
    """One day."""

    date: str  # "2026-11-24", a day of the gateway's calendar
    tokens: int = 0
    usd: float = 0.0
    unpriced: int = 0  # answers of a model whose price is not known: it cost at least `usd`

    def plus(self, other: DayUsage) -> DayUsage:
        """Both together, under the date of this one."""
        return DayUsage(
            self.date,
            self.tokens + other.tokens,
            self.usd + other.usd,
            self.unpriced + other.unpriced,
        )


class UsageReport(Struct, frozen=True):
    """The days that were asked for. A day without any use may be missing."""

    days: tuple[DayUsage, ...] = ()  # oldest first
    asked_at: int = 0  # local ms
    counting: bool = False  # the gateway has not counted all of it yet
    cut: bool = False  # only the newest sessions were counted

    @property
    def total(self) -> DayUsage:
        """All days together."""
        result = DayUsage("")
        for day in self.days:
            result = result.plus(day)
        return result


def last_days(report: UsageReport, count: int, today: str) -> list[DayUsage]:
    """The last `count` days, oldest first. Days that the gateway leaves out were without use.

    Args:
        report: What the gateway said.
        count: How many days.
        today: By the local calendar; the gateway's may be a day ahead.
    """
    tomorrow = (datetime.date.fromisoformat(today) + datetime.timedelta(days=1)).isoformat()
    by_date = {day.date: day for day in report.days if day.date <= tomorrow}
    newest = datetime.date.fromisoformat(max([today, *by_date]))
    days = [newest - datetime.timedelta(days=back) for back in reversed(range(count))]
    return [by_date.get(day.isoformat(), DayUsage(day.isoformat())) for day in days]
