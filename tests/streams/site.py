"""One made gateway: what it knows of itself, and the frames by which it tells.

Frames have the form of the recordings of 2026.5.7 and 2026.9.6, shortened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fakes.gateway import RefusalError
from tests.streams.line import LineGateway, Network

if TYPE_CHECKING:
    from tests.fakes.clock import FakeClock

AGENTS = ("otto", "rex", "dex", "hex", "pip")
METHODS = [
    "cron.list",
    "tasks.list",
    "models.authStatus",
    "usage.status",
    "config.get",
    "device.pair.list",
    "node.pair.list",
    "exec.approval.list",
    "plugin.approval.list",
    "openclaw.approval.list",
    "question.list",
]
READ, WRITE = "operator.read", "operator.write"
FULL = [READ, WRITE, "operator.approvals", "operator.questions", "operator.pairing"]
HOUR_MS = 3_600_000


class Site(LineGateway):
    """A gateway with five agents, jobs, tasks, channels and sign-ins."""

    def __init__(
        self,
        name: str,
        protocol: int,
        clock: FakeClock,
        network: Network,
        *,
        scopes: list[str] | None = None,
        wrong_by_ms: int = 0,
    ) -> None:
        super().__init__(protocol, clock, network, wrong_by_ms=wrong_by_ms)
        self.name = name
        self.scopes = scopes or [READ]
        self.rows: dict[str, dict[str, dict[str, Any]]] = {
            kind: {}
            for kind in ("jobs", "tasks", "joins", "approvals", "questions", "sign-ins", "quotas")
        }
        self.config = {"configRevisionHash": "h0", "appliedConfigHash": "h0"}
        self.update: dict[str, Any] | None = None
        self.faults: dict[str, Any] = {}
        self.channels: dict[str, dict[str, Any]] = {}
        self.heartbeats: dict[str, int] = {}  # how often agents wake by themselves, ms
        self.running: dict[str, str] = {}  # session → run
        self.saying_nothing: set[str] = set()  # sessions whose run says nothing
        self._calls = 0
        self.methods = ["agents.list", "sessions.list"]
        if protocol == 4:
            self.methods += METHODS
            self._answer_lists()
        for agent in AGENTS:
            self.add_agent(agent, name=f"{agent.capitalize()} of {name}")
            for session in ("main", "side"):
                self.add_session(
                    f"agent:{agent}:{session}",
                    endedAt=self.now_ms - HOUR_MS,
                    updatedAt=self.now_ms - HOUR_MS,
                )
        for number in range(3):
            self.set_job(f"job{number}")
        self.set_channel("telegram")
        self.set_channel("slack")

    def may(self, scope: str) -> bool:
        return scope in (self.scopes or [])

    def _answer_lists(self) -> None:
        self.answers |= {
            "cron.list": lambda _: {"jobs": [*self.rows["jobs"].values()]},
            "tasks.list": lambda _: {"tasks": [*self.rows["tasks"].values()]},
            "models.authStatus": lambda _: {"providers": [*self.rows["sign-ins"].values()]},
            "usage.status": lambda _: {"providers": [*self.rows["quotas"].values()]},
            "config.get": lambda _: dict(self.config),
            "device.pair.list": lambda _: self._for("operator.pairing", self._joins),
            "exec.approval.list": lambda _: self._for(
                "operator.approvals", lambda: [*self.rows["approvals"].values()]
            ),
            "plugin.approval.list": lambda _: self._for("operator.approvals", list),
            "openclaw.approval.list": lambda _: self._for("operator.approvals", list),
            "question.list": lambda _: self._for(
                "operator.questions", lambda: {"questions": [*self.rows["questions"].values()]}
            ),
        }

    def _joins(self) -> dict[str, Any]:
        return {"pending": [*self.rows["joins"].values()], "paired": []}

    def _for(self, scope: str, answer: Any) -> Any:
        if not self.may(scope):
            raise RefusalError("INVALID_REQUEST", f"missing scope: {scope}")
        return answer()

    def _hello(self, params: dict[str, Any]) -> dict[str, Any]:
        self.health = self.health_payload()
        answer = super()._hello(params)
        if self.protocol == 4:
            answer["snapshot"] |= {
                "appliedConfigHash": self.config["appliedConfigHash"],
                "updateAvailable": self.update,
            }
        return answer

    # What it tells

    async def emit_later(self, seconds: float, event: str) -> None:
        await self._clock.sleep(seconds)
        await self.emit(event, {})

    async def agent_event(self, key: str, run: str, stream: str, data: dict[str, Any]) -> None:
        told = {"runId": run, "sessionKey": key, "agentId": key.split(":")[1]}
        await self.emit("agent", {**told, "stream": stream, "data": data, "ts": self.now_ms})

    async def chat(self, key: str, run: str, **told: Any) -> None:
        ids = {"runId": run, "sessionKey": key, "agentId": key.split(":")[1]}
        await self.emit("chat", {**ids, **told})

    async def tool(self, key: str, run: str, name: str, args: dict[str, Any]) -> str:
        """The start of a call; returns its id."""
        self._calls += 1
        data = {"phase": "start", "name": name, "toolCallId": f"call_{self._calls}", "args": args}
        await self._tool(key, run, data)
        return f"call_{self._calls}"

    async def tool_result(self, key: str, run: str, name: str, call: str) -> None:
        await self._tool(key, run, {"phase": "result", "name": name, "toolCallId": call})

    async def _tool(self, key: str, run: str, data: dict[str, Any]) -> None:
        ids = {"runId": run, "sessionKey": key, "agentId": key.split(":")[1]}
        await self.emit("session.tool", {**ids, "stream": "tool", "data": data})

    async def say_something(self) -> None:
        """Runs in progress give signs of life."""
        for key, run in list(self.running.items()):
            if key not in self.saying_nothing:
                await self.agent_event(key, run, "usage", {"inputTokens": 9})

    async def start_run(self, key: str, run: str) -> None:
        self.running[key] = run
        await self.agent_event(key, run, "lifecycle", {"phase": "start", "startedAt": self.now_ms})
        row = self.set_row(
            key,
            status="running",
            hasActiveRun=True,
            startedAt=self.now_ms,
            endedAt=None,
            lastRunError=None,
        )
        await self.tell(row, phase="start", runId=run)

    async def end_run(self, key: str, run: str, error: str = "", **detail: Any) -> None:
        """It ends well, or with an error; `detail`: why, by the gateway's own classes."""
        self.running.pop(key, None)
        data: dict[str, Any] = {"phase": "error", "error": error} if error else {"phase": "end"}
        if detail and self.protocol == 4:
            data["errorObservation"] = detail
        await self.agent_event(key, run, "lifecycle", data)
        told: dict[str, Any] = {"state": "error", "errorMessage": error} if error else {}
        if detail and self.protocol == 4:
            told["errorDetail"] = detail
        await self.chat(key, run, **(told or {"state": "final"}))
        row = self.set_row(
            key,
            status="failed" if error else "done",
            hasActiveRun=False,
            endedAt=self.now_ms,
            # 2026.5.7 has the words in the run's events alone.
            lastRunError=(error or None) if self.protocol == 4 else None,
        )
        await self.tell(row, phase="error" if error else "end", runId=run)

    # Jobs, tasks, channels and so on

    def set_job(self, ident: str, **state: Any) -> dict[str, Any]:
        now = self.now_ms
        job = {
            "id": ident,
            "name": f"{ident} of {self.name}",
            "agentId": "pip",
            "enabled": True,
            "state": {
                "nextRunAtMs": now + 4 * HOUR_MS,
                "lastRunAtMs": now,
                "lastRunStatus": "ok",
                "lastDeliveryStatus": "not-requested",
                **state,
            },
        }
        self.rows["jobs"][ident] = job
        return job

    async def tell_job(self, ident: str, action: str, **state: Any) -> None:
        job = self.set_job(ident, **state)
        await self.emit("cron", {"jobId": ident, "action": action, "job": job})

    async def tell_task(self, ident: str, **fields: Any) -> None:
        task = {
            "id": ident,
            "taskId": ident,
            "agentId": "dex",
            "title": f"{ident} of {self.name}",
            "updatedAt": self.now_ms,
            "endedAt": self.now_ms,
            **fields,
        }
        self.rows["tasks"][ident] = task
        await self.emit("task", {"action": "upserted", "taskId": ident, "task": task})

    async def delete_task(self, ident: str) -> None:
        del self.rows["tasks"][ident]
        await self.emit("task", {"action": "deleted", "taskId": ident})

    def set_channel(self, ident: str, **state: Any) -> None:
        self.channels[ident] = state or {
            "configured": True,
            "running": True,
            "connected": True,
            "healthState": "healthy",
        }

    def health_payload(self) -> dict[str, Any]:
        return {
            "ok": True,
            "channels": self.channels,
            "channelLabels": {name: name.capitalize() for name in self.channels},
            "configReload": {"hotReloadStatus": self.faults.get("reload", "active")},
            "modelRuntime": {
                "degraded": "runtime" in self.faults,
                "pendingAgents": [self.faults.get("runtime", "")],
            },
            "plugins": {
                "loaded": [],
                "errors": [
                    {"id": one, "error": "cannot load"} for one in self.faults.get("plugins", ())
                ],
            },
            "eventLoop": {"degraded": True, "reasons": ["cpu"]},
            "agents": [
                {"agentId": agent, "heartbeat": {"everyMs": every, "enabled": every > 0}}
                for agent in self.agents
                for every in [self.heartbeats.get(agent, 0)]
            ],
        }

    async def tell_health(self) -> None:
        await self.emit("health", self.health_payload())

    async def beat(self) -> None:
        """A heartbeat has nothing to do: no row changes, and nobody says whose it was."""
        told = {"status": "skipped", "reason": "empty-heartbeat-file", "durationMs": 1}
        await self.emit("heartbeat", {"ts": self.now_ms, **told})

    async def tell_presence(self, *nodes: tuple[str, bool]) -> None:
        self.presence = [
            {
                "deviceId": name,
                "host": name,
                "mode": "node",
                "reason": "connect" if is_on else "disconnect",
                "ts": self.now_ms,
            }
            for name, is_on in nodes
        ]
        await self.emit("presence", {"presence": self.presence})
