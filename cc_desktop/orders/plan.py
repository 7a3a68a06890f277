"""From an order to commands, or to the reason why there are none. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, to_builtins

from cc_desktop.about import ExitCode
from cc_desktop.fleet.commands import (
    AnswerQuestion,
    Command,
    MarkItems,
    ResolveApproval,
    SendMessage,
    StopRun,
)
from cc_desktop.fleet.inbox import InboxKind, Severity
from cc_desktop.fleet.inbox.open_items import open_items
from cc_desktop.fleet.model import Origin
from cc_desktop.fleet.summary import screen_origin
from cc_desktop.orders.find import Found, NotOneError, agent_of, item_of
from cc_desktop.orders.order import Order, Outcome, Verb
from cc_desktop.text import orders as words
from cc_desktop.text.i18n import source_language, tr
from cc_desktop.text.inbox.report import item_as_json

if TYPE_CHECKING:
    from cc_desktop.fleet.inbox import InboxItem
    from cc_desktop.fleet.model import Agent, Fleet

NAMED = 4  # characters of an id that deciding takes
_UNREACHED = (Origin.NONE, Origin.LAST_KNOWN)


class Plan(Struct, frozen=True):
    """The commands that an order leads to. `report` counts them in a last line."""

    commands: tuple[Command, ...]
    report: bool = False
    problems: tuple[str, ...] = ()  # lines about what is left out


def plan(fleet: Fleet, order: Order, now: int) -> Plan | Outcome:
    """Find out what an order means.

    Args:
        fleet: The model, with whatever the order is about.
        order: What is asked.
        now: Local ms.
    """
    if order.verb is Verb.NEXT:
        return _next(fleet, now)
    refused = unreached(fleet)
    if refused is not None:
        return refused
    try:
        return _PLANS[order.verb](fleet, order)
    except WrongKindError as error:
        return _failed(ExitCode.USAGE, words.wrong_kind(str(error), order.verb.value))
    except NotOneError as error:
        return _not_one(error, is_agent=order.verb in (Verb.STOP, Verb.SEND))


def unreached(fleet: Fleet) -> Outcome | None:
    """The outcome of every order while there is no gateway to carry it out."""
    if any(gateway.hidden for gateway in fleet.gateways.values()):
        return _failed(ExitCode.UNREACHED, tr(words.SAMPLE_ONLY))
    if screen_origin(fleet) in _UNREACHED:
        return _failed(ExitCode.UNREACHED, tr(words.UNREACHED))
    return None


def _failed(code: int, *lines: str) -> Outcome:
    return Outcome(code=code, err=lines)


def _not_one(error: NotOneError, *, is_agent: bool) -> Outcome:
    if error.candidates:
        return _failed(ExitCode.USAGE, words.several(error.word, error.candidates))
    said = words.no_agent(error.word) if is_agent else words.no_item(error.word)
    return _failed(ExitCode.FAILED, said)


# Looking


def _next(fleet: Fleet, now: int) -> Outcome:
    out_of_reach = unreached(fleet)
    items = [
        item
        for item in open_items(fleet)
        if item.severity is Severity.NEEDS_YOU
        and not item.seen
        and (out_of_reach is None or not item.agent)
    ]
    lines = tuple(words.item_lines(fleet, items[0], now)) if items else ()
    data = _as_json(fleet, items[0], now) if items else None
    if out_of_reach is not None:
        return Outcome(code=out_of_reach.code, out=lines, err=out_of_reach.err, data=data)
    if items:
        return Outcome(code=ExitCode.NEEDS_YOU, out=lines, data=data)
    return Outcome(out=(tr(words.NOTHING),))


def _as_json(fleet: Fleet, item: InboxItem, now: int) -> dict[str, Any]:
    """The item as in `status --json`, with what it takes to decide."""
    agent = fleet.agent(item.gateway, item.agent)
    gateway = fleet.gateways.get(item.gateway)
    approval = agent.approvals.get(item.subject) if agent else None
    question = agent.questions.get(item.subject) if agent else None
    is_approval = item.kind is InboxKind.APPROVAL and approval is not None
    with source_language():
        told = item_as_json(item, now)
    told["gateway_name"] = gateway.name if gateway else item.gateway
    told["approval"] = to_builtins(approval) if is_approval else None
    parts = question.parts if question and item.kind is InboxKind.QUESTION else ()
    told["question"] = [to_builtins(part) for part in parts] or None
    return told


def _look(fleet: Fleet, order: Order) -> Outcome:
    item, agent = _request(fleet, order, InboxKind.QUESTION)
    question = agent.questions.get(item.subject) if agent else None
    if question is None or not question.can_answer:
        return _failed(ExitCode.FAILED, tr(words.NO_ANSWER_HERE))
    return Outcome(data={"id": item.id, "parts": [to_builtins(p) for p in question.parts]})


def _runs(fleet: Fleet, _order: Order) -> Outcome:
    runs = [
        {"gateway": gateway.id, "agent": agent.id, "name": agent.shown_name, "session": key}
        for gateway in fleet.shown()
        for agent in gateway.agents.values()
        for key in agent.heard
    ]
    if not runs:
        return Outcome(out=(tr(words.NOTHING_RUNS),), data=runs)
    return Outcome(data=runs)


# Doing


def _request(fleet: Fleet, order: Order, kind: InboxKind) -> tuple[InboxItem, Agent | None]:
    item = item_of(fleet, order.targets[0] if order.targets else "", NAMED)
    if item.kind is not kind:
        raise WrongKindError(item.id)
    return item, fleet.agent(item.gateway, item.agent)


class WrongKindError(Exception):
    """An item is of another kind than the command wants."""


def _decide(fleet: Fleet, order: Order) -> Plan | Outcome:
    item, agent = _request(fleet, order, InboxKind.APPROVAL)
    approval = agent.approvals.get(item.subject) if agent else None
    if approval is None:
        return _failed(ExitCode.FAILED, words.no_item(item.id))
    decision = "deny"
    if order.verb is Verb.APPROVE:
        decision = "allow-always" if order.always else "allow-once"
    if decision not in approval.decisions:
        return _failed(ExitCode.FAILED, words.not_offered(approval.decisions))
    return Plan(
        (
            ResolveApproval(
                gateway=item.gateway,
                agent=item.agent,
                approval=approval.id,
                decision=decision,
                family=approval.family,
            ),
        )
    )


def _answer(fleet: Fleet, order: Order) -> Plan | Outcome:
    item, agent = _request(fleet, order, InboxKind.QUESTION)
    question = agent.questions.get(item.subject) if agent else None
    if question is None or not question.can_answer:
        return _failed(ExitCode.FAILED, tr(words.NO_ANSWER_HERE))
    missing = [part for part in question.parts if not order.answers.get(part.id)]
    if missing:
        return _failed(ExitCode.USAGE, words.wants_answer(missing[0]))
    return Plan(
        (
            AnswerQuestion(
                gateway=item.gateway,
                agent=item.agent,
                question=question.id,
                answers={part.id: order.answers[part.id] for part in question.parts},
            ),
        )
    )


def _stop(fleet: Fleet, order: Order) -> Plan | Outcome:
    stops: list[Command] = []
    idle: list[str] = []
    for found in [agent_of(fleet, word) for word in order.targets]:
        keys = tuple(found.agent.heard)
        stops += [StopRun(gateway=found.gateway, agent=found.agent.id, session_key=k) for k in keys]
        if not keys:
            idle.append(words.runs_nothing(found.agent.shown_name))
    if not stops:
        return _failed(ExitCode.FAILED, *idle)
    return Plan(tuple(dict.fromkeys(stops)), problems=tuple(idle))


def _stop_all(fleet: Fleet, _order: Order) -> Plan | Outcome:
    stops = tuple(
        StopRun(gateway=gateway.id, agent=agent.id, session_key=key)
        for gateway in fleet.shown()
        for agent in gateway.agents.values()
        for key in agent.heard
    )
    return Plan(stops, report=True) if stops else Outcome(out=(tr(words.NOTHING_RUNS),))


def _send(fleet: Fleet, order: Order) -> Plan | Outcome:
    found = agent_of(fleet, order.targets[0] if order.targets else "")
    key = order.session or _main_session(found)
    if order.session and key not in found.agent.sessions:  # the main one begins with a message
        return _failed(ExitCode.FAILED, words.no_session(found.agent.shown_name))
    return Plan(
        (
            SendMessage(
                gateway=found.gateway,
                agent=found.agent.id,
                session_key=key,
                text=order.text,
                steer=key in found.agent.heard,
            ),
        )
    )


def _main_session(found: Found) -> str:
    """The agent's main session; where it has none, the one that did something last."""
    agent = found.agent
    main = f"agent:{agent.id}:main"
    if main in agent.sessions or not agent.by_activity:
        return main
    return agent.by_activity[-1][1]


def _seen(fleet: Fleet, order: Order) -> Plan | Outcome:
    by_gateway: dict[str, list[str]] = {}
    for word in order.targets:
        item = item_of(fleet, word)
        by_gateway.setdefault(item.gateway, []).append(item.id)
    return Plan(
        tuple(MarkItems(gateway=name, items=tuple(ids)) for name, ids in by_gateway.items())
    )


_PLANS = {
    Verb.LOOK: _look,
    Verb.RUNS: _runs,
    Verb.APPROVE: _decide,
    Verb.DENY: _decide,
    Verb.ANSWER: _answer,
    Verb.STOP: _stop,
    Verb.STOP_ALL: _stop_all,
    Verb.SEND: _send,
    Verb.SEEN: _seen,
}
