"""What is said about a conversation: who spoke, how a tool call ended, what a run does now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.fleet.transcript.live import LiveRun, Phase, current_step
from cc_desktop.fleet.transcript.ports import ViewState
from cc_desktop.fleet.transcript.records import Role
from cc_desktop.fleet.transcript.rows import Outcome, Row, RowKind
from cc_desktop.text.format import (
    SECOND,
    ago,
    clock,
    cost,
    local,
    number,
    plain,
    run_time,
    span,
)
from cc_desktop.text.i18n import isolate, mark, tr, trn

if TYPE_CHECKING:
    from cc_desktop.fleet.transcript.live import Step

SAMPLE = "sample"  # the text of the note above a conversation of the demo
SPOKEN_LIMIT = 400  # characters of a message that a screen reader says at once

OUTCOMES = {
    Outcome.RUNNING: mark("running"),
    Outcome.DONE: mark("done"),
    Outcome.FAILED: mark("failed"),
    Outcome.UNKNOWN: mark("no result"),
}
_PHASES = {
    Phase.STARTING: mark("Preparing"),
    Phase.MODEL: mark("Asking the model"),
    Phase.TOOL: mark("Using a tool"),
    Phase.REPLY: mark("Writing"),
    Phase.APPROVAL: mark("Waiting for approval"),
    Phase.FINISHING: mark("Finishing"),
    Phase.OVER: mark("Finished"),
}
_STATES = {
    ViewState.LOADING: mark("Loading the conversation…"),
    ViewState.OFFLINE: mark("Not connected. What you see may be old."),
    ViewState.REFUSED: mark("This connection may not read conversations."),
    ViewState.FAILED: mark("The conversation could not be read."),
}
_BOUNDARIES = {
    "compaction": mark("Context compacted: older messages were summed up for the model"),
    "reset": mark("Session reset"),
}
_CHANNELS = {
    "telegram": "Telegram",
    "discord": "Discord",
    "slack": "Slack",
    "whatsapp": "WhatsApp",
    "signal": "Signal",
    "imessage": "iMessage",
}
_QUIET_CHANNELS = ("", "webchat")


def speaker(row: Row, agent_name: str, channel: str = "") -> str:
    """Who said it. `channel`: where the session takes place."""
    if row.role is Role.ASSISTANT:
        return isolate(agent_name)
    if row.role is Role.SYSTEM:
        return tr("System")
    if row.sender:
        return isolate(plain(row.sender, 60))
    where = row.channel or channel
    if where in _QUIET_CHANNELS:
        return tr("You")
    return tr("You, over {channel}", channel=_CHANNELS.get(where, plain(where, 40)))


def short_time(ms: int) -> str:
    """How long a tool took: 0.1 s, 41 s, 2 min 5 s."""
    if ms < 10 * SECOND:
        return tr("{n} s", n=number(max(ms, 0) / SECOND, 1))
    return run_time(ms)


def exit_note(note: str) -> str:
    """What a tool ended with, in the words of the language where it is an exit code."""
    word, _, code = note.partition(" ")
    if word == "exit" and code.isdecimal():
        return tr("exit {code}", code=code)
    return plain(note, 40)


def call_end(row: Row) -> str:
    """What stands at the end of a tool call: "exit 1 · 38 s"."""
    parts = [exit_note(row.note)]
    if row.outcome is not Outcome.DONE and not row.note:
        parts.append(tr(OUTCOMES[row.outcome]))
    if row.took_ms:
        parts.append(short_time(row.took_ms))
    return " · ".join(part for part in parts if part)


def failure_line(row: Row, at: int, now: int) -> str:
    """What stands beside "Run failed": "14:21 · after 9 min 40 s · $2.08". `at`: local ms."""
    parts = [clock(at, now)]
    if row.took_ms:
        parts.append(tr("after {span}", span=run_time(row.took_ms)))
    parts.append(cost(row.cost_usd))
    return " · ".join(part for part in parts if part)


def boundary(row: Row) -> str:
    """What stands between two messages of which the later does not know the earlier."""
    return tr(_BOUNDARIES.get(row.text, mark("Session reset")))


def note(row: Row) -> str:
    """What was left out, or that it is made up."""
    if row.text == SAMPLE:
        return tr("Sample conversation: none of this is real")
    return trn("{n} more tool call is not shown", "{n} more tool calls are not shown", row.count)


def cut_line(count: int) -> str:
    """What stands below a text that is too long."""
    return tr("… {n} more characters are not shown", n=number(count, 0))


def attachments(count: int) -> str:
    """What stands for images and files, which are not loaded."""
    return trn("{n} attachment, not loaded", "{n} attachments, not loaded", count)


def spoken(row: Row, who: str, when: str, *, expanded: bool = False) -> str:
    """A row as one sentence for screen readers."""
    if row.kind is RowKind.CALL:
        words = tr(
            "Tool {name} {subject}: {outcome}",
            name=row.name,
            subject=plain(row.subject),
            outcome=tr(OUTCOMES[row.outcome]),
        )
        end = call_end(replace(row, outcome=Outcome.DONE))
        state = tr("expanded") if expanded else tr("collapsed")
        return ", ".join(part for part in (words, end, state) if part)
    if row.kind is RowKind.FAILURE:
        return tr("Run failed: {reason}", reason=plain(row.text, SPOKEN_LIMIT))
    if row.kind is RowKind.BOUNDARY:
        return boundary(row)
    if row.kind is RowKind.NOTE:
        return note(row)
    text = plain(row.text, SPOKEN_LIMIT) or attachments(row.attachments)
    return f"{who}, {when}: {text}" if when else f"{who}: {text}"


def copied(row: Row, who: str, when: str) -> str:
    """A row as text for the clipboard: Markdown as it was written, all of a tool call."""
    if row.kind is RowKind.CALL:
        parts = [f"{row.name} {row.subject}".strip()]
        if row.detail and row.detail != row.subject:
            parts.append(row.detail)
        if row.result:
            parts.append(row.result)
        return "\n".join(parts)
    if row.kind is RowKind.MESSAGE:
        head = f"{who} {when}".strip()
        return f"{head}\n{row.text}".strip()
    if row.kind is RowKind.FAILURE:
        return tr("Run failed: {reason}", reason=row.text)
    return boundary(row) if row.kind is RowKind.BOUNDARY else note(row)


def state_line(state: ViewState, problem: str, count: int) -> str:
    """What stands in place of messages, or above them; "" when all is well."""
    if state is ViewState.READY:
        return "" if count else tr("No messages yet.")
    words = tr(_STATES[state])
    if state is ViewState.FAILED and problem not in ("", "internal", "silent"):
        return tr("{words} The gateway says: {problem}", words=words, problem=plain(problem, 200))
    if state is ViewState.FAILED and problem == "silent":
        return tr("{words} The gateway does not answer.", words=words)
    return words


def found_line(place: int, count: int) -> str:
    """How many rows have what is searched for."""
    if not count:
        return tr("Nothing found")
    return tr("{place} of {count}", place=place, count=number(count, 0))


# Now


def phase_line(run: LiveRun) -> str:
    """What the run does."""
    step = current_step(run)
    if run.phase is Phase.TOOL and step is not None:
        return step_title(step)
    return tr(_PHASES[run.phase])


def step_title(step: Step) -> str:
    """A tool and what it is used on."""
    return f"{plain(step.name, 60)} {plain(step.subject)}".strip()


def run_head(run: LiveRun, now: int, clock_offset_ms: int, cost_usd: float) -> str:
    """What stands beside the title of a run: "3 steps · run 3 min 12 s · $0.42"."""
    parts = []
    if run.step_count:
        parts.append(trn("{n} step", "{n} steps", run.step_count))
    started = local(run.started_at, clock_offset_ms)
    if started and now - started >= SECOND:
        parts.append(tr("run {span}", span=run_time(now - started)))
    parts.append(cost(cost_usd))
    return " · ".join(part for part in parts if part)


def plan_head(done: int, total: int) -> str:
    """How far a plan is."""
    return tr("{done} of {total}", done=done, total=total)


def ended_line(ended_at: int, ran_ms: int, now: int) -> str:
    """When a run ended and how long it took: "finished 2 h ago · took 7 min". Local ms."""
    when = ago(ended_at, now)
    if not when:
        return ""
    if ran_ms >= SECOND:
        return tr("finished {when} · took {span}", when=when, span=span(ran_ms))
    return tr("finished {when}", when=when)


def stopped_line(kind: str, ended_at: int, ran_ms: int, now: int) -> str:
    """When a run ended that did not succeed. `kind`: failed, timeout or killed. Local ms."""
    words = {
        "failed": mark("failed {when} after {span}"),
        "timeout": mark("timed out {when} after {span}"),
        "killed": mark("stopped {when} after {span}"),
    }
    when = ago(ended_at, now)
    if not when or kind not in words:
        return ended_line(ended_at, ran_ms, now)
    return tr(words[kind], when=when, span=span(ran_ms))
