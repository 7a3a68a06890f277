"""A run in progress, followed by its events: phase, tools, the reply as it streams."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cc_desktop.fleet.transcript.records import Message, ProgressCard
from cc_desktop.fleet.transcript.rows import Outcome, Row, RowKind

if TYPE_CHECKING:
    from cc_desktop.fleet.transcript.conversation import Conversation

MOST_STEPS = 200  # tool calls of a run that are kept; the oldest go first


class Phase(StrEnum):
    """What a run does."""

    STARTING = "starting"  # workspace, context
    MODEL = "model"  # the model is being asked
    TOOL = "tool"
    REPLY = "reply"  # the model streams its answer
    APPROVAL = "approval"
    FINISHING = "finishing"
    OVER = "over"


class Step(Struct, frozen=True, gc=False):
    """A tool call of the run."""

    call_id: str
    name: str
    subject: str = ""
    detail: str = ""
    outcome: Outcome = Outcome.RUNNING
    started_at: int = 0
    ended_at: int = 0
    note: str = ""
    result: str = ""


class LiveRun(Struct, frozen=True):
    """A run while it is in progress, and how it ended until the next one begins."""

    run_id: str
    phase: Phase = Phase.STARTING
    started_at: int = 0
    ended_at: int = 0
    steps: tuple[Step, ...] = ()
    dropped_steps: int = 0
    reply: str = ""  # what has been streamed since the last message or tool
    reply_cut: int = 0  # characters at its start that were left out
    error: str = ""
    aborted: bool = False

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.phase is Phase.OVER

    @property
    def step_count(self) -> int:
        """All steps so far."""
        return len(self.steps) + self.dropped_steps


# Events


class RunPhased(Struct, frozen=True):
    """A run starts, or does something else."""

    run_id: str
    phase: Phase
    started_at: int = 0


class ReplyStreamed(Struct, frozen=True):
    """The reply so far. `text` is its end, of which `cut` characters are left out."""

    run_id: str
    text: str
    cut: int = 0


class ToolBegan(Struct, frozen=True):
    """A tool is called."""

    run_id: str
    step: Step


class ToolTold(Struct, frozen=True):
    """What a tool has put out so far."""

    run_id: str
    call_id: str
    result: str


class ToolEnded(Struct, frozen=True):
    """A tool call is over."""

    run_id: str
    call_id: str
    failed: bool = False
    note: str = ""
    result: str = ""
    ended_at: int = 0


class RunEnded(Struct, frozen=True):
    """A run is over."""

    run_id: str
    error: str = ""
    aborted: bool = False
    ended_at: int = 0


class MessageSaid(Struct, frozen=True):
    """A message was added to the conversation."""

    message: Message


class CardTold(Struct, frozen=True):
    """The progress card has changed; what it says has to be asked for."""

    revision: int = 0


class CardShown(Struct, frozen=True):
    """What the progress card says; None: there is none."""

    card: ProgressCard | None


LiveEvent = (
    RunPhased
    | ReplyStreamed
    | ToolBegan
    | ToolTold
    | ToolEnded
    | RunEnded
    | MessageSaid
    | CardTold
    | CardShown
)


def follow(run: LiveRun | None, event: LiveEvent) -> LiveRun | None:
    """The run after an event. An event of another run begins that one, unless it only ends it."""
    if isinstance(event, MessageSaid):
        return _after_message(run, event.message)
    if isinstance(event, CardTold | CardShown):
        return run
    if isinstance(event, RunEnded):
        if run is None or run.run_id != event.run_id:
            return run
        return _end(run, event)
    if run is None or run.run_id != event.run_id:
        run = LiveRun(event.run_id)
    elif run.over and not (isinstance(event, RunPhased) and event.started_at):
        return run  # a late event of a run that is over does not start it again
    if isinstance(event, RunPhased):
        return replace(run, phase=event.phase, started_at=run.started_at or event.started_at)
    if isinstance(event, ReplyStreamed):
        return replace(run, phase=Phase.REPLY, reply=event.text, reply_cut=event.cut)
    if isinstance(event, ToolBegan):
        return _begin(run, event.step)
    if isinstance(event, ToolTold):
        return _change(run, event.call_id, result=event.result)
    run = _change(
        run,
        event.call_id,
        outcome=Outcome.FAILED if event.failed else Outcome.DONE,
        note=event.note,
        result=event.result,
        ended_at=event.ended_at,
    )
    return run if current_step(run) else replace(run, phase=Phase.MODEL)


def with_history(run: LiveRun, conversation: Conversation) -> LiveRun:
    """A run that somebody began to follow midway, with the steps that messages tell of."""
    if run.over:
        return run
    known = {step.call_id for step in run.steps}
    earlier = [
        Step(
            call_id,
            row.name,
            row.subject,
            row.detail,
            row.outcome,
            row.at,
            row.at + row.took_ms if row.outcome is not Outcome.RUNNING else 0,
            row.note,
            row.result,
        )
        for call_id, row in conversation.turn()
        if call_id not in known
    ]
    if not earlier and run.started_at:
        return run
    steps = (*earlier, *run.steps)
    dropped = max(0, len(steps) - MOST_STEPS)
    run = replace(
        run,
        started_at=run.started_at or conversation.asked_at,
        steps=steps[dropped:],
        dropped_steps=run.dropped_steps + dropped,
    )
    busy = current_step(run) is not None and run.phase is Phase.MODEL
    return replace(run, phase=Phase.TOOL) if busy else run


def without_reply(run: LiveRun) -> LiveRun:
    """A run whose reply is a message of the conversation."""
    return replace(run, reply="", reply_cut=0)


def current_step(run: LiveRun) -> Step | None:
    """The tool that runs now; the newest, if there are several."""
    return next((one for one in reversed(run.steps) if one.outcome is Outcome.RUNNING), None)


def live_rows(run: LiveRun | None, conversation: Conversation) -> list[Row]:
    """What the run has done that no message says yet."""
    if run is None:
        return []
    rows = [_row(step) for step in run.steps if not conversation.has_call(step.call_id)]
    if run.reply:
        rows.append(Row("live", RowKind.MESSAGE, text=run.reply, cut=run.reply_cut, live=True))
    return rows


def settle(run: LiveRun, conversation: Conversation) -> None:
    """Tell the conversation how tool calls ended. A message says so only in its history."""
    for step in run.steps:
        if step.outcome is not Outcome.RUNNING and conversation.has_call(step.call_id):
            conversation.resolve(step.call_id, _row(step))


def _row(step: Step) -> Row:
    return Row(
        f"call:{step.call_id}",
        RowKind.CALL,
        at=step.started_at,
        name=step.name,
        subject=step.subject,
        detail=step.detail,
        result=step.result,
        outcome=step.outcome,
        note=step.note,
        took_ms=max(0, step.ended_at - step.started_at) if step.ended_at else 0,
        live=True,
    )


def _begin(run: LiveRun, step: Step) -> LiveRun:
    if any(one.call_id == step.call_id for one in run.steps):
        return run
    steps = (*run.steps, step)
    dropped = max(0, len(steps) - MOST_STEPS)
    return replace(
        run,
        phase=Phase.TOOL,
        steps=steps[dropped:],
        dropped_steps=run.dropped_steps + dropped,
    )


def _change(run: LiveRun, call_id: str, **fields: object) -> LiveRun:
    if all(one.call_id != call_id for one in run.steps):
        return run
    steps = tuple(replace(one, **fields) if one.call_id == call_id else one for one in run.steps)
    return replace(run, steps=steps)


def _end(run: LiveRun, event: RunEnded) -> LiveRun:
    steps = tuple(
        replace(one, outcome=Outcome.UNKNOWN) if one.outcome is Outcome.RUNNING else one
        for one in run.steps
    )
    return replace(
        run,
        phase=Phase.OVER,
        steps=steps,
        error=run.error or event.error,
        aborted=event.aborted or run.aborted,
        ended_at=run.ended_at or event.ended_at,
    )


def _after_message(run: LiveRun | None, message: Message) -> LiveRun | None:
    """What was streamed is a message now."""
    if run is None or not run.reply or message.role != "assistant" or not message.text:
        return run
    text, reply = message.text, run.reply
    if text.startswith(reply) or reply.startswith(text) or run.reply_cut:
        return replace(run, reply="", reply_cut=0)
    return run
