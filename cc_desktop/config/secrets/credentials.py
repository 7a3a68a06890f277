"""Tokens and the files they come from. No log, repr, settings file or traceback has one."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from cc_desktop.system.files import FileError, others_may, read_private
from cc_desktop.system.redaction import add_secret
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from pathlib import Path

MAX_TOKEN = 8192  # characters


class TokenError(ValueError):
    """A token that cannot be one. The text never has the token."""


class Token:
    """A secret that does not show itself."""

    __slots__ = ("_value",)

    def __init__(self, value: str = "") -> None:
        """Raises TokenError for line breaks, control characters and more than 8,192 characters."""
        if len(value) > MAX_TOKEN:
            raise TokenError(tr("the token is longer than {n} characters", n=MAX_TOKEN))
        if any(not char.isprintable() or char.isspace() for char in value):
            raise TokenError(tr("the token has a line break, a space or a control character"))
        self._value = value
        add_secret(value)

    def reveal(self) -> str:
        """The secret, for the wire."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "Token(…)" if self._value else "Token()"


def read_token_file(path: Path) -> Token:
    """The token in a file; spaces and line ends around it are not part of it.

    Raises:
        TokenError: the file cannot be read, or has no token. The text says which file.
    """
    try:
        text = read_private(path, 4 * MAX_TOKEN + 2).decode("utf-8")
    except FileError as error:
        raise TokenError(str(error)) from None
    except UnicodeDecodeError:
        raise TokenError(tr("{path}: not a text file", path=path)) from None
    try:
        token = Token(text.strip())
    except TokenError as error:
        raise TokenError(f"{path}: {error}") from None
    if not token:
        raise TokenError(tr("{path}: the file is empty", path=path))
    return token


def is_readable_by_others(path: Path) -> bool:
    """Whether every user of this machine can read or change a token file."""
    return others_may(path, stat.S_IROTH | stat.S_IWOTH)
