"""Asking for a right where it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from cc_desktop.desktop.widgets.rights.right_prompt import RightPrompt, RightsPort
from cc_desktop.desktop.widgets.view_context import ViewContext
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import Command, GiveBackRights, RequestRights, Right, WithdrawRequest
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, PairingRequest
from cc_desktop.text.connect.rights import RightStage
from tests.desktop import sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.style.theme import ThemeManager

READ, ASK, APPROVE = "operator.read", "operator.questions", "operator.approvals"


class Gateway:
    """A gateway in the model, and what it was asked for."""

    def __init__(self, look: ThemeManager, clock: sample.Clock) -> None:
        self.store = sample.live_store()
        self.clock = clock
        self.asked: list[Command] = []
        self.port = RightsPort(look, self.store, clock, self.execute)
        self.connect(READ)

    def execute(self, command: Command) -> None:
        self.asked.append(command)
        self.store.apply(ev.CommandSent("studio", replace(command, id=str(len(self.asked)))))

    def connect(self, *scopes: str, pairing: PairingRequest | None = None) -> None:
        info = ConnectionInfo(ConnectionState.LIVE, scopes=scopes, pairing=pairing)
        self.store.apply(ev.ConnectionChanged("studio", info))

    def wait_for_approval(self, *scopes: str) -> None:
        now = self.clock.now
        pairing = PairingRequest("7f3a", "laptop", scopes, now, now + 252_000, upgrade=True)
        self.connect(READ, pairing=pairing)


@pytest.fixture
def gateway(look: ThemeManager, clock: sample.Clock) -> Gateway:
    return Gateway(look, clock)


@pytest.fixture
def opened(qtbot: QtBot, gateway: Gateway) -> Callable[[Right], RightPrompt]:
    def make(right: Right) -> RightPrompt:
        prompt = RightPrompt(gateway.port, "studio", right)
        qtbot.addWidget(prompt)
        prompt.show()
        QTest.qWaitForWindowActive(prompt, 1000)
        return prompt

    return make


def test_from_the_question_to_the_grant(
    opened: Callable[[Right], RightPrompt], gateway: Gateway
) -> None:
    prompt = opened(Right.ANSWER)
    assert prompt.button.text() == "Ask to answer questions"
    prompt.button.setFocus()
    QTest.keyClick(prompt.button, Qt.Key.Key_Return)
    assert gateway.asked == [RequestRights("studio", (ASK,))]
    assert not prompt.button.isVisible()
    assert prompt.words() == "Asking the gateway…"

    gateway.wait_for_approval(READ, ASK)
    assert prompt.words().endswith("expires in 4:12")
    assert prompt.command is not None
    prompt.command.copy.click()
    assert QGuiApplication.clipboard().text() == "openclaw devices approve 7f3a"

    gateway.connect(READ, ASK)
    gateway.store.apply(ev.CommandDone("studio", "1"))
    assert prompt.state.stage is RightStage.GRANTED
    assert prompt.command is None
    assert not prompt.button.isVisible()


def test_deciding_approvals_is_confirmed_first(
    opened: Callable[[Right], RightPrompt], gateway: Gateway
) -> None:
    prompt = opened(Right.APPROVE)
    prompt.button.click()
    assert prompt.is_confirming
    assert gateway.asked == []
    assert "where the fleet sends its approvals" in prompt.confirm.accessibleDescription()
    prompt.cancel.click()
    assert not prompt.is_confirming
    assert prompt.button.isVisible()
    prompt.button.click()
    prompt.confirm.click()
    assert gateway.asked == [RequestRights("studio", (APPROVE,))]
    assert not prompt.is_confirming


def test_a_refusal_says_why_and_it_can_be_asked_again(
    opened: Callable[[Right], RightPrompt], gateway: Gateway
) -> None:
    prompt = opened(Right.ANSWER)
    prompt.ask()
    gateway.store.apply(ev.CommandRefused("studio", "1", "expired"))
    assert prompt.words() == "Nobody approved the request in time. Ask again."
    assert prompt.button.isEnabled()
    prompt.button.click()
    assert len(gateway.asked) == 2


def test_a_request_that_waits_is_withdrawn_and_can_be_asked_again(
    opened: Callable[[Right], RightPrompt], gateway: Gateway
) -> None:
    prompt = opened(Right.ANSWER)
    assert not prompt.withdraw.isVisible()
    prompt.ask()
    assert prompt.withdraw.isVisible()
    gateway.wait_for_approval(READ, ASK)
    QTest.keyClick(prompt.withdraw, Qt.Key.Key_Space)
    assert gateway.asked[-1] == WithdrawRequest("studio")
    gateway.connect(READ)
    gateway.store.apply(ev.CommandDone("studio", "2"))
    gateway.store.apply(ev.CommandRefused("studio", "1", "left-open"))
    assert prompt.state.stage is RightStage.POSSIBLE
    assert not prompt.state.refused  # it is what the operator wanted
    assert "On the gateway it stays open until it expires" in prompt.words()
    assert not prompt.withdraw.isVisible()
    assert prompt.button.isEnabled()


def test_what_cannot_work_is_not_offered(
    opened: Callable[[Right], RightPrompt], gateway: Gateway
) -> None:
    gateway.store.apply(ev.ConnectionChanged("studio", ConnectionInfo(ConnectionState.BLOCKED)))
    prompt = opened(Right.ANSWER)
    assert not prompt.button.isEnabled()
    assert prompt.words() == "The gateway is not connected."


def test_one_timer_while_it_waits_and_is_seen(
    opened: Callable[[Right], RightPrompt], gateway: Gateway, clock: sample.Clock
) -> None:
    prompt = opened(Right.ANSWER)
    assert not prompt._timer.isActive()
    prompt.ask()
    gateway.wait_for_approval(READ, ASK)
    assert prompt._timer.isActive()
    clock.now += 240_000
    prompt._timer.timeout.emit()
    assert prompt.words().endswith("expires in 0:12")
    prompt.hide()
    assert not prompt._timer.isActive()
    gateway.connect(READ, ASK)
    gateway.store.apply(ev.CommandDone("studio", "1"))
    assert "Waiting for approval" in prompt.words()  # hidden, it does not follow
    prompt.show()
    assert prompt.state.stage is RightStage.GRANTED
    assert not prompt._timer.isActive()


def test_views_of_the_fleet_have_what_it_takes(look: ThemeManager, gateway: Gateway) -> None:
    actions = replace(sample.Asked().actions, execute=gateway.execute)
    context = ViewContext(gateway.store, actions, gateway.clock, look)
    prompt = RightPrompt(RightsPort.of(context), "studio", Right.ANSWER, has_button=False)
    prompt.ask()
    prompt.give_back()
    assert gateway.asked == [RequestRights("studio", (ASK,)), GiveBackRights("studio", (ASK,))]
    prompt.deleteLater()
