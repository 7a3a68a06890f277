"""Ends of runs, silence, the age of the data, and events that change nothing."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import (
    Approval,
    ConnectionInfo,
    ConnectionState,
    GatewayChanged,
    Now,
    Origin,
    Session,
    Status,
)
from cc_desktop.fleet.status import next_wait, working_since
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
    running,
)

DAY = 24 * 60 * MINUTE

# A failure that no row will ever confirm


def failed_run() -> World:
    return World(listed(row(**running(NOW))), progress(starts=True), progress(error="E", over=True))


def test_a_list_without_the_run_and_without_a_status_settles_its_failure() -> None:
    """A gateway that was killed before it wrote the row: a fresh client shows no error."""
    world = failed_run()
    assert world.status() is Status.ERROR
    world.later(3_000, listed(row(status="", active=False, updated_at=NOW)))
    assert world.status() is Status.IDLE
    assert world.agent().runs == {}


def test_a_row_that_still_says_running_keeps_the_failure_until_the_gateway_restarts() -> None:
    world = failed_run()
    stale = row(**running(NOW, active=False))
    world.later(3_000, listed(stale))
    assert world.status() is Status.ERROR
    world.tell(listed(stale, since=NOW + 1_000))
    assert world.status() is Status.IDLE


# A run that somebody has stopped did not fail, whatever its row calls that (2026.5.7: "timeout")


def stopped_run(*, seen_to_run: bool = True) -> World:
    world = World(listed(row(**running(NOW, started_at=NOW)), taken_at=NOW))
    if seen_to_run:
        world.tell(progress(starts=True, started_at=NOW))
    world.later(2_000, progress(over=True, stopped=True))
    return world


@pytest.mark.parametrize("seen_to_run", [True, False])
@pytest.mark.parametrize("status", ["timeout", "failed"])
def test_a_run_that_was_stopped_is_no_failure(status: str, seen_to_run: bool) -> None:
    world = stopped_run(seen_to_run=seen_to_run)
    world.tell(changed(**ended(NOW + 2_000, status, started_at=NOW)))
    assert world.status() is Status.IDLE
    world.later(200, changed(**ended(NOW + 2_200, status, started_at=NOW)))  # told once more
    assert world.status() is Status.IDLE
    world.later(
        5_000, listed(row(**ended(NOW + 2_200, status, started_at=NOW)), taken_at=NOW + 7_200)
    )
    assert world.status() is Status.IDLE


def test_a_list_that_is_the_first_to_tell_of_the_stop_is_no_failure_either() -> None:
    world = stopped_run()
    world.later(
        1_000, listed(row(**ended(NOW + 2_000, "timeout", started_at=NOW)), taken_at=NOW + 3_000)
    )
    assert world.status() is Status.IDLE


def test_the_run_after_one_that_was_stopped_can_fail() -> None:
    world = stopped_run()
    world.tell(changed(**ended(NOW + 2_000, "timeout", started_at=NOW)))
    world.later(1_000, changed(**ended(NOW + 60_000, "timeout", started_at=NOW + 10_000)))
    assert world.status() is Status.ERROR


def test_a_run_that_was_not_stopped_fails_as_its_row_says() -> None:
    world = World(listed(row(**running(NOW, started_at=NOW)), taken_at=NOW), progress(starts=True))
    world.later(2_000, progress(over=True))
    world.tell(changed(**ended(NOW + 2_000, "timeout", started_at=NOW)))
    assert world.status() is Status.ERROR


# Each run has its own start and end


def test_a_late_row_of_the_run_before_does_not_end_this_one() -> None:
    world = World(listed(row(**running(NOW)), taken_at=NOW), progress("r1", starts=True))
    world.later(5_000, progress("r1", over=True))
    world.later(1_000, progress("r2", starts=True))
    world.tell(changed(**ended(NOW + 5_000)))
    assert not world.agent().runs[KEY].over
    assert world.status() is Status.THINKING
    world.later(1_000, changed(**ended(NOW + 7_000)))
    assert world.status() is Status.IDLE


def test_work_counts_from_the_start_of_this_run() -> None:
    """2026.9.6 reports a new run with the times of the one before."""
    before: dict[str, Any] = {"started_at": NOW - 3 * MINUTE}
    world = World(listed(row(**ended(NOW - 2 * MINUTE, **before)), taken_at=NOW))
    world.tell(progress(starts=True, thinking=False))
    world.tell(changed(**running(NOW, ended_at=NOW - 2 * MINUTE, **before)))
    world.later(1_000, progress(activity="exec"))
    assert world.status() is Status.ACTIVE
    assert working_since(world.agent(), 0) == NOW
    world.later(1_000, progress(over=True), progress("r2", starts=True, thinking=False))
    assert working_since(world.agent(), 0) == NOW + 2_000


def test_a_start_that_is_reported_late_counts_from_its_own_time() -> None:
    world = World(listed(row(), taken_at=NOW - 30_000))
    start = ev.RunProgress(G, "a", KEY, "r1", starts=True, started_at=NOW - 32_000)
    world.tell(start)
    assert world.agent().runs[KEY].started_at == NOW - 2_000


def test_without_events_of_the_run_a_row_with_old_times_counts_from_now() -> None:
    before: dict[str, Any] = {"started_at": NOW - 3 * MINUTE}
    world = World(listed(row(**ended(NOW - 2 * MINUTE, **before)), taken_at=NOW))
    world.later(1_000, changed(**running(NOW, ended_at=NOW - 2 * MINUTE, **before)))
    assert working_since(world.agent(), 0) == NOW + 1_000


def test_a_run_that_was_in_progress_when_we_came_counts_from_its_row() -> None:
    offset = 30_000
    rows = listed(row(**running(NOW, started_at=NOW - MINUTE)), taken_at=NOW - offset)
    world = World(rows)
    assert working_since(world.agent(), offset) == NOW - MINUTE + offset
    world.later(5, progress(thinking=False))
    assert working_since(world.agent(), offset) == NOW - MINUTE + offset


# Silence


@pytest.mark.parametrize("jump", [-DAY, DAY, 0])
def test_silence_is_measured_by_the_clock_that_never_jumps(jump: int) -> None:
    world = World(listed(row(**running(NOW))), progress())
    limit = world.fleet.stuck_after_ms
    world.now += jump
    assert next_wait(world.fleet, Now(world.now, world.mono)) == limit
    world.later(limit - 1, ev.Tick(G))
    assert world.status() is Status.THINKING
    world.later(1, ev.Tick(G))
    assert world.status() is Status.STUCK


def test_a_list_after_the_clock_was_set_back_is_no_sign_of_life() -> None:
    world = World(listed(row(**running(NOW)), taken_at=NOW), progress())
    limit = world.fleet.stuck_after_ms
    world.now -= DAY
    world.later(limit, listed(row(**running(NOW)), taken_at=NOW + limit))
    assert world.status() is Status.STUCK
    assert world.agent().last_seen_at[KEY] == world.now - limit


def test_a_run_that_is_silent_since_before_we_came_is_stuck_on_a_machine_just_booted() -> None:
    world = World(listed(row(**running(NOW - 20 * MINUTE)), taken_at=NOW))
    assert world.mono < 20 * MINUTE
    assert world.status() is Status.STUCK


# Approvals


def test_what_has_expired_is_due_at_once() -> None:
    world = World(listed(row()))
    world.tell(ev.ApprovalOpened(G, Approval("p", "a", KEY, expires_at=NOW + 5_000)))
    assert next_wait(world.fleet, Now(NOW, world.mono)) == 5_000
    assert next_wait(world.fleet, Now(NOW + 9_000, world.mono)) == 0
    world.later(9_000, ev.Tick(G))
    assert world.status() is Status.IDLE
    assert next_wait(world.fleet, Now(world.now, world.mono)) is None


def test_an_approval_that_came_too_late_is_none() -> None:
    world = World(listed(row()))
    late = ev.ApprovalOpened(G, Approval("p", "a", KEY, expires_at=NOW))
    assert world.tell(late) == []


def test_the_next_deadline_is_that_of_the_approvals_that_are_left() -> None:
    world = World(listed(row()))
    for name, at in (("p1", 5_000), ("p2", 7_000)):
        world.tell(ev.ApprovalOpened(G, Approval(name, "a", KEY, expires_at=NOW + at)))
    world.tell(ev.ApprovalClosed(G, "a", "p1"))
    assert next_wait(world.fleet, Now(NOW, world.mono)) == 7_000


# Changes that are none


@pytest.mark.parametrize(
    "event",
    [
        ev.AgentConfigured(G, "a", name="A", role="", emoji="", model=""),
        ev.AgentActivity(G, "a"),
        ev.AgentActivity(G, "a", None, "", 0),
        ev.HeartbeatsTold(G, {"a": 0}),
        ev.Seen(G, {}),
        ev.Unseen(G, frozenset({KEY})),
        ev.Shown(G, shown=True),
    ],
    ids=repr,
)
def test_an_event_that_says_nothing_new_is_no_change(event: ev.Event) -> None:
    world = World(listed(row()))
    assert world.later(5, event) == []


# The age of the data


def live() -> World:
    return World(ev.ConnectionChanged(G, ConnectionInfo(ConnectionState.LIVE)), listed(row()))


def test_a_sign_of_life_does_not_make_what_was_last_known_true() -> None:
    world = World(listed(row()), ev.OriginChanged(G, Origin.LAST_KNOWN))
    assert world.later(5_000, ev.SignOfLife(G)) == []
    assert world.fleet.gateways[G].as_of == NOW


def test_a_sign_of_life_makes_the_data_fresh_and_is_no_change() -> None:
    world = live()
    assert world.later(5_000, ev.SignOfLife(G)) == []
    assert world.fleet.gateways[G].as_of == NOW + 5_000


def test_the_data_of_a_silent_gateway_is_as_old_as_its_last_word() -> None:
    world = live()
    world.later(5_000, ev.SignOfLife(G))
    silent = ConnectionInfo(ConnectionState.LIVE, silent_since=NOW + 5_000)
    world.later(30_000, ev.ConnectionChanged(G, silent))
    assert world.fleet.gateways[G].as_of == NOW + 5_000
    world.later(30_000, ev.ConnectionChanged(G, ConnectionInfo(ConnectionState.WAITING)))
    assert world.fleet.gateways[G].as_of == NOW + 5_000


def test_a_sign_of_life_ends_the_silence() -> None:
    world = live()
    silent = ConnectionInfo(ConnectionState.LIVE, silent_since=NOW)
    world.later(30_000, ev.ConnectionChanged(G, silent))
    (change,) = world.later(1_000, ev.SignOfLife(G))
    assert isinstance(change, GatewayChanged)
    assert world.fleet.gateways[G].connection.silent_since == 0
    assert world.fleet.gateways[G].as_of == NOW + 31_000


# Marks of what was seen


def test_marks_go_with_their_sessions() -> None:
    world = World(listed(row(**ended(NOW, "failed"))))
    world.tell(ev.Seen(G, {KEY: NOW, "agent:a:gone": NOW}))
    world.tell(listed(row(**ended(NOW, "failed"))))
    assert world.fleet.gateways[G].seen == {KEY: NOW}
    assert world.status() is Status.IDLE
    world.tell(ev.SessionRemoved(G, KEY, "a"))
    assert world.fleet.gateways[G].seen == {}


def test_marks_stay_while_only_what_was_last_known_is_listed() -> None:
    world = World(ev.Seen(G, {KEY: NOW}), listed(origin=Origin.LAST_KNOWN))
    assert world.fleet.gateways[G].seen == {KEY: NOW}


def test_a_mark_can_be_undone() -> None:
    world = World(listed(row(**ended(NOW, "failed"))), ev.Seen(G, {KEY: NOW}))
    assert world.status() is Status.IDLE
    assert len(world.tell_agents(ev.Unseen(G, frozenset({KEY})))) == 1
    assert world.status() is Status.ERROR


def test_a_row_that_runs_again_is_not_the_failure_that_was_confirmed_before() -> None:
    """The start of the new run was lost: only its row tells of it."""
    world = World(listed(row()), progress("r1", KEY, starts=True))
    world.tell(progress("r1", KEY, error="it failed", over=True))
    world.tell(changed(status="failed", active=False, updated_at=NOW + 1, ended_at=NOW + 1))
    assert world.status() is Status.ERROR
    world.later(1_000, changed(**running(NOW + 1_000)))
    assert world.status().working
    assert not world.agent().unconfirmed_failures


def test_a_list_that_says_so_ends_it_too_however_fresh_the_session_is() -> None:
    world = World(listed(row()), progress("r1", KEY, starts=True))
    world.tell(progress("r1", KEY, error="it failed", over=True))
    world.tell(changed(status="failed", active=False, updated_at=NOW + 1, ended_at=NOW + 1))
    again = Session(KEY, "a", status="running", active=True, updated_at=NOW + 2, started_at=NOW + 2)
    world.tell(replace(listed(again), changed_meanwhile=frozenset({KEY})))
    assert world.status().working


def test_a_list_that_says_running_again_is_believed_also_of_a_session_that_has_just_changed() -> (
    None
):
    """Its end had no time of its own, so only the status tells the two runs apart."""
    world = World(listed(row()), changed(status="done", active=False, updated_at=NOW + 1))
    again = Session(KEY, "a", status="running", active=True, updated_at=NOW + 2)
    world.tell(replace(listed(again), changed_meanwhile=frozenset({KEY})))
    assert world.session().active
    assert world.status().working
