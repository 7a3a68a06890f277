"""One gateway misbehaves in every way: another stays live, and the bad one says what is wrong."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import ConnectionState as S
from cc_desktop.gateway import device_token
from cc_desktop.gateway import supervisor as supervisor_module
from cc_desktop.gateway.backoff import Backoff
from cc_desktop.gateway.http.http_fallback import HttpFallback
from cc_desktop.gateway.lists.session_sync import SessionListSync
from tests.fakes.clock import FakeClock, until
from tests.fakes.gateway import FakeGateway
from tests.fakes.raw import raw_server
from tests.fakes.rig import MemoryTokens, Rig, running_link

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

PROXIES = ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "WS_PROXY", "WSS_PROXY")


class UnexpectedError(Exception):
    """What nobody expected."""


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@asynccontextmanager
async def two(
    url: str, good: FakeGateway, *, incidents: int = 0, **options: Any
) -> AsyncIterator[tuple[Rig, Rig]]:
    """Watch a bad gateway and a good one on one clock, the good one live."""
    clock = FakeClock()
    async with (
        running_link(good.url, clock=clock) as fine,
        running_link(url, clock=clock, incidents=incidents, **options) as bad,
    ):
        await fine.live()
        yield bad, fine


async def pass_time(good: FakeGateway, clock: FakeClock, seconds: float = 120.0) -> None:
    while seconds > 0:
        await good.tick()
        await clock.advance(20)
        seconds -= 20


def answer(status: str, *headers: str, body: bytes = b"") -> bytes:
    head = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(head).encode("latin-1") + body


# Whoever answers at the address

ANSWERS = [
    ("two Retry-After", answer("429 No", "Retry-After: 1", "Retry-After: 2"), "too-many-requests"),
    ("superscript Retry-After", answer("429 No", "Retry-After: \xb2"), "too-many-requests"),
    ("nested JSON", answer("403 No", body=b"[" * 1000), "forbidden"),
    ("nested JSON, deeper", answer("403 No", body=b'{"error":' * 100_000), "forbidden"),
    ("two Location", answer("302 Found", "Location: ws://a/", "Location: /b"), "not-a-gateway"),
    ("bad Location", answer("302 Found", "Location: ws://[::1"), "not-a-gateway"),
    ("surrogates in JSON", answer("403 No", body=b'{"error":"\\ud800"}'), "forbidden"),
    ("no HTTP", b"220 mail.example ESMTP\r\n\r\n", "not-a-gateway"),
    ("nothing", b"", "hung-up"),
    ("half a line", b"HTTP/1.1 10", "hung-up"),
    ("an upgrade without a key", answer("101 Switching Protocols"), "not-a-gateway"),
    (
        "an upgrade with a wrong key",
        answer(
            "101 Switching Protocols",
            *("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: bm8="),
        ),
        "not-a-gateway",
    ),
    ("two keys", answer("101 No", *["Sec-WebSocket-Accept: bm8="] * 2), "not-a-gateway"),
    ("many headers", answer("200 OK", *["X: y"] * 1000), "not-a-gateway"),
    ("a status of the future", answer("599 No"), "behind-proxy"),
    ("a long header", answer("200 OK", "X: " + "y" * 100_000), "not-a-gateway"),
]


@pytest.mark.parametrize(
    ("data", "kind"), [case[1:] for case in ANSWERS], ids=[case[0] for case in ANSWERS]
)
async def test_whatever_answers_the_upgrade_the_other_gateway_is_live(
    data: bytes, kind: str
) -> None:
    async with (
        FakeGateway() as good,
        raw_server(data) as server,
        two(f"ws://127.0.0.1:{server.port}/", good) as (bad, fine),
    ):
        await pass_time(good, bad.clock)

        await until(lambda: bad.state in (S.WAITING, S.BLOCKED), "the end of a try")
        assert bad.problem.kind == kind
        assert fine.state is S.LIVE
        assert fine.states.count(S.LIVE) == 1


@pytest.mark.slow
@pytest.mark.parametrize("data", [case[1] for case in ANSWERS], ids=[case[0] for case in ANSWERS])
async def test_after_an_hour_of_it_the_other_gateway_was_live_all_the_time(data: bytes) -> None:
    async with (
        FakeGateway() as good,
        raw_server(data) as server,
        two(f"ws://127.0.0.1:{server.port}/", good) as (bad, fine),
    ):
        await pass_time(good, bad.clock, 3_600)

        assert fine.state is S.LIVE
        assert fine.states.count(S.LIVE) == 1
        assert bad.state in (S.WAITING, S.BLOCKED, S.CONNECTING)


async def test_a_redirect_is_not_followed() -> None:
    async with FakeGateway() as good, FakeGateway() as elsewhere:
        data = answer("302 Found", f"Location: {elsewhere.url}")
        async with (
            raw_server(data) as server,
            two(f"ws://127.0.0.1:{server.port}/", good, token="shared") as (bad, fine),
        ):
            await pass_time(good, bad.clock)

            assert bad.problem.kind == "not-a-gateway"
            assert fine.state is S.LIVE
        assert elsewhere.upgrades == []


# Proxies of the environment

BAD_PROXIES = [
    "socks5://127.0.0.1:1",
    "socks5h://127.0.0.1:1",
    "socks4://127.0.0.1:1",
    "ftp://127.0.0.1:1",
    "http://[::1",
    "://",
    "http://127.0.0.1:1",
    "http://alice@127.0.0.1:1",
    "http://127.0.0.1:99999",
]


@pytest.mark.parametrize("variable", ["ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY"])
@pytest.mark.parametrize("proxy", BAD_PROXIES)
async def test_whatever_proxy_is_set_the_other_gateway_is_live(
    variable: str, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeGateway() as good:
        monkeypatch.setenv(variable, proxy)
        # Not loopback for this app: a name that the resolver turns into it.
        async with two(
            "ws://127.1:9/",
            good,
            rest_url="http://127.1:9/api/agents",
            http_after_s=1.0,
            incidents=-1,
        ) as (bad, fine):
            await pass_time(good, bad.clock, 60)

            await bad.reach(S.WAITING)
            expected = {"unreachable"} if variable == "ALL_PROXY" else {"proxy", "proxy-failed"}
            assert bad.problem.kind in expected
            assert "alice" not in repr(bad.problem)
            assert fine.state is S.LIVE


@pytest.mark.slow
@pytest.mark.parametrize("proxy", BAD_PROXIES)
async def test_after_an_hour_behind_a_bad_proxy_the_other_gateway_was_live_all_the_time(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeGateway() as good:
        monkeypatch.setenv("ALL_PROXY", proxy)
        async with two("ws://gateway.invalid:18789/", good) as (bad, fine):
            await pass_time(good, bad.clock, 3_600)

            assert fine.state is S.LIVE
            assert fine.states.count(S.LIVE) == 1
            assert bad.state is not S.LIVE


@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "502 Bad Gateway"])
async def test_a_proxy_that_refuses_is_named(status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeGateway() as good, raw_server(answer(status)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://user:secret@127.0.0.1:{proxy.port}")
        async with two("ws://127.1:9/", good) as (bad, _fine):
            await bad.reach(S.WAITING)

            assert bad.problem.kind == "proxy-failed"
            assert bad.problem.detail == f"127.0.0.1:{proxy.port}"
            assert status[:3] in bad.problem.said


# What nobody expected


def raising(*_args: object, **_more: object) -> NoReturn:
    raise UnexpectedError("boom")


async def raising_later(*_args: object, **_more: object) -> NoReturn:
    raise UnexpectedError("boom")


async def cancelled_below(*_args: object, **_more: object) -> NoReturn:
    raise asyncio.CancelledError


def at(name: str, target: object, by: Callable[..., Any]) -> Any:
    return pytest.param(target, name, by, id=f"{getattr(target, '__name__', target)}.{name}")


FAULTS = [
    at("open_connection", device_token, raising_later),
    pytest.param(device_token, "open_connection", cancelled_below, id="cancelled below"),
    at("may_send_secret", device_token, raising),
    at("__init__", SessionListSync, raising),
    at("start", SessionListSync, raising_later),
    at("run", SessionListSync, raising_later),
    at("classify", supervisor_module, raising),
    at("wait_s", Backoff, raising),
]


@pytest.mark.parametrize(("target", "name", "by"), FAULTS)
async def test_a_try_that_fails_unexpectedly_is_told_and_retried_rarely(
    target: object,
    name: str,
    by: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with FakeGateway() as good, FakeGateway() as worse:
        clock = FakeClock()
        async with running_link(good.url, clock=clock) as fine:
            await fine.live()
            monkeypatch.setattr(target, name, by)
            if name in ("classify", "wait_s"):
                await worse.stop()
            async with running_link(worse.url, clock=clock, token="shared", incidents=-1) as bad:
                await pass_time(good, clock, 600)

                assert fine.state is S.LIVE
                assert 2 <= bad.link.tries <= 25
                assert bad.link.incidents == bad.link.tries
                assert bad.problem.kind == "internal"
                assert caplog.text.count("Traceback") <= 1
                assert worse.open_connections <= 1
                monkeypatch.undo()
                if name in ("classify", "wait_s"):
                    await worse.start()
                await pass_time(good, clock, 320)
                await bad.live()


@pytest.mark.parametrize(
    "kind",
    [
        *(ev.ConnectionChanged, ev.OriginChanged, ev.SessionChanged),
        *(ev.SnapshotBegan, ev.SnapshotRows, ev.SnapshotEnded),
    ],
)
async def test_a_model_that_fails_is_told_and_others_live_on(
    kind: type, caplog: pytest.LogCaptureFixture
) -> None:
    broken = True

    def sink(event: object) -> None:
        if broken and isinstance(event, kind):
            raise UnexpectedError("boom")

    async with FakeGateway() as good, FakeGateway() as worse:
        worse.add_agent("otto")
        worse.add_session("agent:otto:main")
        async with two(worse.url, good, sink=sink, incidents=-1) as (bad, fine):
            for _ in range(5):
                await bad.clock.advance(1)
                await worse.change("agent:otto:main", status="done", hasActiveRun=False)
            worse.drop()
            await pass_time(good, bad.clock, 100)
            broken = False
            await pass_time(good, bad.clock, 320)
            await worse.tick()
            await bad.live()

            assert fine.state is S.LIVE
            assert bad.link.incidents
            assert caplog.text.count("boom") <= 4  # once a place
            await worse.change("agent:otto:main", status="running", hasActiveRun=True)
            await bad.clock.advance(5)
            row = bad.session("agent:otto:main")
            assert row is not None
            assert row.active


async def test_events_that_fail_are_counted_and_listed_instead(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def sink(event: object) -> None:
        if isinstance(event, ev.SessionChanged):
            raise UnexpectedError("boom")

    async with FakeGateway() as good, FakeGateway() as worse:
        worse.add_agent("otto")
        worse.add_session("agent:otto:main")
        async with two(worse.url, good, sink=sink, incidents=-1) as (bad, _fine):
            await bad.live()
            for count in range(50):
                await worse.change("agent:otto:main", label=f"label {count}")
            await bad.clock.advance(10)

            row = bad.session("agent:otto:main")
            assert row is not None
            assert row.label == "label 49"
            assert bad.link.incidents == 50
            assert caplog.text.count("Traceback") == 1
            assert len([r for r in caplog.records if r.levelno >= logging.ERROR]) == 2


async def test_an_http_fallback_that_fails_is_logged_once_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(source: HttpFallback, **_more: object) -> None:
        if "bad" in source._url:
            raise UnexpectedError("boom")

    monkeypatch.setattr(HttpFallback, "poll", broken)
    monkeypatch.setattr(HttpFallback, "close", broken)
    url, rest_url = "ws://127.0.0.1:9/", "http://127.0.0.1:9/bad"
    async with FakeGateway() as good:
        async with two(url, good, rest_url=rest_url, http_after_s=1.0, incidents=-1) as (bad, fine):
            await pass_time(good, bad.clock, 100)

            assert bad.problem.kind == "unreachable"
            assert bad.link.http_tried
            assert bad.link.incidents >= 10
            assert fine.state is S.LIVE
        assert caplog.text.count("Traceback") == 1


async def test_a_token_store_that_fails_is_told(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(MemoryTokens):
        get = raising_later

    async with FakeGateway() as good, FakeGateway() as worse:
        async with two(worse.url, good, tokens=Broken(), incidents=-1) as (bad, fine):
            await bad.reach(S.WAITING)
            assert bad.problem.kind == "internal"
            assert bad.problem.detail == "UnexpectedError"
            assert fine.state is S.LIVE
        assert caplog.text.count("Traceback") == 1


async def test_a_device_token_that_cannot_be_kept_is_no_reason_to_leave() -> None:
    class Full(MemoryTokens):
        keep = raising_later

    async with FakeGateway() as good, FakeGateway() as worse:
        worse.device_token = "device"
        async with two(worse.url, good, tokens=Full(), incidents=1) as (bad, _fine):
            await bad.live()
            await pass_time(good, bad.clock, 40)

            assert bad.state is S.LIVE
