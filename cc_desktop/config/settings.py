"""Settings: command line, then environment, then the settings file, then defaults.

The operator writes the file by hand. The app never does, so nothing in it can get lost.
"""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec

from cc_desktop.config.secrets.credentials import (
    Token,
    TokenError,
    read_token_file,
    token_file_warning,
)
from cc_desktop.config.secrets.token_sources import address_in, assign_token, has_secret
from cc_desktop.system.files import FileError, MissingFileError, read_private
from cc_desktop.system.network import default_rest_url, host_of, may_send_secret
from cc_desktop.system.tls import read_fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

DEFAULT_URL = "ws://localhost:18789/"
DEFAULT_POLL_S = 5.0
MAX_FILE = 1024 * 1024  # bytes

Access = Literal["watch", "approve", "operate"]
WhenUnreachable = Literal["sample", "last-known"]

# Operator scopes of OpenClaw 2026.9.6. Not asked for without need: while a client that has
# operator.approvals is connected, a gateway waits for it instead of denying a command at once.
_SCOPES: dict[Access, tuple[str, ...]] = {
    "watch": ("operator.read",),
    "approve": ("operator.read", "operator.approvals", "operator.questions"),
    "operate": ("operator.read", "operator.approvals", "operator.questions", "operator.write"),
}


class SettingsError(ValueError):
    """A setting that cannot be used. The text is one line: which, where, and what to write."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """One gateway to watch."""

    id: str
    name: str
    url: str
    token: Token = field(default_factory=Token)
    rest_url: str = ""
    poll_s: float = DEFAULT_POLL_S
    insecure: bool = False  # the token may go over ws:// to another machine
    client_id: str = ""
    client_mode: str = ""
    access: Access = "watch"  # what the operator may do there with this app
    proxy: str = ""  # "": as the environment says; "none", or the address of an HTTP proxy
    fingerprint: str = ""  # SHA-256 of the one certificate that is trusted, 64 hex digits

    @property
    def scopes(self) -> tuple[str, ...]:
        """What the gateway is asked to allow."""
        return _SCOPES[self.access]


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, checked."""

    gateways: tuple[GatewaySettings, ...]
    demo: bool = True
    demo_seed: int = 7
    stuck_after_ms: int = 600_000
    keyring: bool = True
    update_url: str = ""  # asked for the newest version; "": never
    # What is shown when all gateways were lost; `demo = false` shows sample data never at all.
    when_unreachable: WhenUnreachable = "sample"
    warnings: tuple[str, ...] = ()


# The settings file as it is written. The name of a field is its key.

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class _GatewayTable(msgspec.Struct):
    url: str = ""
    id: _Name | None = None
    name: _Name | None = None
    token_file: str | None = None
    rest_url: str = ""
    poll_interval: str | int | float = DEFAULT_POLL_S
    insecure: bool = False
    client_id: str = ""
    client_mode: str = ""
    access: Access = "watch"
    proxy: str = ""
    fingerprint: str = ""


class _File(msgspec.Struct):
    demo: bool = True
    demo_seed: int = 7
    stuck_after_minutes: Annotated[int, msgspec.Meta(ge=1, le=10_080)] = 10
    keyring: bool = True
    update_url: str = ""
    when_unreachable: WhenUnreachable = "sample"
    gateways: list[_GatewayTable] = []


# What is said of a key whose value does not fit.
_ADVICE = {
    "demo": "must be written like true",
    "demo_seed": "must be written like 7",
    "stuck_after_minutes": "must be written like 10, between 1 and 10080",
    "keyring": "must be written like true",
    "update_url": 'must be written like "https://host/newest.json"',
    "when_unreachable": 'must be written like "sample" or "last-known"',
    "gateways": "must be written as [[gateways]] tables",
    "url": 'must be written like "ws://localhost:18789/": a gateway needs an address',
    "id": "of a gateway must be a short text",
    "name": "of a gateway must be a short text",
    "token_file": "must be a path",
    "rest_url": 'must be written like "http://host/api/agents": the REST address',
    "poll_interval": 'must be written like "5s"',
    "insecure": "must be written like true",
    "client_id": 'must be written like "control-center"',
    "client_mode": 'must be written like "operator"',
    "proxy": 'must be written like "none" or "http://proxy.example:3128"',
    "fingerprint": "must be the SHA-256 of the gateway's certificate: 64 hex digits",
    "access": 'must be written like "watch", "approve" or "operate"',
}


def load_settings(
    path: Path,
    environ: Mapping[str, str],
    *,
    url: str | None = None,
    token_file: Path | None = None,
) -> Settings:
    """Read all sources.

    Args:
        path: The settings file; it may be missing.
        environ: The environment.
        url: The gateway of the command line.
        token_file: The token file of the command line.

    Raises:
        SettingsError: one line for the operator.
    """
    data = _read(path)
    file = _convert(path, data)
    token, warnings = _one_token(environ, data.get("gateways", []), url, token_file)
    warnings += _unknown_keys(path, data)
    env_url = address_in(environ)
    where, tables = str(path), file.gateways
    if url or env_url or not tables:
        where = "the command line" if url else "GATEWAY_WS_URL"
        tables = [
            _GatewayTable(
                url=url or env_url or DEFAULT_URL,
                rest_url=environ.get("GATEWAY_URL", ""),
                poll_interval=environ.get("GATEWAY_POLL_INTERVAL") or DEFAULT_POLL_S,
            )
        ]
    gateways = tuple(_gateway(where, table, token, warnings) for table in tables)
    if len({gateway.id for gateway in gateways}) < len(gateways):
        raise SettingsError(f"{path}: two gateways have the same id; give each its own")
    return Settings(
        gateways=gateways,
        demo=file.demo,
        demo_seed=file.demo_seed,
        stuck_after_ms=60_000 * file.stuck_after_minutes,
        keyring=file.keyring,
        update_url=_update_url(path, file.update_url),
        when_unreachable=file.when_unreachable,
        warnings=tuple(warnings),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_private(path, MAX_FILE).decode("utf-8"))
    except MissingFileError:
        return {}
    except FileError as error:
        raise SettingsError(str(error)) from None
    except RecursionError:
        raise SettingsError(f"{path}: nested too deeply") from None
    except ValueError as error:  # also UnicodeDecodeError, and an integer with too many digits
        raise SettingsError(f"{path}: {' '.join(str(error).split())}") from None


def _convert(path: Path, data: dict[str, Any]) -> _File:
    try:
        return msgspec.convert(data, _File)
    except msgspec.ValidationError as error:
        # "Expected `bool`, got `str` - at `$.gateways[0].insecure`"
        keys = re.findall(r"\.(\w+)", str(error).rpartition(" - at ")[2])
        key = keys[-1] if keys else "gateways"
        raise SettingsError(f"{path}: {key} {_ADVICE[key]}") from None


def _unknown_keys(path: Path, data: Mapping[str, Any]) -> Iterable[str]:
    for key in data:
        if key not in _File.__struct_fields__:
            yield f"{path}: unknown setting {key!r} is ignored"
    for table in data.get("gateways", []):
        for key in table:
            if key not in _GatewayTable.__struct_fields__:
                yield f"{path}: unknown setting {key!r} of a gateway is ignored"


def _one_token(
    environ: Mapping[str, str],
    tables: Sequence[Mapping[str, Any]],
    url: str | None,
    token_file: Path | None,
) -> tuple[Token, list[str]]:
    """The token of the command line, or else of the environment; and warnings."""
    try:
        token, warning = assign_token(environ, tables, url=url, token_file=token_file)
    except TokenError as error:
        raise SettingsError(str(error)) from None
    readable = "" if token_file is None else token_file_warning(token_file)
    return token, [each for each in (warning, readable) if each]


def _token_of_file(where: str, path: Path, warnings: list[str]) -> Token:
    try:
        token = read_token_file(path.expanduser())
        warning = token_file_warning(path.expanduser())
    except TokenError as error:
        raise SettingsError(f"{where}{error}") from None
    except RuntimeError:  # ~name of an unknown user
        raise SettingsError(f"{where}{path}: there is no such user") from None
    if warning and warning not in warnings:
        warnings.append(warning)
    return token


def _gateway(
    where: str, table: _GatewayTable, token: Token, warnings: list[str]
) -> GatewaySettings:
    url = _url(where, table.url)
    parts = urlsplit(url)
    host = parts.hostname or ""
    ident = table.id or (f"{host}:{parts.port}" if parts.port else host)
    name = table.name or table.id or host
    for key, value in (("id", ident), ("name", name)):
        if not 0 < len(value) <= 80 or not value.isprintable():
            raise SettingsError(f"{where}: {key} {_ADVICE[key]}")
    if ident == "demo":
        raise SettingsError(f"{where}: a gateway cannot have the id 'demo'")
    if table.token_file is not None:
        token = _token_of_file(f"{where}: token_file ", Path(table.token_file), warnings)
    return GatewaySettings(
        id=ident,
        name=name,
        url=url,
        token=token,
        rest_url=_rest_url(where, table.rest_url) or default_rest_url(url),
        poll_s=_seconds(where, table.poll_interval),
        insecure=table.insecure,
        client_id=table.client_id,
        client_mode=table.client_mode,
        access=table.access,
        proxy=_proxy(where, table.proxy),
        fingerprint=_fingerprint(where, table.fingerprint),
    )


def _url(where: str, url: str) -> str:
    advice = "write it like ws://localhost:18789/ or wss://host/"
    if not url or not url.isprintable():
        raise SettingsError(f"{where}: a gateway needs an address; {advice}")
    if has_secret(url):
        raise SettingsError(
            f"{where}: no password or token in the gateway's address; use a token file"
        )
    if not _can_be_url(url, ("ws", "wss")):
        raise SettingsError(f"{where}: the gateway's address cannot be used; {advice}")
    return url


def _proxy(where: str, proxy: str) -> str:
    if proxy in ("", "none"):
        return proxy
    # A SOCKS proxy is refused when it is used, with the words for it.
    if not _can_be_url(proxy, ("http", "https", "socks4", "socks4a", "socks5", "socks5h")):
        raise SettingsError(f"{where}: proxy {_ADVICE['proxy']}")
    return proxy


def _fingerprint(where: str, text: str) -> str:
    found = read_fingerprint(text)
    if text and not found:
        raise SettingsError(f"{where}: fingerprint {_ADVICE['fingerprint']}")
    return found


def _rest_url(where: str, url: str) -> str:
    if has_secret(url):
        raise SettingsError(f"{where}: no password or token in the REST address; use a token file")
    if url and not _can_be_url(url, ("http", "https")):
        raise SettingsError(f"{where}: the REST address must be like http://host/api/agents")
    return url


def _update_url(where: Path, url: str) -> str:
    if not url:
        return ""
    fine = _can_be_url(url, ("https", "http")) and "@" not in urlsplit(url).netloc
    if not fine or not may_send_secret(url):
        raise SettingsError(f"{where}: update_url must be like https://host/newest.json")
    return url


def _can_be_url(url: str, schemes: tuple[str, ...]) -> bool:
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


def _seconds(where: str, value: str | float) -> float:
    try:
        if isinstance(value, str):
            match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m)?", value.strip(), re.ASCII)
            if not match:
                raise SettingsError(f"{where}: the poll interval must be like 5s")
            seconds = float(match[1]) * {"ms": 0.001, "s": 1.0, "m": 60.0}[match[2] or "s"]
        else:
            seconds = float(value)
    except OverflowError:  # an integer of hundreds of digits
        seconds = math.inf
    if not 0.5 <= seconds <= 3600:
        raise SettingsError(f"{where}: the poll interval must be between 0.5 s and 60 m")
    return seconds
