"""Pages of a gateway's ledger.

`audit.activity.list` (OpenClaw 2026.7.2 and later) and `audit.list` (2026.7.1) answer alike:
{events: [...], nextCursor?}, newest first. Schema: AuditActivityListResult of the package
@openclaw/gateway-protocol 2026.9.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cc_desktop.fleet.history.ledger import LedgerPage, LedgerRecord
from cc_desktop.gateway.decoders.values import agent_of, name
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = 200  # records that one request asks for; the gateway allows 500


def ledger_page(payload: object) -> LedgerPage:
    """The readable records of an answer, at most as many as were asked for."""
    data = fields.as_object(payload)
    return LedgerPage(
        tuple(_records(data.get("events"))), fields.identifier(data.get("nextCursor"))
    )


def _records(rows: object) -> Iterator[LedgerRecord]:
    known: set[str] = set()
    for row in fields.as_objects(rows)[:500]:
        record = _record(row)
        if record is not None and record.id not in known:
            known.add(record.id)
            yield record


def _record(row: dict[str, Any]) -> LedgerRecord | None:
    ident, at = fields.identifier(row.get("eventId")), fields.integer(row.get("occurredAt"))
    if not ident or not at:
        return None
    key = fields.identifier(row.get("sessionKey"))
    return LedgerRecord(
        id=ident,
        at=at,
        kind=name(row.get("kind")),
        action=name(row.get("action")),
        status=name(row.get("status")),
        agent=fields.identifier(row.get("agentId")) or agent_of(key),
        session_key=key,
        run_id=fields.identifier(row.get("runId")),
        tool=name(row.get("toolName")),
        error_code=name(row.get("errorCode")),
        channel=name(row.get("channel")),
        direction=name(row.get("direction")),
    )
