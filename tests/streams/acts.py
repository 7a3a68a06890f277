"""What happens in the life of a fleet: each act sends frames, and says what they mean.

An act is a generator: between its steps it yields for how many seconds nothing of it happens.
"""

from __future__ import annotations

import asyncio
import string
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from tests.streams.site import FULL, HOUR_MS, READ

if TYPE_CHECKING:
    import random

    from tests.streams.site import Site
    from tests.streams.truth import Key, Truth

Steps = AsyncIterator[float]
OVERDUE_S, STUCK_S, LOST_S = 300.0, 600.0, 30.0  # what the product promises


class Script:
    """The script of a stream: acts, and the words by which its matters are told apart."""

    def __init__(self, truth: Truth, rng: random.Random) -> None:
        self.truth = truth
        self.rng = rng
        self.failed: dict[tuple[str, str], tuple[Key, str]] = {}  # who failed, and in which session
        # How the latest run of each session ended, the newest last; None: well.
        self._last: dict[tuple[str, str], dict[str, tuple[Key, str] | None]] = {}
        self._again: set[tuple[str, str, str]] = set()  # sessions at work again after a failure
        self.failed_since_success: set[tuple[str, str]] = set()
        self._words = 0

    def word(self) -> str:
        """A word that no other matter has. Letters alone: causes are compared without digits."""
        self._words += 1
        number, letters = self._words, ""
        while number:
            number, rest = divmod(number, 26)
            letters += string.ascii_lowercase[rest]
        return f"q{letters}x{self.rng.choice('bcdfg')}z"

    # Runs

    async def _start(self, site: Site, agent: str, session: str, run: str) -> None:
        """A session that is at work again has not failed, until it does so again."""
        who = (site.name, agent)
        failed = self.failed.get(who)
        if failed is not None and failed[1] == session:
            self.truth.end(failed[0])
            del self.failed[who]
            self._again.add((*who, session))
        # "Its newest finished run": one in progress is not finished, so an older one counts again.
        last = self._last.setdefault(who, {})
        last.pop(session, None)
        newest = next(reversed(last.values()), None)
        if newest is not None and who not in self.failed:
            self.truth.begin(newest[0], tell=False)
            self.failed[who] = newest
        await site.start_run(f"agent:{agent}:{session}", run)

    def _fails(self, site: Site, agent: str, told: Key, *, cause: str = "") -> None:
        """The main session fails. That takes the place of a failure of another session."""
        who = (site.name, agent)
        before = self.failed.pop(who, None)
        if before is not None:
            self.truth.end(before[0])
        is_rough = site.network.lost > 0
        self.truth.begin(told, cause=cause, certain=not is_rough)
        if is_rough and (*who, "main") in self._again and self.truth.tellings:
            # That it was at work in between may never have been known.
            self.truth.tellings[-1].optional = True
        self.failed[who] = (told, "main")
        last = self._last.setdefault(who, {})
        last.pop("main", None)
        last["main"] = (told, "main")
        self.failed_since_success.add(who)

    def _succeeded(self, site: Site, agent: str, session: str) -> None:
        who = (site.name, agent)
        before = self.failed.pop(who, None)
        if before is not None:
            self.truth.end(before[0])
        self._again.discard((*who, session))
        last = self._last.setdefault(who, {})
        last.pop(session, None)
        last[session] = None
        kind = "recovered" if who in self.failed_since_success else "finished"
        self.failed_since_success.discard(who)
        self.truth.news((kind, site.name, agent, ""), certain=not site.network.lost)

    async def work(self, site: Site, agent: str) -> Steps:
        """A run that ends well."""
        session = self.rng.choice(("main", "side"))
        key, run = f"agent:{agent}:{session}", self.word()
        await self._start(site, agent, session, run)
        yield self.rng.uniform(2, 60)
        call = await site.tool(key, run, "exec", {"command": f"ls {run}"})
        yield self.rng.uniform(2, 30)
        await site.tool_result(key, run, "exec", call)
        yield 1.0
        self._succeeded(site, agent, session)
        await site.end_run(key, run)
        yield 3.0

    async def fail(self, site: Site, agent: str) -> Steps:
        """A run that fails for a reason of its own; now and then the operator sees it."""
        key, run, why = f"agent:{agent}:main", self.word(), self.word()
        await self._start(site, agent, "main", run)
        yield self.rng.uniform(2, 30)
        told = ("failed", site.name, agent, why)
        self._fails(site, agent, told)
        await site.end_run(key, run, f"{why} went wrong")
        yield self.rng.uniform(135, 250)

    async def full(self, site: Site, agent: str) -> Steps:
        """A run that ends because its session has no room left, and one that goes on after that."""
        key, run, why = f"agent:{agent}:main", self.word(), self.word()
        await self._start(site, agent, "main", run)
        yield self.rng.uniform(2, 30)
        told = ("context-full", site.name, agent, why)
        self._fails(site, agent, told)
        await site.end_run(
            key, run, f"{why}: prompt too long", failoverReason="context_overflow", provider="p"
        )
        yield self.rng.uniform(135, 250)
        run = self.word()
        await self._start(site, agent, "main", run)
        yield 5.0
        self._succeeded(site, agent, "main")
        await site.end_run(key, run)
        yield 3.0

    async def weather(self, sites: list[Site], agents: dict[str, list[str]]) -> Steps:
        """A provider is overloaded: agents fail everywhere, and work again one after the other."""
        victims = [(site, agent) for site in sites for agent in agents[site.name]]
        for site, agent in victims:
            key, run = f"agent:{agent}:main", self.word()
            await self._start(site, agent, "main", run)
            yield 1.0
            # All have one cause, and differ by their agents.
            told = ("failed", site.name, agent, "overloaded")
            self._fails(site, agent, told, cause="weather")
            await site.end_run(
                key,
                run,
                "529 overloaded",
                failoverReason="overloaded",
                httpStatus=529,
                provider="anthropic",
            )
            yield self.rng.uniform(3, 25)
        yield self.rng.uniform(135, 250)
        for site, agent in victims:
            key, run = f"agent:{agent}:main", self.word()
            await self._start(site, agent, "main", run)
            yield 3.0
            self._succeeded(site, agent, "main")
            await site.end_run(key, run)
            yield self.rng.uniform(10, 25)

    async def stuck(self, site: Site, agent: str) -> Steps:
        """A run that is silent for longer than ten minutes, and then goes on."""
        key, run = f"agent:{agent}:side", self.word()
        await self._start(site, agent, "side", run)
        yield 2.0
        await site.agent_event(key, run, "item", {"phase": "start", "title": f"exec {run}"})
        site.saying_nothing.add(key)
        told = ("stuck", site.name, agent, run)
        self.truth.begin(told, after_s=STUCK_S)
        yield STUCK_S + self.rng.uniform(150, 300)
        self.truth.end(told)
        site.saying_nothing.discard(key)
        await site.agent_event(key, run, "item", {"phase": "end"})
        yield 20.0
        self._succeeded(site, agent, "side")
        await site.end_run(key, run)
        yield 3.0

    async def runaway(self, site: Site, agent: str) -> Steps:
        """A run that makes the same call over and over, until it ends."""
        key, run, what = f"agent:{agent}:main", self.word(), self.word()
        await self._start(site, agent, "main", run)
        yield 2.0
        told = ("runaway", site.name, agent, key)
        for number in range(16):
            if number == 11:  # the twelfth
                self.truth.begin(told)
            call = await site.tool(key, run, "exec", {"command": f"curl {what}"})
            yield 1.0
            await site.tool_result(key, run, "exec", call)
            yield 1.0
        yield self.rng.uniform(135, 250)
        self.truth.end(told)
        self._succeeded(site, agent, "main")
        await site.end_run(key, run)
        yield 3.0

    # What waits for a person

    async def approval(self, site: Site, agent: str) -> Steps:
        """A command waits; it is decided, or nobody decides it in time."""
        key, run, what = f"agent:{agent}:main", self.word(), self.word()
        await self._start(site, agent, "main", run)
        yield 2.0
        told = ("approval", site.name, agent, what)
        lasts_s = self.rng.uniform(135, 250)
        expires = self.rng.random() < 0.3
        opened, lists = site.now_ms, site.may("operator.approvals")
        if lists:
            request = {"command": f"rm {what}", "agentId": agent, "sessionKey": key}
            row = {
                "id": what,
                "request": request,
                "createdAtMs": opened,
                "expiresAtMs": opened + round(lasts_s * 1000),
            }
            site.rows["approvals"][what] = row
            self.truth.begin(
                told,
                until=self.truth.now() + round(lasts_s * 1000),
                certain=not site.network.lost,
            )
            await site.emit("exec.approval.requested", row)
        else:
            self.truth.begin(told)
            data = {"phase": "waiting-approval", "approvalId": what, "command": f"rm {what}"}
            await site.agent_event(key, run, "lifecycle", data)
        yield lasts_s if lists and expires else lasts_s / 2
        site.rows["approvals"].pop(what, None)
        if not (lists and expires):
            decided = {"id": what, "decision": self.rng.choice(("allow-once", "deny"))}
            self.truth.end(told)
            if lists:
                await site.emit("exec.approval.resolved", {**decided, "resolvedBy": "another"})
            else:
                done = {"phase": "approval-resolved", "approvalId": what}
                await site.agent_event(key, run, "lifecycle", done)
        else:
            yield 1.0
            self.truth.end(told)
        yield 20.0
        self._succeeded(site, agent, "main")
        await site.end_run(key, run)
        yield 3.0

    async def question(self, site: Site, agent: str) -> Steps:
        """An agent asks its operator."""
        key, run, what = f"agent:{agent}:main", self.word(), self.word()
        await self._start(site, agent, "main", run)
        yield 2.0
        told = ("question", site.name, agent, what)
        parts = [{"id": "a", "header": "H", "question": f"Which {what}?", "options": []}]
        lists = site.may("operator.questions")
        self.truth.begin(told, certain=not site.network.lost)
        call = await site.tool(key, run, "ask_user", {"questions": parts})
        if lists:
            ident = f"ask_{what}"
            row = {
                "id": ident,
                "questions": [{**parts[0], "questionId": "a"}],
                "agentId": agent,
                "sessionKey": key,
                "runId": run,
                "createdAtMs": site.now_ms,
                "expiresAtMs": site.now_ms + HOUR_MS,
                "status": "pending",
            }
            site.rows["questions"][ident] = row
            await site.emit("question.requested", row)
        yield self.rng.uniform(135, 250)
        self.truth.end(told)
        if lists:
            del site.rows["questions"][f"ask_{what}"]
            await site.emit("question.resolved", {"id": f"ask_{what}", "status": "answered"})
        await site.tool_result(key, run, "ask_user", call)
        yield 20.0
        self._succeeded(site, agent, "main")
        await site.end_run(key, run)
        yield 3.0

    # Jobs and tasks

    async def job_fails(self, site: Site) -> Steps:
        """A job fails, runs well, and fails again: told once a day."""
        told = ("cron-failed", site.name, "pip", "job0")
        for _ in range(2):
            await site.tell_job("job0", "started", runningAtMs=site.now_ms)
            yield 5.0
            self.truth.begin(told, certain=not site.network.lost)
            failed = {"lastRunStatus": "error", "lastError": "no such file"}
            await site.tell_job("job0", "finished", **failed)
            yield self.rng.uniform(135, 250)
            self.truth.end(told)
            await site.tell_job("job0", "finished")
            yield self.rng.uniform(135, 250)

    async def job_is_late(self, site: Site) -> Steps:
        """A job does not start when it should."""
        due = site.now_ms + 60_000
        await site.tell_job("job1", "updated", nextRunAtMs=due)
        told = ("cron-overdue", site.name, "pip", "job1")
        # What the gateway has not said it did is known with its next word, ticks included.
        self.truth.begin(told, after_s=60 + OVERDUE_S, within_s=62)
        yield 60 + OVERDUE_S + self.rng.uniform(135, 250)
        self.truth.end(told)
        await site.tell_job("job1", "started", runningAtMs=site.now_ms)
        yield 10.0
        await site.tell_job("job1", "finished")
        yield 3.0

    async def job_reaches_nobody(self, site: Site) -> Steps:
        """A job runs well, and nobody gets its result."""
        told = ("undelivered", site.name, "pip", "job2")
        self.truth.begin(told, certain=not site.network.lost)
        lost = {"lastDeliveryStatus": "not-delivered", "lastDeliveryError": "chat not found"}
        await site.tell_job("job2", "finished", **lost)
        yield self.rng.uniform(135, 250)
        self.truth.end(told)
        await site.tell_job("job2", "finished", lastDeliveryStatus="delivered")
        yield 3.0

    async def task(self, site: Site) -> Steps:
        """A background task fails, or its result reaches nobody."""
        ident = self.word()
        fails = self.rng.random() < 0.5
        await site.tell_task(ident, status="running", endedAt=None)
        yield 5.0
        told = ("task-failed" if fails else "undelivered", site.name, "dex", ident)
        self.truth.begin(told, certain=not site.network.lost)
        if fails:
            await site.tell_task(ident, status="failed", error="it broke")
        else:
            await site.tell_task(ident, status="completed", deliveryStatus="failed")
        yield self.rng.uniform(135, 250)
        self.truth.end(told)
        await site.delete_task(ident)
        yield 3.0

    # The gateway itself

    async def channel(self, site: Site) -> Steps:
        """A channel drops, and is back."""
        name = self.rng.choice(("telegram", "slack"))
        told = ("channel", site.name, "", name)
        states = (
            {"running": True, "connected": False, "healthState": "disconnected"},
            {"connected": False, "lastError": "401"},
            {"probe": {"ok": False, "error": "401"}},
        )
        self.truth.begin(told, certain=not site.network.lost, within_s=1)
        site.set_channel(name, configured=True, **self.rng.choice(states))
        await site.tell_health()
        yield self.rng.uniform(135, 250)
        self.truth.end(told)
        site.set_channel(name)
        await site.tell_health()
        yield 3.0

    async def fault(self, site: Site) -> Steps:
        """The gateway ignores edits, its runtime or a plugin is broken; then it is mended."""
        kind, name, value = self.rng.choice(
            (
                ("config-ignored", "reload", "disabled"),
                ("runtime", "runtime", "otto"),
                ("plugin", "plugins", ["memory"]),
            )
        )
        told: Key = (kind, site.name, "", "memory" if kind == "plugin" else "")
        self.truth.begin(told, certain=not site.network.lost)
        site.faults[name] = value
        await site.tell_health()
        yield self.rng.uniform(135, 250)
        self.truth.end(told)
        del site.faults[name]
        await site.tell_health()
        yield 3.0

    async def edit(self, site: Site) -> Steps:
        """The configuration is edited, and a restart has to apply it; then that is taken back."""
        told = ("restart-needed", site.name, "", "")
        site.config["configRevisionHash"] = "h1"
        # A gateway may still apply it for some seconds.
        self.truth.begin(told, within_s=45)
        await site.emit("config.changed", {"hash": "h1"})
        yield self.rng.uniform(200, 250)
        site.config["configRevisionHash"] = "h0"
        self.truth.end(told)
        await site.emit("config.changed", {"hash": "h0"})
        yield 15.0

    async def update(self, site: Site) -> Steps:
        """A release is out, and the gateway is brought up to it."""
        told = ("update", site.name, "", "2026.10.1")
        site.update = {"currentVersion": "2026.9.6", "latestVersion": "2026.10.1"}
        self.truth.begin(told, certain=not site.network.lost)
        await site.emit("update.available", {"updateAvailable": site.update})
        yield self.rng.uniform(200, 250)
        self.truth.end(told)
        site.update = None
        await site.emit("update.available", {"updateAvailable": None})
        yield 3.0

    async def joins(self, site: Site) -> Steps:
        """A device wants in: it is let in, or the request expires."""
        ident, name = self.word(), self.word()
        told = ("pairing", site.name, "", name)
        row = {"requestId": ident, "deviceId": name, "displayName": name, "ts": site.now_ms}
        site.rows["joins"][ident] = row
        self.truth.begin(told, until=self.truth.now() + 300_000, certain=not site.network.lost)
        await site.emit("device.pair.requested", row)
        answered = self.rng.random() < 0.5
        yield self.rng.uniform(135, 250) if answered else 301
        del site.rows["joins"][ident]
        self.truth.end(told)
        if answered:
            await site.emit("device.pair.resolved", {"requestId": ident, "decision": "approved"})
        yield 3.0

    async def sign_in(self, site: Site, agent: str) -> Steps:
        """A sign-in expires: nobody says so, a run fails for it."""
        name, run, why = self.word(), self.word(), self.word()
        row = {"provider": name, "displayName": name, "status": "expired", "profiles": []}
        site.rows["sign-ins"][name] = row
        key = f"agent:{agent}:main"
        await self._start(site, agent, "main", run)
        yield 5.0
        # Providers are asked at most every five minutes, five seconds after such a failure.
        self.truth.begin(("sign-in-expired", site.name, "", name), within_s=310)
        told = ("failed", site.name, agent, why)
        self._fails(site, agent, told)
        await site.end_run(key, run, f"{why} refused", failoverReason="auth", provider=name)
        yield 320.0

    async def providers(self, site: Site, agent: str) -> Steps:
        """A sign-in is about to expire and a quota nearly used, until both are renewed.

        Nobody says so: providers are asked five seconds after a run that one of them refused.
        """
        name, other = self.word(), self.word()
        day_ms, now = 24 * HOUR_MS, site.now_ms
        expiring = {"provider": name, "displayName": name, "status": "expiring", "profiles": []}
        site.rows["sign-ins"][name] = {**expiring, "expiry": {"at": now + day_ms}}
        window = {"label": "week", "usedPercent": 96.5, "resetAt": now + day_ms}
        site.rows["quotas"][other] = {
            "provider": other,
            "displayName": other,
            "windows": [{"label": "5h", "usedPercent": 40.0}, window],
        }
        told = (("sign-in-expiring", site.name, "", name), ("quota", site.name, "", other))
        for each in told:
            self.truth.begin(each, within_s=310)
        async for pause in self._refused(site, agent, other):
            yield pause
        yield 320.0
        del site.rows["sign-ins"][name], site.rows["quotas"][other]
        async for pause in self._refused(site, agent, other):
            yield pause
        for each in told:
            self.truth.end(each)
        yield 15.0

    async def _refused(self, site: Site, agent: str, provider: str) -> Steps:
        """A run fails because its provider takes no more."""
        key, run, why = f"agent:{agent}:main", self.word(), self.word()
        await self._start(site, agent, "main", run)
        yield 5.0
        self._fails(site, agent, ("failed", site.name, agent, why))
        detail = {"failoverReason": "rate_limit", "provider": provider}
        await site.end_run(key, run, f"{why} refused", **detail)

    async def silence(self, site: Site, agent: str) -> Steps:
        """The heartbeats of an agent that does nothing else stop for a while."""
        site.heartbeats[agent] = 600_000
        await site.tell_health()
        for _ in range(2):
            await site.beat()
            yield 300.0
        await site.beat()
        told = ("silent", site.name, agent, "")
        self.truth.begin(told, after_s=900, within_s=10)
        # It is listed again just then, even if the script stands still.
        listed = asyncio.create_task(site.emit_later(901, "agents.changed"))
        yield 901 + self.rng.uniform(135, 250)
        await listed
        self.truth.end(told)
        await site.beat()
        site.heartbeats[agent] = 0
        yield 60.0

    async def device(self, site: Site) -> Steps:
        """A node is gone for more than half a minute, and is back."""
        await site.tell_presence(("node", True))
        yield 60.0
        self.truth.promise(("device-gone", site.name, "", "node"), 30)
        await site.tell_presence(("node", False))
        yield 100.0
        self.truth.promise(("device-back", site.name, "", "node"), 0)
        await site.tell_presence(("node", True))
        yield 60.0


Act = Callable[..., Steps]
__all__ = ["FULL", "READ", "Act", "Script", "Steps"]
