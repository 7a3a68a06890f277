"""Settings: command line, then environment, then the settings file, then defaults.

The file is written by hand and never by the app, so nothing in it can get lost.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from cc_desktop.config.credentials import Token, TokenError, read_token_file
from cc_desktop.config.token_sources import address_in, assign_token, has_secret
from cc_desktop.system.network import default_rest_url, host_of, may_send_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

_T = TypeVar("_T")

DEFAULT_URL = "ws://localhost:18789/"
DEFAULT_POLL_S = 5.0
_KEYS = {"demo", "demo_seed", "stuck_after_minutes", "keyring", "update_url", "gateways"}
_GATEWAY_KEYS = {
    "id",
    "name",
    "url",
    "token_file",
    "rest_url",
    "poll_interval",
    "insecure",
    "client_id",
    "client_mode",
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


@dataclass(frozen=True, slots=True)
class Settings:
    """All of them."""

    gateways: tuple[GatewaySettings, ...]
    demo: bool = True
    demo_seed: int = 7
    stuck_after_ms: int = 600_000
    keyring: bool = True
    update_url: str = ""  # asked for the newest version; "": never
    warnings: tuple[str, ...] = ()


def load_settings(
    path: Path,
    environ: Mapping[str, str],
    *,
    url: str | None = None,
    token_file: Path | None = None,
) -> Settings:
    """Read all sources. `url` and `token_file` come from the command line.

    Raises:
        SettingsError: one line for the operator.
    """
    data = _read(path)
    warnings = [f"{path}: unknown setting '{key}' is ignored" for key in data if key not in _KEYS]
    gateways: list[GatewaySettings] = []
    tables = data.get("gateways", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise SettingsError(f"{path}: gateways must be written as [[gateways]] tables")
    env_url = address_in(environ)
    poll = environ.get("GATEWAY_POLL_INTERVAL") or DEFAULT_POLL_S
    try:
        token, warning = assign_token(environ, tables, url=url, token_file=token_file)
    except TokenError as error:
        raise SettingsError(str(error)) from None
    warnings += [warning] if warning else []
    if url or env_url or not tables:
        chosen = url or env_url or DEFAULT_URL
        gateways.append(
            _gateway(
                "the command line" if url else "GATEWAY_WS_URL",
                {"url": chosen, "rest_url": environ.get("GATEWAY_URL", ""), "poll_interval": poll},
                token,
            )
        )
    else:
        for table in tables:
            warnings += [
                f"{path}: unknown setting '{key}' of a gateway is ignored"
                for key in table
                if key not in _GATEWAY_KEYS
            ]
            gateways.append(_gateway(str(path), table, token))
    stuck_after = _typed(data, "stuck_after_minutes", 10, path)
    if not 0 < stuck_after <= 10_080:
        raise SettingsError(f"{path}: stuck_after_minutes must be between 1 and 10080")
    ids = [gateway.id for gateway in gateways]
    if len(set(ids)) < len(ids):
        raise SettingsError(f"{path}: two gateways have the same id; give each its own")
    return Settings(
        gateways=tuple(gateways),
        demo=_typed(data, "demo", True, path),
        demo_seed=_typed(data, "demo_seed", 7, path),
        stuck_after_ms=60_000 * stuck_after,
        keyring=_typed(data, "keyring", True, path),
        update_url=_update_url(path, _typed(data, "update_url", "", path)),
        warnings=tuple(warnings),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {' '.join(str(error).split())}") from None


def _typed(data: Mapping[str, Any], key: str, default: _T, where: object) -> _T:
    value = data.get(key, default)
    if type(value) is not type(default):
        example = {"True": "true", "False": "false", "''": '"…"'}.get(repr(default), repr(default))
        raise SettingsError(f"{where}: {key} must be written like {example}")
    return value


def _gateway(where: str, table: Mapping[str, Any], token: Token) -> GatewaySettings:
    url = _url(where, table.get("url"))
    host = urlsplit(url).hostname or ""
    port = urlsplit(url).port
    name = table.get("name") or table.get("id") or host
    ident = table.get("id") or (f"{host}:{port}" if port else host)
    for key, value in (("id", ident), ("name", name)):
        if not isinstance(value, str) or not 0 < len(value) <= 80 or not value.isprintable():
            raise SettingsError(f"{where}: {key} of a gateway must be a short text")
    if ident == "demo":
        raise SettingsError(f"{where}: a gateway cannot have the id 'demo'")
    file = table.get("token_file")
    if file is not None:
        if not isinstance(file, str):
            raise SettingsError(f"{where}: token_file must be a path")
        try:
            token = read_token_file(Path(file).expanduser())
        except TokenError as error:
            raise SettingsError(f"{where}: token_file {error}") from None
    rest = table.get("rest_url") or default_rest_url(url)
    if isinstance(rest, str) and has_secret(rest):
        raise SettingsError(f"{where}: no password or token in the REST address; use a token file")
    if not isinstance(rest, str) or not re.match(r"https?://", rest) or not host_of(rest):
        raise SettingsError(f"{where}: the REST address must be like http://host/api/agents")
    return GatewaySettings(
        id=ident,
        name=name,
        url=url,
        token=token,
        rest_url=rest,
        poll_s=_seconds(where, table.get("poll_interval", DEFAULT_POLL_S)),
        insecure=_typed(table, "insecure", False, where),
        client_id=_typed(table, "client_id", "", where),
        client_mode=_typed(table, "client_mode", "", where),
    )


def _url(where: str, value: object) -> str:
    advice = "write it like ws://localhost:18789/ or wss://host/"
    if not isinstance(value, str) or not value.isprintable():
        raise SettingsError(f"{where}: a gateway needs an address; {advice}")
    try:
        parts = urlsplit(value)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fine = False
        parts = urlsplit("")
    if parts.scheme not in ("ws", "wss") or not parts.hostname or not port_is_fine or " " in value:
        raise SettingsError(f"{where}: the gateway's address cannot be used; {advice}")
    if has_secret(value):
        raise SettingsError(
            f"{where}: no password or token in the gateway's address; use a token file"
        )
    return value


def _update_url(where: Path, value: str) -> str:
    try:
        parts = urlsplit(value)
        fine = parts.scheme in ("http", "https") and may_send_secret(value)
    except ValueError:
        fine = False
    if value and (not fine or not value.isprintable() or " " in value or "@" in parts.netloc):
        raise SettingsError(f"{where}: update_url must be like https://host/newest.json")
    return value


def _seconds(where: str, value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    else:
        match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m)?", str(value).strip())
        if not match:
            raise SettingsError(f"{where}: the poll interval must be like 5s")
        seconds = float(match[1]) * {"ms": 0.001, "s": 1.0, "m": 60.0}[match[2] or "s"]
    if not 0.5 <= seconds <= 3600:
        raise SettingsError(f"{where}: the poll interval must be between 0.5 s and 60 m")
    return seconds
