from __future__ import annotations

import pytest

from cc_desktop.demo.policy import LOST_MS, DemoPolicy
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Fleet, Gateway, Origin, Problem

NOW = 1_800_000_000_000


def fleet(origin: Origin, connection: ConnectionInfo) -> Fleet:
    return Fleet({"gw": Gateway("gw", "Gateway", connection=connection, origin=origin)})


LIVE = fleet(Origin.LIVE, ConnectionInfo(ConnectionState.LIVE))


@pytest.mark.parametrize(
    ("back_in_ms", "due_in_ms"), [(0, LOST_MS), (LOST_MS - 1, LOST_MS), (90_000, 90_000)]
)
def test_a_planned_restart_is_not_lost_before_it_is_late(back_in_ms: int, due_in_ms: int) -> None:
    back = NOW + back_in_ms if back_in_ms else 0
    waiting = ConnectionInfo(
        ConnectionState.WAITING, problem=Problem("restarting"), expected_back=back
    )
    away = fleet(Origin.LAST_KNOWN, waiting)
    policy = DemoPolicy(NOW)
    policy.decide(LIVE, NOW)

    assert policy.decide(away, NOW) == (False, NOW + due_in_ms)
    assert policy.decide(away, NOW + due_in_ms - 1)[0] is False
    assert policy.decide(away, NOW + due_in_ms) == (True, None)
