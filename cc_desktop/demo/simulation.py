"""The demo: a sample fleet whose story is random, but the same for the same seed and times.

It reports the same events as a gateway, with `Origin.DEMO`. It reads no file and no clock: the
caller passes the parsed `demo-fleet.json`, the seed and the time.
"""

from __future__ import annotations

from enum import Enum, auto
from random import Random
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from cc_desktop.demo.policy import DEMO_GATEWAY
from cc_desktop.demo.scenario import MINUTE, DemoAgent, DemoModel, load, session_row
from cc_desktop.fleet.commands import MarkSeen, MarkUnseen
from cc_desktop.fleet.events import (
    AgentInfo,
    ApprovalClosed,
    ApprovalOpened,
    CommandDone,
    CommandRefused,
    CommandSent,
    DevicesListed,
    GatewayAdded,
    RunProgress,
    Seen,
    SessionChanged,
    Snapshot,
    Unseen,
)
from cc_desktop.fleet.model import Approval, Device, Origin, Session

if TYPE_CHECKING:
    from cc_desktop.demo.scenario import DemoSession
    from cc_desktop.fleet.commands import Command
    from cc_desktop.fleet.events import Event

GATEWAY = DEMO_GATEWAY
SHORTEST_WAIT = 2_000  # ms from one change to the next
LONGEST_WAIT = 8_000  # ms
FEWEST_BUSY = 3  # agents at work: below that, the next change is that one starts
MOST_AWAKE = 6  # agents that are not idle, those with a problem included
STEPS = (2, 4)  # tools used in a run
FAILS = 0.12  # share of the runs that fail, while no agent is in error
ASKS = 0.4  # share of the runs that ask for approval, where the session has a command to approve
HANGS = 0.03  # share of the tools that fall silent, while no agent is
ERROR_LASTS = (75_000, 200_000)  # ms until a failed run is tried again
APPROVAL_LASTS = (35_000, 120_000)  # ms until somebody decides
APPROVAL_EXPIRES = 30 * 60_000  # ms
STUCK_LASTS = (60_000, 180_000)  # ms that the agent which is stuck at the start stays so
SILENCE_LASTS = (11 * 60_000, 13 * 60_000)  # ms; over 10 min make an agent stuck
FULL = 0.85  # share of the window at which the context is compacted
COMPACTED = 0.2  # share of the window that is left then


class _Phase(Enum):
    IDLE = auto()
    THINKING = auto()
    TOOL = auto()
    WAITING = auto()
    SILENT = auto()
    ERROR = auto()


class _Actor(Struct):
    """An agent of the story and where in its run it is."""

    agent: DemoAgent
    model: DemoModel
    sessions: list[Session]
    phase: _Phase = _Phase.IDLE
    at: int = 0  # which session
    run_id: str = ""
    doing: str = ""
    steps: list[str] = field(default_factory=list)  # tools that are still to come
    command: str = ""  # to be approved in this run
    approval: Approval | None = None
    changed: int = 0  # ms
    due: int = 0  # ms: when waiting, silence or error end

    @property
    def session(self) -> Session:
        return self.sessions[self.at]

    @property
    def words(self) -> DemoSession:
        return self.agent.sessions[self.at]

    @property
    def busy(self) -> bool:
        return self.phase in (_Phase.THINKING, _Phase.TOOL)


class Demo:
    """The story of the sample fleet."""

    def __init__(self, data: dict[str, Any], seed: int, now: int) -> None:
        """`data` is the parsed JSON; `now` is local ms since the epoch.

        Raises:
            ValueError: the data is not a demo fleet; says where.
        """
        self._fleet = load(data)
        self._random = Random(seed)
        self._start = self._now = now
        self._count = 0
        self._last: _Actor | None = None
        self._actors = [self._actor(agent) for agent in self._fleet.agents]

    def first(self) -> list[Event]:
        """The picture as it is now: at the start, or after the steps so far."""
        progress = [self._progress(actor) for actor in self._actors if actor.run_id and actor.busy]
        waiting = [actor for actor in self._actors if actor.approval]
        return [
            GatewayAdded(GATEWAY, "Demo"),
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
                    for agent in self._fleet.agents
                ),
                sessions=tuple(session for actor in self._actors for session in actor.sessions),
                origin=Origin.DEMO,
                taken_at=self._now,
            ),
            DevicesListed(
                GATEWAY,
                tuple(
                    Device(
                        GATEWAY,
                        device.id,
                        device.name,
                        device.platform,
                        device.mode,
                        device.online,
                        since=self._start - int(device.minutes_ago * MINUTE),
                    )
                    for device in self._fleet.devices
                ),
            ),
            *progress,
            *[self._progress(actor) for actor in waiting],
            *[ApprovalOpened(GATEWAY, actor.approval) for actor in waiting if actor.approval],
        ]

    def step(self, now: int) -> tuple[list[Event], int]:
        """The next change, and the ms to wait until the one after it. `now` is local ms."""
        self._now = max(now, self._now)  # a clock that was set back does not stop the story
        actor = self._next()
        events = {
            _Phase.IDLE: self._begin,
            _Phase.THINKING: self._thought,
            _Phase.TOOL: self._used,
            _Phase.WAITING: self._decided,
            _Phase.SILENT: self._used,
            _Phase.ERROR: self._begin,
        }[actor.phase](actor)
        actor.changed = self._now
        self._last = actor
        return events, self._random.randint(SHORTEST_WAIT, LONGEST_WAIT)

    def execute(self, command: Command) -> list[Event]:
        """What a command leads to. There is no gateway to reach, so those about one are refused."""
        sent = CommandSent(GATEWAY, command)
        if not isinstance(command, MarkSeen | MarkUnseen):
            return [sent, CommandRefused(GATEWAY, command.id, "demo")]
        rows = [
            row
            for actor in self._actors
            if actor.agent.id == command.agent
            for row in actor.sessions
            if row.key in command.sessions or not command.sessions
        ]
        marked: Event
        if isinstance(command, MarkSeen):
            marked = Seen(GATEWAY, {row.key: row.finished_at for row in rows if row.failed})
        else:
            marked = Unseen(GATEWAY, frozenset(row.key for row in rows))
        return [sent, marked, CommandDone(GATEWAY, command.id)]

    # Who and when

    def _next(self) -> _Actor:
        held = (_Phase.WAITING, _Phase.SILENT, _Phase.ERROR)
        due = [one for one in self._actors if one.phase in held and one.due <= self._now]
        if due:
            return min(due, key=lambda one: one.due)
        busy = sorted((one for one in self._actors if one.busy), key=lambda one: one.changed)
        idle = [one for one in self._actors if one.phase is _Phase.IDLE]
        few = len(busy) < FEWEST_BUSY
        more = len(self._actors) - len(idle) < MOST_AWAKE
        if idle and (few or (more and self._random.random() < 0.1)):
            return self._random.choice([one for one in idle if one is not self._last] or idle)
        # One of the two that were quiet longest: nobody is left behind, and it is no round.
        if busy:
            return self._random.choice(busy[:2])
        return min(self._actors, key=lambda one: one.due)  # a tiny fleet: all wait for something

    def _any(self, phase: _Phase) -> bool:
        return any(actor.phase is phase for actor in self._actors)

    def _until(self, span: tuple[int, int]) -> int:
        return self._now + self._random.randint(*span)

    # The start

    def _actor(self, agent: DemoAgent) -> _Actor:
        model = self._fleet.models[agent.model]
        sessions = [session_row(agent, session, model, self._now) for session in agent.sessions]
        actor = _Actor(agent, model, sessions, changed=self._now)
        newest = min(range(len(sessions)), key=lambda at: agent.sessions[at].ago)
        running = [at for at, one in enumerate(agent.sessions) if one.state == "running"]
        actor.at = running[0] if running else newest
        words = actor.words
        if words.state == "failed":
            actor.phase = _Phase.ERROR
            actor.due = self._until(ERROR_LASTS)
        elif words.state == "running":
            self._new_run(actor)
            actor.doing = words.doing
            if words.silent:
                actor.phase = _Phase.SILENT
                actor.due = self._until(STUCK_LASTS)
            elif words.approval:
                self._ask(actor, words.approval, self._now - MINUTE)
            else:
                actor.phase = _Phase.THINKING if words.thinking else _Phase.TOOL
        return actor

    def _new_run(self, actor: _Actor) -> None:
        self._count += 1
        actor.run_id = f"demo-run-{self._count}"
        words = actor.words
        count = min(self._random.randint(*STEPS), len(words.steps))
        begin = self._random.randint(0, len(words.steps) - count)
        actor.steps = list(words.steps[begin : begin + count])

    # The changes

    def _begin(self, actor: _Actor) -> list[Event]:
        if actor.phase is _Phase.IDLE:  # a failed run is tried again where it failed
            actor.at = self._random.randrange(len(actor.sessions))
        self._new_run(actor)
        one_asks = any(other.approval or other.command for other in self._actors)
        if actor.words.approval and not one_asks and self._random.random() < ASKS:
            actor.command = actor.words.approval
        actor.phase = _Phase.THINKING
        actor.doing = ""
        # The run first: a session that is active without one would be shown as using a tool.
        return [
            self._progress(actor),
            self._change(
                actor,
                status="running",
                active=True,
                started_at=self._now,
                ended_at=0,
                runtime_ms=0,
                error="",
                aborted=False,
            ),
        ]

    def _thought(self, actor: _Actor) -> list[Event]:
        tokens = self._tokens(actor)
        if actor.command and len(actor.steps) <= 1:
            command, actor.command = actor.command, ""
            actor.doing = f"exec: {command}"
            asked = ApprovalOpened(GATEWAY, self._ask(actor, command, self._now))
            return [self._progress(actor), self._change(actor, **tokens), asked]
        if not actor.steps:
            return self._finish(actor, tokens)
        actor.doing = actor.steps.pop(0)
        actor.phase = _Phase.TOOL
        events: list[Event] = [self._progress(actor), self._change(actor, **tokens)]
        if self._random.random() < HANGS and not self._any(_Phase.SILENT):
            actor.phase = _Phase.SILENT
            actor.due = self._until(SILENCE_LASTS)
        return events

    def _used(self, actor: _Actor) -> list[Event]:
        actor.phase = _Phase.THINKING
        actor.doing = ""
        return [self._progress(actor)]

    def _ask(self, actor: _Actor, command: str, opened: int) -> Approval:
        self._count += 1
        actor.phase = _Phase.WAITING
        actor.due = self._until(APPROVAL_LASTS)
        approval = actor.approval = Approval(
            id=f"demo-approval-{self._count}",
            agent_id=actor.agent.id,
            session_key=actor.session.key,
            title=command,
            opened_at=opened,
            expires_at=opened + APPROVAL_EXPIRES,
        )
        return approval

    def _decided(self, actor: _Actor) -> list[Event]:
        approval, actor.approval = actor.approval, None
        closed: list[Event] = [
            ApprovalClosed(GATEWAY, actor.agent.id, one.id) for one in (approval,) if one
        ]
        if self._random.random() < 0.2:
            actor.phase = _Phase.IDLE
            preview = "Stopped: the command was not allowed."
            return [*self._end(actor, "killed", aborted=True, preview=preview), *closed]
        actor.phase = _Phase.TOOL  # the command runs now
        return [self._progress(actor), *closed]

    def _finish(self, actor: _Actor, tokens: dict[str, Any]) -> list[Event]:
        if self._random.random() < FAILS and not self._any(_Phase.ERROR):
            actor.phase = _Phase.ERROR
            actor.due = self._until(ERROR_LASTS)
            return self._end(
                actor, "failed", error=self._random.choice(self._fleet.errors), **tokens
            )
        actor.phase = _Phase.IDLE
        preview = self._random.choice(actor.words.outcomes)
        return self._end(actor, "done", preview=preview, **tokens)

    def _end(self, actor: _Actor, status: str, **fields: Any) -> list[Event]:
        actor.run_id = actor.doing = actor.command = ""
        return [
            self._change(
                actor,
                status=status,
                active=False,
                ended_at=self._now,
                runtime_ms=self._now - actor.session.started_at,
                **fields,
            )
        ]

    def _tokens(self, actor: _Actor) -> dict[str, Any]:
        """What one answer of the model costs."""
        read = self._random.randint(900, 4_200)
        written = self._random.randint(120, 900)
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

    def _change(self, actor: _Actor, **fields: Any) -> SessionChanged:
        session = actor.session
        fields["updated_at"] = max(self._now, session.updated_at + 1)
        actor.sessions[actor.at] = replace(session, **fields)
        return SessionChanged(GATEWAY, session.key, session.agent_id, fields)

    def _progress(self, actor: _Actor) -> RunProgress:
        return RunProgress(
            GATEWAY,
            actor.agent.id,
            actor.session.key,
            actor.run_id,
            thinking=actor.phase is _Phase.THINKING,
            activity=actor.doing,
        )
