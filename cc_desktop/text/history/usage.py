"""Tokens, cost and context of an agent, in words."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from cc_desktop.text.agent_facts import context_percent, newest
from cc_desktop.text.format import MONTHS, SHORT_DAYS, ago, cost, number, tokens
from cc_desktop.text.i18n import tr, trn

if TYPE_CHECKING:
    from cc_desktop.fleet.history.usage import DayUsage, UsageReport
    from cc_desktop.fleet.model import Agent


def context_words(agent: Agent) -> tuple[int | None, str]:
    """How full the context is, in percent, and the numbers behind it.

    Of the session that the status comes from, else of the newest.
    """
    session = agent.cause or newest(agent)
    percent = context_percent(agent)
    if session is None or percent is None:
        return None, tr("Not known: no session tells its context.")
    return percent, tr(
        "{used} of {size} tokens ({percent} %)",
        used=tokens(session.total_tokens),
        size=tokens(session.context_tokens),
        percent=percent,
    )


def money(day: DayUsage) -> str:
    """What a day cost; "at least" where prices are missing."""
    if not day.unpriced:
        return cost(day.usd) or tr("${amount}", amount=number(0, 2))
    if day.usd <= 0:
        return tr("price not known")
    return tr("at least {cost}", cost=cost(day.usd))


def short_money(day: DayUsage) -> str:
    """`money` for a narrow column."""
    if not day.tokens and not day.usd:
        return "—"
    if not day.unpriced:
        return cost(day.usd) or tr("${amount}", amount=number(0, 2))
    return tr("≥ {cost}", cost=cost(day.usd)) if day.usd > 0 else "?"


def used(day: DayUsage) -> str:
    """Tokens and cost together: "88k tokens · $0.42"."""
    return tr("{tokens} tokens · {money}", tokens=tokens(day.tokens), money=money(day))


def day_name(date: str, today: str) -> str:
    """A day for the side of a plot: "Today", "Mon 23 Nov"."""
    if date == today:
        return tr("Today")
    day = datetime.date.fromisoformat(date)
    return tr(
        "{weekday} {day} {month}",
        weekday=tr(SHORT_DAYS[day.weekday()]),
        day=day.day,
        month=tr(MONTHS[day.month - 1]),
    )


def spoken_day(day: DayUsage, today: str) -> str:
    """A day for a screen reader."""
    return tr("{day}: {used}", day=day_name(day.date, today), used=used(day))


def notes(report: UsageReport, gateway: str, now: int) -> str:
    """How far the numbers can be trusted, and of when they are."""
    total = report.total
    parts = [tr("Asked {when}.", when=ago(report.asked_at, now))]
    if total.unpriced:
        parts.append(
            trn(
                "The price of {n} answer is not known, so the cost is at least this.",
                "The prices of {n} answers are not known, so the cost is at least this.",
                total.unpriced,
            )
        )
    if report.counting:
        parts.append(tr("{gateway} is still counting: ask again soon.", gateway=gateway))
    if report.cut:
        parts.append(tr("Only the newest sessions of {gateway} are counted.", gateway=gateway))
    return " ".join(parts)
