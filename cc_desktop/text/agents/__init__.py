"""What is said of an agent. Times are local ms since the epoch.

`describe` is the one account of an agent, for window, tray and command line alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cc_desktop.fleet.model import Status
from cc_desktop.fleet.status import run_start
from cc_desktop.text.agent_facts import (
    doing,
    last_failure,
    last_heard,
    newest,
    open_approvals,
    state_since,
)
from cc_desktop.text.agents.lines import NO_PROGRESS
from cc_desktop.text.agents.lines import NOTHING as NOTHING
from cc_desktop.text.agents.lines import two_lines as two_lines
from cc_desktop.text.format import clock, local, plain, run_time, span
from cc_desktop.text.i18n import PDI, mark, tr, trn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cc_desktop.fleet.facts import ProgressCard
    from cc_desktop.fleet.model import Agent, Session

SHOWN_CONTEXT = 60  # percent: a context below is nothing to know
FULL_CONTEXT = 80  # percent: from here on the context counts as nearly full
MOST_RUNS = 4  # runs that are listed; the others are counted
MOST_APPROVALS = 5

STATUS_WORDS = {
    Status.ERROR: mark("Error"),
    Status.WAITING: mark("Needs you"),
    Status.STUCK: mark("Stuck"),
    Status.ACTIVE: mark("Working"),
    Status.THINKING: mark("Thinking"),
    Status.IDLE: mark("Idle"),
    Status.OFFLINE: mark("Offline"),
    Status.UNKNOWN: mark("Unknown"),
}


ASKS = mark("Asks you")  # a status word, too


class AgentText(NamedTuple):
    """What is said of an agent.

    Attributes:
        task: What it does, or why it does not. One line.
        since: Since when, or how long ago. One line.
        why: What the operator has to know, "" when nothing needs them. May have several lines.
        now: Every run in progress, or how the last one ended. May have several lines.
    """

    task: str
    since: str
    why: str
    now: str


def describe(
    agent: Agent,
    now: int,
    clock_offset_ms: int = 0,
    progress: Mapping[str, ProgressCard] = NO_PROGRESS,
) -> AgentText:
    """Everything that is said of an agent.

    Args:
        agent: The agent.
        now: Local ms.
        clock_offset_ms: To add to its gateway's times to get local ones.
        progress: The steps that agents keep of their runs, by session.
    """
    task, since = two_lines(agent, now, clock_offset_ms, progress)
    return AgentText(
        task, since, why(agent, now, clock_offset_ms), current(agent, now, clock_offset_ms)
    )


def status_word(status: Status) -> str:
    """The status in words."""
    return tr(STATUS_WORDS[status])


def word(agent: Agent) -> str:
    """The status in words: whether it asks something, or wants a decision."""
    if agent.status is Status.WAITING and agent.questions and not agent.approvals:
        return tr(ASKS)
    return status_word(agent.status)


# The cards of the details


def current(agent: Agent, now: int, clock_offset_ms: int = 0) -> str:
    """Every run in progress, or how the last one ended."""
    if agent.status is Status.OFFLINE:
        return tr("Its gateway cannot be reached, so what it does now is not known.")
    lines = [
        _run_line(agent, key, now, clock_offset_ms)
        for key in sorted(agent.heard, key=lambda key: (-agent.heard[key].wall, key))
    ]
    if len(lines) > MOST_RUNS:
        more = len(lines) - MOST_RUNS
        lines[MOST_RUNS:] = [trn("and {n} more run", "and {n} more runs", more)]
    if lines:
        return "\n".join(lines)
    if agent.status.working:
        return plain(agent.reported_task) or tr("It is working; the gateway does not say on what.")
    return _last_run(agent.cause or newest(agent), now, clock_offset_ms)


def _run_line(agent: Agent, key: str, now: int, clock_offset_ms: int) -> str:
    session, run = agent.sessions.get(key), agent.runs.get(key)
    title = plain(session.title) if session else plain(key)
    activity = plain(run.activity) if run and run.activity else ""
    if not activity:
        activity = tr("Thinking") if run and run.thinking else tr("Working")
    began = run_start(agent, key, clock_offset_ms)
    if not began:
        return f"{activity}\n{title}"
    about = tr("{title} · running for {span}", title=title, span=run_time(now - began))
    return f"{activity}\n{about}"


_ENDS = {  # how a run ended → with and without its duration
    "done": (
        mark("Nothing is running. Last run took {took} and was done at {at}."),
        mark("Nothing is running. Last run was done at {at}."),
    ),
    "failed": (
        mark("Nothing is running. Last run took {took} and failed at {at}."),
        mark("Nothing is running. Last run failed at {at}."),
    ),
    "timeout": (
        mark("Nothing is running. Last run took {took} and timed out at {at}."),
        mark("Nothing is running. Last run timed out at {at}."),
    ),
    "killed": (
        mark("Nothing is running. Last run took {took} and was stopped at {at}."),
        mark("Nothing is running. Last run was stopped at {at}."),
    ),
}


def _last_run(last: Session | None, now: int, clock_offset_ms: int) -> str:
    if last is None or not last.finished_at:
        return tr("Nothing is running.")
    at = clock(local(last.finished_at, clock_offset_ms), now)
    with_time, without_time = _ENDS[last.status]
    if not last.runtime_ms:
        return tr(without_time, at=at)
    return tr(with_time, took=run_time(last.runtime_ms), at=at)


def why(agent: Agent, now: int, clock_offset_ms: int = 0) -> str:
    """What the operator has to know, "" when nothing needs them.

    The reason of the last failure stays after it was marked as seen.
    """
    match agent.status:
        case Status.ERROR:
            return _why_failed(agent)
        case Status.WAITING:
            return _why_waiting(agent, now)
        case Status.STUCK:
            return tr(
                "No sign of life for {span}. It was at: {task}.",
                span=span(now - last_heard(agent, clock_offset_ms)),
                task=doing(agent) or tr("a run"),
            )
        case Status.IDLE:
            failure = last_failure(agent)
            return plain(failure.error, 600) if failure else ""
    return ""


def _why_failed(agent: Agent) -> str:
    if agent.reason:
        return plain(agent.reason, 600)
    if agent.cause and agent.cause.status == "timeout":
        return tr("The run took longer than it may. The gateway gave no other reason.")
    return tr("The run failed. The gateway gave no reason.")


def _why_waiting(agent: Agent, now: int) -> str:
    lines = []
    for approval in open_approvals(agent)[:MOST_APPROVALS]:
        title = plain(approval.title, 300) or tr("a command")
        if approval.expires_at:
            left = span(approval.expires_at - now)
            lines.append(tr("Approve: {title} (expires in {left})", title=title, left=left))
        else:
            lines.append(tr("Approve: {title}", title=title))
    lines += [plain(question.title, 300) for question in agent.questions.values()]
    if not lines and agent.cause:
        lines.append(plain(agent.cause.digest_headline or agent.cause.title, 300))
    return "\n".join(lines) or tr("It waits for your answer.")


def headline(agent: Agent, now: int, clock_offset_ms: int = 0) -> str:
    """The status with its duration, where that matters: "Error · 4 min"."""
    since = state_since(agent, clock_offset_ms)
    said = word(agent)
    if not since or not (agent.status.needs_you or agent.status.working):
        return said
    return tr("{status} · {span}", status=said, span=span(now - since))


def sentence(
    name: str, gateway: str, status: Status, lines: tuple[str, str], percent: int | None
) -> str:
    """A row for a screen reader. `lines` are `task` and `since`; `percent` is of the context."""
    who = tr("{name} on {gateway}", name=name, gateway=gateway) if gateway else name
    parts = [status_word(status), *(_clause(line) for line in lines if line and line != NOTHING)]
    if percent is not None and percent >= SHOWN_CONTEXT:
        parts.append(tr("context {percent} percent full", percent=percent))
    return tr("{who}: {what}.", who=who, what=", ".join(parts))


def _clause(line: str) -> str:
    """A line as a part of a sentence: without a stop of its own, and dots as commas."""
    inner = line.rstrip(PDI)
    return f"{inner.rstrip('.')}{line[len(inner) :]}".replace(" · ", ", ")
