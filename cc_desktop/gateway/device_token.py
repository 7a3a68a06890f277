"""The device token of one gateway: read once, written only when it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.protocol import handshake

if TYPE_CHECKING:
    from cc_desktop.gateway.options import Secret, TokenStore


class DeviceToken:
    """A cache in front of the token store, which may be a keyring that is slow or asks questions.

    A gateway that cannot be reached is tried every few seconds; its token is not read each time.
    """

    def __init__(self, store: TokenStore, url: str) -> None:
        self._store = store
        self._url = url
        self._token: Secret | None = None

    @property
    def value(self) -> str:
        """The token in the clear; "" while there is none, or it is not read yet."""
        return self._token.reveal() if self._token else ""

    @property
    def place(self) -> str:
        """Where it is kept: "keyring" or "file"; "" while there is none."""
        return self._store.place if self.value else ""

    async def read(self, device_id: str) -> str:
        """Read the token unless that is done, and return it."""
        if self._token is None:
            self._token = await self._store.get(self._url, device_id, handshake.ROLE)
        return self.value

    async def keep(self, device_id: str, token: str) -> None:
        """Store a token that the gateway issued, unless it is the known one."""
        if token and token != self.value:
            await self._store.keep(self._url, device_id, handshake.ROLE, token)
            self._token = await self._store.get(self._url, device_id, handshake.ROLE)

    def forget(self) -> None:
        """Read it again next time."""
        self._token = None
