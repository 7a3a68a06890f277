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
from cc_desktop.text.format import SECOND, ago, clock, local, plain, run_time, span
from cc_desktop.text.i18n import PDI, isolate, mark, tr, trn

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.fleet.model import Agent, Session

NOTHING = "—"  # stands where there is nothing to tell
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


def describe(agent: Agent, now: int, clock_offset_ms: int = 0) -> AgentText:
    """Everything that is said of an agent.

    Args:
        agent: The agent.
        now: Local ms.
        clock_offset_ms: To add to its gateway's times to get local ones.
    """
    task, since = two_lines(agent, now, clock_offset_ms)
    return AgentText(
        task, since, why(agent, now, clock_offset_ms), current(agent, now, clock_offset_ms)
    )


def status_word(status: Status) -> str:
    """The status in words."""
    return tr(STATUS_WORDS[status])


# The two lines of a row: what it does or why it does not, and since when


class _View(NamedTuple):
    """An agent at a moment."""

    agent: Agent
    now: int
    clock_offset_ms: int
    since: int  # local ms; 0: unknown

    @property
    def lasts(self) -> str:
        """How long it is in its status, "" for less than a second."""
        passed = self.now - self.since
        return span(passed) if self.since and passed >= SECOND else ""

    def lasting(self, with_span: str, without: str) -> str:
        """Its status and how long it has been in it, where that is known."""
        return tr(with_span, span=self.lasts) if self.lasts else tr(without)

    def local(self, at: int) -> int:
        """A time of the gateway by the local clock."""
        return local(at, self.clock_offset_ms)


def two_lines(agent: Agent, now: int, clock_offset_ms: int = 0) -> tuple[str, str]:
    """`task` and `since` of `describe`."""
    view = _View(agent, now, clock_offset_ms, state_since(agent, clock_offset_ms))
    task, since = _LINES[agent.status](view)
    return task if task == NOTHING else isolate(task), isolate(since)


def _error(view: _View) -> tuple[str, str]:
    cause = view.agent.cause
    when = ago(view.since, view.now)
    reason = plain(view.agent.reason)
    if cause is not None and cause.status == "timeout":
        task, since = tr("Run timed out"), tr("timed out {when}", when=when).rstrip()
    else:
        task, since = tr("Run failed"), tr("failed {when}", when=when).rstrip()
    return reason or task, _with_title(since, cause, reason)


def _with_title(since: str, session: Session | None, task: str) -> str:
    """The second line with the title of the session, where the first line does not say it."""
    title = _title(session)
    return tr("{since} · {title}", since=since, title=title) if title not in ("", task) else since


def _title(session: Session | None) -> str:
    """What a session is about; "" for the main session, whose title tells nothing."""
    if session is None or not (session.label or session.derived_title):
        return ""
    return plain(session.title)


def _waiting(view: _View) -> tuple[str, str]:
    agent, cause = view.agent, view.agent.cause
    since = view.lasting(mark("waiting {span}"), mark("waiting"))
    approvals = open_approvals(agent)
    if not approvals:
        task = (cause.digest_headline or cause.title) if cause else agent.reported_task
        return plain(task) or tr("Waiting for your answer"), since
    first = approvals[0]
    title = plain(first.title)
    task = tr("Approve: {title}", title=title) if title else tr("Something needs your decision")
    if first.expires_at:
        left = span(first.expires_at - view.now)
        since = tr("{since} · expires in {left}", since=since, left=left)
    return task, since


def _stuck(view: _View) -> tuple[str, str]:
    return (
        tr("{task} · silent for {span}", task=doing(view.agent) or tr("A run"), span=view.lasts),
        tr("last heard {when}", when=ago(view.since, view.now)).rstrip(),
    )


def _working(view: _View) -> tuple[str, str]:
    agent, cause = view.agent, view.agent.cause
    if agent.status is Status.ACTIVE:
        since = view.lasting(mark("working {span}"), mark("working"))
    else:
        since = view.lasting(mark("thinking {span}"), mark("thinking"))
    task = doing(agent)
    return task or NOTHING, _with_title(since, cause, task)


def _idle(view: _View) -> tuple[str, str]:
    session = view.agent.cause or newest(view.agent)
    when = ago(view.since, view.now)
    if session is None:
        return NOTHING, tr("last seen {when}", when=when) if when else tr("no runs yet")
    about = plain(session.preview) or _title(session) or NOTHING
    templates = {
        "failed": mark("failed {when}"),
        "timeout": mark("timed out {when}"),
        "killed": mark("stopped {when}"),
    }
    return about, tr(templates.get(session.status, mark("done {when}")), when=when).rstrip()


def _offline(view: _View) -> tuple[str, str]:
    at = view.local(view.agent.last_activity)
    heard = tr("last heard {when}", when=ago(at, view.now)) if at else ""
    return _past(view.agent), heard


def _past(agent: Agent) -> str:
    """What it was last known to do."""
    cause = agent.sessions.get(agent.status_session_key) or newest(agent)
    if agent.approvals:
        return tr("Was waiting for you")
    if cause and cause.active:
        return tr("Was working: {title}", title=plain(cause.title))
    if cause and cause.failed:
        return tr("Had failed: {title}", title=plain(cause.title))
    return tr("Was idle") if cause else tr("Nothing is known of it")


def _unknown(view: _View) -> tuple[str, str]:
    return NOTHING, tr("nothing is known yet")


_LINES: dict[Status, Callable[[_View], tuple[str, str]]] = {
    Status.ERROR: _error,
    Status.WAITING: _waiting,
    Status.STUCK: _stuck,
    Status.ACTIVE: _working,
    Status.THINKING: _working,
    Status.IDLE: _idle,
    Status.OFFLINE: _offline,
    Status.UNKNOWN: _unknown,
}


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
    if not lines and agent.cause:
        lines.append(plain(agent.cause.digest_headline or agent.cause.title, 300))
    return "\n".join(lines) or tr("It waits for your answer.")


def headline(agent: Agent, now: int, clock_offset_ms: int = 0) -> str:
    """The status with its duration, where that matters: "Error · 4 min"."""
    since = state_since(agent, clock_offset_ms)
    word = status_word(agent.status)
    if not since or not (agent.status.needs_you or agent.status.working):
        return word
    return tr("{status} · {span}", status=word, span=span(now - since))


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
