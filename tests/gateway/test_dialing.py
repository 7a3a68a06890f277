"""What answers on the way to a gateway: TLS, floods."""

from __future__ import annotations

import base64
import errno
import hashlib
import os
import struct
from typing import TYPE_CHECKING

import pytest

from cc_desktop.gateway import dialing
from cc_desktop.gateway.failures import CannotConnectError, Failure, RetryPolicy, classify
from tests.fakes.clock import FakeClock
from tests.fakes.raw import fingerprint_in, raw_server, self_signed

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path


async def fails_to_open(url: str, way: dialing.Way | None = None) -> Failure:
    with pytest.raises(CannotConnectError) as caught:
        await dialing.open_connection(
            url, lambda _challenge: {}, FakeClock(), lambda _event: None, way=way
        )
    return caught.value.failure


# TLS: only a certificate that fails verification is a matter of the certificate


async def test_a_certificate_that_nobody_trusts(tmp_path: Path) -> None:
    async with raw_server(b"", tls=self_signed(tmp_path)) as server:
        advice = classify(await fails_to_open(f"wss://localhost:{server.port}/"))

    assert (advice.kind, advice.policy) == ("certificate", RetryPolicy.RARELY)
    assert "self" in advice.said
    assert advice.detail == f"wss://localhost:{server.port}"
    assert advice.problem.fingerprint == fingerprint_in(tmp_path)
    assert advice.problem.pinned == ""


async def test_the_pinned_certificate_lets_through_to_the_upgrade(tmp_path: Path) -> None:
    async with raw_server(b"HTTP/1.1 404 Not Found\r\n\r\n", tls=self_signed(tmp_path)) as server:
        url, pin = f"wss://localhost:{server.port}/", fingerprint_in(tmp_path)
        failure = await fails_to_open(url, way=dialing.Way(fingerprint=pin))

    assert failure.http_status == 404


async def test_a_pinned_certificate_that_changed_blocks_and_nothing_is_sent(tmp_path: Path) -> None:
    async with raw_server(b"", tls=self_signed(tmp_path)) as server:
        url, pin = f"wss://localhost:{server.port}/", "ab" * 32
        advice = classify(await fails_to_open(url, way=dialing.Way(fingerprint=pin)))

        assert server.requests == []
    assert (advice.kind, advice.policy) == ("certificate-changed", RetryPolicy.STOP)
    assert advice.problem.pinned == pin
    assert advice.problem.fingerprint == fingerprint_in(tmp_path)
    assert advice.detail == f"wss://localhost:{server.port}"


@pytest.mark.parametrize(
    "data",
    [
        b"\x15\x03\x03\x00\x02\x02\x50",  # the alert internal_error
        b"\x15\x03\x03\x00\x02\x02\x28",  # the alert handshake_failure
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x00" * 100,
        b"",
    ],
)
@pytest.mark.parametrize("was_live", [False, True])
async def test_any_other_failure_of_tls_is_retried(data: bytes, was_live: bool) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(data)
        await writer.drain()

    async with raw_server(talk) as server:
        advice = classify(await fails_to_open(f"wss://localhost:{server.port}/"), was_live=was_live)

    assert advice.policy is RetryPolicy.RETRY
    assert advice.kind != "certificate"


# Proxies


async def test_the_proxy_of_a_gateway_goes_before_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    async with raw_server(b"HTTP/1.1 403 Forbidden\r\n\r\n") as proxy:
        way = dialing.Way(proxy=f"http://127.0.0.1:{proxy.port}")
        failure = await fails_to_open("ws://gateway.invalid:1/", way=way)

        assert failure.kind == "proxy-failed"
        assert b"CONNECT gateway.invalid:1" in proxy.requests[0]


async def test_no_proxy_at_all_if_the_operator_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async with raw_server(b"HTTP/1.1 403 Forbidden\r\n\r\n") as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        failure = await fails_to_open("ws://gateway.invalid:1/", way=dialing.Way(proxy="none"))

        assert failure.kind == "dns"
        assert proxy.requests == []


async def test_a_socks_proxy_is_refused_in_its_own_way() -> None:
    way = dialing.Way(proxy="socks5://127.0.0.1:9")
    failure = await fails_to_open("ws://gateway.invalid:1/", way=way)

    assert (failure.kind, failure.detail) == ("proxy", "socks5")


# Addresses


@pytest.mark.parametrize("url", ["ws://", "http://localhost/", "ws://[::1", "ws://a:99999/", ""])
async def test_an_address_that_is_none(url: str) -> None:
    assert classify(await fails_to_open(url)).kind == "bad-url"


@pytest.mark.parametrize("host", ["nobody.invalid", "a" * 70 + ".invalid", "x..y"])
async def test_a_name_that_nobody_has(host: str) -> None:
    assert classify(await fails_to_open(f"ws://{host}:1/")).kind in ("dns", "bad-url")


def test_an_address_for_people_has_no_secrets() -> None:
    url = "wss://me:secret@gw.example:18789/path?token=secret#secret"
    assert dialing.address_of(url) == "wss://gw.example:18789"


# Floods


async def test_a_peer_that_pings_and_does_not_read_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dialing, "MAX_UNSENT", 2**16)
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        request = await reader.readuntil(b"\r\n\r\n")
        key = next(
            line.partition(b":")[2].strip()
            for line in request.split(b"\r\n")
            if line.lower().startswith(b"sec-websocket-key:")
        )
        guid = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key + guid, usedforsecurity=False).digest())
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        # Nothing is read from here on.
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        ping = struct.pack("!BB", 0x89, 125) + b"p" * 125
        while sent < 200 * 2**20:
            writer.write(ping * 500)
            sent += len(ping) * 500
            await writer.drain()

    async with raw_server(flood) as server:
        failure = await fails_to_open(f"ws://127.0.0.1:{server.port}/")

    assert classify(failure).policy is RetryPolicy.RETRY
    assert sent < 100 * 2**20  # what the kernel holds, not what memory holds


async def test_a_port_that_nobody_listens_on_is_told_in_the_system_s_words() -> None:
    async with raw_server(b"") as server:
        port = server.port
    advice = classify(await fails_to_open(f"ws://127.0.0.1:{port}/"))

    assert (advice.kind, advice.said) == ("unreachable", os.strerror(errno.ECONNREFUSED))
