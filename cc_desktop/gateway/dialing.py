"""Opens a connection to a gateway: the socket or the proxy, TLS, the upgrade, the handshake.

Whoever answers here has not proven anything yet. Nothing it sends may do more than fail this try.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import ssl
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
from websockets.asyncio import client as ws_client
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidProxy,
    InvalidStatus,
    InvalidURI,
    ProxyError,
)

from cc_desktop.gateway.connection import GatewayConnection, closed_by_peer
from cc_desktop.gateway.failures import CannotConnectError, Failure, FailureKind
from cc_desktop.protocol import fields, frames, handshake
from cc_desktop.system.network import is_literal, is_loopback
from cc_desktop.system.tls import UntrustedCertificateError, client_context, pinned_context

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.system.clock import Clock

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 10.0
NO_PROXY_WANTED = "none"
CLOSE_TIMEOUT_S = 2.0  # a frozen peer must not hold up the end of the app
MAX_UNSENT = 4 * 2**20  # bytes; no request of this app is near it
_PRE_HELLO_LIMIT = 64 * 2**10  # bytes of a frame before hello-ok
_MAX_RETRY_AFTER_S = 99_999


class Channel(ws_client.ClientConnection):
    """A WebSocket whose outgoing buffer is bounded.

    Every ping makes a pong. A peer that sends pings and reads nothing would fill the memory.
    """

    overflowed = False

    def data_received(self, data: bytes) -> None:
        """Asyncio override: drop the connection when too much is unsent."""
        super().data_received(data)
        if self.transport.get_write_buffer_size() > MAX_UNSENT:
            self.overflowed = True
            self.transport.abort()


class Way(msgspec.Struct, frozen=True):
    """How to get to a gateway, where the operator says more than the system."""

    proxy: str = ""  # "": as the environment says; NO_PROXY_WANTED, or the proxy's address
    fingerprint: str = ""  # the one certificate that is trusted (SHA-256, 64 hex digits)


class _Connect(ws_client.connect):
    """`connect` without redirects: they would take the token to another place."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def open_connection(
    url: str,
    connect_params: Callable[[handshake.Challenge], dict[str, Any]],
    clock: Clock,
    on_event: Callable[[frames.EventFrame], None],
    on_connected: Callable[[], None] = lambda: None,
    *,
    way: Way | None = None,
) -> GatewayConnection:
    """Connect, and complete the handshake within `handshake.HANDSHAKE_TIMEOUT_S`.

    Args:
        url: ws:// or wss://.
        connect_params: Makes the parameters of `connect` from the gateway's challenge.
        clock: Measures the deadlines of the protocol; dialing itself has `CONNECT_TIMEOUT_S`.
        on_event: Gets every event, those before hello-ok included.
        on_connected: Called when the challenge is there.
        way: Proxy and certificate; None for what the system says.

    Raises:
        CannotConnectError: With the failure to classify.
    """
    channel = await _dial(url, way or Way())
    connection = GatewayConnection(channel, clock, on_event)
    deadline = asyncio.create_task(
        clock.sleep(handshake.HANDSHAKE_TIMEOUT_S), name="handshake deadline"
    )
    shake = asyncio.create_task(
        _handshake(connection, channel, connect_params, on_connected), name="handshake"
    )
    try:
        await asyncio.wait({deadline, shake}, return_when=asyncio.FIRST_COMPLETED)
        if not shake.done():
            raise CannotConnectError(Failure(kind=FailureKind.SILENT))
        connection.hello = shake.result()
    except BaseException:
        shake.cancel()
        await asyncio.gather(shake, return_exceptions=True)
        await channel.close(1000, "shutdown")
        raise
    finally:
        deadline.cancel()
        await asyncio.gather(deadline, return_exceptions=True)
    return connection


async def _dial(url: str, way: Way) -> Channel:
    proxy = _proxy_for(url, way.proxy)
    context = None
    if url.lower().startswith("wss:"):
        context = await client_context(way.fingerprint)
    try:
        return await _open(url, proxy, context)
    except InvalidStatus as error:
        failure = _http_failure(error)
    except (InvalidProxy, ProxyError, ImportError) as error:
        failure = _proxy_failure(error, proxy)
    except InvalidHandshake as error:
        # An upgrade that ends early is a tunnel or a proxy whose far end is away.
        ended = isinstance(error.__cause__, EOFError)
        failure = Failure(kind=FailureKind.HUNG_UP if ended else FailureKind.NOT_A_GATEWAY)
    except (OSError, EOFError) as error:
        failure = _network_failure(error, proxy)
        if failure.kind is FailureKind.CERTIFICATE:
            failure = await _with_fingerprint(failure, error, url, proxy, way.fingerprint)
    except ValueError:
        if proxy is None:  # the address was checked, so nothing is known of this
            raise
        failure = Failure(kind=FailureKind.PROXY, detail=_scheme(proxy))
    if not failure.detail:
        place = _host(proxy) if failure.kind is FailureKind.PROXY_FAILED else address_of(url)
        failure = msgspec.structs.replace(failure, detail=place)
    raise CannotConnectError(failure)


async def _open(url: str, proxy: str | None, context: ssl.SSLContext | None) -> Channel:
    channel = await _Connect(
        url,
        ssl=context,
        proxy=proxy,
        compression=None if is_loopback(url) else "deflate",
        max_size=handshake.DEFAULT_MAX_PAYLOAD,
        open_timeout=CONNECT_TIMEOUT_S,
        ping_interval=None,  # the gateway's ticks tell more, and idle shall cost nothing
        close_timeout=CLOSE_TIMEOUT_S,
        user_agent_header=None,
        create_connection=Channel,
    )
    assert isinstance(channel, Channel)  # noqa: S101 - create_connection made it
    return channel


async def _with_fingerprint(
    failure: Failure, error: BaseException, url: str, proxy: str | None, pinned: str
) -> Failure:
    """Add which certificate was shown, for a person to compare with what the gateway prints.

    OpenSSL does not tell the certificate that it refuses, so it is asked for once more, on a
    connection that ends there.
    """
    if isinstance(error, UntrustedCertificateError):
        return msgspec.structs.replace(
            failure,
            kind=FailureKind.CERTIFICATE_CHANGED,
            http_message="",
            fingerprint=error.fingerprint,
            pinned=pinned,
        )
    shown = ""
    try:
        channel = await _open(url, proxy, pinned_context(""))
    except UntrustedCertificateError as refused:
        shown = refused.fingerprint
    except Exception as unexpected:  # noqa: BLE001, RUF100 - the failure itself is known
        log.debug("the certificate of the gateway is not told: %s", type(unexpected).__name__)
    else:  # pragma: no cover - a context that trusts nobody trusted somebody
        await channel.close()
    return msgspec.structs.replace(failure, fingerprint=shown)


def _proxy_failure(error: InvalidProxy | ProxyError | ImportError, proxy: str | None) -> Failure:
    if isinstance(error, InvalidProxy):
        return Failure(kind=FailureKind.PROXY, detail=_scheme(proxy), http_message=error.msg)
    if isinstance(error, ImportError):
        if not _scheme(proxy).startswith("socks"):  # for which websockets needs python-socks
            raise error
        return Failure(kind=FailureKind.PROXY, detail=_scheme(proxy))
    status = getattr(getattr(error, "response", None), "status_code", 0)
    said = f"HTTP status {status}" if status else ""
    return Failure(kind=FailureKind.PROXY_FAILED, detail=_host(proxy), http_message=said)


def _network_failure(error: OSError | EOFError, proxy: str | None) -> Failure:
    match error:
        case ssl.SSLCertVerificationError():
            said = getattr(error, "verify_message", "")  # one of this app has none
            return Failure(kind=FailureKind.CERTIFICATE, http_message=said)
        case ssl.SSLError():
            return Failure(kind=FailureKind.TLS)
        case socket.gaierror():
            return Failure(kind=FailureKind.PROXY_FAILED if proxy else FailureKind.DNS)
        case TimeoutError():
            return Failure(kind=FailureKind.SILENT)
        case EOFError():
            return Failure(kind=FailureKind.HUNG_UP)
    kind = FailureKind.PROXY_FAILED if proxy else FailureKind.UNREACHABLE
    # asyncio's own text has the address again, as Python writes a tuple.
    reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or ""
    return Failure(kind=kind, http_message=reason)


def _proxy_for(url: str, wanted: str = "") -> str | None:
    """Return the proxy for an address, or None for none.

    Args:
        url: The gateway's.
        wanted: What the operator says of this gateway; "" is the environment or the system, which
            have none for this machine.
    """
    try:
        uri = ws_client.parse_uri(url)  # type: ignore[attr-defined]  # moved between versions 15 and 17
        if not is_literal(uri.host):  # else nobody resolves it, and the codec takes 0.3 MiB
            uri.host.encode("idna")  # as the resolver will
    except (InvalidURI, ValueError):
        raise CannotConnectError(
            Failure(kind=FailureKind.BAD_URL, detail=address_of(url))
        ) from None
    if wanted:
        return None if wanted == NO_PROXY_WANTED else wanted
    if is_loopback(url):
        return None
    proxy: str | None = ws_client.get_proxy(uri)  # type: ignore[attr-defined]  # the same
    return proxy


def proxy_address(url: str, wanted: str = "") -> str:
    """Return host and port of the proxy that leads to an address; "" where none is used.

    Args:
        url: The gateway's.
        wanted: `Way.proxy`.

    Raises:
        CannotConnectError: The address cannot be used.
    """
    proxy = _proxy_for(url, wanted)
    return "" if proxy is None else _host(proxy) or _scheme(proxy) or "unknown"


def address_of(url: str) -> str:
    """Return an address for people, without user name, query and fragment."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        return fields.text(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", 200)
    return ""


def _scheme(proxy: str | None) -> str:
    """Return the scheme of a proxy: the rest may hold a password."""
    scheme = (proxy or "").partition("://")[0]
    return fields.text(scheme, 20) if scheme.isalnum() else ""


def _host(proxy: str | None) -> str:
    with contextlib.suppress(ValueError):
        return fields.text(urlsplit(proxy or "").netloc.rpartition("@")[2], 200)
    return ""


def _http_failure(error: InvalidStatus) -> Failure:
    response = error.response
    message = ""
    if response.body:
        with contextlib.suppress(msgspec.DecodeError, UnicodeError, RecursionError):
            body = fields.as_object(msgspec.json.decode(response.body))
            said = body.get("error")
            message = fields.text(said, 300) or fields.text(
                fields.as_object(said).get("message"), 300
            )
    waits = response.headers.get_all("Retry-After")  # there may be several
    wait = waits[0] if waits else ""
    wait_s = int(wait) if wait.isascii() and wait.isdigit() and len(wait) < 6 else 0
    return Failure(
        http_status=response.status_code,
        http_message=message,
        retry_after_ms=min(wait_s, _MAX_RETRY_AFTER_S) * 1000,
    )


async def _handshake(
    connection: GatewayConnection,
    channel: Channel,
    connect_params: Callable[[handshake.Challenge], dict[str, Any]],
    on_connected: Callable[[], None],
) -> handshake.Hello:
    try:
        while True:
            frame = await _next_frame(channel)
            if isinstance(frame, frames.EventFrame) and frame.event == "connect.challenge":
                break
        on_connected()
        ident = str(uuid.uuid4())
        params = connect_params(handshake.read_challenge(frame.payload))
        await channel.send(frames.encode_request(ident, "connect", params))
        while True:
            frame = await _next_frame(channel)
            if isinstance(frame, frames.Response) and frame.id == ident:
                break
            if isinstance(frame, frames.EventFrame):
                connection.dispatch(frame)
    except ConnectionClosed:
        raise CannotConnectError(closed_by_peer(channel)) from None
    if frame.error:
        raise CannotConnectError(Failure(error=frame.error))
    return handshake.read_hello(frame.payload)


async def _next_frame(channel: Channel) -> frames.Frame:
    """Return the next valid frame.

    Malformed messages are skipped, and so are messages over 64 KiB unless they may be hello-ok:
    the peer is not authenticated yet.
    """
    while True:
        message = await channel.recv()
        if len(message) > _PRE_HELLO_LIMIT and b"hello-ok" not in (
            message.encode() if isinstance(message, str) else message
        ):
            continue
        with contextlib.suppress(frames.BadFrameError):
            return frames.decode(message)
