"""Questions of agents: `question.*`, and the call of `ask_user` that whoever may read sees.

Measured on 2026.9.6: the call comes first (`session.tool` with `args.questions[{id, header,
question, options}]`), and 60 ms later `question.requested` with an id to answer by
(`questions[{questionId, …, isOther}]`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.requests import Choice, Question, QuestionPart
from cc_desktop.gateway.decoders.values import agent_of, name
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cc_desktop.gateway.decoders.runs import RunId

TOOL = "ask_user"
_MAX_LIST = 500  # questions of one list
_MAX_PARTS = 10
_MAX_CHOICES = 50
_OUTCOMES = ("answered", "cancelled", "expired")


def question(row: dict[str, Any]) -> Question | None:
    """A question as the gateway keeps it, or None when it cannot be read."""
    ident = fields.identifier(row.get("id"))
    key = fields.identifier(row.get("sessionKey"))
    agent_id = fields.identifier(row.get("agentId")) or agent_of(key)
    parts = _parts(row.get("questions"))
    if not (ident and agent_id and parts) or row.get("status", "pending") != "pending":
        return None
    return Question(
        ident,
        agent_id,
        parts,
        key,
        fields.identifier(row.get("runId")),
        fields.integer(row.get("createdAtMs")),
        fields.integer(row.get("expiresAtMs")),
        can_answer=True,
    )


def questions(payload: object) -> tuple[Question, ...]:
    """The answer of `question.list`."""
    rows = fields.as_objects(fields.as_object(payload).get("questions"))[:_MAX_LIST]
    found = (question(row) for row in rows)
    return tuple(one for one in found if one is not None)


def requested(gateway: str, data: dict[str, Any]) -> Iterable[ev.Event]:
    """The payload of `question.requested`."""
    found = question(data)
    if found is not None:
        yield ev.QuestionOpened(gateway, found)


def resolved(gateway: str, data: dict[str, Any]) -> Iterable[ev.Event]:
    """The payload of `question.resolved`, which does not name the agent. Answers are not read."""
    ident = fields.identifier(data.get("id"))
    if ident:
        outcome = name(data.get("status"))
        yield ev.QuestionClosed(gateway, "", ident, outcome if outcome in _OUTCOMES else "")


def asked(gateway: str, run: RunId, call_id: str, arguments: dict[str, Any]) -> Iterable[ev.Event]:
    """The start of a call of `ask_user`. Nobody can answer by the id that this gives it."""
    parts = _parts(arguments.get("questions"))
    if parts and call_id:
        found = Question(_id_of(run, call_id), run.agent_id, parts, run.session_key, run.run_id)
        yield ev.QuestionOpened(gateway, found)


def answered(gateway: str, run: RunId, call_id: str) -> Iterable[ev.Event]:
    """The end of such a call."""
    yield ev.QuestionClosed(gateway, run.agent_id, _id_of(run, call_id))


def _id_of(run: RunId, call_id: str) -> str:
    return f"{run.run_id}:{call_id}"


def _parts(rows: object) -> tuple[QuestionPart, ...]:
    found = []
    for number, row in enumerate(fields.as_objects(rows)[:_MAX_PARTS]):
        text, header = fields.text(row.get("question")), name(row.get("header"))
        if not (text or header):
            continue
        choices = fields.as_objects(row.get("options"))[:_MAX_CHOICES]
        found.append(
            QuestionPart(
                fields.identifier(row.get("questionId"))
                or fields.identifier(row.get("id"))
                or str(number),
                text,
                header,
                tuple(
                    Choice(name(value), fields.text(choice.get("description")), value)
                    for choice in choices
                    if (value := fields.identifier(choice.get("label")))
                ),
                is_several=row.get("multiSelect") is True,
                takes_text=row.get("isOther") is not False,
                is_secret=row.get("isSecret") is True or bool(row.get("secretStore")),
            )
        )
    return tuple(found)
