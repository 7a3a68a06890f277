"""Messages of a conversation: a page of `chat.history`, and the payload of `session.message`.

As measured on 2026.5.7 and 2026.9.6: `content` is a text, or blocks of type text, thinking,
toolCall, image; a message of role toolResult has what a tool answered. A run that failed leaves an
assistant message with stopReason "error".
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from cc_desktop.fleet.transcript.records import (
    DETAIL_LIMIT,
    LINE_LIMIT,
    TEXT_LIMIT,
    USES_PER_MESSAGE,
    CardStep,
    InFlight,
    Message,
    ProgressCard,
    Role,
    ToolUse,
)
from cc_desktop.gateway.decoders.values import error_text, name
from cc_desktop.protocol import fields
from cc_desktop.protocol.clean import clean_block

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_BLOCKS = 20_000  # of one message; what follows is not looked at
MOST_STEPS = 50  # of a progress card, as the gateway itself allows
_ROLES = {
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
    "toolResult": Role.TOOL,
    "tool": Role.TOOL,
    "system": Role.SYSTEM,
}
_TOOL_CALLS = ("toolCall", "tool_use", "toolUse", "function_call")
_ATTACHMENTS = ("image", "image_url", "audio", "video", "file", "document")
# Arguments that say what a tool is used on; the first that is there wins.
_SUBJECTS = (
    *("command", "path", "file_path", "url", "query", "pattern", "title", "message", "name"),
    *("sessionKey", "task", "action"),
)
_EXIT_CODE = re.compile(r"\(Command exited with code (\d{1,6})\)\s*\Z")
# What 2026.5.7 shows in place of a reply that never came; `errorMessage` says why.
_NO_REPLY = "[assistant turn failed before producing content]"


def message(data: object) -> Message | None:
    """One message, or None if it is none or says nothing."""
    raw = fields.as_object(data)
    meta = fields.as_object(raw.get("__openclaw"))
    boundary = meta.get("kind")
    if boundary in ("compaction", "reset"):
        ident = fields.identifier(meta.get("id"))
        return Message(Role.SYSTEM, ident, _at(raw), boundary=str(boundary))
    role = _ROLES.get(name(raw.get("role")))
    if role is None:
        return None
    if role is Role.TOOL:
        return _result(raw, meta)
    return _words(role, raw, meta)


def messages(payload: object) -> Iterable[Message]:
    """The readable messages of a page, one at a time: a page may be big."""
    rows = fields.as_object(payload).get("messages")
    for row in rows if isinstance(rows, list) else ():
        found = message(row)
        if found is not None:
            yield found


def row_count(payload: object) -> int:
    """How many messages a page has, readable or not."""
    rows = fields.as_object(payload).get("messages")
    return len(rows) if isinstance(rows, list) else 0


def in_flight(payload: object) -> InFlight | None:
    """The run in progress that a page tells of (2026.9.6)."""
    raw = fields.as_object(fields.as_object(payload).get("inFlightRun"))
    run_id = fields.identifier(raw.get("runId"))
    if not run_id:
        return None
    text, _ = clean_block(_string(raw.get("text")), TEXT_LIMIT)
    return InFlight(run_id, fields.integer(raw.get("startedAt")), text)


def said(payload: object) -> Message | None:
    """The message of a `session.message` event."""
    raw = fields.as_object(payload)
    inner = fields.as_object(raw.get("message"))
    meta = fields.as_object(inner.get("__openclaw"))
    if not meta.get("id") and raw.get("messageId"):
        inner = {**inner, "__openclaw": {**meta, "id": raw["messageId"]}}
    return message(inner)


def card(payload: object) -> ProgressCard | None:
    """The answer to `progressCard.get`."""
    raw = fields.as_object(fields.as_object(payload).get("card"))
    if not raw:
        return None
    steps = tuple(
        CardStep(fields.text(one.get("step"), LINE_LIMIT), name(one.get("status")))
        for one in fields.as_objects(raw.get("steps"))[:MOST_STEPS]
    )
    markdown, _ = clean_block(_string(raw.get("markdown")), DETAIL_LIMIT)
    return ProgressCard(markdown, steps, fields.integer(raw.get("updatedAt")))


def tool_use(ident: object, tool: object, arguments: object) -> ToolUse:
    """A tool call. Arguments are shown as the one that matters, and all of them as JSON."""
    found = _parsed(arguments)
    subject = next(
        (
            fields.text(found[one], LINE_LIMIT)
            for one in _SUBJECTS
            if isinstance(found.get(one), str)
        ),
        "",
    )
    detail = ""
    if list(found) == ["command"] and isinstance(found["command"], str):
        detail = found["command"]
    elif found:
        detail = json.dumps(_short(found), ensure_ascii=False, indent=2, default=str)
    return ToolUse(
        fields.identifier(ident), name(tool), subject, clean_block(detail, DETAIL_LIMIT)[0]
    )


def result_text(content: object) -> str:
    """What a tool answered: its start, fit to be shown."""
    return clean_block(_text(content)[0], DETAIL_LIMIT)[0]


def exit_note(text: str) -> str:
    """What a command ended with, such as "exit 1"; nothing for code 0."""
    found = _EXIT_CODE.search(text[-80:])
    return f"exit {int(found[1])}" if found and int(found[1]) else ""


def _at(raw: dict[str, Any]) -> int:
    return fields.integer(raw.get("timestamp"))


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _words(role: Role, raw: dict[str, Any], meta: dict[str, Any]) -> Message | None:
    text, attachments, rest = _text(raw.get("content"))
    shown, cut = clean_block(text, TEXT_LIMIT)
    blocks = _blocks(raw.get("content"))
    calls = [one for one in blocks if one.get("type") in _TOOL_CALLS]
    failed = role is Role.ASSISTANT and raw.get("stopReason") == "error"
    error = error_text(raw.get("errorMessage"))
    if failed and shown == _NO_REPLY:
        shown = ""
    if not (shown or calls or attachments or failed):
        return None
    usage = fields.as_object(raw.get("usage"))
    transport = fields.as_objects(fields.as_object(meta.get("transport")).get("clients"))
    client = transport[0] if transport else {}
    return Message(
        role,
        fields.identifier(meta.get("id")),
        _at(raw),
        shown,
        cut + rest,
        tuple(
            tool_use(one.get("id"), one.get("name"), one.get("arguments", one.get("input")))
            for one in calls[:USES_PER_MESSAGE]
        ),
        max(0, len(calls) - USES_PER_MESSAGE),
        failed=failed,
        error=error,
        sender=name(raw.get("senderName")) or name(client.get("displayName")),
        channel=name(raw.get("channel")),
        cost_usd=fields.number(fields.as_object(usage.get("cost")).get("total")),
        run_id=fields.identifier(meta.get("runId")),
        attachments=attachments,
    )


def _result(raw: dict[str, Any], meta: dict[str, Any]) -> Message:
    text, attachments, rest = _text(raw.get("content"))
    note = exit_note(text)
    shown, cut = clean_block(text, DETAIL_LIMIT)
    return Message(
        Role.TOOL,
        fields.identifier(meta.get("id")),
        _at(raw),
        shown,
        cut + rest,
        call_id=fields.identifier(raw.get("toolCallId")),
        tool=name(raw.get("toolName")),
        failed=raw.get("isError") is True or bool(note),
        note=note,
        run_id=fields.identifier(meta.get("runId")),
        attachments=attachments,
    )


def _blocks(content: object) -> list[dict[str, Any]]:
    return fields.as_objects(content[:MOST_BLOCKS]) if isinstance(content, list) else []


def _text(content: object) -> tuple[str, int, int]:
    """The text of a content, how many attachments it has, and how much text was left out."""
    if isinstance(content, str):
        return content, 0, 0
    parts: list[str] = []
    length = attachments = rest = 0
    for block in _blocks(content):
        kind = block.get("type")
        if kind in _ATTACHMENTS:
            attachments += 1
        elif kind in ("text", "output_text", "input_text"):
            text = _string(block.get("text"))
            if length <= TEXT_LIMIT:
                parts.append(text)
                length += len(text)
            else:
                rest += len(text)
    return "\n\n".join(part for part in parts if part), attachments, rest


def _parsed(arguments: object) -> dict[str, Any]:
    """The arguments of a call: an object, or the text of one."""
    if isinstance(arguments, str):
        if len(arguments) <= DETAIL_LIMIT:
            try:
                return fields.as_object(json.loads(arguments))
            except (ValueError, RecursionError):
                pass
        return {"arguments": arguments} if arguments else {}
    return fields.as_object(arguments)


def _short(value: object, depth: int = 4) -> object:
    """A value without what nobody reads: long texts, long lists, what is nested deep."""
    if isinstance(value, str):
        return value if len(value) <= DETAIL_LIMIT else value[:DETAIL_LIMIT] + "…"
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        return "…"
    if isinstance(value, dict):
        return {str(key)[:200]: _short(one, depth - 1) for key, one in list(value.items())[:50]}
    return [_short(one, depth - 1) for one in value[:50]]
