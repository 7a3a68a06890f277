"""Decodes agents: lists, settings, heartbeats, and the seed's own activity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cc_desktop.fleet import events as ev
from cc_desktop.gateway.decoders import values
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Iterable

_EMOJI_LIMIT = 16  # characters: one emoji of a family has eleven
_PATH_LIMIT = 400  # characters
_HEARTBEAT_MS = (10_000, 366 * 86_400_000)  # what is a heartbeat; anything else counts as none


def agent_info(row: dict[str, Any]) -> ev.AgentInfo | None:
    """A row of `agents.list` or of the REST API, or None when it names no agent."""
    ident = fields.identifier(row.get("id")) or fields.identifier(row.get("agentId"))
    if not ident:
        return None
    identity, model = fields.as_object(row.get("identity")), row.get("model")
    if isinstance(model, dict):
        model = model.get("primary")
    return ev.AgentInfo(
        id=ident,
        name=values.name(identity.get("name"))
        or values.name(row.get("name"))
        or values.name(row.get("displayName")),
        emoji=fields.text(identity.get("emoji"), _EMOJI_LIMIT)
        or fields.text(row.get("emoji"), _EMOJI_LIMIT),
        theme=values.name(identity.get("theme")),
        model=values.name(model),
        role=values.name(row.get("role")),
        status=values.status(row.get("status")),
        task=fields.text(row.get("currentTask")) or fields.text(row.get("task")),
        last_activity=values.moment(row.get("lastActivityAt", row.get("lastActivity"))),
        workspace=fields.text(row.get("workspace"), _PATH_LIMIT),
    )


def agent_infos(payload: object) -> list[ev.AgentInfo]:
    """The agents of `agents.list`, or of the REST API, which tells a status too."""
    data = payload if isinstance(payload, list) else fields.as_object(payload).get("agents")
    rows = (agent_info(row) for row in fields.as_objects(data))
    return list({info.id: info for info in rows if info}.values())


def agent_ids(health: dict[str, Any]) -> set[str]:
    """The ids of the agents that a `health` names."""
    rows = fields.as_objects(health.get("agents"))
    return {fields.identifier(row.get("agentId")) for row in rows} - {""}


def heartbeats(health: object) -> dict[str, int]:
    """How often each agent of a `health` wakes by itself, in ms; 0: never."""
    found: dict[str, int] = {}
    for row in fields.as_objects(fields.as_object(health).get("agents")):
        ident = fields.identifier(row.get("agentId"))
        beat = fields.as_object(row.get("heartbeat"))
        if not ident or "everyMs" not in beat:
            continue
        every = 0 if beat.get("enabled") is False else fields.integer(beat["everyMs"])
        found[ident] = every if _HEARTBEAT_MS[0] <= every <= _HEARTBEAT_MS[1] else 0
    return found


def health(gateway: str, data: dict[str, Any]) -> Iterable[ev.Event]:
    """The payload of `health`."""
    every_ms = heartbeats(data)
    if every_ms:
        yield ev.HeartbeatsTold(gateway, every_ms)


def activity(gateway: str, data: dict[str, Any]) -> Iterable[ev.Event]:
    """The seed's `presence`: what an agent does."""
    agent_id = fields.identifier(data.get("agentId"))
    if not agent_id:
        return
    task = data.get("currentTask", data.get("task"))
    at = data.get("lastActivityAt", data.get("lastActivity", data.get("ts")))
    yield ev.AgentActivity(
        gateway,
        agent_id,
        status=values.status(data.get("status")),
        task=fields.text(task) if task is not None else None,
        at=values.moment(at),
    )


def configured(gateway: str, data: dict[str, Any]) -> Iterable[ev.Event]:
    """The seed's `agent.config`: missing fields keep their value."""
    agent_id = fields.identifier(data.get("agentId")) or fields.identifier(data.get("id"))
    if not agent_id:
        return
    told_name = data.get("displayName", data.get("name"))

    def told(value: object, limit: int = values.NAME_LIMIT) -> str | None:
        return fields.text(value, limit) if isinstance(value, str) else None

    yield ev.AgentConfigured(
        gateway,
        agent_id,
        name=told(told_name),
        role=told(data.get("role")),
        emoji=told(data.get("emoji"), _EMOJI_LIMIT),
        model=told(data.get("model")),
    )
