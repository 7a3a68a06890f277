"""Tokens. They are kept here and nowhere else: no log, repr, settings file or traceback has one.

Device tokens go to the system's keyring, else to a file that only its owner can read; which one it
was is told. A keyring may ask its owner and block for as long, so it is asked in a thread of its
own, for a few seconds.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING, Any

import msgspec

from cc_desktop.about import APP_ID
from cc_desktop.system.files import FileError, write_private
from cc_desktop.system.redaction import add_secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

log = logging.getLogger(__name__)

SERVICE = APP_ID
KEYRING_TIMEOUT_S = 3.0
MAX_TOKEN = 8192  # characters


class TokenError(ValueError):
    """A token that cannot be one. The text never has the token."""


class Token:
    """A secret that does not show itself."""

    __slots__ = ("_value",)

    def __init__(self, value: str = "") -> None:
        """Raises TokenError for line breaks, control characters and more than 8,192 characters."""
        if len(value) > MAX_TOKEN:
            raise TokenError("the token is longer than 8192 characters")
        if any(not char.isprintable() or char.isspace() for char in value):
            raise TokenError("the token has a line break, a space or a control character")
        self._value = value
        add_secret(value)

    def reveal(self) -> str:
        """The secret, for the wire."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "Token(…)" if self._value else "Token()"


def read_token_file(path: Path) -> Token:
    """The token in a file; one line end at its end is not part of it.

    Raises:
        TokenError: the file cannot be read, or has no token. The text says which file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise TokenError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TokenError(f"{path}: not a text file") from None
    try:
        token = Token(text.removesuffix("\n").removesuffix("\r"))
    except TokenError as error:
        raise TokenError(f"{path}: {error}") from None
    if not token:
        raise TokenError(f"{path}: the file is empty")
    return token


def _readable(value: object) -> Token:
    try:
        return Token(value) if isinstance(value, str) else Token()
    except TokenError:
        return Token()


class DeviceTokens:
    """Device tokens by gateway, device and role."""

    def __init__(self, path: Path, *, use_keyring: bool = True) -> None:
        """`path`: the file for systems without a keyring."""
        self._path = path
        self._use_keyring = use_keyring
        self.place = ""  # "keyring" or "file", once a token was kept

    async def get(self, url: str, device_id: str, role: str) -> Token:
        """The token kept for this gateway, or an empty one."""
        name = f"{url} {device_id} {role}"
        # First: it is there only while the keyring has not taken the newest.
        token = _readable(self._file().get(name))
        if token:
            self.place = "file"
            return token
        if self._use_keyring:
            found = await self._keyring(lambda keyring: keyring.get_password(SERVICE, name))
            token = _readable(found)
            if token:
                self.place = "keyring"
        return token

    async def keep(self, url: str, device_id: str, role: str, token: str) -> None:
        """Keep a token. Where it cannot be kept, it is only logged that it was not."""
        name = f"{url} {device_id} {role}"

        def store(keyring: Any) -> bool:
            keyring.set_password(SERVICE, name, token)
            # There are back ends that keep nothing and say nothing.
            return bool(keyring.get_password(SERVICE, name) == token)

        in_keyring = self._use_keyring and await self._keyring(store)
        before = self._file()
        after = {key: value for key, value in before.items() if key != name}
        if not in_keyring:
            after[name] = token
        try:
            if after != before:
                write_private(self._path, msgspec.json.encode(after))
            self.place = "keyring" if in_keyring else "file"
        except FileError as error:
            log.warning("the device token could not be kept: %s", error)

    def _file(self) -> dict[str, str]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, str])
        except (OSError, msgspec.DecodeError, UnicodeError):
            return {}

    async def _keyring(self, action: Callable[..., object]) -> object:
        """What the keyring answers; None when there is none, or it does not answer in time."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[object] = loop.create_future()

        def tell(value: object) -> None:
            if not answer.done():
                answer.set_result(value)

        def ask() -> None:
            value: object = None
            try:
                import keyring  # 0.2 s to import, and it looks for back ends

                value = action(keyring)
            except Exception as error:  # noqa: BLE001, RUF100 - back ends raise what they like
                log.info("no keyring: %s", type(error).__name__)
            try:
                loop.call_soon_threadsafe(tell, value)
            except RuntimeError:
                return  # the app has ended meanwhile

        # Daemon: a keyring that waits for its owner must not keep the app from ending.
        threading.Thread(target=ask, name="keyring", daemon=True).start()
        done, _ = await asyncio.wait({answer}, timeout=KEYRING_TIMEOUT_S)
        if not done:
            log.info("the keyring does not answer")
            self._use_keyring = False
            return None
        value = answer.result()
        if value is None:
            return None
        return value
