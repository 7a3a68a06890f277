"""Which items an agent has at this moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.inbox.item import InboxItem, InboxKind, item_id
from cc_desktop.fleet.model import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cc_desktop.fleet.model import Agent, Gateway


def same_inputs(before: Agent, after: Agent) -> bool:
    """Whether nothing changed that the items of an agent depend on. Cheap: asked at every event."""
    return (
        before.status is after.status
        and before.status_session_key == after.status_session_key
        and before.approvals is after.approvals
        and before.questions is after.questions
        and before.awaiting_reply is after.awaiting_reply
        and before.name == after.name
        and (not after.status.needs_you or (before.cause is after.cause))
        and (after.status is not Status.ERROR or before.reason == after.reason)
    )


def agent_items(gateway: Gateway, agent: Agent) -> Iterator[InboxItem]:
    """What of an agent asks for the operator's attention. O(what it waits for)."""
    if agent.status is Status.ERROR:
        yield _failed(gateway, agent)
    if agent.status is Status.STUCK:
        yield _stuck(gateway, agent)
    for approval in agent.approvals.values():
        yield _item(
            InboxKind.APPROVAL,
            agent,
            approval.id,
            approval.session_key,
            approval.title,
            since=approval.opened_at,
            until=approval.expires_at,
        )
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


def _failed(gateway: Gateway, agent: Agent) -> InboxItem:
    cause = agent.cause
    since = 0
    if cause is not None and cause.finished_at:
        since = cause.finished_at + gateway.offset_of(agent.id)
    return _item(
        InboxKind.FAILED,
        agent,
        agent.status_session_key or f"reported:{agent.id}",
        agent.status_session_key,
        agent.reason,
        code=cause.status if cause else "",
        since=since or agent.status_since,
    )


def _stuck(gateway: Gateway, agent: Agent) -> InboxItem:
    key = agent.status_session_key
    run = agent.runs.get(key)
    heard = agent.heard.get(key)
    return _item(
        InboxKind.STUCK,
        agent,
        key or f"reported:{agent.id}",
        key,
        run.activity if run else "",
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
