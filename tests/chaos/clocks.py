"""Clocks that jump, and computers that sleep."""

from __future__ import annotations

from cc_desktop.fleet.model import Status
from tests.chaos.scenario import Chaos, check
from tests.chaos.truth import equals_fresh
from tests.fakes.clock import settle
from tests.fakes.gateway import FakeGateway
from tests.fakes.rig import running_link

from cc_desktop.fleet import events as ev  # isort: skip

DAY_S = 86_400.0
_KEY = "agent:otto:main"
_RUN = {"runId": "r", "sessionKey": _KEY, "agentId": "otto", "stream": "lifecycle"}


async def steps(chaos: Chaos) -> str:
    """The wall clock steps by up to a day, in both directions: the model stays true."""
    jumps = [DAY_S, -DAY_S, 3600.0, -3600.0, 5.0, -5.0]
    jumps += [chaos.rng.uniform(-2, 2) * DAY_S for _ in range(4 if chaos.short else 40)]
    async with FakeGateway(4) as gateway:
        gateway.add_agent("otto")
        gateway.add_session(_KEY)
        async with running_link(gateway.url) as rig:
            await rig.live()
            for jump in jumps:
                await gateway.change(_KEY, status="running", hasActiveRun=True)
                await gateway.emit("agent", {**_RUN, "data": {"phase": "start"}})
                await settle()
                rig.clock.sleep_computer(jump)
                await rig.clock.advance(7)
                await gateway.tick()
                await rig.clock.advance(31)
                await rig.live()
                rig.store.apply(ev.Tick("gw"))
                status = rig.gateway.agents["otto"].status
                check(status.working, f"after {jump:+.0f} s: {status} though it works")
                await gateway.emit("agent", {**_RUN, "data": {"phase": "end"}})
                await gateway.change(_KEY, status="done", hasActiveRun=False)
                await rig.clock.advance(1)
                await gateway.tick()
                await rig.clock.advance(20)
                await equals_fresh(rig, gateway)
            tries = gateway.handshakes
    return f"{len(jumps)} steps, {tries} handshakes, no false alarm"


async def silence(_chaos: Chaos) -> str:
    """A run that falls silent counts as stuck after its time, whatever the wall clock does."""
    told: list[str] = []
    for jump in (0.0, -DAY_S, DAY_S):
        async with FakeGateway(4) as gateway:
            gateway.add_agent("otto")
            gateway.add_session(_KEY)
            async with running_link(gateway.url) as rig:
                await rig.live()
                await gateway.change(_KEY, status="running", hasActiveRun=True)
                await gateway.emit("agent", {**_RUN, "data": {"phase": "start"}})
                await settle()
                rig.clock.sleep_computer(jump)
                limit_s = rig.store.fleet.stuck_after_ms / 1000
                passed = 0.0
                while passed < limit_s + 120:
                    await rig.clock.advance(20)
                    passed += 20
                    await gateway.tick()
                    await settle()
                    rig.store.apply(ev.Tick("gw"))
                    if rig.gateway.agents["otto"].status is Status.STUCK:
                        break
                stuck = rig.gateway.agents["otto"].status is Status.STUCK
                check(stuck, f"not stuck after {passed:.0f} s, the clock set by {jump:+.0f} s")
                check(passed >= limit_s - 30, f"stuck after {passed:.0f} s of {limit_s:.0f} s")
                told.append(f"{jump:+.0f} s: {passed:.0f} s")
    return "stuck, the clock set by " + ", ".join(told)
