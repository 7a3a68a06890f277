"""The settings change while the app runs: only the gateway that changed reconnects."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cc_desktop.config.secrets.credentials import Token
from cc_desktop.config.settings import (
    GuardSettings,
    Settings,
    SettingsProblem,
    SlipKind,
    load_settings,
)
from cc_desktop.config.settings_file import GatewayEntry, SettingsFileError
from cc_desktop.fleet.commands import CommandPhase, Reconnect, StopRun
from cc_desktop.fleet.guard.limits import GuardLimits
from cc_desktop.fleet.model import ConnectionState, Origin
from cc_desktop.monitor import FleetMonitor, MonitorOptions
from tests.fakes.clock import FakeClock, settle, until
from tests.fakes.gateway import FakeGateway
from tests.test_monitor import NEVER_S, Running, paths_in, running, settings_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

S = ConnectionState


@asynccontextmanager
async def from_file(directory: Path) -> AsyncIterator[Running]:
    """A monitor that reads `settings.toml` of a directory."""
    paths = paths_in(directory)

    def read() -> Settings:
        return load_settings(paths.settings, {})

    options = MonitorOptions(http_after_s=NEVER_S, read_settings=read)
    clock = FakeClock()
    monitor = FleetMonitor(read(), paths, options, clock=clock, rng=random.Random(1))
    app = Running(monitor, clock)
    try:
        yield app
    finally:
        ended = app.task.done()
        app.task.cancel()
        (result,) = await asyncio.gather(app.task, return_exceptions=True)
        assert not ended, result


def write(directory: Path, *tables: str) -> None:
    text = "keyring = false\n" + "".join(f"[[gateways]]\n{table}\n" for table in tables)
    (directory / "settings.toml").write_text(text)


def table(ident: str, url: str, more: str = "") -> str:
    return f'id = "{ident}"\nurl = "{url}"\n{more}'


def state(app: Running, gateway: str) -> ConnectionState:
    return app.monitor.store.fleet.gateways[gateway].connection.state


def order(app: Running) -> list[str]:
    return list(app.monitor.store.fleet.gateways)


async def live(app: Running, *names: str) -> None:
    await until(lambda: all(state(app, name) is S.LIVE for name in names), f"live: {names}")


async def test_gateways_come_go_and_change_and_the_others_keep_their_connection(
    tmp_path: Path,
) -> None:
    async with FakeGateway() as one, FakeGateway() as two, FakeGateway() as three:
        for gateway, agent in ((one, "otto"), (two, "rex"), (three, "ida")):
            gateway.add_agent(agent)
        settings = settings_for(one.url, two.url, three.url)
        first, second, third = settings.gateways
        async with running(replace(settings, gateways=(first, second)), paths_in(tmp_path)) as app:
            await live(app, "gw", "gw1")

            app.monitor.configure(replace(settings, gateways=(third, first)))
            await live(app, "gw2", "gw")
            await until(lambda: two.open_connections == 0)

            assert order(app) == ["gw2", "gw"]
            assert app.monitor.store.fleet.agent("gw1", "rex") is None
            assert app.monitor.store.fleet.agent("gw2", "ida") is not None
            assert (one.connections, one.open_connections) == (1, 1)

            named = replace(first, name="Studio")
            app.monitor.configure(replace(settings, gateways=(named, third)))
            assert order(app) == ["gw", "gw2"]
            assert app.monitor.store.fleet.gateways["gw"].name == "Studio"

            changed = replace(third, access="operate")
            app.monitor.configure(replace(settings, gateways=(named, changed)))
            assert app.monitor.store.fleet.gateways["gw2"].origin is Origin.LAST_KNOWN
            assert app.monitor.store.fleet.agent("gw2", "ida") is not None
            await live(app, "gw2")
            assert (one.connections, three.connections) == (1, 2)

            app.monitor.configure(
                replace(settings, gateways=(replace(named, enabled=False), changed))
            )
            await until(lambda: one.open_connections == 0)
            assert order(app) == ["gw2"]


async def test_another_address_is_another_gateway(tmp_path: Path) -> None:
    async with FakeGateway() as old, FakeGateway() as new:
        old.add_agent("otto")
        new.add_agent("rex")
        settings = settings_for(old.url)
        async with running(settings, paths_in(tmp_path)) as app:
            await live(app, "gw")
            moved = replace(settings.gateways[0], url=new.url)
            app.monitor.configure(replace(settings, gateways=(moved,)))
            assert app.monitor.store.fleet.agent("gw", "otto") is None
            await live(app, "gw")

            assert app.monitor.store.fleet.agent("gw", "rex") is not None
            assert app.monitor.store.fleet.gateways["gw"].url == new.url


async def test_a_gateway_that_was_let_go_says_nothing_more(tmp_path: Path) -> None:
    """Its supervisor ends later, and a new one of the same id is already at work."""
    async with FakeGateway() as gateway:
        settings = settings_for(gateway.url)
        async with running(settings, paths_in(tmp_path)) as app:
            await live(app, "gw")
            states: list[ConnectionState] = []
            app.monitor.store.subscribe(
                lambda _changes: states.append(state(app, "gw")) if "gw" in order(app) else None
            )
            for access in ("approve", "operate", "watch"):
                changed = replace(settings.gateways[0], access=access)
                app.monitor.configure(replace(settings, gateways=(changed,)))
            states.clear()
            await live(app, "gw")
            await until(lambda: gateway.open_connections == 1)
            await settle()

            assert states[-1] is S.LIVE
            assert S.OFF not in states


async def test_changes_of_a_blocked_and_a_slow_gateway_delay_no_other(tmp_path: Path) -> None:
    """50 gateways, one with a wrong token, one silent: the others stay on their connection."""
    async with FakeGateway() as shared, FakeGateway(tokens=("x",)) as bad, FakeGateway() as slow:
        for number in range(20):
            shared.add_agent(f"agent{number}")
        slow.silent = True
        settings = settings_for(*[shared.url] * 48, bad.url, slow.url)
        async with running(settings, paths_in(tmp_path)) as app:
            good = [f"gw{number or ''}" for number in range(48)]
            await live(app, *good)
            before = shared.connections
            for turn in range(5):
                gateways = list(settings.gateways)
                for at in (48, 49):
                    gateways[at] = replace(gateways[at], poll_s=6.0 + turn)
                app.monitor.configure(replace(settings, gateways=tuple(gateways)))
                await app.clock.advance(1)

            assert all(state(app, name) is S.LIVE for name in good)
            assert shared.connections == before
            fleet = app.monitor.store.fleet
            assert all(len(fleet.gateways[name].agents) == 20 for name in good)


async def test_a_gateway_that_is_added_stays_behind_the_demo_until_it_is_live(
    tmp_path: Path,
) -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        settings = settings_for(gateway.url)
        async with running(replace(settings, gateways=()), paths_in(tmp_path)) as app:
            await app.on_screen(Origin.DEMO)
            app.monitor.configure(settings)
            assert app.monitor.store.fleet.gateways["gw"].hidden
            await app.on_screen(Origin.LIVE)
            assert not app.monitor.store.fleet.gateways["gw"].hidden


async def test_stuck_minutes_and_the_demo_change_at_once(tmp_path: Path) -> None:
    async with running(Settings(gateways=(), keyring=False), paths_in(tmp_path)) as app:
        await app.on_screen(Origin.DEMO)
        app.monitor.configure(
            Settings(gateways=(), keyring=False, demo=False, stuck_after_ms=60_000)
        )
        await app.on_screen(Origin.NONE)
        assert app.monitor.store.fleet.stuck_after_ms == 60_000


async def test_the_thresholds_of_the_guard_change_at_once(tmp_path: Path) -> None:
    async with running(Settings(gateways=(), keyring=False), paths_in(tmp_path)) as app:
        assert app.monitor.store.fleet.guard == GuardLimits(), "the defaults are the same"
        app.monitor.configure(
            Settings(gateways=(), keyring=False, guard=GuardSettings(3, 5, 2.0, 4, 7))
        )
        assert app.monitor.store.fleet.guard == GuardLimits(3, 300_000, 2.0, 4, 7)


# The file


@pytest.mark.parametrize("gateway", ["gw", ""], ids=["one", "all"])
async def test_a_token_file_that_an_editor_mended_works_after_reconnect(
    tmp_path: Path, gateway: str
) -> None:
    token = tmp_path / "token"
    token.write_text("wrong")
    async with FakeGateway(tokens=("right",)) as fake, FakeGateway() as other:
        write(tmp_path, table("gw", fake.url, f'token_file = "{token}"'), table("o", other.url))
        async with from_file(tmp_path) as app:
            await until(lambda: state(app, "gw") is S.BLOCKED)
            await live(app, "o")
            token.write_text("right\n")
            app.monitor.execute(Reconnect(gateway))
            await live(app, "gw")

            assert other.connections == 1


async def test_a_missing_token_file_blocks_its_gateway_until_it_is_there(tmp_path: Path) -> None:
    token = tmp_path / "token"
    async with FakeGateway(tokens=("right",)) as fake:
        write(tmp_path, table("gw", fake.url, f'token_file = "{token}"'))
        async with from_file(tmp_path) as app:
            problem = app.monitor.store.fleet.gateways["gw"].connection.problem
            assert state(app, "gw") is S.BLOCKED
            assert problem is not None
            assert (problem.kind, problem.code) == ("settings", SlipKind.TOKEN)
            assert problem.detail == f"{tmp_path / 'settings.toml'}:5"
            assert app.monitor.is_settled

            token.write_text("right")
            app.monitor.execute(Reconnect("gw"))
            await live(app, "gw")


async def test_a_file_that_breaks_is_told_and_comes_back(tmp_path: Path) -> None:
    async with FakeGateway() as fake:
        write(tmp_path, table("gw", fake.url))
        async with from_file(tmp_path) as app:
            told: list[int] = []
            app.monitor.on_settings(lambda settings: told.append(len(settings.problems)))
            await live(app, "gw")
            (tmp_path / "settings.toml").write_text("[[gateways")
            app.monitor.reload()
            assert order(app) == []

            write(tmp_path, table("gw", fake.url))
            app.monitor.reload()
            await live(app, "gw")
            assert told == [0, 1, 0]


# The window


async def test_a_gateway_is_added_changed_removed_and_restored_while_others_stay(
    tmp_path: Path,
) -> None:
    async with FakeGateway(tokens=("t1", "t2")) as fake, FakeGateway() as other:
        write(tmp_path, "# mine\n" + table("o", other.url))
        async with from_file(tmp_path) as app:
            editor = app.monitor.editor
            await live(app, "o")
            await editor.add(GatewayEntry("gw", fake.url, "Lab"), Token("t1"))
            await live(app, "o", "gw")
            assert app.monitor.stored_token("gw").reveal() == "t1"
            assert "t1" not in (tmp_path / "settings.toml").read_text()

            await editor.update("gw", GatewayEntry("gw", fake.url, "Lab 2"), None)
            assert fake.connections == 1
            await editor.update("gw", GatewayEntry("gw", fake.url, "Lab 2"), Token("t2"))
            await until(lambda: fake.connections == 2)
            await live(app, "gw")

            editor.move("gw", 0)
            assert order(app) == ["gw", "o"]
            removed = editor.remove("gw")
            await until(lambda: fake.open_connections == 0)
            assert not app.monitor.stored_token("gw")
            editor.restore(removed)
            await live(app, "gw")
            assert order(app) == ["gw", "o"]

            editor.set_enabled("gw", False)
            await until(lambda: fake.open_connections == 0)
            editor.set_enabled("gw", True)
            await live(app, "gw")

            assert (other.connections, other.open_connections) == (1, 1)
            assert "# mine" in (tmp_path / "settings.toml").read_text()


async def test_another_id_takes_the_token_along(tmp_path: Path) -> None:
    async with FakeGateway(tokens=("t1",)) as fake:
        write(tmp_path)
        async with from_file(tmp_path) as app:
            editor = app.monitor.editor
            await editor.add(GatewayEntry("gw", fake.url), Token("t1"))
            await live(app, "gw")
            await editor.update("gw", GatewayEntry("lab", fake.url))
            await live(app, "lab")

            assert not app.monitor.stored_token("gw")


async def test_what_changed_outside_is_not_overwritten(tmp_path: Path) -> None:
    async with FakeGateway() as fake:
        write(tmp_path, table("a", fake.url), table("b", fake.url))
        async with from_file(tmp_path) as app:
            editor = app.monitor.editor
            assert [entry.id for entry in editor.list()] == ["a", "b"]
            write(tmp_path, table("b", fake.url))
            with pytest.raises(SettingsFileError, match="no gateway 'a' any more"):
                editor.remove("a")
            with pytest.raises(SettingsFileError, match="changed meanwhile"):
                await editor.update("a", GatewayEntry("a", "ws://localhost:1/"))
            with pytest.raises(SettingsFileError, match="already"):
                await editor.add(GatewayEntry("b", fake.url), Token("t"))

            assert [entry.id for entry in editor.list()] == ["b"]
            assert not app.monitor.stored_token("b")


async def test_a_command_under_way_while_its_gateway_changes_gets_an_end(tmp_path: Path) -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("a")
        gateway.add_session("agent:a:main", status="running", hasActiveRun=True)
        gateway.scopes = ["operator.read", "operator.write"]
        gateway.answers["chat.abort"] = lambda _params: {}
        gateway.mute.add("chat.abort")
        settings = settings_for(gateway.url)
        one = replace(settings.gateways[0], access="operate")
        async with running(replace(settings, gateways=(one,)), paths_in(tmp_path)) as app:
            await live(app, "gw")
            stop = app.monitor.execute(StopRun(gateway="gw", agent="a", session_key="agent:a:main"))
            await until(lambda: gateway.count("chat.abort") == 1)

            app.monitor.configure(replace(settings, gateways=(replace(one, poll_s=9),)))

            def is_over() -> bool:
                return app.monitor.store.fleet.gateways["gw"].commands[stop].is_over

            await until(is_over, "an end")
            assert gateway.count("chat.abort") == 1


async def test_a_command_under_way_gets_an_end_after_settings_that_could_not_be_used(
    tmp_path: Path,
) -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("a")
        gateway.add_session("agent:a:main", status="running", hasActiveRun=True)
        gateway.scopes = ["operator.read", "operator.write"]
        gateway.answers["chat.abort"] = lambda _params: {}
        gateway.mute.add("chat.abort")
        settings = settings_for(gateway.url)
        one = replace(settings.gateways[0], access="operate")
        broken = replace(one, problem=SettingsProblem(SlipKind.PROTECTION))
        async with running(replace(settings, gateways=(one,)), paths_in(tmp_path)) as app:
            await live(app, "gw")
            stop = app.monitor.execute(StopRun(gateway="gw", agent="a", session_key="agent:a:main"))
            await until(lambda: gateway.count("chat.abort") == 1)
            app.monitor.configure(replace(settings, gateways=(broken,)))
            command = app.monitor.store.fleet.gateways["gw"].commands[stop]
            assert (command.phase, command.reason) == (CommandPhase.UNKNOWN, "lost")
            app.monitor.configure(replace(settings, gateways=(one,)))

            def is_over() -> bool:
                return app.monitor.store.fleet.gateways["gw"].commands[stop].is_over

            await until(is_over, "an end")
