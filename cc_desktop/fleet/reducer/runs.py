"""Runs in progress, and which sessions are active."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cc_desktop.fleet.guard.calls import still_circles, with_call
from cc_desktop.fleet.guard.habit import excess, with_tokens
from cc_desktop.fleet.model import (
    RUNS_PER_AGENT,
    Agent,
    Fleet,
    Gateway,
    Now,
    Run,
    Session,
)
from cc_desktop.fleet.reducer import questions
from cc_desktop.fleet.reducer.approvals import without_those_of
from cc_desktop.fleet.reducer.state import Result, put_agent
from cc_desktop.fleet.status import row_start

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cc_desktop.fleet import events as ev
    from cc_desktop.fleet.guard.limits import GuardLimits

_EARLY_MS = 5_000  # how much the gateway's clock may be behind the offset that is known
_SEEN_STEP_MS = 1_000  # signs of life without news count at most this often


def progress(fleet: Fleet, gateway: Gateway, event: ev.RunProgress, now: Now) -> Result:
    """A sign of life of a run, with or without news."""
    agent = gateway.agents.get(event.agent_id)
    if agent is None:
        return fleet, []
    key = event.session_key
    known = agent.runs.get(key)
    session = agent.sessions.get(key)
    if known is None or known.run_id != event.run_id:
        is_stop = event.stopped and key in agent.heard and known is None  # we came while it ran
        if event.over and not is_stop and (not event.error or (known and not known.over)):
            return fleet, []  # it never was the one that runs: a message that was steered into it
        old = Run(event.run_id, key, thinking=True, started_at=_start(gateway, session, event, now))
    elif not known.over:
        old = known
    elif event.cause is not None and known.error and known.cause is None:
        run = replace(known, cause=event.cause)  # why it failed comes after the failure
        return put_agent(fleet, gateway, agent, _with_run_as_is(agent, run), now)
    elif event.starts:
        old = replace(known, error="", cause=None)
    else:
        return fleet, []
    thinking = old.thinking if event.thinking is None else event.thinking
    doing = old.activity if event.activity is None else event.activity
    error = old.error if event.error is None else event.error
    if (
        old is known
        and (thinking, doing, error, event.over)
        == (old.thinking, old.activity, old.error, old.over)
        and not event.call
        and event.tokens <= old.tokens
        and seen_just_now(agent, key, now)
    ):
        return fleet, []
    run = replace(
        old,
        thinking=thinking,
        activity=doing,
        error=error,
        last_seen_at=now.wall,
        over=event.over,
        stopped=event.stopped,
        cause=event.cause or (old.cause if error else None),
    )
    if event.call:
        run = with_call(run, event.call, doing, now.wall, fleet.guard)
    if event.tokens:
        run = with_tokens(run, event.tokens, agent, fleet.guard)
    active = session is not None and session.active
    after = replace(
        agent,
        **run_fields(agent, key, run, active=active, seen=now),
        unconfirmed_failures=with_failure(agent.unconfirmed_failures, key, session, run),
        **(without_those_of(agent, run) if run.over else {}),
        **(questions.without_those_of(agent, run) if run.over else {}),
    )
    return put_agent(fleet, gateway, agent, trimmed(after), now)


def by_limits(agent: Agent, limits: GuardLimits) -> Agent:
    """The agent by other thresholds of the guard; itself if none of its runs is another then."""
    runs = {key: _run_by_limits(agent, run, limits) for key, run in agent.runs.items()}
    if all(run is agent.runs[key] for key, run in runs.items()):
        return agent
    runaway = agent.runaway
    for key, run in runs.items():
        runaway = with_runaway(runaway, key, run)
    return replace(agent, runs=runs, runaway=runaway)


def _run_by_limits(agent: Agent, run: Run, limits: GuardLimits) -> Run:
    run = still_circles(run, limits)
    usual = excess(run.tokens, agent, limits)
    return run if usual == run.excess else replace(run, excess=usual)


def _with_run_as_is(agent: Agent, run: Run) -> Agent:
    """The agent with more known of a run that is over: that is no sign of life."""
    return replace(agent, runs={**agent.runs, run.session_key: run})


def _start(gateway: Gateway, session: Session | None, event: ev.RunProgress, now: Now) -> int:
    """Local ms. A run that was in progress when we came started when its row says, if it does."""
    if event.starts and event.started_at:
        return min(now.wall, event.started_at + gateway.clock_offset_ms)
    if event.starts or session is None or not session.active:
        return now.wall
    return row_start(session, gateway.clock_offset_ms)


def seen_just_now(agent: Agent, key: str, now: Now) -> bool:
    """Whether a sign of life was counted already: a streaming model sends 50 a second."""
    return key in agent.heard and 0 <= now.mono - agent.heard[key].mono < _SEEN_STEP_MS


def with_run(agent: Agent, key: str, run: Run | None, *, active: bool, seen: Now | None) -> Agent:
    """The agent with this run of a session, see `run_fields`."""
    return replace(agent, **run_fields(agent, key, run, active=active, seen=seen))


def run_fields(
    agent: Agent, key: str, run: Run | None, *, active: bool, seen: Now | None
) -> dict[str, Any]:
    """Fields of an agent with this run of a session.

    Args:
        agent: as it was before.
        key: of the session.
        run: None: it has none.
        active: whether the session's row says that a run is in progress.
        seen: when it gave a sign of life; None: this is none.
    """
    runs = agent.runs
    if run is not runs.get(key):
        runs = (
            {other: one for other, one in runs.items() if other != key}
            if run is None
            else {
                **runs,
                key: run,
            }
        )
    is_live = active or (run is not None and not run.over)
    heard, acting = agent.heard, agent.acting
    if key in heard:
        before = agent.runs.get(key)
        acting -= before is None or not before.thinking
    if is_live:
        acting += run is None or not run.thinking
        if seen is not None:
            heard = heard.copy()  # unlike dict(), quick after an entry was popped
            heard.pop(key, None)  # the one that was heard last is at the end
            heard[key] = seen
    elif key in heard:
        heard = {other: at for other, at in heard.items() if other != key}
    runaway = agent.runaway
    if runaway or (run is not None and run.runs_away):
        runaway = with_runaway(runaway, key, run)
    return {"runs": runs, "heard": heard, "acting": acting, "runaway": runaway}


def with_runaway(runaway: Mapping[str, Run], key: str, run: Run | None) -> Mapping[str, Run]:
    """The runs that run away, after this one of a session changed; itself if nothing did."""
    known = runaway.get(key)
    if run is None or not run.runs_away:
        return runaway if known is None else {k: one for k, one in runaway.items() if k != key}
    return runaway if known and run.has_evidence_of(known) else {**runaway, key: run}


def trimmed(agent: Agent) -> Agent:
    """The agent with no more runs than the ceiling: the oldest, then the quietest go."""
    while len(agent.runs) > RUNS_PER_AGENT:
        agent = _without_run(agent, next(iter(agent.runs)))
    while len(agent.heard) > RUNS_PER_AGENT:
        agent = _without_run(agent, next(iter(agent.heard)))
    return agent


def _without_run(agent: Agent, key: str) -> Agent:
    after = with_run(agent, key, None, active=False, seen=None)
    return replace(
        after,
        unconfirmed_failures=after.unconfirmed_failures - {key},
        dropped_runs=agent.dropped_runs + (key in agent.heard),
    )


def fails(session: Session, run: Run | None) -> bool:
    """Whether the run ended with an error that no row shows yet (2026.5.7: 15 s later)."""
    return run is not None and run.over and bool(run.error) and not session.finished_at


def with_stops_seen(
    gateway: Gateway,
    agent: Agent | None,
    sessions: Mapping[str, Session],
    clock_offset_ms: int,
) -> Gateway:
    """The gateway with a mark on each failure that is a run that somebody has stopped.

    2026.5.7 says "timeout" in the rows of such runs, for as long as it has them.

    Args:
        gateway: As it was before.
        agent: As events told of its runs; None: nobody knew it.
        sessions: Rows of that agent that may tell of ends.
        clock_offset_ms: Local ms minus the gateway's.
    """
    marks = {
        key: row.finished_at
        for key, run in (agent.runs.items() if agent is not None else ())
        if run.stopped
        and (row := sessions.get(key)) is not None
        and row.failed
        and row.started_at + clock_offset_ms <= run.last_seen_at + _EARLY_MS  # not of a later run
    }
    if marks and not marks.items() <= gateway.seen.items():
        gateway = replace(gateway, seen={**gateway.seen, **marks})
    return gateway


def is_past(run: Run | None, before: Session | None, after: Session | None) -> bool:
    """Whether a run belongs to an end that its row had confirmed: the row runs again since.

    The start of the new run may be lost, so that only its row tells of it.
    """
    if run is None or not run.over or before is None or after is None:
        return False
    return bool(before.finished_at) and after.active and after.updated_at > before.updated_at


def with_failure(
    failures: frozenset[str], key: str, session: Session | None, run: Run | None
) -> frozenset[str]:
    """The sessions with an unconfirmed failure, after this one changed."""
    if session is None:
        return failures
    if fails(session, run):
        return failures if key in failures else failures | {key}
    return failures - {key} if key in failures else failures


def timing_fields(runs: dict[str, Run], heard: dict[str, Now]) -> dict[str, Any]:
    """Fields of an agent with these active sessions: the quietest first, within the ceiling."""
    order = sorted(heard, key=lambda key: (heard[key].mono, key))
    dropped = order[:-RUNS_PER_AGENT]
    kept = order[-RUNS_PER_AGENT:]
    for key in dropped:
        runs.pop(key, None)
    for key in list(runs)[: max(0, len(runs) - RUNS_PER_AGENT)]:
        if key not in heard:
            del runs[key]
    return {
        "runs": runs,
        "heard": {key: heard[key] for key in kept},
        "acting": sum(key not in runs or not runs[key].thinking for key in kept),
        "dropped_runs": len(dropped),
        "runaway": {key: run for key, run in runs.items() if run.runs_away},
    }
