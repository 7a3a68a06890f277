"""Which status follows from what is known of an agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.model import Origin, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cc_desktop.fleet.model import Agent, Session


def newest_finished(agent: Agent) -> Session | None:
    """The session whose run ended last. Walks back over the few that run now."""
    for _, key in reversed(agent.by_activity):
        session = agent.sessions[key]
        if session.finished_at and not session.archived:
            return session
    return None


def assess(
    agent: Agent, origin: Origin, seen: Mapping[str, int], now: int, stuck_after_ms: int
) -> tuple[Status, str]:
    """The status and the key of the session it comes from. `now` is local ms."""
    if origin in (Origin.LAST_KNOWN, Origin.NONE):
        return Status.OFFLINE, agent.status_session_key
    reported = agent.reported_status
    if reported is not None and agent.by_activity and agent.reported_at < agent.by_activity[-1][0]:
        reported = None  # the sessions know better
    finished = newest_finished(agent)
    if finished and finished.failed and seen.get(finished.key, -1) < finished.finished_at:
        return Status.ERROR, finished.key
    unseen = [
        key
        for key in agent.unconfirmed_failures
        if seen.get(key, -1) < agent.runs[key].last_seen_at
    ]
    if unseen:
        return Status.ERROR, max(unseen)
    if reported is Status.ERROR:
        return Status.ERROR, ""
    for approval in agent.approvals.values():
        if not approval.expires_at or approval.expires_at > now:
            return Status.WAITING, approval.session_key
    if agent.awaiting_reply:
        return Status.WAITING, max(
            agent.awaiting_reply, key=lambda key: agent.sessions[key].activity_at
        )
    if reported is Status.WAITING:
        return Status.WAITING, ""
    if agent.last_seen_at:
        quietest = min(agent.last_seen_at, key=lambda key: (agent.last_seen_at[key], key))
        if now - agent.last_seen_at[quietest] >= stuck_after_ms:
            return Status.STUCK, quietest
        loudest = max(agent.last_seen_at, key=lambda key: (agent.last_seen_at[key], key))
        runs = [agent.runs.get(key) for key in agent.last_seen_at]
        if all(run is not None and run.thinking for run in runs):
            return Status.THINKING, loudest
        return Status.ACTIVE, loudest
    if reported in (Status.STUCK, Status.ACTIVE, Status.THINKING):
        return reported, ""
    return Status.IDLE, finished.key if finished else ""


def next_deadline(agents: Mapping[str, Agent], stuck_after_ms: int, now: int) -> int | None:
    """When time alone will next change a status of these agents: local ms, or None."""
    times = [
        heard + stuck_after_ms for agent in agents.values() for heard in agent.last_seen_at.values()
    ] + [
        approval.expires_at
        for agent in agents.values()
        for approval in agent.approvals.values()
        if approval.expires_at
    ]
    return min((time for time in times if time > now), default=None)
