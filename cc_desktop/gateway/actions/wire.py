"""Actions as requests to a gateway, and what its answers mean. Pure.

Methods and parameters are those of OpenClaw 2026.5.7 and 2026.9.6, read in its packages. A release
that knows no tasks refuses what is done with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cc_desktop.fleet.commands import (
    AnswerQuestion,
    ChangeTask,
    ResolveApproval,
    SendMessage,
    StopRun,
    TaskAction,
)
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Set

    from cc_desktop.fleet.commands import GatewayAction
    from cc_desktop.protocol.frames import GatewayError

RESOLVE_ANY = "approval.resolve"  # since 2026.7.2: says who was first
_RESOLVE = {"exec": "exec.approval.resolve", "plugin": "plugin.approval.resolve"}
_KIND = {"system": "system-agent"}  # what `approval.resolve` calls a family
_SAID_LIMIT = 300  # characters of a gateway's own words


class Request(Struct, frozen=True):
    """A method and its parameters."""

    method: str
    params: dict[str, Any]


class Refusal(Struct, frozen=True):
    """Why an action was not carried out."""

    reason: str  # a kind; `text/commands` has the words
    said: str = ""  # the gateway's own words, or who was first


def request_for(command: GatewayAction, methods: Set[str]) -> Request | Refusal:
    """What to ask a gateway for, or why it cannot be asked.

    Args:
        command: What the operator wants.
        methods: What the gateway says it knows: surely there, while others may be there as well.
    """
    match command:
        case ResolveApproval():
            return _approval(command, methods)
        case AnswerQuestion(cancel=True):
            return Request("question.resolve", {"id": command.question, "cancel": True})
        case AnswerQuestion():
            answers = {key: list(words) for key, words in command.answers.items()}
            return Request(
                "question.resolve", {"id": command.question, "answers": {"answers": answers}}
            )
        case SendMessage():
            params: dict[str, Any] = {
                "sessionKey": command.session_key,
                "message": command.text,
                "idempotencyKey": command.id,
            }
            if command.steer and RESOLVE_ANY in methods:  # 2026.5.7 refuses unknown parameters
                params["queueMode"] = "steer"
            return Request("chat.send", params)
        case StopRun():
            stop = {"sessionKey": command.session_key}
            return Request(
                "chat.abort", stop | ({"runId": command.run_id} if command.run_id else {})
            )
        case ChangeTask(action=TaskAction.CANCEL):
            return Request("tasks.cancel", {"taskId": command.task})
        case ChangeTask():
            return Request(f"tasks.{command.action.value}", {"taskIds": [command.task]})


def _approval(command: ResolveApproval, methods: Set[str]) -> Request | Refusal:
    family = command.family or "exec"
    params = {"id": command.approval, "decision": command.decision}
    if RESOLVE_ANY in methods:
        return Request(RESOLVE_ANY, params | {"kind": _KIND.get(family, family)})
    method = _RESOLVE.get(family)
    return Request(method, params) if method else Refusal("absent")


def refusal_in(command: GatewayAction, answer: object) -> Refusal | None:
    """What a gateway's answer means: None if it did what was asked."""
    told = fields.as_object(answer)
    if isinstance(command, ResolveApproval) and told.get("applied") is False:
        approval = fields.as_object(told.get("approval"))
        decision = fields.text(approval.get("decision"), 60)
        return Refusal("decided" if decision else "gone", decision)
    if isinstance(command, StopRun) and told.get("aborted") is False:
        return Refusal("not-running")
    if isinstance(command, SendMessage):
        status = fields.text(told.get("status"), 60)
        if status in ("error", "aborted"):
            return Refusal("refused", fields.text(told.get("summary"), _SAID_LIMIT))
    if isinstance(command, ChangeTask):
        return _task_refusal(command, told)
    return None


def _task_refusal(command: ChangeTask, told: dict[str, Any]) -> Refusal | None:
    """`tasks.cancel` answers for one task, the others for each of a list."""
    if command.action is TaskAction.CANCEL:
        row, done = told, told.get("cancelled")
        if told.get("found") is False:
            return Refusal("gone")
    else:
        row = next(iter(fields.as_objects(told.get("results"))), {})
        done = row.get("ok")
    if done is not False:
        return None
    said = fields.text(row.get("reason"), _SAID_LIMIT)
    return Refusal("gone" if "not found" in said.lower() else "refused", said)


# What the message of a refusal holds → its kind. The codes do not tell these apart.
_BY_WORDS = (
    ("unknown or expired", "gone"),
    ("not found", "gone"),
    ("already resolved", "decided"),
    ("already answered", "decided"),
    ("is unavailable because", "not-allowed"),
    ("invalid decision", "not-allowed"),
    ("unauthorized", "not-owner"),
    ("missing scope: operator.admin", "absent"),  # what an older gateway says of unknown methods
    ("missing scope", "right"),
    ("unknown method", "absent"),
    ("send blocked by session policy", "policy"),
)


def refusal_of(error: GatewayError) -> Refusal:
    """Why a gateway refused, by the words that both measured releases use."""
    said = fields.text(error.message, _SAID_LIMIT)
    lowered = said.lower()
    reason = next((kind for words, kind in _BY_WORDS if words in lowered), "refused")
    return Refusal(reason, said)
