"""Runs that go in circles or take far too much, and contexts that are full."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.guard.habit import most_of
from cc_desktop.fleet.guard.limits import GuardLimits
from cc_desktop.fleet.inbox import InboxChanged, InboxItem, InboxKind
from cc_desktop.fleet.inbox.follow import all_items
from cc_desktop.fleet.model import AgentChanged, Change, Status
from cc_desktop.fleet.runs import Cause
from tests.fleet.test_reduce import (
    KEY,
    MINUTE,
    NOW,
    G,
    World,
    changed,
    ended,
    listed,
    progress,
    row,
)

SECOND = 1_000  # ms
LIMITS = GuardLimits()


def items(world: World, kind: InboxKind = InboxKind.RUNAWAY) -> list[InboxItem]:
    return [item for item in all_items(world.fleet.gateways[G]) if item.kind is kind]


def call(world: World, *calls: str, every_ms: int = 15 * SECOND) -> None:
    """Calls of tools, one after the other, each with its result."""
    for one in calls:
        activity = f"exec {one}"
        world.later(every_ms, progress(thinking=False, activity=activity, call=one))
        world.tell(progress(thinking=True, activity=""))


def running() -> World:
    return World(listed(row()), progress(starts=True))


def test_the_same_call_again_and_again_is_a_circle_with_its_evidence() -> None:
    world = running()
    call(world, *["curl"] * 11)
    assert (items(world), world.status()) == ([], Status.THINKING)
    call(world, "curl")
    [item] = items(world)
    assert (item.agent, item.session_key, item.detail) == ("a", KEY, "exec curl")
    assert (item.count, item.span_ms) == (12, 11 * 15 * SECOND)
    assert item.since == NOW + 15 * SECOND
    assert world.status() is Status.STUCK
    assert not items(world, InboxKind.STUCK)
    call(world, "curl", "curl")
    assert items(world)[0].count == 14


def test_a_circle_of_several_calls_is_one_too() -> None:
    world = running()
    call(world, *["edit", "test", "look"] * 12)
    [item] = items(world)
    assert item.detail == "exec edit"


def test_different_calls_are_no_circle_however_many() -> None:
    world = running()
    call(world, *(f"read {number}" for number in range(200)))
    assert items(world) == []


def test_calls_that_are_far_apart_are_no_circle() -> None:
    world = running()
    call(world, *["poll"] * 30, every_ms=MINUTE)
    assert items(world) == []


@pytest.mark.parametrize(
    "end",
    [
        progress(over=True),
        progress(over=True, error="aborted"),
        changed(**ended(NOW + 10 * MINUTE)),
        ev.SessionRemoved(G, KEY, "a"),
        listed(row(**ended(NOW + 10 * MINUTE))),
    ],
    ids=lambda event: type(event).__name__,
)
def test_it_ends_with_its_run(end: ev.Event) -> None:
    world = running()
    call(world, *["curl"] * 13)
    world.later(5 * MINUTE, end)
    assert items(world) == []
    assert world.agent().runaway == {}


def test_it_ends_when_the_run_changes_its_course_and_is_not_told_again_by_one_more_call() -> None:
    world = running()
    call(world, *["curl"] * 13)
    call(world, *(f"read {number}" for number in range(8)))
    assert (items(world), world.status()) == ([], Status.THINKING)
    call(world, "curl")
    assert items(world) == []


def test_it_begins_once() -> None:
    world = running()
    call(world, *["curl"] * 11)
    changes = []
    for _ in range(20):
        changes += world.later(SECOND, progress(activity="exec curl", call="curl"))
    begun = [
        one
        for one in changes
        if isinstance(one, InboxChanged) and one.before is None and one.after is not None
    ]
    assert len(begun) == 1


def test_the_thresholds_are_those_of_the_settings() -> None:
    world = running()
    world.fleet = replace(world.fleet, guard=GuardLimits(same_calls=3))
    call(world, *["curl"] * 3)
    assert items(world)[0].count == 3


def test_other_thresholds_apply_to_the_runs_in_progress() -> None:
    world = running()
    call(world, *["curl"] * 13)
    changes = chosen(world, GuardLimits(same_calls=20))
    assert [type(one) for one in changes] == [AgentChanged, InboxChanged]
    assert (items(world), world.status()) == ([], Status.THINKING)
    call(world, *["curl"] * 6)
    assert items(world) == []
    call(world, "curl")
    assert items(world)[0].count == 20
    assert chosen(world, GuardLimits(same_calls=20)) == []


def test_a_lower_threshold_tells_at_the_next_call() -> None:
    world = running()
    call(world, *["curl"] * 6)
    chosen(world, GuardLimits(same_calls=5))
    call(world, "curl")
    assert items(world)[0].count == 7


def test_other_thresholds_of_tokens_apply_at_once() -> None:
    world = with_habit(*[30_000] * 12)
    world.later(MINUTE, progress(starts=True), progress(tokens=149_000))
    chosen(world, GuardLimits(habit_factor=2.0))
    assert items(world)[0].count == 149_000
    chosen(world, GuardLimits(habit_factor=2.0, least_tokens=200_000))
    assert items(world) == []


def chosen(world: World, limits: GuardLimits) -> list[Change]:
    """The operator chooses other thresholds."""
    world.fleet = replace(world.fleet, guard=limits)
    return world.tell(ev.Tick(G, other_limits=True))


def test_another_run_begins_at_nothing() -> None:
    world = running()
    call(world, *["curl"] * 11)
    world.tell(progress(over=True), progress("r2", starts=True))
    world.later(SECOND, progress("r2", activity="exec curl", call="curl"))
    assert items(world) == []


# Tokens


def with_habit(*tokens: int) -> World:
    """An agent whose runs took so many tokens each."""
    world = World(listed(row()))
    for number, taken in enumerate(tokens):
        at = NOW + number
        world.tell(changed(**ended(at), input_tokens=taken - 1, output_tokens=1))
    return world


def test_far_more_tokens_than_the_agent_ever_takes_are_told() -> None:
    world = with_habit(*[30_000] * 12)
    world.later(MINUTE, progress(starts=True), progress(tokens=149_000))
    assert items(world) == []
    world.tell(progress(activity="read log", tokens=151_000))
    [item] = items(world)
    assert (item.code, item.count, item.usual) == ("tokens", 151_000, 30_000)
    assert world.status() is Status.STUCK
    world.tell(progress(over=True))
    assert items(world) == []


def test_without_a_habit_nothing_is_too_much() -> None:
    world = with_habit(*[1_000] * 9)
    world.later(MINUTE, progress(starts=True), progress(tokens=900_000))
    assert items(world) == []


def test_a_small_agent_may_take_five_times_its_usual() -> None:
    world = with_habit(*[1_000] * 20)
    world.later(MINUTE, progress(starts=True), progress(tokens=99_000))
    assert items(world) == []


def test_a_run_is_learned_once_however_often_its_row_is_told() -> None:
    world = with_habit(5_000)
    took: dict[str, Any] = {"input_tokens": 4_999, "output_tokens": 1}
    world.tell(changed(**ended(NOW), **took, label="x"), listed(row(**ended(NOW), **took)))
    assert world.agent().habit == (5_000,)


def test_a_list_tells_of_the_runs_before() -> None:
    rows = [
        row(f"agent:a:{number}", **ended(NOW - number), input_tokens=number)
        for number in range(1, 71)
    ]
    agent = World(listed(*rows)).agent()
    assert agent.habit == tuple(range(50, 0, -1))  # the latest fifty, the latest last
    assert agent.usual_tokens == 45


def test_nine_in_ten() -> None:
    assert most_of(list(range(1, 11))) == 9
    assert most_of([7]) == 7
    assert most_of([]) == 0


# Full contexts


FULL: dict[str, Any] = {"total_tokens": 31_500, "context_tokens": 32_000}


@pytest.mark.parametrize(
    "error",
    [
        "Context overflow: prompt too large for the model. Try /reset (or /new)",
        "This model's maximum context length is 128000 tokens",
        "prompt is too long: 210000 tokens > 200000 maximum",
    ],
)
def test_a_run_that_failed_at_full_context_says_so(error: str) -> None:
    world = World(listed(row(**ended(status="failed"), error=error)))
    [item] = items(world, InboxKind.CONTEXT_FULL)
    assert item.detail == error
    assert not items(world, InboxKind.FAILED)
    world.tell(ev.Seen(G, {item.mark: NOW}))
    assert all_items(world.fleet.gateways[G]) == []


def test_the_gateway_classifies_it_better_than_words_do() -> None:
    world = World(listed(row()), progress(starts=True))
    world.tell(progress(over=True, error="400", cause=Cause(reason="context_overflow")))
    assert items(world, InboxKind.CONTEXT_FULL)


def test_a_failure_without_a_reason_in_a_full_session_is_one() -> None:
    world = World(listed(row(**ended(status="failed"), error="it broke", **FULL)))
    assert items(world, InboxKind.CONTEXT_FULL)


def test_an_overloaded_provider_is_no_full_context() -> None:
    world = World(listed(row(**ended(status="failed"), error="529 overloaded", **FULL)))
    assert items(world, InboxKind.FAILED)


def test_a_run_that_is_stuck_at_full_context_says_so() -> None:
    world = World(listed(row(status="running", active=True, updated_at=NOW, **FULL)))
    world.later(world.fleet.stuck_after_ms, ev.Tick(G))
    [item] = items(world, InboxKind.CONTEXT_FULL)
    assert item.code == "stuck"
    assert item.mark == item.id  # seeing it does not end it
    assert not items(world, InboxKind.STUCK)
