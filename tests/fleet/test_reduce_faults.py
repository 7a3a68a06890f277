"""Faults found in `reduce` and the readers: what each broke, and that it no longer does."""

from __future__ import annotations

from typing import Any

import pytest

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import Approval, Status
from cc_desktop.protocol import fields
from cc_desktop.protocol.frames import decode
from cc_desktop.protocol.handshake import read_challenge
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

HUGE = "1" + "0" * 400  # a whole number in JSON, beyond any float


# protocol/read.py: integer() asks math.isfinite() of a whole number that no float can hold


def test_a_huge_number_is_no_integer_and_no_failure() -> None:
    assert fields.integer(10**400) in (0, 2**62)


def test_a_frame_with_a_huge_number_does_not_lose_the_connection() -> None:
    decode('{"type":"res","id":"1","error":{"code":"X","retryAfterMs":' + HUGE + "}}")


def test_a_challenge_with_a_huge_number_does_not_lose_the_connection() -> None:
    read_challenge({"nonce": "n", "ts": int(HUGE)})


# A run of another id


def test_the_end_of_another_run_does_not_end_this_one() -> None:
    """Both recorded: a second message is steered into the run; its own run ends at once."""
    world = World(listed(row(**ended(NOW))), progress("r1", thinking=False, activity="exec: make"))
    world.tell(progress("r2", over=True))
    assert world.status() is Status.ACTIVE
    assert world.agent().runs[KEY].activity == "exec: make"


def test_the_end_of_another_run_does_not_turn_work_into_thinking() -> None:
    world = World(
        listed(row(**running(NOW))), progress("r1", thinking=False, activity="exec: make")
    )
    world.tell(progress("r2", over=True))
    assert world.status() is Status.ACTIVE


# Why a run failed, on 2026.5.7: only the run's stream tells


def test_the_reason_counts_even_if_nobody_saw_the_run_begin() -> None:
    world = World(listed(row(**running(NOW))), progress(error="rejected", over=True))
    assert world.agent().runs[KEY].error == "rejected"


# Gone, and back by an event that is older (until the next list)


@pytest.mark.parametrize(
    "end",
    [ev.SessionRemoved(G, KEY, "a"), changed(updated_at=NOW, archived=True)],
    ids=["deleted", "archived"],
)
def test_a_stale_row_does_not_bring_back_what_is_gone(end: ev.Event) -> None:
    world = World(listed(row(**running(NOW - 5))), end)
    world.tell(changed(**running(NOW - 5)))
    assert world.agent().sessions == {}
    assert world.status() is Status.IDLE


# Times


def test_a_whole_row_without_a_time_does_not_open_the_door_to_older_ones() -> None:
    world = World(listed(row(**ended(NOW))))
    world.tell(changed(status="done", active=False, ended_at=NOW))
    world.tell(changed(**running(NOW - 5)))
    assert world.session().status == "done"
    assert world.session().updated_at == NOW


@pytest.mark.parametrize(
    ("clock_offset_ms", "expected"), [(MINUTE, Status.WAITING), (-MINUTE, Status.IDLE)]
)
def test_an_approval_expires_by_the_gateway_s_clock(clock_offset_ms: int, expected: Status) -> None:
    """`expires_at` is the gateway's time; `skew` makes it ours: in 30 s, or 30 s ago."""
    world = World(listed(row(), taken_at=NOW - clock_offset_ms))
    half = -MINUTE // 2 if expected is Status.WAITING else MINUTE // 2
    world.tell(ev.ApprovalOpened(G, Approval("p", "a", KEY, expires_at=NOW + half)))
    assert world.status() is expected


# A digest that only some rows have


def digest_then(*events: ev.Event) -> World:
    asked: dict[str, Any] = {"digest_health": "waiting-on-user", "digest_headline": "Which?"}
    return World(listed(row(**running(NOW))), changed(**running(NOW + 1, **asked)), *events)


def test_a_question_does_not_outlive_the_run_that_went_on_without_it() -> None:
    """A whole row of a run that started later has no digest: the question was answered."""
    later = running(NOW + 9, started_at=NOW + 9)
    assert digest_then(changed(**later)).status() is Status.ACTIVE
