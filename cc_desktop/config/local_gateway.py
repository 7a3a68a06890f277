"""Finds out whether OpenClaw is set up on this computer, so that the first start can offer it.

Reads `~/.openclaw/openclaw.json` (`OPENCLAW_STATE_DIR` and `OPENCLAW_CONFIG_PATH` name other
places, as they do for OpenClaw itself). The token in it is read only when the operator asks for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cc_desktop.config.address import DEFAULT_PORT
from cc_desktop.config.secrets.credentials import Token, TokenError

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_BYTES = 2**20


class LocalGateway(msgspec.Struct, frozen=True):
    """A gateway that is configured on this computer. It need not be running."""

    url: str
    config: str  # the path of its configuration; "" when there is none
    has_token: bool = False


def find_local_gateway(environ: Mapping[str, str], home: Path) -> LocalGateway:
    """Where a gateway of this computer listens: as configured, else at the default port."""
    path = _config_path(environ, home)
    gateway = _read_gateway(path)
    port = gateway.get("port")
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65_536:
        port = DEFAULT_PORT
    tls = gateway.get("tls")
    scheme = "wss" if isinstance(tls, dict) and tls.get("enabled") is True else "ws"
    return LocalGateway(
        f"{scheme}://localhost:{port}/",
        str(path) if gateway else "",
        has_token=bool(_token_in(gateway)),
    )


def read_local_token(environ: Mapping[str, str], home: Path) -> Token:
    """The shared token or password of this computer's gateway; empty when there is none."""
    return _token_in(_read_gateway(_config_path(environ, home)))


def _config_path(environ: Mapping[str, str], home: Path) -> Path:
    if named := environ.get("OPENCLAW_CONFIG_PATH"):
        return Path(named)
    state = environ.get("OPENCLAW_STATE_DIR")
    return (Path(state) if state else home / ".openclaw") / "openclaw.json"


def _read_gateway(path: Path) -> dict[str, Any]:
    """The `gateway` table. A file with comments (JSON5) or none counts as not there."""
    try:
        if not path.is_file():
            return {}
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES)
        gateway = msgspec.json.decode(content, type=dict[str, Any]).get("gateway")
    except (OSError, ValueError, RecursionError):
        return {}
    return gateway if isinstance(gateway, dict) else {}


def _token_in(gateway: Mapping[str, Any]) -> Token:
    auth = gateway.get("auth")
    if not isinstance(auth, dict):
        return Token()
    value = auth.get("password") if auth.get("mode") == "password" else auth.get("token")
    try:
        # A table is a reference to a secret elsewhere, which only the gateway can follow.
        return Token(value) if isinstance(value, str) else Token()
    except TokenError:
        return Token()
