"""From nothing to a saved gateway: address, token, test, pairing, saving."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit

from cc_desktop.config.secrets.credentials import Token
from cc_desktop.config.settings_file import GatewayEntry, SettingsFileError
from cc_desktop.desktop.connect.page import ConnectPage
from cc_desktop.desktop.connect.parts import Sign
from cc_desktop.fleet.model import Problem
from tests.desktop.connect.fakes import (
    LIVE,
    LOCAL,
    NAME,
    PAIRING,
    SECRET,
    UNPAIRED,
    FakeGateways,
    Result,
)
from tests.fakes.clock import settle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.connect.form import GatewayForm
    from cc_desktop.desktop.style.theme import ThemeManager

TOKEN = "a-token-0123456789"


class UnexpectedError(Exception):
    """Nobody has thought of this one."""


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


def fill(form: GatewayForm, address: str = "studio.example", token: str = TOKEN) -> None:
    form.address.edit.setText(address)
    form.token.edit.setText(token)


# Address and token


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("studio.example", "Will connect to wss://studio.example:18789/"),
        ("https://studio.example/", "Will connect to wss://studio.example/"),
        (" localhost ", "Will connect to ws://localhost:18789/"),
        ("ftp://studio", "A gateway's address starts with wss:// or ws://."),
        ("studio:99999", "The port must be a number between 1 and 65535."),
        ("", ""),
    ],
)
async def test_the_address_is_mended_while_it_is_typed(
    opened: Callable[..., ConnectPage], typed: str, says: str
) -> None:
    form = opened().form
    form.address.edit.setText(typed)
    assert form.address.says() == says


async def test_a_pasted_link_gives_its_token_away(opened: Callable[..., ConnectPage]) -> None:
    form = opened().form
    form.address.edit.setText(f"https://studio.example/chat#token={TOKEN}")
    assert form.address.edit.text() == "wss://studio.example/chat"
    assert form.token.edit.text() == TOKEN
    assert form.token.edit.echoMode() is QLineEdit.EchoMode.Password


async def test_a_token_is_pasted_or_read_from_a_file(
    opened: Callable[..., ConnectPage], tmp_path: Path
) -> None:
    token = opened().form.token
    QGuiApplication.clipboard().setText(f" {TOKEN}\n")
    token.paste.click()
    assert token.edit.text() == TOKEN

    path = tmp_path / "token"
    path.write_text("from-a-file\n")
    token.read_file(path)
    assert token.edit.text() == "from-a-file"

    token.read_file(tmp_path / "missing")
    assert "missing" in token.says()
    assert token.edit.text() == "from-a-file"


async def test_a_text_that_is_no_token_is_refused_and_the_old_one_stays(
    opened: Callable[..., ConnectPage],
) -> None:
    token = opened().form.token
    token.set_token(Token(TOKEN))
    QGuiApplication.clipboard().setText("two words\nand lines")
    token.paste.click()
    assert "line break" in token.says()
    assert token.edit.text() == TOKEN


async def test_without_an_address_nothing_is_tested(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    page = opened()
    page.test.click()
    page.save.click()
    await settle()
    assert page.form.address.says().startswith("Type the gateway's address")
    assert (fake.tested, fake.done) == ([], [])


# This computer


async def test_the_token_of_this_computer_is_read_only_after_the_click(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    fake.local = LOCAL
    form = opened().form
    await settle()
    assert form.local.where() == "localhost:18789 · its token is in /somewhere/openclaw.json"
    assert fake.reads == 0

    form.local.use.click()
    await settle()
    assert fake.reads == 1
    assert fake.tested == [(LOCAL.url, SECRET, False)]
    assert form.local.isHidden()


async def test_without_a_gateway_here_none_is_offered(opened: Callable[..., ConnectPage]) -> None:
    form = opened().form
    await settle()
    assert form.local.isHidden()


# The test


async def test_each_step_passes_with_its_time(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    page = opened()
    fill(page.form)
    page.test.click()
    await settle()
    lines = page.form.steps.lines()
    assert lines[0] == "studio.example is 10.0.0.12"
    assert lines[-1] == "11 agents"
    assert page.form.steps.signs() == [Sign.OK] * 7
    assert page.test.text() == "Test again"
    assert fake.tested == [("wss://studio.example:18789/", TOKEN, False)]


async def test_a_warning_says_what_to_do_and_saving_is_next(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    facts = {"release": "2026.9.6", "protocol": 4, "skew_ms": 600_000}
    steps = list(LIVE)
    steps[4] = Result("handshake", "warning", facts=facts)
    fake.results = [tuple(steps)]
    page = opened()
    QTest.qWaitForWindowActive(page, 1000)
    fill(page.form)
    page.test.click()
    await settle()
    assert page.form.steps.signs()[4] is Sign.WARNING
    assert "ahead of this computer" in page.form.steps.lines()[4]
    assert page.form.steps.help_text().startswith("Set the clock")
    assert page.window().focusWidget() is page.save


async def test_a_step_that_does_not_apply_is_left_out(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    fake.results = [tuple(result for result in LIVE if result.step != "tls")]
    page = opened()
    fill(page.form, "localhost")
    page.test.click()
    await settle()
    assert len(page.form.steps.lines()) == 6


async def test_a_step_that_fails_says_why_and_what_to_do(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    fake.results = [(NAME, Result("port", "failed", problem=Problem("token-mismatch")))]
    page = opened()
    fill(page.form)
    page.test.click()
    await settle()
    assert page.form.steps.lines() == ["studio.example is 10.0.0.12", "The token is wrong"]
    assert page.form.steps.signs() == [Sign.OK, Sign.FAILED]
    assert "does not accept the token" in page.form.steps.help_text()
    command = page.form.steps.command
    assert command is not None
    command.copy.click()
    assert QGuiApplication.clipboard().text() == "openclaw gateway auth-token --show"


async def test_pairing_goes_on_by_itself(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    fake.results = [UNPAIRED, UNPAIRED, LIVE]
    page = opened()
    fill(page.form)
    page.test.click()
    await settle()
    assert page.form.steps.lines()[-1] == "Approve this device on the gateway"
    assert page.form.steps.signs()[-1] is Sign.WARNING
    command = page.form.steps.command
    assert command is not None
    assert command.command == "openclaw devices approve 7f3a91c2"

    fake.slept.set()
    await settle()
    assert page.form.steps.command is command  # nothing is different, nothing flickers
    fake.slept.set()
    await settle()
    assert page.form.steps.lines()[-1] == "11 agents"
    assert not page.form.trial.running


async def test_the_panel_counts_down_while_it_is_seen(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    fake.results = [UNPAIRED]
    page = opened()
    fill(page.form)
    page.test.click()
    await settle()
    steps = page.form.steps
    assert steps.left() == "expires in 5:00"
    assert steps.counts_down()

    fake.now += 48_000
    page.test.click()  # the gateway names the same request again: it is no younger for that
    await settle()
    assert steps.left() == "expires in 4:12"

    fake.now += 252_000
    page.test.click()
    await settle()
    assert steps.left() == "expired, a new one is on its way"
    assert not steps.counts_down()

    newer = replace(UNPAIRED[-1], problem=structs.replace(PAIRING, detail="another"))
    fake.results = [(*UNPAIRED[:-1], newer)]
    page.test.click()
    await settle()
    assert steps.left() == "expires in 5:00"
    page.hide()
    assert not steps.counts_down()


async def test_a_slow_keyring_is_waited_for_and_a_second_click_adds_nothing(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    fake.keyring.clear()
    page = opened()
    fill(page.form)
    page.save.click()
    await settle()
    assert page.save.text() == "Saving…"
    page.save.click()
    await settle()
    fake.keyring.set()
    await settle()
    assert [entry.id for entry in fake.entries] == ["studio.example"]
    assert page.save.text() == "Save"


async def test_nothing_is_tested_once_the_panel_is_closed(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    fake.results = [UNPAIRED]
    page = opened()
    fill(page.form)
    page.test.click()
    await settle()
    page.hide()
    fake.slept.set()
    await settle()
    assert len(fake.tested) == 1
    assert not page.form.trial.running
    assert page.form.token.edit.text() == ""


async def test_a_changed_address_ends_the_test(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    fake.results = [UNPAIRED]
    page = opened()
    fill(page.form)
    page.test.click()
    await settle()
    page.form.address.edit.setText("other.example")
    assert page.form.steps.isHidden()
    assert not page.form.trial.running


async def test_a_test_that_raises_leaves_the_form(
    opened: Callable[..., ConnectPage], fake: FakeGateways, caplog: pytest.LogCaptureFixture
) -> None:
    fake.broken = UnexpectedError()
    page = opened()
    fill(page.form)
    page.test.click()
    await settle()
    assert [record.message for record in caplog.records] == ["the test of a gateway failed"]
    assert page.test.text() == "Test again"
    fake.broken = None
    page.test.click()
    await settle()
    assert page.form.steps.lines()[-1] == "11 agents"


# Not encrypted


async def test_an_unencrypted_way_is_explained_and_asks_twice(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    page = opened()
    form = page.form
    fill(form, "ws://studio.example:4000")
    assert not form.insecure.isHidden()
    assert "studio.example" in form.insecure.why()
    command = form.insecure.command
    assert command is not None
    assert command.command == "ssh -N -L 4000:localhost:4000 studio.example"
    page.save.click()
    await settle()
    assert fake.done == []

    form.insecure.anyway.click()
    page.save.click()
    await settle()
    assert fake.done == []  # one click is none

    form.insecure.anyway.click()
    form.insecure.confirm.click()
    page.save.click()
    await settle()
    (added,) = fake.done
    assert added[1].insecure


async def test_agreeing_holds_for_one_address(opened: Callable[..., ConnectPage]) -> None:
    form = opened().form
    fill(form, "ws://studio.example")
    form.insecure.anyway.click()
    form.insecure.confirm.click()
    assert form.insecure.agreed
    form.address.edit.setText("ws://other.example")
    assert not form.insecure.agreed
    form.address.edit.setText("wss://other.example")
    assert form.insecure.isHidden()


# Saving


async def test_what_is_saved(opened: Callable[..., ConnectPage], fake: FakeGateways) -> None:
    page, saved = opened(), []
    page.saved.connect(lambda: saved.append(True))
    fill(page.form)
    page.save.click()
    await settle()
    entry = GatewayEntry("studio.example", "wss://studio.example:18789/")
    assert fake.done == [("add", entry, TOKEN)]
    assert saved == [True]


async def test_a_file_keeps_the_token_only_where_the_operator_agrees(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    page = opened()
    fill(page.form)
    assert not page.form.token.may_use_file.isChecked()
    page.form.token.may_use_file.click()
    page.save.click()
    await settle()
    assert fake.may_use_file


async def test_an_id_that_is_taken_gets_a_number(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    fake.entries = [GatewayEntry("studio.example", "wss://studio.example:1/")]
    page = opened()
    fill(page.form)
    page.save.click()
    await settle()
    assert fake.entries[1].id == "studio.example-2"


async def test_what_cannot_be_saved_says_why_and_stays(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    fake.refusal = "settings.toml: Permission denied"
    page, saved = opened(), []
    page.saved.connect(lambda: saved.append(True))
    fill(page.form)
    page.save.click()
    await settle()
    assert page.form.error() == "settings.toml: Permission denied"
    assert saved == []
    assert page.form.token.edit.text() == TOKEN


async def test_editing_keeps_the_token_that_is_not_typed_anew(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    old = GatewayEntry("studio", "wss://studio.example/", proxy="none", scopes=("operator.read",))
    fake.entries = [old]
    page = opened("studio")
    assert page.form.address.edit.text() == old.url
    page.form.name.setText("Studio")
    page.test.click()
    await settle()
    assert fake.tested == [(old.url, "stored-for-studio", False)]
    page.save.click()
    await settle()
    (done,) = fake.done
    assert done[0:2] == ("update", "studio")
    assert (done[2].name, done[2].proxy, done[2].id) == ("Studio", "none", "studio")
    assert done[3] is None


async def test_a_form_that_is_open_while_the_list_changes_saves_its_own_gateway(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    fake.entries = [GatewayEntry(name, f"wss://{name}.example/") for name in ("old", "b", "c")]
    page = opened("b")
    del fake.entries[0]
    page.form.name.setText("Bob")
    page.save.click()
    await settle()
    assert [(entry.id, entry.name) for entry in fake.entries] == [("b", "Bob"), ("c", "")]


def test_a_gateway_that_is_gone_opens_no_form(opened: Callable[..., ConnectPage]) -> None:
    with pytest.raises(SettingsFileError, match="changed meanwhile"):
        opened("gone")


async def test_a_stored_token_is_not_tested_against_another_address(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    fake.entries = [GatewayEntry("studio", "wss://studio.example/")]
    page = opened("studio")
    page.form.address.edit.setText("wss://elsewhere.example/")
    page.test.click()
    await settle()
    assert fake.tested == [("wss://elsewhere.example/", "", False)]


# Keys


async def test_enter_tests_and_escape_leaves(
    opened: Callable[..., ConnectPage], fake: FakeGateways
) -> None:
    page, left = opened(), []
    page.left.connect(lambda: left.append(True))
    fill(page.form)
    QTest.keyClick(page.form.address.edit, Qt.Key.Key_Return)
    await settle()
    assert len(fake.tested) == 1
    QTest.keyClick(page.form.token.edit, Qt.Key.Key_Escape)
    assert left == [True]


async def test_every_field_has_a_name_and_every_text_is_plain(
    opened: Callable[..., ConnectPage],
) -> None:
    page = opened()
    for edit in page.findChildren(QLineEdit):
        assert edit.accessibleName()
    for part in page.findChildren(QLabel):
        assert part.textFormat() == Qt.TextFormat.PlainText or not part.text()
