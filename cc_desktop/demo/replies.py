"""What the operator's commands do to the story, so that everything can be tried. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.demo.cast import Actor, Phase
from cc_desktop.demo.stage import DECISIONS, GATEWAY
from cc_desktop.fleet.commands import (
    AnswerQuestion,
    ChangeTask,
    ResolveApproval,
    SendMessage,
    StopRun,
    TaskAction,
)
from cc_desktop.fleet.events import FactGone
from cc_desktop.fleet.facts import Task

if TYPE_CHECKING:
    from cc_desktop.demo.stage import Stage
    from cc_desktop.fleet.commands import Command
    from cc_desktop.fleet.events import Event

Reply = tuple[str, list["Event"]]  # why it is refused, as a kind, or ""; and what comes of it


def reply(stage: Stage, command: Command) -> Reply:
    """Carry out a command as a gateway would. What only a real gateway can do is refused."""
    match command:
        case ResolveApproval():
            return _decide(stage, command)
        case AnswerQuestion():
            return _answer(stage, command)
        case StopRun():
            return _stop(stage, command)
        case SendMessage():
            return _send(stage, command)
        case ChangeTask():
            return _change_task(stage, command)
    return "demo", []


def _decide(stage: Stage, command: ResolveApproval) -> Reply:
    for actor in stage.actors:
        if actor.approval is None or actor.approval.id != command.approval:
            continue
        if command.decision not in DECISIONS:
            return "not-allowed", []
        if command.decision == "deny":
            return "", denied(stage, actor)
        if command.decision == "allow-always":
            actor.allowed.add(actor.approval.title)
        return "", go_on(stage, actor)
    return "gone", []


def denied(stage: Stage, actor: Actor) -> list[Event]:
    """The run ends without what was not allowed."""
    actor.phase = Phase.IDLE
    preview = "Stopped: the command was not allowed."
    return stage.end(actor, "killed", aborted=True, preview=preview)


def go_on(stage: Stage, actor: Actor) -> list[Event]:
    """What was waited for has come: the tool runs now."""
    actor.phase = Phase.TOOL
    return [stage.progress(actor), *stage.close_requests(actor)]


def _answer(stage: Stage, command: AnswerQuestion) -> Reply:
    for actor in stage.actors:
        question = actor.question
        if question is None or question.id != command.question:
            continue
        missing = {part.id for part in question.parts} - set(command.answers)
        if missing and not command.cancel:
            return "refused", []
        return "", go_on(stage, actor)
    return "gone", []


def _stop(stage: Stage, command: StopRun) -> Reply:
    actor = _whose(stage, command.agent)
    if actor is None or not actor.run_id or actor.session.key != command.session_key:
        return "not-running", []
    if command.run_id and command.run_id != actor.run_id:
        return "not-running", []
    actor.phase = Phase.IDLE
    actor.changed = stage.now
    return "", stage.end(actor, "killed", aborted=True, preview="Stopped by you.")


def _send(stage: Stage, command: SendMessage) -> Reply:
    actor = _whose(stage, command.agent)
    place = actor.place_of(command.session_key) if actor is not None else None
    if actor is None or place is None:
        return "unknown-agent", []
    if actor.run_id:
        if place == actor.at and command.steer:
            actor.reply = _words(stage)
        else:
            actor.orders.append((place, command.id))
        return "", []
    actor.orders.append((place, command.id))
    return "", begin_order(stage, actor)


def begin_order(stage: Stage, actor: Actor) -> list[Event]:
    """Begin the run for the oldest message that waits."""
    actor.at, run_id = actor.orders.pop(0)
    stage.new_run(actor, run_id)
    actor.reply = _words(stage)
    actor.changed = stage.now
    return stage.begin(actor)


def _words(stage: Stage) -> str:
    return stage.random.choice(stage.fleet.replies)


def _whose(stage: Stage, agent: str) -> Actor | None:
    return next((one for one in stage.actors if one.agent.id == agent), None)


def _change_task(stage: Stage, command: ChangeTask) -> Reply:
    task = stage.facts.get((Task, command.task))
    if not isinstance(task, Task):
        return "gone", []
    running = task.status == "running"
    if command.action is TaskAction.DISMISS:
        del stage.facts[Task, task.id]
        return "", [FactGone(GATEWAY, Task, task.id)]
    if running is (command.action is TaskAction.RETRY):
        return "not-running" if not running else "refused", []
    if command.action is TaskAction.CANCEL:
        return "", [stage.tell(replace(task, status="cancelled", ended_at=stage.now))]
    again = replace(task, status="running", error="", started_at=stage.now, ended_at=0)
    return "", [stage.tell(again)]
