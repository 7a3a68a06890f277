from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cc_desktop.config.paths import Paths, find_paths
from cc_desktop.config.settings import GatewaySettings, Settings
from cc_desktop.demo import simulation
from cc_desktop.demo.policy import DemoPolicy, WhenUnreachable
from cc_desktop.desktop.icons.tray_state import TrayState, tray_state
from cc_desktop.fleet import events as ev
from cc_desktop.fleet import store
from cc_desktop.fleet.commands import (
    CommandPhase,
    MarkSeen,
    MarkUnseen,
    Reconnect,
    Refresh,
)
from cc_desktop.fleet.model import (
    Agent,
    Approval,
    ConnectionState,
    Device,
    Fleet,
    Origin,
    Problem,
    Status,
)
from cc_desktop.fleet.reducer import reduce
from cc_desktop.fleet.summary import screen_origin, summarize
from cc_desktop.gateway import device_token, supervisor
from cc_desktop.gateway.http import http_fallback
from cc_desktop.monitor import FleetMonitor, MonitorOptions, internal_problem
from tests.fakes.clock import FakeClock, settle, until
from tests.fakes.gateway import FakeGateway

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

MAIN = "agent:otto:main"
NEVER_S = 1e9
DEMO_ONLY = MonitorOptions(demo_only=True)


class Running:
    """A monitor that runs, and what a test asks of it."""

    def __init__(self, monitor: FleetMonitor, clock: FakeClock) -> None:
        self.monitor = monitor
        self.clock = clock
        self.task = asyncio.create_task(monitor.run())

    @property
    def origin(self) -> Origin:
        return screen_origin(self.monitor.store.fleet)

    async def on_screen(self, origin: Origin) -> None:
        await until(lambda: self.origin is origin or self.task.done(), f"origin {origin}")
        assert self.origin is origin

    def agent(self, ident: str = "otto") -> Agent:
        agent = self.monitor.store.fleet.agent("gw", ident)
        assert agent is not None
        return agent


def settings_for(*urls: str, demo: bool = True) -> Settings:
    gateways = tuple(
        GatewaySettings(
            id="gw" if number == 0 else f"gw{number}",
            name=f"Gateway {number}",
            url=url,
            rest_url="http://127.0.0.1:9/api/agents",
        )
        for number, url in enumerate(urls)
    )
    return Settings(gateways=gateways, demo=demo, keyring=False)


@asynccontextmanager
async def running(
    settings: Settings,
    paths: Paths,
    *,
    clock: FakeClock | None = None,
    options: MonitorOptions | None = None,
) -> AsyncIterator[Running]:
    clock = clock or FakeClock()
    monitor = FleetMonitor(
        settings,
        paths,
        options or MonitorOptions(http_after_s=NEVER_S),
        clock=clock,
        rng=random.Random(1),
    )
    it = Running(monitor, clock)
    try:
        yield it
    finally:
        ended = it.task.done()
        it.task.cancel()
        (result,) = await asyncio.gather(it.task, return_exceptions=True)
        assert not ended, result


def paths_in(directory: Path) -> Paths:
    return find_paths(directory)


async def dead_url() -> str:
    async with FakeGateway() as gateway:
        return gateway.url


# Demo, live, last known


async def test_where_nothing_is_reached_the_demo_shows_within_two_seconds(tmp_path: Path) -> None:
    async with running(settings_for(await dead_url()), paths_in(tmp_path)) as app:
        await app.clock.advance(2)
        await app.on_screen(Origin.DEMO)

        fleet = app.monitor.store.fleet
        assert len(fleet.gateways[simulation.GATEWAY].agents) > 5
        assert fleet.gateways["gw"].hidden
        assert tray_state(summarize(fleet)) is TrayState.DEMO


async def test_where_a_gateway_is_silent_the_demo_shows_within_two_seconds(tmp_path: Path) -> None:
    async with FakeGateway() as gateway:
        gateway.silent = True
        async with running(settings_for(gateway.url), paths_in(tmp_path)) as app:
            await app.clock.advance(1.4)
            assert app.origin is Origin.NONE
            await app.clock.advance(0.6)

            await app.on_screen(Origin.DEMO)


async def test_a_gateway_that_is_there_shows_no_demo(tmp_path: Path) -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        async with running(settings_for(gateway.url), paths_in(tmp_path)) as app:
            seen = set()
            app.monitor.store.subscribe(lambda _changes: seen.add(app.origin))
            await app.on_screen(Origin.LIVE)
            await app.clock.advance(20)

            assert Origin.DEMO not in seen
            assert simulation.GATEWAY not in app.monitor.store.fleet.gateways


async def test_the_demo_goes_when_a_gateway_is_reached(tmp_path: Path) -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("otto", name="Otto")
        await gateway.stop()
        async with running(settings_for(gateway.url), paths_in(tmp_path)) as app:
            await app.clock.advance(10)
            await app.on_screen(Origin.DEMO)
            await gateway.start()
            app.monitor.execute(Reconnect())
            await app.on_screen(Origin.LIVE)
            await settle()

            fleet = app.monitor.store.fleet
            assert list(fleet.gateways) == ["gw"]
            assert not fleet.gateways["gw"].hidden
            assert [agent.name for g in fleet.shown() for agent in g.agents.values()] == ["Otto"]


async def test_lost_is_last_known_for_thirty_seconds_then_demo_then_live_again(
    tmp_path: Path,
) -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        async with running(settings_for(gateway.url), paths_in(tmp_path)) as app:
            await app.on_screen(Origin.LIVE)
            await gateway.stop()
            await app.on_screen(Origin.LAST_KNOWN)
            assert app.agent().status is Status.OFFLINE
            await app.clock.advance(29)
            assert app.origin is Origin.LAST_KNOWN
            await app.clock.advance(2)
            await app.on_screen(Origin.DEMO)

            await gateway.start()
            app.monitor.execute(Reconnect())
            await app.on_screen(Origin.LIVE)
            assert app.agent().status is Status.IDLE


async def test_a_short_loss_shows_no_demo_and_starts_the_count_anew(tmp_path: Path) -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        async with running(settings_for(gateway.url), paths_in(tmp_path)) as app:
            await app.on_screen(Origin.LIVE)
            for _ in range(3):
                await gateway.stop()
                await app.on_screen(Origin.LAST_KNOWN)
                await app.clock.advance(20)
                assert app.origin is Origin.LAST_KNOWN
                await gateway.start()
                app.monitor.execute(Reconnect())
                await app.on_screen(Origin.LIVE)


async def test_the_operator_may_prefer_what_was_last_known(tmp_path: Path) -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        async with running(settings_for(gateway.url), paths_in(tmp_path)) as app:
            await app.on_screen(Origin.LIVE)
            await gateway.stop()
            await app.on_screen(Origin.LAST_KNOWN)
            await app.clock.advance(31)
            await app.on_screen(Origin.DEMO)
            app.monitor.show_last_known(True)
            await app.on_screen(Origin.LAST_KNOWN)
            await app.clock.advance(100)
            assert app.origin is Origin.LAST_KNOWN
            app.monitor.show_last_known(False)
            await app.on_screen(Origin.DEMO)


async def test_with_the_demo_switched_off_there_is_none(tmp_path: Path) -> None:
    async with running(settings_for(await dead_url(), demo=False), paths_in(tmp_path)) as app:
        await app.clock.advance(60)

        assert app.origin is Origin.NONE
        assert simulation.GATEWAY not in app.monitor.store.fleet.gateways


async def test_asked_for_the_demo_connects_to_nothing(tmp_path: Path) -> None:
    async with FakeGateway() as gateway:
        settings = settings_for(gateway.url, demo=False)
        async with running(
            settings, paths_in(tmp_path), options=MonitorOptions(demo_only=True)
        ) as app:
            await app.on_screen(Origin.DEMO)
            await app.clock.advance(120)

            assert app.monitor.supervisors == {}
            assert gateway.connections == 0
            assert app.origin is Origin.DEMO
            assert not (tmp_path / "data" / "identity.json").exists()


async def test_the_demo_moves(tmp_path: Path) -> None:
    async with running(
        settings_for(), paths_in(tmp_path), options=MonitorOptions(demo_only=True)
    ) as app:
        await app.on_screen(Origin.DEMO)
        before = app.monitor.store.fleet.gateways[simulation.GATEWAY]
        await app.clock.advance(60)

        assert app.monitor.store.fleet.gateways[simulation.GATEWAY].agents != before.agents


async def test_one_of_two_gateways_is_enough(tmp_path: Path) -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        settings = settings_for(gateway.url, await dead_url())
        async with running(settings, paths_in(tmp_path)) as app:
            await app.on_screen(Origin.LIVE)
            await app.clock.advance(90)

            assert app.origin is Origin.LIVE
            assert summarize(app.monitor.store.fleet).unreachable == ("Gateway 1",)
            assert app.monitor.supervisors["gw1"].connection.state is ConnectionState.WAITING


async def test_the_demo_s_failures_are_not_remembered(tmp_path: Path) -> None:
    async with running(
        settings_for(), paths_in(tmp_path), options=MonitorOptions(demo_only=True)
    ) as app:
        await app.on_screen(Origin.DEMO)
        for ident in app.monitor.store.fleet.gateways[simulation.GATEWAY].agents:
            app.monitor.execute(MarkSeen(simulation.GATEWAY, ident))

        assert not (tmp_path / "data" / "state.json").exists()


# The seed's dialect


async def test_the_seed_s_gateway_shows_agents_activity_and_configuration(tmp_path: Path) -> None:
    async with FakeGateway(0) as gateway:
        gateway.add_agent("otto", name="Otto", role="Butler", status="idle")
        gateway.add_agent("rex", name="Rex")
        async with running(settings_for(gateway.url), paths_in(tmp_path)) as app:
            await app.on_screen(Origin.LIVE)
            assert (app.agent().name, app.agent().role) == ("Otto", "Butler")

            await gateway.emit(
                "presence",
                {
                    "agentId": "otto",
                    "status": "active",
                    "currentTask": "Sorting",
                    "lastActivity": gateway.now_ms,
                },
            )
            await gateway.emit(
                "agent.config", {"agentId": "rex", "displayName": "T. Rex", "role": "Guard"}
            )
            await until(lambda: app.agent("rex").name == "T. Rex")
            assert app.agent().status is Status.ACTIVE
            assert app.agent().reported_task == "Sorting"
            assert app.agent("rex").role == "Guard"

            await gateway.emit("presence", {"agentId": "otto", "status": "error"})
            await until(lambda: app.agent().status is Status.ERROR)
            await app.clock.advance(60)
            assert app.agent("rex").name == "T. Rex"


async def test_its_presence_of_an_unknown_agent_makes_it_list_again(tmp_path: Path) -> None:
    async with FakeGateway(0) as gateway:
        gateway.add_agent("otto")
        async with running(settings_for(gateway.url), paths_in(tmp_path)) as app:
            await app.on_screen(Origin.LIVE)
            gateway.add_agent("rex", name="Rex", status="active")
            await gateway.emit("presence", {"agentId": "rex", "status": "active"})
            await app.clock.advance(2)

            assert app.agent("rex").status is Status.ACTIVE


async def test_presence_of_devices_is_the_device_list(tmp_path: Path) -> None:
    async with (
        FakeGateway(4) as gateway,
        running(settings_for(gateway.url), paths_in(tmp_path)) as app,
    ):
        await app.on_screen(Origin.LIVE)
        row = {"host": "phone", "deviceId": "d1", "mode": "node", "reason": "connect", "ts": 5}
        await gateway.emit("presence", {"presence": [row]})

        def known() -> list[Device]:
            return list(app.monitor.store.fleet.gateways["gw"].devices.values())

        await until(known)
        assert [(device.name, device.online) for device in known()] == [("phone", True)]


# Time


async def test_a_run_that_falls_silent_gets_stuck_without_an_event(tmp_path: Path) -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        gateway.add_session(MAIN, status="running", hasActiveRun=True)
        async with running(settings_for(gateway.url), paths_in(tmp_path)) as app:
            await app.on_screen(Origin.LIVE)
            for _ in range(19):
                await app.clock.advance(30)
                await gateway.tick()
            assert app.agent().status.working
            for _ in range(3):
                await app.clock.advance(30)
                await gateway.tick()

            assert app.agent().status is Status.STUCK


# What is remembered


async def test_a_failure_that_was_seen_stays_seen_after_a_restart(tmp_path: Path) -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        gateway.add_session(MAIN, status="failed", endedAt=gateway.now_ms)
        async with running(settings_for(gateway.url), paths_in(tmp_path)) as app:
            await app.on_screen(Origin.LIVE)
            assert app.agent().status is Status.ERROR
            app.monitor.execute(MarkSeen("gw", "otto"))
            assert app.agent().status is Status.IDLE
            app.monitor.execute(MarkSeen("gw", "nobody"))
            app.monitor.execute(MarkSeen("nowhere", "otto"))
        async with running(settings_for(gateway.url), paths_in(tmp_path)) as app:
            await app.on_screen(Origin.LIVE)
            assert app.agent().status is Status.IDLE

            gateway.now_ms += 1000
            await gateway.change(MAIN, status="failed", endedAt=gateway.now_ms)
            await until(lambda: app.agent().status is Status.ERROR)


async def test_one_identity_for_all_gateways_and_starts(tmp_path: Path) -> None:
    async with FakeGateway() as one, FakeGateway() as two:
        ids = []
        for _ in range(2):
            async with running(settings_for(one.url, two.url), paths_in(tmp_path)):
                await until(lambda: one.handshakes and two.handshakes)
            ids += [gateway.connect_params["device"]["id"] for gateway in (one, two)]

        assert len(set(ids)) == 1


async def test_the_settings_may_name_another_client(tmp_path: Path) -> None:
    async with FakeGateway(0) as gateway:
        named = GatewaySettings(
            id="gw",
            name="gw",
            url=gateway.url,
            rest_url="http://127.0.0.1:9/",
            client_id="control-center",
            client_mode="operator",
        )
        async with running(Settings(gateways=(named,), keyring=False), paths_in(tmp_path)) as app:
            await app.on_screen(Origin.LIVE)

            client = gateway.connect_params["client"]
            assert (client["id"], client["mode"]) == ("control-center", "operator")


async def test_without_a_place_for_the_identity_it_says_so_and_shows_the_demo(
    tmp_path: Path,
) -> None:
    (tmp_path / "data").write_text("a file where a directory belongs")
    async with (
        FakeGateway() as gateway,
        running(settings_for(gateway.url), paths_in(tmp_path)) as app,
    ):
        await app.clock.advance(2)
        await app.on_screen(Origin.DEMO)

        problem = app.monitor.supervisors["gw"].connection.problem
        assert problem is not None
        assert problem.kind == "identity"
        assert gateway.connections == 0


async def test_hostile_seen_marks_are_no_harm(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "state.json").write_text(
        '{"seen": {"gw": {"agent:otto:main": "x", "b": null}, "other": 7}}'
    )
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        async with running(settings_for(gateway.url), paths_in(tmp_path)) as app:
            await app.on_screen(Origin.LIVE)


# Failure domains: whatever one part raises, the others go on


class UnexpectedError(Exception):
    """Nobody has thought of this one."""


async def raise_unexpected(*_: object, **__: object) -> None:
    raise UnexpectedError


def broken(*_: object, **__: object) -> None:
    raise UnexpectedError


async def live_on(app: Running, gateway: FakeGateway, seconds: int) -> None:
    """Let time pass while a gateway gives its signs of life."""
    for _ in range(seconds // 10):
        await app.clock.advance(10)
        await gateway.tick()


def reports(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Each fault that was logged with its traceback."""
    return [record.message for record in caplog.records if record.exc_info]


def shown_problem(app: Running, gateway: str) -> tuple[ConnectionState, Problem | None]:
    info = app.monitor.store.fleet.gateways[gateway].connection
    return info.state, info.problem


async def test_a_supervisor_that_raises_leaves_the_other_gateway_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with FakeGateway() as gateway, FakeGateway() as other:
        gateway.add_agent("otto")
        other.add_agent("rex")
        async with running(settings_for(gateway.url, other.url), paths_in(tmp_path)) as app:
            bad = app.monitor.supervisors["gw1"]
            run = bad.run
            monkeypatch.setattr(bad, "run", raise_unexpected)
            await app.on_screen(Origin.LIVE)
            await live_on(app, gateway, 1800)

            assert app.monitor.supervisors["gw"].is_live
            assert shown_problem(app, "gw1") == (ConnectionState.WAITING, internal_problem())
            assert reports(caplog) == ["gateway gw1: internal error"]
            assert app.monitor.is_settled

            monkeypatch.setattr(bad, "run", run)
            app.monitor.execute(Reconnect("gw1"))  # at once, although its next restart is far
            await until(lambda: bad.is_live)
            assert app.monitor.store.fleet.agent("gw1", "rex") is not None


@pytest.mark.parametrize("name", ["open_connection", "classify"])
async def test_whatever_a_try_raises_the_other_gateway_lives_on(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        settings = settings_for(gateway.url, await dead_url())
        async with running(settings, paths_in(tmp_path)) as app:
            await app.on_screen(Origin.LIVE)
            await until(lambda: app.monitor.supervisors["gw1"].connection.problem)
            monkeypatch.setattr(
                device_token if name == "open_connection" else supervisor, name, broken
            )
            await live_on(app, gateway, 1800)

            assert app.monitor.supervisors["gw"].is_live
            assert len(reports(caplog)) == 1


@pytest.mark.parametrize("kind", [ev.SnapshotBegan, ev.SnapshotRows, ev.SnapshotEnded])
async def test_a_model_that_cannot_take_what_a_gateway_sends_ends_no_other_gateway(
    kind: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def reduce_or_fail(fleet: Fleet, event: ev.Event, now: int, mono: int) -> object:
        if isinstance(event, kind) and event.gateway == "gw1":
            raise UnexpectedError
        return reduce(fleet, event, now, mono)

    monkeypatch.setattr(store, "reduce", reduce_or_fail)
    async with FakeGateway() as gateway, FakeGateway() as other:
        gateway.add_agent("otto")
        other.add_agent("rex")
        async with running(settings_for(gateway.url, other.url), paths_in(tmp_path)) as app:
            await app.on_screen(Origin.LIVE)
            await live_on(app, gateway, 600)

            assert app.monitor.supervisors["gw"].is_live
            assert shown_problem(app, "gw")[1] is None
            found = app.monitor.store.fleet.agent("gw1", "rex")
            assert (found is None) == (kind is not ev.SnapshotEnded)  # its rows came before
            assert shown_problem(app, "gw1")[1] == internal_problem()
            assert len(reports(caplog)) == 1

            monkeypatch.undo()
            app.monitor.execute(Refresh("gw1"))
            await until(lambda: app.monitor.store.fleet.agent("gw1", "rex"))
            await until(lambda: shown_problem(app, "gw1")[1] is None)


async def test_an_event_that_the_model_cannot_take_is_mended_by_a_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reduce_or_fail(fleet: Fleet, event: ev.Event, now: int, mono: int) -> object:
        if isinstance(event, ev.SessionChanged):
            raise UnexpectedError
        return reduce(fleet, event, now, mono)

    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        gateway.add_session(MAIN, label="old")
        async with running(settings_for(gateway.url), paths_in(tmp_path)) as app:
            await app.on_screen(Origin.LIVE)
            monkeypatch.setattr(store, "reduce", reduce_or_fail)
            await gateway.change(MAIN, label="new")
            await until(lambda: app.monitor.store.fleet.gateways["gw"].faults)
            assert shown_problem(app, "gw") == (ConnectionState.LIVE, internal_problem())

            await live_on(app, gateway, 120)
            await until(lambda: app.agent().sessions[MAIN].label == "new")
            assert shown_problem(app, "gw") == (ConnectionState.LIVE, None)


async def test_an_http_fallback_that_raises_ends_no_other_gateway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_fallback.HttpFallback, "poll", raise_unexpected)
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        settings = settings_for(gateway.url, await dead_url())
        options = MonitorOptions(http_after_s=1.0)
        async with running(settings, paths_in(tmp_path), options=options) as app:
            await app.on_screen(Origin.LIVE)
            await live_on(app, gateway, 600)

            assert app.monitor.supervisors["gw"].is_live


async def test_a_listener_that_raises_ends_nothing(tmp_path: Path) -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        async with running(settings_for(gateway.url), paths_in(tmp_path)) as app:
            app.monitor.store.subscribe(broken)
            await app.on_screen(Origin.LIVE)
            await live_on(app, gateway, 60)

            assert app.monitor.supervisors["gw"].is_live


async def test_a_demo_that_raises_is_logged_once_and_played_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    options = MonitorOptions(demo_only=True)
    with monkeypatch.context() as patched:
        patched.setattr(simulation.Demo, "step", broken)
        async with running(settings_for(), paths_in(tmp_path), options=options) as app:
            await app.clock.advance(100)
            assert app.origin is Origin.NONE  # nothing that looks alive and is not
            assert reports(caplog) == ["demo: internal error"]

            patched.undo()
            await app.clock.advance(300)
            await app.on_screen(Origin.DEMO)


async def test_a_demo_policy_that_raises_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(DemoPolicy, "decide", broken)
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        async with running(settings_for(gateway.url), paths_in(tmp_path)) as app:
            await app.on_screen(Origin.LIVE)
            await live_on(app, gateway, 600)

            assert app.monitor.supervisors["gw"].is_live
            assert reports(caplog) == ["demo policy: internal error"]


async def test_a_timer_that_raises_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        gateway.add_session(MAIN, status="running", hasActiveRun=True)
        with monkeypatch.context() as patched:
            patched.setattr(store.Store, "wait_ms", broken)
            async with running(settings_for(gateway.url), paths_in(tmp_path)) as app:
                await app.on_screen(Origin.LIVE)
                await app.clock.advance(20)
                patched.undo()
                for _ in range(30):
                    await app.clock.advance(30)
                    await gateway.tick()

                assert app.agent().status is Status.STUCK
                assert "timer: internal error" in reports(caplog)


# Approvals


async def test_an_approval_expires_on_time_although_another_deadline_was_slept_for(
    tmp_path: Path,
) -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        gateway.add_session(MAIN, status="running", hasActiveRun=True)
        async with running(settings_for(gateway.url), paths_in(tmp_path)) as app:
            await app.on_screen(Origin.LIVE)
            await app.clock.advance(1)  # the timer sleeps until the run would be silent
            now = app.clock.now_ms()
            approval = Approval("a", "otto", MAIN, "make deploy", now, now + 5_000)
            app.monitor.store.apply(ev.ApprovalOpened("gw", approval))
            assert app.agent().status is Status.WAITING

            await app.clock.advance(4.5)
            assert app.agent().status is Status.WAITING
            await app.clock.advance(1)
            assert app.agent().status is not Status.WAITING


# Commands


async def test_a_failure_that_was_marked_as_seen_can_be_taken_back(tmp_path: Path) -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        gateway.add_session(MAIN, status="failed", endedAt=gateway.now_ms)
        async with running(settings_for(gateway.url), paths_in(tmp_path)) as app:
            await app.on_screen(Origin.LIVE)
            ids = [app.monitor.execute(MarkSeen("gw", "otto", ("another",)))]
            assert app.agent().status is Status.ERROR
            ids.append(app.monitor.execute(MarkSeen("gw", "otto")))
            assert app.agent().status is Status.IDLE
            ids.append(app.monitor.execute(MarkUnseen("gw", "otto")))

            assert app.agent().status is Status.ERROR
            assert len(set(ids)) == len(ids)
            assert app.monitor.execute(Refresh("gw", id="mine")) == "mine"
        async with running(settings_for(gateway.url), paths_in(tmp_path)) as app:
            await app.on_screen(Origin.LIVE)
            assert app.agent().status is Status.ERROR


async def test_a_network_that_is_back_wakes_all(tmp_path: Path) -> None:
    async with FakeGateway() as one, FakeGateway() as two:
        await one.stop()
        await two.stop()
        async with running(settings_for(one.url, two.url), paths_in(tmp_path)) as app:
            await app.clock.advance(300)
            await one.start()
            await two.start()
            app.monitor.network_is_back()

            await until(lambda: all(link.is_live for link in app.monitor.supervisors.values()))


async def test_a_network_that_is_back_presents_no_refused_token_again(tmp_path: Path) -> None:
    async with (
        FakeGateway(tokens=("right",)) as gateway,
        running(settings_for(gateway.url), paths_in(tmp_path)) as app,
    ):
        link = app.monitor.supervisors["gw"]
        await until(lambda: link.connection.state is ConnectionState.BLOCKED)
        tries = link.tries
        app.monitor.network_is_back()
        await app.clock.advance(60)

        assert link.tries == tries
        assert link.connection.state is ConnectionState.BLOCKED


# What shows when no gateway can be reached


@pytest.mark.slow
async def test_the_operator_may_choose_that_the_last_known_fleet_stays(tmp_path: Path) -> None:
    options = MonitorOptions(when_unreachable=WhenUnreachable.LAST_KNOWN)
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        async with running(settings_for(gateway.url), paths_in(tmp_path), options=options) as app:
            await app.on_screen(Origin.LIVE)
            await gateway.stop()
            await app.on_screen(Origin.LAST_KNOWN)
            await app.clock.advance(3600)
            assert app.origin is Origin.LAST_KNOWN

            app.monitor.show_last_known(False)  # "Show sample data"
            await app.on_screen(Origin.DEMO)
            app.monitor.show_last_known(True)
            await app.on_screen(Origin.LAST_KNOWN)


async def test_until_a_gateway_was_reached_sample_data_shows_whatever_was_chosen(
    tmp_path: Path,
) -> None:
    options = MonitorOptions(when_unreachable=WhenUnreachable.LAST_KNOWN)
    settings = settings_for(await dead_url())
    async with running(settings, paths_in(tmp_path), options=options) as app:
        await app.clock.advance(2)

        await app.on_screen(Origin.DEMO)


async def test_a_wake_source_wakes_all_and_may_fail(tmp_path: Path) -> None:
    class Source:
        def __init__(self) -> None:
            self.starts = 0
            self.back = asyncio.Event()

        async def run(self, on_wake: Callable[[str], None]) -> None:
            self.starts += 1
            if self.starts == 1:
                raise UnexpectedError
            await self.back.wait()
            on_wake("network")
            await asyncio.Event().wait()

    source = Source()
    options = MonitorOptions(http_after_s=NEVER_S, wake_sources=(source,))
    async with FakeGateway() as gateway:
        await gateway.stop()
        settings = settings_for(gateway.url)
        async with running(settings, paths_in(tmp_path), options=options) as app:
            await app.clock.advance(300)
            assert source.starts == 2
            await gateway.start()
            source.back.set()

            await until(lambda: app.monitor.supervisors["gw"].is_live)


async def test_how_far_a_command_is_stands_in_the_model_and_the_demo_answers_too(
    tmp_path: Path,
) -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        async with running(settings_for(gateway.url), paths_in(tmp_path)) as app:
            await app.on_screen(Origin.LIVE)
            done = app.monitor.execute(Refresh("gw"))
            refused = app.monitor.execute(MarkSeen("gw", "nobody"))

            commands = app.monitor.store.fleet.gateways["gw"].commands
            assert commands[done].phase is CommandPhase.DONE
            assert (commands[refused].phase, commands[refused].reason) == (
                CommandPhase.REFUSED,
                "unknown-agent",
            )
    async with running(settings_for(), paths_in(tmp_path), options=DEMO_ONLY) as app:
        await app.on_screen(Origin.DEMO)
        ident = app.monitor.execute(Refresh(simulation.GATEWAY))

        assert app.monitor.store.fleet.gateways[simulation.GATEWAY].commands[ident].reason == "demo"


async def test_a_command_that_raises_is_refused_and_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        async with running(settings_for(gateway.url), paths_in(tmp_path)) as app:
            await app.on_screen(Origin.LIVE)
            monkeypatch.setattr(app.monitor.supervisors["gw"], "refresh", broken)
            ident = app.monitor.execute(Refresh("gw"))

            assert app.monitor.store.fleet.gateways["gw"].commands[ident].reason == "internal"
            assert reports(caplog) == ["command Refresh: internal error"]


async def test_a_gateway_is_asked_for_what_the_settings_give_access_to(tmp_path: Path) -> None:
    async with FakeGateway() as gateway:
        settings = settings_for(gateway.url)
        (one,) = settings.gateways
        asked = replace(settings, gateways=(replace(one, access="operate"),))
        async with running(asked, paths_in(tmp_path)) as app:
            await app.on_screen(Origin.LIVE)

        assert gateway.connect_params["scopes"] == list(asked.gateways[0].scopes)


async def test_a_damaged_device_key_is_noted_once(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    paths.data.mkdir()
    paths.identity.write_bytes(b"damaged")
    async with FakeGateway() as gateway:
        for expected in (1, 0):
            async with running(settings_for(gateway.url, gateway.url), paths) as app:
                await app.on_screen(Origin.LIVE)
                assert len(app.monitor.memory.notes.lines) == expected
