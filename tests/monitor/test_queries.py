"""What is asked of a gateway on demand."""

from __future__ import annotations

from typing import Any

import pytest

from cc_desktop.demo.policy import DEMO_GATEWAY
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.facts import RestartCheck
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Origin, Session
from cc_desktop.fleet.store import Store
from cc_desktop.gateway.failures import (
    ConnectionLostError,
    Failure,
    FailureKind,
    GatewayFailureError,
    NotConnectedError,
    RequestFailedError,
    RequestTimeoutError,
)
from cc_desktop.monitor.queries import KEPT_MS, FleetQueries, problem_of, release_of
from cc_desktop.protocol.frames import GatewayError
from tests.fakes.clock import FakeClock

ABSENT = GatewayError(code="INVALID_REQUEST", message="missing scope: operator.admin")
UNKNOWN = GatewayError(code="INVALID_REQUEST", message="unknown method: audit.list")
REFUSED = GatewayError(code="INVALID_REQUEST", message="missing scope: operator.read")
DAY = {"date": "2026-11-24", "totalTokens": 5, "totalCost": 0.5}


def refused(error: GatewayError) -> RequestFailedError:
    return RequestFailedError(Failure(error=error))


class Link:
    """A supervisor that answers as a test says."""

    def __init__(self, version: str = "2026.9.6") -> None:
        self.connection = ConnectionInfo(ConnectionState.LIVE, server_version=version)
        self.answers: dict[str, list[Any]] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def request(self, method: str, params: Any = None, timeout_s: float = 30.0) -> Any:
        self.asked.append((method, params))
        script = self.answers.get(method, [])
        answer = script.pop(0) if len(script) > 1 else script[0] if script else refused(ABSENT)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def methods(self) -> list[str]:
        return [method for method, _ in self.asked]


class Scene:
    def __init__(self, version: str = "2026.9.6") -> None:
        self.clock = FakeClock()
        self.store = Store(self.clock.now_ms)
        self.link = Link(version)
        self.queries = FleetQueries(self.store, lambda: {"g": self.link}, self.clock)


EVENT = {"eventId": "e", "occurredAt": 7, "kind": "agent_run", "status": "succeeded"}


async def test_the_newer_ledger_is_asked_with_what_is_wanted() -> None:
    it = Scene()
    it.link.answers["audit.activity.list"] = [{"events": [EVENT], "nextCursor": "9"}]
    page = await it.queries.ledger("g", "otto", "c", after=5, runs=True)
    assert (page.cursor, page.kept, len(page.records)) == ("9", True, 1)
    assert it.link.asked == [
        (
            "audit.activity.list",
            {"limit": 200, "agentId": "otto", "cursor": "c", "after": 5, "kind": "agent_run"},
        )
    ]


async def test_an_older_gateway_is_asked_for_the_older_ledger_from_then_on() -> None:
    it = Scene("2026.7.1")
    it.link.answers["audit.list"] = [{"events": [EVENT]}]
    for _ in range(2):
        assert (await it.queries.ledger("g", "")).kept
    assert it.link.methods == ["audit.activity.list", "audit.list", "audit.list"]


@pytest.mark.parametrize("error", [ABSENT, UNKNOWN])
async def test_a_gateway_without_a_ledger_is_not_asked_again_until_its_next_release(
    error: GatewayError,
) -> None:
    it = Scene("2026.5.7")
    for method in ("audit.activity.list", "audit.list"):
        it.link.answers[method] = [refused(error)]
    for _ in range(3):
        page = await it.queries.ledger("g", "otto")
        assert (page.kept, page.records) == (False, ())
    assert len(it.link.asked) == 2
    it.link.connection = ConnectionInfo(ConnectionState.LIVE, server_version="2026.9.6")
    it.link.answers["audit.activity.list"] = [{"events": []}]
    assert (await it.queries.ledger("g", "otto")).kept


async def test_a_refusal_is_a_refusal_and_no_absence() -> None:
    it = Scene()
    it.link.answers["audit.activity.list"] = [refused(REFUSED), {"events": []}]
    with pytest.raises(GatewayFailureError) as caught:
        await it.queries.ledger("g", "otto")
    assert problem_of(caught.value).kind == "no-permission"
    assert (await it.queries.ledger("g", "otto")).kept  # it is asked again


async def test_usage_is_kept_for_five_minutes_but_not_while_the_gateway_counts() -> None:
    it = Scene()
    counting = {"daily": [DAY], "cacheStatus": {"status": "partial"}}
    it.link.answers["usage.cost"] = [counting, {"daily": [DAY]}]
    assert (await it.queries.usage_cost("g", "otto", 14)).counting
    for _ in range(3):
        report = await it.queries.usage_cost("g", "otto", 14)
        assert report.total.usd == 0.5
    assert len(it.link.asked) == 2
    assert it.link.asked[0][1]["agentId"] == "otto"
    await it.queries.usage_cost("g", "rex", 14)
    assert len(it.link.asked) == 3
    await it.clock.advance(KEPT_MS / 1000)
    await it.queries.usage_cost("g", "otto", 14)
    assert len(it.link.asked) == 4


async def test_a_release_that_ignores_the_agent_is_never_believed() -> None:
    it = Scene("2026.5.7")
    days = [{"date": "2026-11-24", "tokens": 3, "cost": 0.1}]
    rows = [
        {"key": f"agent:{agent}:x", "usage": {"dailyBreakdown": days}} for agent in ("otto", "rex")
    ]
    it.link.answers["sessions.usage"] = [{"sessions": rows}]
    report = await it.queries.usage_cost("g", "otto", 14)
    assert report.total.tokens == 3
    (asked,) = it.link.asked
    assert asked[0] == "sessions.usage"
    assert "agentId" not in asked[1]  # it would refuse it


async def test_a_gateway_that_counts_and_says_nothing_is_asked_for_the_rows() -> None:
    it = Scene()
    counting = {"cacheStatus": {"status": "refreshing"}}
    days = [{"date": "2026-11-24", "tokens": 3, "cost": 0}]
    rows = {"sessions": [{"key": "agent:otto:x", "usage": {"dailyBreakdown": days}}]}
    it.link.answers["usage.cost"] = [counting]
    it.link.answers["sessions.usage"] = [rows]
    assert (await it.queries.usage_cost("g", "otto", 14)).total.tokens == 3
    assert it.link.asked[1][1]["agentId"] == "otto"
    it.queries.forget()
    it.link.answers["sessions.usage"] = [refused(REFUSED)]
    assert (await it.queries.usage_cost("g", "otto", 14)).counting


async def test_archived_sessions_of_the_agent_and_none_where_there_is_no_archive() -> None:
    it = Scene()
    rows = [
        {"key": "agent:otto:a", "archived": True, "updatedAt": 1},
        {"key": "agent:otto:b", "updatedAt": 1},
        {"key": "agent:rex:c", "archived": True, "updatedAt": 1},
    ]
    no_such = GatewayError(code="INVALID_REQUEST", message="unexpected property 'archived'")
    lost = ConnectionLostError(Failure(kind=FailureKind.LOST))
    it.link.answers["sessions.list"] = [{"sessions": rows}, refused(no_such), lost]
    assert [row.key for row in await it.queries.archived("g", "otto")] == ["agent:otto:a"]
    assert await it.queries.archived("g", "otto") == ()
    with pytest.raises(GatewayFailureError):
        await it.queries.archived("g", "otto")


@pytest.mark.parametrize("payload", [None, [], "x", {"events": 5}, {"daily": "no"}, 7])
async def test_nonsense_is_an_empty_answer(payload: Any) -> None:
    it = Scene()
    for method in ("audit.activity.list", "usage.cost", "sessions.list"):
        it.link.answers[method] = [payload]
    assert (await it.queries.ledger("g", "otto")).records == ()
    assert (await it.queries.usage_cost("g", "otto", 14)).days == ()
    assert await it.queries.archived("g", "otto") == ()


async def test_a_gateway_that_nobody_watches_is_not_connected() -> None:
    it = Scene()
    for question in (
        it.queries.ledger("other", "otto"),
        it.queries.usage_cost("other", "otto", 14),
        it.queries.archived("other", "otto"),
    ):
        with pytest.raises(NotConnectedError):
            await question


async def test_the_demo_answers_too_and_the_same_each_time() -> None:
    it = Scene()
    now = it.clock.now_ms()
    rows = (
        Session("agent:otto:main", "otto", status="done", ended_at=now, updated_at=now, cost_usd=1),
        Session("agent:rex:main", "rex", status="done", ended_at=now, updated_at=now),
    )
    infos = (ev.AgentInfo("otto"), ev.AgentInfo("rex"))
    it.store.apply(ev.GatewayAdded(DEMO_GATEWAY, "Demo"))
    it.store.apply(ev.Snapshot(DEMO_GATEWAY, infos, rows, Origin.DEMO, now))
    page = await it.queries.ledger(DEMO_GATEWAY, "otto")
    assert page == await it.queries.ledger(DEMO_GATEWAY, "otto")
    assert {one.agent for one in page.records} == {"otto"}
    assert len(page.records) > 4
    every = await it.queries.ledger(DEMO_GATEWAY, "", runs=True)
    assert {one.agent for one in every.records} == {"otto", "rex"}
    assert {one.kind for one in every.records} == {"agent_run"}
    report = await it.queries.usage_cost(DEMO_GATEWAY, "otto", 14)
    assert report.days[-1].usd == 1
    assert len(report.days) > 5
    assert it.link.asked == []


def test_what_nobody_expected_is_logged_once_and_told(caplog: pytest.LogCaptureFixture) -> None:
    class UnexpectedError(Exception):
        pass

    assert problem_of(UnexpectedError()).kind == "internal"
    assert caplog.text.count("UnexpectedError") == 1


@pytest.mark.parametrize(
    ("version", "release"),
    [("2026.9.6", (2026, 9)), ("2026.10.0-beta", (2026, 10)), ("", (0, 0)), ("dev", (0, 0))],
)
def test_releases(version: str, release: tuple[int, int]) -> None:
    assert release_of(version) == release


PREFLIGHT = "gateway.restart.preflight"


async def test_a_gateway_is_asked_whether_it_can_be_restarted_whenever_somebody_asks() -> None:
    it = Scene()
    it.link.answers[PREFLIGHT] = [{"safe": True}, {"safe": False, "counts": {"cronRuns": 1}}]
    assert await it.queries.restart_check("g") == RestartCheck(is_safe=True)
    assert await it.queries.restart_check("g") == RestartCheck(busy={"jobs": 1})
    assert it.link.asked == [(PREFLIGHT, {}), (PREFLIGHT, {})]


@pytest.mark.parametrize("error", [ABSENT, GatewayError("INVALID_REQUEST", "unknown method: x")])
async def test_a_release_that_cannot_say_whether_it_can_be_restarted(error: GatewayError) -> None:
    it = Scene("2026.4.29")
    it.link.answers[PREFLIGHT] = [refused(error)]
    assert await it.queries.restart_check("g") is None


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (refused(REFUSED), "no-permission"),
        (ConnectionLostError(Failure(kind=FailureKind.LOST)), "lost"),
        (RequestTimeoutError(Failure(kind=FailureKind.SILENT)), "silent"),
    ],
)
async def test_a_check_that_fails_says_why(error: GatewayFailureError, kind: str) -> None:
    it = Scene()
    it.link.answers[PREFLIGHT] = [error]
    with pytest.raises(type(error)) as raised:
        await it.queries.restart_check("g")
    assert problem_of(raised.value).kind == kind


async def test_a_gateway_that_is_gone_cannot_be_asked_whether_it_can_be_restarted() -> None:
    with pytest.raises(NotConnectedError):
        await Scene().queries.restart_check("another")


async def test_the_demo_says_what_a_restart_would_break_off() -> None:
    it = Scene()
    assert await it.queries.restart_check(DEMO_GATEWAY) == RestartCheck(is_safe=True)
