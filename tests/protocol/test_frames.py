from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cc_desktop.protocol.frames import (
    MAX_CODE,
    RAW_ABOVE,
    BadFrameError,
    EventFrame,
    GatewayError,
    Response,
    UnknownFrame,
    decode,
    encode_request,
    plain,
    read_error,
)
from tests.protocol.hidden import hidden_in

hostile = settings(max_examples=150, deadline=None, derandomize=True)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
errors = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("code", "message", "details", "retryable", "retryAfterMs"), values),
)
# Near misses: the right names with anything in them.
near_frames = st.fixed_dictionaries(
    {"type": st.sampled_from(["res", "event", "req", "hello-ok"]) | values},
    optional={
        **dict.fromkeys(("payload", "result", "params", "seq", "ok", "stateVersion"), values),
        "id": st.text(max_size=8) | values,
        "event": st.text(max_size=8) | values,
        "error": errors | values,
    },
)


def one(frame: object) -> Any:
    return decode(json.dumps(frame))


# Both dialects


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (
            {"type": "res", "id": "7", "ok": True, "payload": {"a": 1}},
            Response("7", {"a": 1}),
        ),
        ({"type": "res", "id": "7", "result": {"a": 1}}, Response("7", {"a": 1})),
        ({"type": "res", "id": "7", "ok": True, "payload": None, "result": 1}, Response("7")),
        ({"type": "res", "id": "7", "ok": True, "payload": [], "error": None}, Response("7", [])),
        ({"type": "res", "id": "7"}, Response("7")),
        (
            {"type": "event", "event": "tick", "payload": {"ts": 1}, "seq": 9, "stateVersion": {}},
            EventFrame("tick", {"ts": 1}, 9),
        ),
        (
            {"type": "event", "event": "presence", "params": {"agentId": "a"}},
            EventFrame("presence", {"agentId": "a"}),
        ),
        (
            {"type": "event", "event": "x", "payload": None, "params": {"old": 1}},
            EventFrame("x"),
        ),
        ({"type": "event", "event": "x", "seq": True}, EventFrame("x")),
        ({"type": "event", "event": "x", "seq": "3"}, EventFrame("x")),
        ({"type": "event", "event": "x", "seq": 0}, EventFrame("x", None, 0)),
        ({"type": "req", "id": "1", "method": "ping"}, UnknownFrame("req")),
        ({"type": 5}, UnknownFrame()),
        ({}, UnknownFrame()),
    ],
)
def test_both_dialects_are_read(frame: object, expected: object) -> None:
    assert one(frame) == expected
    assert decode(json.dumps(frame).encode()) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            {
                "code": "INVALID_REQUEST",
                "message": "no",
                "details": {"code": "AUTH_TOKEN_MISMATCH"},
                "retryable": False,
                "retryAfterMs": 1500,
            },
            GatewayError("INVALID_REQUEST", "no", {"code": "AUTH_TOKEN_MISMATCH"}, False, 1500),
        ),
        ({"code": 401, "message": "no"}, GatewayError("401", "no")),
        ({"code": True}, GatewayError()),
        ({"code": "X", "details": "text", "retryable": "yes"}, GatewayError("X")),
        ({"retryAfterMs": -5}, GatewayError()),
        ("plain words", GatewayError(message="plain words")),
        (["odd"], GatewayError()),
    ],
)
def test_errors_of_both_dialects_are_read(error: object, expected: GatewayError) -> None:
    assert one({"type": "res", "id": "1", "ok": False, "error": error}) == Response(
        "1", error=expected
    )
    assert one({"type": "res", "id": "1", "error": error}) == Response("1", error=expected)
    assert read_error(error) == expected


def test_a_response_that_is_not_ok_failed_even_without_an_error() -> None:
    response = one({"type": "res", "id": "1", "ok": False, "payload": {"a": 1}})
    assert response == Response("1", error=GatewayError())


@pytest.mark.parametrize(
    ("details", "code"),
    [({"code": "X"}, "X"), ({"code": 5}, ""), ({"code": None}, ""), ({}, ""), ({"code": ""}, "")],
)
def test_the_finer_code_is_text_or_nothing(details: dict[str, Any], code: str) -> None:
    assert GatewayError(details=details).detail_code == code


def test_the_message_of_an_error_is_one_short_plain_line() -> None:
    message = read_error({"message": "a\r\n\x1b[31mb\u202e" + "c" * 10_000}).message
    assert message.startswith("a [31mbc")
    assert len(message) <= 2_000


# Bad input


@pytest.mark.parametrize(
    "message",
    [
        "",
        " ",
        "null",
        "5",
        "NaN",
        "1e999",
        "1" * 5_000,
        '"text"',
        "[]",
        "[{}]",
        "{",
        '{"type":"event","event":"x"} x',
        "{'type':'event'}",
        '{"type":"event"}',
        '{"type":"event","event":null}',
        '{"type":"event","event":7}',
        '{"type":"res"}',
        '{"type":"res","id":7}',
        '{"type":"res","id":null,"ok":true}',
        '{"type":"event","event":"\ud800"}',
        '{"type":"event","event":"x","payload":' + "9" * 5_000 + "}",
        "[" * 100_000,
        '{"a":' * 100_000,
        b"\xff\xfe",
        b'{"type":"event","event":"\xff"}',
        b"\xef\xbb\xbf{}",
        b"\x00",
    ],
    ids=lambda message: repr(message[:40]),
)
def test_what_is_no_frame_is_refused(message: str | bytes) -> None:
    with pytest.raises(BadFrameError):
        decode(message)


@pytest.mark.parametrize("padding", [0, RAW_ABOVE])
@pytest.mark.parametrize("half", ["\\ud83d", "\\uDE00"])
def test_half_an_emoji_costs_one_character_and_not_the_message(half: str, padding: int) -> None:
    """JavaScript cuts texts there, and writes the half as an escape."""
    rest = '"whole":"\\ud83d\\ude00","text":"\\\\ud83d","n":' + "1" * 25
    payload = f'{{"cut":"x{half}","pad":"{"-" * padding}",{rest}}}'
    frame = decode(f'{{"type":"res","id":"1","ok":true,"payload":{payload}}}', raw_answers=True)
    assert isinstance(frame, Response)
    found = plain(frame.payload)
    assert (found["cut"], found["whole"], found["text"]) == ("x\ufffd", "\U0001f600", "\\ud83d")
    assert found["n"] == int("1" * 25)


@pytest.mark.parametrize(
    "payload", ["NaN", "[" * 100_000, "9" * 5_000, '"\\ud8', "1}x"], ids=lambda text: text[:9]
)
def test_half_an_emoji_makes_no_frame_of_what_is_none(payload: str) -> None:
    with pytest.raises(BadFrameError):
        decode(f'{{"type":"res","id":"\\ud83d","payload":{payload}}}')


def test_a_refusal_does_not_repeat_what_was_sent() -> None:
    """What a gateway sent may hold a token, and the refusal is logged."""
    with pytest.raises(BadFrameError) as caught:
        decode('{"type":"res","id":"1","payload":{"deviceToken":"s3cret"}')
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def is_frame_or_refused(message: str | bytes) -> None:
    try:
        frame = decode(message)
    except BadFrameError:
        return
    assert isinstance(frame, Response | EventFrame | UnknownFrame)


@given(st.text())
@example("\ud800")
@hostile
def test_any_text_is_a_frame_or_refused(message: str) -> None:
    is_frame_or_refused(message)


@given(st.binary())
@hostile
def test_any_bytes_are_a_frame_or_refused(message: bytes) -> None:
    is_frame_or_refused(message)


@pytest.mark.slow
@given(values | near_frames)
@hostile
def test_any_json_is_a_frame_or_refused(value: object) -> None:
    is_frame_or_refused(json.dumps(value))
    is_frame_or_refused(json.dumps(value, ensure_ascii=False).encode())


@pytest.mark.slow
@given(near_frames)
@hostile
def test_a_failure_is_never_taken_for_an_answer(frame: dict[str, Any]) -> None:
    frame = {**frame, "type": "res", "id": "1"}
    response = one(frame)
    failed = frame.get("ok") is False or frame.get("error") is not None
    assert (response.error is not None) is failed
    assert not (failed and response.payload is not None)


@pytest.mark.slow
@given(errors | values)
@example({"code": "A\u202eB\x1b", "message": "a\r\nb", "details": {"code": "x\U000e0041\n"}})
@example({"code": 10**4_400})  # more digits than Python writes
@hostile
def test_what_an_error_shows_is_short_and_has_nothing_hidden(value: object) -> None:
    error = read_error(value)
    for shown, limit in (
        (error.code, MAX_CODE),
        (error.detail_code, MAX_CODE),
        (error.message, 2_000),
    ):
        assert hidden_in(shown) == []
        assert len(shown) <= limit


# What is sent


@given(
    st.text(max_size=20),
    st.text(max_size=20),
    st.none() | st.dictionaries(st.text(max_size=8), values, max_size=4),
)
@hostile
def test_a_request_reads_as_it_was_meant(
    ident: str, method: str, params: dict[str, Any] | None
) -> None:
    expected: dict[str, Any] = {"type": "req", "id": ident, "method": method}
    if params is not None:
        expected["params"] = params
    text = encode_request(ident, method, params)
    assert json.loads(text) == expected
    assert decode(text) == UnknownFrame("req")


def test_a_request_without_parameters_has_no_such_field() -> None:
    assert json.loads(encode_request("1", "agents.list")) == {
        "type": "req",
        "id": "1",
        "method": "agents.list",
    }
    assert json.loads(encode_request("1", "agents.list", {}))["params"] == {}
