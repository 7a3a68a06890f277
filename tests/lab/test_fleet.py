"""The fleet of real gateways: what they say is what the model holds."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING

import pytest

from cc_desktop.fleet.model import ConnectionState, Origin, Status
from tests.lab.conftest import AGENTS, TOKEN, make_gateway
from tests.lab.follow import following, settings_for
from tests.lab.openclaw import RealGateway, Sender

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.install import Lab
    from tests.lab.mock_model import MockModel

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]


async def test_the_agents_appear(gateway: RealGateway, tmp_path: Path) -> None:
    async with following(tmp_path, settings_for(gateway, TOKEN)) as follower:
        await follower.live()
        fleet = follower.monitor.store.fleet.gateways["g"]
        assert sorted((a.id, a.name, a.emoji) for a in fleet.agents.values()) == sorted(AGENTS)
        assert fleet.origin is Origin.LIVE
        assert fleet.devices
        async with Sender(gateway.url, TOKEN) as sender:
            await follower.equals_fresh_list(sender)


async def test_a_run_turns_its_agent_active_then_idle(
    gateway: RealGateway, model: MockModel, tmp_path: Path
) -> None:
    async with (
        following(tmp_path, settings_for(gateway, TOKEN)) as follower,
        Sender(gateway.url, TOKEN) as sender,
    ):
        await follower.live()
        held = model.held_count
        await sender.send("otto", "hold: one two three")
        await asyncio.to_thread(model.wait_held, held + 1)
        await follower.until(lambda: bool((s := follower.status("otto")) and s.working))
        model.release()
        await follower.until(lambda: follower.status("otto") is Status.IDLE)
        await sender.wait_idle("otto", settled=True)
        await follower.equals_fresh_list(sender)


async def test_a_tool_call_shows_what_the_agent_does(gateway: RealGateway, tmp_path: Path) -> None:
    async with (
        following(tmp_path, settings_for(gateway, TOKEN)) as follower,
        Sender(gateway.url, TOKEN) as sender,
    ):
        await follower.live()
        await sender.send("dex", "run: sleep 1; echo finished")

        def doing() -> bool:
            return any("sleep 1" in run.activity for run in follower.agent("dex").runs.values())

        await follower.until(doing)
        await sender.wait_idle("dex", settled=True)
        await follower.until(lambda: follower.status("dex") is Status.IDLE)
        await follower.equals_fresh_list(sender)


async def test_a_failing_model_turns_its_agent_to_error_with_the_reason(
    gateway: RealGateway, tmp_path: Path
) -> None:
    from cc_desktop.text.report import error_of

    async with (
        following(tmp_path, settings_for(gateway, TOKEN)) as follower,
        Sender(gateway.url, TOKEN) as sender,
    ):
        await follower.live()
        await sender.send("rex", "fail: bad request")
        await follower.until(lambda: follower.status("rex") is Status.ERROR)
        assert "LLM request failed" in (error_of(follower.agent("rex")) or "")
        await sender.wait_idle("rex", settled=True)
        await follower.equals_fresh_list(sender)
        assert follower.status("rex") is Status.ERROR
        assert "LLM request failed" in (error_of(follower.agent("rex")) or "")
        await sender.send("rex", "say: all is well")
        await follower.until(lambda: follower.status("rex") is Status.IDLE)
        await sender.wait_idle("rex", settled=True)
        await follower.equals_fresh_list(sender)


async def test_labels_and_deleted_sessions_arrive(gateway: RealGateway, tmp_path: Path) -> None:
    async with (
        following(tmp_path, settings_for(gateway, TOKEN)) as follower,
        Sender(gateway.url, TOKEN) as sender,
    ):
        await follower.live()
        await sender.send("dex", "say: a side job", session="side")
        await sender.wait_idle("dex", settled=True)
        await sender.request("sessions.patch", {"key": "agent:dex:side", "label": "Side job"})

        def labelled() -> bool:
            row = follower.agent("dex").sessions.get("agent:dex:side")
            return row is not None and row.title == "Side job"

        await follower.until(labelled)
        await sender.request("sessions.delete", {"key": "agent:dex:side"})
        await follower.until(lambda: "agent:dex:side" not in follower.agent("dex").sessions)
        await follower.equals_fresh_list(sender)


async def test_a_killed_gateway_is_seen_and_its_restart_is_live_again(
    lab: Lab, model: MockModel, version: str, tmp_path: Path
) -> None:
    with make_gateway(lab, version, tmp_path / "home", model) as gateway:
        async with following(tmp_path / "config", settings_for(gateway, TOKEN)) as follower:
            await follower.live()
            async with Sender(gateway.url, TOKEN) as sender:
                await sender.send("otto", "say: before")
                await sender.wait_idle("otto", settled=True)
                await follower.equals_fresh_list(sender)
            await asyncio.to_thread(gateway.kill)
            await follower.until(
                lambda: follower.link_state() is not ConnectionState.LIVE, seconds=60
            )
            assert follower.status("otto") is Status.OFFLINE
            assert follower.monitor.store.fleet.gateways["g"].origin is Origin.LAST_KNOWN
            follower.monitor.supervisors["g"].reconnect_now()
            await asyncio.to_thread(gateway.start)
            async with Sender(gateway.url, TOKEN) as sender:
                # What happens before we are back must not be missed.
                await sender.send("rex", "say: meanwhile")
                await follower.until(
                    lambda: follower.link_state() is ConnectionState.LIVE, seconds=60
                )
                await sender.wait_idle("rex", settled=True)
                await follower.equals_fresh_list(sender)
            assert follower.agent("rex").sessions


async def test_both_gateways_at_once(lab: Lab, model: MockModel, tmp_path: Path) -> None:
    with (
        make_gateway(lab, "2026.5.7", tmp_path / "old", model) as old,
        make_gateway(lab, "2026.9.6", tmp_path / "new", model) as new,
    ):
        gateways = (settings_for(old, TOKEN, "old"), settings_for(new, TOKEN, "new"))
        async with following(tmp_path / "config", *gateways) as follower:
            await follower.live("old")
            await follower.live("new")
            async with Sender(new.url, TOKEN) as sender:
                await sender.send("otto", "say: here")
                await follower.until(lambda: bool(follower.agent("otto", "new").sessions))
                await sender.wait_idle("otto", settled=True)
                await follower.equals_fresh_list(sender, "new")
            assert not follower.agent("otto", "old").sessions
            links = follower.monitor.store.fleet.gateways
            assert (links["old"].connection.protocol, links["new"].connection.protocol) == (3, 4)


async def test_status_prints_a_live_fleet(gateway: RealGateway, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    command = [sys.executable, "-m", "cc_desktop", "status", "--json", "--timeout", "30"]
    command += ["--url", gateway.url, "--token-file", str(file), "--config", str(tmp_path)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    told = json.loads(out)
    assert process.returncode in (0, 1)
    assert told["source"] == "live"
    assert {agent["name"] for agent in told["agents"]} == {name for _, name, _ in AGENTS}
    assert TOKEN not in out.decode()
