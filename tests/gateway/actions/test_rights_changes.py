"""Each change of rights is told its end, once and truly, whenever the connection goes."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, cast

import pytest

from cc_desktop.fleet.commands import RequestRights, WithdrawRequest
from cc_desktop.gateway.actions.rights_changes import RightsChanges
from cc_desktop.gateway.incidents import IncidentLog
from cc_desktop.gateway.rights import WITHDRAWN, RightsRefusedError
from tests.fakes.clock import settle

LIVE = cast("Any", "a connection")
ASK = RequestRights(gateway="g", scopes=("operator.write",), id="1")
WITHDRAW = WithdrawRequest(gateway="g", id="2")


class FakeRights:
    """Rights on a gateway that answers when the test says so."""

    extra: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.answered: list[asyncio.Future[Any]] = []
        self.withdrawn: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def change(self, *_: object) -> Any:
        self.answered.append(asyncio.get_running_loop().create_future())
        return await self.answered[-1]

    async def withdraw(self, _live: object) -> str:
        return await self.withdrawn

    def forget_decision(self) -> None: ...


class Scene:
    """Changes of rights, and what is told of them."""

    def __init__(self) -> None:
        self.rights = FakeRights()
        incidents = IncidentLog(logging.getLogger(__name__))
        rights, login = cast("Any", self.rights), cast("Any", None)
        self.changes = RightsChanges(rights, login, incidents)
        self.told: list[tuple[str, str]] = []

    def start(self, name: str, command: RequestRights | WithdrawRequest) -> None:
        self.changes.start(LIVE, command, lambda reason: self.told.append((name, reason)))


@pytest.fixture
async def scene() -> Scene:
    return Scene()


async def test_a_request_is_told_its_end_although_the_connection_goes_in_the_same_moment(
    scene: Scene,
) -> None:
    scene.start("request", ASK)
    await scene.changes.end()
    await settle()
    assert scene.told == [("request", "lost")]


async def test_a_withdrawal_is_told_its_end_although_the_connection_goes_in_the_same_moment(
    scene: Scene,
) -> None:
    scene.start("request", ASK)
    await settle()
    scene.start("withdrawal", WITHDRAW)
    await scene.changes.end()
    await settle()
    assert sorted(scene.told) == [("request", "lost"), ("withdrawal", "")]


async def test_a_withdrawal_that_is_late_says_nothing_of_the_next_request(scene: Scene) -> None:
    scene.start("request", ASK)
    await settle()
    scene.start("withdrawal", WITHDRAW)
    await settle()
    scene.rights.answered[0].set_exception(RightsRefusedError("rejected"))
    await settle()
    scene.start("next", ASK)
    await settle()
    scene.rights.withdrawn.set_result(WITHDRAWN)
    await settle()
    await scene.changes.end()
    await settle()
    assert scene.told[1:] == [("withdrawal", ""), ("next", "lost")]
