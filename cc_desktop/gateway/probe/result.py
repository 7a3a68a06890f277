"""What is tried, and what was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cc_desktop.fleet.model import Problem
from cc_desktop.gateway.dialing import Way
from cc_desktop.protocol import handshake

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.gateway.device_identity import Identity
    from cc_desktop.gateway.options import TokenStore


class Step(StrEnum):
    """The steps to a live gateway, in order."""

    NAME = "name"  # the host's name has an address
    PORT = "port"  # something listens
    TLS = "tls"  # it shows a certificate that is trusted
    UPGRADE = "upgrade"  # it speaks WebSocket and opens the handshake
    HANDSHAKE = "handshake"  # it lets this device in
    RIGHTS = "rights"  # it lets this device read
    LIST = "list"  # it lists its agents


class Found(StrEnum):
    """How a step ended."""

    OK = "ok"
    WARNING = "warning"  # it works, but somebody should know something
    FAILED = "failed"


class StepResult(Struct, frozen=True):
    """What one step found. Nothing in it is secret.

    Attributes:
        facts: By step.
            NAME: host, addresses. PORT: port. TLS: fingerprint (SHA-256 of the leaf certificate,
            hex; "" if it showed none), trusted, version.
            UPGRADE: proxy (host and port; "" for none).
            HANDSHAKE: skew_ms (how far the gateway's clock is ahead), release, protocol.
            RIGHTS: scopes (granted), missing (asked for, and not granted). LIST: agents.
            Where UPGRADE or HANDSHAKE failed: also ready (`readiness.Ready`), and speaks_tls
            where a ws:// address leads to a port that expects TLS.
        problem: Why it failed. A warning has none: its facts say all.
        took_ms: How long the step took.
    """

    step: Step
    found: Found = Found.OK
    facts: dict[str, Any] = {}
    problem: Problem | None = None
    took_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeTarget:
    """What to try, and as whom.

    Whatever is signed must be as the supervisor sends it, or the gateway asks for a new pairing.
    """

    url: str
    client: handshake.Client
    identity: Callable[[], Identity]  # may raise IdentityError
    token: str = field(default="", repr=False)  # the shared one
    tokens: TokenStore | None = None  # has the device token, which serves where `token` is empty
    insecure: bool = False  # tokens may travel unencrypted
    scopes: tuple[str, ...] = handshake.SCOPES
    way: Way = field(default_factory=Way)  # proxy and pinned certificate
