"""Messages for tests."""

from __future__ import annotations

from cc_desktop.fleet.transcript.records import Message, Role, ToolUse

AT = 1_795_516_000_000


def user(ident: str, text: str = "", at: int = AT) -> Message:
    return Message(Role.USER, ident, at, text or f"asked {ident}")


def agent(ident: str, text: str = "", at: int = AT, calls: tuple[str, ...] = ()) -> Message:
    uses = tuple(ToolUse(call, "exec", f"do {call}") for call in calls)
    return Message(Role.ASSISTANT, ident, at, text, uses=uses)


def result(call: str, text: str = "ok", at: int = AT, *, failed: bool = False) -> Message:
    return Message(Role.TOOL, f"r{call}", at, text, call_id=call, tool="exec", failed=failed)
