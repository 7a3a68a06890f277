"""Whether a gateway can be restarted now: asked when somebody wants to know, never by itself."""

from __future__ import annotations

from cc_desktop.fleet.facts import RestartCheck
from cc_desktop.protocol import fields

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
        busy={name: count for name, count in busy.items() if count > 0},
    )
