"""Approvals of real gateways, as seen with operator.read alone while another client decides."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.fleet.model import Status
from tests.lab.conftest import AGENTS, TOKEN
from tests.lab.follow import Follower, following, settings_for
from tests.lab.openclaw import RealGateway, Sender

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.lab.install import Lab
    from tests.lab.mock_model import MockModel

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]

ASKS = {"tools": {"exec": {"host": "gateway", "security": "allowlist", "ask": "always"}}}
HEARTBEATS = {"agents": {"defaults": {"heartbeat": {"every": "45m"}}}}


@pytest.fixture(scope="module")
def gateway(
    lab: Lab, model: MockModel, version: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealGateway]:
    home = tmp_path_factory.mktemp(f"approvals-{version}")
    config = {**ASKS, **HEARTBEATS}
    with RealGateway(
        lab, version, home=home, token=TOKEN, agents=AGENTS, model=model, extra_config=config
    ) as running:
        yield running


class Decider:
    """A second client that may decide. Its being there makes 2026.9.6 ask at all."""

    def __init__(self, url: str) -> None:
        self._asked: asyncio.Queue[str] = asyncio.Queue()
        self.sender = Sender(
            url,
            TOKEN,
            scopes=("operator.read", "operator.write", "operator.approvals"),
            caps=("approvals", "exec-approvals"),
            on_frame=self._on_frame,
        )

    def _on_frame(self, frame: dict[str, Any]) -> None:
        if frame.get("event") == "exec.approval.requested":
            self._asked.put_nowait(frame["payload"]["id"])

    async def asked(self) -> str:
        """The id of the next approval that the gateway wants."""
        return await asyncio.wait_for(self._asked.get(), 60)

    async def decide(self, approval: str, decision: str) -> None:
        await self.sender.request("exec.approval.resolve", {"id": approval, "decision": decision})

    async def pending(self) -> set[str]:
        """What the gateway itself says is open."""
        return {row["id"] for row in await self.sender.request("exec.approval.list")}

    async def none_pending(self) -> None:
        """Wait for that: 2026.9.6 tells of a run's abort before it lets go of the approval."""
        for _ in range(50):
            if not await self.pending():
                return
            await asyncio.sleep(0.2)
        raise AssertionError("approvals are pending")


@contextlib.asynccontextmanager
async def watched(gateway: RealGateway, config: Path) -> AsyncIterator[tuple[Follower, Decider]]:
    decider = Decider(gateway.url)
    async with following(config, settings_for(gateway, TOKEN)) as follower, decider.sender:
        await follower.live()
        yield follower, decider


async def waits(follower: Follower, agent_id: str, approval: str, command: str) -> None:
    await follower.until(lambda: follower.status(agent_id) is Status.WAITING)
    agent = follower.agent(agent_id)
    assert {one.id: one.title for one in agent.approvals.values()} == {approval: command}
    assert agent.status_session_key == f"agent:{agent_id}:main"


async def is_over(follower: Follower, agent_id: str) -> None:
    await follower.until(lambda: not follower.agent(agent_id).approvals)
    assert follower.status(agent_id) is not Status.WAITING


@pytest.mark.parametrize("decision", ["allow-once", "deny"])
async def test_an_agent_waits_until_another_client_has_decided(
    gateway: RealGateway, tmp_path: Path, decision: str
) -> None:
    async with watched(gateway, tmp_path) as (follower, decider):
        await decider.sender.send("otto", f"run: echo {decision}")
        approval = await decider.asked()
        await waits(follower, "otto", approval, f"echo {decision}")
        await decider.decide(approval, decision)
        await is_over(follower, "otto")
        assert await decider.pending() == set()
        await decider.sender.wait_idle("otto", settled=True)
        await follower.until(lambda: follower.status("otto") is Status.IDLE)
        await follower.equals_fresh_list(decider.sender)


async def test_another_message_does_not_decide(gateway: RealGateway, tmp_path: Path) -> None:
    async with watched(gateway, tmp_path) as (follower, decider):
        await decider.sender.send("rex", "run: echo first")
        approval = await decider.asked()
        await waits(follower, "rex", approval, "echo first")
        row = follower.agent("rex").sessions["agent:rex:main"]
        await decider.sender.send("rex", "say: meanwhile")
        # 2026.5.7 answers at once, 2026.9.6 when the run goes on.
        await follower.until(
            lambda: follower.agent("rex").sessions["agent:rex:main"].updated_at > row.updated_at
        )
        await follower.equals_fresh_list(decider.sender)
        assert await decider.pending() == {approval}
        assert follower.status("rex") is Status.WAITING
        await decider.decide(approval, "deny")
        await is_over(follower, "rex")


async def test_the_end_of_the_run_ends_what_it_waited_for(
    gateway: RealGateway, version: str, tmp_path: Path
) -> None:
    """On 2026.5.7 the run is over already: its approval stays open until it is decided."""
    async with watched(gateway, tmp_path) as (follower, decider):
        await decider.sender.send("dex", "run: echo aborted")
        approval = await decider.asked()
        await waits(follower, "dex", approval, "echo aborted")
        if version < "2026.6":
            await decider.sender.wait_idle("dex", settled=True)
        await decider.sender.abort("dex")
        if version < "2026.6":
            await follower.equals_fresh_list(decider.sender)
            assert await decider.pending() == {approval}
            assert follower.status("dex") is Status.WAITING
            await decider.decide(approval, "deny")
        await is_over(follower, "dex")
        await decider.none_pending()


async def test_heartbeats_are_known(gateway: RealGateway, tmp_path: Path) -> None:
    async with following(tmp_path, settings_for(gateway, TOKEN)) as follower:
        await follower.live()
        # In hello-ok, or within a minute when the gateway has just started. The default of all
        # agents counts for the default agent.
        await follower.until(lambda: follower.agent("otto").heartbeat_ms == 45 * 60_000, 75)


async def test_a_gateway_that_restarts_forgets_its_approvals(
    gateway: RealGateway, tmp_path: Path
) -> None:
    async with following(tmp_path, settings_for(gateway, TOKEN)) as follower:
        await follower.live()
        decider = Decider(gateway.url)
        async with decider.sender:
            await decider.sender.send("otto", "run: echo lost")
            await waits(follower, "otto", await decider.asked(), "echo lost")
        await asyncio.to_thread(gateway.kill)
        await asyncio.to_thread(gateway.start)
        follower.monitor.supervisors["g"].reconnect_now()
        await is_over(follower, "otto")
        await follower.live()
        after = Decider(gateway.url)
        async with after.sender:
            assert await after.pending() == set()
