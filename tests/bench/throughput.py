"""How many frames a second: `python -m tests.bench.throughput WHAT URL FRAMES`.

WHAT is "app" (session, sync, translation and model), "app-qt" (the same on the app's own loop), or
"json" or "msgspec": bare websockets, and every message decoded and thrown away. Prints the seconds
from the first frame of the stream to the last, on the wall and of this process's processor.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import TYPE_CHECKING, Any

import msgspec
from websockets.asyncio.client import connect

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.store import Store
from cc_desktop.gateway.dialing import open_connection
from cc_desktop.gateway.lists.session_sync import SessionListSync
from cc_desktop.system.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from cc_desktop.protocol.frames import EventFrame

WAYS = ("json", "msgspec", "app", "app-qt")


class Span:
    """From the first call to the last."""

    def __init__(self, count: int) -> None:
        self.left = count
        self._start = (0.0, 0.0)
        self._count = count
        self.done = asyncio.Event()
        self.spent = (0.0, 0.0)

    def step(self) -> None:
        if self.left == self._count:
            self._start = (time.perf_counter(), time.process_time())
        self.left -= 1
        if not self.left:
            now = (time.perf_counter(), time.process_time())
            self.spent = (now[0] - self._start[0], now[1] - self._start[1])
            self.done.set()


async def bare(url: str, count: int, decode: Callable[[str | bytes], Any]) -> Span:
    span = Span(count)
    async with connect(url, compression=None, max_size=None, ping_interval=None) as ws:
        for number, method in enumerate(("connect", "bench.stream")):
            if not number:
                await ws.recv()  # the challenge
            request = {"type": "req", "id": str(number), "method": method, "params": {}}
            await ws.send(json.dumps(request))
            if not number:
                await ws.recv()
        async for message in ws:
            frame = decode(message)
            if frame["type"] == "event":
                span.step()
                if not span.left:
                    break
    return span


async def app(url: str, count: int) -> Span:
    span = Span(count)
    clock = SystemClock()
    store = Store(clock.now_ms)
    store.apply(ev.GatewayAdded("gw", "Gateway", url))
    started = False
    sync: SessionListSync | None = None

    def on_event(frame: EventFrame) -> None:
        if sync is not None:
            sync.on_event(frame)
        if started:
            span.step()

    session = await open_connection(url, lambda _challenge: {}, clock, on_event)
    sync = SessionListSync("gw", session, clock, store.apply)
    reader = asyncio.create_task(session.run())
    await sync.start()
    feeder = asyncio.create_task(sync.run())
    started = True
    await session.request("bench.stream", {})
    await span.done.wait()
    for task in (feeder, reader):
        task.cancel()
    await asyncio.gather(feeder, reader, return_exceptions=True)
    gateway = store.fleet.gateways["gw"]
    if session.skipped or sum(bool(agent.runs) for agent in gateway.agents.values()) < 2:
        raise RuntimeError("the stream did not reach the model")
    return span


async def measure(what: str, url: str, count: int) -> int:
    if what == "json":
        span = await bare(url, count, json.loads)
    elif what == "msgspec":
        span = await bare(url, count, msgspec.json.Decoder().decode)
    else:
        span = await app(url, count)
    print("wall", span.spent[0])
    print("cpu", span.spent[1], flush=True)
    return 0


def run(what: str, main: Coroutine[Any, Any, int]) -> int:
    if what == "app-qt":
        from cc_desktop.desktop import application

        return application.run(application.App(["bench"]), main)
    return asyncio.run(main)


if __name__ == "__main__":
    _what, _url, _count = sys.argv[1:]
    raise SystemExit(run(_what, measure(_what, _url, int(_count))))
