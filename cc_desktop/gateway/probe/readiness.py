"""Asks whether a gateway is up, which it tells without a token."""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import urlsplit, urlunsplit

import msgspec

from cc_desktop.protocol import fields
from cc_desktop.system.http_body import PLAIN_JSON, read_body
from cc_desktop.system.network import is_loopback
from cc_desktop.system.tls import client_context, plain_context

READY_TIMEOUT_S = 3.0
_MAX_BODY = 64 * 2**10  # bytes


class Ready(StrEnum):
    """What `/readyz` says."""

    YES = "yes"
    NOT_YET = "not-yet"  # the gateway is up, and not ready to serve
    UNKNOWN = ""  # nothing there answers like a gateway


async def ask_ready(url: str, fingerprint: str = "") -> Ready:
    """Ask `/readyz` of OpenClaw 2026.5.7 and 2026.9.6: 200 or 503, and JSON with `ready`.

    Args:
        url: The gateway's ws:// or wss:// address.
        fingerprint: Of the certificate that the operator pinned; "" trusts what the system does.

    Raises:
        Exception: Whatever httpx and msgspec raise where something else answers, or nothing.
    """
    import httpx  # 0.1 s to import, and most never need it

    parts = urlsplit(url)
    secure = parts.scheme == "wss"
    place = parts.netloc.rpartition("@")[2]
    address = urlunsplit(("https" if secure else "http", place, "/readyz", "", ""))
    async with (
        httpx.AsyncClient(
            verify=await client_context(fingerprint) if secure else plain_context(),
            timeout=READY_TIMEOUT_S,
            trust_env=not is_loopback(url),
            follow_redirects=False,
            headers=PLAIN_JSON,
        ) as client,
        client.stream("GET", address) as answer,
    ):
        if answer.status_code not in (200, 503):
            return Ready.UNKNOWN
        ready = fields.as_object(msgspec.json.decode(await read_body(answer, _MAX_BODY))).get(
            "ready"
        )
    if not isinstance(ready, bool):
        return Ready.UNKNOWN
    return Ready.YES if ready else Ready.NOT_YET
