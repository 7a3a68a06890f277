"""The handshake: `connect.challenge` → `connect` → `hello-ok`."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Callable

MIN_PROTOCOL = 3
MAX_PROTOCOL = 4
ROLE = "operator"
SCOPES = ("operator.read",)  # what a client asks for unless told otherwise
# Without it no `session.tool` arrives. `approvals` is left out on purpose: a client that says it
# makes OpenClaw 2026.9.6 ask for approvals where it would have refused at once.
CAPS = ("tool-events",)
HANDSHAKE_TIMEOUT_S = 10.0
DEFAULT_TICK_MS = 30_000
DEFAULT_MAX_PAYLOAD = 25 * 2**20  # bytes; `policy.maxPayload` of every measured release


@dataclass(frozen=True, slots=True)
class Client:
    """Who we say we are. The ids and modes of OpenClaw are a closed list.

    All of it must stay the same from connect to connect: a change asks for a new pairing.
    """

    version: str
    platform: str  # "linux", "macos" or "windows"
    instance_id: str
    id: str = "gateway-client"
    mode: str = "ui"
    display_name: str = "Control Center Desktop"
    device_family: str = ""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the gateway wants signed. `ts`: ms."""

    nonce: str
    ts: int


@dataclass(frozen=True, slots=True)
class Hello:
    """What a gateway says of itself when it has let us in."""

    protocol: int = 0  # 0 in the Control Center's own dialect
    server_version: str = ""
    conn_id: str = ""
    methods: frozenset[str] = frozenset()
    scopes: tuple[str, ...] | None = None  # None: it does not tell
    device_token: str = field(default="", repr=False)
    tick_ms: int = 0  # 0: it does not tell
    max_payload: int = DEFAULT_MAX_PAYLOAD  # bytes
    uptime_ms: int = 0
    presence: Any = None
    health: Any = None  # empty while the gateway is younger than its first check


def read_challenge(payload: object) -> Challenge:
    """Read `connect.challenge`; what is missing is empty."""
    data = fields.as_object(payload)
    return Challenge(fields.identifier(data.get("nonce")), fields.integer(data.get("ts")))


def read_hello(payload: object) -> Hello:
    """Read hello-ok of either dialect."""
    data = fields.as_object(payload)
    server, policy = fields.as_object(data.get("server")), fields.as_object(data.get("policy"))
    auth, snapshot = fields.as_object(data.get("auth")), fields.as_object(data.get("snapshot"))
    methods = fields.as_object(data.get("features")).get("methods")
    scopes = auth.get("scopes")
    return Hello(
        protocol=fields.integer(data.get("protocol")),
        server_version=fields.text(server.get("version"), 60),
        conn_id=fields.identifier(server.get("connId")) or fields.identifier(data.get("connId")),
        methods=frozenset(m for m in methods if isinstance(m, str))
        if isinstance(methods, list)
        else frozenset(),
        scopes=tuple(s for s in scopes if isinstance(s, str)) if isinstance(scopes, list) else None,
        device_token=fields.identifier(auth.get("deviceToken")),
        tick_ms=fields.integer(policy.get("tickIntervalMs")),
        max_payload=fields.integer(policy.get("maxPayload")) or DEFAULT_MAX_PAYLOAD,
        uptime_ms=fields.integer(snapshot.get("uptimeMs")),
        presence=snapshot.get("presence"),
        health=snapshot.get("health"),
    )


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
    """The text whose signature proves who we are (form "v3", which is not the wire version)."""
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


def connect_params(
    client: Client,
    challenge: Challenge,
    *,
    token: str,
    public_key: bytes,
    sign: Callable[[bytes], bytes],
    scopes: tuple[str, ...] = SCOPES,
) -> dict[str, Any]:
    """The parameters of `connect`. `sign` makes an Ed25519 signature (64 bytes)."""
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
        "caps": list(CAPS),
    }
    if token:
        params["auth"] = {"token": token}
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
