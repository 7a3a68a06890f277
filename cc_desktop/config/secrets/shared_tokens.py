"""Shared tokens and passwords of gateways, as the operator enters them in the window.

In the system's keyring where it is unlocked; else in memory until the app ends, or in a private
file (0600) if the operator agrees to that. No dialog opens by itself.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from cc_desktop.config.secrets.credentials import Token
from cc_desktop.config.secrets.device_tokens import DeviceTokens

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path
    from typing import Any

    from cc_desktop.config.secrets.system_keyring import Keyring

log = logging.getLogger(__name__)

MEMORY = "memory"
FILE = "file"
KEYRING = "keyring"


class _Store(DeviceTokens):
    """Keeps a secret outside the keyring only where the operator agreed, for each by itself."""

    def __init__(self, path: Path, *, use_keyring: bool, keyring: Keyring | None) -> None:
        super().__init__(path, use_keyring=use_keyring, keyring=keyring)
        self.agreed: set[str] = set()  # names of secrets that may be in the file

    def _keep_outside(self, name: str, token: str) -> None:
        if name in self.agreed:
            super()._keep_outside(name, token)
        else:
            self.place = MEMORY


class _Secret:
    """What is known of a gateway's secret at the moment when it is sent."""

    def __init__(self, tokens: SharedTokens, gateway: str) -> None:
        self._tokens = tokens
        self._gateway = gateway

    def reveal(self) -> str:
        """The secret, for the wire."""
        return self._tokens.known(self._gateway).reveal()

    def __repr__(self) -> str:
        return "Secret(…)"


class SharedTokens:
    """Shared tokens and passwords, by the gateway's id.

    Attributes:
        on_change: Called when a secret is in another place than before.
    """

    def __init__(
        self, path: Path, *, use_keyring: bool = True, keyring: Keyring | None = None
    ) -> None:
        """Take over what earlier starts kept.

        Args:
            path: The file for secrets that are not in the keyring.
            use_keyring: Whether the settings allow the keyring.
            keyring: In the place of the system's.
        """
        self.on_change: Callable[[], object] = lambda: None
        self._store = _Store(path, use_keyring=use_keyring, keyring=keyring)
        self._store.on_awake = self._on_awake
        self._known: dict[str, Token] = {}
        self._places: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def why(self) -> str:
        """Why secrets are not in the keyring; see `DeviceTokens.why`."""
        return self._store.why

    def place_of(self, gateway: str) -> str:
        """Where a gateway's secret is: "keyring", "file", "memory", or "" for nowhere."""
        return self._places.get(gateway, "")

    def known(self, gateway: str) -> Token:
        """The secret as it was read or kept last; empty if there is none."""
        return self._known.get(gateway, Token())

    def secret_of(self, gateway: str) -> _Secret:
        """The secret for whoever sends it; it may become known later."""
        return _Secret(self, gateway)

    async def read(self, gateway: str) -> Token:
        """Read the secret, unless it is known already. Never waits for a person."""
        if not self.known(gateway):
            token = await self._store.get(*_name(gateway))
            if token and not self.known(gateway):
                self._known[gateway] = token
                if self._note_place(gateway) == FILE:
                    self._store.agreed.add(_full_name(gateway))  # in an earlier run
        return self.known(gateway)

    async def keep(self, gateway: str, token: Token, *, may_use_file: bool = False) -> str:
        """Keep a secret in the place of the one before. Raises nothing.

        Args:
            gateway: The gateway's id.
            token: The secret; an empty one is forgotten.
            may_use_file: The operator agrees to a private file where there is no keyring.

        Returns:
            Where it is now: "keyring", "file", "memory", or "" if it is empty.
        """
        if not token:
            await self.forget(gateway)
            return ""
        self._known[gateway] = token
        if may_use_file or self.place_of(gateway) == FILE:
            self._store.agreed.add(_full_name(gateway))
        else:
            self._store.agreed.discard(_full_name(gateway))
        await self._store.keep(*_name(gateway), token.reveal())
        return self._note_place(gateway)

    async def move_to_keyring(self) -> bool:
        """The operator asks for the keyring: it may open a dialog, and takes over all secrets.

        Returns:
            Whether none is left elsewhere. If one is, `why` says why.
        """
        if not await self._store.use_keyring_now():
            return False
        await self._keep_again()
        return all(self.place_of(gateway) == KEYRING for gateway in self._known)

    def keep_in_file(self, gateway: str) -> bool:
        """The operator agrees to a private file; whether the secret is there now."""
        token = self.known(gateway)
        if not token:
            return False
        self._store.agreed.add(_full_name(gateway))
        self._store.keep_in_file(*_name(gateway), token.reveal())
        return self._note_place(gateway) == FILE

    def allow_keyring(self, allowed: bool) -> None:
        """Take over the setting. What is only in memory goes to a keyring that is allowed now."""
        if self._store.allow_keyring(allowed) and allowed:
            self._on_awake()

    def _on_awake(self) -> None:
        """The keyring answers: what it could not take goes there now, or it would be lost."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return  # nothing runs yet, so nothing was kept
        self.start(self._keep_again())

    async def _keep_again(self) -> None:
        for gateway, token in list(self._known.items()):
            if self.place_of(gateway) != KEYRING:
                await self._store.keep(*_name(gateway), token.reveal())
                if self.known(gateway) == token:
                    self._note_place(gateway)

    def _note_place(self, gateway: str) -> str:
        place = self._store.place or MEMORY
        if self._places.get(gateway) != place:
            self._places[gateway] = place
            self.on_change()
        return place

    async def forget(self, gateway: str) -> None:
        """Remove a secret from wherever it is."""
        self._known.pop(gateway, None)
        self._places.pop(gateway, None)
        await self._store.drop(*_name(gateway))

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Let one of the above go on in the background."""

        async def run() -> None:
            try:
                await work
            except Exception as error:  # noqa: BLE001, RUF100 - without its text: it may have one
                log.warning("a shared token was not kept: %s", type(error).__name__)

        task = asyncio.get_running_loop().create_task(run(), name="shared token")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _name(gateway: str) -> tuple[str, str, str]:
    return f"gateway:{gateway}", "-", "shared"


def _full_name(gateway: str) -> str:
    return " ".join(_name(gateway))
