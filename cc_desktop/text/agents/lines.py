"""The two lines of an agent's row: what it does or why it does not, and since when.

Times are local ms since the epoch.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from cc_desktop.fleet.model import Status
from cc_desktop.fleet.status import run_start
from cc_desktop.text.agent_facts import doing, gist, newest, open_approvals, state_since
from cc_desktop.text.format import SECOND, ago, capitalized, local, plain, run_time, span
from cc_desktop.text.i18n import isolate, mark, tr, trn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cc_desktop.fleet.facts import ProgressCard
    from cc_desktop.fleet.model import Agent, Session

NO_PROGRESS: Mapping[str, ProgressCard] = MappingProxyType({})
NOTHING = "—"  # stands where there is nothing to tell


class _View(NamedTuple):
    """An agent at a moment."""

    agent: Agent
    now: int
    clock_offset_ms: int
    since: int  # local ms; 0: unknown
    progress: ProgressCard | None = None  # of the session that the status comes from

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


def two_lines(
    agent: Agent,
    now: int,
    clock_offset_ms: int = 0,
    progress: Mapping[str, ProgressCard] = NO_PROGRESS,
) -> tuple[str, str]:
    """`task` and `since` of `describe`."""
    since_at = state_since(agent, clock_offset_ms)
    card = progress.get(agent.status_session_key)
    view = _View(agent, now, clock_offset_ms, since_at, card)
    task, since = _LINES[agent.status](view)
    return task if task == NOTHING else isolate(task), isolate(since)


def _error(view: _View) -> tuple[str, str]:
    cause = view.agent.cause
    when = ago(view.since, view.now)
    told = plain(view.agent.reason)
    reason = gist(told)
    if reason != told:
        reason = capitalized(reason)
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
    if not approvals and agent.questions:
        return _asking(view, since)
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


def _asking(view: _View, since: str) -> tuple[str, str]:
    """The oldest question, how much there is to choose from, and how long it waits."""
    question = next(iter(view.agent.questions.values()))
    part = question.parts[0] if question.parts else None
    if part is not None and part.choices:
        count = len(part.choices)
        options = trn("{n} option", "{n} options", count)
        since = tr("{since} · {more}", since=since, more=options)
    if question.expires_at:
        left = span(question.expires_at - view.now)
        since = tr("{since} · expires in {left}", since=since, left=left)
    return plain(question.title) or tr("Waiting for your answer"), since


def _stuck(view: _View) -> tuple[str, str]:
    agent, task = view.agent, doing(view.agent)
    began = run_start(agent, agent.status_session_key, view.clock_offset_ms)
    # How long it has been silent stands in the first line.
    since = (
        tr("running for {span}", span=run_time(view.now - began))
        if began
        else tr("last heard {when}", when=ago(view.since, view.now)).rstrip()
    )
    silent = tr("{task} · silent for {span}", task=task or tr("A run"), span=view.lasts)
    return silent, _with_title(since, agent.cause, task)


def _working(view: _View) -> tuple[str, str]:
    agent, cause = view.agent, view.agent.cause
    if agent.status is Status.ACTIVE:
        since = view.lasting(mark("working {span}"), mark("working"))
    else:
        since = view.lasting(mark("thinking {span}"), mark("thinking"))
    task = doing(agent)
    card = view.progress
    if card is not None and card.total:
        steps = tr("{done} of {total}", done=min(card.done + 1, card.total), total=card.total)
        since = tr("{since} · {more}", since=since, more=steps)
        task = plain(card.current) or task
    if helpers := helpers_at_work(agent):
        more = trn("{n} helper", "{n} helpers", helpers)
        since = tr("{since} · {more}", since=since, more=more)
    if cause is not None and task == plain(cause.title) and not _title(cause):
        task = plain(cause.preview)  # what was asked for says more than "Main"
    headline = plain(cause.digest_headline) if cause is not None and cause.active else ""
    if not headline:
        return task or NOTHING, _with_title(since, cause, task)
    # What the run is about leads, in the words of the gateway; the tool comes second.
    tool = task if task not in (headline, plain(cause.title) if cause else "") else ""
    return headline, tr("{since} · {more}", since=since, more=tool) if tool else since


def helpers_at_work(agent: Agent) -> int:
    """How many of its running sessions another of its sessions has started."""
    rows = (agent.sessions.get(key) for key in agent.heard)
    return sum(1 for row in rows if row is not None and row.parent_key in agent.sessions)


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
    ended = tr(templates.get(session.status, mark("done {when}")), when=when).rstrip()
    if session.status == "done" and session.runtime_ms >= SECOND:
        ended = tr("{ended} · took {took}", ended=ended, took=run_time(session.runtime_ms))
    return about, ended


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
