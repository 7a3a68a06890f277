"""A certificate that nobody vouches for is compared, trusted for its address, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cc_desktop.config.settings_file import GatewayEntry
from cc_desktop.desktop.connect.page import ConnectPage
from cc_desktop.fleet.model import Problem
from tests.desktop.connect.fakes import LIVE, NAME, PORT, FakeGateways, Result
from tests.fakes.clock import settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.style.theme import ThemeManager

URL = "wss://studio.example:18789/"
OLD, NEW = "ab" * 32, "cd" * 32
UNKNOWN = Problem("certificate", "certificate", detail=URL, fingerprint=OLD)
CHANGED = Problem("certificate-changed", "certificate-changed", "", URL, NEW, OLD)


def refused(problem: Problem) -> tuple[Result, ...]:
    facts = {"fingerprint": problem.fingerprint, "trusted": False}
    return NAME, PORT, Result("tls", "failed", facts, problem)


@pytest.fixture
def fake(look: ThemeManager) -> FakeGateways:
    return FakeGateways(look)


@pytest.fixture
def opened(qtbot: QtBot, fake: FakeGateways) -> Callable[..., ConnectPage]:
    kept = []

    def make(ident: str = "") -> ConnectPage:
        page = ConnectPage(fake.tools, "Connect your gateway", "", "Later", ident)
        qtbot.addWidget(page)
        page.resize(600, 480)
        page.show()
        kept.append(page)
        return page

    return make


async def test_an_unknown_certificate_is_trusted_by_one_click_and_kept(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    fake.results = [refused(UNKNOWN), LIVE]
    page = opened()
    form, card = page.form, page.form.trust
    form.address.edit.setText(URL)
    assert card.isHidden()
    page.test.click()
    await settle()
    assert not card.isHidden()
    assert "studio.example" in card.why()

    card.trust.click()
    await settle()
    assert fake.pins == ["", OLD]
    assert form.steps.lines()[-1] == "11 agents"
    assert card.trust.isHidden()
    page.save.click()
    await settle()
    assert fake.done[0][1] == GatewayEntry("studio.example", URL, fingerprint=OLD)


async def test_the_button_that_trusts_is_in_sight(
    opened: Callable[..., ConnectPage], fake: FakeGateways, qtbot: QtBot
) -> None:
    fake.results = [refused(UNKNOWN)]
    page = opened()
    page.form.address.edit.setText(URL)
    page.test.click()
    await settle()
    trust = page.form.trust.trust
    qtbot.waitUntil(lambda: trust.visibleRegion().boundingRect() == trust.rect())


async def test_nothing_is_trusted_without_the_click(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    fake.results = [refused(UNKNOWN)]
    page = opened()
    page.form.address.edit.setText(URL)
    page.test.click()
    await settle()
    page.save.click()
    await settle()
    assert fake.done[0][1].fingerprint == ""


async def test_a_changed_certificate_shows_both_and_is_trusted_anew(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    fake.entries = [GatewayEntry("studio", URL, fingerprint=OLD)]
    fake.results = [refused(CHANGED), LIVE]
    page = opened("studio")
    card = page.form.trust
    assert not card.isHidden()  # it says what is trusted
    page.test.click()
    await settle()
    assert "another certificate" in card.why()
    assert card.trust.text() == "Trust the new certificate"
    card.trust.click()
    await settle()
    page.save.click()
    await settle()
    assert fake.pins == [OLD, NEW]
    assert fake.done[0][2].fingerprint == NEW


async def test_trust_is_taken_back(opened: Callable[..., ConnectPage], fake: FakeGateways) -> None:
    fake.entries = [GatewayEntry("studio", URL, fingerprint=OLD)]
    page = opened("studio")
    page.form.trust.take_back.click()
    await settle()
    page.save.click()
    await settle()
    assert fake.pins == [""]
    assert fake.done[0][2].fingerprint == ""


async def test_trust_holds_for_one_host_and_port(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    fake.entries = [GatewayEntry("studio", URL, fingerprint=OLD)]
    page = opened("studio")
    page.form.address.edit.setText("wss://elsewhere.example:18789/")
    assert page.form.trust.isHidden()
    page.test.click()
    await settle()
    page.form.address.edit.setText(f"{URL}chat")
    page.test.click()
    await settle()
    assert fake.pins == ["", OLD]
    page.form.address.edit.setText("wss://elsewhere.example:18789/")
    page.save.click()
    await settle()
    assert fake.done[0][2].fingerprint == ""
