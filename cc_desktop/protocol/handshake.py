"""The handshake: `connect.challenge` → `connect` → `hello-ok`."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Callable

MIN_PROTOCOL = 3
MAX_PROTOCOL = 4
ROLE = "operator"
APPROVALS_SCOPE = "operator.approvals"
SCOPES = ("operator.read",)  # what a client asks for unless told otherwise
CAPS = ("tool-events",)  # without it no `session.tool` arrives
# Only with the right to decide: a client that says them makes OpenClaw 2026.9.6 wait for its
# decision where it would have denied a command at once.
APPROVAL_CAPS = ("approvals", "exec-approvals")
HANDSHAKE_TIMEOUT_S = 10.0
DEFAULT_TICK_MS = 30_000
DEFAULT_MAX_PAYLOAD = 25 * 2**20  # bytes; `policy.maxPayload` of every measured release


@dataclass(frozen=True, slots=True)
class Client:
    """How this client introduces itself. OpenClaw knows a closed list of ids and modes.

    Everything that is signed must stay the same from connect to connect: the gateway asks for a
    new pairing when it changes.
    """

    version: str
    platform: str  # "linux", "macos" or "windows"
    instance_id: str
    id: str = "gateway-client"
    mode: str = "ui"
    display_name: str = "Control Center Desktop"
    device_family: str = ""


class Challenge(Struct, frozen=True):
    """What the gateway wants to have signed. `ts`: ms, by its clock."""

    nonce: str
    ts: int


@dataclass(frozen=True, slots=True)
class Hello:
    """What a gateway says about itself once it accepts the connection (hello-ok)."""

    protocol: int = 0  # 0 in the Control Center's own dialect
    server_version: str = ""
    conn_id: str = ""
    methods: frozenset[str] = frozenset()
    scopes: tuple[str, ...] | None = None  # None: the gateway did not say
    device_token: str = field(default="", repr=False)
    tick_ms: int = 0  # 0: the gateway did not say
    max_payload: int = DEFAULT_MAX_PAYLOAD  # bytes
    uptime_ms: int = 0
    presence: Any = None
    health: Any = None  # empty until the gateway has made its first check
    update: Any = None  # the newer release that it knows of
    suspension: Any = None
    config_hash: str = ""  # of the configuration that it runs with


def read_challenge(payload: object) -> Challenge:
    """Read the payload of `connect.challenge`. What is missing is empty."""
    data = fields.as_object(payload)
    return Challenge(fields.identifier(data.get("nonce")), fields.integer(data.get("ts")))


def read_hello(payload: object) -> Hello:
    """Read hello-ok of either dialect.

    Texts and lists are bounded; `presence`, `health`, `update` and `suspension` are as sent, for
    those who read them.
    """
    data = fields.as_object(payload)
    server, policy = fields.as_object(data.get("server")), fields.as_object(data.get("policy"))
    auth, snapshot = fields.as_object(data.get("auth")), fields.as_object(data.get("snapshot"))
    scopes = auth.get("scopes")
    return Hello(
        protocol=fields.integer(data.get("protocol")),
        server_version=fields.text(server.get("version"), 60),
        conn_id=fields.identifier(server.get("connId")) or fields.identifier(data.get("connId")),
        methods=frozenset(
            fields.identifiers(fields.as_object(data.get("features")).get("methods"))
        ),
        scopes=fields.identifiers(scopes) if isinstance(scopes, list) else None,
        device_token=fields.secret(auth.get("deviceToken")),
        tick_ms=fields.integer(policy.get("tickIntervalMs")),
        max_payload=fields.integer(policy.get("maxPayload")) or DEFAULT_MAX_PAYLOAD,
        uptime_ms=fields.integer(snapshot.get("uptimeMs")),
        presence=snapshot.get("presence"),
        health=snapshot.get("health"),
        update=snapshot.get("updateAvailable"),
        suspension=snapshot.get("suspension"),
        config_hash=fields.identifier(snapshot.get("appliedConfigHash")),
    )


def granted(asked: tuple[str, ...], told: tuple[str, ...] | None) -> tuple[str, ...]:
    """What a connection may do.

    2026.5.7 tells what the device was approved for, although the connection asked for less and
    gets no more than that. The Control Center's own dialect tells nothing.
    """
    if told is None:
        return asked
    return tuple(scope for scope in asked if scope in told) or told


def b64url(data: bytes) -> str:
    """Base64 for URLs, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def device_id(public_key: bytes) -> str:
    """Hex SHA-256 of the raw public key (32 bytes)."""
    return hashlib.sha256(public_key).hexdigest()


def signed_text(
    client: Client,
    challenge: Challenge,
    public_key: bytes,
    token: str,
    scopes: tuple[str, ...] = SCOPES,
) -> str:
    """The text that is signed to prove who we are: form "v3", which is not the wire version."""
    return "|".join(
        (
            "v3",
            device_id(public_key),
            client.id,
            client.mode,
            ROLE,
            ",".join(scopes),
            str(challenge.ts),
            token,
            challenge.nonce,
            client.platform.lower(),
            client.device_family.lower(),
        )
    )


def caps_for(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """What a client with these scopes says it can do."""
    return CAPS + APPROVAL_CAPS if APPROVALS_SCOPE in scopes else CAPS


def connect_params(
    client: Client,
    challenge: Challenge,
    *,
    token: str,
    public_key: bytes,
    sign: Callable[[bytes], bytes],
    scopes: tuple[str, ...] = SCOPES,
    shared: bool = False,
) -> dict[str, Any]:
    """The parameters of `connect`.

    Args:
        client: Who we are.
        challenge: What to sign.
        token: The shared secret, or the device token; "" for none.
        public_key: The raw Ed25519 key (32 bytes).
        sign: Makes an Ed25519 signature (64 bytes).
        scopes: What to ask for.
        shared: The token is the shared secret, and may be the gateway's password: the gateway's
            own mode decides which of the two fields it reads.
    """
    who: dict[str, Any] = {
        "id": client.id,
        "mode": client.mode,
        "version": client.version,
        "platform": client.platform,
        "displayName": client.display_name,
        "instanceId": client.instance_id,
    }
    if client.device_family:
        who["deviceFamily"] = client.device_family
    params: dict[str, Any] = {
        "minProtocol": MIN_PROTOCOL,
        "maxProtocol": MAX_PROTOCOL,
        "client": who,
        "role": ROLE,
        "scopes": list(scopes),
        "caps": list(caps_for(scopes)),
    }
    if token:
        params["auth"] = {"token": token, "password": token} if shared else {"token": token}
    if challenge.nonce:
        # Without a device a real gateway lets us in and grants no scope at all.
        signature = sign(signed_text(client, challenge, public_key, token, scopes).encode())
        params["device"] = {
            "id": device_id(public_key),
            "publicKey": b64url(public_key),
            "signature": b64url(signature),
            "signedAt": challenge.ts,
            "nonce": challenge.nonce,
        }
    return params
