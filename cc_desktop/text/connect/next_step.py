"""What can be done about a problem with a gateway: buttons, and commands to copy."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Problem

SHOW_TOKEN = "openclaw gateway auth-token --show"  # noqa: S105 - a command
LIST_DEVICES = "openclaw devices list"
RUN_GATEWAY = "openclaw gateway run"
# Where a gateway keeps the certificate that it made itself (gateway.tls without certPath).
SHOW_FINGERPRINT = (
    "openssl x509 -noout -fingerprint -sha256 -in ~/.openclaw/gateway/tls/gateway-cert.pem"
)
DEFAULT_PORT = "18789"


class Remedy(StrEnum):
    """The next step that the app offers as a button."""

    COPY = "copy"  # the command of `command_for`
    EDIT = "edit"
    RECONNECT = "reconnect"
    OPEN_FILE = "open-file"


_REMEDY_WORDS = {
    Remedy.COPY: mark("Copy command"),
    Remedy.EDIT: mark("Edit gateway…"),
    Remedy.RECONNECT: mark("Reconnect now"),
    Remedy.OPEN_FILE: mark("Open settings file"),
}
_EDITED = frozenset(
    {
        *("token-mismatch", "token-missing", "bad-url", "insecure", "dns", "not-a-gateway"),
        *("unreachable", "forbidden", "certificate", "tls", "proxy", "silent"),
        *("certificate-changed", "settings"),
    }
)
_IN_FILE = frozenset({"rejected", "bad-url", "proxy", "proxy-failed", "settings"})


def remedies(problem: Problem | None) -> tuple[tuple[Remedy, str], ...]:
    """What can be done about a problem, the most useful first. Reconnecting always can."""
    found = []
    if problem is not None:
        if command_for(problem):
            found.append(Remedy.COPY)
        if problem.kind in _EDITED:
            found.append(Remedy.EDIT)
        if problem.kind in _IN_FILE:
            found.append(Remedy.OPEN_FILE)
    found.append(Remedy.RECONNECT)
    return tuple((remedy, remedy_words(remedy)) for remedy in found)


def remedy_words(remedy: Remedy) -> str:
    """What the button says."""
    return tr(_REMEDY_WORDS[remedy])


def command_for(problem: Problem) -> str:
    """The command that solves a problem, to be copied; "" where no command does."""
    match problem.kind:
        case "pairing":
            # The detail is a request id that `gateway.failures` has checked.
            return f"openclaw devices approve {problem.detail}" if problem.detail else LIST_DEVICES
        case "scope-mismatch" | "device-refused" | "no-permission":
            return LIST_DEVICES
        case "token-mismatch" | "token-missing":
            return SHOW_TOKEN
        case "certificate" | "certificate-changed":
            return SHOW_FINGERPRINT
        case "insecure":
            return tunnel_command(problem.detail)
    return ""


_AUTHORITY = re.compile(
    r"(?:\w+://)?(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9._-]*)(?::(?P<port>\d+))?(?:/.*)?",
    re.ASCII,
)


def tunnel_command(url: str) -> str:
    """The SSH tunnel that encrypts the way to a gateway; "" if the address has no host."""
    found = _AUTHORITY.fullmatch(url)
    if found is None:
        return ""
    port = found["port"] or DEFAULT_PORT
    host = found["host"].strip("[]")
    return f"ssh -N -L {port}:localhost:{port} {host}"
