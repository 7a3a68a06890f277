from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from cc_desktop.protocol.frames import Response, decode
from cc_desktop.protocol.handshake import (
    DEFAULT_MAX_PAYLOAD,
    Challenge,
    Client,
    Hello,
    b64url,
    connect_params,
    device_id,
    read_challenge,
    read_hello,
    signed_text,
)
from tests.protocol.hidden import hidden_in

hostile = settings(max_examples=150, deadline=None, derandomize=True)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
CLIENT = Client(version="1.0", platform="linux", instance_id="i-1")
TOKEN = "tok"
CHALLENGE = Challenge("n-1", 1_764_000_000_000)

scalars = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20)
)
# The names that are read, with anything in them, at any depth.
NAMES = [
    "nonce",
    "ts",
    "protocol",
    "server",
    "version",
    "connId",
    "features",
    "methods",
    "auth",
    "scopes",
    "deviceToken",
    "snapshot",
    "uptimeMs",
    "presence",
    "health",
    "policy",
    "tickIntervalMs",
    "maxPayload",
]
payloads: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES), inner, max_size=8)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=25,
)


def connect(client: Client = CLIENT, challenge: Challenge = CHALLENGE, token: str = TOKEN) -> Any:
    return connect_params(client, challenge, token=token, public_key=PUBLIC, sign=KEY.sign)


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def prove(params: dict[str, Any], text: str) -> None:
    """Check the signature as a gateway does, from what is in the parameters alone."""
    device = params["device"]
    key = Ed25519PublicKey.from_public_bytes(raw(device["publicKey"]))
    key.verify(raw(device["signature"]), text.encode())


# What gateways say

REAL = {
    "type": "hello-ok",
    "protocol": 4,
    "server": {"version": "2026.9.6", "connId": "c-1"},
    "features": {"methods": ["agents.list", "sessions.list", 5], "events": ["tick"]},
    "snapshot": {"presence": [{"host": "h"}], "health": {"ok": True}, "uptimeMs": 5_000},
    "auth": {"role": "operator", "scopes": ["operator.read", None], "deviceToken": "dt-1"},
    "policy": {"maxPayload": 26_214_400, "maxBufferedBytes": 1, "tickIntervalMs": 30_000},
}


def test_the_real_hello() -> None:
    assert read_hello(REAL) == Hello(
        protocol=4,
        server_version="2026.9.6",
        conn_id="c-1",
        methods=frozenset({"agents.list", "sessions.list"}),
        scopes=("operator.read",),
        device_token="dt-1",
        tick_ms=30_000,
        max_payload=26_214_400,
        uptime_ms=5_000,
        presence=[{"host": "h"}],
        health={"ok": True},
    )


def test_the_other_dialect_s_hello_says_little() -> None:
    frame = decode(
        '{"type":"res","id":"1","result":'
        '{"connId":"c-9","features":{"methods":["agents.list"],"events":[]}}}'
    )
    assert isinstance(frame, Response)
    assert read_hello(frame.payload) == Hello(conn_id="c-9", methods=frozenset({"agents.list"}))


def test_what_is_not_told_is_not_made_up() -> None:
    hello = read_hello({})
    assert hello.scopes is None
    assert hello.tick_ms == 0
    assert hello.max_payload == DEFAULT_MAX_PAYLOAD
    assert read_hello({"auth": {"scopes": []}}).scopes == ()


def test_the_device_token_is_not_in_the_repr() -> None:
    assert "dt-1" not in repr(read_hello(REAL))


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"nonce": "n", "ts": 5}, Challenge("n", 5)),
        ({"nonce": "n"}, Challenge("n", 0)),
        ({"nonce": 5, "ts": "5"}, Challenge("", 0)),
        ({}, Challenge("", 0)),
        (None, Challenge("", 0)),
        ([], Challenge("", 0)),
    ],
)
def test_the_challenge(payload: object, expected: Challenge) -> None:
    assert read_challenge(payload) == expected


def test_lists_of_a_hello_have_an_end() -> None:
    many = [str(i) for i in range(5_000)]
    hello = read_hello({"features": {"methods": many}, "auth": {"scopes": many}})
    assert len(hello.methods) == 1_000
    assert hello.scopes == tuple(many[:1_000])


def test_a_device_token_that_cannot_be_one_is_none() -> None:
    for token in ("a b", "a\r\nX-Evil: 1", "\u202e", "x" * 10_000):
        assert read_hello({"auth": {"deviceToken": token}}).device_token == ""


@given(payloads)
@hostile
def test_no_payload_raises(payload: object) -> None:
    challenge, hello = read_challenge(payload), read_hello(payload)
    assert isinstance(challenge.nonce, str)
    assert challenge.ts >= 0
    assert all(isinstance(method, str) for method in hello.methods)
    assert hello.scopes is None or all(isinstance(scope, str) for scope in hello.scopes)
    assert len(hello.methods) <= 1_000
    assert len(hello.server_version) <= 60
    assert hidden_in(hello.server_version) == []
    assert hello.device_token.isprintable()
    assert hello.tick_ms >= 0
    assert hello.max_payload > 0


@given(payloads)
@hostile
def test_whatever_challenge_a_frame_brings_can_be_answered(payload: object) -> None:
    text = json.dumps({"type": "event", "event": "connect.challenge", "payload": payload})
    try:
        frame = decode(text)
    except ValueError:
        return
    challenge = read_challenge(getattr(frame, "payload", None))
    params = connect(challenge=challenge)
    assert ("device" in params) is bool(challenge.nonce)
    if challenge.nonce:
        prove(params, signed_text(CLIENT, challenge, PUBLIC, "tok"))


# What we say


def test_the_signed_text_has_its_measured_form() -> None:
    client = Client(
        version="1.0",
        platform="MacOS",
        instance_id="i",
        id="cli",
        mode="probe",
        device_family="Mac",
    )
    ident = hashlib.sha256(PUBLIC).hexdigest()
    assert (
        signed_text(client, Challenge("NoNce", 77), PUBLIC, "Tok|en")
        == f"v3|{ident}|cli|probe|operator|operator.read|77|Tok|en|NoNce|macos|mac"
    )
    assert signed_text(CLIENT, CHALLENGE, PUBLIC, "").endswith(
        "|operator.read|1764000000000||n-1|linux|"
    )


def test_the_device_id_is_the_hash_of_the_raw_key() -> None:
    assert device_id(PUBLIC) == hashlib.sha256(PUBLIC).hexdigest()
    assert device_id(PUBLIC) != device_id(bytes(32))


@pytest.mark.parametrize(
    ("data", "text"), [(b"", ""), (b"a", "YQ"), (b"\xfb\xff\xfe", "-__-"), (b"abcd", "YWJjZA")]
)
def test_base64_for_urls_has_no_padding(data: bytes, text: str) -> None:
    assert b64url(data) == text
    assert raw(text) == data


def test_the_parameters_of_connect() -> None:
    params = connect()
    device = params.pop("device")
    assert params == {
        "minProtocol": 3,
        "maxProtocol": 4,
        "client": {
            "id": "gateway-client",
            "mode": "ui",
            "version": "1.0",
            "platform": "linux",
            "displayName": "Control Center Desktop",
            "instanceId": "i-1",
        },
        "role": "operator",
        "scopes": ["operator.read"],
        "caps": ["tool-events"],
        "auth": {"token": "tok"},
    }
    assert {name: device[name] for name in ("id", "publicKey", "signedAt", "nonce")} == {
        "id": device_id(PUBLIC),
        "publicKey": b64url(PUBLIC),
        "signedAt": 1_764_000_000_000,
        "nonce": "n-1",
    }
    assert set(device) == {"id", "publicKey", "signature", "signedAt", "nonce"}


def test_a_monitor_asks_for_nothing_that_changes_the_fleet() -> None:
    params = connect()
    assert params["scopes"] == ["operator.read"]
    assert not any("approval" in cap for cap in params["caps"])


def test_the_signature_holds_for_what_was_sent_and_for_nothing_else() -> None:
    params = connect()
    prove(params, signed_text(CLIENT, CHALLENGE, PUBLIC, "tok"))
    other = Client(version="1.0", platform="windows", instance_id="i-1")
    for text in (
        signed_text(CLIENT, CHALLENGE, PUBLIC, "other"),
        signed_text(CLIENT, Challenge("n-2", CHALLENGE.ts), PUBLIC, "tok"),
        signed_text(CLIENT, Challenge("n-1", CHALLENGE.ts + 1), PUBLIC, "tok"),
        signed_text(other, CHALLENGE, PUBLIC, "tok"),
    ):
        with pytest.raises(InvalidSignature):
            prove(params, text)


def test_the_version_of_the_app_may_change_without_a_new_pairing() -> None:
    newer = Client(version="2.0", platform="linux", instance_id="i-2")
    assert signed_text(newer, CHALLENGE, PUBLIC, "t") == signed_text(CLIENT, CHALLENGE, PUBLIC, "t")


def test_what_is_not_there_is_not_sent() -> None:
    assert "auth" not in connect(token="")
    assert "device" not in connect(challenge=Challenge("", 5))
    assert "deviceFamily" not in connect()["client"]
    family = Client(version="1", platform="macos", instance_id="i", device_family="Mac")
    params = connect(client=family)
    assert params["client"]["deviceFamily"] == "Mac"
    prove(params, signed_text(family, CHALLENGE, PUBLIC, "tok"))
