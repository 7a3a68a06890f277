"""The fleet without a window: the gateways, the demo, and the passing of time."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import random
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from cc_desktop import __version__
from cc_desktop.config.paths import resource
from cc_desktop.config.secrets.device_tokens import DeviceTokens
from cc_desktop.config.storage import Storage, identity_note
from cc_desktop.demo.policy import DEMO_GATEWAY, DemoPolicy, WhenUnreachable
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import (
    Command,
    GiveBackRights,
    MarkSeen,
    MarkUnseen,
    Reconnect,
    Refresh,
    RequestRights,
)
from cc_desktop.fleet.model import (
    AgentChanged,
    Change,
    ConnectionInfo,
    ConnectionState,
    GatewayChanged,
    Origin,
    Problem,
)
from cc_desktop.fleet.status import next_deadline
from cc_desktop.fleet.store import Store
from cc_desktop.gateway.device_identity import Identity, load_identity
from cc_desktop.gateway.http.http_fallback import AFTER_S
from cc_desktop.gateway.options import SupervisorOptions, SupervisorServices
from cc_desktop.gateway.supervisor import GatewaySupervisor
from cc_desktop.protocol.handshake import SCOPES, Client
from cc_desktop.system.clock import Clock, SystemClock, wake_or_sleep
from cc_desktop.system.network_watch import SystemBusWakeSource, WakeSource, watch
from cc_desktop.system.redaction import add_secret
from cc_desktop.system.supervision import FaultLog, keep_running

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from cc_desktop.config.paths import Paths
    from cc_desktop.config.settings import GatewaySettings, Settings
    from cc_desktop.gateway.probe import StepResult

log = logging.getLogger(__name__)

PLATFORM = {"darwin": "macos", "win32": "windows"}.get(sys.platform, "linux")
LONGEST_SLEEP_S = 60.0  # a cut-short sleep leaves its timer in Qt until it would have fired


class MonitorOptions(msgspec.Struct, frozen=True):
    """How to watch, beside the settings."""

    demo_only: bool = False  # show sample data, connect to nothing
    may_demo: bool = True  # sample data may replace a fleet that cannot be reached
    http_after_s: float = AFTER_S  # seconds without a WebSocket before the HTTP fallback starts
    when_unreachable: WhenUnreachable | None = None  # None: as the settings say
    wake_sources: tuple[WakeSource, ...] = ()  # tell when the network or the machine is back


def system_wake_sources() -> tuple[WakeSource, ...]:
    """What tells on this system when the network or the machine is back."""
    return (SystemBusWakeSource(SystemClock()),) if sys.platform == "linux" else ()


def internal_problem() -> Problem:
    """What the operator sees on a gateway whose code failed in a way that nobody expected."""
    return Problem(kind="internal")


def client_of(gateway: GatewaySettings | None) -> Client:
    """How this app introduces itself to a gateway; None: to one that is not in the settings."""
    client = Client(version=__version__, platform=PLATFORM, instance_id="")
    if gateway is not None and gateway.client_id:
        client = replace(client, id=gateway.client_id)
    if gateway is not None and gateway.client_mode:
        client = replace(client, mode=gateway.client_mode)
    return client


class FleetMonitor:
    """Watches all gateways. Each is a failure domain of its own: whatever one raises stays there.

    Attributes:
        clock: Time, passed in.
        store: The model, and who is told of its changes.
        memory: Preferences, notices and whatever else is kept between starts.
        links: The supervisor of each gateway, by the gateway's id.
    """

    def __init__(
        self,
        settings: Settings,
        paths: Paths,
        options: MonitorOptions | None = None,
        *,
        clock: Clock | None = None,
        rng: random.Random | None = None,
    ) -> None:
        options = options or MonitorOptions()
        self.clock = clock or SystemClock()
        self.store = Store(self.clock.now_ms, lambda: int(self.clock.monotonic() * 1000))
        self.store.fleet = msgspec.structs.replace(
            self.store.fleet, stuck_after_ms=settings.stuck_after_ms
        )
        self.memory = Storage(paths)
        self.links: dict[str, GatewaySupervisor] = {}
        self._settings = settings
        self._options = options
        self._rng = rng or random.Random()
        self._paths = paths
        self._identity: Identity | None = None
        self._tokens = DeviceTokens(paths.tokens, use_keyring=settings.keyring)
        self._faults = FaultLog(log)
        self._crashed: set[str] = set()  # gateways whose supervisor failed, until its next start
        self._restarts: dict[str, asyncio.Event] = {}
        self._demo_task: asyncio.Task[None] | None = None
        self._policy = DemoPolicy(
            self.clock.now_ms(),
            options.when_unreachable or WhenUnreachable(settings.when_unreachable),
        )
        self._changed = asyncio.Event()
        self._timed = asyncio.Event()
        self._timed_until: int | None = None  # local ms of the deadline that is slept for
        self.store.subscribe(self._on_changes)
        if not options.demo_only:
            for gateway in settings.gateways:
                self._add(gateway)

    def _add(self, gateway: GatewaySettings) -> None:
        self.store.apply(ev.GatewayAdded(gateway.id, gateway.name, gateway.url))
        client = client_of(gateway)
        self._restarts[gateway.id] = asyncio.Event()
        options = SupervisorOptions(
            gateway=gateway.id,
            url=gateway.url,
            token=gateway.token,
            client=client,
            rest_url=gateway.rest_url,
            poll_s=gateway.poll_s,
            insecure=gateway.insecure,
            scopes=gateway.scopes,
            proxy=gateway.proxy,
            fingerprint=gateway.fingerprint,
            rest_after_s=self._options.http_after_s,
        )
        services = SupervisorServices(
            identity=self.identity,
            tokens=self._tokens,
            clock=self.clock,
            rng=self._rng,
            sink=self.store.apply,
        )
        self.links[gateway.id] = GatewaySupervisor(options, services)

    @property
    def tokens(self) -> DeviceTokens:
        """Device tokens: where they are and why, and `use_keyring_now` for the operator."""
        return self._tokens

    def identity(self) -> Identity:
        """This device's key, read or created at the first call.

        Raises:
            IdentityError: It can be neither read nor written.
        """
        if self._identity is None:
            self._identity = load_identity(self._paths.identity)
            if self._identity.kept_aside is not None:
                self.memory.notes.add(identity_note(self._identity.kept_aside))
        return self._identity

    async def test_gateway(
        self, url: str, token: str, *, insecure: bool = False
    ) -> AsyncGenerator[StepResult]:
        """Try the way to a gateway, in the settings or not, with a connection of its own.

        See `gateway.probe.probe`: it never raises; who stops early closes it.

        Args:
            url: ws:// or wss://.
            token: The shared token; where it is empty, the device token that is kept serves.
            insecure: Tokens may travel unencrypted.
        """
        from cc_desktop.gateway.probe import ProbeTarget, probe  # most starts need none

        add_secret(token)
        known = next((one for one in self._settings.gateways if one.url == url), None)
        target = ProbeTarget(
            url=url,
            client=client_of(known),
            identity=self.identity,
            token=token,
            tokens=self._tokens,
            insecure=insecure,
            scopes=known.scopes if known else SCOPES,
        )
        async with contextlib.aclosing(probe(target, self.clock)) as results:
            async for result in results:
                yield result

    @property
    def is_settled(self) -> bool:
        """Whether every gateway is live, or has failed over WebSocket and HTTP."""
        return all(
            name in self._crashed
            or link.connection.state is ConnectionState.LIVE
            or (
                link.connection.state in (ConnectionState.BLOCKED, ConnectionState.WAITING)
                and link.rest_tried
            )
            for name, link in self.links.items()
        )

    async def run(self) -> None:
        """Watch the fleet until cancelled. Nothing that happens to one gateway ends this."""
        for gateway, marks in self.memory.seen.load().items():
            self.store.apply(ev.Seen(gateway, marks))
        jobs = [self._keep_gateway(name) for name in self.links]
        for context, job in (
            ("demo policy", self._watch_source),
            ("timer", self._watch_time),
            ("storage", functools.partial(self.memory.run, self.clock)),
        ):
            jobs.append(keep_running(context, job, self.clock, self._faults))
        if self._options.wake_sources:
            jobs.append(
                keep_running("network watch", self._watch_network, self.clock, self._faults)
            )
        tasks = [asyncio.create_task(job) for job in jobs]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._stop_demo()

    # Gateways

    async def _keep_gateway(self, name: str) -> None:
        async def run() -> None:
            self._crashed.discard(name)
            await self.links[name].run()

        await keep_running(
            f"gateway {name}",
            run,
            self.clock,
            self._faults,
            on_failure=lambda wait_s: self._show_crash(name, wait_s),
            wake=self._restarts[name],
        )

    def _show_crash(self, name: str, wait_s: float) -> None:
        self._crashed.add(name)
        gateway = self.store.fleet.gateways[name]
        if gateway.origin in (Origin.LIVE, Origin.REST):
            self.store.apply(ev.OriginChanged(name, Origin.LAST_KNOWN))
        until = self.clock.now_ms() + int(wait_s * 1000)
        info = ConnectionInfo(ConnectionState.WAITING, until, internal_problem())
        self.store.apply(ev.ConnectionChanged(name, info))

    async def _watch_network(self) -> None:
        await watch(self._options.wake_sources, lambda _kind: self.network_is_back())

    def network_is_back(self) -> None:
        """The network or the machine came back: every gateway is worth an attempt at once."""
        self._reconnect("")

    # Commands

    def execute(self, command: Command) -> str:
        """Carry out what the operator asks; never blocks.

        How far it is, is in the model: `Gateway.commands`, by the command's id.

        Returns:
            The id of the command.
        """
        if not command.id:
            ident = f"{self._rng.getrandbits(64):016x}"
            command = msgspec.structs.replace(command, id=ident)
        for gateway in self._targets(command):
            self.store.apply(ev.CommandSent(gateway, command))
            try:
                refused = self._carry_out(gateway, command)
            except Exception as error:  # noqa: BLE001, RUF100 - the border of a failure domain
                self._faults.record(f"command {type(command).__name__}", error)
                refused = "internal"
            if refused is not None:
                self._end_command(gateway, command.id, refused)
        return command.id

    def _end_command(self, gateway: str, ident: str, refused: str) -> None:
        if refused:
            self.store.apply(ev.CommandRefused(gateway, ident, refused))
        else:
            self.store.apply(ev.CommandDone(gateway, ident))

    def _targets(self, command: Command) -> list[str]:
        match command:
            case Reconnect(gateway=""):
                return list(self.links)
            case MarkSeen() | MarkUnseen() | Reconnect() | Refresh():
                return [command.gateway]
            case RequestRights() | GiveBackRights():
                return [command.gateway]
        raise TypeError(type(command).__name__)

    def _carry_out(self, gateway: str, command: Command) -> str | None:
        """Returns why it is refused, as a kind; "" if it is done; None if it is under way."""
        if isinstance(command, MarkSeen | MarkUnseen):
            return self._mark(command)
        link = self.links.get(gateway)
        if link is None:
            return "demo" if gateway == DEMO_GATEWAY else "unknown-gateway"
        if isinstance(command, RequestRights | GiveBackRights):
            end = functools.partial(self._end_command, gateway, command.id)
            link.change_rights(command, end)
            return None
        if isinstance(command, Reconnect):
            self._reconnect(gateway)
        elif not link.is_live:
            return "not-live"
        else:
            link.refresh()
        return ""

    def _reconnect(self, gateway: str) -> None:
        for name, link in self.links.items():
            if gateway in ("", name):
                if name in self._crashed:
                    self._restarts[name].set()
                link.reconnect_now()

    def _mark(self, command: MarkSeen | MarkUnseen) -> str:
        agent = self.store.fleet.agent(command.gateway, command.agent)
        if agent is None:
            return "unknown-agent"
        marks = {key: row.finished_at for key, row in agent.sessions.items() if row.failed}
        marks.update(dict.fromkeys(agent.unconfirmed_failures, self.clock.now_ms()))
        if command.sessions:
            marks = {key: at for key, at in marks.items() if key in command.sessions}
        if isinstance(command, MarkUnseen):
            self.store.apply(ev.Unseen(command.gateway, frozenset(marks)))
        else:
            self.store.apply(ev.Seen(command.gateway, marks))
        if command.gateway != DEMO_GATEWAY:
            seen = self.store.fleet.gateways[command.gateway].seen
            self.memory.seen.save(command.gateway, seen)
        return ""

    def show_last_known(self, wanted: bool) -> None:
        """Prefer the last known fleet to sample data (or the reverse) until a gateway is back."""
        self._policy.choose_last_known(wanted)
        self._changed.set()

    def now_ms(self) -> int:
        """Local ms since the epoch."""
        return self.clock.now_ms()

    def recall(self, key: str) -> Any:
        """What was remembered under a key, or None."""
        return self.memory.state.get(key)

    def remember(self, key: str, value: Any) -> None:
        """Remember a value for the next start."""
        self.memory.state.set(key, value)

    # Demo

    def _on_changes(self, changes: list[Change]) -> None:
        for change in changes:
            if isinstance(change, GatewayChanged):
                if change.gateway != DEMO_GATEWAY:
                    self._changed.set()
                if change.after and change.after.commands:
                    self._timed.set()  # one that is done is forgotten after a while
            elif isinstance(change, AgentChanged) and self._brings_deadline(change):
                self._timed.set()

    async def _watch_source(self) -> None:
        while True:
            self._changed.clear()
            due, again = self._policy.decide(self.store.fleet, self.clock.now_ms())
            may = self._options.may_demo and self._settings.demo
            wanted = self._options.demo_only or (due and may)
            if wanted and self._demo_task is None:
                job = keep_running("demo", self._play_demo, self.clock, self._faults)
                self._demo_task = asyncio.create_task(job, name="demo")
            elif not wanted and self._demo_task is not None:
                await self._stop_demo()
            if again is None:
                await self._changed.wait()
            else:
                wait = max(0.05, (again - self.clock.now_ms()) / 1000)
                await wake_or_sleep(self.clock, self._changed, wait)

    async def _play_demo(self) -> None:
        from cc_desktop.demo.simulation import Demo  # most starts need none

        data = msgspec.json.decode(resource("demo-fleet.json").read_bytes())
        story = Demo(data, self._settings.demo_seed, self.clock.now_ms())
        try:
            self._hide_gateways(True)
            for event in story.first():
                self.store.apply(event)
            while True:
                events, wait_ms = story.step(self.clock.now_ms())
                for event in events:
                    self.store.apply(event)
                await self.clock.sleep(wait_ms / 1000)
        finally:
            self.store.apply(ev.GatewayRemoved(DEMO_GATEWAY))
            self._hide_gateways(False)

    def _hide_gateways(self, hidden: bool) -> None:
        for name in self.links:
            self.store.apply(ev.Shown(name, shown=not hidden))

    async def _stop_demo(self) -> None:
        task, self._demo_task = self._demo_task, None
        if task is not None:
            task.cancel()
            (end,) = await asyncio.gather(task, return_exceptions=True)
            if isinstance(end, Exception):
                self._faults.record("demo, at its end", end)

    # Time

    def _brings_deadline(self, change: AgentChanged) -> bool:
        """Whether an agent now changes by itself earlier than the timer would look."""
        before, after = change.before, change.after
        if after is None or not (after.heard or after.approvals):
            return False
        if self._timed_until is None:
            return True
        if (
            before is not None
            and before.approvals_expire_at == after.approvals_expire_at
            and len(before.heard) == len(after.heard)
        ):
            return False  # a sign of life only moves a deadline away
        now, mono = self.clock.now_ms(), int(self.clock.monotonic() * 1000)
        due = next_deadline({after.id: after}, self.store.fleet.stuck_after_ms, now, mono)
        return due is not None and due < self._timed_until

    async def _watch_time(self) -> None:
        """Runs fall silent and approvals expire; where nothing is open, no timer runs."""
        while True:
            self._timed.clear()
            wait_ms = self.store.wait_ms()
            if wait_ms is None:
                self._timed_until = None
                await self._timed.wait()
                continue
            self._timed_until = self.clock.now_ms() + wait_ms
            wait_s = min(LONGEST_SLEEP_S, max(0.1, wait_ms / 1000))
            if await wake_or_sleep(self.clock, self._timed, wait_s):
                continue  # something is due earlier
            for name in list(self.store.fleet.gateways):
                self.store.apply(ev.Tick(name))
