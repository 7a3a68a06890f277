"""Ledgers and usage as gateways send them, and as nobody should."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cc_desktop.fleet.history.usage import DayUsage, last_days
from cc_desktop.gateway.decoders.ledger import ledger_page
from cc_desktop.gateway.decoders.usage import sessions_usage, usage_cost

RUN = {  # audit.activity.list of 2026.9.6
    "eventType": "agent_run",
    "schemaVersion": 1,
    "eventId": "e1",
    "sequence": 7,
    "occurredAt": 1_790_000_000_000,
    "kind": "agent_run",
    "action": "agent.run.finished",
    "status": "failed",
    "actor": {"type": "agent", "id": "otto"},
    "agentId": "otto",
    "sessionKey": "agent:otto:main",
    "runId": "r1",
    "errorCode": "run_failed",
    "redaction": "metadata_only",
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def test_a_page_of_the_ledger() -> None:
    page = ledger_page({"events": [RUN], "nextCursor": "7"})
    assert page.cursor == "7"
    assert page.kept
    (record,) = page.records
    assert (record.kind, record.status, record.error_code) == ("agent_run", "failed", "run_failed")
    assert (record.agent, record.session_key, record.run_id) == ("otto", "agent:otto:main", "r1")
    assert record.is_end


def test_a_bad_record_costs_no_other_and_none_comes_twice() -> None:
    rows = [{**RUN, "eventId": None}, RUN, RUN, "no", {**RUN, "eventId": "e2", "agentId": 4}]
    page = ledger_page({"events": rows})
    assert [record.id for record in page.records] == ["e1", "e2"]
    assert page.records[1].agent == "otto"  # from the key of the session


def test_texts_of_the_ledger_are_cleaned() -> None:
    tool = {**RUN, "kind": "tool_action", "toolName": "ex\u202eec\x1b[31m" + "x" * 9_999}
    (record,) = ledger_page({"events": [tool]}).records
    assert "\u202e" not in record.tool
    assert "\x1b" not in record.tool
    assert len(record.tool) <= 120


def test_usage_by_day_of_one_agent() -> None:
    report = usage_cost(
        {
            "daily": [
                {"date": "2026-11-24", "totalTokens": 500, "totalCost": 0.5, "input": 1},
                {"date": "2026-11-22", "totalTokens": 7, "missingCostEntries": 2},
                {"date": "2026-02-30", "totalTokens": 9},
                {"date": "24.11.2026", "totalTokens": 9},
            ],
            "cacheStatus": {"status": "refreshing"},
        },
        5,
    )
    assert report.days == (DayUsage("2026-11-22", 7, 0.0, 2), DayUsage("2026-11-24", 500, 0.5))
    assert report.total == DayUsage("", 507, 0.5, 2)
    assert report.counting
    assert report.asked_at == 5


def test_usage_of_one_agent_from_the_rows_of_all() -> None:
    def row(key: str, tokens: int, **usage: Any) -> dict[str, Any]:
        days = [{"date": "2026-11-24", "tokens": tokens, "cost": 0.1}]
        return {"key": key, "usage": {"dailyBreakdown": days, **usage}}

    rows = [row("agent:otto:a", 5), row("agent:rex:a", 50), row("agent:otto:b", 6)]
    rows += [{"key": "agent:otto:c"}, row("agent:otto:d", 1, missingCostEntries=3)]
    report = sessions_usage({"sessions": rows}, "otto", 0)
    (day,) = report.days
    assert (day.date, day.tokens, day.unpriced) == ("2026-11-24", 12, 3)
    assert day.usd == pytest.approx(0.3)
    assert not report.cut
    assert sessions_usage({"sessions": rows * 50}, "otto", 0).cut


@given(JSON)
def test_nonsense_is_no_answer_but_no_failure_either(payload: Any) -> None:
    for value in (
        payload,
        {"events": payload},
        {"events": [payload]},
        {"events": [{**RUN}, payload]},
    ):
        ledger_page(value)
    for value in (payload, {"daily": payload}, {"daily": [payload]}, {"sessions": [payload]}):
        usage_cost(value, 0)
        sessions_usage(value, "otto", 0)


@pytest.mark.parametrize("number", [-1, "5", None, True, float("nan"), float("inf"), 1e400, []])
def test_numbers_that_are_none_count_nothing(number: Any) -> None:
    day = {"date": "2026-11-24", "totalCost": number, "totalTokens": number}
    (found,) = usage_cost({"daily": [day]}, 0).days
    assert (found.tokens, found.usd) == (0, 0.0)


def test_days_without_use_are_days_too_and_the_far_future_is_none() -> None:
    report = usage_cost(
        {"daily": [{"date": "2026-11-22", "totalTokens": 7}, {"date": "9999-12-31"}]}, 0
    )
    days = last_days(report, 4, "2026-11-24")
    assert [day.date[-2:] for day in days] == ["21", "22", "23", "24"]
    assert [day.tokens for day in days] == [0, 7, 0, 0]
