"""Steps, plans and helpers as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.desktop.details.now.step_list import Line
from cc_desktop.fleet.transcript.rows import Outcome
from cc_desktop.text.format import SECOND, local, plain, span
from cc_desktop.text.i18n import mark, tr, trn
from cc_desktop.text.sessions import session_state
from cc_desktop.text.transcript import OUTCOMES, exit_note, phase_line, short_time, step_title

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Gateway, Session
    from cc_desktop.fleet.transcript.live import LiveRun, Step
    from cc_desktop.fleet.transcript.records import ProgressCard

MOST_STEPS = 6  # the newest; the tab Transcript has all of them
MOST_HELPERS = 6
MOST_PLANNED = 12
HELPER_MS = 600_000  # how long a helper that is done stays, while the run goes on
_KINDS = {
    Outcome.RUNNING: "running",
    Outcome.DONE: "done",
    Outcome.FAILED: "failed",
    Outcome.UNKNOWN: "unknown",
}
_CARD_KINDS = {"completed": "done", "in_progress": "running"}


def step_lines(run: LiveRun, now: int, clock_offset_ms: int) -> tuple[Line, ...]:
    """The newest steps of a run, and what it does now if that is no tool."""
    shown = run.steps[-MOST_STEPS:]
    earlier = run.step_count - len(shown)
    lines = []
    if earlier:
        words = trn("{n} earlier step", "{n} earlier steps", earlier)
        lines.append(Line("unknown", words, spoken=""))
    lines += [_step(one, now, clock_offset_ms) for one in shown]
    if not run.over and not any(one.outcome is Outcome.RUNNING for one in run.steps):
        lines.append(Line("running", phase_line(run), spoken=tr(OUTCOMES[Outcome.RUNNING])))
    return tuple(lines)


def _step(step: Step, now: int, clock_offset_ms: int) -> Line:
    ended = local(step.ended_at, clock_offset_ms) or now
    started = local(step.started_at, clock_offset_ms)
    took = short_time(ended - started) if 0 < started <= ended else ""
    if step.outcome is Outcome.RUNNING and started and now - started < SECOND:
        took = ""
    end = " · ".join(part for part in (exit_note(step.note), took) if part)
    return Line(_KINDS[step.outcome], step_title(step), end, tr(OUTCOMES[step.outcome]))


def card_lines(card: ProgressCard) -> tuple[Line, ...]:
    """The steps of a plan: those around the one in progress, if there are many."""
    current = next((n for n, one in enumerate(card.steps) if one.state == "in_progress"), card.done)
    start = max(0, min(current - MOST_PLANNED // 2, len(card.steps) - MOST_PLANNED))
    return tuple(
        Line(_CARD_KINDS.get(one.state, "waiting"), one.text, spoken=_card_word(one.state))
        for one in card.steps[start : start + MOST_PLANNED]
    )


def _card_word(state: str) -> str:
    words = {"completed": mark("done"), "in_progress": mark("running")}
    return tr(words.get(state, mark("still to come")))


def helper_lines(gateway: Gateway, key: str, since: int, now: int) -> tuple[Line, ...]:
    """The subagents that a session sent to work: those at work, and those just done.

    Args:
        gateway: Whose sessions to look through.
        key: The session.
        since: The start of its run (the gateway's clock, ms).
        now: Local ms.
    """
    offset = gateway.clock_offset_ms
    found = [
        session
        for agent in gateway.agents.values()
        for session in agent.sessions.values()
        if session.parent_key == key
        and (session.active or session.finished_at >= max(since, now - offset - HELPER_MS))
    ]
    found.sort(key=lambda one: (not one.active, -one.activity_at))
    return tuple(_helper(one, gateway, now) for one in found[:MOST_HELPERS])


def _helper(session: Session, gateway: Gateway, now: int) -> Line:
    word, _status = session_state(session, offline=False)
    title = plain(session.title)
    offset = gateway.clock_offset_ms
    if session.active:
        agent = gateway.agents.get(session.agent_id)
        run = agent.runs.get(session.key) if agent else None
        doing = plain(run.activity, 60) if run else ""
        passed = now - local(session.started_at, offset) if session.started_at else 0
        end = " · ".join(part for part in (doing, span(passed) if passed > SECOND else "") if part)
        return Line("running", title, end, word)
    kind = "failed" if session.failed else "waiting" if session.aborted else "done"
    took = session.runtime_ms
    end = tr("{state} in {span}", state=word, span=span(took)) if took >= SECOND else word
    return Line(kind, title, end, word)
