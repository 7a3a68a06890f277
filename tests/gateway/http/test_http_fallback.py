from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import logging
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cc_desktop.fleet.model import ConnectionState, Origin, Status
from cc_desktop.gateway import event_decoder, options
from cc_desktop.gateway.http import http_fallback
from cc_desktop.gateway.http.http_fallback import HttpFallback
from tests.fakes.clock import FakeClock, settle, until
from tests.fakes.gateway import FakeGateway, RefusalError
from tests.fakes.rig import running_link
from tests.protocol.hidden import hidden_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

TOKEN = "tok"
AGENTS = [{"id": "otto", "name": "Otto", "status": "active", "currentTask": "Sorting mail"}]
SESSION = {"key": "agent:rex:main", "status": "running", "updatedAt": 5, "sessionId": "s"}
GOOD = json.dumps(AGENTS).encode()
READY = {"ready": True}
INVOKED = {"ok": True, "result": {"details": {"count": 1, "sessions": [SESSION]}}}


@dataclass
class Http:
    """A small HTTP server: answers by path, and what it was asked."""

    port: int = 0
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)  # of every answer
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # method, path, authorization
    accepted: list[str] = field(default_factory=list)  # Accept-Encoding of every request
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
                self.accepted.append(headers.get("accept-encoding", ""))
                start = f"HTTP/1.1 {status} Words\r\nContent-Length: {len(data)}\r\n"
                start += "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
                writer.write(f"{start}\r\n".encode() + data)
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
async def source(url: str, token: str = TOKEN) -> AsyncIterator[HttpFallback]:
    it = HttpFallback("gw", url, token)
    try:
        yield it
    finally:
        await it.close()


@pytest.mark.parametrize("body", [AGENTS, {"agents": AGENTS}])
async def test_agents_of_control_center_s_own_backend(http: Http, body: Any) -> None:
    http.answers["/api/agents"] = (200, body)
    async with source(http.url) as it:
        snapshot = await it.poll(trusted=True)

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
    http.answers |= {"/readyz": (200, READY), "/tools/invoke": (200, INVOKED)}
    async with source(http.url) as it:
        snapshot = await it.poll(trusted=True)

    assert snapshot is not None
    assert [session.key for session in snapshot.sessions] == ["agent:rex:main"]
    assert [info.id for info in snapshot.agents] == ["rex"]
    assert http.asked == [
        ("GET", "/api/agents", "Bearer tok"),
        ("GET", "/readyz", ""),
        ("POST", "/tools/invoke", "Bearer tok"),
    ]
    assert json.loads(http.bodies[2]) == {"tool": "sessions_list", "action": "json", "args": {}}


async def test_an_id_that_stands_in_for_a_name_is_fit_to_be_shown(http: Http) -> None:
    ident = "rex\u202e\x1b[2J"
    invoked = {"result": {"details": {"sessions": [{"key": f"agent:{ident}:main"}]}}}
    http.answers |= {"/readyz": (200, READY), "/tools/invoke": (200, invoked)}
    async with source(http.url) as it:
        snapshot = await it.poll(trusted=True)

    assert snapshot is not None
    assert [(info.id, info.name) for info in snapshot.agents] == [(ident, "rex [2J")]


async def test_without_a_token_no_tool_is_invoked(http: Http) -> None:
    http.answers["/tools/invoke"] = (200, INVOKED)
    async with source(http.url, token="") as it:
        assert await it.poll(trusted=True) is None

    assert http.asked == [("GET", "/api/agents", "")]


@pytest.mark.parametrize(
    "ready",
    [
        (404, {"error": "not found"}),
        (500, READY),
        (200, {"ok": True}),
        (200, {"ready": "yes"}),
        (200, [True]),
        (200, b"<html>ready</html>"),
    ],
)
async def test_what_does_not_answer_like_a_gateway_is_asked_for_no_tool(
    http: Http, ready: tuple[int, Any]
) -> None:
    http.answers |= {"/readyz": ready, "/tools/invoke": (200, INVOKED)}
    async with source(http.url) as it:
        assert await it.poll(trusted=True) is None

    assert "POST" not in {method for method, _, _ in http.asked}


async def test_a_gateway_that_is_not_ready_yet_is_one(http: Http) -> None:
    http.answers |= {"/readyz": (503, {"ready": False}), "/tools/invoke": (200, INVOKED)}
    async with source(http.url) as it:
        assert await it.poll(trusted=True) is not None


async def test_what_has_shown_to_be_no_gateway_gets_no_token(http: Http) -> None:
    http.answers |= {"/readyz": (200, READY), "/tools/invoke": (200, INVOKED)}
    async with source(http.url) as it:
        assert await it.poll(trusted=False) is None
        assert http.asked == [("GET", "/api/agents", "")]
        http.answers["/api/agents"] = (401, {})
        await it.poll(trusted=False)  # refused without the token
        http.answers["/api/agents"] = (200, AGENTS)
        assert await it.poll(trusted=True) is not None


@pytest.mark.parametrize(
    ("url", "insecure", "sent"),
    [
        ("http://127.0.0.1:1/api/agents", False, True),
        ("https://gateway.example/api/agents", False, True),
        ("http://gateway.example/api/agents", False, False),
        ("http://gateway.example/api/agents", True, True),
        ("http://192.0.2.7/api/agents", False, False),
        ("http://127.1/api/agents", False, False),
        ("http://localhost@evil.example/api/agents", True, False),
    ],
)
async def test_the_token_goes_where_a_secret_may_go(
    monkeypatch: pytest.MonkeyPatch, url: str, insecure: bool, sent: bool
) -> None:
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("Authorization", ""))
        return httpx.Response(200, json=AGENTS)

    transport = httpx.MockTransport(handle)
    make = httpx.AsyncClient
    monkeypatch.setattr(httpx, "AsyncClient", lambda **given: make(transport=transport, **given))
    it = HttpFallback("gw", url, TOKEN, insecure=insecure)
    await it.poll(trusted=True)
    await it.close()

    assert ("Bearer tok" in seen) is sent
    assert len(seen) == 1
    assert TOKEN not in repr(it)


async def test_compression_is_neither_asked_for_nor_unpacked(http: Http) -> None:
    bomb = gzip.compress(b"[" + b" " * 10_000_000 + b"]")
    http.answers["/api/agents"] = (200, gzip.compress(bomb))
    for encoding in ("gzip", "gzip, gzip", "GZIP", "deflate", "br", "zstd", "x-unknown"):
        http.headers = {"Content-Encoding": encoding}
        async with source(http.url) as it:
            assert await it.poll(trusted=True) is None
    http.answers["/api/agents"] = (200, AGENTS)
    http.headers = {"Content-Encoding": "identity"}
    async with source(http.url) as it:
        assert await it.poll(trusted=True) is not None
    assert set(http.accepted) == {"identity"}


@pytest.mark.parametrize("where", ["id", "name", "status"])
async def test_a_lone_surrogate_is_no_answer(http: Http, where: str) -> None:
    body = json.dumps([{"id": "a", where: "x\ud800"}]).encode()
    http.answers["/api/agents"] = (200, body)
    async with source(http.url) as it:
        assert await it.poll(trusted=True) is None


class Drops(httpx.AsyncByteStream):
    """A body that never ends and is never silent."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0)


class Once(httpx.AsyncByteStream):
    """A body in one piece, unread like one that a server sends."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body


def answering(it: HttpFallback, body: Callable[[], httpx.AsyncByteStream]) -> None:
    """Let a body answer everything, in the place of a server."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=body()))
    it._client = httpx.AsyncClient(transport=transport)


async def test_an_answer_that_comes_drop_by_drop_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_fallback, "POLL_TIMEOUT_S", 0.02)
    async with source("http://127.0.0.1/api/agents") as it:
        answering(it, Drops)
        assert await it.poll(trusted=True) is None


@pytest.mark.parametrize(
    "url", ["http://[x/", "", "http://", "ftp://h/", "http://h:99999/", "\ud800"]
)
async def test_an_address_that_cannot_be_used_is_a_failed_poll(url: str) -> None:
    async with source(url) as it:
        assert await it.poll(trusted=True) is None


@pytest.mark.parametrize(
    "proxy", ["socks5://h:1", "socks4://h:1", "ftp://h", "http://[::1", "://", "junk"]
)
async def test_a_proxy_that_cannot_be_used_is_a_failed_poll(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    for name in ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, proxy)
        monkeypatch.setenv(name.lower(), proxy)
    async with source("http://gateway.invalid/api/agents") as it:
        assert await it.poll(trusted=True) is None


class Unexpected(Exception):  # noqa: N818 - what nobody has thought of has no such name
    """Raised where nobody expects it."""


@pytest.mark.parametrize("place", ["AsyncClient", "agent_infos", "session_rows"])
async def test_what_nobody_expected_is_a_failed_poll_and_logged_once(
    http: Http,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    place: str,
) -> None:
    caplog.set_level(logging.INFO, "cc_desktop")
    http.answers["/api/agents"] = (200, AGENTS)

    def fail(*_args: object, **_given: object) -> Any:
        raise Unexpected

    async with source(http.url, token="hush-hush") as it:
        with monkeypatch.context() as patch:
            patch.setattr(httpx if place == "AsyncClient" else event_decoder, place, fail)
            for _ in range(3):
                assert await it.poll(trusted=True) is None
        assert await it.poll(trusted=True) is not None  # the next one is fine again

    (record,) = caplog.records
    assert "unexpectedly" in record.message
    assert "hush" not in caplog.text


async def test_a_client_that_cannot_be_closed_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_client: object) -> None:
        raise Unexpected

    it = HttpFallback("gw", "http://127.0.0.1/api/agents", TOKEN)
    answering(it, lambda: Once(GOOD))
    monkeypatch.setattr(httpx.AsyncClient, "aclose", fail)
    assert await it.poll(trusted=True) is not None
    await it.close()


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["agents", "sessions", "id", "name", "key", "agentId", "status"]),
                inner,
            )
        ),
        max_leaves=20,
    ).map(lambda body: json.dumps(body).encode())
)
@example(b'[{"id": "a\\ud800", "status": "idle"}]')
@example(GOOD)
@example(b"[" * 100_000)
@example(b'[{"id": "a", "lastActivityAt": 1e999}]')
@settings(max_examples=100, deadline=None, derandomize=True)
def test_no_body_raises_and_nothing_hidden_is_shown(body: bytes) -> None:
    async def polled() -> Any:
        it = HttpFallback("gw", "http://127.0.0.1/api/agents", TOKEN)
        answering(it, lambda: Once(body))
        try:
            return await it.poll(trusted=True)
        finally:
            await it.close()

    snapshot = asyncio.run(polled())
    if body == GOOD:
        assert snapshot is not None
    if snapshot is not None:
        for agent in snapshot.agents:
            assert hidden_in(agent.name + agent.task) == []


async def test_an_answer_without_end_is_not_read_to_its_end(
    http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_fallback, "MAX_BODY", 2_000)
    http.answers["/api/agents"] = (200, AGENTS + [{"id": "x" * 50} for _ in range(100)])
    async with source(http.url) as it:
        assert await it.poll(trusted=True) is None
        http.answers["/api/agents"] = (200, AGENTS)
        assert await it.poll(trusted=True) is not None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_does_not_carry_the_token_away(http: Http, status: int) -> None:
    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status} Moved\r\nLocation: {http.url}\r\nContent-Length: 0\r\n\r\n"
        writer.write(head.encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(redirect, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with source(f"http://127.0.0.1:{port}/api/agents") as it:
            assert await it.poll(trusted=True) is None

    assert http.asked == []


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("page", ["/api/agents", "/tools/invoke"])
async def test_a_refusal_is_not_asked_again_until_forgiven(
    http: Http, status: int, page: str
) -> None:
    http.answers["/readyz"] = (200, READY)
    http.answers[page] = (status, {"error": "no"})
    async with source(http.url) as it:
        for _ in range(3):
            assert await it.poll(trusted=True) is None
        asked = len(http.asked)
        assert sum(path == page for _, path, _ in http.asked) == 1
        it.forgive()
        await it.poll(trusted=True)

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
        assert await it.poll(trusted=True) is None


@pytest.mark.parametrize(
    "body", [{}, [], None, {"result": []}, {"result": {"details": 3}}, b"{", {"ok": False}]
)
async def test_a_tool_that_answers_nonsense_is_no_crash(http: Http, body: Any) -> None:
    http.answers |= {"/readyz": (200, READY), "/tools/invoke": (200, body)}
    async with source(http.url) as it:
        snapshot = await it.poll(trusted=True)

    assert snapshot is None or not snapshot.sessions


async def test_nobody_listens() -> None:
    async with source("http://127.0.0.1:9/api/agents") as it:
        assert await it.poll(trusted=True) is None


# In the link


async def test_it_takes_over_thirty_seconds_after_the_socket_could_not_be_had(http: Http) -> None:
    http.answers["/api/agents"] = (200, AGENTS)
    async with FakeGateway() as gateway:
        gateway.close_at_once = (1001, "")
        async with running_link(
            gateway.url, token="tok", rest_url=http.url, http_after_s=options.AFTER_S
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
            gateway.url, token="tok", rest_url=http.url, http_after_s=30.0, poll_s=5.0
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
        running_link(gateway.url, rest_url=http.url, http_after_s=30.0) as rig,
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
    async with running_link(url, rest_url=http.url, http_after_s=1.0) as rig:
        await rig.clock.advance(1.1)
        await until(lambda: rig.gateway.origin is Origin.REST)
        http.answers["/api/agents"] = (500, {})
        await rig.clock.advance(5)
        await until(lambda: rig.gateway.origin is Origin.LAST_KNOWN)

        assert rig.gateway.agents["otto"].status is Status.OFFLINE
        assert rig.link.http_tried


async def test_an_answer_that_comes_after_the_socket_is_live_is_not_taken(
    http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, reached = asyncio.Event(), asyncio.Event()
    poll = HttpFallback.poll

    async def slow(self: HttpFallback, *, trusted: bool) -> Any:
        snapshot = await poll(self, trusted=trusted)
        reached.set()
        await release.wait()
        return snapshot

    monkeypatch.setattr(HttpFallback, "poll", slow)
    http.answers["/api/agents"] = (200, AGENTS)
    async with FakeGateway() as gateway:
        gateway.close_at_once = (1001, "")
        gateway.add_agent("rex")
        clock = FakeClock()
        async with running_link(
            gateway.url, rest_url=http.url, http_after_s=1.0, clock=clock
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


@pytest.mark.parametrize("http_after_s", [0.0, 1.0])
async def test_what_never_behaved_like_a_gateway_gets_no_token(
    http: Http, http_after_s: float
) -> None:
    http.answers["/readyz"] = (200, READY)
    ws = http.url.replace("http:", "ws:").removesuffix("api/agents")
    async with running_link(ws, token="tok", rest_url=http.url, http_after_s=http_after_s) as rig:
        await rig.reach(ConnectionState.WAITING)
        await rig.clock.advance(1.1)
        await until(lambda: rig.link.http_tried)

    assert http.asked
    assert {authorization for _, _, authorization in http.asked} == {""}


@pytest.mark.parametrize("http_after_s", [0.0, 1.0])
async def test_a_gateway_that_refuses_the_device_is_asked_over_http_with_the_token(
    http: Http, http_after_s: float
) -> None:
    http.answers |= {"/readyz": (200, READY), "/tools/invoke": (200, INVOKED)}
    async with FakeGateway() as gateway:
        gateway.refusal = lambda _params: RefusalError("NOT_PAIRED", "pairing required")
        async with running_link(
            gateway.url, token="tok", rest_url=http.url, http_after_s=http_after_s
        ) as rig:
            await rig.clock.advance(1.1)
            await until(lambda: rig.gateway.origin is Origin.REST)

    assert list(rig.gateway.agents) == ["rex"]


async def test_a_gateway_whose_place_something_else_took_gets_no_token_any_more(
    http: Http,
) -> None:
    http.answers["/readyz"] = (200, READY)
    async with (
        FakeGateway() as gateway,
        running_link(gateway.url, token="tok", rest_url=http.url, http_after_s=1.0) as rig,
    ):
        await rig.live()
        gateway.http = (404, "not here", {})
        gateway.drop()
        await rig.reach(ConnectionState.WAITING)
        await rig.clock.advance(3)
        await until(lambda: rig.link.http_tried)

    assert {authorization for _, _, authorization in http.asked} == {""}
