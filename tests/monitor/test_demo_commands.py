"""Commands on sample data are answered by its story, through the one way down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.demo.policy import DEMO_GATEWAY
from cc_desktop.fleet.commands import CommandPhase, Refresh, ResolveApproval, StopAll
from cc_desktop.fleet.model import Origin
from cc_desktop.monitor import MonitorOptions
from cc_desktop.orders.carry_out import carry_out
from cc_desktop.orders.order import Order, Verb
from tests.test_monitor import paths_in, running, settings_for

if TYPE_CHECKING:
    from pathlib import Path

DEMO = MonitorOptions(demo_only=True)


async def test_a_decision_is_done_and_says_that_it_was_on_sample_data(tmp_path: Path) -> None:
    async with running(settings_for(), paths_in(tmp_path), options=DEMO) as app:
        await app.on_screen(Origin.DEMO)
        gateway = app.monitor.store.fleet.gateways[DEMO_GATEWAY]
        [approval] = gateway.agents["dex"].approvals.values()
        command = ResolveApproval(
            gateway=DEMO_GATEWAY, agent="dex", approval=approval.id, decision="allow-once"
        )
        states = [app.monitor.execute(command) for _ in range(2)]
        gateway = app.monitor.store.fleet.gateways[DEMO_GATEWAY]
        first, second = (gateway.commands[ident] for ident in states)
        assert (first.phase, first.reason) == (CommandPhase.DONE, "demo")
        assert (second.phase, second.reason) == (CommandPhase.REFUSED, "gone")
        assert not gateway.agents["dex"].approvals


async def test_what_only_a_gateway_can_do_is_refused(tmp_path: Path) -> None:
    async with running(settings_for(), paths_in(tmp_path), options=DEMO) as app:
        await app.on_screen(Origin.DEMO)
        ident = app.monitor.execute(Refresh(DEMO_GATEWAY))
        state = app.monitor.store.fleet.gateways[DEMO_GATEWAY].commands[ident]
        assert (state.phase, state.reason) == (CommandPhase.REFUSED, "demo")


async def test_everything_stops(tmp_path: Path) -> None:
    async with running(settings_for(), paths_in(tmp_path), options=DEMO) as app:
        await app.on_screen(Origin.DEMO)
        app.monitor.execute(StopAll())
        agents = app.monitor.store.fleet.gateways[DEMO_GATEWAY].agents.values()
        assert not any(agent.heard for agent in agents)


async def test_an_order_of_a_shell_is_carried_out(tmp_path: Path) -> None:
    async with running(settings_for(), paths_in(tmp_path), options=DEMO) as app:
        await app.on_screen(Origin.DEMO)
        outcome = await carry_out(app.monitor, Order(verb=Verb.STOP, targets=("Otto",)))
        assert outcome.code == 0
        assert "sample data" in outcome.out[0]
