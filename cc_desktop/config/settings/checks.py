"""Checks of single values of the settings, and what of them may be shown."""

from __future__ import annotations

import contextlib
import math
import re
from urllib.parse import urlsplit

from cc_desktop.config.address import AddressError, read_address
from cc_desktop.config.secrets.token_sources import has_secret
from cc_desktop.system.network import host_of, may_send_secret


def names_of(url: str) -> tuple[str, str]:
    """Id and name of a gateway that has only an address."""
    parts = urlsplit(url)
    host = (parts.hostname or "")[:80]
    return (f"{host}:{parts.port}" if parts.port else host)[:80], host


def default_id(typed: str, number: int) -> str:
    """The id of a gateway that the settings file gives none.

    Args:
        typed: Its address, as it is written there.
        number: Its place, from 0.
    """
    with contextlib.suppress(AddressError):
        return names_of(read_address(typed).url)[0]
    return f"gateway {number + 1}"


def printable(text: str) -> str:
    shown = "".join(char if char.isprintable() else "?" for char in text)
    return shown if len(shown) <= 60 else f"{shown[:59]}…"


def shown_value(key: str, value: object) -> str:
    """What is written there, as far as it may be shown: a token in a wrong place may not."""
    if key == "token_file" or not isinstance(value, str | int | float):
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**18:
        return ""  # perhaps too long to be written out
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{shown_address(value)}"' if isinstance(value, str) else str(value)


def shown_address(url: str) -> str:
    return "" if has_secret(url) or "@" in url else printable(url)


def has_inner_space(text: str) -> bool:
    return any(char.isspace() for char in text.strip())


def can_be_rest_url(url: str) -> bool:
    return not url or (can_be_url(url, ("http", "https")) and not has_secret(url))


def can_be_proxy(text: str) -> bool:
    """Whether it can be tried; a SOCKS proxy is refused when it is used, with the words for it."""
    schemes = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
    return text in ("", "none") or can_be_url(text, schemes)


def can_update_from(url: str) -> bool:
    if not url:
        return True
    fine = can_be_url(url, ("https", "http")) and "@" not in urlsplit(url).netloc
    return fine and may_send_secret(url)


def can_be_url(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port  # raises for what is no number up to 65535
    except ValueError:
        return False
    return (
        parts.scheme in schemes
        and bool(host_of(url))
        and port != 0
        and url.isprintable()
        and " " not in url
    )


def seconds(value: str | float) -> float | None:
    """A pace in seconds; None where it cannot be one."""
    try:
        if isinstance(value, str):
            match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m)?", value.strip(), re.ASCII)
            if not match:
                return None
            seconds = float(match[1]) * {"ms": 0.001, "s": 1.0, "m": 60.0}[match[2] or "s"]
        else:
            seconds = float(value)
    except OverflowError:  # an integer of hundreds of digits
        seconds = math.inf
    return seconds if 0.5 <= seconds <= 3600 else None
