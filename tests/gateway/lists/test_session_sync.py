from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import ConnectionState, Fleet, Origin, Status
from cc_desktop.fleet.reducer import reduce
from cc_desktop.gateway import event_decoder
from cc_desktop.gateway.lists.list_demand import DEBOUNCE_S
from cc_desktop.gateway.lists.list_pacer import LIST_REFILL_S
from cc_desktop.gateway.lists.session_list import PAGE
from cc_desktop.text.report import error_of
from tests.fakes.clock import FakeClock, settle, until
from tests.fakes.gateway import FakeGateway, RefusalError
from tests.fakes.rig import running_link

if TYPE_CHECKING:
    from tests.fakes.rig import Rig

MAIN = "agent:otto:main"
QUIET_S = 40.0  # long enough for every list that may still be wanted
RUNNING = {"status": "running", "hasActiveRun": True}
DONE = {"status": "done", "hasActiveRun": False}
FAILED = {"status": "failed", "hasActiveRun": False}
DIALECTS = [pytest.param(3, id="v3"), pytest.param(4, id="v4"), pytest.param(0, id="seed")]


def fleet_of(gateway: FakeGateway, **row: Any) -> FakeGateway:
    gateway.add_agent("otto", name="Otto")
    gateway.add_session(MAIN, **row)
    return gateway


def fresh(gateway: FakeGateway) -> dict[str, dict[str, Any]]:
    """What a fresh list says, as the model would hold it: {agent: {key: row}}."""
    snapshot = ev.Snapshot(
        "gw",
        tuple(event_decoder.agent_infos({"agents": list(gateway.agents.values())})),
        tuple(event_decoder.session_rows({"sessions": list(gateway.sessions.values())})),
    )
    fleet, _ = reduce(Fleet(), ev.GatewayAdded("gw", "gw"), 0)
    fleet, _ = reduce(fleet, snapshot, 0)
    return {name: dict(agent.sessions) for name, agent in fleet.gateways["gw"].agents.items()}


def held(rig: Rig) -> dict[str, dict[str, Any]]:
    return {name: dict(agent.sessions) for name, agent in rig.gateway.agents.items()}


# The first list


@pytest.mark.parametrize("protocol", DIALECTS)
async def test_the_first_list_is_the_model(protocol: int) -> None:
    async with FakeGateway(protocol) as gateway, running_link(fleet_of(gateway).url) as rig:
        await rig.live()

        assert held(rig) == fresh(gateway)
        assert rig.gateway.agents["otto"].name == "Otto"


async def test_subscribing_comes_before_listing() -> None:
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        await rig.live()

        assert [asked.method for asked in gateway.asked] == [
            "connect",
            "sessions.subscribe",
            "agents.list",
            "sessions.list",
        ]


async def test_a_quiet_gateway_is_not_asked_again() -> None:
    async with FakeGateway() as gateway, running_link(fleet_of(gateway).url) as rig:
        await rig.live()
        for _ in range(40):
            await rig.clock.advance(30)
            await gateway.tick()

        assert gateway.count("sessions.list") == 1


async def test_devices_of_hello_ok_are_listed() -> None:
    async with FakeGateway() as gateway:
        gateway.presence = [{"host": "box", "instanceId": "i", "mode": "gateway", "reason": "self"}]
        async with running_link(gateway.url) as rig:
            await rig.live()

            assert [device.name for device in rig.gateway.devices.values()] == ["box"]


async def test_heartbeats_of_hello_ok_and_of_health_are_told_without_a_request() -> None:
    def health(ms: int | None) -> dict[str, Any]:
        beat = {"enabled": ms is not None, "everyMs": ms}
        return {"agents": [{"agentId": "otto", "heartbeat": beat}]}

    async with FakeGateway() as gateway:
        fleet_of(gateway).health = health(1_800_000)
        async with running_link(gateway.url) as rig:
            await rig.live()
            assert rig.gateway.agents["otto"].heartbeat_ms == 1_800_000
            asked = len(gateway.asked)
            await gateway.emit("health", health(60_000))
            await settle()
            assert rig.gateway.agents["otto"].heartbeat_ms == 60_000
            await gateway.emit("health", health(None))
            await settle()
            assert rig.gateway.agents["otto"].heartbeat_ms == 0
            assert len(gateway.asked) == asked


async def test_approvals_from_before_the_gateway_s_start_are_closed_when_it_is_back() -> None:
    async with FakeGateway(3) as gateway, running_link(fleet_of(gateway).url) as rig:
        await rig.live()
        data = {"phase": "requested", "status": "pending", "approvalId": "p", "command": "ls"}
        key = "agent:otto:main"
        await gateway.emit(
            "agent", {"runId": "r", "sessionKey": key, "stream": "approval", "data": data}
        )
        await settle()
        assert rig.gateway.agents["otto"].status is Status.WAITING
        await gateway.close()
        await rig.reach(ConnectionState.WAITING)
        await rig.clock.advance(2)
        await rig.live()
        assert rig.gateway.agents["otto"].status is Status.WAITING
        gateway.uptime_ms = 500
        await gateway.close()
        await rig.reach(ConnectionState.WAITING)
        await rig.clock.advance(2)
        await rig.live()
        assert rig.gateway.agents["otto"].approvals == {}


# Events while a list is under way


@pytest.mark.parametrize("protocol", DIALECTS)
@pytest.mark.parametrize("method", ["agents.list", "sessions.list"])
async def test_an_event_during_the_first_list_is_neither_lost_nor_undone(
    protocol: int, method: str
) -> None:
    async with FakeGateway(protocol) as gateway:
        fleet_of(gateway, **DONE)
        hold = gateway.hold(method)
        async with running_link(gateway.url) as rig:
            await until(hold.reached.is_set)
            await gateway.change(MAIN, **FAILED)
            await settle()
            hold.release.set()
            await rig.live()
            await settle()
            session = rig.session(MAIN)
            assert session is not None
            assert session.status == "failed"

            await rig.clock.advance(QUIET_S)
            assert held(rig) == fresh(gateway)


@pytest.mark.parametrize("protocol", DIALECTS)
async def test_an_event_during_a_later_list_is_not_undone(protocol: int) -> None:
    async with FakeGateway(protocol) as gateway, running_link(fleet_of(gateway).url) as rig:
        await rig.live()
        hold = gateway.hold("sessions.list")
        await gateway.emit("sessions.changed", {"ts": 1})
        await rig.clock.advance(DEBOUNCE_S)
        await until(hold.reached.is_set)
        await gateway.change(MAIN, **FAILED)
        await settle()
        hold.release.set()
        await settle()
        session = rig.session(MAIN)
        assert session is not None
        assert session.status == "failed"

        await rig.clock.advance(QUIET_S)
        assert held(rig) == fresh(gateway)


async def test_a_deletion_during_a_list_is_not_undone_for_long() -> None:
    async with FakeGateway() as gateway:
        fleet_of(gateway)
        gateway.add_session("agent:otto:other")
        hold = gateway.hold("sessions.list")
        async with running_link(gateway.url) as rig:
            await until(hold.reached.is_set)
            await gateway.delete("agent:otto:other")
            await settle()
            hold.release.set()
            await rig.live()
            await settle()

            assert rig.session("agent:otto:other") is None
            await rig.clock.advance(QUIET_S)
            assert held(rig) == fresh(gateway)


# What makes it list again


async def test_keyless_events_make_one_list_after_a_pause() -> None:
    async with FakeGateway() as gateway, running_link(fleet_of(gateway).url) as rig:
        await rig.live()
        gateway.add_session("agent:otto:new")
        for _ in range(20):
            await gateway.emit("sessions.changed", {"reason": "cron-bindings-loaded"})
        await settle()
        assert gateway.count("sessions.list") == 1
        await rig.clock.advance(QUIET_S)

        assert gateway.count("sessions.list") == 2
        assert held(rig) == fresh(gateway)


async def test_a_gap_in_seq_makes_a_list() -> None:
    async with FakeGateway() as gateway, running_link(fleet_of(gateway).url) as rig:
        await rig.live()
        await gateway.tick()
        gateway.set_row(MAIN, **FAILED)
        gateway.lose_events()
        await gateway.tick()
        await rig.clock.advance(QUIET_S)

        assert rig.gateway.agents["otto"].status is Status.ERROR
        assert gateway.count("sessions.list") == 2


async def test_events_without_seq_are_no_gap() -> None:
    async with FakeGateway(3) as gateway, running_link(fleet_of(gateway).url) as rig:
        await rig.live()
        for _ in range(5):
            await gateway.tick()
            await gateway.emit("sessions.changed", {"sessionKey": MAIN, "label": "x"}, seq=None)
        await rig.clock.advance(QUIET_S)

        assert gateway.count("sessions.list") == 1


@pytest.mark.parametrize("protocol", DIALECTS)
async def test_an_agent_that_nobody_named_is_found(protocol: int) -> None:
    async with FakeGateway(protocol) as gateway, running_link(fleet_of(gateway).url) as rig:
        await rig.live()
        gateway.add_agent("rex", name="Rex")
        await gateway.tell(gateway.add_session("agent:rex:main", **FAILED))
        await rig.clock.advance(QUIET_S)

        assert rig.gateway.agents["rex"].status is Status.ERROR
        assert held(rig) == fresh(gateway)


async def test_a_new_session_of_a_known_agent_shows_at_once() -> None:
    async with FakeGateway() as gateway, running_link(fleet_of(gateway).url) as rig:
        await rig.live()
        await gateway.tell(gateway.add_session("agent:otto:new", **RUNNING))
        await settle()

        assert rig.gateway.agents["otto"].status.working


async def test_health_of_an_old_gateway_tells_of_a_new_agent() -> None:
    async with FakeGateway(3) as gateway, running_link(fleet_of(gateway).url) as rig:
        await rig.live()
        health = {"agents": [{"agentId": "otto"}, {"agentId": "rex"}]}
        gateway.add_agent("rex")
        await gateway.emit("health", health)
        await rig.clock.advance(QUIET_S)
        assert set(rig.gateway.agents) == {"otto", "rex"}
        lists = gateway.count("agents.list")
        await gateway.emit("health", health)
        await rig.clock.advance(QUIET_S)

        assert gateway.count("agents.list") == lists


@pytest.mark.parametrize("event", ["config.changed", "agents.changed"])
async def test_an_agent_that_was_deleted_goes(event: str) -> None:
    async with FakeGateway() as gateway, running_link(fleet_of(gateway).url) as rig:
        gateway.add_agent("rex")
        await rig.live()
        del gateway.agents["rex"]
        await gateway.emit(event, {})
        await rig.clock.advance(1)

        assert set(rig.gateway.agents) == {"otto"}


async def test_a_young_gateway_is_listed_again_when_it_has_settled() -> None:
    async with FakeGateway(3) as gateway:
        fleet_of(gateway, status="running", hasActiveRun=False)
        gateway.uptime_ms = 2_000
        async with running_link(gateway.url) as rig:
            await rig.live()
            gateway.set_row(MAIN, **FAILED)  # silently, as measured
            await rig.clock.advance(12)

            assert rig.gateway.agents["otto"].status is Status.ERROR


async def test_on_protocol_3_the_list_after_a_run_settles_what_events_left_open() -> None:
    """Measured on 2026.5.7: done, then an older "running", and a list that is stale for a while."""
    async with FakeGateway(3) as gateway, running_link(fleet_of(gateway).url) as rig:
        await rig.live()
        stale = dict(gateway.set_row(MAIN, **RUNNING))
        await gateway.tell(stale, phase="start")
        done = {**stale, **DONE, "updatedAt": stale["updatedAt"] + 68}
        await gateway.tell(done, phase="end")
        await gateway.tell(stale, phase="message")  # late, and older
        await settle()
        assert rig.gateway.agents["otto"].status is Status.IDLE
        gateway.set_row(MAIN, **DONE, inputTokens=77)
        await rig.clock.advance(QUIET_S)

        session = rig.session(MAIN)
        assert session is not None
        assert session.input_tokens == 77
        assert held(rig) == fresh(gateway)


async def test_on_protocol_3_a_failure_is_settled_when_its_row_is_right() -> None:
    async with FakeGateway(3) as gateway, running_link(fleet_of(gateway).url) as rig:
        await rig.live()
        await gateway.change(MAIN, **RUNNING)
        error = {"phase": "error", "error": "LLM request failed", "endedAt": gateway.now_ms}
        run = {"runId": "r-1", "sessionKey": MAIN, "stream": "lifecycle"}
        await gateway.emit("agent", {**run, "data": {"phase": "start"}})
        await gateway.emit("agent", {**run, "data": error})
        gateway.set_row(MAIN, status="running", hasActiveRun=False)
        await rig.clock.advance(10)
        gateway.set_row(MAIN, **FAILED)  # as in the recording: 15 s after the error
        await rig.clock.advance(LIST_REFILL_S)

        assert held(rig) == fresh(gateway)
        assert rig.gateway.agents["otto"].status is Status.ERROR
        assert error_of(rig.gateway.agents["otto"]) == "LLM request failed"


async def test_a_list_that_fails_is_asked_for_again_and_the_connection_stays() -> None:
    def busy(_params: Any) -> None:
        raise RefusalError("UNAVAILABLE", "busy")

    async with FakeGateway() as gateway, running_link(fleet_of(gateway).url) as rig:
        await rig.live()
        gateway.answers["sessions.list"] = busy
        gateway.set_row(MAIN, **FAILED)
        await gateway.emit("sessions.changed", {})
        await rig.clock.advance(12)
        del gateway.answers["sessions.list"]
        await rig.clock.advance(LIST_REFILL_S)

        assert rig.gateway.agents["otto"].status is Status.ERROR
        assert gateway.connections == 1


# One at a time


async def test_lists_do_not_overlap() -> None:
    async with FakeGateway() as gateway, running_link(fleet_of(gateway).url) as rig:
        await rig.live()
        hold = gateway.hold("sessions.list")
        for _ in range(30):
            await gateway.emit("sessions.changed", {})
            await rig.clock.advance(0.7)
            assert gateway.count("sessions.list") <= 2
        assert hold.reached.is_set()
        hold.release.set()
        await settle()
        await rig.clock.advance(QUIET_S)

        assert gateway.count("sessions.list") <= 4


async def test_a_busy_gateway_is_not_asked_more_often_than_the_pause_allows() -> None:
    async with FakeGateway() as gateway, running_link(fleet_of(gateway).url) as rig:
        await rig.live()
        for _ in range(100):
            await gateway.emit("sessions.changed", {})
            await rig.clock.advance(0.1)

        assert gateway.count("sessions.list") <= 1 + 10 / DEBOUNCE_S


@pytest.mark.parametrize("slow", [False, True], ids=["fast lists", "lists of five seconds"])
async def test_one_list_on_a_busy_gateway_does_not_become_polling(slow: bool) -> None:
    async with FakeGateway(4) as gateway, running_link(fleet_of(gateway).url) as rig:
        await rig.live()
        if slow:
            gateway.delay = lambda: rig.clock.sleep(5)
        await gateway.emit("sessions.changed", {})
        for step in range(120):
            await gateway.change(MAIN, **RUNNING, totalTokens=step)
            await rig.clock.advance(1)

        assert gateway.count("sessions.list") <= 10
        await rig.clock.advance(2 * QUIET_S)
        assert held(rig) == fresh(gateway)


async def test_events_that_say_all_make_no_list_on_protocol_4() -> None:
    async with FakeGateway(4) as gateway, running_link(fleet_of(gateway).url) as rig:
        await rig.live()
        for step in range(100):
            await gateway.change(MAIN, **(DONE if step % 2 else RUNNING), totalTokens=step)
            await rig.clock.advance(0.1)
        await rig.clock.advance(QUIET_S)

        assert gateway.count("sessions.list") == 1
        assert held(rig) == fresh(gateway)


# Pages


@pytest.mark.parametrize("protocol", DIALECTS)
@pytest.mark.parametrize("rows", [PAGE - 1, PAGE, PAGE + 1, 2 * PAGE + 50])
async def test_all_pages_are_read(protocol: int, rows: int) -> None:
    async with FakeGateway(protocol) as gateway:
        gateway.add_agent("otto")
        for number in range(rows):
            gateway.add_session(f"agent:otto:s{number}", updatedAt=gateway.now_ms - number)
        async with running_link(gateway.url) as rig:
            await rig.live()

            assert held(rig) == fresh(gateway)
            assert len(held(rig)["otto"]) == rows


async def test_a_gateway_that_says_more_for_ever_is_not_asked_for_ever() -> None:
    async with FakeGateway() as gateway:
        fleet_of(gateway)
        rows = [dict(gateway.sessions[MAIN])]
        gateway.answers["sessions.list"] = lambda _params: {"sessions": rows, "hasMore": True}
        async with running_link(gateway.url) as rig:
            await rig.live()

            assert gateway.count("sessions.list") <= 3


# Whatever arrives


@pytest.mark.parametrize("protocol", DIALECTS)
@pytest.mark.parametrize("seed", range(4))
async def test_after_any_storm_the_model_equals_a_fresh_list(protocol: int, seed: int) -> None:
    rng = random.Random(seed)
    async with FakeGateway(protocol) as gateway:
        for name in ("otto", "rex"):
            gateway.add_agent(name)
            for number in range(3):
                gateway.add_session(f"agent:{name}:s{number}")
        async with running_link(gateway.url) as rig:
            await rig.live()
            late: list[dict[str, Any]] = []
            for _ in range(60):
                key = rng.choice(list(gateway.sessions))
                row = gateway.set_row(key, **rng.choice([RUNNING, DONE, FAILED]))
                match rng.randrange(7):
                    case 0:
                        late.append(dict(row))  # comes later, out of order
                    case 1:
                        gateway.lose_events()
                        await gateway.tick()
                        # A gap that no frame shows is nobody's to see: protocol 3 has no seq here.
                        await gateway.emit("sessions.changed", {})
                    case 2:
                        await gateway.tell(gateway.add_session(f"agent:rex:n{rng.random()}"))
                        await gateway.tell(row)
                    case 3 if len(gateway.sessions) > 3:
                        await gateway.delete(key)
                    case _:
                        await gateway.tell(row)
                if late and rng.random() < 0.3:
                    await gateway.tell(late.pop(rng.randrange(len(late))))
                if rng.random() < 0.3:
                    await rig.clock.advance(rng.random() * 2)
            for row in late:
                await gateway.tell(row)
            await settle()
            await rig.clock.advance(QUIET_S)

            assert held(rig) == fresh(gateway)
            assert rig.gateway.origin is Origin.LIVE


class MovingClock(FakeClock):
    """Time goes on between two looks at it, as it does."""

    def __init__(self) -> None:
        super().__init__()
        self._looks = 0

    def monotonic(self) -> float:
        self._looks += 1
        return super().monotonic() + self._looks * 1e-6


async def test_a_list_that_is_due_is_made_although_time_goes_on_meanwhile() -> None:
    clock = MovingClock()
    async with FakeGateway() as gateway, running_link(fleet_of(gateway).url, clock=clock) as rig:
        await rig.live()
        before = gateway.count("sessions.list")
        await gateway.change(MAIN)
        gateway.lose_events(3)
        await gateway.change(MAIN)
        await clock.advance(QUIET_S)
        assert gateway.count("sessions.list") == before + 1
