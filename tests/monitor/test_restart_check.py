"""What a gateway answers to "is it safe to restart now?"."""

from __future__ import annotations

import pytest

from cc_desktop.fleet.facts import RestartCheck
from cc_desktop.monitor.restart_check import read_check

BUSY = {
    "safe": False,
    "counts": {"queueSize": 0, "embeddedRuns": 2, "activeTasks": 1, "totalActive": 3},
    "blockers": [{"kind": "runs", "message": "2 runs\x1b are active"}, "a task", 7],
    "summary": "restart deferred",
}


def test_a_busy_gateway_says_what_a_restart_would_break_off() -> None:
    assert read_check(BUSY) == RestartCheck(
        is_safe=False, blockers=("2 runs are active", "a task"), busy={"runs": 2, "tasks": 1}
    )


def test_an_idle_gateway_is_safe_to_restart() -> None:
    answer = {"safe": True, "counts": {"queueSize": 0}, "blockers": []}
    assert read_check(answer) == RestartCheck(is_safe=True)


@pytest.mark.parametrize(
    "answer",
    [None, 7, [], {"safe": "yes"}, {"blockers": 3, "counts": []}, {"counts": {"cronRuns": -2}}],
)
def test_rubbish_is_not_safe(answer: object) -> None:
    assert read_check(answer) == RestartCheck()
