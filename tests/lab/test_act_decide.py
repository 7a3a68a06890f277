"""Approvals decided in every way on real gateways, and how each end is seen by the app."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cc_desktop.fleet.commands import CommandPhase, ResolveApproval
from cc_desktop.fleet.inbox import InboxKind
from cc_desktop.fleet.model import Status
from cc_desktop.text.inbox.requests import ending
from tests.lab.act import Operator, SameDevice, asking_gateways, operating, other_client
from tests.lab.conftest import VERSIONS
from tests.lab.test_questions import cuttable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab.install import Lab
    from tests.lab.mock_model import MockModel
    from tests.lab.openclaw import RealGateway, Sender

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def both(
    lab: Lab, model: MockModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, RealGateway]]:
    with asking_gateways(lab, model, tmp_path_factory) as running:
        yield running


@pytest.fixture(params=VERSIONS)
def gateway(request: pytest.FixtureRequest, both: dict[str, RealGateway]) -> RealGateway:
    return both[request.param]


async def wanted(operator: Operator, agent: str, command: str) -> str:
    """Let an agent want to run a command; the approval's id, once the app shows it."""
    await operator.say(agent, f"run: {command}")
    await operator.until(lambda: len(operator.asked(agent)) == 1)
    [ident] = operator.asked(agent)
    approval = operator.agent(agent).approvals[ident]
    await operator.until(lambda: bool(operator.agent(agent).approvals[ident].decisions))
    assert operator.status(agent) is Status.WAITING
    [item] = operator.items(InboxKind.APPROVAL)
    assert (item.agent, item.subject, item.until) == (agent, ident, approval.expires_at)
    return ident


async def is_over(operator: Operator, agent: str, ident: str, sender: Sender) -> None:
    """Nothing is left of an approval: in the model, in the inbox, on the gateway."""
    await operator.until(lambda: not operator.asked(agent))
    assert operator.items(InboxKind.APPROVAL) == []
    assert operator.status(agent) is not Status.WAITING
    assert ident not in await pending(sender)


async def pending(sender: Sender) -> set[str]:
    return {row["id"] for row in await sender.request("exec.approval.list")}


async def results(sender: Sender, agent: str) -> str:
    """What the session has, as text."""
    await sender.wait_idle(agent)
    key = f"agent:{agent}:main"
    return str(await sender.request("chat.history", {"sessionKey": key, "limit": 50}))


@pytest.mark.parametrize("decision", ["allow-once", "deny"])
async def test_the_app_decides(gateway: RealGateway, tmp_path: Path, decision: str) -> None:
    async with operating(tmp_path, g=gateway) as operator, other_client(gateway.url) as other:
        ident = await wanted(operator, "otto", f"printf %s-%s {decision} made")
        ended = await operator.carried_out(ResolveApproval("g", "otto", ident, decision))
        assert ended.phase is CommandPhase.DONE, ended
        await is_over(operator, "otto", ident, other)
        assert operator.agent("otto").decided[ident].what == decision
        await operator.until(lambda: operator.status("otto") is Status.IDLE)
        printed = f"{decision}-made" in await results(other, "otto")
        assert printed is (decision == "allow-once")
        # It is decided once: who comes second is told so, and nothing happens.
        opposite = "deny" if decision == "allow-once" else "allow-once"
        again = await operator.carried_out(ResolveApproval("g", "otto", ident, opposite))
        assert again.phase is CommandPhase.REFUSED
        assert again.reason in ("gone", "decided"), again


async def test_another_client_decides_first(gateway: RealGateway, tmp_path: Path) -> None:
    async with operating(tmp_path, g=gateway) as operator, other_client(gateway.url) as other:
        ident = await wanted(operator, "rex", "echo theirs")
        [item] = operator.items(InboxKind.APPROVAL)
        await other.request("exec.approval.resolve", {"id": ident, "decision": "deny"})
        await is_over(operator, "rex", ident, other)
        await operator.until(lambda: bool(operator.agent("rex").decided[ident].what))
        assert operator.agent("rex").decided[ident].what == "deny"
        print(gateway.version, "decided by:", operator.agent("rex").decided[ident].by)
        late = await operator.carried_out(ResolveApproval("g", "rex", ident, "allow-once"))
        print(gateway.version, "late:", late.reason, "|", late.said)
        assert late.phase is CommandPhase.REFUSED
        assert late.reason in ("gone", "decided")
        await results(other, "rex")
        assert ending(item, None, operator.monitor.now_ms())


async def test_one_that_nobody_decides_expires(gateway: RealGateway, tmp_path: Path) -> None:
    """A client may say how long its approval is open: 2 s here, not the half hour of a run."""
    async with operating(tmp_path, g=gateway) as operator, other_client(gateway.url) as other:
        async with SameDevice(gateway.url, tmp_path) as same:
            ident = await same.want_approval("dex", "echo too late", 2_000)
            await operator.until(lambda: operator.asked("dex") == [ident])
            assert operator.status("dex") is Status.WAITING
            assert len(operator.items(InboxKind.APPROVAL)) == 1
            await operator.until(lambda: not operator.asked("dex"), 10)
        assert operator.items() == []
        assert operator.status("dex") is Status.IDLE
        print(gateway.version, "expired:", operator.agent("dex").decided.get(ident))
        print([e.kind for e in operator.monitor.history.entries("g", "dex")])
        late = await operator.carried_out(ResolveApproval("g", "dex", ident, "allow-once"))
        print(gateway.version, "late:", late.reason, "|", late.said)
        assert late.phase is CommandPhase.REFUSED
        assert late.reason in ("gone", "decided")
        assert ident not in await pending(other)


async def test_decided_while_the_connection_is_away(gateway: RealGateway, tmp_path: Path) -> None:
    async with (
        cuttable(gateway.port) as (url, cut),
        other_client(gateway.url) as other,
        operating(tmp_path, g=url) as operator,
    ):
        link = operator.monitor.supervisors["g"]
        ident = await wanted(operator, "otto", "echo away")
        cut()
        await operator.until(lambda: not link.is_live)
        await other.request("exec.approval.resolve", {"id": ident, "decision": "deny"})
        given = operator.monitor.execute(ResolveApproval("g", "otto", ident, "allow-once"))
        assert operator.state(given).reason == "not-live"
        link.reconnect_now()
        await is_over(operator, "otto", ident, other)
        await operator.live()
        await results(other, "otto")
        print(gateway.version, "away:", operator.agent("otto").decided.get(ident))
