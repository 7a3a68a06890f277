"""The question whether a gateway can be restarted now: on demand, and what becomes of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.facts import Condition, ConditionKind, RestartCheck
from cc_desktop.gateway.failures import (
    ConnectionLostError,
    Failure,
    FailureKind,
    RequestFailedError,
    RequestTimeoutError,
)
from cc_desktop.protocol.frames import GatewayError
from tests.desktop.details.scripted import ScriptedQueries, settle
from tests.desktop.inbox import fleet
from tests.desktop.inbox.conftest import Desk

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.desktop.inbox.cards.restart_question import RestartQuestion
    from cc_desktop.desktop.window.fleet_window import FleetWindow
    from cc_desktop.fleet.store import Store
    from tests.desktop import sample


class Unexpected(Exception):  # noqa: N818
    pass


class Asking:
    """An inbox whose gateways answer as a test says."""

    def __init__(self, open_window: Callable[..., FleetWindow], asked: sample.Asked) -> None:
        self.queries = ScriptedQueries()
        store: Store = fleet.store()
        ignored = Condition("config-ignored", ConditionKind.CONFIG_IGNORED)
        store.apply(ev.FactTold("home-lab", ignored))
        self.desk = Desk(open_window(store, queries=self.queries), asked)

    @property
    def restart(self) -> RestartQuestion:
        return self.desk.gateway.restart

    async def ask(self) -> None:
        self.restart.ask.click()
        await settle()

    @property
    def said(self) -> list[str]:
        """What stands below the button, line by line."""
        words = (self.restart.answer, self.restart.blockers, self.restart.as_of)
        return [label.text() for label in words if label.isVisible()]


@pytest.fixture
def asking(open_window: Callable[..., FleetWindow], asked: sample.Asked) -> Asking:
    return Asking(open_window, asked)


@pytest.mark.parametrize("kind", ["restart-needed", "config-ignored", "update"])
async def test_where_a_restart_is_the_cure_it_can_be_asked_for(asking: Asking, kind: str) -> None:
    asking.desk.open(kind)
    assert asking.restart.ask.isVisible()
    assert asking.restart.ask.text() == "Safe to restart now?"
    assert asking.said == []
    await settle()
    assert asking.queries.calls == [], "nobody has asked"


@pytest.mark.parametrize("kind", ["channel", "cron-failed", "sign-in-expired", "pairing"])
def test_elsewhere_it_is_not_offered(asking: Asking, kind: str) -> None:
    asking.desk.open(kind)
    assert not asking.restart.ask.isVisible()


async def test_the_answer_with_what_stands_against_it(asking: Asking) -> None:
    busy = RestartCheck(blockers=("2 runs are active", "backup"), busy={"runs": 2, "jobs": 1})
    asking.queries.checks = [busy, RestartCheck(is_safe=True), None]
    asking.desk.open("restart-needed")
    asking.desk.said.clear()
    await asking.ask()
    assert asking.said == ["Not now: 2 runs, 1 job", "2 runs are active\nbackup", "As of 14:25."]
    assert asking.desk.said == ["Not now: 2 runs, 1 job 2 runs are active\nbackup"]
    assert asking.restart.ask.text() == "Ask again"
    await asking.ask()
    assert asking.said == ["Yes: nothing runs.", "As of 14:25."]
    await asking.ask()
    assert asking.said == ["This gateway does not say.", "As of 14:25."]
    assert asking.queries.calls == [("restart", "studio")] * 3


async def test_a_slow_gateway_is_waited_for_until_somebody_stops(asking: Asking) -> None:
    asking.queries.hold = asyncio.Event()
    asking.desk.open("restart-needed")
    await asking.ask()
    assert asking.said == ["Asking studio…"]
    assert asking.restart.ask.text() == "Stop asking"
    await asking.ask()
    assert asking.queries.cancelled == 1
    assert asking.said == []
    assert asking.restart.ask.text() == "Safe to restart now?"


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (
            RequestFailedError(
                Failure(error=GatewayError("INVALID_REQUEST", "missing scope: operator.read"))
            ),
            "without the right to watch",
        ),
        (ConnectionLostError(Failure(kind=FailureKind.LOST)), "was lost"),
        (RequestTimeoutError(Failure(kind=FailureKind.SILENT)), "does not answer"),
        (Unexpected("secret"), "log"),
    ],
)
async def test_a_question_that_fails_says_why_and_can_be_asked_again(
    asking: Asking, error: Exception, cause: str
) -> None:
    asking.queries.checks = [error, RestartCheck(is_safe=True)]
    asking.desk.open("restart-needed")
    await asking.ask()
    assert asking.said[0] == "Not known."
    assert cause in asking.said[1]
    assert "secret" not in asking.said[1]
    await asking.ask()
    assert asking.said[0] == "Yes: nothing runs."


async def test_an_answer_is_kept_for_no_other_gateway_and_not_when_nobody_looks(
    asking: Asking,
) -> None:
    asking.queries.checks = [RestartCheck(is_safe=True)] * 3
    asking.desk.open("restart-needed")
    await asking.ask()
    asking.desk.apply(ev.FactTold("studio", Condition("plugin:x", ConditionKind.PLUGIN, "x")))
    assert asking.said[0] == "Yes: nothing runs.", "the fleet moves on"
    asking.desk.open("config-ignored")
    assert asking.said == []
    asking.desk.open("restart-needed")
    await asking.ask()
    asking.desk.tools.toggle_inbox()
    asking.desk.open("restart-needed")
    assert asking.said == []


async def test_nothing_is_waited_for_once_the_item_is_over(asking: Asking) -> None:
    asking.queries.hold = asyncio.Event()
    asking.desk.open("restart-needed")
    await asking.ask()
    asking.desk.apply(ev.FactGone("studio", Condition, "restart-needed"))
    await settle()
    assert asking.queries.cancelled == 1
