"""What the way to a gateway needs from the rest of the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence

    from cc_desktop.config.local_gateway import LocalGateway
    from cc_desktop.config.secrets.credentials import Token
    from cc_desktop.config.settings_file import GatewayEntry
    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.model import Problem

STEPS = ("name", "port", "tls", "upgrade", "handshake", "rights", "list")


class StepFound(Protocol):
    """How one step of a test ended."""

    @property
    def step(self) -> str:
        """One of `STEPS`."""

    @property
    def found(self) -> str:
        """How it ended: "ok", "warning" or "failed"."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """What it found out, by step."""

    @property
    def problem(self) -> Problem | None:
        """Why it failed, or what to know."""

    @property
    def took_ms(self) -> int:
        """How long it took."""


class Editor(Protocol):
    """Keeps gateways and their tokens. Raises SettingsFileError, whose text is one line."""

    def list(self) -> Sequence[GatewayEntry]:
        """The gateways of the settings file."""

    async def add(self, entry: GatewayEntry, token: Token, *, may_use_file: bool = False) -> None:
        """Append a gateway. `may_use_file`: a private file may keep its token."""

    async def update(
        self,
        ident: str,
        entry: GatewayEntry,
        token: Token | None = None,
        *,
        may_use_file: bool = False,
    ) -> None:
        """Change the gateway with the id `ident`; without a token, it keeps the one that it has."""


@dataclass(frozen=True, slots=True)
class ConnectTools:
    """Handed in by whoever opens the panel or the dialog."""

    look: ThemeManager
    editor: Editor
    # url, token, insecure, fingerprint of the one certificate that is trusted
    test: Callable[[str, Token, bool, str], AsyncGenerator[StepFound, None]]
    sleep: Callable[[float], Awaitable[None]]  # seconds
    now_ms: Callable[[], int]  # local ms since the epoch
    find_local: Callable[[], Awaitable[LocalGateway | None]]  # one that answers; None: none does
    local_token: Callable[[], Token]  # read only when the operator asks for it
    stored_token: Callable[[str], Token]  # the token of a gateway that is set up, by its id
