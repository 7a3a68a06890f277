"""Frames: one JSON object per WebSocket message. Reads two dialects, writes OpenClaw's.

OpenClaw sends responses `{type:"res", id, ok, payload|error}` and events `{type:"event", event,
payload, seq?}`. The Control Center's own dialect has `result` instead of `payload`, `params` in
events, and numbers as error codes.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct, field

from cc_desktop.protocol import fields
from cc_desktop.protocol.lenient import decode_json, mended

MAX_CODE = 100  # characters of an error's code, which is shown


class BadFrameError(ValueError):
    """A message that is not a frame. The connection skips it."""


class GatewayError(Struct, frozen=True):
    """An error in the gateway's own words."""

    code: str = ""
    message: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    retryable: bool | None = None
    retry_after_ms: int = 0

    @property
    def detail_code(self) -> str:
        """The finer code, such as AUTH_TOKEN_MISMATCH."""
        return fields.text(self.details.get("code"), MAX_CODE)


class Response(Struct, frozen=True):
    """The answer to a request."""

    id: str
    payload: Any = None
    error: GatewayError | None = None


class EventFrame(Struct, frozen=True):
    """Something that happened on the gateway, unasked."""

    event: str
    payload: Any = None
    seq: int | None = None


class UnknownFrame(Struct, frozen=True):
    """A frame of a type that this client does not know."""

    type: str = ""


Frame = Response | EventFrame | UnknownFrame

RAW_ABOVE = 64 * 2**10  # bytes of a message whose answer is left encoded, if wanted


class _Envelope(msgspec.Struct):
    """A frame whose payload is not decoded."""

    type: Any = None
    id: Any = None
    ok: Any = None
    payload: msgspec.Raw = msgspec.Raw()
    result: msgspec.Raw = msgspec.Raw()
    error: Any = None


_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_encode = msgspec.json.Encoder().encode


def decode(message: str | bytes, *, raw_answers: bool = False) -> Frame:
    """Read one message.

    Args:
        message: the message.
        raw_answers: leave the payload of a large answer encoded, as `msgspec.Raw`. To decode 27 MB
            at once takes 174 ms, to find where it ends 10 ms.

    Raises:
        BadFrameError: it is not a JSON object.
    """
    try:
        if raw_answers and len(message) > RAW_ABOVE:
            try:
                answer = _large_answer(message)
            except msgspec.DecodeError:
                message = mended(message)
                answer = _large_answer(message)
            if answer is not None:
                return answer
        data = decode_json(message)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadFrameError(type(error).__name__) from None
    if not isinstance(data, dict):
        raise BadFrameError("not an object")
    kind = data.get("type")
    if kind == "event":
        name = data.get("event")
        if not isinstance(name, str):
            raise BadFrameError("event without a name")
        payload = data["payload"] if "payload" in data else data.get("params")
        seq = data.get("seq")
        return EventFrame(
            name, payload, seq if isinstance(seq, int) and not isinstance(seq, bool) else None
        )
    if kind == "res":
        ident = data.get("id")
        if not isinstance(ident, str):
            raise BadFrameError("response without an id")
        if data.get("ok") is False or data.get("error") is not None:
            return Response(ident, error=read_error(data.get("error")))
        return Response(ident, data["payload"] if "payload" in data else data.get("result"))
    return UnknownFrame(fields.text(kind, MAX_CODE))


def _large_answer(message: str | bytes) -> Response | None:
    """An answer that is no error, with its payload still encoded; None if it is anything else."""
    data = _decode_envelope(message)
    payload = data.payload if memoryview(data.payload) else data.result
    is_answer = data.type == "res" and isinstance(data.id, str) and memoryview(payload)
    if not is_answer or data.ok is False or data.error is not None:
        return None
    return Response(data.id, payload)


def plain(payload: object) -> Any:
    """The payload of an answer, decoded.

    Raises:
        BadFrameError: it was left encoded, and cannot be decoded.
    """
    if not isinstance(payload, msgspec.Raw):
        return payload
    try:
        return decode_json(payload)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadFrameError(type(error).__name__) from None


def read_error(value: object) -> GatewayError:
    """Read an error of either dialect."""
    data = fields.as_object(value)
    retryable = data.get("retryable")
    return GatewayError(
        code=_code(data.get("code")),
        message=fields.text(data.get("message")) or fields.text(value),
        details=fields.as_object(data.get("details")),
        retryable=retryable if isinstance(retryable, bool) else None,
        retry_after_ms=fields.integer(data.get("retryAfterMs")),
    )


def _code(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 2**63 else ""
    return fields.text(value, MAX_CODE)


def encode_request(ident: str, method: str, params: object = None) -> str:
    """Write a request."""
    frame: dict[str, object] = {"type": "req", "id": ident, "method": method}
    if params is not None:
        frame["params"] = params
    return _encode(frame).decode()
