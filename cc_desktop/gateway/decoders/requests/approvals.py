"""Approvals of all three families: `exec.approval.*`, `plugin.approval.*`, `openclaw.approval.*`.

An entry of a list and the payload of `….requested` are the same record (2026.5.7 and 2026.9.6):
`{id, request{…}, createdAtMs, expiresAtMs}`. `approval.get` has `presentation` for `request`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.requests import Approval
from cc_desktop.gateway.decoders.values import NAME_LIMIT, agent_of, name
from cc_desktop.protocol import fields
from cc_desktop.protocol.visible import visible_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FAMILIES = {"exec": "exec", "plugin": "plugin", "openclaw": "system"}  # by prefix of the method
DECISIONS = ("allow-once", "allow-always", "deny")
_MAX_LIST = 1_000  # approvals of one list
_MAX_SCOPE = 400  # characters
_MAX_WORDS = 8_000  # characters of a warning or description: a label lays them out at once


def approval(family: str, row: dict[str, Any]) -> Approval | None:
    """One approval that is open, or None when it cannot be read."""
    ident = fields.identifier(row.get("id"))
    told = fields.as_object(row.get("request")) or fields.as_object(row.get("presentation"))
    if not ident or not told:
        return None
    key = fields.identifier(told.get("sessionKey"))
    command = visible_text(told.get("command")) or visible_text(told.get("commandText"))
    title = fields.text(told.get("title"), NAME_LIMIT)
    if family == "exec" or not title:
        title = fields.text(command, NAME_LIMIT)
    scope, scope_of = _scope(fields.as_object(told.get("scope")))
    return Approval(
        id=ident,
        agent_id=fields.identifier(told.get("agentId")) or agent_of(key),
        session_key=key,
        title=title,
        opened_at=fields.integer(row.get("createdAtMs")),
        expires_at=fields.integer(row.get("expiresAtMs")),
        family=family,
        # The system agent repeats its description as the command.
        command=command if family == "exec" else visible_text(told.get("detail")),
        description=visible_text(told.get("description"), _MAX_WORDS),
        cwd=fields.text(told.get("cwd")),
        host=name(told.get("host")) or name(told.get("nodeId")),
        warning=visible_text(told.get("warningText"), _MAX_WORDS),
        scope=scope,
        scope_of=scope_of,
        severity=name(told.get("severity")),
        decisions=_decisions(told),
    )


def approvals(family: str, payload: object) -> tuple[Approval, ...]:
    """The answer of `….approval.list`: a bare list, or an object that has one."""
    if isinstance(payload, dict):
        payload = payload.get("approvals", payload.get("pending"))
    rows = payload[:_MAX_LIST] if isinstance(payload, list) else []
    found = (approval(family, row) for row in rows if isinstance(row, dict))
    return tuple(one for one in found if one is not None)


def decoders(gateway: str) -> dict[str, Callable[[dict[str, Any]], Iterable[ev.Event]]]:
    """How to read the events of all families, by their names."""
    table: dict[str, Callable[[dict[str, Any]], Iterable[ev.Event]]] = {}
    for prefix, family in FAMILIES.items():
        table[f"{prefix}.approval.requested"] = _requested(gateway, family)
        for end in ("resolved", "removed", "expired"):
            table[f"{prefix}.approval.{end}"] = _resolved(gateway, expired=end == "expired")
    return table


def _requested(gateway: str, family: str) -> Callable[[dict[str, Any]], Iterable[ev.Event]]:
    def read(data: dict[str, Any]) -> Iterable[ev.Event]:
        found = approval(family, data)
        if found is not None:
            yield ev.ApprovalOpened(gateway, found)

    return read


def _resolved(gateway: str, *, expired: bool) -> Callable[[dict[str, Any]], Iterable[ev.Event]]:
    def read(data: dict[str, Any]) -> Iterable[ev.Event]:
        ident = fields.identifier(data.get("id"))
        if not ident:
            return
        decision = name(data.get("decision"))
        # 2026.9.6 tells of one that nobody decided in time as denied by null.
        by_nobody = "resolvedBy" in data and data["resolvedBy"] is None
        if by_nobody or decision not in DECISIONS:
            decision = "expired" if expired or name(data.get("status")) == "expired" else ""
        # By its id alone: the record may lie with the gateway, or with an agent.
        yield ev.ApprovalClosed(gateway, "", ident, decision, name(data.get("resolvedBy")))

    return read


def _decisions(told: dict[str, Any]) -> tuple[str, ...]:
    """What may be decided, as the gateway allows it. An old one does not say."""
    allowed = told.get("allowedDecisions")
    if not isinstance(allowed, list):
        allowed = ["allow-once", "deny"]
    return tuple(one for one in DECISIONS if one in allowed)


def _scope(scope: dict[str, Any]) -> tuple[str, str]:
    """What it reaches, and whom or how much."""

    def told(*names: str) -> str:
        parts = (scope.get(one) for one in names)
        words = (str(one) if isinstance(one, int) else fields.text(one, 200) for one in parts)
        return " ".join(word for word in words if word)

    kind = name(scope.get("kind"))
    what = {
        "message-send": lambda: told("target", "audience"),
        "payment": lambda: told("amount", "currency", "target"),
        "external-post": lambda: told("target", "visibility"),
        "standing-grant": lambda: told("automation", "command"),
    }.get(kind)
    return kind, fields.text(what(), _MAX_SCOPE) if what else ""
