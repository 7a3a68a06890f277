"""The demo answers commands as a gateway would, so that everything can be tried."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.demo.simulation import GATEWAY, Demo
from cc_desktop.fleet.commands import (
    AnswerQuestion,
    ChangeTask,
    Reconnect,
    Refresh,
    ResolveApproval,
    Right,
    SendMessage,
    StopRun,
    TaskAction,
    rights_in,
)
from cc_desktop.fleet.model import Fleet, Status
from cc_desktop.fleet.reducer import reduce

if TYPE_CHECKING:
    from cc_desktop.fleet.commands import Command
    from cc_desktop.fleet.events import Event
    from cc_desktop.fleet.model import Agent

NOW = 1_790_000_000_000
FILE = Path(__file__).parents[2] / "resources" / "demo-fleet.json"
DATA: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
TASK = "demo-task-translate"


class Told:
    """A demo, and the fleet as its events make it."""

    def __init__(self, seed: int = 1) -> None:
        self.demo = Demo(copy.deepcopy(DATA), seed, NOW)
        self.now = NOW
        self.fleet = Fleet()
        self.apply(self.demo.first())

    def apply(self, events: list[Event]) -> None:
        for event in events:
            self.fleet, _ = reduce(self.fleet, event, self.now)

    def agent(self, ident: str) -> Agent:
        return self.fleet.gateways[GATEWAY].agents[ident]

    def do(self, command: Command) -> str:
        refused, events = self.demo.reply(command, self.now)
        assert not (refused and events)
        self.apply(events)
        return refused

    def step(self) -> None:
        events, wait = self.demo.step(self.now)
        self.apply(events)
        self.now += wait

    def step_until_idle(self, ident: str) -> Agent:
        for _ in range(200):
            if not self.agent(ident).heard:
                return self.agent(ident)
            self.step()
        pytest.fail("its run never ended")


def approval(told: Told) -> ResolveApproval:
    [one] = told.agent("dex").approvals.values()
    return ResolveApproval(gateway=GATEWAY, agent="dex", approval=one.id, decision="allow-once")


def question(told: Told) -> AnswerQuestion:
    [one] = told.agent("sketch").questions.values()
    answers = {"shapes": ("Plain",), "sizes": ("16 px", "32 px")}
    return AnswerQuestion(gateway=GATEWAY, agent="sketch", question=one.id, answers=answers)


def test_it_says_that_everything_is_allowed() -> None:
    scopes = Told().fleet.gateways[GATEWAY].connection.scopes
    assert set(rights_in(scopes)) == set(Right)


def test_an_approved_command_runs() -> None:
    told = Told()
    command = approval(told)
    assert told.do(command) == ""
    assert told.agent("dex").status is Status.ACTIVE
    assert not told.agent("dex").approvals
    assert told.do(command) == "gone"


def test_a_denied_command_does_not_run() -> None:
    told = Told()
    command = approval(told)
    denied = ResolveApproval(
        gateway=GATEWAY, agent="dex", approval=command.approval, decision="deny"
    )
    assert told.do(denied) == ""
    dex = told.agent("dex")
    assert dex.status is Status.IDLE
    assert dex.sessions["agent:dex:slack:deploy"].preview.endswith("not allowed.")


def test_only_decisions_that_are_offered_are_taken() -> None:
    told = Told()
    one = approval(told)
    odd = ResolveApproval(gateway=GATEWAY, agent="dex", approval=one.approval, decision="perhaps")
    assert told.do(odd) == "not-allowed"
    assert told.agent("dex").approvals


def test_what_is_always_allowed_is_not_asked_again() -> None:
    told = Told(3)
    one = approval(told)
    always = ResolveApproval(
        gateway=GATEWAY, agent="dex", approval=one.approval, decision="allow-always"
    )
    assert told.do(always) == ""
    for _ in range(1_500):
        told.step()
        titles = {each.title for each in told.agent("dex").approvals.values()}
        assert "uname -a && make deploy" not in titles


def test_an_answered_question_lets_the_run_go_on() -> None:
    told = Told()
    command = question(told)
    assert told.do(command) == ""
    assert told.agent("sketch").status is Status.ACTIVE
    assert told.do(command) == "gone"


def test_a_question_wants_an_answer_to_each_part() -> None:
    told = Told()
    command = question(told)
    part = AnswerQuestion(
        gateway=GATEWAY, agent="sketch", question=command.question, answers={"shapes": ("Plain",)}
    )
    assert told.do(part) == "refused"
    cancel = AnswerQuestion(gateway=GATEWAY, agent="sketch", question=command.question, cancel=True)
    assert told.do(cancel) == ""


@pytest.mark.parametrize("agent", ["otto", "dex", "sketch", "hex"])
def test_a_run_can_be_stopped_whatever_it_waits_for(agent: str) -> None:
    told = Told()
    [key] = told.agent(agent).heard
    stop = StopRun(gateway=GATEWAY, agent=agent, session_key=key)
    assert told.do(stop) == ""
    stopped = told.agent(agent)
    assert stopped.status is Status.IDLE
    assert not stopped.approvals
    assert not stopped.questions
    assert stopped.sessions[key].status == "killed"
    assert told.do(stop) == "not-running"
    assert key not in told.fleet.gateways[GATEWAY].facts.progress


def test_a_message_starts_a_run_that_answers_it_and_says_what_it_is() -> None:
    told = Told()
    key = "agent:stuart:cron:uptime"
    sent = SendMessage(gateway=GATEWAY, agent="stuart", session_key=key, text="How is it?", id="m1")
    assert told.do(sent) == ""
    run = told.agent("stuart").runs[key]
    assert (run.run_id, told.agent("stuart").status) == ("m1", Status.THINKING)
    assert "sample" in told.step_until_idle("stuart").sessions[key].preview


def test_a_message_to_a_busy_agent_comes_next() -> None:
    told = Told()
    key = "agent:otto:telegram:daily"
    assert (
        told.do(SendMessage(gateway=GATEWAY, agent="otto", session_key=key, text="And?", id="m1"))
        == ""
    )
    for _ in range(200):
        told.step()
        run = told.agent("otto").runs.get(key)
        if run is not None and run.run_id == "m1":
            return
    pytest.fail("it never began")


def test_a_message_steers_the_run_in_progress() -> None:
    told = Told()
    [key] = told.agent("otto").heard
    steer = SendMessage(
        gateway=GATEWAY, agent="otto", session_key=key, text="Faster", steer=True, id="m1"
    )
    assert told.do(steer) == ""
    assert "sample" in told.step_until_idle("otto").sessions[key].preview


def test_a_failed_task_can_be_tried_again_and_put_away() -> None:
    told = Told()
    tasks = told.fleet.gateways[GATEWAY].facts.tasks
    assert tasks[TASK].status == "failed"
    assert told.do(ChangeTask(gateway=GATEWAY, task=TASK, action=TaskAction.RETRY)) == ""
    assert told.fleet.gateways[GATEWAY].facts.tasks[TASK].status == "running"
    assert told.do(ChangeTask(gateway=GATEWAY, task=TASK, action=TaskAction.RETRY)) == "refused"
    for _ in range(30):
        told.step()
    assert told.fleet.gateways[GATEWAY].facts.tasks[TASK].status == "completed"
    cancel = ChangeTask(gateway=GATEWAY, task=TASK, action=TaskAction.CANCEL)
    assert told.do(cancel) == "not-running"
    assert told.do(ChangeTask(gateway=GATEWAY, task=TASK, action=TaskAction.DISMISS)) == ""
    assert TASK not in told.fleet.gateways[GATEWAY].facts.tasks
    assert told.do(cancel) == "gone"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (Reconnect(), "demo"),
        (Refresh(GATEWAY), "demo"),
        (SendMessage(gateway=GATEWAY, agent="x", session_key="y", text="z"), "unknown-agent"),
        (SendMessage(gateway=GATEWAY, agent="otto", session_key="y", text="z"), "unknown-agent"),
        (StopRun(gateway=GATEWAY, agent="x", session_key="y"), "not-running"),
    ],
    ids=repr,
)
def test_what_cannot_be_done_is_refused(command: Command, reason: str) -> None:
    assert Told().do(command) == reason
