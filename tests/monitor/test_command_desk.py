"""Commands go down one way, and the model says how far each is."""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from cc_desktop.config.seen_marks import SeenMarks
from cc_desktop.fleet import events as ev
from cc_desktop.fleet import facts
from cc_desktop.fleet.commands import (
    AnswerQuestion,
    CommandPhase,
    GatewayAction,
    MarkItems,
    ResolveApproval,
    StopAll,
    StopRun,
    WatchRun,
)
from cc_desktop.fleet.inbox.open_items import open_items
from cc_desktop.fleet.model import Origin, Session
from cc_desktop.fleet.store import Store
from cc_desktop.monitor.command_desk import CommandDesk
from cc_desktop.system.supervision import FaultLog
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from cc_desktop.fleet.commands import Command

NOW = 1_800_000_000_000


class UnexpectedError(Exception):
    """What nobody thought of."""


class FakeActions:
    """Takes what is started, and says that it is under way."""

    def __init__(self) -> None:
        self.started: list[GatewayAction] = []
        self.error: Exception | None = None

    def start(self, command: GatewayAction) -> str | None:
        if self.error is not None:
            raise self.error
        self.started.append(command)
        return None

    def on_synced(self) -> None:
        pass


class FakePool:
    """Two gateways."""

    def __init__(self) -> None:
        self.supervisors: dict[str, Any] = {"one": object(), "two": object()}
        self.all = {name: FakeActions() for name in self.supervisors}

    def actions(self, gateway: str) -> FakeActions | None:
        return self.all.get(gateway)


class MemoryState(dict[str, Any]):
    """Implements what `SeenMarks` needs of the state between starts."""

    def set(self, key: str, value: Any) -> None:
        self[key] = value


class World:
    """A desk, two gateways with runs in progress, and what is kept between starts."""

    def __init__(self) -> None:
        self.store = Store(lambda: NOW)
        self.pool = FakePool()
        self.state = MemoryState()
        self.desk = CommandDesk(
            self.store,
            self.pool,  # type: ignore[arg-type]
            SeenMarks(self.state),  # type: ignore[arg-type]
            FakeClock(NOW),
            random.Random(1),
            FaultLog(logging.getLogger(__name__)),
        )
        for name in ("one", "two"):
            rows = tuple(
                Session(f"agent:a:{n}", "a", status="running", active=True, updated_at=NOW)
                for n in range(3)
            )
            self.store.apply(ev.GatewayAdded(name, name))
            self.store.apply(ev.Snapshot(name, (ev.AgentInfo("a"),), rows, Origin.LIVE, NOW))

    def commands(self, gateway: str) -> list[Command]:
        return [state.command for state in self.store.fleet.gateways[gateway].commands.values()]


def test_the_model_never_holds_an_answer() -> None:
    world = World()
    ident = world.desk.execute(
        AnswerQuestion(gateway="one", agent="a", question="q", answers={"x": ("hunter2",)})
    )
    assert "hunter2" not in repr(world.store.fleet.gateways["one"].commands[ident])
    assert world.commands("one")[0] == AnswerQuestion(
        gateway="one", agent="a", question="q", id=ident
    )
    [started] = world.pool.all["one"].started
    assert isinstance(started, AnswerQuestion)
    assert started.answers == {"x": ("hunter2",)}


APPROVE = ResolveApproval(gateway="one", agent="a", approval="p", decision="allow-once")
ANSWER = AnswerQuestion(gateway="one", agent="a", question="p", answers={"x": ("yes",)})


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (APPROVE, APPROVE),
        (APPROVE, replace(APPROVE, decision="deny", family="exec")),
        (ANSWER, replace(ANSWER, answers={}, cancel=True)),
    ],
)
@pytest.mark.parametrize("is_late", [False, True])
def test_a_request_is_not_answered_twice(first: Command, second: Command, is_late: bool) -> None:
    world = World()
    ident = world.desk.execute(first)
    if is_late:
        world.store.apply(ev.CommandUnknown("one", ident, "late"))
    refused = world.desk.execute(second)
    again = world.store.fleet.gateways["one"].commands[refused]
    assert (again.phase, again.reason) == (CommandPhase.REFUSED, "under-way")
    assert len(world.pool.all["one"].started) == 1
    world.desk.end("one", ident, "refused")
    world.desk.execute(second)
    assert len(world.pool.all["one"].started) == 2


def test_other_requests_are_answered_meanwhile() -> None:
    world = World()
    for one in (
        APPROVE,
        ANSWER,
        replace(APPROVE, gateway="two"),
        replace(APPROVE, approval="other"),
        replace(APPROVE, family="plugin"),
    ):
        world.desk.execute(one)
    assert [len(world.pool.all[name].started) for name in ("one", "two")] == [4, 1]


@pytest.mark.parametrize(("gateway", "runs"), [("", (3, 3)), ("one", (3, 0)), ("none", (0, 0))])
def test_stop_all_is_a_command_for_each_run(gateway: str, runs: tuple[int, int]) -> None:
    world = World()
    batch = world.desk.execute(StopAll(gateway=gateway))
    stops = [world.commands("one"), world.commands("two")]
    assert tuple(map(len, stops)) == runs
    assert all(isinstance(one, StopRun) and one.batch == batch for each in stops for one in each)


def test_a_gateway_that_raises_refuses_its_own_runs_alone() -> None:
    world = World()
    world.pool.all["one"].error = UnexpectedError()
    world.desk.execute(StopAll())
    phases = {
        name: {state.phase for state in world.store.fleet.gateways[name].commands.values()}
        for name in ("one", "two")
    }
    assert phases == {"one": {CommandPhase.REFUSED}, "two": {CommandPhase.PENDING}}


def test_an_item_that_was_seen_stays_seen_over_a_restart() -> None:
    world = World()
    job = facts.CronJob("j", "Backup", last_status="error", last_run_at=NOW)
    world.store.apply(ev.FactTold("one", job))
    [item] = open_items(world.store.fleet)
    world.desk.execute(MarkItems(gateway="one", items=(item.id,)))
    assert open_items(world.store.fleet)[0].seen

    later = World()
    later.state.update(world.state)
    later.store.apply(ev.FactTold("one", job))
    later.desk.recall_seen(["one", "two"])
    assert open_items(later.store.fleet)[0].seen

    later.desk.execute(MarkItems(gateway="one", items=(item.id,), seen=False))
    assert not open_items(later.store.fleet)[0].seen


def test_a_failure_that_was_seen_is_no_item_any_more() -> None:
    world = World()
    row = Session("agent:a:0", "a", status="failed", ended_at=NOW, updated_at=NOW)
    world.store.apply(ev.Snapshot("one", (ev.AgentInfo("a"),), (row,), Origin.LIVE, NOW))
    [item] = open_items(world.store.fleet)
    world.desk.execute(MarkItems(gateway="one", items=(item.id,)))
    assert open_items(world.store.fleet) == []


def test_who_has_seen_a_common_failure_has_seen_it_on_every_gateway() -> None:
    world = World()
    for gateway in ("one", "two"):
        row = Session(
            "agent:a:0",
            "a",
            status="failed",
            ended_at=NOW,
            updated_at=NOW,
            error="529 overloaded",
        )
        infos = (ev.AgentInfo("a"),)
        world.store.apply(ev.Snapshot(gateway, infos, (row,), Origin.LIVE, NOW))
    [item] = open_items(world.store.fleet)
    assert item.count == 2
    world.desk.execute(MarkItems(gateway=item.gateway, items=(item.id,)))
    assert open_items(world.store.fleet) == []


def test_an_unknown_item_is_said_to_be_unknown() -> None:
    world = World()
    ident = world.desk.execute(MarkItems(gateway="one", items=("failed-0000000000",)))
    state = world.store.fleet.gateways["one"].commands[ident]
    assert (state.phase, state.reason) == (CommandPhase.REFUSED, "unknown-item")


def test_the_end_of_a_run_in_progress_can_be_watched() -> None:
    world = World()
    key = "agent:a:1"
    ident = world.desk.execute(WatchRun(gateway="one", agent="a", session_key=key))
    assert world.store.fleet.gateways["one"].commands[ident].phase is CommandPhase.DONE
    assert world.store.fleet.gateways["one"].agents["a"].watched == {key}
    world.desk.execute(WatchRun(gateway="one", agent="a", session_key=key, on=False))
    assert not world.store.fleet.gateways["one"].agents["a"].watched


@pytest.mark.parametrize(("agent", "reason"), [("a", "not-running"), ("b", "unknown-agent")])
def test_what_does_not_run_cannot_be_watched(agent: str, reason: str) -> None:
    world = World()
    ident = world.desk.execute(WatchRun(gateway="one", agent=agent, session_key="agent:a:9"))
    assert world.store.fleet.gateways["one"].commands[ident].reason == reason
