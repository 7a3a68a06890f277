"""The ladder of rights in the settings, on real gateways: every step by its box."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from cc_desktop.desktop.settings.gateways.rights_card import RightsCard
from cc_desktop.desktop.style.palette import DARK
from cc_desktop.desktop.style.theme import ThemeManager
from cc_desktop.desktop.widgets.rights.right_prompt import RightsPort
from cc_desktop.fleet.commands import Right
from cc_desktop.fleet.model import ConnectionState
from tests.lab.conftest import TOKEN
from tests.lab.follow import Follower, following, settings_for
from tests.lab.openclaw import RealGateway, Sender

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

PAIRING = ("operator.read", "operator.write", "operator.admin", "operator.pairing")
NOT, HALF, ON = (
    Qt.CheckState.Unchecked,
    Qt.CheckState.PartiallyChecked,
    Qt.CheckState.Checked,
)


class Ladder:
    """The card, and the gateway's own operator who answers it."""

    def __init__(self, qapp: QApplication, follower: Follower, gateway: RealGateway) -> None:
        monitor = follower.monitor
        self.follower = follower
        self.gateway = gateway
        port = RightsPort(ThemeManager(qapp, DARK), monitor.store, monitor.now_ms, monitor.execute)
        self.card = RightsCard(port)
        self.card.show_gateway("g", "lab")
        self.card.show()

    def shows(self, right: Right) -> Qt.CheckState:
        return self.card.rungs[right].box.checkState()

    async def until(self, right: Right, shown: Qt.CheckState) -> None:
        await self.follower.until(lambda: self.shows(right) is shown, 20)

    async def ask(self, right: Right) -> str:
        """Tick the box; the request id of the command that the prompt shows then."""
        rung = self.card.rungs[right]
        rung.box.click()
        if rung.prompt.is_confirming:
            rung.prompt.confirm.click()
        await self.follower.until(lambda: rung.prompt.command is not None, 20)
        assert self.shows(right) is HALF
        assert "expires in" in rung.prompt.words()
        assert rung.prompt.command is not None
        return rung.prompt.command.command.rpartition(" ")[2]

    async def answer(self, method: str, request_id: str) -> None:
        async with Sender(self.gateway.url, TOKEN, scopes=PAIRING) as sender:
            await sender.request(method, {"requestId": request_id})


@asynccontextmanager
async def ladder_on(qapp: QApplication, gateway: RealGateway, path: Path) -> AsyncIterator[Ladder]:
    async with following(path, settings_for(gateway, TOKEN)) as follower:
        await follower.live()
        ladder = Ladder(qapp, follower, gateway)
        try:
            yield ladder
        finally:
            ladder.card.hide()
            ladder.card.deleteLater()


async def test_each_right_is_asked_for_granted_and_given_back(
    qapp: QApplication, gateway: RealGateway, tmp_path: Path
) -> None:
    async with ladder_on(qapp, gateway, tmp_path) as ladder:
        assert ladder.shows(Right.WATCH) is ON
        for right in (Right.ANSWER, Right.APPROVE, Right.OPERATE):
            await ladder.answer("device.pair.approve", await ladder.ask(right))
            await ladder.until(right, ON)
        assert [ladder.shows(right) for right in Right] == [ON] * 4
        for right in (Right.OPERATE, Right.APPROVE, Right.ANSWER):
            ladder.card.rungs[right].box.click()
            await ladder.until(right, NOT)
        assert ladder.shows(Right.WATCH) is ON
        states = ladder.follower.states["g"]
        assert states.count(ConnectionState.LIVE) == 1  # never interrupted


async def test_a_right_that_is_rejected_says_so_and_can_be_asked_again(
    qapp: QApplication, gateway: RealGateway, tmp_path: Path
) -> None:
    async with ladder_on(qapp, gateway, tmp_path) as ladder:
        await ladder.answer("device.pair.reject", await ladder.ask(Right.ANSWER))
        await ladder.until(Right.ANSWER, NOT)
        prompt = ladder.card.rungs[Right.ANSWER].prompt
        assert prompt.words() == "The request was rejected on the gateway's host."
        await ladder.answer("device.pair.approve", await ladder.ask(Right.ANSWER))
        await ladder.until(Right.ANSWER, ON)
