"""Whom the app trusts over TLS."""

from __future__ import annotations

import asyncio
import ssl
import threading
from typing import TYPE_CHECKING

import pytest

from cc_desktop.system import tls
from tests.fakes.raw import fingerprint_in, raw_server, self_signed

if TYPE_CHECKING:
    from pathlib import Path


async def received(server_tls: ssl.SSLContext, client: ssl.SSLContext) -> list[bytes]:
    """Connect and send a request; returns what the server got."""
    async with raw_server(b"ok", tls=server_tls) as server:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", server.port, ssl=client, server_hostname="localhost"
        )
        writer.write(b"secret\r\n\r\n")
        assert await reader.read() == b"ok"
        writer.close()
        return server.requests


async def test_the_pinned_certificate_is_accepted(tmp_path: Path) -> None:
    server = self_signed(tmp_path)
    context = await tls.client_context(fingerprint_in(tmp_path))

    assert await received(server, context) == [b"secret\r\n\r\n"]


async def test_any_other_certificate_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    self_signed(tmp_path / "a")
    pinned = fingerprint_in(tmp_path / "a")
    async with raw_server(b"ok", tls=self_signed(tmp_path / "b")) as server:
        with pytest.raises(tls.UntrustedCertificateError) as caught:
            await asyncio.open_connection(
                "127.0.0.1",
                server.port,
                ssl=await tls.client_context(pinned),
                server_hostname="localhost",
            )

        assert caught.value.fingerprint == fingerprint_in(tmp_path / "b")
        assert server.requests == []


async def test_a_context_without_a_pin_tells_the_certificate_and_trusts_none(
    tmp_path: Path,
) -> None:
    server = self_signed(tmp_path)
    with pytest.raises(tls.UntrustedCertificateError) as caught:
        await received(server, tls.pinned_context(""))

    assert caught.value.fingerprint == fingerprint_in(tmp_path)


async def test_the_system_does_not_trust_a_certificate_that_nobody_signed(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        await received(self_signed(tmp_path), await tls.client_context())


async def test_the_roots_are_read_once_and_outside_of_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[int] = []

    def make(_protocol: int) -> ssl.SSLContext:
        made.append(threading.get_ident())
        return tls.plain_context()

    monkeypatch.setattr("truststore.SSLContext", make)
    tls._system_context.cache_clear()
    try:
        first, second = await asyncio.gather(tls.client_context(), tls.client_context())
    finally:
        tls._system_context.cache_clear()

    assert first is second
    assert len(made) == 1
    assert made[0] != threading.get_ident()


DIGITS = "ab" * 32


@pytest.mark.parametrize(
    "written",
    [
        DIGITS,
        DIGITS.upper(),
        ":".join(["AB"] * 32),
        f"sha256:{DIGITS}",
        "SHA256 Fingerprint=" + ":".join(["AB"] * 32),
        f"  {DIGITS}\n",
    ],
)
def test_a_fingerprint_may_be_written_in_any_usual_way(written: str) -> None:
    assert tls.read_fingerprint(written) == DIGITS


@pytest.mark.parametrize("written", ["", "ab", DIGITS[:-1], DIGITS + "a", "x" * 64, "sha1:abcd"])
def test_anything_else_is_no_fingerprint(written: str) -> None:
    assert tls.read_fingerprint(written) == ""
