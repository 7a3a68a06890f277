"""Items of the gateway itself: what is overdue, what ends by itself, what is no fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cc_desktop.fleet import events as ev
from cc_desktop.fleet import facts
from cc_desktop.fleet.inbox import InboxChanged, InboxItem, InboxKind, records
from cc_desktop.fleet.inbox.follow import all_items
from cc_desktop.fleet.inbox.gateway_items import (
    FORGET_AFTER_MS,
    LOOK_AGAIN_MS,
    OVERDUE_AFTER_MS,
    record_items,
)
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Now, Origin
from cc_desktop.fleet.status import next_wait
from cc_desktop.text.inbox.items import reason
from tests.fleet.test_reduce import MINUTE, NOW, G, World, listed, row

HOUR = 60 * MINUTE
DAY = 24 * HOUR
LIVE = ConnectionInfo(ConnectionState.LIVE)
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cc_desktop.fleet.model import Gateway

JOB = facts.CronJob("j", "Backup", next_run_at=NOW + HOUR)
SUSPENDED = facts.Condition("suspended", facts.ConditionKind.SUSPENDED)


def items(world: World, gateway: str = G) -> list[InboxItem]:
    return sorted(all_items(world.fleet.gateways[gateway]), key=lambda item: item.order)


def kinds(world: World, gateway: str = G) -> list[InboxKind]:
    return [item.kind for item in items(world, gateway)]


def live(*records: facts.Fact) -> World:
    told = [ev.FactTold(G, record) for record in records]
    return World(listed(), ev.ConnectionChanged(G, LIVE), *told)


def wait_ms(world: World) -> int | None:
    return next_wait(world.fleet, Now(world.now, world.mono))


# Scheduled jobs


def test_a_job_is_overdue_once_the_gateway_has_spoken_after_the_grace() -> None:
    world = live(JOB)
    world.later(HOUR + OVERDUE_AFTER_MS, ev.Tick(G))
    assert kinds(world) == [], "nothing was heard for an hour: it may well have run"
    assert wait_ms(world) == LOOK_AGAIN_MS
    world.later(MINUTE, ev.SignOfLife(G), ev.Tick(G))
    assert kinds(world) == [InboxKind.CRON_OVERDUE]
    assert items(world)[0].since == NOW + HOUR


def test_no_job_becomes_overdue_while_its_gateway_is_away() -> None:
    world = live(JOB)
    waiting = ConnectionInfo(ConnectionState.WAITING)
    world.tell(ev.OriginChanged(G, Origin.LAST_KNOWN), ev.ConnectionChanged(G, waiting))
    world.later(5 * HOUR, ev.Tick(G))
    assert kinds(world) == [InboxKind.GATEWAY_LOST]
    assert wait_ms(world) is None, "no timer runs for what nobody can tell"


def test_a_job_is_not_overdue_before_it_was_listed_on_this_connection() -> None:
    world = live(JOB)
    world.later(5 * HOUR, ev.FactTold(G, facts.Subject("cron", facts.ReadAccess.PENDING)))
    world.tell(ev.SignOfLife(G), ev.Tick(G))
    assert kinds(world) == []
    world.tell(ev.FactTold(G, facts.Subject("cron")), ev.SignOfLife(G), ev.Tick(G))
    assert kinds(world) == [InboxKind.CRON_OVERDUE]


def test_nothing_is_overdue_while_the_gateway_is_suspended() -> None:
    world = live(JOB, SUSPENDED)
    world.later(5 * HOUR, ev.SignOfLife(G), ev.Tick(G))
    assert kinds(world) == []
    world.tell(ev.FactsListed(G, facts.Condition, ()))
    assert kinds(world) == [InboxKind.CRON_OVERDUE]


FAILED = facts.CronJob("j", "Backup", last_status="error", last_error="x", last_run_at=NOW)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"is_enabled": False}, []),  # somebody switched it off
        ({"is_enabled": False, "is_given_up": True}, [InboxKind.CRON_FAILED]),
        ({"is_enabled": False, "is_once": True}, [InboxKind.CRON_FAILED]),
        ({"is_undelivered": True}, [InboxKind.CRON_FAILED]),
        ({"is_undelivered": True, "last_status": "ok"}, [InboxKind.UNDELIVERED]),
        ({"last_status": "skipped"}, []),
    ],
)
def test_which_jobs_ask_for_somebody(changed: dict[str, object], found: list[InboxKind]) -> None:
    assert kinds(live(replace(FAILED, **changed))) == found


def test_a_job_that_ran_once_and_failed_is_history_after_a_week() -> None:
    world = live(replace(FAILED, is_enabled=False, is_once=True))
    assert wait_ms(world) == FORGET_AFTER_MS
    world.later(FORGET_AFTER_MS, ev.Tick(G))
    assert kinds(world) == []


# Tasks


@pytest.mark.parametrize(
    ("task", "found"),
    [
        (facts.Task("t", status="failed"), [InboxKind.TASK_FAILED]),
        (facts.Task("t", status="timed_out"), [InboxKind.TASK_FAILED]),
        (facts.Task("t", status="completed", outcome="blocked"), [InboxKind.TASK_FAILED]),
        (facts.Task("t", status="completed", delivery="failed"), [InboxKind.UNDELIVERED]),
        # Dismissed, and retried
        (facts.Task("t", status="failed", delivery="dismissed"), []),
        (facts.Task("t", status="completed", outcome="blocked", delivery="pending"), []),
        # Started by nobody who waits for it
        (facts.Task("t", status="completed", delivery="parent_missing"), []),
        (facts.Task("t", status="running"), []),
    ],
)
def test_which_tasks_ask_for_somebody(task: facts.Task, found: list[InboxKind]) -> None:
    assert kinds(live(task)) == found


def test_a_task_is_history_after_a_week() -> None:
    world = live(facts.Task("t", status="failed", ended_at=NOW - DAY))
    assert kinds(world) == [InboxKind.TASK_FAILED]
    assert wait_ms(world) == FORGET_AFTER_MS - DAY
    world.later(FORGET_AFTER_MS - DAY, ev.Tick(G))
    assert (kinds(world), wait_ms(world)) == ([], None)


# One failure, told once


CRON_KEY = "agent:a:cron:j"


@pytest.mark.parametrize(
    ("record", "key"),
    [
        (replace(FAILED, agent_id="a"), f"{CRON_KEY}:run:r"),
        (replace(FAILED, agent_id="a"), CRON_KEY),
        (
            facts.Task("t", "a", child_key="agent:a:subagent:s", status="failed"),
            "agent:a:subagent:s",
        ),
    ],
)
@pytest.mark.parametrize("agent_first", [True, False])
def test_a_failure_of_a_job_and_of_its_run_are_one(
    record: facts.Fact, key: str, agent_first: bool
) -> None:
    run_failed = listed(row(key=key, status="failed", ended_at=NOW, updated_at=NOW, error="x"))
    told = ev.FactTold(G, record)
    world = World(*((run_failed, told) if agent_first else (told, run_failed)))
    failed, caused = items(world)
    assert failed.kind is InboxKind.FAILED
    assert (failed.part_of, caused.part_of) == ("", failed.id)
    assert world.later(MINUTE, told) == []
    world.tell(ev.Seen(G, {key: NOW}))
    [left] = items(world)
    assert (left.part_of, left.seen) == ("", True), "it is not told again"
    world.tell(ev.Unseen(G, frozenset({key})))
    assert [(item.part_of, item.seen) for item in items(world)] == [("", False), (failed.id, False)]


def test_another_failure_of_the_agent_is_another_item() -> None:
    record = replace(FAILED, agent_id="a")
    key = f"{CRON_KEY}-2:run:r"
    world = World(listed(row(key=key, status="failed", ended_at=NOW, updated_at=NOW)))
    world.tell(ev.FactTold(G, record))
    assert [item.part_of for item in items(world)] == ["", ""]


# Releases side by side


def running(version: str) -> ConnectionInfo:
    return ConnectionInfo(ConnectionState.LIVE, server_version=version)


def test_the_gateway_with_the_older_release_says_so() -> None:
    world = World(ev.ConnectionChanged(G, running("2026.9.6")), ev.GatewayAdded("h", "Office"))
    assert kinds(world) == []
    changes = world.tell(ev.ConnectionChanged("h", running("2026.10.1-beta.2")))
    assert [type(change) for change in changes if isinstance(change, InboxChanged)]
    [item] = items(world)
    assert (item.kind, item.name) == (InboxKind.DRIFT, "Home")
    assert reason(item, NOW) == "It runs 2026.9.6, another gateway 2026.10.1"
    assert kinds(world, "h") == []
    world.tell(ev.ConnectionChanged("h", running("2026.9.6")))
    assert kinds(world) == kinds(world, "h") == []


def test_a_gateway_that_goes_takes_the_difference_with_it() -> None:
    world = World(ev.ConnectionChanged(G, running("2026.9.6")), ev.GatewayAdded("h", "Office"))
    world.tell(ev.ConnectionChanged("h", running("2026.10.1")))
    changes = world.tell(ev.GatewayRemoved("h"))
    ended = [c.before.kind for c in changes if isinstance(c, InboxChanged) and c.before]
    assert ended == [InboxKind.DRIFT]
    assert kinds(world) == []


@pytest.mark.parametrize("version", ["", "dev", "2026", "v1"])
def test_a_version_that_cannot_be_compared_differs_from_none(version: str) -> None:
    world = World(ev.ConnectionChanged(G, running(version)), ev.GatewayAdded("h", "Office"))
    world.tell(ev.ConnectionChanged("h", running("2026.9.6")))
    assert kinds(world) == kinds(world, "h") == []


# Clocks


def behind(ms: int) -> World:
    """A gateway whose clock is late."""
    snapshot = replace(listed(), taken_at=NOW - ms)
    return World(snapshot, ev.ConnectionChanged(G, LIVE))


def test_times_of_a_gateway_whose_clock_is_wrong_become_ours() -> None:
    world = behind(HOUR)
    world.tell(ev.FactTold(G, replace(FAILED, last_run_at=NOW - HOUR - 5)))
    assert items(world)[0].since == NOW - 5
    world.tell(ev.FactsListed(G, facts.CronJob, (replace(FAILED, last_run_at=NOW - HOUR),)))
    assert items(world)[0].since == NOW


def test_an_item_that_was_seen_stays_seen_when_the_clocks_are_compared_anew() -> None:
    world = behind(HOUR)
    job = replace(FAILED, last_run_at=NOW - 2 * HOUR)
    world.tell(ev.FactTold(G, job))
    item = items(world)[0]
    world.tell(ev.Seen(G, {item.mark: item.since}))
    for jitter in (-400, 700, 90):
        world.tell(replace(listed(), taken_at=NOW - HOUR + jitter), ev.FactTold(G, job))
        assert items(world)[0].seen


# One record at a time

IDS = st.sampled_from(["j", "k"])
JOBS = st.builds(
    facts.CronJob,
    IDS,
    agent_id=st.sampled_from(["", "a"]),
    is_running=st.booleans(),
    next_run_at=st.sampled_from([0, NOW, NOW + MINUTE, NOW + HOUR]),
    last_run_at=st.sampled_from([0, NOW - DAY, NOW]),
    last_status=st.sampled_from(["ok", "error"]),
    is_once=st.booleans(),
)
TASKS = st.builds(
    facts.Task,
    IDS,
    agent_id=st.just("a"),
    child_key=st.sampled_from(["", "agent:a:main", "agent:a:cron:j:run:1"]),
    status=st.sampled_from(["running", "failed"]),
    ended_at=st.sampled_from([0, NOW - FORGET_AFTER_MS + MINUTE, NOW]),
)
OTHERS: list[facts.Fact] = [
    SUSPENDED,
    facts.Condition("restart", facts.ConditionKind.RESTART_NEEDED),
    facts.Subject("cron", facts.ReadAccess.PENDING),
    facts.Subject("cron"),
    facts.Quota("q", used_percent=95.0, resets_at=NOW + MINUTE),
    facts.JoinRequest("d", expires_at=NOW + MINUTE),
    facts.ProgressCard("agent:a:main", 1, 3),
]
RECORDS = JOBS | TASKS | st.sampled_from(OTHERS)
EVENTS = (
    st.builds(ev.FactTold, st.just(G), RECORDS)
    | st.builds(ev.FactGone, st.just(G), st.sampled_from([facts.CronJob, facts.Task]), IDS)
    | st.builds(ev.FactsListed, st.just(G), st.just(facts.CronJob), st.tuples(JOBS))
    | st.builds(
        lambda key, status: ev.SessionChanged(
            G, key, "a", {"status": status, "updated_at": NOW, "ended_at": NOW, "error": "it broke"}
        ),
        st.sampled_from(["agent:a:main", "agent:a:cron:j:run:1", "agent:a:cron:k"]),
        st.sampled_from(["failed", "done"]),
    )
    | st.sampled_from([ev.SignOfLife(G), ev.Tick(G), ev.ConnectionChanged(G, LIVE)])
)


@given(st.lists(st.tuples(st.sampled_from([0, 1, MINUTE, 6 * MINUTE, HOUR]), EVENTS), max_size=12))
def test_items_that_are_kept_in_step_are_those_of_a_look_at_everything(
    told: list[tuple[int, ev.Event]],
) -> None:
    world = live()
    for ms, event in told:
        changes = world.later(ms, event)
        is_agents = isinstance(event, ev.SessionChanged)
        if changes and (is_agents or isinstance(event, ev.FactTold | ev.FactGone | ev.FactsListed)):
            kept = items(world)
            world.tell(ev.Tick(G))  # at the same moment
            if is_agents:  # time alone may have brought or ended other items
                common = {item.id for item in kept} & {item.id for item in items(world)}
                assert [i for i in items(world) if i.id in common] == [
                    i for i in kept if i.id in common
                ]
            else:
                assert items(world) == kept


def test_one_of_many_jobs_is_looked_at_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    world = live(*(replace(FAILED, id=f"j{number}") for number in range(50)))
    looked: list[str] = []
    look = record_items

    def count(gateway: Gateway, record: facts.Fact, now: Now) -> Iterator[InboxItem]:
        looked.append(record.id)
        return look(gateway, record, now)

    monkeypatch.setattr(records, "record_items", count)
    world.tell(ev.FactTold(G, replace(FAILED, id="j7", last_run_at=NOW + 1)))
    assert looked == ["j7"]
    world.tell(ev.FactTold(G, SUSPENDED))
    assert len(looked) > 50, "what holds for all jobs is another matter"


def test_a_record_that_makes_another_one_go_takes_its_items_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(facts, "FACTS_PER_KIND", 2)
    world = live(*(replace(FAILED, id=ident) for ident in "abc"))
    assert sorted(item.subject for item in items(world)) == ["b", "c"]


def test_when_a_job_is_due_is_not_forgotten_when_another_one_changes() -> None:
    world = live(JOB, replace(FAILED, id="k"))
    assert wait_ms(world) == HOUR + OVERDUE_AFTER_MS
    world.later(MINUTE, ev.FactTold(G, replace(FAILED, id="k", last_run_at=NOW + 5)))
    assert wait_ms(world) == HOUR + OVERDUE_AFTER_MS - MINUTE
    world.tell(ev.FactTold(G, replace(JOB, id="l", next_run_at=NOW + 2 * MINUTE)))
    assert wait_ms(world) == MINUTE + OVERDUE_AFTER_MS
