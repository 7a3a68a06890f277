"""Anything at all, at every door: the connection, HTTP, settings, links, and other starts.

Hypothesis makes inputs of its own, and others from the corpus: whole, cut, joined, with bytes
changed. What once broke something belongs into the corpus, a file for each input.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
from hypothesis import strategies as st

from cc_desktop.config.settings import load_settings
from cc_desktop.system.deep_links import LinkError, parse_link
from cc_desktop.text.settings import describe_slip
from tests.chaos.scenario import Chaos, check
from tests.chaos.truth import shown
from tests.fakes.clock import settle
from tests.fakes.gateway import FakeGateway
from tests.fakes.rig import running_link

if TYPE_CHECKING:
    from collections.abc import Callable

CORPUS = Path(__file__).parent / "corpus"
_KEY = "agent:otto:main"
_FILES = hypothesis.settings(
    deadline=None,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
    print_blob=True,
)


def corpus(door: str) -> list[bytes]:
    """The stored inputs of a door."""
    return [path.read_bytes() for path in sorted((CORPUS / door).iterdir())]


# What gateways may say: real names with values of any kind

_names = st.sampled_from(
    (
        *("id", "agentId", "key", "sessionKey", "sessionId", "session", "agents", "sessions"),
        *("status", "updatedAt", "phase", "stream", "data", "runId", "error", "hasMore"),
        *("nextOffset", "ts", "totalCount", "presence", "approvalId", "hasActiveRun", "reason"),
        *("payload", "event", "type", "seq", "ok", "result", "health", "enabled", "everyMs"),
        *("heartbeat", "toolCallId", "args"),
    )
)
_leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from([_KEY, "otto", "running", "failed", "end", "start", "lifecycle", "delete"])
)
_json = st.recursive(
    _leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(_names | st.text(max_size=4), inner, max_size=5)
    ),
    max_leaves=12,
)
_events = st.sampled_from(
    (
        *("sessions.changed", "agent", "chat", "session.tool", "presence", "agent.config"),
        *("health", "config.changed", "shutdown", "tick", "connect.challenge"),
    )
)


def _frame(event: str, payload: Any) -> bytes:
    return json.dumps({"type": "event", "event": event, "payload": payload}).encode(
        "utf-8", "surrogatepass"
    )


def mutated(door: str) -> st.SearchStrategy[bytes]:
    """Inputs of the corpus: whole, cut, joined, and with bytes changed."""
    whole = st.sampled_from(corpus(door))

    @st.composite
    def changed(draw: st.DrawFn) -> bytes:
        data = bytearray(draw(whole))
        for _ in range(draw(st.integers(1, 4))):
            at = draw(st.integers(0, max(0, len(data) - 1)))
            what = draw(st.sampled_from(("cut", "set", "insert", "double")))
            if what == "cut":
                del data[at : at + draw(st.integers(1, 64))]
            elif what == "set" and data:
                data[at] = draw(st.integers(0, 255))
            elif what == "insert":
                data[at:at] = draw(st.binary(max_size=8))
            else:
                data[at:at] = data[at : at + 32]
        return bytes(data)

    return whole | changed() | st.tuples(whole, whole).map(b"".join) | st.binary(max_size=60)


def _run(chaos: Chaos, examples: int, strategy: Any, test: Callable[[Any], None]) -> int:
    """Try so many inputs, and return how many were tried."""
    count = 0

    @hypothesis.seed(chaos.rng.randrange(2**31))
    @hypothesis.settings(_FILES, max_examples=examples if chaos.short else examples * 20)
    @hypothesis.given(strategy)
    def tried(data: Any) -> None:
        nonlocal count
        count += 1
        test(data)

    tried()
    return count


# Doors


async def connection(chaos: Chaos) -> str:
    """Anything as messages and as lists: the link lives on, and the next list is the truth."""
    messages = st.lists(
        mutated("frames") | st.builds(_frame, _events, _json), min_size=1, max_size=30
    )
    count = await asyncio.to_thread(
        _run, chaos, 60, st.tuples(messages, _json, _json), lambda data: asyncio.run(_talk(*data))
    )
    return f"{count} conversations"


async def _talk(messages: list[bytes], agents: Any, sessions: Any) -> None:
    async with FakeGateway(4) as gateway:
        gateway.add_agent("otto")
        gateway.add_session(_KEY)
        async with running_link(gateway.url) as rig:
            await rig.live()
            for message in messages:
                await gateway.raw(message)
            with contextlib.suppress(ValueError):  # what JSON cannot say: NaN is no JSON
                json.dumps([agents, sessions], allow_nan=False)
                gateway.answers = {
                    "agents.list": lambda _params: agents,
                    "sessions.list": lambda _params: sessions,
                }
            await gateway.emit("config.changed", {})
            await rig.clock.advance(40)
            gateway.answers = {}
            await gateway.tick()
            await rig.clock.advance(20)
            if not rig.link.is_live:  # a close of our own making would have been a failure
                await rig.clock.advance(61)
                await rig.live()
            for _ in range(2):
                await gateway.emit("config.changed", {})
                await rig.clock.advance(50)
                await gateway.tick()
                await settle()
            check(not rig.task.done(), "the link ended")
            async with running_link(gateway.url, clock=rig.clock) as fresh:
                await fresh.live()
                ours, theirs = shown(rig.gateway), shown(fresh.gateway)
            rows = {ident: told[2] for ident, told in ours.items()}
            check(rows == {ident: told[2] for ident, told in theirs.items()}, "another model")


async def http(chaos: Chaos) -> str:
    """Anything as an HTTP answer: the link lives on."""
    count = await asyncio.to_thread(
        _run, chaos, 60, mutated("http"), lambda data: asyncio.run(_answer(data))
    )
    return f"{count} answers"


async def _answer(data: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(data)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        address = f"127.0.0.1:{port}"
        async with running_link(
            f"ws://{address}/", rest_url=f"http://{address}/api/agents", http_after_s=0.5
        ) as rig:
            for _ in range(4):
                await rig.clock.advance(6)
                await asyncio.sleep(0.005)
            check(not rig.task.done(), "the link ended")


async def settings(chaos: Chaos) -> str:
    """Anything as settings.toml: it is read as far as it goes, and each slip is one line."""
    path = chaos.path / "settings.toml"

    def read(data: bytes) -> None:
        path.write_bytes(data)
        for slip in load_settings(path, {}).problems:
            line = describe_slip(slip)
            check(line.isprintable(), f"not one line: {line!r}")

    return f"{_run(chaos, 300, mutated('settings'), read)} files"


async def links(chaos: Chaos) -> str:
    """Anything as a link: it names an agent, or is refused without repeating it."""

    def parse(data: bytes) -> None:
        text = data.decode("utf-8", "surrogateescape")
        try:
            parse_link(text)
        except LinkError as error:
            check("\n" not in str(error), f"not one line: {error}")

    return f"{_run(chaos, 500, mutated('links'), parse)} links"


async def other_starts(chaos: Chaos) -> str:
    """Anything from another start: it is answered or turned away, and the next one is heard."""
    from PySide6.QtCore import QCoreApplication

    from cc_desktop.desktop.instance.single_instance import (
        Answer,
        Endpoint,
        InstanceLock,
        InstanceMessage,
        InstanceServer,
    )

    app = QCoreApplication.instance() or QCoreApplication([])
    asked: list[InstanceMessage] = []

    def handle(message: InstanceMessage, answer: Callable[[Answer], None]) -> None:
        asked.append(message)
        answer(Answer.DONE)

    with tempfile.TemporaryDirectory(prefix="cc-") as directory:
        place = Endpoint(f"{directory}/socket", f"{directory}/lock")
        server = InstanceServer(InstanceLock(place), handle)
        check(server.start(), "it does not listen")

        def talk(data: bytes) -> bytes:
            with socket.socket(socket.AF_UNIX) as guest:
                guest.settimeout(0)
                guest.connect(place.socket)
                with contextlib.suppress(OSError):
                    guest.send(data + b"\n")
                heard = b""
                for _ in range(50):
                    app.processEvents()
                    with contextlib.suppress(OSError):
                        heard += guest.recv(64)
                    if heard:
                        break
                return heard

        good = corpus("instance")[0]
        count = _run(chaos, 100, mutated("instance"), lambda data: check(True, str(talk(data))))
        before = len(asked)
        check(talk(good) == b"ok\n", "a good message is turned away afterwards")
        check(len(asked) == before + 1, "a good message is not heard afterwards")
        server.stop()
    return f"{count} messages"
