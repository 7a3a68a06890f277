"""An hour of a fleet: six gateways, whatever can happen to them, and an operator who is told."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from cc_desktop.config.secrets.credentials import Token
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.store import Store
from cc_desktop.gateway import dialing
from cc_desktop.gateway.backoff import FLAPPING_AFTER
from cc_desktop.gateway.device_identity import new_identity
from cc_desktop.gateway.options import SupervisorOptions, SupervisorServices
from cc_desktop.gateway.supervisor import GatewaySupervisor
from cc_desktop.monitor.deadlines import Deadlines
from tests.fakes.clock import FakeClock, until
from tests.fakes.rig import CLIENT, NEVER_S, MemoryTokens
from tests.streams.acts import Script
from tests.streams.line import Network
from tests.streams.person import Operator
from tests.streams.site import AGENTS, FULL, READ, Site
from tests.streams.truth import Truth, Verdict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import pytest

    from cc_desktop.gateway.dialing import Channel
    from cc_desktop.notifications.preferences import Preferences
    from tests.streams.acts import Steps

TICK_S = 30.0  # as real gateways do
REST_S = 95.0  # what was lost on the way is known by then
HELD_S = 35.0


class Life:
    """A made fleet with its truth, the app's own model of it, and what the operator was shown."""

    def __init__(self, seed: int, preferences: Preferences | None = None) -> None:
        self.rng = random.Random(seed)
        self.clock = FakeClock()
        self.store = Store(self.clock.now_ms, lambda: round(self.clock.monotonic() * 1000))
        self.truth = Truth(self.clock.now_ms)
        self.verdict = Verdict()
        self.script = Script(self.truth, self.rng)
        self.links: dict[str, GatewaySupervisor] = {}
        self.operator = Operator(
            self.store,
            self.clock,
            self.truth,
            self.verdict,
            preferences=preferences,
        )
        clean = Network(self.rng)
        rough = Network(self.rng, lost=0.06, twice=0.08, late=0.05)
        twice = Network(self.rng, twice=0.3)
        make = self._site
        self.sites = {
            site.name: site
            for site in (
                make("studio", 4, clean, FULL),
                make("attic", 4, rough, FULL, wrong_by_ms=90_000),
                make("barn", 4, twice, [READ], wrong_by_ms=-2_300),
                make("cellar", 3, clean, [READ]),
                make("ferry", 4, clean, FULL),  # it comes and goes
                make("gate", 4, clean, [READ]),  # it does not always let us in
            )
        }
        self.busy: set[tuple[str, str]] = set()  # (gateway, agent or subject)
        self._steps: list[tuple[float, int, Any, tuple[tuple[str, str], ...]]] = []
        self._order = itertools.count()
        self._ticked = 0.0
        self._passed = 0.0  # script time, which stands still while it rests
        self.checkpoints = 0

    def _site(
        self,
        name: str,
        protocol: int,
        network: Network,
        scopes: list[str],
        wrong_by_ms: int = 0,
    ) -> Site:
        return Site(name, protocol, self.clock, network, scopes=scopes, wrong_by_ms=wrong_by_ms)

    @asynccontextmanager
    async def running(self, patch: pytest.MonkeyPatch) -> AsyncIterator[Life]:
        """All gateways up and all supervisors live, until the end of the block."""
        by_url = {f"wss://{name}.test/": site for name, site in self.sites.items()}

        async def dial(url: str, _way: object) -> Channel:
            return by_url[url].dial()

        patch.setattr(dialing, "_dial", dial)
        deadlines = Deadlines(self.store, self.clock, lambda name: self.links[name].list_again())
        self.store.subscribe(deadlines.on_changes)
        async with AsyncExitStack() as stack:
            for url, site in by_url.items():
                await stack.enter_async_context(site)
                self.links[site.name] = self._link(site.name, url)
            work = [link.run() for link in self.links.values()]
            tasks = [
                asyncio.create_task(one) for one in (*work, deadlines.run(), self.operator.run())
            ]
            try:
                await until(lambda: all(link.is_live for link in self.links.values()), "live")
                await self.pass_time(10)
                yield self
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def _link(self, name: str, url: str) -> GatewaySupervisor:
        self.store.apply(ev.GatewayAdded(name, name.capitalize(), url))
        me = new_identity()
        options = SupervisorOptions(
            gateway=name,
            url=url,
            token=Token(""),
            client=CLIENT,
            rest_url="http://127.0.0.1:9/api/agents",
            poll_s=5.0,
            http_after_s=NEVER_S,
            scopes=tuple(self.sites[name].scopes or ()),
        )
        services = SupervisorServices(
            identity=lambda: me,
            tokens=MemoryTokens(),
            clock=self.clock,
            rng=random.Random(1),
            sink=self.store.apply,
        )
        return GatewaySupervisor(options, services)

    # Time

    async def pass_time(self, seconds: float) -> None:
        """Time passes, and gateways tick."""
        end = self.clock.passed + seconds
        while (left := end - self.clock.passed) > 0.0005:
            await self.clock.advance(
                min(left, max(0.001, self._ticked + TICK_S - self.clock.passed))
            )
            if self.clock.passed >= self._ticked + TICK_S - 0.001:
                self._ticked = self.clock.passed
                for site in self.sites.values():
                    await site.deliver_late()
                    await site.tick()
                    await site.say_something()
                    await site.tell_health()

    def start(self, act: Steps, *subjects: tuple[str, str], after_s: float = 0.0) -> None:
        """Let an act begin. Its subjects are busy until it is over."""
        self.busy.update(subjects)
        heapq.heappush(self._steps, (self._passed + after_s, next(self._order), act, subjects))

    async def play(self, seconds: float) -> None:
        """Play the script for a while."""
        end = self._passed + seconds
        while self._steps and self._steps[0][0] <= end:
            at, _, act, subjects = heapq.heappop(self._steps)
            await self.pass_time(at - self._passed)
            self._passed = max(self._passed, at)
            try:
                pause = await anext(act)
            except StopAsyncIteration:
                self.busy.difference_update(subjects)
            else:
                heapq.heappush(
                    self._steps, (self._passed + pause, next(self._order), act, subjects)
                )
            await self.clock.advance(0.02)
        await self.pass_time(end - self._passed)
        self._passed = end

    async def check(self) -> None:
        """Nothing happens for a while; then the list is compared with the truth."""
        await self.pass_time(REST_S)
        while not self.truth.is_settled():
            await self.pass_time(9)
        self.checkpoints += 1
        before = len(self.verdict.wrong_items)
        self.truth.compare(self.store.fleet, self.verdict)
        minute = round(self.clock.passed / 60)
        self.verdict.wrong_items[before:] = [
            f"minute {minute}: {one}" for one in self.verdict.wrong_items[before:]
        ]
        self.operator.click_all()

    def free(self, site: str, *names: str) -> list[str]:
        """Which of these have nothing to do."""
        return [name for name in names or AGENTS if (site, name) not in self.busy]

    # What happens when

    def usual(self) -> None:
        """Some acts on all gateways, whoever is free."""
        script, rng = self.script, self.rng
        for name, site in self.sites.items():
            away = name == "ferry"
            for agent in self.free(name, "otto", "rex", "dex", "hex"):
                if rng.random() < 0.55:
                    acts: list[Callable[..., Steps]] = [script.work, script.work, script.fail]
                    acts += [script.approval, script.question]
                    if not away and name != "attic":
                        acts += [script.full, script.runaway]
                        acts += [script.stuck] if name != "gate" else []
                    self._begin(rng.choice(acts)(site, agent), (name, agent))
            own: list[tuple[str, Callable[..., Steps]]] = []
            if site.protocol == 4:
                own = [
                    ("job0", script.job_fails),
                    ("job2", script.job_reaches_nobody),
                    ("task", script.task),
                    ("fault", script.fault),
                ]
            if site.protocol == 4 and not away:
                if name != "attic":  # nothing tells again of an update or an edit
                    own += [("update", script.update)]
                    own += [("job1", script.job_is_late)]
                    own += [("edit", script.edit)] if name != "gate" else []
                if site.may("operator.pairing"):
                    own += [("join", script.joins)]
            own += [("channel", script.channel)]
            for subject, act in own:
                if (name, subject) not in self.busy and rng.random() < 0.35:
                    self._begin(act(site), (name, subject))

    def _begin(self, act: Steps, *subjects: tuple[str, str]) -> None:
        self.start(act, *subjects, after_s=self.rng.uniform(0.5, 60))

    # Gateways

    async def outage(self, name: str, lasts_s: float) -> None:
        """A gateway is killed, and is back after a while; the script goes on meanwhile."""
        site, told = self.sites[name], ("gateway-lost", name, "", "")
        self.truth.loses(told, 30)
        await site.stop()
        await self.play(lasts_s)
        if lasts_s > REST_S:
            await self.check()
        await site.start()
        link = self.links[name]
        link.reconnect_now()  # the operator does not wait for the next try
        self.truth.regains(told)
        await self.pass_time(HELD_S)
        assert link.is_live, link.connection

    async def flaps(self, name: str) -> None:
        """A gateway comes and goes, each time before it has held for half a minute."""
        told, link = ("gateway-flapping", name, "", ""), self.links[name]
        for left in range(FLAPPING_AFTER, -1, -1):
            self.truth.goes_away(name)
            if not left:
                self.truth.matters[told] = _now(self.truth, told)
                self.truth.promise(told, 0)
                self.truth.tellings[-1].latest += 5_000
            await self.sites[name].close(1012)
            await self.clock.advance(1)
            link.reconnect_now()
            await self.clock.advance(1)
            self.truth.comes_back(name)
            await self.pass_time(2)
            assert link.is_live, link.connection
        self.truth.matters.pop(told)
        await self.pass_time(HELD_S)
        assert not link.connection.flapping

    async def blocked(self, name: str, refusal: Any, kind: str) -> None:
        """A gateway closes, and lets nobody in until somebody does something about it."""
        site, told = self.sites[name], (kind, name, "", "")
        self.truth.goes_away(name)
        self.truth.matters[told] = _now(self.truth, told)
        self.truth.promise(told, 0)
        self.truth.tellings[-1].latest += 5_000  # the next try finds out
        site.refusal = lambda _params: refusal
        await site.close(1012)
        await self.check()
        site.refusal = lambda _params: None
        self.links[name].reconnect_now()
        del self.truth.matters[told]
        self.truth.comes_back(name)
        await self.pass_time(HELD_S)
        assert self.links[name].is_live, self.links[name].connection


def _now(truth: Truth, told: Any) -> Any:
    from tests.streams.truth import Matter

    return Matter(told, truth.now())
