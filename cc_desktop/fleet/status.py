"""Which status follows from what is known of an agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.model import Origin, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cc_desktop.fleet.model import Agent, Session


def newest_finished(agent: Agent) -> Session | None:
    """The session whose run ended last. Walks back over the few that run now."""
    for _, key in reversed(agent.order):
        session = agent.sessions[key]
        if session.finished_at and not session.archived:
            return session
    return None


def assess(
    agent: Agent, origin: Origin, seen: Mapping[str, int], now: int, stuck_after_ms: int
) -> tuple[Status, str]:
    """The status and the key of the session it comes from. `now` is local ms."""
    if origin in (Origin.LAST_KNOWN, Origin.NONE):
        return Status.OFFLINE, agent.cause_key
    reported = agent.reported_status
    if reported is not None and agent.order and agent.reported_at < agent.order[-1][0]:
        reported = None  # the sessions know better
    finished = newest_finished(agent)
    if finished and finished.failed and seen.get(finished.key, -1) < finished.finished_at:
        return Status.ERROR, finished.key
    unseen = [key for key in agent.failing if seen.get(key, -1) < agent.runs[key].heard_at]
    if unseen:
        return Status.ERROR, max(unseen)
    if reported is Status.ERROR:
        return Status.ERROR, ""
    for approval in agent.approvals.values():
        if not approval.expires_at or approval.expires_at > now:
            return Status.WAITING, approval.session_key
    if agent.asking:
        return Status.WAITING, max(agent.asking, key=lambda key: agent.sessions[key].moment)
    if reported is Status.WAITING:
        return Status.WAITING, ""
    if agent.heard:
        quietest = min(agent.heard, key=lambda key: (agent.heard[key], key))
        if now - agent.heard[quietest] >= stuck_after_ms:
            return Status.STUCK, quietest
        loudest = max(agent.heard, key=lambda key: (agent.heard[key], key))
        runs = [agent.runs.get(key) for key in agent.heard]
        if all(run is not None and run.thinking for run in runs):
            return Status.THINKING, loudest
        return Status.ACTIVE, loudest
    if reported in (Status.STUCK, Status.ACTIVE, Status.THINKING):
        return reported, ""
    return Status.IDLE, finished.key if finished else ""


def next_deadline(agents: Mapping[str, Agent], stuck_after_ms: int, now: int) -> int | None:
    """When time alone will next change a status of these agents: local ms, or None."""
    times = [
        heard + stuck_after_ms for agent in agents.values() for heard in agent.heard.values()
    ] + [
        approval.expires_at
        for agent in agents.values()
        for approval in agent.approvals.values()
        if approval.expires_at
    ]
    return min((time for time in times if time > now), default=None)
