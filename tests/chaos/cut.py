"""A connection that breaks after any byte, in either direction, while recorded events pass."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cc_desktop.fleet.model import ConnectionState
from tests.chaos.scenario import Chaos, check
from tests.chaos.truth import equals_fresh
from tests.fakes.clock import settle, until
from tests.fakes.gateway import FakeGateway
from tests.fakes.rig import running_link

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.fakes.rig import Rig

_FIXTURE = Path(__file__).parents[1] / "fixtures" / "recorded-2026.9.6.json"
_SHORT_S = 20.0
TO_CLIENT, TO_GATEWAY = 0, 1


class Line:
    """Passes bytes on between the client and a gateway, and counts them."""

    def __init__(self, port: int) -> None:
        self.port = 0
        self.passed = [0, 0]
        self.limits: list[int | None] = [None, None]
        self.reset = False  # cut with RST instead of FIN
        self.cuts = 0
        self._target = port
        self._tasks: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """The address to connect to."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        finally:
            server.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self.passed = [0, 0]
        for way, source, drain in (
            (TO_GATEWAY, reader, far_writer),
            (TO_CLIENT, far_reader, writer),
        ):
            task = asyncio.create_task(self._pump(way, source, drain, (writer, far_writer)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(
        self,
        way: int,
        source: asyncio.StreamReader,
        drain: asyncio.StreamWriter,
        both: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await source.read(2**16):
                limit = self.limits[way]
                if limit is not None and self.passed[way] + len(piece) > limit:
                    drain.write(piece[: limit - self.passed[way]])
                    await drain.drain()
                    self.passed[way] = limit
                    self.cuts += 1
                    for writer in both:
                        writer.transport.abort() if self.reset else writer.close()
                    return
                self.passed[way] += len(piece)
                drain.write(piece)
                await drain.drain()
        drain.close()


def _recorded() -> dict[str, Any]:
    """The shortest of the recorded streams: agents, rows before and after, and events between."""
    streams = json.loads(_FIXTURE.read_text("utf-8"))["streams"]
    found: dict[str, Any] = next(s for s in streams if s["scenario"] == "c_fail")
    return found


def _fill(gateway: FakeGateway, stream: dict[str, Any], when: str) -> None:
    gateway.agents = {row["id"]: row for row in stream["agents"]["agents"]}
    gateway.sessions = {row["key"]: row for row in stream[when]["sessions"]}
    gateway.now_ms = stream[when].get("ts") or gateway.now_ms


async def _play(gateway: FakeGateway, stream: dict[str, Any]) -> None:
    _fill(gateway, stream, "before")
    for frame in stream["events"]:
        await gateway.emit(frame["event"], frame["payload"])
    _fill(gateway, stream, "after")


async def _try(rig: Rig, line: Line, gateway: FakeGateway, stream: dict[str, Any]) -> None:
    """One connection that is cut where the line says, then a good one; compare."""
    _fill(gateway, stream, "before")
    await gateway.close()
    await rig.reach(ConnectionState.WAITING)
    subscribed = gateway.count("sessions.subscribe")
    cuts = line.cuts
    await rig.clock.advance(61)  # past every wait
    for _ in range(20):
        if line.cuts > cuts or gateway.count("sessions.subscribe") > subscribed:
            break
        await settle()
    if line.cuts == cuts:
        await _play(gateway, stream)
        await settle()
    line.limits = [None, None]
    _fill(gateway, stream, "after")
    gateway.drop()  # a connection that was not cut in time is not told what is new
    await settle()
    for _ in range(20):
        if rig.link.is_live:
            break
        await rig.clock.advance(61)
    await until(lambda: rig.link.is_live, "live again")
    for _ in range(4):  # what is still to be settled; without ticks it would count as silent
        await rig.clock.advance(15)
        await gateway.tick()
        await settle()
    await until(lambda: rig.link.is_live, "live to the end")
    await equals_fresh(rig, gateway)


async def every_byte(chaos: Chaos) -> str:
    """Cut after any byte; the next connection makes the model true again."""
    stream = _recorded()
    async with FakeGateway(4) as gateway:
        _fill(gateway, stream, "before")
        line = Line(gateway.port)
        async with line.open() as url, running_link(url) as rig:
            await rig.live()
            await _play(gateway, stream)
            await settle()
            sizes = list(line.passed)
            offsets = [(way, number) for way in (0, 1) for number in range(1, sizes[way])]
            chaos.rng.shuffle(offsets)
            tasks = len(asyncio.all_tasks())
            end = time.monotonic() + chaos.budget_s(_SHORT_S)
            done = 0
            for way, offset in offsets:
                line.limits[way] = offset
                line.reset = bool(done % 2)
                try:
                    await _try(rig, line, gateway, stream)
                except AssertionError as error:
                    where = "to the client" if way == TO_CLIENT else "to the gateway"
                    raise AssertionError(f"cut after byte {offset} {where}: {error}") from error
                done += 1
                if time.monotonic() > end:
                    break
            left = len(asyncio.all_tasks()) - tasks
            check(left <= 2, f"{left} tasks are left")
            check(line.cuts >= done * 0.5, f"only {line.cuts} of {done} cuts happened")
    return f"{done} of {len(offsets)} offsets, {line.cuts} cuts, 0 wrong models"
