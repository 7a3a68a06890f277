"""Whether a gateway can be restarted now: asked when somebody wants to know, never by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cc_desktop.gateway.failures import GatewayFailureError
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Protocol

    class Asks(Protocol):
        """The part of a supervisor that is used here."""

        async def request(self, method: str, params: object = None) -> Any:
            """Ask the gateway."""


METHOD = "gateway.restart.preflight"  # 2026.5.7 on; the right to read is enough
MAX_BLOCKERS = 20
# What `counts` of 2026.9.6 are counts of; the rest are sums of these.
_WORK = {
    "queueSize": "queued",
    "pendingReplies": "replies",
    "embeddedRuns": "runs",
    "cronRuns": "jobs",
    "backgroundExecSessions": "commands",
    "activeTasks": "tasks",
}


class RestartCheck(Struct, frozen=True):
    """What a gateway says about a restart at this moment."""

    is_safe: bool = False
    blockers: tuple[str, ...] = ()  # in the gateway's words
    busy: dict[str, int] = {}  # what is at work, by "runs", "jobs", "tasks", …; no zeros


async def safe_to_restart(links: Mapping[str, Asks], gateway: str) -> RestartCheck | None:
    """Ask a gateway whether a restart would break off anything.

    Args:
        links: The supervisors, by the gateway's id.
        gateway: The gateway's id.

    Returns:
        None if nobody knows: it is not connected, does not let us ask, or has no answer.
    """
    link = links.get(gateway)
    if link is None:
        return None
    try:
        return read_check(await link.request(METHOD, {}))
    except GatewayFailureError:
        return None


def read_check(payload: object) -> RestartCheck:
    """Read the answer. What does not say that it is safe, is not."""
    data = fields.as_object(payload)
    told = data.get("blockers")
    rows = told[:MAX_BLOCKERS] if isinstance(told, list) else []
    words = (fields.text(fields.as_object(row).get("message") or row) for row in rows)
    counts = fields.as_object(data.get("counts"))
    busy = {name: fields.integer(counts.get(wire)) for wire, name in _WORK.items()}
    return RestartCheck(
        is_safe=data.get("safe") is True,
        blockers=tuple(one for one in words if one),
        busy={name: count for name, count in busy.items() if count},
    )
