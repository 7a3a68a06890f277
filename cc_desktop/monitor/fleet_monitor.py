"""FleetMonitor: what the window, the tray and the command line ask about the fleet."""

from __future__ import annotations

import contextlib
import functools
import logging
import random
from typing import TYPE_CHECKING, Any

import msgspec

from cc_desktop.config.secrets.device_tokens import DeviceTokens
from cc_desktop.config.secrets.shared_tokens import SharedTokens
from cc_desktop.config.storage import Storage, identity_note
from cc_desktop.demo.policy import DEMO_GATEWAY
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.history.log import HistoryLog
from cc_desktop.fleet.model import Change, ConnectionState, GatewayChanged
from cc_desktop.fleet.store import Store
from cc_desktop.gateway.device_identity import Identity, load_identity
from cc_desktop.gateway.options import SupervisorServices
from cc_desktop.monitor.command_desk import CommandDesk
from cc_desktop.monitor.deadlines import Deadlines
from cc_desktop.monitor.demo_player import DemoPlayer
from cc_desktop.monitor.gateway_pool import GatewayPool, client_of
from cc_desktop.monitor.options import MonitorOptions, limits_of
from cc_desktop.monitor.queries import FleetQueries
from cc_desktop.monitor.views import MonitorViews
from cc_desktop.protocol.handshake import SCOPES
from cc_desktop.system.clock import Clock, SystemClock
from cc_desktop.system.network_watch import watch
from cc_desktop.system.redaction import add_secret
from cc_desktop.system.supervision import FaultLog, keep_running, run_together

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
    from pathlib import Path

    from cc_desktop.config.gateway_editor import GatewayEditor
    from cc_desktop.config.paths import Paths
    from cc_desktop.config.secrets.credentials import Token
    from cc_desktop.config.settings import Settings
    from cc_desktop.fleet.commands import Command
    from cc_desktop.gateway.probe import StepResult
    from cc_desktop.gateway.supervisor import GatewaySupervisor

log = logging.getLogger(__name__)


class FleetMonitor:
    """Watches all gateways. Each is a failure domain of its own: whatever one raises stays there.

    Attributes:
        clock: Time, passed in.
        store: The model, and who is told of its changes.
        memory: Preferences, notices and whatever else is kept between starts.
        settings: The settings as they were read last.
        shared: Tokens and passwords that the operator entered in the window.
        views: Opens sessions to look at.
        history: What happened since the app started.
        queries: What is asked of a gateway when somebody looks.
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
        self.memory = Storage(paths)
        self.settings = settings
        self._options = options
        self._rng = rng or random.Random()
        self._paths = paths
        self._identity: Identity | None = None
        self._tokens = DeviceTokens(paths.tokens, use_keyring=settings.keyring)
        self.shared = SharedTokens(paths.shared_tokens, use_keyring=settings.keyring)
        self._faults = FaultLog(log)
        self._listeners: list[Callable[[Settings], None]] = []
        self._deadlines = Deadlines(self.store, self.clock, self._list_again)
        self._demo = DemoPlayer(self.store, self.clock, self._faults, options, settings)
        services = SupervisorServices(
            identity=self.identity,
            tokens=self._tokens,
            clock=self.clock,
            rng=self._rng,
            sink=self.store.apply,
        )
        self._pool = GatewayPool(
            self.store, services, self.shared, self._faults, options.http_after_s
        )
        self.views = MonitorViews(self.store, lambda: self._pool.supervisors, self._faults)
        self._desk = CommandDesk(
            self.store,
            self._pool,
            self.memory.seen,
            self.clock,
            self._rng,
            self._faults,
            self._demo,
        )
        self.history = HistoryLog(self.store, self.clock.now_ms)
        self.queries = FleetQueries(self.store, lambda: self.supervisors, self.clock)
        self.store.subscribe(self._on_changes)
        self.configure(settings)

    @property
    def supervisors(self) -> dict[str, GatewaySupervisor]:
        """The supervisor of each gateway, by the gateway's id."""
        return self._pool.supervisors

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
        self, url: str, token: str, *, insecure: bool = False, fingerprint: str | None = None
    ) -> AsyncGenerator[StepResult]:
        """Try the way to a gateway, in the settings or not, with a connection of its own.

        See `gateway.probe.probe`: it never raises; who stops early closes it.

        Args:
            url: ws:// or wss://.
            token: The shared token; where it is empty, the device token that is kept serves.
            insecure: Tokens may travel unencrypted.
            fingerprint: The one certificate that is trusted; None: the one of the settings.
        """
        from cc_desktop.gateway.dialing import Way
        from cc_desktop.gateway.probe import ProbeTarget, probe  # most starts need none

        add_secret(token)
        known = next((one for one in self.settings.gateways if one.url == url), None)
        way = Way(known.proxy, known.fingerprint) if known else Way()
        if fingerprint is not None:
            way = Way(way.proxy, fingerprint)
        target = ProbeTarget(
            url=url,
            client=client_of(known),
            identity=self.identity,
            token=token,
            tokens=self._tokens,
            insecure=insecure,
            scopes=known.scopes if known else SCOPES,
            way=way,
        )
        async with contextlib.aclosing(probe(target, self.clock)) as results:
            async for result in results:
                yield result

    @property
    def is_settled(self) -> bool:
        """Whether every gateway is live, or has failed over WebSocket and HTTP."""
        return self._pool.is_settled

    async def run(self) -> None:
        """Watch the fleet until cancelled. Nothing that happens to one gateway ends this."""
        guarded: dict[str, Callable[[], Awaitable[object]]] = {
            "demo policy": self._demo.run,
            "timer": self._deadlines.run,
            "storage": functools.partial(self.memory.run, self.clock),
        }
        if self._options.wake_sources:
            guarded["network watch"] = self._watch_network
        jobs: dict[str, Coroutine[Any, Any, object]] = {"gateways": self._pool.run()}
        for name, job in guarded.items():
            jobs[name] = keep_running(name, job, self.clock, self._faults)
        try:
            await run_together(jobs)
        finally:
            await self._demo.stop()

    async def _watch_network(self) -> None:
        await watch(self._options.wake_sources, lambda _kind: self.network_is_back())

    def network_is_back(self) -> None:
        """The network or the machine came back: every gateway that waits is worth an attempt."""
        self._pool.wake()

    # Settings

    def configure(self, settings: Settings, changed: frozenset[str] = frozenset()) -> None:
        """Take over other settings. Only gateways that changed reconnect.

        Args:
            settings: All of them.
            changed: Ids of gateways that reconnect in any case: their secret is another one.
        """
        self.settings = settings
        self.shared.allow_keyring(settings.keyring)
        if self._tokens.allow_keyring(settings.keyring) and settings.keyring:
            self._pool.reconnect("")  # it may have the token that a gateway waits for
        if self.store.fleet.stuck_after_ms != settings.stuck_after_ms:
            self.store.fleet = msgspec.structs.replace(
                self.store.fleet, stuck_after_ms=settings.stuck_after_ms
            )
            for name in list(self.store.fleet.gateways):
                self.store.apply(ev.Tick(name))
            self._deadlines.look_again()
        guard = limits_of(settings.guard)
        if self.store.fleet.guard != guard:
            self.store.fleet = msgspec.structs.replace(self.store.fleet, guard=guard)
            for name in list(self.store.fleet.gateways):
                self.store.apply(ev.Tick(name, other_limits=True))
        if not self._options.demo_only:
            self._desk.recall_seen(self._pool.configure(settings.gateways, changed))
        self._demo.configure(settings)
        self.views.look_again()
        for listener in list(self._listeners):
            listener(settings)

    def reload(self, changed: frozenset[str] = frozenset()) -> None:
        """Read the settings file and the token files again, and take over what is new.

        Args:
            changed: Ids of gateways that reconnect in any case: their secret is another one.
        """
        if self._options.read_settings is not None:
            self.configure(self._options.read_settings(), changed)

    @functools.cached_property
    def editor(self) -> GatewayEditor:
        """Adds, changes and removes gateways; what it does is taken over at once."""
        from cc_desktop.config.gateway_editor import GatewayEditor
        from cc_desktop.config.settings_file import SettingsFile  # it loads tomlkit

        return GatewayEditor(SettingsFile(self._paths.settings), self.shared, self.reload)

    @property
    def settings_file(self) -> Path:
        """Where the settings are written; there may be no such file."""
        return self._paths.settings

    def stored_token(self, gateway: str) -> Token:
        """The token or password of a gateway of the settings; empty if none is known."""
        for each in self.settings.gateways:
            if each.id == gateway and each.token:
                return each.token
        return self.shared.known(gateway)

    def on_settings(self, listener: Callable[[Settings], None]) -> None:
        """Call `listener` with the settings: now, and whenever they were read again."""
        self._listeners.append(listener)
        listener(self.settings)

    # Commands

    def execute(self, command: Command) -> str:
        """Carry out what the operator asks, and return the command's id; see `CommandDesk`."""
        return self._desk.execute(command, self.reload)

    def set_in_sight(self, is_in_sight: bool) -> None:
        """Somebody sees the window, or nobody does: gateways then say what each run is at."""
        self._pool.set_in_sight(is_in_sight)

    def show_last_known(self, wanted: bool) -> None:
        """Prefer the last known fleet to sample data (or the reverse) until a gateway is back."""
        self._demo.choose_last_known(wanted)

    def now_ms(self) -> int:
        """Local ms since the epoch."""
        return self.clock.now_ms()

    def recall(self, key: str) -> Any:
        """What was remembered under a key, or None."""
        return self.memory.state.get(key)

    def remember(self, key: str, value: Any) -> None:
        """Remember a value for the next start."""
        self.memory.state.set(key, value)

    def _on_changes(self, changes: list[Change]) -> None:
        self._deadlines.on_changes(changes)
        for change in changes:
            if isinstance(change, GatewayChanged) and change.gateway != DEMO_GATEWAY:
                self._demo.look_again()
                if _is_back(change):
                    self._desk.on_synced(change.gateway)
                if change.before and change.after and change.after.faults > change.before.faults:
                    self._list_again(change.gateway)  # it mends what an event could not bring

    def _list_again(self, gateway: str) -> None:
        link = self.supervisors.get(gateway)
        if link is not None:
            link.list_again()


def _is_back(change: GatewayChanged) -> bool:
    """Whether a gateway has become live just now, with its list in the model."""
    before, after = change.before, change.after
    return (
        after is not None
        and after.connection.state is ConnectionState.LIVE
        and (before is None or before.connection.state is not ConnectionState.LIVE)
    )
