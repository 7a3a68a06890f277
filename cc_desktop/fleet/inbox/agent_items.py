"""Which items an agent has at this moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.fleet.guard.causes import (
    common_cause,
    failure_code,
    is_full,
    is_full_context,
    provider_of,
)
from cc_desktop.fleet.inbox.item import STUCK_AT_FULL, InboxItem, InboxKind, item_id
from cc_desktop.fleet.inbox.runaway import runaway_items
from cc_desktop.fleet.model import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cc_desktop.fleet.model import Agent, Gateway
    from cc_desktop.fleet.requests import Approval


def same_inputs(before: Agent, after: Agent) -> bool:
    """Whether nothing changed that the items of an agent depend on. Cheap: asked at every event."""
    return (
        before.status is after.status
        and before.status_session_key == after.status_session_key
        and before.approvals is after.approvals
        and before.questions is after.questions
        and before.awaiting_reply is after.awaiting_reply
        and before.name == after.name
        and before.runaway is after.runaway
        and (not after.status.needs_you or _same_cause(before, after))
    )


def _same_cause(before: Agent, after: Agent) -> bool:
    if before.cause is not after.cause:
        return False
    if after.status is not Status.ERROR:
        return True
    key = after.status_session_key
    old, new = before.runs.get(key), after.runs.get(key)
    return before.reason == after.reason and (old and old.cause) == (new and new.cause)


def agent_items(gateway: Gateway, agent: Agent) -> Iterator[InboxItem]:
    """What of an agent asks for the operator's attention. O(what it waits for)."""
    if agent.status is Status.ERROR:
        yield _failed(gateway, agent)
    if agent.status is Status.STUCK and agent.status_session_key not in agent.runaway:
        yield _stuck(agent)
    yield from runaway_items(agent)
    for approval in agent.approvals.values():
        yield approval_item(approval, agent.gateway, agent.shown_name)
    for question in agent.questions.values():
        yield _item(
            InboxKind.QUESTION,
            agent,
            question.id,
            question.session_key,
            question.title,
            since=question.opened_at,
            until=question.expires_at,
        )
    asking = {question.session_key for question in agent.questions.values()}
    for key in sorted(agent.awaiting_reply - asking):
        row = agent.sessions.get(key)
        yield _item(
            InboxKind.QUESTION,
            agent,
            f"digest:{key}",
            key,
            row.digest_headline if row else "",
            code="digest",
        )
    if agent.status is Status.WAITING and not (
        agent.approvals or agent.questions or agent.awaiting_reply
    ):
        # The seed's dialect says no more than that.
        yield _item(InboxKind.QUESTION, agent, f"reported:{agent.id}", "", agent.reported_task)


def approval_item(approval: Approval, gateway: str, name: str) -> InboxItem:
    """An approval that waits for a person, whoever asks for it."""
    return InboxItem(
        item_id(InboxKind.APPROVAL, gateway, approval.id, approval.agent_id),
        InboxKind.APPROVAL,
        gateway,
        approval.id,
        agent=approval.agent_id,
        session_key=approval.session_key,
        name=name,
        detail=approval.title,
        code=approval.family,
        since=approval.opened_at,
        until=approval.expires_at,
    )


def _failed(gateway: Gateway, agent: Agent) -> InboxItem:
    cause = agent.cause
    key = agent.status_session_key
    since = 0
    if cause is not None and cause.finished_at:
        since = cause.finished_at + gateway.offset_of(agent.id)
    run = agent.runs.get(key)
    told = run.cause if run is not None and run.error else None
    is_full = is_full_context(told, cause, agent.reason)
    item = _item(
        InboxKind.CONTEXT_FULL if is_full else InboxKind.FAILED,
        agent,
        key or f"reported:{agent.id}",
        key,
        agent.reason,
        code=cause.status if cause else "",
        since=since or agent.status_since,
    )
    if is_full:
        return item
    return replace(
        item,
        cause=common_cause(told, cause, agent.reason),
        provider=provider_of(told, cause),
        code=failure_code(told, agent.reason) or item.code,
    )


def _stuck(agent: Agent) -> InboxItem:
    key = agent.status_session_key
    run = agent.runs.get(key)
    heard = agent.heard.get(key)
    is_at_full = is_full(agent.cause)
    return _item(
        InboxKind.CONTEXT_FULL if is_at_full else InboxKind.STUCK,
        agent,
        key or f"reported:{agent.id}",
        key,
        run.activity if run else "",
        code=STUCK_AT_FULL if is_at_full else "",
        since=heard.wall if heard else agent.status_since,
    )


def _item(
    kind: InboxKind,
    agent: Agent,
    subject: str,
    session_key: str,
    detail: str,
    *,
    code: str = "",
    since: int = 0,
    until: int = 0,
) -> InboxItem:
    return InboxItem(
        item_id(kind, agent.gateway, subject, agent.id),
        kind,
        agent.gateway,
        subject,
        agent=agent.id,
        session_key=session_key,
        name=agent.shown_name,
        detail=detail,
        code=code,
        since=since,
        until=until,
    )
