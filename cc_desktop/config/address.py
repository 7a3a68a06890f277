"""Turns what a person types or pastes into the address of a gateway.

Whatever is clear is mended and said: spaces, `http(s)://`, a missing scheme or port, the page of
the gateway's Control UI. What is not clear is refused with the reason.
"""

from __future__ import annotations

import base64
import binascii
from enum import StrEnum
from urllib.parse import parse_qs, urlsplit, urlunsplit

import msgspec

from cc_desktop.config.secrets.credentials import Token, TokenError
from cc_desktop.config.secrets.token_sources import has_secret
from cc_desktop.system.network import is_loopback

DEFAULT_PORT = 18789  # of `openclaw gateway run`
_SCHEMES = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}
_MAX_INPUT = 16_384  # characters; a setup code has a few hundred


class Mend(StrEnum):
    """What was changed so that the address can be used."""

    SPACES = "spaces"
    SCHEME = "scheme"  # it had none
    HTTP = "http"  # http(s) became ws(s)
    PORT = "port"  # it had none
    SECRET = "secret"  # noqa: S105 - the name of a change; a token in the address was taken out


class AddressProblem(StrEnum):
    """Why there is no address in it."""

    EMPTY = "empty"
    NO_HOST = "no-host"
    BAD_PORT = "bad-port"
    OTHER_SCHEME = "other-scheme"
    UNREADABLE = "unreadable"
    SETUP_CODE = "setup-code"  # a code for the mobile apps, which carries no shared token


class AddressError(ValueError):
    """There is no usable address in what was typed. `problem` says why."""

    def __init__(self, problem: AddressProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


class Address(msgspec.Struct, frozen=True):
    """The address of a gateway, ready to be used and to be shown."""

    url: str
    mends: tuple[Mend, ...] = ()
    token: Token = msgspec.field(default_factory=Token)  # that was in the pasted link

    @property
    def host(self) -> str:
        """Its host, without the port."""
        return urlsplit(self.url).hostname or ""


def read_address(typed: str) -> Address:
    """Read an address that a person typed or pasted.

    Args:
        typed: `host`, `host:port`, a `ws(s)://` or `http(s)://` address, a link of the Control UI
            with `#token=…`, or a setup code of the gateway's mobile pairing.

    Raises:
        AddressError: there is no address in it.
    """
    text = "".join(typed[:_MAX_INPUT].split())
    mends = [Mend.SPACES] if text != typed else []
    if not text:
        raise AddressError(AddressProblem.EMPTY)
    setup = _setup_code(text)
    if setup is not None:
        return setup
    if not text.isprintable():
        raise AddressError(AddressProblem.UNREADABLE)
    if "://" not in text:
        scheme = "ws" if is_loopback(f"ws://{text}") else "wss"
        text = f"{scheme}://{text}"
        mends.append(Mend.SCHEME)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        bad_port = "port" in str(error).lower()
        problem = AddressProblem.BAD_PORT if bad_port else AddressProblem.UNREADABLE
        raise AddressError(problem) from None
    scheme = parts.scheme.lower()
    if scheme not in _SCHEMES:
        raise AddressError(AddressProblem.OTHER_SCHEME)
    if scheme.startswith("http"):
        mends.append(Mend.HTTP)
    host = parts.hostname
    if not host:
        raise AddressError(AddressProblem.NO_HOST)
    if port == 0:
        raise AddressError(AddressProblem.BAD_PORT)
    token = _secret(parts.query, parts.fragment)
    if parts.username or parts.password or token or "token=" in f"{parts.query}{parts.fragment}":
        mends.append(Mend.SECRET)
    socket_scheme = _SCHEMES[scheme]
    if port is None and (socket_scheme == "ws" or Mend.SCHEME in mends):
        port = DEFAULT_PORT
        mends.append(Mend.PORT)
    shown_host = f"[{host}]" if ":" in host else host
    netloc = f"{shown_host}:{port}" if port else shown_host
    # The page of a Control UI link is not part of the gateway's address.
    query = "" if scheme not in ("ws", "wss") or has_secret(text) else parts.query
    url = urlunsplit((socket_scheme, netloc, parts.path or "/", query, ""))
    return Address(url, tuple(mends), token)


def _secret(query: str, fragment: str) -> Token:
    """The token of a Control UI link: `?token=` or `#token=`."""
    for source in (query, fragment.lstrip("?/")):
        for value in parse_qs(source, max_num_fields=20).get("token", ()):
            try:
                return Token(value.strip())
            except TokenError:
                continue
    return Token()


class _SetupCode(msgspec.Struct):
    """Base64 JSON for the mobile apps, as `openclaw qr` prints it."""

    url: str
    bootstrapToken: str = ""  # noqa: N815 - the name on the wire


def _setup_code(text: str) -> Address | None:
    """The address in a setup code; None when it is none.

    Raises:
        AddressError: the code names no gateway.
    """
    if len(text) < 24 or any(char in text for char in ":. "):  # an address has one of them
        return None
    padded = text + "=" * (-len(text) % 4)
    try:
        raw = base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True)
        code = msgspec.json.decode(raw, type=_SetupCode)
    except (binascii.Error, msgspec.DecodeError, ValueError):
        return None
    try:
        parts = urlsplit(code.url)
        usable = parts.scheme in _SCHEMES and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        raise AddressError(AddressProblem.SETUP_CODE)
    # Its bootstrap token pairs a phone with more rights than a monitor wants: it is not used.
    found = read_address(code.url)
    return Address(found.url, (*found.mends, Mend.SECRET))
