"""What became of an action that was never answered: the gateway's own lists tell.

Nothing is concluded from the app's own model alone where the gateway can be asked: the model may be
from before the loss. Methods and fields are those of OpenClaw 2026.5.7 and 2026.9.6, read in its
packages.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cc_desktop.fleet.commands import (
    NO_HISTORY,
    NO_WORD,
    AnswerQuestion,
    ChangeTask,
    ResolveApproval,
    SendMessage,
    StopRun,
    TaskAction,
)
from cc_desktop.gateway.actions.wire import Refusal, refusal_of
from cc_desktop.gateway.decoders import values
from cc_desktop.gateway.decoders.facts import tasks
from cc_desktop.gateway.decoders.requests.approvals import FAMILIES, approvals
from cc_desktop.gateway.decoders.requests.questions import questions
from cc_desktop.gateway.failures import RequestFailedError
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cc_desktop.fleet.commands import GatewayAction
    from cc_desktop.fleet.model import Agent, Gateway

    Ask = Callable[[str, dict[str, Any]], Awaitable[Any]]

HISTORY = 200  # newest messages that are looked through for one that was sent
# So few are all that there are: gateways take some out of those that they were asked for.
FEW = 50
EARLY_MS = 5_000  # how much the gateway's clock may be behind the offset that is known
NOT_ARRIVED = Refusal("not-arrived")
# `TaskSummary.status` while there is something to cancel, and `deliveryStatus` of a result that is
# on its way, or there.
_IN_PROGRESS = ("queued", "running")
_DELIVERING = ("pending", "session_queued", "delivered")


class NobodyKnowsError(Exception):
    """The gateway answers, and none of its answers tell whether an action arrived.

    `reason` is the kind of that.
    """

    def __init__(self, reason: str = NO_WORD) -> None:
        super().__init__(reason)
        self.reason = reason


async def outcome_of(
    command: GatewayAction,
    gateway: Gateway | None,
    sent_at: int,
    ask: Ask,
    *,
    is_expired: bool = False,
) -> Refusal | None:
    """How an action ended that was sent, and had no answer.

    Args:
        command: What was sent.
        gateway: What the model knows of the gateway, after it was listed again.
        sent_at: Local ms of the sending.
        ask: Asks the gateway: a method and its parameters.
        is_expired: What it answers has expired meanwhile, if nobody answered it.

    Returns:
        Why it was not carried out; None: it was.

    Raises:
        NobodyKnowsError: the gateway does not tell.
        GatewayFailureError: it cannot be asked now, or refuses for a reason that may pass.
    """
    since = sent_at - (gateway.clock_offset_ms if gateway is not None else 0) - EARLY_MS
    try:
        match command:
            case ResolveApproval():
                if command.approval in await _open_approvals(command, ask):
                    return NOT_ARRIVED
                wanted = command.decision
                return _closed(_ended(gateway, command, command.approval), wanted, is_expired)
            case AnswerQuestion():
                listed = questions(await ask("question.list", {}))
                if command.question in {one.id for one in listed}:
                    return NOT_ARRIVED
                wanted = "cancelled" if command.cancel else "answered"
                return _closed(_ended(gateway, command, command.question), wanted, is_expired)
            case StopRun():
                return NOT_ARRIVED if _still_runs(command, gateway) else None
            case ChangeTask():
                return await _of_task(command, since, ask)
            case SendMessage():
                arrived = _has_run(command, gateway) or await _is_message(command, since, ask)
                return None if arrived else NOT_ARRIVED
    except RequestFailedError as error:
        if _may_pass(error):
            raise
        raise NobodyKnowsError from error


def _may_pass(error: RequestFailedError) -> bool:
    """Whether a gateway refuses for now only: one that starts answers "UNAVAILABLE"."""
    answered = error.failure.error
    return answered is not None and answered.code == "UNAVAILABLE"


def _agent_of(
    gateway: Gateway | None, command: ResolveApproval | AnswerQuestion | StopRun | SendMessage
) -> Agent | None:
    return gateway.agents.get(command.agent) if gateway is not None else None


def _still_runs(command: StopRun, gateway: Gateway | None) -> bool:
    """The model is enough: its list is from after the loss, and events follow it."""
    agent = _agent_of(gateway, command)
    if agent is None:
        return False
    run = agent.runs.get(command.session_key)
    is_other = bool(command.run_id and run and run.run_id != command.run_id)
    return not is_other and command.session_key in agent.heard


async def _open_approvals(command: ResolveApproval, ask: Ask) -> set[str]:
    prefix = next((one for one, name in FAMILIES.items() if name == command.family), "exec")
    answer = await ask(f"{prefix}.approval.list", {})
    return {one.id for one in approvals(command.family, answer)}


def _ended(gateway: Gateway | None, command: ResolveApproval | AnswerQuestion, ident: str) -> str:
    """How an approval or a question ended, as far as the gateway has told it; else ""."""
    agent = _agent_of(gateway, command)
    decision = agent.decided.get(ident) if agent is not None else None
    return decision.what if decision is not None else ""


def _closed(ended: str, wanted: str, is_expired: bool) -> Refusal | None:
    """What is no longer open was decided by this action, by another one, or by time."""
    if ended == "expired":
        return Refusal("gone")
    if ended:
        return None if ended == wanted else Refusal("decided", ended)
    if is_expired:
        raise NobodyKnowsError
    return None


# Tasks


async def _of_task(command: ChangeTask, since: int, ask: Ask) -> Refusal | None:
    """A task keeps its id through all that is done with it."""
    try:
        answer = fields.as_object(await ask("tasks.get", {"taskId": command.task}))
    except RequestFailedError as error:
        told = refusal_of(error.failure.error) if error.failure.error else None
        if told is not None and told.reason == "gone":
            return told
        raise
    row = fields.as_object(answer.get("task"))
    task = tasks.task(row)
    if task is None:
        raise NobodyKnowsError
    match command.action:
        case TaskAction.CANCEL:
            if task.status in _IN_PROGRESS:
                return NOT_ARRIVED
            return None if task.status == "cancelled" else Refusal("not-running")
        case TaskAction.DISMISS:
            return None if task.delivery == "dismissed" else NOT_ARRIVED
        case TaskAction.RETRY:
            # One whose result was lost once more has changed since: that was this retry.
            is_newer = values.moment(row.get("updatedAt")) >= since
            return None if task.delivery in _DELIVERING or is_newer else NOT_ARRIVED


# Messages


def _has_run(command: SendMessage, gateway: Gateway | None) -> bool:
    """Whether the run that a message starts is in the model: it has the message's id."""
    agent = _agent_of(gateway, command)
    run = agent.runs.get(command.session_key) if agent is not None else None
    return run is not None and run.run_id == command.id


async def _is_message(command: SendMessage, since: int, ask: Ask) -> bool:
    """By the history of the session; where that does not tell, by the run that it started."""
    why = NO_WORD
    try:
        if (found := await _is_in_history(command, since, ask)) is not None:
            return found
    except RequestFailedError as error:
        if _may_pass(error):
            raise
        why = NO_HISTORY
    # It is kept by the id of the message, for a while after its end. "pending" waits for its turn
    # (2026.9.6). "timeout" is said of a run in progress as of one that never was: it says nothing.
    try:
        told = await ask("agent.wait", {"runId": command.id, "timeoutMs": 0})
    except RequestFailedError as error:
        if _may_pass(error):
            raise
        raise NobodyKnowsError(why) from error
    if fields.text(fields.as_object(told).get("status")) in ("ok", "error", "pending"):
        return True
    raise NobodyKnowsError(why)


async def _is_in_history(command: SendMessage, since: int, ask: Ask) -> bool | None:
    """Whether a message is in the session; None if as much has come since that it may be before.

    Args:
        command: The message.
        since: ms by the gateway's clock; an older message with the same words is another one.
        ask: Asks the gateway.
    """
    asked = {"sessionKey": command.session_key, "limit": HISTORY}
    answer = fields.as_object(await ask("chat.history", asked))
    messages = fields.as_objects(answer.get("messages"))
    for message in messages:
        key = fields.identifier(message.get("idempotencyKey"))
        if key and key.split(":", 1)[0] == command.id:
            return True
        is_new = fields.integer(message.get("timestamp")) >= since
        if message.get("role") == "user" and is_new and _says(message, command.text):
            return True
    times = (fields.integer(message.get("timestamp")) for message in messages)
    is_whole = len(messages) < FEW or any(0 < time < since for time in times)
    return False if is_whole else None


def _says(message: dict[str, Any], text: str) -> bool:
    content = message.get("content")
    parts = [content, *(part.get("text") for part in fields.as_objects(content))]
    # Gateways put words of their own around it; "go" is not in "google".
    whole = re.compile(rf"(?<!\w){re.escape(text.strip())}(?!\w)")
    return any(isinstance(part, str) and whole.search(part) is not None for part in parts)
