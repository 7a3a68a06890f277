"""A gateway in this process without sockets: everything above the wire is the product's own.

Messages go as bytes through queues, so that an hour of six gateways takes seconds. What gets lost,
comes twice or comes late on the way is decided here.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from websockets.exceptions import ConnectionClosedError
from websockets.frames import Close

from cc_desktop.gateway.failures import CannotConnectError, Failure, FailureKind
from tests.fakes.clock import in_flight
from tests.fakes.gateway import AUTO, FakeGateway

if TYPE_CHECKING:
    import random
    from collections.abc import AsyncIterator

    from websockets.asyncio.server import ServerConnection

    from cc_desktop.gateway.dialing import Channel
    from tests.fakes.clock import FakeClock


# A gateway sends these from several places at once; what it tells of itself keeps its order.
OF_RUNS = frozenset({"agent", "chat", "sessions.changed", "session.tool"})


class End:
    """One end of a connection: as much of a WebSocket as either side uses."""

    overflowed = False

    def __init__(self) -> None:
        self.other: End = self
        self.close_code: int | None = None
        self.protocol = SimpleNamespace(close_rcvd=None)
        self.transport = SimpleNamespace(abort=self._abort, pause_reading=lambda: None)
        self._inbox: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._closed = asyncio.Event()

    async def send(self, message: str | bytes) -> None:
        if self._closed.is_set():
            raise ConnectionClosedError(None, None)
        self.other._inbox.put_nowait(message.encode() if isinstance(message, str) else message)

    async def recv(self, decode: bool | None = None) -> bytes:
        message = await self._inbox.get()
        if message is None:
            self._inbox.put_nowait(None)
            raise ConnectionClosedError(self.protocol.close_rcvd, None)
        return message

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield await self.recv()

    async def ping(self) -> asyncio.Future[float]:
        pong: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        pong.set_result(0.0)
        return pong

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self._end(Close(code, reason))

    async def wait_closed(self) -> None:
        await self._closed.wait()

    def _abort(self) -> None:
        self._end(None)

    def _end(self, how: Close | None) -> None:
        for end, received in ((self, None), (self.other, how)):
            if not end._closed.is_set():
                end._closed.set()
                end.protocol.close_rcvd = received
                end.close_code = how.code if how else 1006
                end._inbox.put_nowait(None)


@dataclass
class Network:
    """What happens to an event on its way: chances from 0 to 1."""

    rng: random.Random
    lost: float = 0.0
    twice: float = 0.0
    late: float = 0.0


class LineGateway(FakeGateway):
    """A gateway that clients reach by `dial`. Its clock may be wrong by some ms."""

    def __init__(
        self, protocol: int, clock: FakeClock, network: Network, *, wrong_by_ms: int = 0
    ) -> None:
        self._clock = clock
        self._wrong_by_ms = wrong_by_ms
        super().__init__(protocol)
        self.network = network
        self.is_up = False
        self.lossy = 0  # events that were lost so far
        self.events = 0
        self._held: list[tuple[str, Any]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def now_ms(self) -> int:
        return self._clock.now_ms() + self._wrong_by_ms

    @now_ms.setter
    def now_ms(self, _value: int) -> None:
        """The gateway's clock runs by itself here."""

    async def start(self) -> None:
        self.is_up = True
        in_flight.add(self)

    async def stop(self) -> None:
        self.is_up = False
        self.drop()

    async def delivered(self, timeout_s: float) -> None:
        """A queue needs no time beyond the turns of the loop."""

    def dial(self) -> Channel:
        """The client's end of a new connection."""
        if not self.is_up:
            raise CannotConnectError(Failure(kind=FailureKind.UNREACHABLE))
        ours, theirs = End(), End()
        ours.other, theirs.other = theirs, ours
        task = asyncio.create_task(self._talk(cast("ServerConnection", ours)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return cast("Channel", theirs)

    async def emit(self, event: str, payload: Any = None, *, seq: int | None = AUTO) -> None:
        self.events += 1
        if event in ("tick", "shutdown") or not self.open_connections:
            await super().emit(event, payload, seq=seq)
            return
        chance, network = self.network.rng.random(), self.network
        if chance < network.lost and seq is not None:
            self.lossy += 1
            self.lose_events()
        elif event in OF_RUNS and chance < network.lost + network.late:
            self._held.append((event, payload))
        else:
            for _ in range(2 if network.rng.random() < network.twice else 1):
                await super().emit(event, payload, seq=seq)
            await self.deliver_late()

    async def deliver_late(self) -> None:
        """What was held back arrives, in another order."""
        held, self._held = self._held, []
        for event, payload in reversed(held):
            await super().emit(event, payload)
