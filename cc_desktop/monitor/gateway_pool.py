"""The gateways that are watched: added, removed and changed while the app runs.

Each is a failure domain of its own: whatever one raises stays there, and a change of one never
reconnects another.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import structs

from cc_desktop import __version__
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Origin, Problem
from cc_desktop.gateway.failures import FailureKind
from cc_desktop.gateway.incidents import IncidentLog
from cc_desktop.gateway.options import SupervisorOptions, SupervisorServices
from cc_desktop.monitor.options import internal_problem
from cc_desktop.protocol.handshake import Client
from cc_desktop.system.supervision import FaultLog, keep_running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cc_desktop.config.secrets.shared_tokens import SharedTokens
    from cc_desktop.config.settings import GatewaySettings
    from cc_desktop.fleet.store import Store
    from cc_desktop.gateway.actions import Actions, OpenCommands
    from cc_desktop.gateway.supervisor import GatewaySupervisor

log = logging.getLogger(__name__)

PLATFORM = {"darwin": "macos", "win32": "windows"}.get(sys.platform, "linux")


class _Sink:
    """Hands the events of one supervisor to the model, until the gateway is removed or changed."""

    def __init__(self, apply: Callable[[ev.Event], object]) -> None:
        self._apply = apply
        self.open = True

    def __call__(self, event: ev.Event) -> None:
        if self.open:
            self._apply(event)


class _Watched:
    """One gateway, and the task that keeps it connected."""

    def __init__(
        self,
        settings: GatewaySettings,
        sink: _Sink,
        connect: Callable[[], tuple[GatewaySupervisor, Actions]] | None,
    ) -> None:
        self.settings = settings
        self.sink = sink
        self._connect = connect  # None: its settings cannot be used
        self._made: tuple[GatewaySupervisor, Actions] | None = None
        self._left: OpenCommands = {}  # commands of an earlier connection whose end is not known
        self.restart = asyncio.Event()
        self.has_crashed = False  # its supervisor failed, until its next start
        self.task: asyncio.Task[None] | None = None

    @property
    def is_made(self) -> bool:
        """Whether there is a supervisor already."""
        return self._made is not None

    @property
    def link(self) -> GatewaySupervisor | None:
        """Its supervisor, or None: its settings cannot be used. Made when first needed."""
        made = self._make()
        return made[0] if made else None

    @property
    def actions(self) -> Actions | None:
        """What the operator does on it, likewise."""
        made = self._make()
        return made[1] if made else None

    def adopt(self, left: OpenCommands) -> None:
        """Find out what became of commands that an earlier connection left open."""
        if left and self.actions is not None:
            self.actions.adopt(left)
        else:
            self._left = left
            for ident in left:
                self.sink(ev.CommandUnknown(self.settings.id, ident, "lost"))

    def cancel_actions(self) -> OpenCommands:
        """End what the operator began on it, and return the commands whose end is not known."""
        return self._made[1].cancel() if self._made is not None else self._left

    def _make(self) -> tuple[GatewaySupervisor, Actions] | None:
        if self._made is None and self._connect is not None:
            self._made = self._connect()
        return self._made


class GatewayPool:
    """Keeps the gateways of the settings connected."""

    def __init__(
        self,
        store: Store,
        services: SupervisorServices,
        shared: SharedTokens,
        faults: FaultLog,
        http_after_s: float,
    ) -> None:
        """Watch nothing yet; see `configure`.

        Args:
            store: The model.
            services: What each supervisor needs; its `sink` is not used.
            shared: Tokens of gateways whose settings name none.
            faults: Where failures of supervisors are logged once.
            http_after_s: Seconds without a WebSocket before the HTTP fallback starts.
        """
        self._store = store
        self._services = services
        self._shared = shared
        self._faults = faults
        self._http_after_s = http_after_s
        self._watched: dict[str, _Watched] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._is_running = False
        self._is_in_sight = False

    @property
    def supervisors(self) -> dict[str, GatewaySupervisor]:
        """The supervisors, by the gateway's id, in the order of the settings."""
        return {name: one.link for name, one in self._watched.items() if one.link is not None}

    def actions(self, gateway: str) -> Actions | None:
        """What the operator does on a gateway; None: it is not connected to."""
        one = self._watched.get(gateway)
        return one.actions if one is not None else None

    @property
    def is_settled(self) -> bool:
        """Whether every gateway is live, or has failed over WebSocket and HTTP."""
        return all(
            one.has_crashed
            or one.link is None
            or one.link.is_live
            or (
                one.link.connection.state in (ConnectionState.BLOCKED, ConnectionState.WAITING)
                and one.link.http_tried
            )
            for one in self._watched.values()
        )

    def configure(
        self, gateways: Iterable[GatewaySettings], changed: frozenset[str] = frozenset()
    ) -> list[str]:
        """Watch these gateways from now on. Those that stay as they are keep their connection.

        Args:
            gateways: In the order in which they are shown; those that are off are left out.
            changed: Ids of gateways to reconnect although their settings are the same, because
                their secret is another one.

        Returns:
            The ids of those that the model knows nothing about yet.
        """
        wanted = {each.id: each for each in gateways if each.enabled}
        for name, one in list(self._watched.items()):
            # What another address told says nothing about this one.
            if name not in wanted or one.settings.url != wanted[name].url:
                self._remove(name)
        fresh = [name for name in wanted if name not in self._watched]
        for name, settings in wanted.items():
            if name in fresh:
                self._store.apply(ev.GatewayAdded(name, settings.name, settings.url))
                self._watch(settings)
            else:
                self._update(settings, is_forced=name in changed)
        self._watched = {name: self._watched[name] for name in wanted}
        self._store.apply(ev.GatewaysOrdered(tuple(wanted)))
        return fresh

    def reconnect(self, gateway: str) -> None:
        """Try at once, whatever a gateway waits for; "" for all."""
        for name, one in self._watched.items():
            if one.link is not None and gateway in ("", name):
                if one.has_crashed:
                    one.restart.set()
                one.link.reconnect_now()
                if self._is_running and not (one.settings.token or self._shared.known(name)):
                    self._shared.start(self._reconnect_with_token(one.link, name))

    def wake(self) -> None:
        """End the waits: the network or the computer is back. What is blocked stays so."""
        for one in self._watched.values():
            if one.link is not None:
                if one.has_crashed:
                    one.restart.set()
                one.link.wake()

    def set_in_sight(self, is_in_sight: bool) -> None:
        """The window is in sight, or not: gateways that are told say more while it is."""
        self._is_in_sight = is_in_sight
        for one in self._watched.values():
            if one.is_made and one.link is not None:
                one.link.visibility.set_in_sight(is_in_sight)

    async def _reconnect_with_token(self, link: GatewaySupervisor, name: str) -> None:
        """The keyring may have been unlocked since the last try."""
        if await self._shared.read(name):
            link.reconnect_now()

    async def run(self) -> None:
        """Keep them connected until cancelled."""
        self._is_running = True
        try:
            for one in self._watched.values():
                self._start(one)
            await asyncio.Event().wait()
        finally:
            self._is_running = False
            for one in self._watched.values():
                one.cancel_actions()
            tasks = {one.task for one in self._watched.values() if one.task} | self._ending
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _watch(self, settings: GatewaySettings, left: OpenCommands | None = None) -> None:
        self._watched[settings.id] = one = self._make(settings)
        one.adopt(left or {})
        if self._is_running:
            self._start(one)

    def _remove(self, name: str) -> None:
        self._end(self._watched.pop(name))
        self._store.apply(ev.GatewayRemoved(name))

    def _update(self, settings: GatewaySettings, *, is_forced: bool) -> None:
        old = self._watched[settings.id]
        self._store.apply(ev.GatewayRenamed(settings.id, settings.name))
        if replace(old.settings, name=settings.name) == settings and not is_forced:
            old.settings = settings
            return
        left = self._end(old)
        if self._store.fleet.gateways[settings.id].origin in (Origin.LIVE, Origin.REST):
            self._store.apply(ev.OriginChanged(settings.id, Origin.LAST_KNOWN))
        self._watch(settings, left)

    def _make(self, settings: GatewaySettings) -> _Watched:
        sink = _Sink(self._store.apply)
        slip = settings.problem
        if slip is not None:
            problem = Problem(FailureKind.SETTINGS.value, code=slip.kind.value, detail=slip.place)
            info = ConnectionInfo(ConnectionState.BLOCKED, problem=problem)
            self._store.apply(ev.ConnectionChanged(settings.id, info))
            return _Watched(settings, sink, None)
        self._store.apply(ev.ConnectionChanged(settings.id, ConnectionInfo()))
        return _Watched(settings, sink, lambda: self._connect(settings, sink))

    def _connect(self, settings: GatewaySettings, sink: _Sink) -> tuple[GatewaySupervisor, Actions]:
        # The window is painted before: the libraries for connecting take a while to load.
        from cc_desktop.gateway.actions import Actions
        from cc_desktop.gateway.supervisor import GatewaySupervisor

        options = supervisor_options(settings, self._http_after_s)
        if not settings.token:
            options = structs.replace(options, token=self._shared.secret_of(settings.id))
        link = GatewaySupervisor(options, replace(self._services, sink=sink))
        link.visibility.set_in_sight(self._is_in_sight)
        actions = Actions(
            link,
            lambda: self._store.fleet.gateways.get(settings.id),
            sink,
            self._services.clock,
            IncidentLog(log),
        )
        return link, actions

    def _start(self, one: _Watched) -> None:
        if one.link is not None:
            name = f"gateway {one.settings.id}"
            one.task = asyncio.create_task(self._keep(one, one.link), name=name)

    def _end(self, one: _Watched) -> OpenCommands:
        """Let go of a gateway. Its connection closes in the background and tells nothing more.

        Returns:
            The commands whose end is not known.
        """
        one.sink.open = False
        left = one.cancel_actions()
        if one.task is not None:
            one.task.cancel()
            self._ending.add(one.task)
            one.task.add_done_callback(self._ending.discard)
        return left

    async def _keep(self, one: _Watched, link: GatewaySupervisor) -> None:
        async def run() -> None:
            one.has_crashed = False
            if not one.settings.token:
                await self._shared.read(one.settings.id)
            await link.run()

        await keep_running(
            f"gateway {one.settings.id}",
            run,
            self._services.clock,
            self._faults,
            on_failure=lambda wait_s: self._show_crash(one, wait_s),
            wake=one.restart,
        )

    def _show_crash(self, one: _Watched, wait_s: float) -> None:
        one.has_crashed = True
        name = one.settings.id
        if self._store.fleet.gateways[name].origin in (Origin.LIVE, Origin.REST):
            one.sink(ev.OriginChanged(name, Origin.LAST_KNOWN))
        until = self._services.clock.now_ms() + int(wait_s * 1000)
        info = ConnectionInfo(ConnectionState.WAITING, until, internal_problem())
        one.sink(ev.ConnectionChanged(name, info))


def client_of(gateway: GatewaySettings | None) -> Client:
    """How this app introduces itself to a gateway; None: to one that is not in the settings."""
    client = Client(version=__version__, platform=PLATFORM, instance_id="")
    if gateway is not None and gateway.client_id:
        client = replace(client, id=gateway.client_id)
    if gateway is not None and gateway.client_mode:
        client = replace(client, mode=gateway.client_mode)
    return client


def supervisor_options(gateway: GatewaySettings, http_after_s: float) -> SupervisorOptions:
    """What the supervisor of a gateway is told."""
    return SupervisorOptions(
        gateway=gateway.id,
        url=gateway.url,
        token=gateway.token,
        client=client_of(gateway),
        rest_url=gateway.rest_url,
        poll_s=gateway.poll_s,
        insecure=gateway.insecure,
        scopes=gateway.scopes,
        proxy=gateway.proxy,
        fingerprint=gateway.fingerprint,
        http_after_s=http_after_s,
    )
