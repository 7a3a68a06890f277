"""How many tokens a run of an agent usually takes: its own history, not a constant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cc_desktop.fleet.guard.limits import GuardLimits
    from cc_desktop.fleet.model import Agent, Session
    from cc_desktop.fleet.runs import Run

REMEMBERED = 50  # runs of an agent


def with_tokens(run: Run, tokens: int, agent: Agent, limits: GuardLimits) -> Run:
    """The run after it took so many tokens in all; fewer than before is old news."""
    if tokens <= run.tokens:
        return run
    return replace(run, tokens=tokens, excess=excess(tokens, agent, limits))


def excess(tokens: int, agent: Agent, limits: GuardLimits) -> int:
    """How many the agent usually takes, when these are far more; else 0."""
    if tokens > limits.least_tokens and len(agent.habit) >= limits.habit_runs:
        usual = agent.usual_tokens
        return max(1, usual) if tokens > int(limits.habit_factor * usual) else 0
    return 0


def run_tokens(session: Session) -> int:
    """What the latest run of a session took: its row tells it once the run is over."""
    return session.input_tokens + session.output_tokens if session.finished_at else 0


def is_news(old: Session | None, session: Session) -> bool:
    """Whether a row tells for the first time what a run took."""
    ended_at = session.finished_at
    if not ended_at or not (session.input_tokens + session.output_tokens):
        return False
    if old is None or old.finished_at != ended_at:
        return True
    return not (old.input_tokens + old.output_tokens)


def learned(agent: Agent, tokens: Iterable[int]) -> dict[str, Any]:
    """Fields of an agent after these runs ended, oldest first; none if there were none."""
    fresh = tuple(tokens)
    if not fresh:
        return {}
    habit = (*agent.habit, *fresh)[-REMEMBERED:]
    return {"habit": habit}


def learned_from_rows(agent: Agent, sessions: Mapping[str, Session]) -> dict[str, Any]:
    """The same for the runs that a list tells of for the first time."""
    known = agent.sessions
    ended = sorted(
        (row.finished_at, run_tokens(row))
        for key, row in sessions.items()
        if is_news(known.get(key), row)
    )
    return learned(agent, (tokens for _, tokens in ended[-REMEMBERED:]))


def most_of(habit: Sequence[int]) -> int:
    """What nine in ten of these runs stay below."""
    return sorted(habit)[(len(habit) * 9 - 1) // 10] if habit else 0
