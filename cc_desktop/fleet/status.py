"""Which status follows from what is known of an agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.model import Now, Origin, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cc_desktop.fleet.model import Agent, Fleet, Gateway, Session
    from cc_desktop.fleet.requests import Approval, Question

DONE_COMMAND_MS = 60_000  # how long a command that is done stays visible
_GONE = _LAST_KNOWN, _NONE = (Origin.LAST_KNOWN, Origin.NONE)
# Asked for at every event, and to look up the member of an enum takes longer than a comparison.
_OFFLINE, _ERROR, _WAITING, _STUCK = Status.OFFLINE, Status.ERROR, Status.WAITING, Status.STUCK
_ACTIVE, _THINKING, _IDLE = Status.ACTIVE, Status.THINKING, Status.IDLE
_FEW = 32  # up to so many questions, looking at each is cheaper than walking back


def newest_finished(agent: Agent) -> Session | None:
    """The session whose run ended last."""
    return agent.sessions.get(agent.newest_finished_key)


def find_newest_finished(
    sessions: Mapping[str, Session], by_activity: Sequence[tuple[int, str]]
) -> str:
    """The key of the session whose run ended last, or "". Walks back over those that run."""
    for _, key in reversed(by_activity):
        if sessions[key].finished_at and not sessions[key].archived:
            return key
    return ""


def assess(
    agent: Agent, origin: Origin, seen: Mapping[str, int], now: Now, stuck_after_ms: int
) -> tuple[Status, str]:
    """The status and the key of the session it comes from.

    The cost does not depend on how many sessions, runs or approvals are open.
    """
    if origin is _LAST_KNOWN or origin is _NONE:
        return _OFFLINE, agent.status_session_key
    reported = agent.reported_status
    if reported is not None and agent.by_activity and agent.reported_at < agent.by_activity[-1][0]:
        reported = None  # the sessions know better
    finished = newest_finished(agent)
    if finished and finished.failed and seen.get(finished.key, -1) < finished.finished_at:
        return _ERROR, finished.key
    if agent.unconfirmed_failures and (failed := _unseen_failure(agent, seen)):
        return _ERROR, failed
    if reported is _ERROR:
        return _ERROR, ""
    if agent.approvals or agent.questions:
        for request in (*_first_open(agent.approvals, now), *_first_open(agent.questions, now)):
            return _WAITING, request.session_key
    if agent.awaiting_reply:
        return _WAITING, _newest_question(agent)
    if reported is _WAITING:
        return _WAITING, ""
    if agent.runaway:
        return _STUCK, next(iter(agent.runaway))
    if agent.heard:
        quietest = next(iter(agent.heard))
        if now.mono - agent.heard[quietest].mono >= stuck_after_ms:
            return _STUCK, quietest
        return (_ACTIVE if agent.acting else _THINKING), next(reversed(agent.heard))
    if reported is not None and reported in (_STUCK, _ACTIVE, _THINKING):
        return reported, ""
    return _IDLE, finished.key if finished else ""


def stuck_sessions(agent: Agent, origin: Origin, now: Now, stuck_after_ms: int) -> tuple[str, ...]:
    """The sessions at work that are silent for too long, unless they wait for a person.

    A worse condition of another session decides the status, and hides none of these.
    """
    quietest = next(iter(agent.heard.values()), None)
    if quietest is None or now.mono - quietest.mono < stuck_after_ms or origin in _GONE:
        return ()
    found: list[str] = []
    for key, at in agent.heard.items():  # the quietest first
        if now.mono - at.mono < stuck_after_ms:
            break
        found.append(key)
    waiting = {one.session_key for one in agent.approvals.values()} | agent.awaiting_reply
    waiting |= {one.session_key for one in agent.questions.values()}
    return tuple(key for key in found if key not in waiting)


def _first_open(
    requests: Mapping[str, Approval] | Mapping[str, Question], now: Now
) -> Sequence[Approval | Question]:
    """The oldest of them that has not expired, if there is one."""
    for one in requests.values():
        if not one.expires_at or one.expires_at > now.wall:
            return (one,)
    return ()


def _unseen_failure(agent: Agent, seen: Mapping[str, int]) -> str:
    return max(
        (
            key
            for key in agent.unconfirmed_failures
            if seen.get(key, -1) < agent.runs[key].last_seen_at
        ),
        default="",
    )


def _newest_question(agent: Agent) -> str:
    if len(agent.awaiting_reply) <= _FEW:
        return max(agent.awaiting_reply, key=lambda key: (agent.sessions[key].activity_at, key))
    return next(key for _, key in reversed(agent.by_activity) if key in agent.awaiting_reply)


def row_start(session: Session | None, clock_offset_ms: int) -> int:
    """Local ms at which the run of an active session started, 0 when its row does not tell.

    2026.9.6 reports a new run with the times of the one before: these end after they start.
    """
    if session is None or not session.active or session.started_at <= session.ended_at:
        return 0
    return session.started_at + clock_offset_ms


def working_since(agent: Agent, clock_offset_ms: int) -> int:
    """Local ms since when the run that the status comes from is in progress."""
    return run_start(agent, agent.status_session_key, clock_offset_ms) or agent.status_since


def run_start(agent: Agent, key: str, clock_offset_ms: int) -> int:
    """Local ms at which the run in progress of a session started, 0 when nothing tells."""
    run = agent.runs.get(key)
    if run is not None and not run.over and run.started_at:
        return run.started_at
    return row_start(agent.sessions.get(key), clock_offset_ms)


def seen_marks(agent: Agent, now: int, keys: tuple[str, ...] = ()) -> dict[str, int]:
    """What to mark when the operator has seen the failures of these sessions, or of all.

    Returns:
        {session key: time of the failure}, for `events.Seen`. `now`, in local ms, stands for the
        time of a failure that no row confirms yet.
    """
    marks = {key: row.finished_at for key, row in agent.sessions.items() if row.failed}
    marks.update(dict.fromkeys(agent.unconfirmed_failures, now))
    return {key: at for key, at in marks.items() if not keys or key in keys}


def next_deadline(
    agents: Mapping[str, Agent], stuck_after_ms: int, now: int, mono: int | None = None
) -> int | None:
    """When time alone will next change one of these agents.

    Args:
        agents: by id.
        stuck_after_ms: silence after which a run is stuck.
        now: local ms.
        mono: ms of the monotonic clock at `now`; None if the model was given none.

    Returns:
        Local ms, in the past if the change is due; None if there is none.
    """
    mono = now if mono is None else mono
    times: list[int] = []
    for agent in agents.values():
        if agent.heard:
            waits = (at.mono + stuck_after_ms - mono for at in agent.heard.values())
            if (left := next((wait for wait in waits if wait > 0), 0)) > 0:
                times.append(now + left)
        times += [at for at in (agent.approvals_expire_at, agent.questions_expire_at) if at]
    return min(times, default=None)


def next_wait(fleet: Fleet, now: Now) -> int | None:
    """Milliseconds until a `Tick` will change something, 0 if it is due, None if never."""
    times = [
        time
        for gateway in fleet.gateways.values()
        for time in (
            next_deadline(gateway.agents, fleet.stuck_after_ms, now.wall, now.mono),
            _next_command_end(gateway),
            gateway.inbox_due or None,
        )
        if time is not None
    ]
    return max(0, min(times) - now.wall) if times else None


def _next_command_end(gateway: Gateway) -> int | None:
    return min(
        (state.at + DONE_COMMAND_MS for state in gateway.commands.values() if state.is_done),
        default=None,
    )
