"""What gateways say, in the few events that the model knows. What is unreadable is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import Approval, Device, Session, Status
from cc_desktop.protocol import fields

_NAME = 120  # characters of a name or title
_HEARTBEAT_MS = (10_000, 366 * 86_400_000)  # what is a heartbeat; else it counts as none
_MOST_COMMANDS = 200  # of tool calls under way, to name what waits for approval
# 2026.5.7 ends the run that asks. What was decided goes to a run that has the approval in its id.
_FOLLOW_UP = "exec-approval-followup:"
_Reader = Callable[[object], Any]


def _name(value: object) -> str:
    return fields.text(value, _NAME)


def _error(value: object) -> str:
    """The seed's dialect and newer gateways disagree whether an error is text or an object."""
    if isinstance(value, dict):
        return fields.text(value.get("message")) or fields.text(value.get("error"))
    return fields.text(value)


# Wire name → field of Session, how to read it. The first name that is there wins.
_ROW: tuple[tuple[str, str, _Reader], ...] = (
    ("sessionId", "session_id", fields.identifier),
    ("kind", "kind", _name),
    ("label", "label", _name),
    ("displayName", "display_name", _name),
    ("derivedTitle", "derived_title", _name),
    ("lastMessagePreview", "preview", fields.text),
    ("channel", "channel", _name),
    ("lastChannel", "channel", _name),
    ("status", "status", _name),
    ("updatedAt", "updated_at", fields.integer),
    ("startedAt", "started_at", fields.integer),
    ("endedAt", "ended_at", fields.integer),
    ("runtimeMs", "runtime_ms", fields.integer),
    ("lastRunError", "error", _error),
    ("error", "error", _error),
    ("abortedLastRun", "aborted", bool),
    ("model", "model", _name),
    ("modelProvider", "provider", _name),
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
_STATUS = {status.value: status for status in Status}


def row_fields(row: dict[str, Any]) -> dict[str, Any]:
    """The fields of `Session` that a row has. A null clears."""
    found: dict[str, Any] = {}
    for wire, name, reader in _ROW:
        if wire in row and not found.get(name):
            found[name] = reader(row[wire])
    if "observerDigest" in row:
        digest = fields.as_object(row["observerDigest"])
        found["digest_health"] = _name(digest.get("health"))
        found["digest_headline"] = _name(digest.get("headline"))
    active = row.get("hasActiveRun")
    if isinstance(active, bool):
        # It overrules the status, which stays "running" for ever after some restarts.
        found["active"] = active
    elif "status" in found:
        found["active"] = found["status"] in _ACTIVE
    return found


def agent_of(key: str) -> str:
    """The agent's id in a session key "agent:<id>:<rest>", or ""."""
    parts = key.split(":", 2)
    return parts[1] if len(parts) == 3 and parts[0] == "agent" else ""


def session_row(row: dict[str, Any]) -> Session | None:
    """A row of `sessions.list`, or None when it names no session of an agent."""
    key = fields.identifier(row.get("key")) or fields.identifier(row.get("sessionKey"))
    agent_id = fields.identifier(row.get("agentId")) or agent_of(key)
    if not key or not agent_id:
        return None
    return Session(key=key, agent_id=agent_id, **row_fields(row))


def session_rows(payload: object) -> list[Session]:
    """The readable rows of a list, the newest where one key comes twice."""
    found: dict[str, Session] = {}
    for row in fields.as_objects(fields.as_object(payload).get("sessions")):
        session = session_row(row)
        if session and (
            session.key not in found or found[session.key].updated_at <= session.updated_at
        ):
            found[session.key] = session
    return list(found.values())


def agent_infos(payload: object) -> list[ev.AgentInfo]:
    """The agents of `agents.list`, or of the REST API, which tells a status too."""
    data = payload if isinstance(payload, list) else fields.as_object(payload).get("agents")
    found: dict[str, ev.AgentInfo] = {}
    for row in fields.as_objects(data):
        ident = fields.identifier(row.get("id")) or fields.identifier(row.get("agentId"))
        if not ident:
            continue
        identity, model = fields.as_object(row.get("identity")), row.get("model")
        model = fields.as_object(model).get("primary") if isinstance(model, dict) else model
        found[ident] = ev.AgentInfo(
            id=ident,
            name=_name(identity.get("name"))
            or _name(row.get("name"))
            or _name(row.get("displayName")),
            emoji=fields.text(identity.get("emoji"), 16) or fields.text(row.get("emoji"), 16),
            theme=_name(identity.get("theme")),
            model=_name(model),
            role=_name(row.get("role")),
            status=_STATUS.get(_name(row.get("status")).lower()),
            task=fields.text(row.get("currentTask")) or fields.text(row.get("task")),
            last_activity=moment(row.get("lastActivityAt", row.get("lastActivity"))),
        )
    return list(found.values())


def moment(value: object) -> int:
    """A time as ms since the epoch: a number of ms, or ISO 8601. 0 when it is neither."""
    if isinstance(value, str):
        from datetime import UTC, datetime

        try:
            when = datetime.fromisoformat(value)
        except ValueError:
            return 0
        try:
            return max(
                0, int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)
            )
        except (OverflowError, OSError):
            return 0
    return fields.integer(value)


def devices(gateway: str, payload: object) -> tuple[Device, ...]:
    """The devices of a presence list. Those with no id have their host's name for one."""
    found: dict[str, Device] = {}
    for row in fields.as_objects(payload):
        host = _name(row.get("host"))
        ident = (
            fields.identifier(row.get("deviceId"))
            or fields.identifier(row.get("instanceId"))
            or host
        )
        if not ident:
            continue
        platform = _name(row.get("deviceFamily")) or _name(row.get("platform"))
        device = Device(
            gateway=gateway,
            id=ident,
            name=host or _name(row.get("text")) or ident[:12],
            platform=platform,
            mode=_name(row.get("mode")),
            online=row.get("reason") != "disconnect",
            since=fields.integer(row.get("onlineSince")) or fields.integer(row.get("ts")),
        )
        known = found.get(ident)
        if known is None or device.online or not known.online:
            found[ident] = device
    return tuple(found.values())


def heartbeats(health: object) -> dict[str, int]:
    """How often each agent of a `health` wakes by itself, ms; 0: never."""
    found: dict[str, int] = {}
    for row in fields.as_objects(fields.as_object(health).get("agents")):
        ident = fields.identifier(row.get("agentId"))
        beat = fields.as_object(row.get("heartbeat"))
        if not ident or "everyMs" not in beat:
            continue
        every = 0 if beat.get("enabled") is False else fields.integer(beat["everyMs"])
        found[ident] = every if _HEARTBEAT_MS[0] <= every <= _HEARTBEAT_MS[1] else 0
    return found


class EventDecoder:
    """Event frames of one gateway → events of the model, and hints to list again."""

    def __init__(self, gateway: str, protocol: int) -> None:
        """`protocol`: of hello-ok. From 4 on, the row in an event is whole."""
        self.gateway = gateway
        self.whole_rows = protocol >= 4
        self._commands: dict[tuple[str, str], str] = {}  # by run and tool call

    def translate(self, name: str, payload: object) -> Iterable[ev.Event]:
        """The events in a frame; none if it is of no interest, or says nothing readable."""
        data = fields.as_object(payload)
        handler = _EVENTS.get(name)
        return handler(self, data) if handler else ()

    def _session_changed(self, data: dict[str, Any]) -> Iterable[ev.Event]:
        nested = data.get("session")
        row = fields.as_object(nested)
        key = fields.identifier(data.get("sessionKey")) or fields.identifier(row.get("key"))
        key = key or fields.identifier(data.get("key"))
        agent_id = (
            fields.identifier(data.get("agentId"))
            or fields.identifier(row.get("agentId"))
            or agent_of(key)
        )
        if not key or not agent_id:
            return
        if data.get("reason") == "delete":
            yield ev.SessionRemoved(
                self.gateway, key, agent_id, fields.identifier(data.get("sessionId"))
            )
            return
        if isinstance(nested, dict):
            found = row_fields({**data, **row}) if not self.whole_rows else row_fields(row)
            yield ev.SessionChanged(self.gateway, key, agent_id, found, complete=self.whole_rows)
        else:
            # 2026.5.7: create, patch and reset put the whole row at the top level.
            whole = "sessionId" in data and "updatedAt" in data and "kind" in data
            found = row_fields(data)
            if found:
                yield ev.SessionChanged(self.gateway, key, agent_id, found, complete=whole)

    def _presence(self, data: dict[str, Any]) -> Iterable[ev.Event]:
        if isinstance(data.get("presence"), list):
            yield ev.DevicesListed(self.gateway, devices(self.gateway, data["presence"]))
            return
        agent_id = fields.identifier(data.get("agentId"))
        if agent_id:  # the seed's dialect: an agent's own activity
            task = data.get("currentTask", data.get("task"))
            at = data.get("lastActivityAt", data.get("lastActivity", data.get("ts")))
            yield ev.AgentActivity(
                self.gateway,
                agent_id,
                status=_STATUS.get(_name(data.get("status")).lower()),
                task=fields.text(task) if task is not None else None,
                at=moment(at),
            )

    def _agent_config(self, data: dict[str, Any]) -> Iterable[ev.Event]:
        agent_id = fields.identifier(data.get("agentId")) or fields.identifier(data.get("id"))
        if agent_id:
            model = data.get("model")
            name = data.get("displayName", data.get("name"))
            yield ev.AgentConfigured(
                self.gateway,
                agent_id,
                name=_name(name) if isinstance(name, str) else None,
                role=_name(data["role"]) if isinstance(data.get("role"), str) else None,
                emoji=fields.text(data["emoji"], 16)
                if isinstance(data.get("emoji"), str)
                else None,
                model=_name(model) if isinstance(model, str) else None,
            )

    def _health(self, data: dict[str, Any]) -> Iterable[ev.Event]:
        every_ms = heartbeats(data)
        if every_ms:
            yield ev.HeartbeatsTold(self.gateway, every_ms)

    def _agent(self, data: dict[str, Any]) -> Iterable[ev.Event]:
        run = self._run(data)
        if run is None:
            return
        agent_id, key, run_id = run
        stream, detail = data.get("stream"), fields.as_object(data.get("data"))
        phase = detail.get("phase")
        if run_id.startswith(_FOLLOW_UP):
            approval_id = run_id.removeprefix(_FOLLOW_UP).split(":", 1)[0]
            yield ev.ApprovalClosed(self.gateway, agent_id, approval_id)
        if stream == "approval":
            if detail.get("status") != "unavailable":  # nobody can decide it: it was refused
                yield from self._approval(agent_id, key, "", phase, detail)
            return
        thinking: bool | None = None
        doing: str | None = None
        error: str | None = None
        over = False
        if stream == "lifecycle":
            if phase == "waiting-approval":
                yield from self._approval(agent_id, key, run_id, "requested", detail)
            elif phase == "approval-resolved":
                yield from self._approval(agent_id, key, run_id, "resolved", detail)
            over = phase in ("end", "error")
            thinking = True if phase in ("start", "model") else None
            if phase == "error" and not detail.get("aborted"):
                error = _error(detail.get("error"))
        elif stream == "assistant":
            thinking, doing = True, ""
        elif stream == "item":
            title = fields.text(detail.get("title"), _NAME)
            if phase == "end":
                thinking, doing = True, ""
            elif title:
                thinking, doing = False, title
        elif stream == "run_status":
            thinking = True
        starts = stream == "lifecycle" and phase == "start"
        yield ev.RunProgress(
            self.gateway, agent_id, key, run_id, thinking, doing, error or None, over, starts
        )

    def _tool(self, data: dict[str, Any]) -> Iterable[ev.Event]:
        run = self._run(data)
        detail = fields.as_object(data.get("data"))
        if run is None or detail.get("phase") not in ("start", "result"):
            return
        agent_id, key, run_id = run
        call = (run_id, fields.identifier(detail.get("toolCallId")))
        if detail.get("phase") == "result":
            self._commands.pop(call, None)
            yield ev.RunProgress(self.gateway, agent_id, key, run_id, thinking=True, activity="")
            return
        args = fields.as_object(detail.get("args"))
        what = next(
            (
                fields.text(args[name], _NAME)
                for name in ("command", "path", "query", "url", "file_path", "pattern")
                if isinstance(args.get(name), str)
            ),
            "",
        )
        if what and call[1]:
            if len(self._commands) >= _MOST_COMMANDS:
                del self._commands[next(iter(self._commands))]
            self._commands[call] = what
        doing = fields.text(f"{_name(detail.get('name'))} {what}", _NAME)
        yield ev.RunProgress(self.gateway, agent_id, key, run_id, thinking=False, activity=doing)

    def _chat(self, data: dict[str, Any]) -> Iterable[ev.Event]:
        run = self._run(data)
        if run is None:
            return
        agent_id, key, run_id = run
        state = data.get("state")
        if state == "error":
            words = fields.text(str(data.get("errorMessage") or "").split("\n", 1)[0])
            yield ev.RunProgress(
                self.gateway, agent_id, key, run_id, error=words or None, over=True
            )
        elif state in ("final", "aborted"):
            yield ev.RunProgress(self.gateway, agent_id, key, run_id, over=True)
        elif state in ("delta", "status"):
            yield ev.RunProgress(self.gateway, agent_id, key, run_id, thinking=True)

    def _approval(
        self, agent_id: str, key: str, run_id: str, phase: object, detail: dict[str, Any]
    ) -> Iterable[ev.Event]:
        """`run_id`: of the run that waits, if it does."""
        ident = fields.identifier(detail.get("approvalId")) or fields.identifier(detail.get("id"))
        ident = ident or f"session:{key}"
        if phase == "requested":
            request = fields.as_object(detail.get("request"))
            title = next(
                (
                    words
                    for source in (detail, request)
                    for name in ("command", "title", "message")
                    if (words := fields.text(source.get(name), _NAME))
                ),
                # 2026.9.6 names the tool call, which it told before.
                self._commands.get((run_id, fields.identifier(detail.get("toolCallId"))), ""),
            )
            yield ev.ApprovalOpened(
                self.gateway,
                Approval(
                    id=ident,
                    agent_id=agent_id,
                    session_key=key,
                    title=title,
                    run_id=run_id,
                    opened_at=fields.integer(detail.get("createdAtMs")),
                    expires_at=fields.integer(detail.get("expiresAtMs")),
                ),
            )
        elif phase is not None:
            yield ev.ApprovalClosed(self.gateway, agent_id, ident)

    def _run(self, data: dict[str, Any]) -> tuple[str, str, str] | None:
        key = fields.identifier(data.get("sessionKey"))
        agent_id = fields.identifier(data.get("agentId")) or agent_of(key)
        run_id = fields.identifier(data.get("runId"))
        return (agent_id, key, run_id) if key and agent_id and run_id else None


_EVENTS: dict[str, Callable[[EventDecoder, dict[str, Any]], Iterable[ev.Event]]] = {
    "sessions.changed": EventDecoder._session_changed,  # noqa: SLF001 - a table of our own methods
    "presence": EventDecoder._presence,  # noqa: SLF001
    "agent.config": EventDecoder._agent_config,  # noqa: SLF001
    "health": EventDecoder._health,  # noqa: SLF001
    "agent": EventDecoder._agent,  # noqa: SLF001
    "chat": EventDecoder._chat,  # noqa: SLF001
    "session.tool": EventDecoder._tool,  # noqa: SLF001
}
