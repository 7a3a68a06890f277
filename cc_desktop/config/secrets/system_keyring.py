"""The system's keyring, asked so that it opens no dialog.

Every call may block: call it from a thread.

On Linux the package `keyring` unlocks, or even makes, a collection by itself, and that is a dialog
that lies over the operator's window. So the Secret Service is asked first, over D-Bus, whether its
default collection exists and is unlocked; both questions are answered without a dialog.
https://specifications.freedesktop.org/secret-service-spec/latest/
"""

from __future__ import annotations

import logging
import sys
from contextlib import closing
from enum import StrEnum
from typing import Any, Protocol

from cc_desktop.about import APP_ID

log = logging.getLogger(__name__)

SERVICE_NAME = "org.freedesktop.secrets"
CHECK_TIMEOUT_S = 20.0  # of one D-Bus call of a check; `DeviceTokens` waits for less
_COLLECTION = "org.freedesktop.Secret.Collection"
# Back ends of the package `keyring` that talk to the Secret Service.
_SECRET_SERVICE = ("keyring.backends.SecretService", "keyring.backends.libsecret")
# Back ends that keep nothing.
_NONE = ("keyring.backends.fail", "keyring.backends.null")


class KeyringState(StrEnum):
    """What a keyring would do if it were asked for a token now."""

    OPEN = "open"  # answer
    LOCKED = "locked"  # open a dialog that asks for its password
    NOT_MADE = "not-made"  # open a dialog that asks for a new password
    ABSENT = "absent"  # nothing: there is none
    SILENT = "silent"  # nothing: it hangs


class KeyringError(Exception):
    """The keyring refused. The text never has a token."""


class Keyring(Protocol):
    """What `DeviceTokens` asks of a keyring. Every call may block."""

    def state(self) -> KeyringState:
        """Look, without a dialog."""
        ...

    def get(self, name: str) -> str | None:
        """The token kept under a name. Raises KeyringError."""
        ...

    def set(self, name: str, token: str) -> None:
        """Keep a token. Raises KeyringError."""
        ...

    def delete(self, name: str) -> None:
        """Keep nothing under a name any more. Raises KeyringError."""
        ...

    def unlock(self) -> KeyringState:
        """Let the operator unlock or make the keyring: this one may open a dialog."""
        ...


class SystemKeyring:
    """The keyring of this system, through the package `keyring`."""

    def state(self) -> KeyringState:
        """Look, without a dialog."""
        if sys.platform == "linux":
            state = _secret_service_state()
            if state is not KeyringState.OPEN:
                return state
        # Windows and macOS keep the operator's keyring unlocked for the login session.
        return KeyringState.ABSENT if self._backend() is None else KeyringState.OPEN

    def get(self, name: str) -> str | None:
        """The token kept under a name. Raises KeyringError."""
        found = self._call("get_password", name)
        return found if isinstance(found, str) else None

    def set(self, name: str, token: str) -> None:
        """Keep a token. Raises KeyringError."""
        self._call("set_password", name, token)

    def delete(self, name: str) -> None:
        """Keep nothing under a name any more. Raises KeyringError."""
        if self.get(name) is not None:  # back ends raise for what is not there
            self._call("delete_password", name)

    def unlock(self) -> KeyringState:
        """Let the operator unlock or make the keyring: this one may open a dialog."""
        state = self.state()
        if sys.platform == "linux" and state in (KeyringState.LOCKED, KeyringState.NOT_MADE):
            import secretstorage

            try:
                with closing(secretstorage.dbus_init()) as connection:
                    # Makes one where there is none.
                    collection = secretstorage.get_default_collection(connection)
                    if collection.is_locked():
                        collection.unlock()
            except Exception as error:  # noqa: BLE001, RUF100 - also what jeepney raises
                log.info("the keyring stays locked: %s", type(error).__name__)
            return self.state()
        return state

    def _call(self, method: str, *arguments: str) -> object:
        backend = self._backend()
        if backend is None:
            raise KeyringError("there is no keyring")
        try:
            return getattr(backend, method)(APP_ID, *arguments)
        except Exception as error:  # noqa: BLE001, RUF100 - back ends raise what they like
            raise KeyringError(type(error).__name__) from None

    def _backend(self) -> Any:
        """The back end that was checked, or None: of several, others could open a dialog."""
        try:
            import keyring  # late: it takes 0.2 s, and looks for back ends

            backend = keyring.get_keyring()
        except Exception as error:  # noqa: BLE001, RUF100 - back ends raise what they like
            log.info("no keyring: %s", type(error).__name__)
            return None
        chain = getattr(backend, "backends", None)
        backends = list(chain) if isinstance(chain, list | tuple) else [backend]
        for each in backends:
            module = type(each).__module__
            usable = module in _SECRET_SERVICE if sys.platform == "linux" else module not in _NONE
            if usable:
                return each
        return None


def _secret_service_state() -> KeyringState:
    try:
        import jeepney
        from jeepney.io.blocking import open_dbus_connection
    except ImportError:
        return KeyringState.ABSENT
    try:
        with closing(open_dbus_connection("SESSION")) as bus:
            service = jeepney.DBusAddress(
                "/org/freedesktop/secrets", SERVICE_NAME, "org.freedesktop.Secret.Service"
            )
            read_alias = jeepney.new_method_call(service, "ReadAlias", "s", ("default",))
            path = _reply(bus, read_alias)
            if path is None:
                return KeyringState.ABSENT
            if path == "/":
                return KeyringState.NOT_MADE
            collection = jeepney.DBusAddress(path, SERVICE_NAME, _COLLECTION)
            locked = _reply(bus, jeepney.Properties(collection).get("Locked"))
            return KeyringState.OPEN if locked == ("b", False) else KeyringState.LOCKED
    except TimeoutError:
        return KeyringState.SILENT
    except Exception as error:  # noqa: BLE001, RUF100 - no bus, one that went away, nonsense
        log.info("no keyring: %s", type(error).__name__)
        return KeyringState.ABSENT


def _reply(bus: Any, message: Any) -> Any:
    """The first value of the answer; None for an error, as where there is no such service."""
    import jeepney

    reply = bus.send_and_get_reply(message, timeout=CHECK_TIMEOUT_S)
    if reply.header.message_type is not jeepney.MessageType.method_return or not reply.body:
        return None
    return reply.body[0]
