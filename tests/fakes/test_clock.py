from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.fakes.clock import FakeClock, settle
from tests.fakes.gateway import FakeGateway
from tests.fakes.rig import running_link

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SLOW_S = 0.03  # a message on its way, as on a machine that is busy with something else


@contextlib.asynccontextmanager
async def slow_line(port: int) -> AsyncIterator[int]:
    """A port from which every piece reaches `port` late, and back."""
    tasks: list[asyncio.Task[None]] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(2**16):
                await asyncio.sleep(SLOW_S)
                writer.write(piece)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        tasks.append(asyncio.create_task(pump(far_reader, writer)))
        await pump(reader, far_writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_settle_waits_for_what_is_on_its_way() -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        gateway.add_session("agent:otto:main")
        async with (
            slow_line(gateway.port) as port,
            running_link(f"ws://127.0.0.1:{port}/") as rig,
        ):
            await rig.live()
            for number in range(10):
                await gateway.change("agent:otto:main", label=str(number))
                await settle()
                session = rig.session("agent:otto:main")
                assert session is not None
                assert session.label == str(number)


async def test_settle_waits_for_requests_and_their_answers() -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        async with (
            slow_line(gateway.port) as port,
            running_link(f"ws://127.0.0.1:{port}/") as rig,
        ):
            await rig.live()
            gateway.add_agent("rex")
            await gateway.emit("agents.changed", {})
            await rig.clock.advance(1)
            assert set(rig.gateway.agents) == {"otto", "rex"}


async def test_settle_does_not_wait_for_a_gateway_that_is_frozen() -> None:
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        await rig.live()
        gateway.freeze()
        await settle()


def test_clocks_start_at_another_time_each_run_and_a_seed_repeats_it() -> None:
    program = "from tests.fakes.clock import *; print(SEED, START_MS, FakeClock().monotonic())"

    def told(seed: str) -> str:
        env = {**os.environ, "CC_DESKTOP_TEST_SEED": seed}
        return subprocess.check_output([sys.executable, "-c", program], env=env, text=True)

    assert told("") != told("")
    assert told("7") == told("7")


async def test_time_that_passed_does_not_depend_on_the_start() -> None:
    clock = FakeClock()
    before = clock.monotonic()
    await clock.advance(2.5)

    assert clock.passed == clock.monotonic() - before == 2.5
