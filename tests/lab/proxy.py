"""A proxy before a gateway: it adds a header to the upgrade, is slow, or cuts connections."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def proxied(
    url: str, header: str = "", *, delay_s: float = 0, cut_after_s: float = 0
) -> AsyncIterator[str]:
    """The address of a proxy that passes everything on.

    Args:
        url: The gateway.
        header: Added to the first request, so that we seem to come from elsewhere.
        delay_s: How long each piece is kept back.
        cut_after_s: How long a connection lives; 0: as long as both sides want.
    """
    target = urlsplit(url)
    pumps: set[asyncio.Task[None]] = set()

    async def pump(source: asyncio.StreamReader, drain: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                await asyncio.sleep(delay_s)
                drain.write(data)
                await drain.drain()
        except ConnectionError:
            pass
        finally:
            drain.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        pumps.add(task)
        task.add_done_callback(pumps.discard)
        try:
            first = await reader.readuntil(b"\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):  # looked whether somebody listens
            writer.close()
            return
        inner_reader, inner_writer = await asyncio.open_connection(target.hostname, target.port)
        inner_writer.write(first + (f"{header}\r\n".encode() if header else b""))
        for source, drain in ((reader, inner_writer), (inner_reader, writer)):
            task = asyncio.create_task(pump(source, drain))
            pumps.add(task)
            task.add_done_callback(pumps.discard)
        if cut_after_s:
            await asyncio.sleep(cut_after_s)
            writer.transport.abort()
            inner_writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        for task in list(pumps):
            task.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        await asyncio.sleep(0.05)  # the transports close
