"""What the demo answers about an agent: a ledger and its use by day.

Made up from the sessions of the sample fleet, and the same whenever it is asked on the same day.
"""

from __future__ import annotations

import datetime
import zlib
from random import Random
from typing import TYPE_CHECKING

from cc_desktop.fleet.facts import RestartCheck
from cc_desktop.fleet.history.ledger import RUN, LedgerPage, LedgerRecord
from cc_desktop.fleet.history.usage import DayUsage, UsageReport

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cc_desktop.fleet.model import Agent, Session

DAY_MS = 86_400_000
_TOOLS = ("exec", "read", "edit", "web_search", "write")
_RESTS = 0.25  # share of the days without use


def ledger(agents: Iterable[Agent], now: int, *, after: int = 0, runs: bool = False) -> LedgerPage:
    """A few runs in each session of the last days, newest first.

    Args:
        agents: Whose sessions.
        now: Local ms.
        after: Nothing older than that, local ms.
        runs: Runs alone.
    """
    records: list[LedgerRecord] = []
    for agent in agents:
        random = _random("ledger", agent.id)
        for session in agent.sessions.values():
            end = session.finished_at or session.started_at or now
            for _ in range(random.randint(2, 4)):
                end -= random.randint(1, 9) * 3_600_000
                records += _run(session, end, random)
    wanted = (one for one in records if one.at >= after and (one.kind == RUN or not runs))
    return LedgerPage(tuple(sorted(wanted, key=lambda record: -record.at)))


def _run(session: Session, end: int, random: Random) -> list[LedgerRecord]:
    run_id = f"demo-{end}"
    failed = random.random() < 0.15
    tools = [random.choice(_TOOLS) for _ in range(random.randint(1, 4))]
    begin = end - 20_000 * (len(tools) + 1)

    def record(at: int, kind: str, action: str, status: str, tool: str = "") -> LedgerRecord:
        code = "run_failed" if status == "failed" else ""
        return LedgerRecord(
            f"{run_id}-{at}-{action}",
            at,
            kind,
            action,
            status,
            session.agent_id,
            session.key,
            run_id,
            tool,
            code,
        )

    return [
        record(begin, "agent_run", "agent.run.started", "started"),
        *(
            record(
                begin + 20_000 * (place + 1),
                "tool_action",
                "tool.action.finished",
                "succeeded",
                tool,
            )
            for place, tool in enumerate(tools)
        ),
        record(end, "agent_run", "agent.run.finished", "failed" if failed else "succeeded"),
    ]


def usage(agent_id: str, now: int, days: int, agent: Agent | None) -> UsageReport:
    """Some use on most days; today, what the sessions of today have cost."""
    today = datetime.datetime.fromtimestamp(now / 1000).astimezone().date()
    found = []
    for back in range(days - 1, 0, -1):
        date = (today - datetime.timedelta(days=back)).isoformat()
        random = _random(date, agent_id)
        tokens = random.randint(20_000, 400_000)
        if random.random() >= _RESTS:
            found.append(DayUsage(date, tokens, round(tokens * 6e-6, 2)))
    rows = agent.sessions.values() if agent else ()
    recent = [row for row in rows if row.activity_at >= now - DAY_MS]
    tokens = sum(row.input_tokens + row.output_tokens for row in recent)
    found.append(DayUsage(today.isoformat(), tokens, sum(row.cost_usd for row in recent)))
    return UsageReport(tuple(found), now)


def restart_check(agents: Iterable[Agent]) -> RestartCheck:
    """A restart breaks off the runs in progress."""
    runs = sum(len(agent.heard) for agent in agents)
    return RestartCheck(is_safe=not runs, busy={"runs": runs} if runs else {})


def _random(*words: str) -> Random:
    return Random(zlib.crc32(" ".join(words).encode()))
