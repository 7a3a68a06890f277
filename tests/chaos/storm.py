"""Events by the thousand: lost, doubled, out of order. Lists are counted, then models compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.chaos.scenario import Chaos, check
from tests.chaos.truth import equals_fresh
from tests.fakes.clock import settle
from tests.fakes.gateway import FakeGateway
from tests.fakes.rig import running_link

if TYPE_CHECKING:
    import random

    from tests.fakes.clock import FakeClock

SETTLED_S = 400.0  # every list that may still be wanted has come by then
_AGENTS, _SESSIONS = 20, 10
_PER_SECOND = 100
_MAX_LISTS_A_MINUTE = 6
WAYS = {
    "clean": (0.0, 0.0, 0.0),
    "lost": (0.02, 0.0, 0.0),
    "doubled": (0.0, 0.05, 0.0),
    "disorder": (0.0, 0.0, 0.05),
    "all": (0.02, 0.05, 0.05),
}


class Storm:
    """A fleet at work, and a network that does not behave."""

    def __init__(
        self, gateway: FakeGateway, rng: random.Random, ways: tuple[float, float, float]
    ) -> None:
        self.gateway = gateway
        self.sent = self.ended = 0
        self._rng = rng
        self._lost, self._doubled, self._disorder = ways
        self._held: list[tuple[str, dict[str, Any]]] = []
        self._made = 0
        for agent in range(_AGENTS):
            gateway.add_agent(f"a{agent}", name=f"Agent {agent}")
            for session in range(_SESSIONS):
                gateway.add_session(f"agent:a{agent}:s{session}")

    async def step(self) -> None:
        """One change of a fleet: a run starts, says something or ends; a session comes or goes."""
        rng, gateway = self._rng, self.gateway
        key = rng.choice(list(gateway.sessions))
        what = rng.random()
        if what < 0.01 and len(gateway.sessions) > _AGENTS:
            row = gateway.sessions.pop(key)
            told = {"sessionKey": key, "sessionId": row["sessionId"], "reason": "delete"}
            await self._tell("sessions.changed", told)
        elif what < 0.02:
            self._made += 1
            agent = rng.randrange(_AGENTS)
            await self._row(gateway.add_session(f"agent:a{agent}:made{self._made}"))
        elif gateway.sessions[key]["hasActiveRun"] and what < 0.5:
            failed = rng.random() < 0.2
            phase: dict[str, Any] = {"phase": "error", "error": "it failed"}
            await self._run(key, phase if failed else {"phase": "end"})
            self.ended += 1
            status = "failed" if failed else "done"
            ends: dict[str, Any] = {
                "status": status,
                "hasActiveRun": False,
                "endedAt": gateway.now_ms,
                "lastRunError": "it failed" if failed else None,
            }
            await self._row(gateway.set_row(key, **ends))
        elif gateway.sessions[key]["hasActiveRun"]:
            await self._run(key, {"phase": "model"})
        else:
            row = gateway.set_row(
                key, status="running", hasActiveRun=True, endedAt=None, lastRunError=None
            )
            row["runId"] = f"run {gateway.now_ms}"
            await self._run(key, {"phase": "start"})
            await self._row(row)

    async def _run(self, key: str, data: dict[str, Any]) -> None:
        run = self.gateway.sessions[key].get("runId", "r")
        told = {"runId": run, "sessionKey": key, "agentId": key.split(":")[1]}
        await self._tell("agent", {**told, "stream": "lifecycle", "data": data})

    async def _row(self, row: dict[str, Any]) -> None:
        top = {"sessionKey": row["key"], "agentId": row["agentId"], "ts": self.gateway.now_ms}
        await self._tell("sessions.changed", {**top, "session": dict(row)})

    async def _tell(self, event: str, payload: dict[str, Any]) -> None:
        self.sent += 1
        if self._rng.random() < self._lost:
            self.gateway.lose_events()
            return
        if self._rng.random() < self._disorder:
            self._held.append((event, payload))
            return
        for _ in range(2 if self._rng.random() < self._doubled else 1):
            await self.gateway.emit(event, payload)
        if self._held and self._rng.random() < 0.5:
            await self.gateway.emit(*self._held.pop())

    async def end(self) -> None:
        """What was held back arrives, and a tick shows whether the last events were lost."""
        for event, payload in self._held:
            await self.gateway.emit(event, payload)
        self._held.clear()
        await self.gateway.tick()
        await settle()


async def lists_and_truth(chaos: Chaos) -> str:
    """Whatever the network does, lists are few, and the model is that of a fresh client."""
    seconds = 60 if chaos.short else max(60, int(chaos.minutes * 60))
    told: list[str] = []
    for name, ways in WAYS.items():
        if chaos.short and name not in ("clean", "all"):
            continue
        async with FakeGateway(4) as gateway:
            storm = Storm(gateway, chaos.rng, ways)
            async with running_link(gateway.url) as rig:
                await rig.live()
                for second in range(seconds):
                    for _ in range(_PER_SECOND):
                        await storm.step()
                    await rig.clock.advance(1)
                    if second % 25 == 0:
                        await gateway.tick()
                lists = gateway.count("agents.list")
                await storm.end()
                await _rest(rig.clock, gateway)
                await equals_fresh(rig, gateway)
        told.append(f"{name}: {storm.sent} events, {storm.ended} ends, {lists} lists")
        limit = _MAX_LISTS_A_MINUTE * seconds / 60
        check(lists <= limit, f"{name}: {lists} lists in {seconds} s, {storm.ended} runs ended")
    return "; ".join(told)


async def _rest(clock: FakeClock, gateway: FakeGateway) -> None:
    """Nothing changes any more, and the gateway ticks."""
    for _ in range(int(SETTLED_S / 20)):
        await clock.advance(20)
        await gateway.tick()


async def comes_and_goes(chaos: Chaos) -> str:
    """A gateway that ends 0.3 s after each list is neither listed nor tried without end."""
    seconds = 60 if chaos.short else max(60, int(chaos.minutes * 60))
    async with FakeGateway(4) as gateway:
        gateway.add_agent("otto")
        async with running_link(gateway.url) as rig:
            await rig.live()
            for _ in range(int(seconds / 0.3)):
                if rig.link.is_live:
                    await gateway.close()
                await rig.clock.advance(0.3)
            tries, lists = gateway.connections, gateway.count("agents.list")
    check(lists <= 12 * seconds / 60 + 6, f"{lists} lists in {seconds} s")
    return f"{seconds} s: {tries} tries, {lists} lists"
