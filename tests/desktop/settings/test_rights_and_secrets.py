"""Rights and secrets of a gateway on the page Gateways."""

from __future__ import annotations

import asyncio
from dataclasses import replace as with_fields
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from cc_desktop.desktop.settings.gateways.gateways_page import GatewaysPage
from cc_desktop.desktop.settings.ports import SecretPlaces
from cc_desktop.desktop.settings.window import SettingsWindow
from cc_desktop.desktop.widgets.rights.right_prompt import RightsPort
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import Command, GiveBackRights, RequestRights, Right
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, PairingRequest
from tests.desktop.settings.test_app_pages import Desk
from tests.fakes.clock import settle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.settings.gateways.rights_card import RightsCard
    from cc_desktop.desktop.settings.gateways.secrets_card import SecretsCard
    from cc_desktop.desktop.style.theme import ThemeManager

READ, ASK, APPROVE = "operator.read", "operator.questions", "operator.approvals"
IN_MEMORY = SecretPlaces("in memory", "in a file", may_use_keyring=True, may_use_file=True)
SAFE = SecretPlaces("in the keyring", "")


class UnexpectedError(Exception):
    """Nobody has thought of this one. It holds a secret."""


class FakeSecrets:
    """Implements `SecretTools`."""

    def __init__(self) -> None:
        self.now = IN_MEMORY
        self.asked: list[str] = []
        self.why = ""
        self.error: Exception | None = None
        self.answers = asyncio.Event()
        self.answers.set()
        self.changed: Callable[[], object] | None = None

    def places(self, gateway: str) -> SecretPlaces:
        return self.now if gateway == "studio" else SAFE

    async def to_keyring(self) -> str:
        return await self._answer("keyring")

    async def to_file(self, gateway: str) -> str:
        return await self._answer(f"file {gateway}")

    async def _answer(self, what: str) -> str:
        self.asked.append(what)
        await self.answers.wait()
        if self.error is not None:
            raise self.error
        if not self.why:
            self.now = SAFE
        return self.why

    def follow(self, changed: Callable[[], object] | None) -> None:
        self.changed = changed


class RightsDesk(Desk):
    """The settings with rights and secrets of each gateway."""

    def __init__(self, look: ThemeManager, path: Path) -> None:
        super().__init__(look, path)
        self.window.close()
        self.window.deleteLater()
        self.sent: list[Command] = []
        self.secrets = FakeSecrets()
        self.in_settings: tuple[str, ...] = ()
        gateways = self.context.gateways
        assert gateways is not None
        clock: Any = self.context.clock
        self.clock = clock
        port = RightsPort(look, self.store, clock, self.execute, lambda _id: self.in_settings)
        tools = with_fields(gateways, rights=port, secrets=self.secrets)
        self.context = with_fields(self.context, gateways=tools)
        self.connect("studio", READ)
        self.window = SettingsWindow(self.context, {})
        self.window.show_page("gateways")

    def execute(self, command: Command) -> None:
        self.sent.append(command)
        gateway = str(getattr(command, "gateway", ""))
        self.store.apply(ev.CommandSent(gateway, replace(command, id=str(len(self.sent)))))

    def connect(self, gateway: str, *scopes: str, **fields: Any) -> None:
        info = ConnectionInfo(ConnectionState.LIVE, scopes=scopes, **fields)
        self.store.apply(ev.ConnectionChanged(gateway, info))

    @property
    def page(self) -> GatewaysPage:
        page = self.window.page("gateways")
        assert isinstance(page, GatewaysPage)
        return page

    @property
    def rights(self) -> RightsCard:
        card = self.page.facts.rights
        assert card is not None
        return card

    @property
    def card(self) -> SecretsCard:
        card = self.page.facts.secrets
        assert card is not None
        return card

    def boxes(self) -> dict[Right, Qt.CheckState]:
        return {right: rung.box.checkState() for right, rung in self.rights.rungs.items()}


@pytest.fixture
def desk(qtbot: QtBot, look: ThemeManager, tmp_path: Path) -> RightsDesk:
    made = RightsDesk(look, tmp_path)
    qtbot.addWidget(made.window)
    QTest.qWaitForWindowActive(made.window, 1000)
    return made


def test_a_tick_asks_for_a_right_and_shows_what_is_true(desk: RightsDesk) -> None:
    box = desk.rights.rungs[Right.ANSWER].box
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Space)
    assert desk.sent == [RequestRights("studio", (ASK,))]
    assert box.checkState() is Qt.CheckState.PartiallyChecked
    QTest.keyClick(box, Qt.Key.Key_Space)  # the keyboard is still there, and nothing is asked twice
    assert len(desk.sent) == 1
    assert box.checkState() is Qt.CheckState.PartiallyChecked
    assert not desk.rights.rungs[Right.OPERATE].box.isEnabled()
    assert desk.rights.why_not() == "Another request for rights is still open."

    now = desk.clock.now
    pairing = PairingRequest("7f3a", "laptop", (READ, ASK), now, now + 60_000, upgrade=True)
    desk.connect("studio", READ, pairing=pairing)
    prompt = desk.rights.rungs[Right.ANSWER].prompt
    assert prompt.words().endswith("expires in 1:00")
    assert prompt.command is not None
    assert prompt.command.isVisible()

    desk.connect("studio", READ, ASK)
    desk.store.apply(ev.CommandDone("studio", "1"))
    assert box.checkState() is Qt.CheckState.Checked
    assert desk.rights.why_not() == ""

    box.click()
    assert desk.sent[-1] == GiveBackRights("studio", (ASK,))
    desk.connect("studio", READ)
    desk.store.apply(ev.CommandDone("studio", "2"))
    assert box.checkState() is Qt.CheckState.Unchecked
    assert box.isEnabled()


def test_approvals_are_confirmed_before_they_are_asked_for(desk: RightsDesk) -> None:
    rung = desk.rights.rungs[Right.APPROVE]
    rung.box.click()
    assert desk.sent == []
    assert rung.prompt.confirm.isVisible()
    assert desk.window.focusWidget() is rung.prompt.confirm
    rung.prompt.cancel.click()
    assert rung.box.checkState() is Qt.CheckState.Unchecked
    assert not rung.prompt.isVisible()
    rung.box.click()
    rung.prompt.confirm.click()
    assert desk.sent == [RequestRights("studio", (APPROVE,))]
    assert rung.box.checkState() is Qt.CheckState.PartiallyChecked


def test_a_refusal_is_said_beside_its_box(desk: RightsDesk) -> None:
    rung = desk.rights.rungs[Right.OPERATE]
    rung.box.click()
    desk.store.apply(ev.CommandRefused("studio", "1", "rejected"))
    assert rung.prompt.words() == "The request was rejected on the gateway's host."
    assert rung.prompt.isVisible()
    assert rung.box.isEnabled()
    assert "rejected" in rung.box.accessibleDescription()


def test_what_the_settings_ask_for_is_not_given_back_here(desk: RightsDesk) -> None:
    desk.in_settings = (ASK,)
    desk.connect("studio", READ, ASK)
    rung = desk.rights.rungs[Right.ANSWER]
    assert rung.box.isChecked()
    assert not rung.box.isEnabled()
    assert "access" in rung.prompt.words()


def test_without_a_connection_the_reason_is_said_once(desk: RightsDesk) -> None:
    desk.store.apply(ev.ConnectionChanged("studio", ConnectionInfo(ConnectionState.BLOCKED)))
    assert desk.rights.why_not() == "The gateway is not connected."
    rungs = desk.rights.rungs.values()
    assert not any(rung.box.isEnabled() or rung.prompt.isVisible() for rung in rungs)


def test_each_gateway_has_its_own(desk: RightsDesk) -> None:
    desk.connect("home-lab", READ, ASK)
    facts = desk.page.facts
    assert (facts.chosen, facts.choice.count()) == ("studio", 2)
    assert desk.rights.heading() == "What this computer may do on studio"
    row = desk.page.rows[1]
    QTest.mouseClick(row, Qt.MouseButton.LeftButton, pos=row.rect().topLeft())
    assert facts.chosen == "home-lab"
    assert desk.rights.heading() == "What this computer may do on Home lab"
    assert desk.boxes()[Right.ANSWER] is Qt.CheckState.Checked
    assert desk.card.lines() == ("in the keyring", "")
    desk.editor.entries.pop()
    desk.page.refresh()
    assert facts.chosen == "studio"
    assert not facts.choice.isVisible()
    desk.editor.entries.clear()
    desk.page.refresh()
    assert not facts.isVisible()


# Secrets


async def test_secrets_are_moved_and_the_page_says_where_they_are(desk: RightsDesk) -> None:
    assert desk.card.lines() == ("in memory", "in a file")
    desk.secrets.why = "The keyring is locked."
    desk.card.to_keyring.click()
    await settle()
    assert desk.card.said() == "The keyring is locked."
    assert desk.card.lines() == ("in memory", "in a file")
    desk.secrets.why = ""
    desk.card.to_file.click()
    await settle()
    assert desk.secrets.asked == ["keyring", "file studio"]
    assert (desk.card.said(), desk.card.lines()) == ("", ("in the keyring", ""))
    assert not desk.card.to_keyring.isVisible()


async def test_while_the_keyring_thinks_the_page_lives(desk: RightsDesk) -> None:
    desk.secrets.answers.clear()
    desk.card.to_keyring.click()
    await settle()
    assert not desk.card.to_keyring.isEnabled()
    assert desk.card.said() == "The keyring may ask for its password…"
    desk.page.facts.choose("home-lab")
    desk.page.facts.choose("studio")
    desk.card.to_keyring.click()
    desk.secrets.answers.set()
    await settle()
    assert desk.secrets.asked == ["keyring"]


async def test_a_move_that_fails_leaves_the_page_and_names_no_secret(
    desk: RightsDesk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.secrets.error = UnexpectedError("s3cret-t0ken")
    desk.card.to_keyring.click()
    await settle()
    assert "They are where they were" in desk.card.said()
    assert "UnexpectedError" in caplog.text
    assert "s3cret" not in caplog.text
    assert desk.card.to_keyring.isEnabled()


def test_the_page_follows_the_secrets_while_it_is_seen(desk: RightsDesk) -> None:
    assert desk.secrets.changed is not None
    desk.secrets.now = SAFE
    desk.secrets.changed()
    assert desk.card.lines()[0] == "in the keyring"
    desk.window.close()
    assert desk.secrets.changed is None


def test_a_row_offers_no_keyring_where_there_is_none(desk: RightsDesk) -> None:
    desk.secrets.now = with_fields(IN_MEMORY, may_use_keyring=False)
    desk.connect("studio", "operator.read", token_place="file")
    desk.page.refresh()
    assert desk.page.rows[0].secure.isHidden()
    desk.secrets.now = with_fields(IN_MEMORY, may_use_keyring=True)
    desk.page.refresh()
    assert not desk.page.rows[0].secure.isHidden()


def test_a_link_leads_to_the_rights_on_a_gateway(desk: RightsDesk) -> None:
    """From the inbox: what this connection may not see."""
    desk.window.resize(desk.window.minimumSize())
    desk.connect("home-lab", READ)
    desk.window.show_page("gateways")
    desk.window.open_part("home-lab")
    assert desk.page.facts.chosen == "home-lab"
    assert desk.rights.rungs[Right.ANSWER].box.hasFocus()
    assert not desk.rights.visibleRegion().isEmpty()
    desk.window.open_part("nobody")  # one that is no longer there
    assert desk.page.facts.chosen == "home-lab"
