"""Sources of a gateway that answers from a table, on a fake clock, with a real store."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from typing import TYPE_CHECKING, Any, cast

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.inbox.follow import all_items
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState
from cc_desktop.fleet.store import Store
from cc_desktop.gateway.device_identity import new_identity
from cc_desktop.gateway.failures import Failure, RequestFailedError
from cc_desktop.gateway.incidents import IncidentLog
from cc_desktop.gateway.options import SupervisorServices
from cc_desktop.gateway.sources.gateway_sources import GatewaySources
from cc_desktop.protocol.frames import EventFrame, GatewayError
from cc_desktop.protocol.handshake import Hello, read_hello
from cc_desktop.system.supervision import cancel_all
from tests.fakes.rig import MemoryTokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from cc_desktop.fleet.facts import Facts, ReadAccess
    from cc_desktop.gateway.connection import GatewayConnection
    from tests.fakes.clock import FakeClock

METHODS = [
    "cron.list",
    "tasks.list",
    "models.authStatus",
    "usage.status",
    "config.get",
    "device.pair.list",
]
EMPTY: dict[str, Any] = {
    "cron.list": {"jobs": []},
    "tasks.list": {"tasks": []},
    "models.authStatus": {"providers": []},
    "usage.status": {"providers": []},
    "config.get": {"configRevisionHash": "a", "appliedConfigHash": "a"},
}


def hello(**snapshot: Any) -> Hello:
    """hello-ok of 2026.9.6."""
    return read_hello(
        {
            "protocol": 4,
            "server": {"version": "2026.9.6"},
            "features": {"methods": METHODS},
            "snapshot": {"appliedConfigHash": "a", **snapshot},
        }
    )


def refusal(code: str, message: str) -> RequestFailedError:
    return RequestFailedError(Failure(error=GatewayError(code, message)))


class Scene:
    """What a test asks."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.store = Store(clock.now_ms, lambda: round(clock.monotonic() * 1000))
        self.store.apply(ev.GatewayAdded("g", "Home"))
        self.store.apply(ev.ConnectionChanged("g", ConnectionInfo(ConnectionState.LIVE)))
        self.answers: dict[str, Any] = dict(EMPTY)
        self.asked: list[str] = []
        self.params: list[Any] = []
        self.incidents = IncidentLog(logging.getLogger("test"))
        self.sink: Callable[[ev.Event], object] = self.store.apply
        me = new_identity()
        services = SupervisorServices(
            identity=lambda: me,
            tokens=MemoryTokens(),
            clock=clock,
            rng=random.Random(1),
            sink=lambda event: self.sink(event),
        )
        self.sources = GatewaySources("g", services, self.incidents)
        # As a connection
        self.hello = hello()
        self.scopes: tuple[str, ...] = ("operator.read",)

    async def request(self, method: str, params: Any = None, *, raw: bool = False) -> Any:
        self.asked.append(method)
        self.params.append(params)
        if method not in self.answers:
            raise refusal("INVALID_REQUEST", "missing scope: operator.admin")
        answer = self.answers[method]
        if callable(answer):
            answer = answer(params)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @contextlib.asynccontextmanager
    async def connected(self, *, live: bool = True) -> AsyncIterator[asyncio.Event]:
        is_live = asyncio.Event()
        if live:
            is_live.set()
        self.sources.begin(cast("GatewayConnection", self), is_live)
        try:
            yield is_live
        finally:
            await cancel_all(self.sources.end())

    def event(self, name: str, payload: Any) -> None:
        self.sources.on_event(EventFrame(name, payload))

    @property
    def facts(self) -> Facts:
        return self.store.fleet.gateways["g"].facts

    def access(self, subject: str) -> ReadAccess:
        return self.facts.access(subject)

    @property
    def kinds(self) -> list[str]:
        return sorted(item.kind.value for item in all_items(self.store.fleet.gateways["g"]))
