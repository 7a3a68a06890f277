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
from cc_desktop.fleet.model import NEEDS_YOU, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cc_desktop.fleet.model import Agent, Gateway
    from cc_desktop.fleet.requests import Approval


_WITH_ITEMS = (*NEEDS_YOU, Status.OFFLINE, Status.UNKNOWN)


def same_inputs(before: Agent, after: Agent) -> bool:
    """Whether nothing changed that the items of an agent depend on. Cheap: asked at every event."""
    if (
        before.status is not after.status
        or before.approvals is not after.approvals
        or before.questions is not after.questions
        or before.awaiting_reply is not after.awaiting_reply
        or before.runaway is not after.runaway
        or before.stuck is not after.stuck
        or before.silent_since != after.silent_since
    ):
        return not (_may_have_items(before) or _may_have_items(after))
    return not _may_have_items(after) or (
        before.name == after.name
        and _same_silent(before, after)
        and _same_questions(before, after)
        and (after.status is not Status.ERROR or _same_failure(before, after))
    )


def _may_have_items(agent: Agent) -> bool:
    """Whether there may be something. Of one whose gateway is away, what was known stays."""
    return bool(
        agent.status in _WITH_ITEMS
        or agent.approvals
        or agent.questions
        or agent.awaiting_reply
        or agent.runaway
        or agent.stuck
        or agent.silent_since
    )


def _same_silent(before: Agent, after: Agent) -> bool:
    """Whether the sessions of silent runs are as they were."""
    if not after.stuck:
        return True
    return all(before.sessions.get(key) is after.sessions.get(key) for key in after.stuck)


def _same_questions(before: Agent, after: Agent) -> bool:
    """Whether what digests and the seed's dialect say of questions is what it was."""
    if after.status is Status.WAITING and before.reported_task != after.reported_task:
        return False
    if not after.awaiting_reply or before.sessions is after.sessions:
        return True
    return all(_headline(before, key) == _headline(after, key) for key in after.awaiting_reply)


def _headline(agent: Agent, key: str) -> str:
    row = agent.sessions.get(key)
    return row.digest_headline if row else ""


def _same_failure(before: Agent, after: Agent) -> bool:
    key = after.status_session_key
    if before.status_session_key != key or before.cause is not after.cause:
        return False
    old, new = before.runs.get(key), after.runs.get(key)
    return before.reason == after.reason and (old and old.cause) == (new and new.cause)


def agent_items(gateway: Gateway, agent: Agent) -> Iterator[InboxItem]:
    """What of an agent asks for the operator's attention. O(what it waits for)."""
    yield from condition_items(gateway, agent)
    yield from request_items(agent)


def condition_items(gateway: Gateway, agent: Agent) -> Iterator[InboxItem]:
    """What its runs and sessions are at, without the approvals and questions."""
    if agent.status is Status.ERROR:
        yield _failed(gateway, agent)
    for key in agent.stuck:
        if key not in agent.runaway:
            yield _stuck(agent, key)
    if agent.status is Status.STUCK and not agent.status_session_key:
        yield _stuck(agent, "")  # the seed's dialect says no more than that
    yield from runaway_items(agent)
    if agent.silent_since:
        yield _item(
            InboxKind.SILENT, agent, f"heartbeat:{agent.id}", "", "", since=agent.silent_since
        )
    asking = {question.session_key for question in agent.questions.values()}
    for key in sorted(agent.awaiting_reply - asking):
        yield _item(
            InboxKind.QUESTION,
            agent,
            f"digest:{key}",
            key,
            _headline(agent, key),
            code="digest",
        )
    if agent.status is Status.WAITING and not (
        agent.approvals or agent.questions or agent.awaiting_reply
    ):
        # The seed's dialect says no more than that.
        yield _item(InboxKind.QUESTION, agent, f"reported:{agent.id}", "", agent.reported_task)


def request_items(agent: Agent) -> Iterator[InboxItem]:
    """The approvals and questions that an agent waits for."""
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
            before=question.asked_as,
        )


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


def _stuck(agent: Agent, key: str) -> InboxItem:
    run = agent.runs.get(key)
    heard = agent.heard.get(key)
    is_at_full = is_full(agent.sessions.get(key))
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
    before: str = "",
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
        was=item_id(kind, agent.gateway, before, agent.id) if before else "",
    )
