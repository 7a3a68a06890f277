"""Follows a real gateway with the product's own monitor, and compares it with a fresh list."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.config.paths import find_paths
from cc_desktop.config.secrets.credentials import Token
from cc_desktop.config.settings import GatewaySettings, Settings
from cc_desktop.fleet.model import Agent, Change, ConnectionState, Session, Status
from cc_desktop.gateway import event_decoder
from cc_desktop.monitor import FleetMonitor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.lab.openclaw import RealGateway, Sender

# In event rows only, as measured on 2026.9.6: a list never has them.
_EVENT_ONLY = {"derived_title": "", "preview": "", "digest_health": "", "digest_headline": ""}


class Follower:
    """A monitor, and what it has told."""

    def __init__(self, monitor: FleetMonitor) -> None:
        self.monitor = monitor
        self.statuses: dict[tuple[str, str], list[Status]] = {}
        self.states: dict[str, list[ConnectionState]] = {}
        self._changed = asyncio.Event()
        monitor.store.subscribe(self._on_changes)

    def _on_changes(self, changes: list[Change]) -> None:
        for gateway in self.monitor.store.fleet.gateways.values():
            states = self.states.setdefault(gateway.id, [])
            if not states or states[-1] is not gateway.connection.state:
                states.append(gateway.connection.state)
            for agent in gateway.agents.values():
                told = self.statuses.setdefault((gateway.id, agent.id), [])
                if not told or told[-1] is not agent.status:
                    told.append(agent.status)
        self._changed.set()

    def agent(self, agent_id: str, gateway: str = "g") -> Agent:
        found = self.monitor.store.fleet.agent(gateway, agent_id)
        assert found is not None, f"no agent {agent_id}"
        return found

    def status(self, agent_id: str, gateway: str = "g") -> Status | None:
        found = self.monitor.store.fleet.agent(gateway, agent_id)
        return found.status if found else None

    def link_state(self, gateway: str = "g") -> ConnectionState:
        return self.monitor.store.fleet.gateways[gateway].connection.state

    async def until(self, what: Callable[[], bool], seconds: float = 45.0) -> None:
        """Wait for a truth about the model; the assertion names what it is instead."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not what():
                    self._changed.clear()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._changed.wait(), 0.5)
        assert what(), (self.statuses, self.states)

    async def live(self, gateway: str = "g") -> None:
        await self.until(lambda: self.link_state(gateway) is ConnectionState.LIVE)

    async def equals_fresh_list(self, sender: Sender, gateway: str = "g") -> None:
        """Field by field, within the time that the gateway's own lists need to settle."""
        differences: list[object] = []
        for _ in range(24):
            agents, rows = await sender.list_fleet()
            fresh = {row.key: row for row in event_decoder.session_rows({"sessions": rows})}
            state = self.monitor.store.fleet.gateways[gateway]
            ours: dict[str, Session] = {
                key: row for agent in state.agents.values() for key, row in agent.sessions.items()
            }
            infos = event_decoder.agent_infos(agents)
            differences = [
                (ours.get(key), fresh.get(key))
                for key in ours.keys() | fresh.keys()
                if _comparable(ours.get(key)) != _comparable(fresh.get(key))
            ]
            names = [(info.id, info.name, info.emoji, info.model) for info in infos]
            shown = [(a.id, a.name, a.emoji, a.model) for a in state.agents.values()]
            if names != shown:
                differences.append((shown, names))
            if not differences:
                return
            await asyncio.sleep(1)
        raise AssertionError(differences)


def _comparable(row: Session | None) -> Session | None:
    return replace(row, **_EVENT_ONLY) if row else None


@contextlib.asynccontextmanager
async def following(config: Path, *gateways: GatewaySettings) -> AsyncIterator[Follower]:
    """Run a monitor over these gateways."""
    monitor = FleetMonitor(Settings(gateways, keyring=False), find_paths(config))
    follower = Follower(monitor)
    running = asyncio.create_task(monitor.run(), name="monitor")
    try:
        yield follower
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def settings_for(gateway: RealGateway, token: str, ident: str = "g") -> GatewaySettings:
    return GatewaySettings(ident, ident, gateway.url, Token(token))
