from __future__ import annotations

import pytest

from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Device
from cc_desktop.text.gateways import (
    connection_facts,
    connection_line,
    connection_state,
    device_since,
    problem_text,
)
from tests.desktop import sample
from tests.desktop.sample import HOUR, MIN, NOW


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (ConnectionInfo(ConnectionState.LIVE), "live"),
        (sample.waiting(8), "unreachable · retry in 8 s"),
        (sample.waiting(0), "unreachable · retrying…"),
        (ConnectionInfo(ConnectionState.BLOCKED, problem=sample.WRONG_TOKEN), "The token is wrong"),
        (ConnectionInfo(ConnectionState.BLOCKED), "blocked"),
        (ConnectionInfo(ConnectionState.OFF), "off"),
    ],
)
def test_the_words_of_a_pill(link: ConnectionInfo, said: str) -> None:
    assert connection_state(link, NOW) == said


def test_a_polled_gateway_says_so() -> None:
    assert connection_state(sample.waiting(8), NOW, polled=True) == "polled · retry in 8 s"


def test_the_facts_of_a_connection() -> None:
    known = ConnectionInfo(protocol=4, server_version="2026.9.6", token_place="keyring")
    assert connection_facts(known) == (
        "OpenClaw 2026.9.6 · protocol 4 · device token in the system's keyring"
    )
    assert connection_facts(ConnectionInfo()) == ""


def test_a_blocked_connection_leaves_the_reason_to_its_problem() -> None:
    blocked = ConnectionInfo(ConnectionState.BLOCKED, problem=sample.WRONG_TOKEN)
    assert connection_line(blocked, NOW) == "Blocked"
    assert problem_text(blocked.problem).title == "The token is wrong"
    assert problem_text(None) == ("", "", "")


def test_since_when_a_device_is_there() -> None:
    there = Device("g", "d", since=NOW - 2 * HOUR)
    gone = Device("g", "d", online=False, since=NOW - 40 * MIN)
    assert device_since(there, NOW) == "since 12:25"
    assert device_since(gone, NOW) == "gone 40 min ago"
    assert device_since(Device("g", "d"), NOW) == ""
