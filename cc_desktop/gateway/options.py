"""What a supervisor is told about its gateway, and what it needs from the rest of the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from cc_desktop.protocol import handshake

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from cc_desktop.fleet.events import Event
    from cc_desktop.gateway.device_identity import Identity
    from cc_desktop.system.clock import Clock


AFTER_S = 30.0  # without a WebSocket, until the fallback over HTTP begins


class Secret(Protocol):
    """A token that does not show itself."""

    def reveal(self) -> str:
        """Return the token in the clear."""
        ...


class TokenStore(Protocol):
    """Where device tokens are kept."""

    place: str  # "keyring" or "file"

    async def get(self, url: str, device_id: str, role: str) -> Secret:
        """Return the token, or an empty one."""
        ...

    async def keep(self, url: str, device_id: str, role: str, token: str) -> None:
        """Store the token."""
        ...

    async def drop(self, url: str, device_id: str, role: str) -> None:
        """Forget the token."""
        ...

    def rights(self, url: str, device_id: str, role: str) -> tuple[str, ...]:
        """Return the scopes that were granted on request, or none."""
        ...

    def keep_rights(self, url: str, device_id: str, role: str, scopes: tuple[str, ...]) -> None:
        """Store those scopes."""
        ...


class SupervisorOptions(Struct, frozen=True, kw_only=True):
    """What the settings say about one gateway."""

    gateway: str  # its id
    url: str  # ws:// or wss://
    token: Secret  # the shared token, may be empty
    client: handshake.Client
    rest_url: str
    poll_s: float  # seconds between two polls over HTTP
    insecure: bool = False  # tokens may travel unencrypted
    http_after_s: float = AFTER_S  # seconds without a live connection until HTTP is polled
    scopes: tuple[str, ...] = handshake.SCOPES  # what the settings ask for; see gateway/rights.py
    proxy: str = ""  # "": as the environment says; "none", or the address of an HTTP proxy
    fingerprint: str = ""  # SHA-256 of the one certificate that is trusted, 64 hex digits


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisorServices:
    """What a supervisor needs from the rest of the app."""

    identity: Callable[[], Identity]  # may raise IdentityError
    tokens: TokenStore
    clock: Clock
    rng: random.Random
    sink: Callable[[Event], object]  # takes every event for the model
