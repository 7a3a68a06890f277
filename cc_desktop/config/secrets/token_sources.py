"""Where a gateway's token comes from: the command line, then the environment, then its own file.

A token of the command line or the environment is meant for one gateway. It goes to the gateway
that is named beside it (--url, GATEWAY_WS_URL), or to the only one; never to several.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cc_desktop.config.secrets.credentials import Token, TokenError, read_token_file
from cc_desktop.system.environment import TOKEN_NAMES
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_SECRET_PARAMETER = re.compile(r"(?:^|[&;])[^=&;]*(?:token|pass|secret|auth|key)", re.IGNORECASE)


def address_in(environ: Mapping[str, str]) -> str:
    """The gateway's address in the environment, or ""."""
    return environ.get("GATEWAY_WS_URL") or environ.get("WS_GATEWAY_URL") or ""


def assign_token(
    environ: Mapping[str, str],
    tables: Sequence[Mapping[str, Any]],
    *,
    url: str | None,
    token_file: Path | None,
) -> tuple[Token, str]:
    """Decide which token the command line or the environment gives to the one gateway.

    Args:
        environ: The environment.
        tables: The gateways of the settings file.
        url: The address of the command line, if there is one.
        token_file: The token file of the command line, if there is one.

    Returns:
        The token, and a warning for the operator. The token is empty and the warning says why
        where it is unclear which gateway the environment's token is for.

    Raises:
        TokenError: The token cannot be used, or the command line gives one token for several
            gateways. The text is one line and has no token.
    """
    named = url or address_in(environ)
    several = not named and len(tables) > 1
    if token_file is not None:
        if several:
            raise TokenError(
                tr(
                    "--token-file goes to one gateway, and the settings have several; "
                    "name one with --url, or give each its token_file"
                )
            )
        return read_token_file(token_file), ""
    name = next((name for name in TOKEN_NAMES if environ.get(name)), "")
    try:
        token = Token(environ.get(name, ""))
    except TokenError as error:
        raise TokenError(f"{name}: {error}") from None
    if not token:
        return token, ""
    if several:
        if all("token_file" in table for table in tables):
            return Token(), ""  # each has its own
        return Token(), tr(
            "{name} is not used: it goes to one gateway, and the settings have several; "
            "name one with GATEWAY_WS_URL, or give each its token_file",
            name=name,
        )
    if url and address_in(environ) not in ("", url):
        return Token(), tr(
            "{name} is not used: it is for the gateway of GATEWAY_WS_URL, not of --url", name=name
        )
    return token, ""


def has_secret(url: str) -> bool:
    """Tell whether an address has a password or a token in it.

    Such an address would be shown, logged and kept in places where a secret has no business.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool("@" in parts.netloc or parts.fragment or _SECRET_PARAMETER.search(parts.query))
