"""The fleet without a window: the gateways, the demo, and the passing of time."""

from __future__ import annotations

import asyncio
import logging
import random
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from cc_desktop import __version__
from cc_desktop.config.credentials import DeviceTokens
from cc_desktop.config.paths import resource
from cc_desktop.config.state_file import NotificationMemory, StateFile
from cc_desktop.demo.policy import DEMO_GATEWAY, DemoPolicy
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import AgentChanged, Change, ConnectionState, GatewayChanged
from cc_desktop.fleet.store import Store
from cc_desktop.gateway.device_identity import Identity, load_identity
from cc_desktop.gateway.http_fallback import AFTER_S
from cc_desktop.gateway.supervisor import GatewaySupervisor
from cc_desktop.protocol.handshake import Client
from cc_desktop.system.clock import Clock, SystemClock, wake_or_sleep

if TYPE_CHECKING:
    from cc_desktop.config.paths import Paths
    from cc_desktop.config.settings import GatewaySettings, Settings
    from cc_desktop.demo.simulation import Demo

log = logging.getLogger(__name__)

PLATFORM = {"darwin": "macos", "win32": "windows"}.get(sys.platform, "linux")


class FleetMonitor:
    """The fleet without a window: links, demo, and the passing of time."""

    def __init__(
        self,
        settings: Settings,
        paths: Paths,
        *,
        clock: Clock | None = None,
        rng: random.Random | None = None,
        demo_only: bool = False,
        may_demo: bool = True,
        rest_after_s: float = AFTER_S,
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.store = Store(self.clock.now_ms, lambda: int(self.clock.monotonic() * 1000))
        self.store.fleet = msgspec.structs.replace(
            self.store.fleet, stuck_after_ms=settings.stuck_after_ms
        )
        self.state = StateFile(paths.state)
        self.memory = NotificationMemory(paths, self.state)
        self.links: dict[str, GatewaySupervisor] = {}
        self._rng = rng or random.Random()
        self._paths = paths
        self._identity: Identity | None = None
        self._tokens = DeviceTokens(paths.tokens, use_keyring=settings.keyring)
        self._demo_only = demo_only
        self._may_demo = demo_only or (may_demo and settings.demo)
        self._demo_task: asyncio.Task[None] | None = None
        self._policy = DemoPolicy(self.clock.now_ms())
        self._changed = asyncio.Event()
        self._timed = asyncio.Event()
        self.store.subscribe(self._on_changes)
        if not demo_only:
            for gateway in settings.gateways:
                self._add(gateway, rest_after_s)

    def _add(self, gateway: GatewaySettings, rest_after_s: float) -> None:
        self.store.apply(ev.GatewayAdded(gateway.id, gateway.name, gateway.url))
        client = Client(version=__version__, platform=PLATFORM, instance_id="")
        if gateway.client_id:
            client = replace(client, id=gateway.client_id)
        if gateway.client_mode:
            client = replace(client, mode=gateway.client_mode)
        self.links[gateway.id] = GatewaySupervisor(
            gateway.id,
            gateway.url,
            gateway.token,
            client=client,
            identity=self.identity,
            tokens=self._tokens,
            rest_url=gateway.rest_url,
            poll_s=gateway.poll_s,
            insecure=gateway.insecure,
            rest_after_s=rest_after_s,
            clock=self.clock,
            rng=self._rng,
            sink=self.store.apply,
        )

    def identity(self) -> Identity:
        """This device's key, read or made at the first call.

        Raises:
            IdentityError: it can be neither read nor written.
        """
        if self._identity is None:
            self._identity = load_identity(self._paths.identity)
        return self._identity

    async def run(self) -> None:
        """Watch the fleet until cancelled."""
        seen = self.state.get("seen")
        if isinstance(seen, dict):
            for gateway, marks in seen.items():
                if isinstance(marks, dict):
                    clean = {k: v for k, v in marks.items() if isinstance(v, int)}
                    self.store.apply(ev.Seen(gateway, clean))
        try:
            async with asyncio.TaskGroup() as group:
                for name, link in self.links.items():
                    group.create_task(link.run(), name=f"link {name}")
                group.create_task(self._watch_source(), name="source")
                group.create_task(self._watch_time(), name="time")
        finally:
            await self._stop_demo()

    # What the operator does

    def reconnect(self, gateway: str | None = None) -> None:
        """Try at once: one gateway, or all."""
        for name, link in self.links.items():
            if gateway in (None, name):
                link.reconnect_now()

    def refresh(self, gateway: str) -> None:
        """Ask a gateway for a fresh list."""
        if gateway in self.links:
            self.links[gateway].refresh()

    def mark_seen(self, gateway: str, agent_id: str) -> None:
        """The operator has seen why an agent failed."""
        agent = self.store.fleet.agent(gateway, agent_id)
        if agent is None:
            return
        marks = {key: row.finished_at for key, row in agent.sessions.items() if row.failed}
        marks.update(dict.fromkeys(agent.unconfirmed_failures, self.clock.now_ms()))
        self.store.apply(ev.Seen(gateway, marks))
        if gateway != DEMO_GATEWAY:
            kept = self.state.get("seen")
            kept = dict(kept) if isinstance(kept, dict) else {}
            kept[gateway] = dict(self.store.fleet.gateways[gateway].seen)
            self.state.set("seen", kept)

    def show_last_known(self, wanted: bool) -> None:
        """Prefer what was last known to the demo, until a gateway is back."""
        self._policy.last_known_wanted = wanted
        self._changed.set()

    def now_ms(self) -> int:
        """Local ms since the epoch."""
        return self.clock.now_ms()

    def recall(self, key: str) -> Any:
        """What was remembered under a key, or None."""
        return self.state.get(key)

    def remember(self, key: str, value: Any) -> None:
        """Remember it for the next start."""
        self.state.set(key, value)

    # Demo

    def _on_changes(self, changes: list[Change]) -> None:
        for change in changes:
            if isinstance(change, GatewayChanged):
                if change.gateway != DEMO_GATEWAY:
                    self._changed.set()
            elif (
                isinstance(change, AgentChanged)
                and change.after
                and (change.after.heard or change.after.approvals)
            ):
                self._timed.set()

    async def _watch_source(self) -> None:
        while True:
            self._changed.clear()
            due, again = self._policy.decide(self.store.fleet, self.clock.now_ms())
            wanted = self._demo_only or (due and self._may_demo)
            if wanted and self._demo_task is None:
                self._start_demo()
            elif not wanted and self._demo_task is not None:
                await self._stop_demo()
            if again is None:
                await self._changed.wait()
            else:
                wait = max(0.05, (again - self.clock.now_ms()) / 1000)
                await wake_or_sleep(self.clock, self._changed, wait)

    def _start_demo(self) -> None:
        from cc_desktop.demo.simulation import Demo  # most starts need none

        data = msgspec.json.decode(resource("demo-fleet.json").read_bytes())
        story = Demo(data, self.settings.demo_seed, self.clock.now_ms())
        for name in self.links:
            self.store.apply(ev.Shown(name, shown=False))
        for event in story.first():
            self.store.apply(event)
        self._demo_task = asyncio.create_task(self._tell(story), name="demo")

    async def _tell(self, story: Demo) -> None:
        while True:
            events, wait_ms = story.step(self.clock.now_ms())
            for event in events:
                self.store.apply(event)
            await self.clock.sleep(wait_ms / 1000)

    async def _stop_demo(self) -> None:
        task, self._demo_task = self._demo_task, None
        if task is None:
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self.store.apply(ev.GatewayRemoved(DEMO_GATEWAY))
        for name in self.links:
            self.store.apply(ev.Shown(name, shown=True))

    # Time

    async def _watch_time(self) -> None:
        """Runs grow silent and approvals expire; where nothing runs, no timer does."""
        while True:
            self._timed.clear()
            wait_ms = self.store.wait_ms()
            if wait_ms is None:
                await self._timed.wait()
                continue
            await self.clock.sleep(min(60.0, max(0.1, wait_ms / 1000)))
            for name in list(self.store.fleet.gateways):
                self.store.apply(ev.Tick(name))


def is_settled(engine: FleetMonitor) -> bool:
    """Whether every gateway is live, or has failed over both ways."""
    return all(
        link.connection.state is ConnectionState.LIVE
        or (
            link.connection.state in (ConnectionState.BLOCKED, ConnectionState.WAITING)
            and link.rest_tried
        )
        for link in engine.links.values()
    )
