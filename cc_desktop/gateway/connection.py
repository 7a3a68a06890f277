"""One WebSocket connection to a gateway, from hello-ok to the close.

Requests are correlated by uuid. One task looks after all deadlines: a timer per request would stay
alive in Qt until it would have fired (qasync keeps cancelled timers).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from typing import TYPE_CHECKING, Any

from websockets.exceptions import ConnectionClosed

from cc_desktop.gateway.backoff import ASLEEP_S
from cc_desktop.gateway.failures import (
    ConnectionLostError,
    Failure,
    FailureKind,
    RequestFailedError,
    RequestTimeoutError,
)
from cc_desktop.gateway.incidents import IncidentLog
from cc_desktop.protocol import fields, frames, handshake

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.gateway.dialing import Channel
    from cc_desktop.system.clock import Clock

log = logging.getLogger(__name__)

REQUEST_TIMEOUT_S = 30.0
_CLOSE_SILENT = 4000  # what OpenClaw's own clients close with


class _Pending:
    __slots__ = ("deadline", "future")

    def __init__(self, future: asyncio.Future[Any], deadline: float) -> None:
        self.future = future
        self.deadline = deadline


class GatewayConnection:
    """A connection that has been let in. Made by `dialing.open_connection`."""

    def __init__(
        self,
        channel: Channel,
        clock: Clock,
        on_event: Callable[[frames.EventFrame], None],
    ) -> None:
        self._channel = channel
        self._clock = clock
        self.on_event = on_event  # gets every event from now on
        self._incidents = IncidentLog(log)
        self._pending: dict[str, _Pending] = {}
        self._last_received = clock.monotonic()
        self._closed: Failure | None = None  # why this side closed
        self._silent_since = 0  # local ms of the last message, once a tick is overdue
        # Called with that when a tick is overdue, and with 0 when the gateway speaks again.
        self.on_silence: Callable[[int], object] = lambda _since: None
        self.hello = handshake.Hello()
        self.device_id = ""  # what presence lists this app as; "" while it has no key
        self.scopes: tuple[str, ...] = ()  # what it may do, see `handshake.granted`
        self.skipped = 0  # messages that were no frames
        # ms that the gateway says its restart takes; None while it has announced none.
        self.restart_expected_ms: int | None = None

    @property
    def pending(self) -> int:
        """How many requests wait for their answer."""
        return len(self._pending)

    @property
    def failed_events(self) -> int:
        """How many events the handler raised for."""
        return self._incidents.total

    async def run(self) -> Failure:
        """Read until the connection ends, and return why it did."""
        reader = asyncio.create_task(self._read(), name="reader")
        deadlines = asyncio.create_task(self._enforce_deadlines(), name="deadlines")
        failure = Failure(kind=FailureKind.LOST)
        try:
            await asyncio.wait({reader, deadlines}, return_when=asyncio.FIRST_COMPLETED)
            if deadlines.done():
                deadlines.result()  # it closed the connection, or failed
            failure = await reader
        finally:
            self._fail_pending(failure)
            for task in (reader, deadlines):
                task.cancel()
            await asyncio.gather(reader, deadlines, return_exceptions=True)
        return failure

    async def _read(self) -> Failure:
        with contextlib.suppress(ConnectionClosed):
            while True:
                # Bytes: the decoder of frames looks after UTF-8 itself.
                self.handle_message(await self._channel.recv(decode=False))
        return self._failure()

    def _failure(self) -> Failure:
        if self._closed:
            return self._closed
        if self._channel.overflowed:
            log.warning("the gateway does not read what it is sent: the connection is dropped")
        return closed_by_peer(self._channel)

    def handle_message(self, message: str | bytes) -> None:
        """Dispatch one message. What is not a frame is skipped and counted."""
        self._last_received = self._clock.monotonic()
        self._set_silent_since(0)
        try:
            frame = frames.decode(message, raw_answers=True)
        except frames.BadFrameError as error:
            self.skipped += 1
            if self.skipped == 1:
                log.warning("a message that is no frame was skipped: %s", error)
            return
        self.dispatch(frame)

    def dispatch(self, frame: frames.Frame) -> None:
        """Hand a frame to the event handler, or to the request that waits for it.

        A handler that raises does not end the connection.
        """
        if isinstance(frame, frames.EventFrame):
            if frame.event == "shutdown":
                payload = fields.as_object(frame.payload)
                self.restart_expected_ms = fields.integer(payload.get("restartExpectedMs"))
            try:
                self.on_event(frame)
            except Exception as error:  # noqa: BLE001, RUF100 - whatever it is, the next event comes
                self._incidents.record("an event could not be handled", error)
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
        """Send a request and return the payload of its answer.

        Args:
            method: Such as "sessions.list".
            params: What msgspec can write as JSON; None sends none.
            timeout_s: Seconds for sending and answering, give or take 5 s.
            raw: Leave a large payload encoded, see `frames.decode`.

        Raises:
            RequestFailedError: The gateway refused, with its code and message.
            RequestTimeoutError: There was no answer within `timeout_s`.
            ConnectionLostError: The connection went before the answer came.
        """
        ident = str(uuid.uuid4())
        message = frames.encode_request(ident, method, params)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_retrieve)
        self._pending[ident] = _Pending(answer, self._clock.monotonic() + timeout_s)
        sending = asyncio.create_task(self._channel.send(message), name=f"send {method}")
        try:
            # A peer that does not read can block the sending: the deadline ends that, too.
            await asyncio.wait({sending, answer}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done() and not answer.done():
                sending.result()
            payload = await answer
            return payload if raw else frames.plain(payload)
        except ConnectionClosed:
            raise ConnectionLostError(self._failure()) from None
        finally:
            self._pending.pop(ident, None)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def close(self) -> None:
        """Close with code 1000."""
        await self._channel.close(1000, "shutdown")

    async def _enforce_deadlines(self) -> None:
        """Time out requests; close when the peer is silent or this computer slept."""
        # A gateway that tells nonsense is neither dropped at once nor kept for ever.
        tick_s = min(max(self.hello.tick_ms or handshake.DEFAULT_TICK_MS, 1_000), 300_000) / 1000
        pause_s = min(5.0, tick_s / 4)
        while True:
            before_ms = self._clock.now_ms()
            await self._clock.sleep(pause_s)
            now = self._clock.monotonic()
            if self._clock.now_ms() - before_ms > 1000 * (pause_s + ASLEEP_S):
                # The computer slept. The socket may look open for minutes, and lead nowhere.
                self._closed = Failure(kind=FailureKind.LOST)
                await self._channel.close(_CLOSE_SILENT, "slept")
                return
            for pending in list(self._pending.values()):
                if pending.deadline <= now and not pending.future.done():
                    failure = Failure(kind=FailureKind.SILENT)
                    pending.future.set_exception(RequestTimeoutError(failure))
            silent_s = now - self._last_received
            if silent_s >= 2 * tick_s:
                self._closed = Failure(kind=FailureKind.SILENT)
                if silent_s >= 4 * tick_s:
                    self._channel.transport.abort()
                else:
                    await self._channel.close(_CLOSE_SILENT, "tick timeout")
                return
            if silent_s >= tick_s + pause_s and not self._silent_since:
                self._set_silent_since(self._clock.now_ms() - int(silent_s * 1000))
            if silent_s >= tick_s and not self.hello.tick_ms:
                await self._ping()  # this dialect has no ticks: a pong is the sign of life

    def _set_silent_since(self, since: int) -> None:
        if since != self._silent_since:
            self._silent_since = since
            self.on_silence(since)

    async def _ping(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            pong = await self._channel.ping()

            def on_pong(done: asyncio.Future[float]) -> None:
                if not done.cancelled() and done.exception() is None:
                    self._last_received = self._clock.monotonic()
                    self._set_silent_since(0)

            asyncio.ensure_future(pong).add_done_callback(on_pong)

    def _fail_pending(self, failure: Failure) -> None:
        for pending in self._pending.values():
            if not pending.future.done():
                pending.future.set_exception(ConnectionLostError(failure))
        self._pending.clear()


def closed_by_peer(channel: Channel) -> Failure:
    """Return how the peer closed the connection; without a close frame, it is just lost."""
    received = channel.protocol.close_rcvd
    if received is None:
        return Failure(kind=FailureKind.LOST)
    reason = fields.text(received.reason, 200)
    return Failure(kind=FailureKind.LOST, close_code=received.code, close_reason=reason)


def _retrieve(answer: asyncio.Future[Any]) -> None:
    """Look at an error that nobody may ask for any more: the loop would complain about it."""
    if not answer.cancelled():
        answer.exception()
