"""Facts about network addresses: what is this machine, and where a secret may go.

Nothing here raises: an address that cannot be read is nobody's, and gets nothing.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit, urlunsplit

_TLS = {"wss", "https"}
_PLAIN = {"ws", "http"}
# One host and perhaps a port. What HTTP and WebSocket libraries read in different ways is left
# out: user names, backslashes, percent signs (zone ids too), text after a bracket.
_AUTHORITY = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[^\s\[\]:@/\\%]+))(?::(?P<port>[0-9]{1,5}))?"
)


def _read(url: str) -> tuple[str, str] | None:
    """Scheme and host, lower case; None if libraries could disagree about the host."""
    if not url.isprintable() or " " in url:
        return None  # urlsplit would drop some of these characters
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    match = _AUTHORITY.fullmatch(parts.netloc)
    if match is None or int(match["port"] or 1) not in range(1, 65_536):
        return None
    return parts.scheme, (match["v6"] or match["name"]).lower()


def host_of(url: str) -> str:
    """The host of an address, lower case and without brackets; "" if libraries could disagree."""
    read = _read(url)
    return read[1] if read else ""


def is_literal(host: str) -> bool:
    """Tell whether a host is the address itself, which no resolver is asked for."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(url: str) -> bool:
    """Tell whether the address is this very machine.

    Only `localhost` and literal addresses of loopback count: what else a resolver may turn into
    one (127.1, 0x7f.1, "localhost.") is a name, and a name can point anywhere.
    """
    host = host_of(url)
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def may_send_secret(url: str, *, insecure: bool = False) -> bool:
    """Decide whether a secret may be sent to an address.

    The one decision for every secret (shared tokens, device tokens) and every way (WebSocket,
    HTTP fallback, updates).

    Args:
        url: The ws, wss, http or https address.
        insecure: The operator allows this gateway's token over an unencrypted connection.

    Returns:
        True over TLS, to this machine, or where the operator allows it. False for every other
        address, also for one that cannot be read.
    """
    read = _read(url)
    if read is None:
        return False
    scheme = read[0]
    return scheme in _TLS or (scheme in _PLAIN and (insecure or is_loopback(url)))


def default_rest_url(ws_url: str) -> str:
    """`/api/agents` beside the WebSocket's address; "" if that cannot be read."""
    try:
        parts: SplitResult = urlsplit(ws_url)
    except ValueError:
        return ""
    scheme = "https" if parts.scheme in _TLS else "http"
    return urlunsplit((scheme, parts.netloc, "/api/agents", "", ""))
