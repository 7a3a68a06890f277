from __future__ import annotations

from typing import Any

import pytest

from cc_desktop.gateway.failures import (
    Failure,
    FailureKind,
    NotConnectedError,
    RequestFailedError,
    RequestTimeoutError,
)
from cc_desktop.monitor.restart_check import RestartCheck, read_check, safe_to_restart
from cc_desktop.protocol.frames import GatewayError


class Link:
    """Answers like a supervisor."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    async def request(self, method: str, params: object = None) -> Any:
        assert (method, params) == ("gateway.restart.preflight", {})
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


BUSY = {
    "safe": False,
    "counts": {"queueSize": 0, "embeddedRuns": 2, "activeTasks": 1, "totalActive": 3},
    "blockers": [{"kind": "runs", "message": "2 runs\x1b are active"}, "a task", 7],
    "summary": "restart deferred",
}


async def test_a_busy_gateway_says_what_a_restart_would_break_off() -> None:
    found = await safe_to_restart({"g": Link(BUSY)}, "g")
    assert found == RestartCheck(
        is_safe=False, blockers=("2 runs are active", "a task"), busy={"runs": 2, "tasks": 1}
    )


async def test_an_idle_gateway_is_safe_to_restart() -> None:
    answer = {"safe": True, "counts": {"queueSize": 0}, "blockers": []}
    assert await safe_to_restart({"g": Link(answer)}, "g") == RestartCheck(is_safe=True)


@pytest.mark.parametrize("answer", [None, 7, [], {"safe": "yes"}, {"blockers": 3, "counts": []}])
def test_rubbish_is_not_safe(answer: object) -> None:
    assert read_check(answer) == RestartCheck()


@pytest.mark.parametrize(
    "error",
    [
        NotConnectedError(Failure(kind=FailureKind.LOST)),
        RequestTimeoutError(Failure(kind=FailureKind.SILENT)),
        RequestFailedError(Failure(error=GatewayError("INVALID_REQUEST", "unknown method"))),
    ],
)
async def test_nobody_knows_of_a_gateway_that_does_not_say(error: Exception) -> None:
    assert await safe_to_restart({"g": Link(error)}, "g") is None


async def test_nobody_knows_of_the_demo() -> None:
    assert await safe_to_restart({}, "demo") is None
