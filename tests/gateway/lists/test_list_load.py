"""What this client costs a gateway, and what a gateway can cost this client. All counted."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.reducer import slices
from cc_desktop.fleet.store import Store
from cc_desktop.gateway.failures import Failure, GatewayFailureError, RequestFailedError
from cc_desktop.gateway.lists import session_list, session_sync
from cc_desktop.gateway.lists.list_demand import FRESH_S, ROW_WAIT_S
from cc_desktop.gateway.lists.list_pacer import (
    CONNECT_BURST,
    CONNECT_REFILL_S,
    COST_FACTOR,
    LIST_BURST,
    LIST_REFILL_S,
    ListPacer,
)
from cc_desktop.gateway.lists.session_list import SLICE
from cc_desktop.gateway.lists.session_sync import MAX_EARLY, SessionListSync
from cc_desktop.protocol.frames import EventFrame, GatewayError
from cc_desktop.protocol.handshake import Hello
from tests.bench import traffic
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAIN = traffic.session_key(0)


@pytest.fixture(autouse=True)
def _whole_snapshots(monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot arrives in one piece, so that a test can look at it."""
    monkeypatch.setattr(session_sync, "slices", lambda snapshot: [snapshot])


class Connection:
    """A connection whose answers are made here, and cost time of the fake clock."""

    def __init__(self, clock: FakeClock, *, sessions: int = 22, protocol: int = 4) -> None:
        self.hello = Hello(protocol=protocol)
        self.device_id = ""
        self.clock = clock
        self.agents = [{"id": traffic.agent_id(number)} for number in range(traffic.AGENTS)]
        keys = [traffic.session_key(number) for number in range(sessions)]
        self.rows = {key: traffic.row(key, number) for number, key in enumerate(keys)}
        self.cost_s = 0.0  # of `agents.list`, as a stand-in for the whole list
        self.lists = 0
        self.pages = 0
        self.fails = False
        self.page: Callable[[dict[str, Any]], Any] = self._page
        self.gate: asyncio.Event | None = None  # `sessions.list` waits for it

    async def request(
        self, method: str, params: Any, _timeout_s: float = 0, *, raw: bool = False
    ) -> Any:
        if method == "agents.list":
            self.lists += 1
            await self.clock.sleep(self.cost_s)
            return self._encoded({"agents": self.agents}, raw)
        if method == "sessions.list":
            if self.fails:
                raise RequestFailedError(Failure(error=GatewayError("UNAVAILABLE", "busy")))
            self.pages += 1
            page = self.page(params)
            if self.gate is not None:
                await self.gate.wait()
            return self._encoded(page, raw)
        return {}

    def _page(self, params: dict[str, Any]) -> Any:
        rows, limit = list(self.rows.values()), params["limit"]
        offset = params.get("offset", 0)
        page = rows[offset : offset + limit]
        more = offset + len(page) < len(rows)
        told = {"sessions": page, "hasMore": more, "totalCount": len(rows), "ts": 1}
        return {**told, "nextOffset": offset + len(page)} if more else told

    @staticmethod
    def _encoded(payload: Any, raw: bool) -> Any:
        """As the connection does: what is large is not decoded yet."""
        data = json.dumps(payload).encode()
        return msgspec.Raw(data) if raw and len(data) > 2**16 else payload


class Watched:
    """A sync at work, and what it told."""

    def __init__(self, clock: FakeClock, connection: Connection, pacer: ListPacer) -> None:
        self.clock = clock
        self.connection = connection
        self.told: list[ev.Event] = []
        self.sync = SessionListSync("gw", connection, clock, self.told.append, pacer)  # type: ignore[arg-type] # only hello and request are used

    @property
    def snapshots(self) -> list[ev.Snapshot]:
        return [event for event in self.told if isinstance(event, ev.Snapshot)]

    def event(self, name: str, payload: Any, seq: int | None = None) -> None:
        self.sync.on_event(EventFrame(name, payload, seq))


async def _start(watched: Watched) -> asyncio.Task[None]:
    await watched.sync.start()
    return asyncio.create_task(watched.sync.run())


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def watched(**more: Any) -> Watched:
    clock = FakeClock()
    return Watched(clock, Connection(clock, **more), ListPacer(clock))


def recorded_runs(sessions: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Events of 2026.9.6, of runs that start and end in all sessions, without end."""
    number = 0
    while True:
        yield from traffic.run(number, traffic.session_key(number % sessions))
        number += 1


def old_runs(sessions: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The same as 2026.5.7 tells it: rows in parts, and no `hasActiveRun`."""
    for name, payload in recorded_runs(sessions):
        if name != "sessions.changed":
            yield name, payload
            continue
        parts = ("key", "status", "updatedAt", "kind", "startedAt", "endedAt")
        row = {part: payload["session"][part] for part in parts if part in payload["session"]}
        yield name, {"sessionKey": row["key"], "session": row}


@pytest.mark.slow
@pytest.mark.parametrize("sessions", [100, 10_000])
@pytest.mark.parametrize("protocol", [3, 4])
@pytest.mark.parametrize("cost_s", [0.0, 3.0])
async def test_a_busy_minute_costs_the_gateway_few_lists(
    sessions: int, protocol: int, cost_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traffic, "DELTAS", 3)  # short runs: more of them end
    one = watched(sessions=sessions, protocol=protocol)
    one.connection.cost_s = cost_s
    starting = asyncio.create_task(_start(one))
    await one.clock.advance(cost_s)
    task = await starting
    runs = (recorded_runs if protocol == 4 else old_runs)(sessions)
    ended = 0
    for _ in range(60):
        for _ in range(100):
            name, payload = next(runs)
            one.event(name, payload)
            ended += name == "chat" and payload["state"] == "final"
        await one.clock.advance(1)
    await _end(task)

    assert ended >= 200
    assert one.connection.lists <= 6
    if protocol == 4:
        assert one.connection.lists == 1  # every row was whole


async def test_losses_doubles_and_disorder_cost_few_lists_as_well() -> None:
    one = watched()
    task = await _start(one)
    runs, held, seq = recorded_runs(22), [], 0
    for number in range(6_000):
        name, payload = next(runs)
        seq += 1
        if number % 50 == 0:
            continue  # lost
        held.append((name, payload, seq))
        if number % 20 == 0:
            held.append(held[-1])
        if number % 10 == 0:
            continue  # told after the next one
        for frame in reversed(held):
            one.event(*frame)
        held.clear()
        if number % 100 == 99:
            await one.clock.advance(1)
    await _end(task)

    assert 2 <= one.connection.lists <= 6


async def test_a_run_that_ends_without_its_row_makes_one_list() -> None:
    one = watched()
    task = await _start(one)
    for name, payload in traffic.run(1, MAIN):
        ends = name == "sessions.changed" and payload["session"]["status"] == "done"
        if not ends:
            one.event(name, payload)
    await one.clock.advance(ROW_WAIT_S - 0.1)
    assert one.connection.lists == 1
    await one.clock.advance(0.2)
    assert one.connection.lists == 2
    await one.clock.advance(600)
    await _end(task)

    assert one.connection.lists == 2


async def test_a_session_that_no_list_shows_is_looked_for_once() -> None:
    one = watched()
    task = await _start(one)
    for number in range(300):
        for agent in ("agent-00", "hidden"):
            run = {"runId": "r", "sessionKey": f"agent:{agent}:secret", "stream": "assistant"}
            one.event("agent", run)
        await one.clock.advance(1)
        assert one.connection.lists <= 3, number
    await _end(task)


async def test_a_row_that_a_list_contradicts_is_settled() -> None:
    """The list and the event have the same time, so neither is newer."""
    one = watched()
    task = await _start(one)
    gate = one.connection.gate = asyncio.Event()
    one.event("sessions.changed", {})
    await one.clock.advance(1)
    row = {**one.connection.rows[MAIN], "status": "running", "hasActiveRun": True}
    one.event("sessions.changed", traffic.changed(row))
    gate.set()
    one.connection.rows[MAIN] = row
    await one.clock.advance(COST_FACTOR)
    assert one.connection.lists == 3
    await one.clock.advance(600)
    await _end(task)

    assert one.connection.lists == 3
    assert next(s for s in one.snapshots[-1].sessions if s.key == MAIN).active


async def test_a_gateway_that_speaks_is_alive_which_is_told_once_a_second() -> None:
    one = watched()
    task = await _start(one)
    for _ in range(50):
        one.event("tick", {})
        await one.clock.advance(0.1)
    await _end(task)

    assert one.told.count(ev.SignOfLife("gw")) == 5


# Pauses


async def test_the_pause_after_a_list_is_several_times_its_cost_whatever_asks_for_it() -> None:
    one = watched()
    one.connection.cost_s = 8.0
    starting = asyncio.create_task(_start(one))
    await one.clock.advance(8)
    task = await starting
    causes: list[tuple[str, dict[str, Any]]] = [
        ("sessions.changed", {}),
        ("config.changed", {}),
        ("agents.changed", {}),
        ("health", {"agents": [{"agentId": "new"}]}),
        ("agent", {"runId": "r", "sessionKey": "agent:new:x", "stream": "assistant"}),
    ]
    for second in range(int(8 * COST_FACTOR) - 1):
        one.event(*causes[second % len(causes)])
        await one.clock.advance(1)
        assert one.connection.lists == 1
    await one.clock.advance(2)
    assert one.connection.lists == 2
    await _end(task)


async def test_the_operator_does_not_wait_for_the_pause() -> None:
    one = watched()
    task = await _start(one)
    for _ in range(LIST_BURST + 3):
        one.event("sessions.changed", {})
        await one.clock.advance(1)
    assert one.connection.lists == 1 + LIST_BURST
    one.sync.schedule_refresh()
    await one.clock.advance(0)
    assert one.connection.lists == 2 + LIST_BURST
    await _end(task)


async def test_lists_that_fail_are_not_asked_for_more_often() -> None:
    one = watched()
    task = await _start(one)
    one.connection.fails = True
    one.event("sessions.changed", {})
    await one.clock.advance(10 * LIST_REFILL_S)
    await _end(task)

    assert LIST_BURST < one.connection.lists <= 1 + LIST_BURST + 10


async def test_a_gateway_that_comes_and_goes_is_not_listed_at_every_connection() -> None:
    clock = FakeClock()
    pacer = ListPacer(clock)
    lists = 0
    for _ in range(50):  # it goes 0.3 s after each list, and is back 0.9 s later
        one = Watched(clock, Connection(clock), pacer)
        starting = asyncio.create_task(one.sync.start())
        await clock.advance(0.3)
        await _end(starting)
        lists += one.connection.lists
        await clock.advance(0.9)

    assert lists <= CONNECT_BURST + 50 * 1.2 / CONNECT_REFILL_S


# Ceilings


async def test_more_sessions_than_the_limit_are_cut_and_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session_list, "MAX_SESSIONS", 1_000)
    one = watched(sessions=5_000)
    await one.sync.start()

    (snapshot,) = one.snapshots
    assert len(snapshot.sessions) == 1_000
    assert snapshot.total_sessions == 5_000
    assert snapshot.total_agents == 0
    assert one.connection.pages == 5


async def test_a_list_that_is_whole_says_so() -> None:
    one = watched()
    await one.sync.start()

    assert (one.snapshots[0].total_agents, one.snapshots[0].total_sessions) == (0, 0)


async def test_one_answer_with_too_many_rows_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_list, "MAX_SESSIONS", 300)
    one = watched(sessions=1_000)
    one.connection.page = lambda _params: {"sessions": list(one.connection.rows.values())}
    await one.sync.start()

    assert len(one.snapshots[0].sessions) == 300
    assert one.snapshots[0].total_sessions == 1_000


async def test_too_many_agents_are_cut_and_said_and_not_looked_for() -> None:
    one = watched()
    count = session_list.MAX_AGENTS * 2
    one.connection.agents = [{"id": f"a{number}"} for number in range(count)]
    task = await _start(one)
    assert len(one.snapshots[0].agents) == session_list.MAX_AGENTS
    assert one.snapshots[0].total_agents == count
    for second in range(100):
        payload = {"runId": "r", "sessionKey": f"agent:a{count - 1 - second}:x", "stream": "item"}
        one.event("agent", payload)
        await one.clock.advance(1)
    await _end(task)

    assert one.connection.lists <= 1


async def test_bytes_are_limited_over_all_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_list, "MAX_BYTES", 2 * 2**20)
    one = watched()
    page = {"sessions": list(one.connection.rows.values()), "filler": "x" * 2**20}

    def endless(params: dict[str, Any]) -> Any:
        row = {**one.connection.rows[MAIN], "key": f"{MAIN}:{params.get('offset')}"}
        offset = params.get("offset", 0) + 1
        return {**page, "sessions": [row], "hasMore": True, "nextOffset": offset}

    one.connection.page = endless
    await one.sync.start()

    assert one.connection.pages == 2
    assert one.snapshots[0].total_sessions >= 3


async def test_events_that_come_while_the_first_list_is_not_answered_are_limited() -> None:
    one = watched()
    one.connection.gate = asyncio.Event()
    starting = asyncio.create_task(_start(one))
    await one.clock.advance(1)
    row = one.connection.rows[MAIN]
    for number in range(3 * MAX_EARLY):
        row = {**row, "updatedAt": traffic.START_MS + number, "label": f"{number}"}
        one.event("sessions.changed", traffic.changed(row))
    one.connection.gate.set()
    task = await starting
    told = [event for event in one.told if isinstance(event, ev.SessionChanged)]
    assert len(told) == MAX_EARLY
    assert told[-1].fields["label"] == f"{3 * MAX_EARLY - 1}"  # the oldest were dropped
    await one.clock.advance(COST_FACTOR + 1)
    await _end(task)

    assert one.connection.lists == 2  # what was dropped is in the next list


async def test_what_is_remembered_of_events_is_limited() -> None:
    one = watched()
    task = await _start(one)
    demand = one.sync.demand
    for number in range(60_000):
        run = {"runId": "r", "sessionKey": f"agent:agent-00:{number}", "stream": "assistant"}
        one.event("agent", run)
        one.event("sessions.changed", {"sessionKey": f"agent:agent-00:{number}", "session": {}})
    assert demand.remembered() <= 80_000
    one.event("config.changed", {})
    await one.clock.advance(2 * FRESH_S)
    await _end(task)

    assert one.connection.lists == 3  # and since it is, another list settles what was forgotten
    assert demand.remembered() <= 20_000


async def test_a_long_list_lets_the_loop_turn() -> None:
    one = watched(sessions=10_000)
    one.connection.page = lambda _params: {"sessions": list(one.connection.rows.values())}
    turns, ended = 0, False

    async def turn() -> None:
        nonlocal turns
        while not ended:
            turns += 1
            await asyncio.sleep(0)

    turning = asyncio.create_task(turn())
    await one.sync.start()
    ended = True
    await turning

    assert len(one.snapshots[0].sessions) == 10_000
    assert turns >= 10_000 // SLICE


async def test_the_slices_of_a_snapshot_make_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_sync, "slices", slices)
    one = watched(sessions=3_000)
    store = Store(one.clock.now_ms)
    store.apply(ev.GatewayAdded("gw", "Gateway", ""))
    monkeypatch.setattr(one.sync, "_sink", store.apply)
    await one.sync.start()

    agents = store.fleet.gateways["gw"].agents.values()
    assert {key for agent in agents for key in agent.sessions} == set(one.connection.rows)


async def test_a_snapshot_is_handed_on_in_slices_and_events_come_in_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session_sync, "slices", lambda snapshot: [snapshot] * 3)
    one = watched()
    task = await _start(one)

    async def tell() -> None:
        one.event("sessions.changed", traffic.changed(one.connection.rows[MAIN]))

    def on_told(event: ev.Event) -> None:
        one.told.append(event)
        if len(one.snapshots) == 4 and not telling:  # the first slice of the second list
            telling.append(asyncio.create_task(tell()))

    telling: list[asyncio.Task[None]] = []
    monkeypatch.setattr(one.sync, "_sink", on_told)
    one.event("sessions.changed", {})
    await one.clock.advance(1)
    await asyncio.gather(*telling)
    await _end(task)

    kinds = [type(event).__name__ for event in one.told if event != ev.SignOfLife("gw")]
    assert kinds == ["Snapshot"] * 4 + ["SessionChanged"] + ["Snapshot"] * 2


@pytest.mark.parametrize(
    "answer",
    [b"[]", b"7", b'{"sessions": 5}', b'{"sessions": [5, null, "x", [], {"key": "\xff"}]}', b"{"],
)
async def test_an_answer_that_is_left_encoded_may_be_anything(
    answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = watched()

    async def request(_method: str, *_: Any, **__: Any) -> Any:
        return msgspec.Raw(answer)

    monkeypatch.setattr(one.connection, "request", request)
    await one.sync.start()

    assert one.snapshots[0].sessions == ()


async def test_an_object_of_rows_is_read_like_a_list() -> None:
    one = watched(sessions=300)
    rows = one.connection.rows
    one.connection.page = lambda _params: {"sessions": rows}
    await one.sync.start()

    assert {session.key for session in one.snapshots[0].sessions} == set(rows)


async def test_an_error_of_the_first_list_is_the_connection_s() -> None:
    one = watched()
    one.connection.fails = True
    with pytest.raises(GatewayFailureError):
        await one.sync.start()
