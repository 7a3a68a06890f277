"""A gateway in a process of its own: `python -m tests.bench.gateway SESSIONS [FRAMES]`.

Prints its address, then lives until its stdin ends. It ticks every 30 s. The method `bench.stream`
makes it send FRAMES events as fast as the client takes them: the bytes are made before, so that
what is measured is the client. A line "RATE SECONDS" on its stdin makes it send rows at that rate.
"""

from __future__ import annotations

import asyncio
import struct
import sys
import time
from typing import Any

from tests.bench import traffic
from tests.fakes.gateway import FakeGateway

TICK_S = 30.0
_CHUNK = 64 * 2**10  # bytes a write
_MOST_BUFFERED = 2**20


def wrap(payload: bytes) -> bytes:
    """A text frame of a server (RFC 6455)."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", 0x81, size) + payload
    if size < 2**16:
        return struct.pack("!BBH", 0x81, 126, size) + payload
    return struct.pack("!BBQ", 0x81, 127, size) + payload


def chunks(count: int, sessions: int) -> list[bytes]:
    """The stream, in writes that end where a frame does."""
    found, part = [], bytearray()
    for one in traffic.frames(count, sessions):
        part += wrap(one)
        if len(part) >= _CHUNK:
            found.append(bytes(part))
            part.clear()
    return [*found, bytes(part)]


def fill(gateway: FakeGateway, sessions: int) -> None:
    for number in range(traffic.AGENTS):
        ident = traffic.agent_id(number)
        identity = {"name": f"Agent {number}", "emoji": "🦊", "theme": "a careful worker"}
        gateway.add_agent(ident, name=f"Agent {number}", identity=identity, model="mock/mock-1")
    for number in range(sessions):
        key = traffic.session_key(number)
        gateway.sessions[key] = traffic.row(key, number)


class BenchGateway(FakeGateway):
    """Streams when asked to."""

    def __init__(self, sessions: int, frames: int) -> None:
        super().__init__(protocol=4)
        fill(self, sessions)
        self._chunks = chunks(frames, sessions) if frames else []
        self._streams: set[asyncio.Task[None]] = set()
        self._paced = 0  # rows sent so far
        self.answers["bench.stream"] = self._on_stream

    def _on_stream(self, _params: Any) -> dict[str, Any]:
        task = asyncio.create_task(self._stream())
        self._streams.add(task)
        task.add_done_callback(self._streams.discard)
        return {}

    async def _stream(self) -> None:
        transport = self._peers[-1].ws.transport
        for chunk in self._chunks:
            while transport.get_write_buffer_size() > _MOST_BUFFERED:  # noqa: ASYNC110 - no event
                await asyncio.sleep(0.0005)
            if transport.is_closing():
                return
            transport.write(chunk)
            await asyncio.sleep(0)

    async def pace(self, rate: float, seconds: float) -> None:
        """Send rows of the agents' main sessions, whose labels say when: ns, monotonic clock."""
        start = time.monotonic()
        for number in range(int(rate * seconds)):
            wait = start + number / rate - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            self._paced += 1
            label = f"sent {time.monotonic_ns()}"
            at = traffic.START_MS + 1_000_000 + self._paced
            fields = {"label": label, "displayName": label, "updatedAt": at, "status": "running"}
            key = traffic.session_key(number % traffic.AGENTS)
            row = traffic.row(key, number, hasActiveRun=True, **fields)
            await self.emit("sessions.changed", traffic.changed(row, reason="send"))


async def main(sessions: int, frames: int) -> None:
    loop = asyncio.get_running_loop()
    async with BenchGateway(sessions, frames) as gateway:
        print("url", gateway.url, flush=True)
        told = loop.run_in_executor(None, sys.stdin.readline)
        while True:
            done, _ = await asyncio.wait({told}, timeout=TICK_S)
            if not done:
                gateway.now_ms += int(TICK_S * 1000)
                await gateway.tick()
            elif line := told.result():
                rate, seconds = line.split()
                await gateway.pace(float(rate), float(seconds))
                told = loop.run_in_executor(None, sys.stdin.readline)
            else:
                return


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
