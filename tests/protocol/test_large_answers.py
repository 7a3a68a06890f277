"""A large answer is left encoded where that is wanted; everything else is decoded at once."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from cc_desktop.protocol import frames

BIG = "x" * frames.RAW_ABOVE


def message(**frame: Any) -> bytes:
    return json.dumps({"type": "res", "id": "1", **frame}).encode()


@pytest.mark.parametrize("name", ["payload", "result"])
def test_a_large_answer_is_left_encoded(name: str) -> None:
    frame = frames.decode(message(**{"ok": True, name: {"big": BIG}}), raw_answers=True)

    assert isinstance(frame, frames.Response)
    assert isinstance(frame.payload, msgspec.Raw)
    assert frames.plain(frame.payload) == {"big": BIG}


def test_a_small_one_is_not_nor_one_for_somebody_who_did_not_ask() -> None:
    small = frames.decode(message(ok=True, payload={"a": 1}), raw_answers=True)
    large = frames.decode(message(ok=True, payload={"big": BIG}))

    assert isinstance(small, frames.Response)
    assert isinstance(large, frames.Response)
    assert small.payload == {"a": 1}
    assert large.payload == {"big": BIG}
    assert frames.plain(small.payload) is small.payload


@pytest.mark.parametrize(
    "frame",
    [
        message(ok=False, error={"code": "X", "message": BIG}),
        message(ok=True, error={"code": "X"}, payload=BIG),
        message(ok=True, note=BIG),
        message(type="event", event="tick", payload=BIG),
        message(type=7, payload=BIG),
        message(type="event", event="tick", ok=[1], payload=BIG),
    ],
)
def test_what_is_large_and_no_good_answer_reads_as_ever(frame: bytes) -> None:
    assert frames.decode(frame, raw_answers=True) == frames.decode(frame)


@pytest.mark.parametrize("frame", [b"[" * frames.RAW_ABOVE * 2, message(id=7, payload=BIG), b"x"])
def test_what_is_no_frame_is_refused_as_ever(frame: bytes) -> None:
    for raw_answers in (False, True):
        with pytest.raises(frames.BadFrameError):
            frames.decode(frame, raw_answers=raw_answers)


def test_a_payload_that_cannot_be_decoded_is_refused() -> None:
    with pytest.raises(frames.BadFrameError):
        frames.plain(msgspec.Raw(b"{"))
