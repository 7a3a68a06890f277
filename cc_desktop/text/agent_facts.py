"""Facts about an agent that texts and views share. Times are local ms since the epoch."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from cc_desktop.fleet.model import Status
from cc_desktop.fleet.status import working_since
from cc_desktop.text.format import local, model_name, plain

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Agent, Approval, Session

# What gateways and runtimes put before the reason of a failure, whatever it is.
_LEADS = re.compile(
    r"(?:LLM (?:request|call)|(?:embedded )?(?:agent|run|model call|request)) (?:failed|error)"
    r"|\w[\w .()/-]{0,60}? returned an? [\w -]{1,30} error"
    r"|(?:API|provider|LLM|upstream) error"
    r"|(?:HTTP )?[45]\d\d(?: [\w-]{1,40})?"
    r"|[A-Za-z]*(?:Error|Exception)"
    r"|[a-z]+(?:_[a-z]+)*_error",
    re.IGNORECASE,
)
_SIGN = re.compile(r"^[\u26a0\u274c\u2716\ufe0f]+\s*")  # gateways warn with a sign of their own
_PAUSE = re.compile(r"^(?::| [\u2013\u2014-])\s+")
_LEAST_REASON = 12  # characters: what is left has to say something


def gist(reason: str) -> str:
    """A reason without what stands before every reason: "LLM request failed: …"."""
    reason = _SIGN.sub("", reason)
    while (found := _LEADS.match(reason)) is not None:
        rest = _PAUSE.sub("", reason[found.end() :], count=1)
        if len(rest) < _LEAST_REASON or len(rest) == len(reason) - found.end():
            break
        reason = rest
    return reason


def newest(agent: Agent) -> Session | None:
    """The session with the newest sign of life."""
    return agent.sessions.get(agent.by_activity[-1][1]) if agent.by_activity else None


def shown_model(agent: Agent) -> str:
    """The model of the session that the status comes from, else the agent's own."""
    session = agent.cause or newest(agent)
    return model_name((session.model if session else "") or agent.model)


def context_percent(agent: Agent) -> int | None:
    """How full the context of the session that counts is, or None when it is not known."""
    session = agent.cause or newest(agent)
    if session is None or session.context_tokens <= 0:
        return None
    return max(0, min(100, round(100 * session.total_tokens / session.context_tokens)))


def usage_since(agent: Agent, since: int) -> tuple[int, float]:
    """Tokens and cost (USD) of the sessions updated since a time of the gateway's clock."""
    count, usd = 0, 0.0
    for at, key in reversed(agent.by_activity):
        if at < since:
            break
        session = agent.sessions[key]
        count += session.total_tokens or session.input_tokens + session.output_tokens
        usd += session.cost_usd if math.isfinite(session.cost_usd) else 0.0
    return count, usd


def open_approvals(agent: Agent) -> list[Approval]:
    """What waits for a person, oldest first."""
    return sorted(agent.approvals.values(), key=lambda approval: (approval.opened_at, approval.id))


def state_since(agent: Agent, clock_offset_ms: int) -> int:
    """Since when the agent is in its status, as the operator would say."""
    cause = agent.cause
    if agent.status is Status.ERROR and cause:
        # 2026.5.7: a run tells that it failed 15 s before its row does.
        return local(cause.finished_at, clock_offset_ms) or agent.status_since
    if agent.status is Status.WAITING and (waiting := open_approvals(agent)):
        return waiting[0].opened_at or agent.status_since
    if agent.status is Status.WAITING and agent.questions:
        return next(iter(agent.questions.values())).opened_at or agent.status_since
    if agent.status is Status.STUCK:
        return last_heard(agent, clock_offset_ms)
    if agent.status is Status.ACTIVE and cause and cause.active:
        return working_since(agent, clock_offset_ms)
    if agent.status is Status.IDLE:
        return local(agent.last_activity, clock_offset_ms)
    return agent.status_since


def last_heard(agent: Agent, clock_offset_ms: int) -> int:
    """When the run that the status comes from last gave a sign of life."""
    heard = agent.heard.get(agent.status_session_key)
    return (
        (heard.wall if heard else 0)
        or local(agent.last_activity, clock_offset_ms)
        or agent.status_since
    )


def doing(agent: Agent) -> str:
    """What it does now: the tool, else the title of the session."""
    run = agent.runs.get(agent.status_session_key)
    if run and run.activity:
        return plain(run.activity)
    cause = agent.cause
    return plain((cause.title if cause else "") or agent.reported_task)


def last_failure(agent: Agent) -> Session | None:
    """The newest session, if its run failed; it stays known after the failure was seen."""
    session = agent.cause or newest(agent)
    return session if session is not None and session.failed else None
