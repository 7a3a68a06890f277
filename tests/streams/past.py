"""A fleet whose gateways keep a ledger, and what happened in it as the script knows it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cc_desktop.fleet.history.log import HistoryLog
from cc_desktop.fleet.store import Store
from cc_desktop.monitor.queries import FleetQueries
from tests.fakes.clock import until
from tests.fakes.gateway import RefusalError
from tests.streams.life import Life
from tests.streams.site import Site

if TYPE_CHECKING:
    import random
    from collections.abc import AsyncIterator, Callable, Iterable

    from tests.streams.line import Network

LEDGER = "audit.activity.list"
PAGE = 40  # records that one answer has at most, however many are asked for
FAILURES = ("failed", "timed_out", "blocked")


@dataclass(frozen=True)
class Ended:
    """How a run ended. Local ms."""

    gateway: str
    agent: str
    session: str
    run: str
    at: int
    error: str
    usd: float


@dataclass(frozen=True)
class Closed:
    """How a request for an approval ended. Local ms."""

    gateway: str
    agent: str
    command: str
    at: int
    expired: bool


class PastSite(Site):
    """Writes its ledger in the form of the recordings of 2026.9.6; one of protocol 3 has none."""

    def __init__(self, *args: Any, rng: random.Random, **more: Any) -> None:
        self.ledger: list[dict[str, Any]] = []
        self.ended: list[Ended] = []
        self.closed: list[Closed] = []
        self._rng = rng
        self._open: dict[str, tuple[str, str, int]] = {}  # approval → agent, command, end
        super().__init__(*args, **more)
        self.answers[LEDGER] = self._page

    def _page(self, params: Any) -> dict[str, Any]:
        if self.protocol != 4:
            raise RefusalError("INVALID_REQUEST", "missing scope: operator.admin")
        rows = [
            row
            for row in reversed(self.ledger)
            if row["occurredAt"] >= params.get("after", 0)
            and params.get("kind") in (None, row["kind"])
            and params.get("agentId") in (None, row["agentId"])
        ]
        start = int(params.get("cursor") or 0)
        end = start + min(params["limit"], PAGE)
        more = {"nextCursor": str(end)} if end < len(rows) else {}
        return {"events": rows[start:end], **more}

    def _write(self, key: str, run: str, kind: str, action: str, status: str) -> None:
        self.ledger.append(
            {
                "eventId": f"{self.name}-{len(self.ledger)}",
                "occurredAt": self.now_ms,
                "kind": kind,
                "action": action,
                "status": status,
                "agentId": key.split(":")[1],
                "sessionKey": key,
                "runId": run,
            }
        )

    async def start_run(self, key: str, run: str) -> None:
        self._write(key, run, "agent_run", "agent.run.started", "started")
        await super().start_run(key, run)

    async def tool_result(self, key: str, run: str, name: str, call: str) -> None:
        self._write(key, run, "tool_action", "tool.call.finished", "succeeded")
        await super().tool_result(key, run, name, call)

    async def end_run(self, key: str, run: str, error: str = "", **detail: Any) -> None:
        usd = round(self._rng.uniform(0.01, 0.4), 2)
        row = self.sessions[key]
        row["estimatedCostUsd"] = round(row.get("estimatedCostUsd", 0.0) + usd, 2)
        status = self._rng.choice(FAILURES) if error else "succeeded"
        self._write(key, run, "agent_run", "agent.run.finished", status)
        agent, at = key.split(":")[1], self._clock.now_ms()
        self.ended.append(Ended(self.name, agent, key, run, at, error, usd))
        await super().end_run(key, run, error, **detail)

    async def emit(self, event: str, payload: Any = None, **more: Any) -> None:
        self._note(event, payload)
        await super().emit(event, payload, **more)

    def _note(self, event: str, payload: Any) -> None:
        """What becomes of a request: decided by somebody, or by nobody in time."""
        data = payload.get("data", {}) if isinstance(payload, dict) else {}
        if event == "exec.approval.requested":
            asked = payload["request"]
            ends = payload["expiresAtMs"] - self._wrong_by_ms
            self._open[payload["id"]] = (asked["agentId"], asked["command"], ends)
        elif event == "agent" and data.get("phase") == "waiting-approval":
            self._open[data["approvalId"]] = (payload["agentId"], data["command"], 0)
        elif event == "exec.approval.resolved":
            self._close(payload["id"])
        elif event == "agent" and data.get("phase") == "approval-resolved":
            self._close(data["approvalId"])

    def _close(self, ident: str) -> None:
        agent, command, _ = self._open.pop(ident)
        self.closed.append(Closed(self.name, agent, command, self._clock.now_ms(), False))

    def expired(self, until_ms: int) -> list[Closed]:
        """What nobody decided in time."""
        return [
            Closed(self.name, agent, command, ends, True)
            for agent, command, ends in self._open.values()
            if 0 < ends <= until_ms
        ]


class PastLife(Life):
    """Remembers how runs and requests ended, and when gateways were away. Local ms."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.history = HistoryLog(self.store, self.clock.now_ms)
        self.queries = FleetQueries(self.store, lambda: self.links, self.clock)
        self.outages: list[tuple[str, int, int]] = []

    def _site(
        self,
        name: str,
        protocol: int,
        network: Network,
        scopes: list[str],
        wrong_by_ms: int = 0,
    ) -> Site:
        more = {"scopes": scopes, "wrong_by_ms": wrong_by_ms, "rng": self.rng}
        return PastSite(name, protocol, self.clock, network, **more)

    def _all(self) -> Iterable[PastSite]:
        return (site for site in self.sites.values() if isinstance(site, PastSite))

    def ended(self, since: int, until_ms: int) -> list[Ended]:
        """Runs that ended in between, newest first."""
        every = [one for site in self._all() for one in site.ended]
        return sorted((e for e in every if since <= e.at <= until_ms), key=lambda one: -one.at)

    def closed(self, since: int, until_ms: int) -> list[Closed]:
        """Requests that were decided or expired in between, newest first."""
        every = [one for site in self._all() for one in (*site.closed, *site.expired(until_ms))]
        return sorted((e for e in every if since <= e.at <= until_ms), key=lambda one: -one.at)

    def acts(self, chance: float = 0.4) -> None:
        """Some acts on all gateways, whoever is free. Where events get lost, nobody is asked."""
        script, rng = self.script, self.rng
        for name, site in self.sites.items():
            for agent in self.free(name, "otto", "rex", "dex", "hex"):
                if rng.random() < chance:
                    acts: list[Callable[..., Any]] = [script.work, script.work, script.fail]
                    if not site.network.lost and name != "ferry":
                        acts += [script.approval, script.question]
                    self._begin(rng.choice(acts)(site, agent), (name, agent))

    async def outage(self, name: str, lasts_s: float) -> None:
        """As `Life.outage`, noted."""
        began = self.clock.now_ms()
        await super().outage(name, lasts_s)
        self.outages.append((name, began, self.clock.now_ms()))

    @asynccontextmanager
    async def started_again(self) -> AsyncIterator[PastLife]:
        """An app that starts now: it knows nothing but what gateways tell."""
        self.store = Store(self.clock.now_ms, lambda: round(self.clock.monotonic() * 1000))
        self.history = HistoryLog(self.store, self.clock.now_ms)
        self.links = {}
        self.queries = FleetQueries(self.store, lambda: self.links, self.clock)
        for name in self.sites:
            self.links[name] = self._link(name, f"wss://{name}.test/")
        tasks = [asyncio.create_task(link.run()) for link in self.links.values()]
        try:
            await until(lambda: all(link.is_live for link in self.links.values()), "live")
            await self.clock.advance(1)
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
