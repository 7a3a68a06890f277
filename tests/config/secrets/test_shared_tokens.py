from __future__ import annotations

import asyncio
import stat
from typing import TYPE_CHECKING

import pytest

from cc_desktop.config.secrets import device_tokens
from cc_desktop.config.secrets.credentials import Token
from cc_desktop.config.secrets.shared_tokens import SharedTokens
from cc_desktop.config.secrets.system_keyring import KeyringError, KeyringState
from tests.config.secrets.test_device_tokens import FakeKeyring
from tests.fakes.clock import until

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def keyring() -> FakeKeyring:
    return FakeKeyring()


def store(path: Path, keyring: FakeKeyring) -> SharedTokens:
    return SharedTokens(path / "shared-tokens.json", keyring=keyring)


async def test_an_unlocked_keyring_keeps_it_over_starts(
    tmp_path: Path, keyring: FakeKeyring
) -> None:
    assert await store(tmp_path, keyring).keep("lab", Token("t0ken")) == "keyring"
    later = store(tmp_path, keyring)

    assert (await later.read("lab")).reveal() == "t0ken"
    assert not await later.read("other")
    assert later.place_of("lab") == "keyring"
    assert not (tmp_path / "shared-tokens.json").exists()


@pytest.mark.parametrize("state", [s for s in KeyringState if s is not KeyringState.OPEN])
async def test_without_a_keyring_it_stays_in_memory_unless_a_file_is_agreed(
    tmp_path: Path, keyring: FakeKeyring, state: KeyringState
) -> None:
    keyring.now = state
    tokens = store(tmp_path, keyring)

    assert await tokens.keep("lab", Token("t0ken")) == "memory"
    assert tokens.known("lab").reveal() == "t0ken"
    assert not await store(tmp_path, keyring).read("lab")
    assert not (tmp_path / "shared-tokens.json").exists()

    assert await tokens.keep("lab", Token("t0ken"), may_use_file=True) == "file"
    file = tmp_path / "shared-tokens.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (await store(tmp_path, keyring).read("lab")).reveal() == "t0ken"
    assert await tokens.keep("lab", Token("new")) == "file"  # once agreed, that holds
    assert await tokens.keep("other", Token("x")) == "memory"
    assert keyring.dialogs == 0


async def test_a_keyring_that_refuses_loses_nothing(tmp_path: Path, keyring: FakeKeyring) -> None:
    keyring.error = KeyringError("no")
    tokens = store(tmp_path, keyring)

    assert await tokens.keep("lab", Token("t0ken")) == "memory"
    assert tokens.known("lab").reveal() == "t0ken"
    assert tokens.why == "refused"


async def test_what_is_forgotten_is_gone_everywhere(tmp_path: Path, keyring: FakeKeyring) -> None:
    tokens = store(tmp_path, keyring)
    await tokens.keep("lab", Token("t0ken"))
    await tokens.forget("lab")
    keyring.now = KeyringState.LOCKED
    await tokens.keep("file", Token("t0ken"), may_use_file=True)
    await tokens.keep("file", Token(""))

    assert keyring.kept == {}
    assert not await store(tmp_path, keyring).read("lab")
    assert not await store(tmp_path, keyring).read("file")


async def test_it_does_not_show_itself(tmp_path: Path, keyring: FakeKeyring) -> None:
    tokens = store(tmp_path, keyring)
    secret = tokens.secret_of("lab")
    assert secret.reveal() == ""
    await tokens.keep("lab", Token("t0ken"))

    assert secret.reveal() == "t0ken"
    assert "t0ken" not in f"{secret!r} {tokens!r} {vars(tokens)!r}"


async def test_what_one_gateway_agreed_to_is_not_done_for_another(
    tmp_path: Path, keyring: FakeKeyring
) -> None:
    keyring.answers.clear()  # so that both are under way at the same time
    tokens = store(tmp_path, keyring)
    agreed = asyncio.create_task(tokens.keep("agreed", Token("t0ken"), may_use_file=True))
    other = asyncio.create_task(tokens.keep("not", Token("x")))
    await asyncio.sleep(0)
    keyring.now = KeyringState.LOCKED
    keyring.answers.set()

    assert (await agreed, await other) == ("file", "memory")


async def test_a_keyring_that_answers_after_all_takes_what_was_only_in_memory(
    tmp_path: Path, keyring: FakeKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_tokens, "KEYRING_TIMEOUT_S", 0.02)
    keyring.answers.clear()
    tokens = store(tmp_path, keyring)
    told: list[str] = []
    tokens.on_change = lambda: told.append(tokens.place_of("lab"))
    assert await tokens.keep("lab", Token("t0ken")) == "memory"
    assert tokens.why == "silent"

    monkeypatch.setattr(device_tokens, "KEYRING_TIMEOUT_S", 5.0)
    keyring.answers.set()
    await until(lambda: tokens.place_of("lab") == "keyring", "the keyring has it")
    assert "t0ken" in keyring.kept.values()
    assert told == ["memory", "keyring"]


async def test_the_operator_moves_all_to_the_keyring_or_is_told_why_not(
    tmp_path: Path, keyring: FakeKeyring
) -> None:
    keyring.now = keyring.after_dialog = KeyringState.LOCKED
    tokens = store(tmp_path, keyring)
    await tokens.keep("memory", Token("t1"))
    await tokens.keep("file", Token("t2"), may_use_file=True)
    assert not await tokens.move_to_keyring()
    assert tokens.why == "locked"
    assert [tokens.place_of(name) for name in ("memory", "file")] == ["memory", "file"]

    keyring.after_dialog = KeyringState.OPEN
    assert await tokens.move_to_keyring()
    assert [tokens.place_of(name) for name in ("memory", "file")] == ["keyring", "keyring"]
    assert sorted(keyring.kept.values()) == ["t1", "t2"]
    assert "t2" not in (tmp_path / "shared-tokens.json").read_text()


async def test_the_operator_agrees_to_a_file_later(tmp_path: Path, keyring: FakeKeyring) -> None:
    keyring.now = KeyringState.ABSENT
    tokens = store(tmp_path, keyring)
    await tokens.keep("lab", Token("t0ken"))
    assert not tokens.keep_in_file("other")
    assert tokens.keep_in_file("lab")
    assert tokens.place_of("lab") == "file"
    assert (await store(tmp_path, keyring).read("lab")).reveal() == "t0ken"


async def test_a_file_that_cannot_be_written_keeps_it_in_memory(
    tmp_path: Path, keyring: FakeKeyring
) -> None:
    keyring.now = KeyringState.ABSENT
    tokens = store(tmp_path, keyring)
    await tokens.keep("lab", Token("t0ken"))
    (tmp_path / "shared-tokens.json").mkdir()
    assert not tokens.keep_in_file("lab")
    assert tokens.place_of("lab") == "memory"
    assert tokens.known("lab").reveal() == "t0ken"


async def test_what_an_earlier_run_has_in_the_file_stays_there_when_the_keyring_fails(
    tmp_path: Path, keyring: FakeKeyring
) -> None:
    keyring.now = KeyringState.ABSENT
    await store(tmp_path, keyring).keep("lab", Token("t0ken"), may_use_file=True)
    later = store(tmp_path, keyring)
    await later.read("lab")
    keyring.now, keyring.error = KeyringState.OPEN, KeyringError("no")
    assert not await later.move_to_keyring()
    assert later.place_of("lab") == "file"


async def test_the_setting_is_taken_over_at_once(tmp_path: Path, keyring: FakeKeyring) -> None:
    tokens = SharedTokens(tmp_path / "shared-tokens.json", use_keyring=False, keyring=keyring)
    assert await tokens.keep("lab", Token("t0ken")) == "memory"
    assert (tokens.why, keyring.calls) == ("off", [])
    tokens.allow_keyring(True)
    await until(lambda: tokens.place_of("lab") == "keyring", "the keyring has it")

    tokens.allow_keyring(False)
    before = list(keyring.calls)
    assert await tokens.keep("lab", Token("new")) == "memory"
    assert (tokens.why, keyring.calls) == ("off", before)
