"""The device token of one gateway, and signing in with it or with the shared secret."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cc_desktop.gateway.device_identity import IdentityError
from cc_desktop.gateway.dialing import Way, address_of, open_connection
from cc_desktop.gateway.failures import CannotConnectError, Failure, FailureKind
from cc_desktop.protocol import handshake
from cc_desktop.system.network import is_loopback, may_send_secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.gateway.connection import GatewayConnection
    from cc_desktop.gateway.device_identity import Identity
    from cc_desktop.gateway.failures import FailureAdvice
    from cc_desktop.gateway.incidents import IncidentLog
    from cc_desktop.gateway.options import (
        Secret,
        SupervisorOptions,
        SupervisorServices,
        TokenStore,
    )


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

    async def drop(self, device_id: str) -> None:
        """Forget the token for good: the gateway no longer accepts it."""
        self._token = None
        await self._store.drop(self._url, device_id, handshake.ROLE)

    def rights(self, device_id: str) -> tuple[str, ...]:
        """The scopes that were granted on request in an earlier run or connection."""
        return self._store.rights(self._url, device_id, handshake.ROLE)

    def keep_rights(self, device_id: str, scopes: tuple[str, ...]) -> None:
        """Keep the scopes that were granted on request."""
        if scopes != self.rights(device_id):
            self._store.keep_rights(self._url, device_id, handshake.ROLE, scopes)

    def forget(self) -> None:
        """Read it again next time."""
        self._token = None


class Login:
    """How this device signs in to one gateway: its key, the shared secret or the device token.

    A secret is sent where `may_send_secret` allows it, and nowhere else.
    """

    def __init__(
        self, options: SupervisorOptions, services: SupervisorServices, incidents: IncidentLog
    ) -> None:
        self.token = DeviceToken(services.tokens, options.url)
        self._options = options
        self._services = services
        self._incidents = incidents
        self._shared_refused = False  # so the device token is tried, once
        self._used_device_token = False

    @property
    def used_device_token(self) -> bool:
        """Whether the last connect presented the device token."""
        return self._used_device_token

    def forgive(self) -> None:
        """Start again with the shared secret, and read the token again: a person asked."""
        self._shared_refused = False
        self.token.forget()

    def identity(self) -> Identity:
        """Return this device's key.

        Raises:
            CannotConnectError: It can be neither read nor written.
        """
        try:
            return self._services.identity()
        except IdentityError as error:
            failure = Failure(kind=FailureKind.IDENTITY, detail=str(error))
            raise CannotConnectError(failure) from None

    async def open(
        self, scopes: tuple[str, ...], on_challenged: Callable[[], None] = lambda: None
    ) -> GatewayConnection:
        """Connect and sign in, asking for these scopes.

        Raises:
            CannotConnectError: With the failure to classify.
        """
        options = self._options
        identity = self.identity()
        shared = options.token.reveal()
        device = await self.token.read(identity.device_id)
        by_device_token = bool(device) and (self._shared_refused or not shared)
        token = device if by_device_token else shared
        if token and not may_send_secret(options.url, insecure=options.insecure):
            failure = Failure(kind=FailureKind.INSECURE, detail=address_of(options.url))
            raise CannotConnectError(failure)
        self._used_device_token = by_device_token
        client = replace(options.client, instance_id=identity.instance_id)

        def params(challenge: handshake.Challenge) -> dict[str, Any]:
            return handshake.connect_params(
                client,
                challenge,
                token=token,
                public_key=identity.public_key,
                sign=identity.sign,
                scopes=scopes,
                shared=not by_device_token,
            )

        connection = await open_connection(
            options.url,
            params,
            self._services.clock,
            lambda _event: None,  # before hello-ok: it is in the list that follows
            on_challenged,
            way=Way(options.proxy, options.fingerprint),
        )
        connection.device_id = identity.device_id
        connection.scopes = handshake.granted(scopes, connection.hello.scopes)
        return connection

    async def keep_token(self, token: str) -> None:
        """Store a device token that the gateway issued. Raises nothing: it is live without."""
        try:
            await self.token.keep(self.identity().device_id, token)
        except Exception as error:  # noqa: BLE001, RUF100 - a failure domain
            self._incidents.record(f"gateway {self._options.gateway}: device token", error)

    def kept_rights(self) -> tuple[str, ...]:
        """The scopes that were granted on request in an earlier run or connection."""
        return self.token.rights(self.identity().device_id)

    def keep_rights(self, scopes: tuple[str, ...]) -> None:
        """Store the scopes that were granted on request."""
        self.token.keep_rights(self.identity().device_id, scopes)

    async def has_another_way(self, advice: FailureAdvice) -> bool:
        """Note that a connect was refused; True if it can be tried with another token at once.

        A device token that its gateway no longer accepts is dropped for good.
        """
        if advice.kind is not FailureKind.TOKEN_MISMATCH:
            return False
        if self._used_device_token:
            await self.token.drop(self.identity().device_id)
            return False
        # Only where nobody can stand in between: on this machine, or with the pinned certificate.
        url = self._options.url
        trusted = is_loopback(url) or (bool(self._options.fingerprint) and url.startswith("wss:"))
        if self._shared_refused or not self.token.value or not trusted:
            return False
        self._shared_refused = True
        return True
