"""A proxy before a gateway that adds a header to the upgrade, so that we come from elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def proxied(url: str, header: str) -> AsyncIterator[str]:
    """The address of a proxy that passes everything on, with `header` in the first request."""
    target = urlsplit(url)
    pumps: set[asyncio.Task[None]] = set()

    async def pump(source: asyncio.StreamReader, drain: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                drain.write(data)
                await drain.drain()
        drain.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readuntil(b"\r\n")
        inner_reader, inner_writer = await asyncio.open_connection(target.hostname, target.port)
        inner_writer.write(first + header.encode() + b"\r\n")
        for source, drain in ((reader, inner_writer), (inner_reader, writer)):
            task = asyncio.create_task(pump(source, drain))
            pumps.add(task)
            task.add_done_callback(pumps.discard)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        for task in list(pumps):
            task.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
