"""Whatever is lost, doubled or out of order: after lists, the inbox is that of a fresh start."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.facts import (
    Channel,
    ChannelState,
    Condition,
    ConditionKind,
    CronJob,
    Fact,
    JoinRequest,
    Quota,
    SignIn,
    Subject,
    Task,
)
from cc_desktop.fleet.inbox.open_items import open_items
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Origin, Session
from cc_desktop.fleet.requests import Approval, Question, QuestionPart
from cc_desktop.fleet.store import Store

START = 1_800_000_000_000
AGENTS = ("otto", "rex", "dex")
SUBJECTS = ("cron", "tasks", "sign-ins", "quotas", "config", "joins", "approvals", "questions")
CAUSES = ("", "no such file", "529 overloaded", "prompt too long", "who knows 17")
FACTS: dict[type[Fact], tuple[Fact, ...]] = {
    CronJob: (
        CronJob("j", "J", "rex", last_status="error", last_run_at=START),
        CronJob("j", "J", "rex", last_status="ok", last_run_at=START),
        CronJob("j", "J", "rex", next_run_at=START - 900_000),
        CronJob("k", is_undelivered=True),
    ),
    Task: (
        Task("t", "dex", "agent:dex:main", status="failed", ended_at=START),
        Task("u", status="completed", delivery="failed", ended_at=START),
    ),
    SignIn: (SignIn("p", status="expired"), SignIn("p", status="ok")),
    Quota: (Quota("q", used_percent=95.0), Quota("q", used_percent=5.0)),
    Channel: (Channel("c", state=ChannelState.DEGRADED), Channel("c")),
    JoinRequest: (JoinRequest("d", name="D", since=START, expires_at=START + 300_000),),
    Condition: (
        Condition("runtime", ConditionKind.RUNTIME),
        Condition("update", ConditionKind.UPDATE, detail="2"),
    ),
}


class World:
    """What a gateway knows, and the events by which it tells."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.now = START
        self.rows = {
            key: Session(key, key.split(":")[1], session_id=key, updated_at=START, status="done")
            for key in (f"agent:{agent}:{rest}" for agent in AGENTS for rest in ("main", "side"))
        }
        self.approvals: dict[str, Approval] = {}
        self.questions: dict[str, Question] = {}
        self.facts: dict[type[Fact], dict[str, Fact]] = {kind: {} for kind in FACTS}

    def step(self) -> list[ev.Event]:
        """Something happens. Returns what the gateway says of it."""
        self.now += 1_000
        what = self._rng.choice((self._run, self._run, self._run, self._request, self._fact))
        return what()

    def _run(self) -> list[ev.Event]:
        key = self._rng.choice(list(self.rows))
        row, run = self.rows[key], f"run {self.now}"
        if row.active:
            error = self._rng.choice(CAUSES)
            ended: dict[str, Any] = {"ended_at": self.now, "active": False, "error": error}
            ended["status"] = "failed" if error else "done"
            step = ev.RunProgress(
                "gw", row.agent_id, key, row.label, error=error or None, over=True
            )
        else:
            ended = {"ended_at": 0, "active": True, "error": "", "status": "running"}
            ended |= {"label": run, "started_at": self.now}
            step = ev.RunProgress("gw", row.agent_id, key, run, starts=True)
        after = self.rows[key] = replace(row, updated_at=self.now, **ended)
        fields = asdict(after)
        del fields["key"], fields["agent_id"]
        return [step, ev.SessionChanged("gw", key, row.agent_id, fields, complete=True)]

    def _request(self) -> list[ev.Event]:
        agent, until = self._rng.choice(AGENTS), self.now + 900_000
        key, ident = f"agent:{agent}:main", str(self.now)
        if self.approvals and self._rng.random() < 0.3:
            done = self.approvals.pop(self._rng.choice(list(self.approvals)))
            return [ev.ApprovalClosed("gw", "", done.id, "deny")]
        if self.questions and self._rng.random() < 0.3:
            answered = self.questions.pop(self._rng.choice(list(self.questions)))
            return [ev.QuestionClosed("gw", "", answered.id, "answered")]
        if not self.rows[key].active:
            return []
        if self._rng.random() < 0.5:
            one = Approval(f"a{ident}", agent, key, "rm", self.now, until, family="exec")
            self.approvals[one.id] = one
            return [ev.ApprovalOpened("gw", one)]
        parts = (QuestionPart("p", f"Which {ident}?"),)
        asked = Question(f"q{ident}", agent, parts, key, "", self.now, until, can_answer=True)
        self.questions[asked.id] = asked
        return [ev.QuestionOpened("gw", asked)]

    def _fact(self) -> list[ev.Event]:
        kind = self._rng.choice(list(FACTS))
        known, record = self.facts[kind], self._rng.choice(FACTS[kind])
        if record.id in known and self._rng.random() < 0.3:
            del known[record.id]
            return [ev.FactGone("gw", kind, record.id)]
        known[record.id] = record
        return [ev.FactTold("gw", record)]

    def settle(self) -> None:
        """A run that is over waits for nothing: its gateway withdraws what it asked."""
        active = {key for key, row in self.rows.items() if row.active}
        self.approvals = {k: one for k, one in self.approvals.items() if one.session_key in active}
        self.questions = {k: one for k, one in self.questions.items() if one.session_key in active}

    def lists(self) -> list[ev.Event]:
        """All that a fresh connection is told."""
        infos = tuple(ev.AgentInfo(agent) for agent in AGENTS)
        found: list[ev.Event] = [
            ev.Snapshot("gw", infos, tuple(self.rows.values()), taken_at=self.now),
            ev.ApprovalsListed("gw", ("exec",), tuple(self.approvals.values())),
            ev.QuestionsListed("gw", tuple(self.questions.values())),
        ]
        found += [
            ev.FactsListed("gw", kind, tuple(known.values())) for kind, known in self.facts.items()
        ]
        found += [ev.FactTold("gw", Subject(subject)) for subject in SUBJECTS]
        return found


def store_of(world: World) -> Store:
    store = Store(lambda: world.now, lambda: world.now - START)
    store.apply(ev.GatewayAdded("gw", "Gateway"))
    return store


def live(store: Store, world: World) -> None:
    for event in world.lists():
        store.apply(event)
    store.apply(ev.ConnectionChanged("gw", ConnectionInfo(ConnectionState.LIVE)))
    store.apply(ev.Tick("gw"))


def inbox(store: Store) -> list[dict[str, Any]]:
    """All items. Since when a thing without a time of its own is known, is another matter."""
    timeless = ("channel", "runtime", "update", "sign-in-expired", "quota", "undelivered")
    return [
        {**asdict(item), "since": 0 if item.kind in timeless else item.since}
        for item in sorted(open_items(store.fleet, parts=True), key=lambda item: item.id)
    ]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**32),
    steps=st.integers(1, 60),
    lost=st.sampled_from((0.0, 0.3)),
    twice=st.sampled_from((0.0, 0.5)),
    late=st.sampled_from((0, 4, 60)),
    away=st.booleans(),
)
def test_the_inbox_after_lists_is_that_of_a_fresh_start(
    seed: int, steps: int, lost: float, twice: float, late: int, away: bool
) -> None:
    rng = random.Random(seed)
    world = World(rng)
    store = store_of(world)
    live(store, world)
    told: list[tuple[float, ev.Event]] = []
    for number in range(steps):
        for event in world.step():
            times = 2 if rng.random() < twice else 1
            told += [(number + rng.uniform(0, late), event) for _ in range(times)]
    for _, event in sorted(told, key=lambda pair: pair[0]):
        if rng.random() >= lost:
            store.apply(event)
    if away:
        store.apply(ev.OriginChanged("gw", Origin.LAST_KNOWN))
        store.apply(ev.ConnectionChanged("gw", ConnectionInfo(ConnectionState.WAITING)))
    world.now += 20_000
    world.settle()
    live(store, world)
    fresh = store_of(world)
    live(fresh, world)
    assert inbox(store) == inbox(fresh)


def test_such_a_world_has_items_of_many_kinds() -> None:
    kinds = set()
    for seed in range(60):
        world = World(random.Random(seed))
        for _ in range(60):
            world.step()
        world.settle()
        fresh = store_of(world)
        live(fresh, world)
        kinds |= {item.kind.value for item in open_items(fresh.fleet, parts=True)}
    assert kinds >= {"failed", "approval", "question", "context-full", "cron-failed", "channel"}
    assert len(kinds) >= 12
