from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.fleet.model import ConnectionState, Origin, Status
from cc_desktop.gateway import http_fallback
from cc_desktop.gateway.http_fallback import RestSource
from cc_desktop.system.network import default_rest_url
from tests.fakes.clock import FakeClock, settle, until
from tests.fakes.gateway import FakeGateway
from tests.fakes.rig import running_link

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TOKEN = "tok"
AGENTS = [{"id": "otto", "name": "Otto", "status": "active", "currentTask": "Sorting mail"}]
SESSION = {"key": "agent:rex:main", "status": "running", "updatedAt": 5, "sessionId": "s"}
INVOKED = {"ok": True, "result": {"details": {"count": 1, "sessions": [SESSION]}}}


@dataclass
class Http:
    """A small HTTP server: answers by path, and what it was asked."""

    port: int = 0
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # method, path, authorization
    bodies: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/agents"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                method, path, _ = head.split("\r\n", 1)[0].split(" ")
                lines = [line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line]
                headers = {name.lower(): value for name, value in lines}
                size = int(headers.get("content-length", "0"))
                self.bodies.append(await reader.readexactly(size))
                self.asked.append((method, path, headers.get("authorization", "")))
                status, body = self.answers.get(path, (404, {"error": "not found"}))
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                start = f"HTTP/1.1 {status} Words\r\nContent-Length: {len(data)}\r\n\r\n"
                writer.write(start.encode() + data)
                await writer.drain()
        writer.close()


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    it = Http()
    server = await asyncio.start_server(it.talk, "127.0.0.1", 0)
    it.port = server.sockets[0].getsockname()[1]
    yield it
    server.close()


@contextlib.asynccontextmanager
async def source(url: str, token: str = TOKEN) -> AsyncIterator[RestSource]:
    it = RestSource("gw", url, token)
    try:
        yield it
    finally:
        await it.close()


@pytest.mark.parametrize("body", [AGENTS, {"agents": AGENTS}])
async def test_agents_of_control_center_s_own_backend(http: Http, body: Any) -> None:
    http.answers["/api/agents"] = (200, body)
    async with source(http.url) as it:
        snapshot = await it.poll()

    assert snapshot is not None
    assert snapshot.origin is Origin.REST
    (info,) = snapshot.agents
    assert (info.id, info.name, info.status, info.task) == (
        "otto",
        "Otto",
        Status.ACTIVE,
        "Sorting mail",
    )


async def test_a_real_gateway_has_no_such_page_and_is_asked_for_its_sessions(http: Http) -> None:
    http.answers["/tools/invoke"] = (200, INVOKED)
    async with source(http.url) as it:
        snapshot = await it.poll()

    assert snapshot is not None
    assert [session.key for session in snapshot.sessions] == ["agent:rex:main"]
    assert [info.id for info in snapshot.agents] == ["rex"]
    assert http.asked == [
        ("GET", "/api/agents", "Bearer tok"),
        ("POST", "/tools/invoke", "Bearer tok"),
    ]
    assert json.loads(http.bodies[1]) == {"tool": "sessions_list", "action": "json", "args": {}}


async def test_without_a_token_no_tool_is_invoked(http: Http) -> None:
    http.answers["/tools/invoke"] = (200, INVOKED)
    async with source(http.url, token="") as it:
        assert await it.poll() is None

    assert http.asked == [("GET", "/api/agents", "")]


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("http://127.0.0.1:1/api/agents", True),
        ("http://localhost:1/api/agents", True),
        ("https://gateway.example/api/agents", True),
        ("http://gateway.example/api/agents", False),
        ("http://192.0.2.7/api/agents", False),
        ("http://127.example.org/api/agents", False),
    ],
)
def test_the_token_goes_over_loopback_or_tls_only(url: str, may: bool) -> None:
    headers = RestSource("gw", url, "tok")._headers()

    assert (headers == {"Authorization": "Bearer tok"}) is may
    assert ("tok" in str(headers)) is may


async def test_an_answer_without_end_is_not_read_to_its_end(
    http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_fallback, "MAX_BODY", 2_000)
    http.answers["/api/agents"] = (200, AGENTS + [{"id": "x" * 50} for _ in range(100)])
    async with source(http.url) as it:
        assert await it.poll() is None
        http.answers["/api/agents"] = (200, AGENTS)
        assert await it.poll() is not None


async def test_a_redirect_does_not_carry_the_token_away(http: Http) -> None:
    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 302 Found\r\nLocation: {http.url}\r\nContent-Length: 0\r\n\r\n"
        writer.write(head.encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(redirect, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with source(f"http://127.0.0.1:{port}/api/agents") as it:
            assert await it.poll() is None

    assert http.asked == []


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("page", ["/api/agents", "/tools/invoke"])
async def test_a_refusal_is_not_asked_again_until_forgiven(
    http: Http, status: int, page: str
) -> None:
    http.answers[page] = (status, {"error": "no"})
    async with source(http.url) as it:
        for _ in range(3):
            assert await it.poll() is None
        asked = len(http.asked)
        assert sum(path == page for _, path, _ in http.asked) == 1
        it.forgive()
        await it.poll()

        assert len(http.asked) > asked


@pytest.mark.parametrize(
    "answer",
    [
        (500, {}),
        (200, b"<html>hello</html>"),
        (200, b""),
        (200, b"\xff\xfe"),
        (200, b"[" * 200_000),
        (200, []),
        (200, {"agents": "no"}),
        (200, 7),
        (200, None),
    ],
)
async def test_anything_else_is_no_answer(http: Http, answer: tuple[int, Any]) -> None:
    http.answers["/api/agents"] = answer
    async with source(http.url) as it:
        assert await it.poll() is None


@pytest.mark.parametrize(
    "body", [{}, [], None, {"result": []}, {"result": {"details": 3}}, b"{", {"ok": False}]
)
async def test_a_tool_that_answers_nonsense_is_no_crash(http: Http, body: Any) -> None:
    http.answers["/tools/invoke"] = (200, body)
    async with source(http.url) as it:
        snapshot = await it.poll()

    assert snapshot is None or not snapshot.sessions


async def test_nobody_listens() -> None:
    async with source("http://127.0.0.1:9/api/agents") as it:
        assert await it.poll() is None


@pytest.mark.parametrize(
    ("ws", "http_url"),
    [
        ("ws://localhost:18789/", "http://localhost:18789/api/agents"),
        ("wss://host/", "https://host/api/agents"),
        ("ws://[::1]:5/", "http://[::1]:5/api/agents"),
        ("wss://host/some/path?x=1", "https://host/api/agents"),
    ],
)
def test_the_page_is_beside_the_socket(ws: str, http_url: str) -> None:
    assert default_rest_url(ws) == http_url


# In the link


async def test_it_takes_over_thirty_seconds_after_the_socket_could_not_be_had(http: Http) -> None:
    http.answers["/api/agents"] = (200, AGENTS)
    async with FakeGateway() as gateway:
        gateway.close_at_once = (1001, "")
        async with running_link(
            gateway.url, token="tok", rest_url=http.url, rest_after_s=http_fallback.AFTER_S
        ) as rig:
            await rig.clock.advance(29.9)
            assert http.asked == []
            await rig.clock.advance(0.2)
            await until(lambda: rig.gateway.origin is Origin.REST)

            assert rig.gateway.agents["otto"].status is Status.ACTIVE
            assert rig.state is not ConnectionState.LIVE


async def test_it_asks_at_its_pace_and_stands_down_when_the_socket_is_back(http: Http) -> None:
    http.answers["/api/agents"] = (200, AGENTS)
    async with FakeGateway() as gateway:
        gateway.close_at_once = (1001, "")
        gateway.add_agent("rex", name="Rex")
        async with running_link(
            gateway.url, token="tok", rest_url=http.url, rest_after_s=30.0, poll_s=5.0
        ) as rig:
            await rig.clock.advance(30.1)
            await until(lambda: rig.gateway.origin is Origin.REST)
            for polls in range(2, 7):
                await rig.clock.advance(5)
                await until(partial(lambda wanted: len(http.asked) == wanted, polls))

            gateway.close_at_once = None
            rig.link.reconnect_now()
            await rig.clock.advance(0)
            await rig.clock.advance(35)
            await rig.live()
            polls = len(http.asked)
            assert rig.gateway.origin is Origin.LIVE
            assert list(rig.gateway.agents) == ["rex"]
            for _ in range(10):
                await rig.clock.advance(30)
                await gateway.tick()
            assert len(http.asked) == polls


async def test_after_the_socket_was_lost_it_waits_again(http: Http) -> None:
    http.answers["/api/agents"] = (200, AGENTS)
    async with (
        FakeGateway() as gateway,
        running_link(gateway.url, rest_url=http.url, rest_after_s=30.0) as rig,
    ):
        await rig.live()
        await gateway.stop()
        await rig.reach(ConnectionState.WAITING)
        await rig.clock.advance(29)
        assert http.asked == []
        await rig.clock.advance(2)
        await until(lambda: rig.gateway.origin is Origin.REST)


async def test_when_http_fails_too_its_data_is_last_known(http: Http) -> None:
    http.answers["/api/agents"] = (200, AGENTS)
    async with FakeGateway() as gateway:
        url = gateway.url
    async with running_link(url, rest_url=http.url, rest_after_s=1.0) as rig:
        await rig.clock.advance(1.1)
        await until(lambda: rig.gateway.origin is Origin.REST)
        http.answers["/api/agents"] = (500, {})
        await rig.clock.advance(5)
        await until(lambda: rig.gateway.origin is Origin.LAST_KNOWN)

        assert rig.gateway.agents["otto"].status is Status.OFFLINE
        assert rig.link.rest_tried


async def test_an_answer_that_comes_after_the_socket_is_live_is_not_taken(
    http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, reached = asyncio.Event(), asyncio.Event()
    poll = RestSource.poll

    async def slow(self: RestSource) -> Any:
        snapshot = await poll(self)
        reached.set()
        await release.wait()
        return snapshot

    monkeypatch.setattr(RestSource, "poll", slow)
    http.answers["/api/agents"] = (200, AGENTS)
    async with FakeGateway() as gateway:
        gateway.close_at_once = (1001, "")
        gateway.add_agent("rex")
        clock = FakeClock()
        async with running_link(
            gateway.url, rest_url=http.url, rest_after_s=1.0, clock=clock
        ) as rig:
            await clock.advance(1.1)
            await until(reached.is_set)
            gateway.close_at_once = None
            await clock.advance(30)
            await rig.live()
            release.set()
            await settle()

            assert rig.gateway.origin is Origin.LIVE
            assert list(rig.gateway.agents) == ["rex"]
