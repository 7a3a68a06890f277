"""The demo: a sample fleet whose story is random, but the same for the same seed and times.

It reports the same events as a gateway, with `Origin.DEMO`. It reads no file and no clock: the
caller passes the parsed `demo-fleet.json`, the seed and the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cc_desktop.demo.cast import Actor, Phase
from cc_desktop.demo.policy import DEMO_GATEWAY
from cc_desktop.demo.replies import begin_order, denied, go_on, reply
from cc_desktop.demo.scenario import device_rows, load
from cc_desktop.demo.stage import ERROR_LASTS, Stage
from cc_desktop.fleet.commands import SCOPE_OF
from cc_desktop.fleet.events import (
    AgentInfo,
    ApprovalOpened,
    ConnectionChanged,
    DevicesListed,
    FactTold,
    GatewayAdded,
    QuestionOpened,
    Snapshot,
)
from cc_desktop.fleet.model import ConnectionInfo, Origin

if TYPE_CHECKING:
    from cc_desktop.fleet.commands import Command
    from cc_desktop.fleet.events import Event

GATEWAY = DEMO_GATEWAY
SHORTEST_WAIT = 2_000  # ms from one change to the next
LONGEST_WAIT = 8_000  # ms
FEWEST_BUSY = 3  # agents at work: below that, the next change is that one starts
MOST_AWAKE = 6  # agents that are not idle, those with a problem included
FAILS = 0.12  # share of the runs that fail, while no agent is in error
ASKS = 0.4  # share of the runs that ask for something, where the session has something to ask
HANGS = 0.03  # share of the tools that fall silent, while no agent is
SILENCE_LASTS = (11 * 60_000, 13 * 60_000)  # ms; over 10 min make an agent stuck


class Demo:
    """The story of the sample fleet."""

    def __init__(self, data: dict[str, Any], seed: int, now: int) -> None:
        """`data` is the parsed JSON; `now` is local ms since the epoch.

        Raises:
            ValueError: the data is not a demo fleet; says where.
        """
        self._stage = Stage(load(data), seed, now)
        self._last: Actor | None = None

    def first(self) -> list[Event]:
        """The picture as it is now: at the start, or after the steps so far."""
        stage = self._stage
        at_work = [one for one in stage.actors if one.run_id]
        shown = [one for one in at_work if one.phase is not Phase.SILENT]
        return [
            GatewayAdded(GATEWAY, "Demo"),
            # Sample data answer every command, so nothing needs a right.
            ConnectionChanged(GATEWAY, ConnectionInfo(scopes=tuple(SCOPE_OF.values()))),
            Snapshot(
                GATEWAY,
                agents=tuple(
                    AgentInfo(
                        agent.id,
                        name=agent.name,
                        emoji=agent.emoji,
                        theme=agent.theme,
                        model=agent.model,
                        role=agent.role,
                    )
                    for agent in stage.fleet.agents
                ),
                sessions=tuple(session for actor in stage.actors for session in actor.sessions),
                origin=Origin.DEMO,
                taken_at=stage.now,
            ),
            DevicesListed(GATEWAY, device_rows(stage.fleet, GATEWAY, stage.start)),
            *[FactTold(GATEWAY, fact) for fact in stage.facts.values()],
            *[event for actor in at_work for event in stage.card(actor)],
            *[stage.progress(actor) for actor in shown],
            *[ApprovalOpened(GATEWAY, actor.approval) for actor in shown if actor.approval],
            *[QuestionOpened(GATEWAY, actor.question) for actor in shown if actor.question],
        ]

    def step(self, now: int) -> tuple[list[Event], int]:
        """The next change, and the ms to wait until the one after it. `now` is local ms."""
        stage = self._stage
        self._move_to(now)
        actor = self._next()
        events = {
            Phase.IDLE: self._begin,
            Phase.THINKING: self._thought,
            Phase.TOOL: self._used,
            Phase.WAITING: self._decided,
            Phase.SILENT: self._used,
            Phase.ERROR: self._begin,
        }[actor.phase](actor)
        actor.changed = stage.now
        self._last = actor
        return [*events, *stage.facts_due()], stage.random.randint(SHORTEST_WAIT, LONGEST_WAIT)

    def reply(self, command: Command, now: int) -> tuple[str, list[Event]]:
        """Carry out what the operator asks.

        Args:
            command: The command.
            now: Local ms.

        Returns:
            Why it is refused, as a kind, or ""; and what comes of it.
        """
        self._move_to(now)
        return reply(self._stage, command)

    def _move_to(self, now: int) -> None:
        # A clock that was set back does not stop the story.
        self._stage.now = max(now, self._stage.now)

    # Who and when

    def _next(self) -> Actor:
        stage = self._stage
        held = (Phase.WAITING, Phase.SILENT, Phase.ERROR)
        told = [one for one in stage.actors if one.orders and not one.run_id]
        if told:
            return told[0]
        due = [one for one in stage.actors if one.phase in held and one.due <= stage.now]
        if due:
            return min(due, key=lambda one: one.due)
        busy = sorted((one for one in stage.actors if one.busy), key=lambda one: one.changed)
        idle = [one for one in stage.actors if one.phase is Phase.IDLE]
        few = len(busy) < FEWEST_BUSY
        more = len(stage.actors) - len(idle) < MOST_AWAKE
        if idle and (few or (more and stage.random.random() < 0.1)):
            return stage.random.choice([one for one in idle if one is not self._last] or idle)
        # One of the two that were quiet longest: nobody is left behind, and it is no round.
        if busy:
            return stage.random.choice(busy[:2])
        return min(stage.actors, key=lambda one: one.due)  # a tiny fleet: all wait for something

    # The changes

    def _begin(self, actor: Actor) -> list[Event]:
        stage = self._stage
        if actor.orders:
            return begin_order(stage, actor)
        if actor.phase is Phase.IDLE:  # a failed run is tried again where it failed
            actor.at = stage.random.randrange(len(actor.sessions))
        stage.new_run(actor)
        words = actor.words
        one_asks = any(other.approval or other.command for other in stage.actors)
        if words.approval and not one_asks and stage.random.random() < ASKS:
            actor.command = words.approval if words.approval not in actor.allowed else ""
        one_asks = any(other.question or other.asks for other in stage.actors)
        if words.questions and not one_asks:
            actor.asks = stage.random.random() < ASKS
        return stage.begin(actor)

    def _thought(self, actor: Actor) -> list[Event]:
        stage = self._stage
        tokens = stage.tokens(actor)
        if actor.command and len(actor.steps) <= 1:
            command, actor.command = actor.command, ""
            actor.doing = f"exec: {command}"
            asked = ApprovalOpened(GATEWAY, stage.ask_approval(actor, command, stage.now))
            return [stage.progress(actor), stage.change(actor, **tokens), asked]
        if actor.asks and len(actor.steps) <= 1:
            actor.asks = False
            question = stage.ask_question(actor, stage.now)
            actor.doing = f"ask_user: {question.title}"
            opened = QuestionOpened(GATEWAY, question)
            return [stage.progress(actor), stage.change(actor, **tokens), opened]
        if not actor.steps:
            return self._finish(actor, tokens)
        actor.doing = actor.steps.pop(0)
        actor.phase = Phase.TOOL
        events: list[Event] = [stage.progress(actor), stage.change(actor, **tokens)]
        if stage.random.random() < HANGS and not stage.any(Phase.SILENT):
            actor.phase = Phase.SILENT
            actor.due = stage.until(SILENCE_LASTS)
        return events

    def _used(self, actor: Actor) -> list[Event]:
        actor.phase = Phase.THINKING
        actor.doing = ""
        actor.done += 1
        return [self._stage.progress(actor), *self._stage.card(actor)]

    def _decided(self, actor: Actor) -> list[Event]:
        """Somebody else has decided, or answered."""
        if actor.approval is not None and self._stage.random.random() < 0.2:
            return denied(self._stage, actor)
        return go_on(self._stage, actor)

    def _finish(self, actor: Actor, tokens: dict[str, Any]) -> list[Event]:
        stage = self._stage
        if stage.random.random() < FAILS and not stage.any(Phase.ERROR) and not actor.reply:
            actor.phase = Phase.ERROR
            actor.due = stage.until(ERROR_LASTS)
            error = stage.random.choice(stage.fleet.errors)
            return stage.end(actor, "failed", error=error, **tokens)
        actor.phase = Phase.IDLE
        preview = actor.reply or stage.random.choice(actor.words.outcomes)
        return stage.end(actor, "done", preview=preview, **tokens)
