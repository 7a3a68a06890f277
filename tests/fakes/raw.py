"""Servers that answer with given bytes, and certificates for them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class RawServer:
    """What listens on a port of this machine."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.requests: list[bytes] = []


@contextlib.asynccontextmanager
async def raw_server(
    answer: bytes | Talk, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[RawServer]:
    """Answer each HTTP request with bytes and hang up, or let a function talk."""

    talks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        talks[talk] = writer
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            if isinstance(answer, bytes):
                made.requests.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(answer)
                await writer.drain()
            else:
                await answer(reader, writer)
        with contextlib.suppress(OSError):
            writer.close()
        del talks[talk]

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    made = RawServer(server.sockets[0].getsockname()[1])
    try:
        yield made
    finally:
        server.close()
        for writer in talks.values():
            writer.transport.abort()
        await asyncio.gather(*talks, return_exceptions=True)


def self_signed(directory: Path, name: str = "localhost") -> ssl.SSLContext:
    """Make a server's side of TLS that nobody trusts."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = directory / "server.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def fingerprint_in(directory: Path) -> str:
    """SHA-256 of the certificate that `self_signed` left there, as hex digits."""
    marker = "-----BEGIN CERTIFICATE-----"
    pem = (directory / "server.pem").read_text()
    der = ssl.PEM_cert_to_DER_cert(marker + pem.partition(marker)[2])
    return hashlib.sha256(der).hexdigest()
