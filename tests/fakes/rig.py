"""A supervisor on a fake clock that feeds a real store."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from cc_desktop.config.secrets.credentials import Token
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import ConnectionState
from cc_desktop.fleet.store import Store
from cc_desktop.gateway.device_identity import Identity, new_identity
from cc_desktop.gateway.options import SupervisorOptions, SupervisorServices
from cc_desktop.gateway.supervisor import GatewaySupervisor
from cc_desktop.protocol.handshake import SCOPES, Client
from tests.fakes.clock import FakeClock, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from cc_desktop.fleet.model import Gateway, Problem, Session

NEVER_S = 1e9
CLIENT = Client(version="1.0", platform="linux", instance_id="i-1")


class MemoryTokens:
    """Implements `cc_desktop.gateway.options.TokenStore`."""

    def __init__(self, by_url: dict[str, str] | None = None) -> None:
        self.place = ""
        self.kept = dict(by_url or {})
        self.scopes: dict[str, tuple[str, ...]] = {}
        self.reads = 0
        self.writes = 0

    async def get(self, url: str, _device_id: str, _role: str) -> Token:
        self.reads += 1
        if url in self.kept:
            self.place = "file"
        return Token(self.kept.get(url, ""))

    async def keep(self, url: str, _device_id: str, _role: str, token: str) -> None:
        self.writes += 1
        self.kept[url] = token
        self.place = "file"

    async def drop(self, url: str, _device_id: str, _role: str) -> None:
        self.kept.pop(url, None)

    def rights(self, url: str, _device_id: str, _role: str) -> tuple[str, ...]:
        return self.scopes.get(url, ())

    def keep_rights(self, url: str, _device_id: str, _role: str, scopes: tuple[str, ...]) -> None:
        self.scopes[url] = scopes


class Rig:
    """What a test asks a running supervisor."""

    def __init__(self, clock: FakeClock, store: Store, link: GatewaySupervisor) -> None:
        self.clock = clock
        self.store = store
        self.link = link
        self.task = asyncio.create_task(link.run())
        self.states: list[ConnectionState] = []

    @property
    def gateway(self) -> Gateway:
        return self.store.fleet.gateways["gw"]

    @property
    def problem(self) -> Problem:
        """What is wrong; that something is wrong is asserted."""
        problem = self.link.connection.problem
        assert problem is not None, self.link.connection
        return problem

    @property
    def state(self) -> ConnectionState:
        return self.link.connection.state

    def session(self, key: str) -> Session | None:
        agent = self.gateway.agents.get(key.split(":")[1])
        return agent.sessions.get(key) if agent else None

    async def reach(self, state: ConnectionState) -> None:
        """Wait for a state while time stands still."""
        await until(lambda: self.state is state or self.task.done(), f"state {state}")
        assert self.state is state, self.task

    async def live(self) -> None:
        await self.reach(ConnectionState.LIVE)


@asynccontextmanager
async def running_link(
    url: str,
    *,
    token: str = "",
    tokens: MemoryTokens | None = None,
    clock: FakeClock | None = None,
    rest_url: str = "http://127.0.0.1:9/api/agents",
    http_after_s: float = NEVER_S,
    poll_s: float = 5.0,
    insecure: bool = False,
    identity: Callable[[], Identity] | None = None,
    scopes: tuple[str, ...] = SCOPES,
    fingerprint: str = "",
    proxy: str = "",
    sink: Callable[[Any], object] | None = None,
    incidents: int = 0,
) -> AsyncIterator[Rig]:
    """A supervisor that runs until the end of the block.

    Args:
        sink: Sees each event before the store does, and may raise.
        incidents: How many unexpected exceptions the supervisor may have caught; -1 for any.
    """
    clock = clock or FakeClock()
    store = Store(clock.now_ms, lambda: round(clock.monotonic() * 1000))
    store.apply(ev.GatewayAdded("gw", "Gateway", url))
    states: list[ConnectionState] = []
    me = new_identity()

    def take(event: Any) -> None:
        if sink is not None:
            sink(event)
        if isinstance(event, ev.ConnectionChanged) and event.connection.state not in states[-1:]:
            states.append(event.connection.state)
        store.apply(event)

    options = SupervisorOptions(
        gateway="gw",
        url=url,
        token=Token(token),
        client=CLIENT,
        rest_url=rest_url,
        poll_s=poll_s,
        insecure=insecure,
        http_after_s=http_after_s,
        scopes=scopes,
        fingerprint=fingerprint,
        proxy=proxy,
    )
    services = SupervisorServices(
        identity=identity or (lambda: me),
        tokens=tokens or MemoryTokens(),
        clock=clock,
        rng=random.Random(1),
        sink=take,
    )
    link = GatewaySupervisor(options, services)
    rig = Rig(clock, store, link)
    rig.states = states
    try:
        yield rig
    finally:
        rig.task.cancel()
        (result,) = await asyncio.gather(rig.task, return_exceptions=True)
        if not isinstance(result, asyncio.CancelledError):
            raise AssertionError(f"the link ended by itself: {result!r}") from (
                result if isinstance(result, BaseException) else None
            )
        assert incidents in (-1, link.incidents), "see the log for what was not expected"
