"""Rows of sessions, in lists and in `sessions.changed`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import Session
from cc_desktop.gateway.decoders.values import agent_of, error_text, name
from cc_desktop.protocol import fields

_Reader = Callable[[object], Any]

# Wire name → field of Session, how to read it. The first name that is there wins.
_ROW: tuple[tuple[str, str, _Reader], ...] = (
    ("sessionId", "session_id", fields.identifier),
    ("kind", "kind", name),
    ("label", "label", name),
    ("displayName", "display_name", name),
    ("derivedTitle", "derived_title", name),
    ("lastMessagePreview", "preview", fields.text),
    ("channel", "channel", name),
    ("lastChannel", "channel", name),
    ("status", "status", name),
    ("updatedAt", "updated_at", fields.integer),
    ("startedAt", "started_at", fields.integer),
    ("endedAt", "ended_at", fields.integer),
    ("runtimeMs", "runtime_ms", fields.integer),
    ("lastRunError", "error", error_text),
    ("error", "error", error_text),
    ("abortedLastRun", "aborted", bool),
    ("model", "model", name),
    ("modelProvider", "provider", name),
    ("inputTokens", "input_tokens", fields.integer),
    ("outputTokens", "output_tokens", fields.integer),
    ("totalTokens", "total_tokens", fields.integer),
    ("contextTokens", "context_tokens", fields.integer),
    ("estimatedCostUsd", "cost_usd", fields.number),
    ("unread", "unread", bool),
    ("archived", "archived", bool),
    ("parentSessionKey", "parent_key", fields.identifier),
    ("spawnedBy", "parent_key", fields.identifier),
)
_ACTIVE = ("running", "queued")


def row_fields(row: dict[str, Any]) -> dict[str, Any]:
    """The fields of `Session` that a row has. A null clears."""
    found: dict[str, Any] = {}
    for wire, field, reader in _ROW:
        if wire in row and not found.get(field):
            found[field] = reader(row[wire])
    if "observerDigest" in row:
        digest = fields.as_object(row["observerDigest"])
        found["digest_health"] = name(digest.get("health"))
        found["digest_headline"] = name(digest.get("headline"))
        found["digest_revision"] = fields.integer(digest.get("revision"))
    active = row.get("hasActiveRun")
    if isinstance(active, bool):
        # It overrules the status, which stays "running" for ever after some restarts.
        found["active"] = active
    elif "status" in found:
        found["active"] = found["status"] in _ACTIVE
    return found


def session_row(row: dict[str, Any]) -> Session | None:
    """A row of `sessions.list`, or None when it names no session of an agent."""
    key = fields.identifier(row.get("key")) or fields.identifier(row.get("sessionKey"))
    agent_id = fields.identifier(row.get("agentId")) or agent_of(key)
    if not key or not agent_id:
        return None
    return Session(key=key, agent_id=agent_id, **row_fields(row))


def add_newest(found: dict[str, Session], row: dict[str, Any]) -> None:
    """Add the row's session to `found`, unless a newer one with its key is there."""
    session = session_row(row)
    if session is None:
        return
    known = found.get(session.key)
    if known is None or known.updated_at <= session.updated_at:
        found[session.key] = session


def session_rows(payload: object) -> list[Session]:
    """The readable rows of a list, the newest where one key comes twice."""
    found: dict[str, Session] = {}
    for row in fields.as_objects(fields.as_object(payload).get("sessions")):
        add_newest(found, row)
    return list(found.values())


def session_changed(
    gateway: str, data: dict[str, Any], *, whole_rows: bool
) -> Iterable[ev.SessionChanged | ev.SessionRemoved]:
    """The payload of `sessions.changed`; nothing when it says only that something changed.

    Args:
        gateway: the id of the gateway.
        data: the payload.
        whole_rows: whether a nested row is complete, as it is from protocol 4 on.
    """
    nested = data.get("session")
    row = fields.as_object(nested)
    key = (
        fields.identifier(data.get("sessionKey"))
        or fields.identifier(row.get("key"))
        or fields.identifier(data.get("key"))
    )
    agent_id = (
        fields.identifier(data.get("agentId"))
        or fields.identifier(row.get("agentId"))
        or agent_of(key)
    )
    if not key or not agent_id:
        return
    if data.get("reason") == "delete":
        yield ev.SessionRemoved(gateway, key, agent_id, fields.identifier(data.get("sessionId")))
    elif isinstance(nested, dict):
        found = row_fields(row if whole_rows else {**data, **row})
        yield ev.SessionChanged(gateway, key, agent_id, found, complete=whole_rows)
    elif found := row_fields(data):
        # 2026.5.7: create, patch and reset put the whole row at the top level.
        whole = "sessionId" in data and "updatedAt" in data and "kind" in data
        yield ev.SessionChanged(gateway, key, agent_id, found, complete=whole)
