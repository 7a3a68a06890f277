"""The elementary moves of the story, as events: a run begins, asks, ends. Pure.

Who moves by itself, and when, is in `simulation`; what the operator's commands move, in `replies`.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cc_desktop.demo.cast import Actor, Phase
from cc_desktop.demo.policy import DEMO_GATEWAY
from cc_desktop.demo.scenario import MINUTE, DemoFleet, gateway_facts, session_row
from cc_desktop.fleet.events import (
    ApprovalClosed,
    FactGone,
    FactTold,
    QuestionClosed,
    RunProgress,
    SessionChanged,
)
from cc_desktop.fleet.facts import CronJob, ProgressCard, Task
from cc_desktop.fleet.model import Approval
from cc_desktop.fleet.requests import Question

if TYPE_CHECKING:
    from cc_desktop.demo.scenario import DemoAgent
    from cc_desktop.fleet.events import Event
    from cc_desktop.fleet.facts import Fact

GATEWAY = DEMO_GATEWAY
STEPS = (2, 4)  # tools used in a run
ERROR_LASTS = (75_000, 200_000)  # ms until a failed run is tried again
APPROVAL_LASTS = (35_000, 120_000)  # ms until somebody else decides
APPROVAL_EXPIRES = 30 * MINUTE  # ms
QUESTION_LASTS = (90_000, 240_000)  # ms until somebody else answers
QUESTION_EXPIRES = 15 * MINUTE  # ms
STUCK_LASTS = (60_000, 180_000)  # ms that the agent which is stuck at the start stays so
TASK_LASTS = 20_000  # ms that a task which is tried again takes
JOB_EVERY = 60 * MINUTE  # ms between two runs of a job
FULL = 0.85  # share of the window at which the context is compacted
COMPACTED = 0.2  # share of the window that is left then
DECISIONS = ("allow-once", "allow-always", "deny")


class Stage:
    """The actors, the sample gateway's own facts, and what can happen to them."""

    def __init__(self, fleet: DemoFleet, seed: int, now: int) -> None:
        """`now` is local ms since the epoch."""
        self.fleet = fleet
        self.random = Random(seed)
        self.start = self.now = now
        self._count = 0
        self.facts: dict[tuple[type[Fact], str], Fact] = {
            (type(fact), fact.id): fact for fact in gateway_facts(fleet, now)
        }
        self.actors = [self._actor(agent) for agent in fleet.agents]

    def until(self, span: tuple[int, int]) -> int:
        """A moment within a span of ms from now."""
        return self.now + self.random.randint(*span)

    def any(self, phase: Phase) -> bool:
        """Whether somebody is at this."""
        return any(actor.phase is phase for actor in self.actors)

    # Runs

    def _actor(self, agent: DemoAgent) -> Actor:
        model = self.fleet.models[agent.model]
        sessions = [session_row(agent, session, model, self.now) for session in agent.sessions]
        actor = Actor(agent, model, sessions, changed=self.now)
        newest = min(range(len(sessions)), key=lambda at: agent.sessions[at].ago)
        running = [at for at, one in enumerate(agent.sessions) if one.state == "running"]
        actor.at = running[0] if running else newest
        words = actor.words
        if words.state == "failed":
            actor.phase = Phase.ERROR
            actor.due = self.until(ERROR_LASTS)
        elif words.state == "running":
            self.new_run(actor)
            actor.doing = words.doing
            actor.done = words.plan_done
            if words.silent:
                actor.phase = Phase.SILENT
                actor.due = self.until(STUCK_LASTS)
            elif words.approval:
                self.ask_approval(actor, words.approval, self.now - MINUTE)
            elif words.questions:
                self.ask_question(actor, self.now - 2 * MINUTE)
            else:
                actor.phase = Phase.THINKING if words.thinking else Phase.TOOL
        return actor

    def new_run(self, actor: Actor, run_id: str = "") -> None:
        """A run that begins, with its steps."""
        self._count += 1
        actor.run_id = run_id or f"demo-run-{self._count}"
        words = actor.words
        count = min(self.random.randint(*STEPS), len(words.steps))
        begin = self.random.randint(0, len(words.steps) - count)
        actor.steps = list(words.steps[begin : begin + count])
        actor.done = 0

    def begin(self, actor: Actor) -> list[Event]:
        """What tells that a run begins."""
        actor.phase = Phase.THINKING
        actor.doing = ""
        # The run first: a session that is active without one would be shown as using a tool.
        return [
            self.progress(actor),
            self.change(
                actor,
                status="running",
                active=True,
                started_at=self.now,
                ended_at=0,
                runtime_ms=0,
                error="",
                preview="",
                aborted=False,
                digest_headline=actor.words.headline,
            ),
            *self.card(actor),
        ]

    def end(self, actor: Actor, status: str, **fields: Any) -> list[Event]:
        """A run is over, with whatever it waited for."""
        actor.run_id = actor.doing = actor.command = actor.reply = ""
        actor.asks = False
        had_card = bool(actor.words.plan)
        return [
            self.change(
                actor,
                status=status,
                active=False,
                ended_at=self.now,
                runtime_ms=self.now - actor.session.started_at,
                digest_headline="",
                **fields,
            ),
            *self.close_requests(actor),
            *([FactGone(GATEWAY, ProgressCard, actor.session.key)] if had_card else ()),
        ]

    def change(self, actor: Actor, **fields: Any) -> SessionChanged:
        """Fields of the session that it is at."""
        session = actor.session
        fields["updated_at"] = max(self.now, session.updated_at + 1)
        actor.sessions[actor.at] = replace(session, **fields)
        return SessionChanged(GATEWAY, session.key, session.agent_id, fields)

    def progress(self, actor: Actor) -> RunProgress:
        """What its run does now."""
        return RunProgress(
            GATEWAY,
            actor.agent.id,
            actor.session.key,
            actor.run_id,
            thinking=actor.phase is Phase.THINKING,
            activity=actor.doing,
        )

    def card(self, actor: Actor) -> list[Event]:
        """How far it is in its plan, where it keeps one."""
        plan = actor.words.plan
        if not plan:
            return []
        done = min(actor.done, len(plan) - 1)
        return [FactTold(GATEWAY, ProgressCard(actor.session.key, done, len(plan), plan[done]))]

    def tokens(self, actor: Actor) -> dict[str, Any]:
        """What one answer of the model costs."""
        read = self.random.randint(900, 4_200)
        written = self.random.randint(120, 900)
        session, model = actor.session, actor.model
        used = session.total_tokens + read + written
        if used > model.context_tokens * FULL:
            used = int(model.context_tokens * COMPACTED)
        cost = (read * model.usd_per_million_in + written * model.usd_per_million_out) / 1_000_000
        return {
            "input_tokens": session.input_tokens + read,
            "output_tokens": session.output_tokens + written,
            "total_tokens": used,
            "cost_usd": round(session.cost_usd + cost, 4),
        }

    # What waits for a person

    def ask_approval(self, actor: Actor, command: str, opened: int) -> Approval:
        """It waits for a decision. `opened` is local ms."""
        self._count += 1
        actor.phase = Phase.WAITING
        actor.due = self.until(APPROVAL_LASTS)
        details = actor.words.approval_details
        approval = actor.approval = Approval(
            id=f"demo-approval-{self._count}",
            agent_id=actor.agent.id,
            session_key=actor.session.key,
            title=command,
            opened_at=opened,
            expires_at=opened + APPROVAL_EXPIRES,
            run_id=actor.run_id,
            family="exec",
            command=command,
            cwd=details.cwd,
            host=details.host,
            warning=details.warning,
            decisions=DECISIONS,
        )
        return approval

    def ask_question(self, actor: Actor, opened: int) -> Question:
        """It waits for an answer. `opened` is local ms."""
        self._count += 1
        actor.phase = Phase.WAITING
        actor.due = self.until(QUESTION_LASTS)
        question = actor.question = Question(
            id=f"demo-question-{self._count}",
            agent_id=actor.agent.id,
            parts=actor.words.questions,
            session_key=actor.session.key,
            run_id=actor.run_id,
            opened_at=opened,
            expires_at=opened + QUESTION_EXPIRES,
            can_answer=True,
        )
        return question

    def close_requests(self, actor: Actor) -> list[Event]:
        """It waits for nobody any more."""
        closed: list[Event] = []
        if actor.approval is not None:
            closed.append(ApprovalClosed(GATEWAY, actor.agent.id, actor.approval.id))
        if actor.question is not None:
            closed.append(QuestionClosed(GATEWAY, actor.agent.id, actor.question.id))
        actor.approval = actor.question = None
        return closed

    # The gateway's own facts

    def tell(self, fact: Fact) -> FactTold:
        """A fact is another than before."""
        self.facts[type(fact), fact.id] = fact
        return FactTold(GATEWAY, fact)

    def facts_due(self) -> list[Event]:
        """What time alone changes: jobs run, and tasks that were tried again come to their end."""
        told: list[Event] = []
        for fact in list(self.facts.values()):
            if isinstance(fact, CronJob) and fact.next_run_at <= self.now:
                ran = {"last_run_at": self.now, "last_status": "ok", "last_error": ""}
                later = self.now + JOB_EVERY
                told.append(self.tell(replace(fact, **ran, error_reason="", next_run_at=later)))
            if isinstance(fact, Task) and fact.status == "running" and self._is_over(fact):
                done = replace(fact, status="completed", error="", ended_at=self.now)
                told.append(self.tell(done))
        return told

    def _is_over(self, task: Task) -> bool:
        return task.started_at + TASK_LASTS <= self.now
