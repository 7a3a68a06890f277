"""One WebSocket connection to a gateway, from the challenge to the close.

Requests are correlated by uuid. One sweeper looks after all deadlines: a timer per request would
stay alive in Qt until it would have fired (qasync keeps cancelled timers).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import uuid
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidProxy,
    InvalidStatus,
    InvalidURI,
)

from cc_desktop.gateway.failures import Failure
from cc_desktop.protocol import fields, frames, handshake
from cc_desktop.system.network import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.system.clock import Clock

log = logging.getLogger(__name__)

REQUEST_TIMEOUT_S = 30.0
CLOSE_TIMEOUT_S = 2.0  # a frozen peer must not hold up the end of the app
_PRE_HELLO_LIMIT = 64 * 2**10  # bytes of a frame before hello-ok
ASLEEP_S = 20.0  # a pause that took so much longer was sleep
CLOSE_SILENT = 4000  # what OpenClaw's own clients close with


class GatewayFailureError(Exception):
    """The base of what can go wrong with a gateway; carries what the error table needs."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.kind or (failure.error.code if failure.error else "failure"))
        self.failure = failure


class CannotConnectError(GatewayFailureError):
    """No connection, or no hello-ok."""


class ConnectionLostError(GatewayFailureError):
    """The connection is gone; requests under way were not answered."""


class RequestFailedError(GatewayFailureError):
    """The gateway answered with an error."""


class RequestTimeoutError(GatewayFailureError):
    """No answer within the deadline."""


class _Pending:
    __slots__ = ("deadline", "future")

    def __init__(self, future: asyncio.Future[Any], deadline: float) -> None:
        self.future = future
        self.deadline = deadline


class GatewayConnection:
    """A connection that has been let in. Made by `open_session`."""

    def __init__(
        self,
        ws: ClientConnection,
        clock: Clock,
        on_event: Callable[[frames.EventFrame], None],
    ) -> None:
        self._ws = ws
        self._clock = clock
        self._on_event = on_event
        self._pending: dict[str, _Pending] = {}
        self._heard = clock.monotonic()
        self._closed: Failure | None = None
        self.hello = handshake.Hello()
        self.skipped = 0  # messages that were no frames
        self.shutdown: dict[str, Any] = {}  # what the gateway said before it went

    async def run(self) -> Failure:
        """Read until the connection ends, and say why it did."""
        sweeper = asyncio.create_task(self._sweep(), name="deadlines")
        try:
            while True:
                # Bytes: the decoder of frames looks after UTF-8 itself.
                self.take(await self._ws.recv(decode=False))
        except ConnectionClosed:
            failure = self._failure()
        except asyncio.CancelledError:
            self._fail_pending(Failure(kind="lost"))
            await self.close()
            raise
        finally:
            sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sweeper
        self._fail_pending(failure)
        return failure

    def _failure(self) -> Failure:
        if self._closed:
            return self._closed
        received = self._ws.protocol.close_rcvd
        if received is None:
            return Failure(kind="lost")
        return Failure(kind="lost", close_code=received.code, close_reason=received.reason)

    def take(self, message: str | bytes) -> None:
        """Route one message. What is no frame is skipped and counted."""
        self._heard = self._clock.monotonic()
        try:
            frame = frames.decode(message, raw_answers=True)
        except frames.BadFrameError as error:
            self.skipped += 1
            if self.skipped == 1:
                log.warning("a message that is no frame was skipped: %s", error)
            return
        self.route(frame)

    def route(self, frame: frames.Frame) -> None:
        """Hand a frame to whom it is for. A handler that fails does not end the connection."""
        if isinstance(frame, frames.EventFrame):
            if frame.event == "shutdown":
                self.shutdown = fields.as_object(frame.payload)
            try:
                self._on_event(frame)
            except Exception:
                log.exception("an event could not be handled")
        elif isinstance(frame, frames.Response):
            pending = self._pending.pop(frame.id, None)
            if pending is None or pending.future.done():
                return  # answered already: some gateways answer one id twice
            if frame.error:
                pending.future.set_exception(RequestFailedError(Failure(error=frame.error)))
            else:
                pending.future.set_result(frame.payload)

    async def request(
        self,
        method: str,
        params: object = None,
        timeout_s: float = REQUEST_TIMEOUT_S,
        *,
        raw: bool = False,
    ) -> Any:
        """Ask, and wait for the answer's payload. `raw`: a large one is still encoded.

        Raises:
            RequestFailedError: the gateway said no, with its code and message.
            RequestTimeoutError: no answer within `timeout_s`.
            ConnectionLostError: the connection went before the answer came.
        """
        ident = str(uuid.uuid4())
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._pending[ident] = _Pending(future, self._clock.monotonic() + timeout_s)
        try:
            await self._ws.send(frames.encode_request(ident, method, params))
            payload = await future
            return payload if raw else frames.plain(payload)
        except ConnectionClosed:
            raise ConnectionLostError(self._failure()) from None
        finally:
            self._pending.pop(ident, None)

    async def close(self) -> None:
        """Say goodbye: close code 1000, reason "shutdown"."""
        await self._ws.close(1000, "shutdown")

    async def _sweep(self) -> None:
        # A gateway that tells nonsense is neither dropped at once nor kept for ever.
        tick_s = min(max(self.hello.tick_ms or handshake.DEFAULT_TICK_MS, 1_000), 300_000) / 1000
        pause_s = min(5.0, tick_s / 4)
        while True:
            before_ms = self._clock.now_ms()
            await self._clock.sleep(pause_s)
            now = self._clock.monotonic()
            if self._clock.now_ms() - before_ms > 1000 * (pause_s + ASLEEP_S):
                # The computer slept. The socket may look open for minutes, and lead nowhere.
                self._closed = Failure(kind="lost")
                await self._ws.close(CLOSE_SILENT, "slept")
                return
            for pending in list(self._pending.values()):
                if pending.deadline <= now and not pending.future.done():
                    pending.future.set_exception(RequestTimeoutError(Failure(kind="timeout")))
            silent = now - self._heard
            if silent >= 2 * tick_s:
                self._closed = Failure(kind="silent")
                self._ws.transport.abort() if silent >= 4 * tick_s else await self._ws.close(
                    CLOSE_SILENT, "tick timeout"
                )
                return
            if silent >= tick_s and not self.hello.tick_ms:
                # No ticks in this dialect: a pong is the sign of life.
                await self._ping()

    async def _ping(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            pong = await self._ws.ping()

            def heard(done: asyncio.Future[float]) -> None:
                if not done.cancelled() and done.exception() is None:
                    self._heard = self._clock.monotonic()

            asyncio.ensure_future(pong).add_done_callback(heard)

    def _fail_pending(self, failure: Failure) -> None:
        for pending in self._pending.values():
            if not pending.future.done():
                pending.future.set_exception(ConnectionLostError(failure))
        self._pending.clear()


async def open_connection(
    url: str,
    connect_params: Callable[[handshake.Challenge], dict[str, Any]],
    clock: Clock,
    on_event: Callable[[frames.EventFrame], None],
    on_connected: Callable[[], None] = lambda: None,
) -> GatewayConnection:
    """Connect, and go through the handshake within 10 s.

    Raises:
        CannotConnectError: with what the error table needs to judge it.
    """
    ws = await _dial(url)
    session = GatewayConnection(ws, clock, on_event)
    deadline = asyncio.create_task(
        clock.sleep(handshake.HANDSHAKE_TIMEOUT_S), name="handshake deadline"
    )
    shake = asyncio.create_task(
        _handshake(session, ws, connect_params, on_connected), name="handshake"
    )
    try:
        await asyncio.wait({deadline, shake}, return_when=asyncio.FIRST_COMPLETED)
        if not shake.done():
            raise CannotConnectError(Failure(kind="silent"))
        session.hello = shake.result()
    except BaseException:
        shake.cancel()
        await asyncio.gather(shake, return_exceptions=True)
        await ws.close(1000, "shutdown")
        raise
    finally:
        deadline.cancel()
        await asyncio.gather(deadline, return_exceptions=True)
    return session


async def _dial(url: str) -> ClientConnection:
    try:
        return await connect(
            url,
            proxy=None if is_loopback(url) else True,
            compression=None if is_loopback(url) else "deflate",
            max_size=handshake.DEFAULT_MAX_PAYLOAD,
            open_timeout=10,
            ping_interval=None,  # the gateway's ticks tell more, and idle shall cost nothing
            close_timeout=CLOSE_TIMEOUT_S,
            user_agent_header=None,
        )
    except InvalidURI:
        failure = Failure(kind="url")
    except InvalidStatus as error:
        failure = _http_failure(error)
    except (InvalidMessage, InvalidProxy, InvalidHandshake):
        failure = Failure(kind="not-a-gateway")
    except ssl.SSLError:
        failure = Failure(kind="tls")
    except TimeoutError:
        failure = Failure(kind="timeout")
    except OSError as error:
        failure = Failure(kind="dns" if "gaierror" in type(error).__name__ else "refused")
    except EOFError:
        failure = Failure(kind="not-a-gateway")
    except ValueError:
        failure = Failure(kind="url")
    raise CannotConnectError(failure)


def _http_failure(error: InvalidStatus) -> Failure:
    response = error.response
    message = ""
    if response.body:
        import msgspec

        with contextlib.suppress(msgspec.DecodeError, UnicodeError):
            body = fields.as_object(msgspec.json.decode(response.body))
            said = body.get("error")
            message = fields.text(said, 300) or fields.text(
                fields.as_object(said).get("message"), 300
            )
    wait = response.headers.get("Retry-After", "")
    return Failure(
        http_status=response.status_code,
        http_message=message,
        retry_after_ms=int(wait) * 1000 if wait.isdigit() and len(wait) < 6 else 0,
    )


async def _handshake(
    session: GatewayConnection,
    ws: ClientConnection,
    connect_params: Callable[[handshake.Challenge], dict[str, Any]],
    on_connected: Callable[[], None],
) -> handshake.Hello:
    try:
        while True:
            frame = await _next(ws)
            if isinstance(frame, frames.EventFrame) and frame.event == "connect.challenge":
                break
        on_connected()
        ident = str(uuid.uuid4())
        params = connect_params(handshake.read_challenge(frame.payload))
        await ws.send(frames.encode_request(ident, "connect", params))
        while True:
            frame = await _next(ws)
            if isinstance(frame, frames.Response) and frame.id == ident:
                break
            if isinstance(frame, frames.EventFrame):
                session.route(frame)
    except ConnectionClosed:
        received = ws.protocol.close_rcvd
        code, reason = (received.code, received.reason) if received else (0, "")
        raise CannotConnectError(
            Failure(kind="lost", close_code=code, close_reason=fields.text(reason, 200))
        ) from None
    if frame.error:
        raise CannotConnectError(Failure(error=frame.error))
    return handshake.read_hello(frame.payload)


async def _next(ws: ClientConnection) -> frames.Frame:
    """The next frame; what is none, or too long before hello-ok, is skipped."""
    while True:
        message = await ws.recv()
        if len(message) > _PRE_HELLO_LIMIT and b"hello-ok" not in (
            message.encode() if isinstance(message, str) else message
        ):
            continue
        with contextlib.suppress(frames.BadFrameError):
            return frames.decode(message)
