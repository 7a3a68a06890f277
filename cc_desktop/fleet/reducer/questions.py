"""Questions that agents ask their operator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cc_desktop.fleet.model import QUESTIONS_PER_AGENT, Agent, Change, Fleet, Gateway, Now, Run
from cc_desktop.fleet.reducer.approvals import decision_fields
from cc_desktop.fleet.reducer.state import Result, first_expiry, put_agent
from cc_desktop.fleet.requests import Decision

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cc_desktop.fleet import events as ev
    from cc_desktop.fleet.model import Session
    from cc_desktop.fleet.requests import Question


def opened(fleet: Fleet, gateway: Gateway, event: ev.QuestionOpened, now: Now) -> Result:
    """A question that its run told of, and then the gateway, is one question.

    The gateway's own form has an id to answer with and a time of expiry, and takes its place.
    """
    return _opened(fleet, gateway, event.question, now)


def _opened(fleet: Fleet, gateway: Gateway, told: Question, now: Now) -> Result:
    agent = gateway.agents.get(told.agent_id)
    if agent is None:
        return fleet, []
    known = _same(agent, told)
    if known is not None and (known.can_answer or not told.can_answer):
        return fleet, []
    offset = gateway.clock_offset_ms
    opened_at = told.opened_at + offset if told.opened_at else now.wall
    question = replace(
        told,
        opened_at=known.opened_at if known else opened_at,
        expires_at=told.expires_at + offset if told.expires_at else 0,
        asked_as=known.id if known else "",
    )
    if 0 < question.expires_at <= now.wall:
        return fleet, []
    left = {key: one for key, one in agent.questions.items() if one is not known}
    left[question.id] = question
    while len(left) > QUESTIONS_PER_AGENT:
        del left[next(iter(left))]
    return put_agent(fleet, gateway, agent, replace(agent, **question_fields(agent, left)), now)


def closed(fleet: Fleet, gateway: Gateway, event: ev.QuestionClosed, now: Now) -> Result:
    """It was answered, cancelled or withdrawn."""
    ident = event.question_id
    agents = gateway.agents
    agent = (
        agents.get(event.agent_id)
        if event.agent_id
        else next((one for one in agents.values() if ident in one.questions), None)
    )
    if agent is None or ident not in agent.questions:
        return fleet, []
    left = {key: one for key, one in agent.questions.items() if key != ident}
    decision = Decision(ident, event.outcome, at=now.wall)
    fields = {**question_fields(agent, left), **decision_fields(agent, decision)}
    return put_agent(fleet, gateway, agent, replace(agent, **fields), now)


def listed(fleet: Fleet, gateway: Gateway, event: ev.QuestionsListed, now: Now) -> Result:
    """The gateway's own list. What only a run tells of ends with its run."""
    open_ids = {question.id for question in event.questions}
    changes: list[Change] = []
    for agent in gateway.agents.values():
        left = {
            key: one
            for key, one in agent.questions.items()
            if not one.can_answer or one.id in open_ids
        }
        if fields := question_fields(agent, left):
            current = fleet.gateways[gateway.id]
            fleet, more = put_agent(fleet, current, agent, replace(agent, **fields), now)
            changes += more
    for question in event.questions:
        fleet, more = _opened(fleet, fleet.gateways[gateway.id], question, now)
        changes += more
    return fleet, changes


def question_fields(agent: Agent, left: Mapping[str, Question]) -> dict[str, Any]:
    """Fields of an agent whose questions are these; none if they are the same as before."""
    if left == agent.questions:
        return {}
    return {"questions": left, "questions_expire_at": first_expiry(left)}


def without_those_of(agent: Agent, run: Run) -> dict[str, Any]:
    """Fields of an agent when this run is over: what the run asked is withdrawn."""
    if not agent.questions:
        return {}
    left = {key: one for key, one in agent.questions.items() if one.run_id != run.run_id}
    return question_fields(agent, left)


def still_asked(
    agent: Agent, sessions: Mapping[str, Session], fresh: frozenset[str], gateway_since: int
) -> Mapping[str, Question]:
    """The questions that a list leaves open: a run that is over waits for nothing.

    Args:
        agent: As it was before the list.
        sessions: By key, as they are now.
        fresh: Keys of sessions of which events know more than the list.
        gateway_since: Local ms of the gateway's start: it forgets its questions with a restart.
    """
    return {
        ident: question
        for ident, question in agent.questions.items()
        if question.opened_at >= gateway_since
        and (
            question.session_key in fresh
            or (question.session_key in sessions and sessions[question.session_key].active)
        )
    }


def _same(agent: Agent, told: Question) -> Question | None:
    """The question that is known already: by its id, or asked by the same run in the same words.

    A gateway may shorten the words. What the run asked is then the one that it told of alone.
    """
    known = agent.questions.get(told.id)
    if known is not None:
        return known
    others = [
        one
        for one in agent.questions.values()
        if one.session_key == told.session_key
        # Two that the gateway itself tells of are two; so are two of a run.
        and one.can_answer is not told.can_answer
    ]
    for one in others:
        if one.title == told.title:
            return one
    same_run = [one for one in others if one.run_id == told.run_id != ""]
    return same_run[0] if len(same_run) == 1 else None
