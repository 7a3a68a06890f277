"""A fleet that tests move by hand, and what the rules say of it."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import (
    Approval,
    Change,
    ConnectionInfo,
    ConnectionState,
    Device,
    Origin,
    Problem,
    Session,
)
from cc_desktop.fleet.store import Store

START = 1_800_000_000_000  # local ms
AGENTS = ("otto", "rex", "dex", "hex", "pip")


class Scene:
    """One or more gateways with agents; time stands still until `pass_time`.

    Attributes:
        now: Local ms.
        heard: Every batch of changes, as a listener of the store gets them.
    """

    def __init__(self, *gateways: str) -> None:
        self.now = START
        self.store = Store(lambda: self.now)
        self.heard: list[list[Change]] = []
        self._runs = 0
        self.flapping = False  # whether the connection holds, as its supervisor says
        self.rows: dict[str, dict[str, Session]] = {}
        for gateway in gateways or ("studio",):
            self.store.apply(ev.GatewayAdded(gateway, gateway.capitalize()))
            self.rows[gateway] = {
                f"agent:{agent}:main": Session(
                    f"agent:{agent}:main",
                    agent,
                    status="done",
                    updated_at=START - 1_000,
                    ended_at=START - 1_000,
                )
                for agent in AGENTS
            }

    # The connection

    def connect(self, gateway: str = "studio", origin: Origin = Origin.LIVE) -> None:
        """The list, and then live, as the link tells it."""
        self.link(ConnectionState.SYNCING, gateway)
        self.list(gateway, origin)
        self.link(ConnectionState.LIVE, gateway)

    def list(self, gateway: str = "studio", origin: Origin = Origin.LIVE) -> None:
        infos = tuple(ev.AgentInfo(agent, agent.capitalize()) for agent in AGENTS)
        rows = tuple(self.rows[gateway].values())
        self.store.apply(ev.Snapshot(gateway, infos, rows, origin, taken_at=self.now))

    def lose(
        self,
        gateway: str = "studio",
        state: ConnectionState = ConnectionState.WAITING,
        kind: str = "lost",
    ) -> None:
        self.store.apply(ev.OriginChanged(gateway, Origin.LAST_KNOWN))
        self.link(state, gateway, kind)

    def link(
        self,
        state: ConnectionState,
        gateway: str = "studio",
        kind: str = "",
        detail: str = "",
    ) -> None:
        problem = Problem(kind, detail=detail) if kind else None
        info = ConnectionInfo(state, problem=problem, flapping=self.flapping)
        self.store.apply(ev.ConnectionChanged(gateway, info))

    # Sessions

    def row(self, agent: str, gateway: str = "studio", rest: str = "main", **fields: Any) -> None:
        """A row changes, and the gateway says so (if it is there)."""
        key = f"agent:{agent}:{rest}"
        self.now += 10
        fields = {"updated_at": self.now, **fields}
        old = self.rows[gateway].get(key, Session(key, agent))
        self.rows[gateway][key] = replace(old, **fields)
        if self.store.fleet.gateways[gateway].origin is not Origin.LAST_KNOWN:
            self.store.apply(ev.SessionChanged(gateway, key, agent, fields))

    def start(self, agent: str, gateway: str = "studio", rest: str = "main", **fields: Any) -> None:
        self.row(
            agent, gateway, rest, status="running", active=True, ended_at=0, error="", **fields
        )

    def end(self, agent: str, gateway: str = "studio", rest: str = "main", **fields: Any) -> None:
        self.row(
            agent,
            gateway,
            rest,
            **{"status": "done", "active": False, "ended_at": self.now, **fields},
        )

    def fail(self, agent: str, why: str = "", gateway: str = "studio", rest: str = "main") -> None:
        """Without a `why`, each agent fails for a reason of its own."""
        why = why or ("no money" if agent == "rex" else f"no money for {agent}")
        self.start(agent, gateway, rest)
        self.end(agent, gateway, rest, status="failed", error=why)

    def work(self, agent: str, gateway: str = "studio", rest: str = "main") -> None:
        self.start(agent, gateway, rest)
        self.end(agent, gateway, rest)

    def ask(self, agent: str, waits: bool = True, gateway: str = "studio") -> None:
        health = "waiting-on-user" if waits else "on-track"
        self.row(agent, gateway, digest_health=health, digest_headline="Which one?")

    def approval(self, agent: str, ident: str = "a1", expires_ms: int = 1_800_000) -> None:
        self.store.apply(
            ev.ApprovalOpened(
                "studio",
                Approval(
                    ident,
                    agent,
                    f"agent:{agent}:main",
                    "rm -rf /tmp/x",
                    opened_at=self.now,
                    expires_at=self.now + expires_ms,
                ),
            )
        )

    def decide(self, agent: str, ident: str = "a1") -> None:
        self.store.apply(ev.ApprovalClosed("studio", agent, ident))

    def devices(
        self, *devices: tuple[str, bool], gateway: str = "studio", mode: str = "node"
    ) -> None:
        self.store.apply(
            ev.DevicesListed(
                gateway,
                tuple(
                    Device(gateway, name, name.capitalize(), "linux", mode, online)
                    for name, online in devices
                ),
            )
        )

    def see(self, agent: str, gateway: str = "studio") -> None:
        self.store.apply(ev.Seen(gateway, {f"agent:{agent}:main": self.now}))

    def pass_time(self, seconds: float) -> None:
        """Time passes, and the fleet takes note of it."""
        self.now += round(seconds * 1000)
        for gateway in list(self.store.fleet.gateways):
            self.store.apply(ev.Tick(gateway))
