from __future__ import annotations

import random

import pytest

from cc_desktop.demo.policy import FIRST_MS, LOST_MS, DemoPolicy, WhenUnreachable
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Fleet, Gateway, Origin, Problem

START = random.randrange(10**12)
PROBLEM = Problem("x", "t", "m", "n")


def fleet(origin: Origin, state: ConnectionState, problem: Problem | None = None) -> Fleet:
    info = ConnectionInfo(state, problem=problem)
    return Fleet({"g": Gateway("g", "g", connection=info, origin=origin)})


LIVE = fleet(Origin.LIVE, ConnectionState.LIVE)
LOST = fleet(Origin.LAST_KNOWN, ConnectionState.WAITING, PROBLEM)
TRYING = fleet(Origin.NONE, ConnectionState.CONNECTING)
FAILED = fleet(Origin.NONE, ConnectionState.WAITING, PROBLEM)


@pytest.mark.parametrize("choice", WhenUnreachable)
def test_before_any_gateway_was_reached_sample_data_shows_at_once(choice: WhenUnreachable) -> None:
    policy = DemoPolicy(START, choice)

    assert policy.decide(TRYING, START) == (False, START + FIRST_MS)
    assert policy.decide(FAILED, START + 1) == (True, None)
    assert policy.decide(TRYING, START + FIRST_MS) == (True, None)


def test_after_a_loss_sample_data_waits() -> None:
    policy = DemoPolicy(START)
    assert policy.decide(LIVE, START) == (False, None)
    lost = START + 5_000

    assert policy.decide(LOST, lost) == (False, lost + LOST_MS)
    assert policy.decide(LOST, lost + LOST_MS) == (True, None)
    assert policy.decide(LIVE, lost + LOST_MS) == (False, None)


def test_the_last_known_fleet_stays_if_that_was_chosen() -> None:
    policy = DemoPolicy(START, WhenUnreachable.LAST_KNOWN)
    policy.decide(LIVE, START)

    assert policy.decide(LOST, START + 1) == (False, None)
    assert policy.decide(LOST, START + 100 * LOST_MS) == (False, None)
    policy.choose_last_known(False)
    assert policy.decide(LOST, START + 100 * LOST_MS) == (True, None)


def test_what_was_asked_for_holds_until_a_gateway_is_back() -> None:
    policy = DemoPolicy(START)
    policy.decide(LIVE, START)
    policy.choose_last_known(True)
    assert policy.decide(LOST, START + 100 * LOST_MS) == (False, None)

    policy.decide(LIVE, START)
    policy.decide(LOST, START)
    assert policy.decide(LOST, START + LOST_MS) == (True, None)
