from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from cc_desktop.config.secrets.credentials import Token
from cc_desktop.config.secrets.shared_tokens import SharedTokens
from cc_desktop.config.secrets.system_keyring import KeyringError, KeyringState
from tests.config.secrets.test_device_tokens import FakeKeyring

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
