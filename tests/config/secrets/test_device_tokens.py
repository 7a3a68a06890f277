from __future__ import annotations

import json
import logging
import stat
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from cc_desktop.config.secrets import device_tokens
from cc_desktop.config.secrets.device_tokens import DeviceTokens
from cc_desktop.config.secrets.system_keyring import KeyringError, KeyringState
from cc_desktop.system.files import kept_aside
from tests.fakes.clock import until
from tests.fakes.disk import FAULTS, failing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "s3cret-t0ken"
ME = ("ws://h/", "device", "operator")
OTHER = ("ws://other/", "device", "operator")


class FakeKeyring:
    """Implements `cc_desktop.config.secrets.system_keyring.Keyring`."""

    def __init__(self) -> None:
        self.now = KeyringState.OPEN
        self.after_dialog = KeyringState.OPEN
        self.kept: dict[str, str] = {}
        self.calls: list[str] = []
        self.dialogs = 0
        self.error: Exception | None = None
        self.forgets = False  # as keyring.backends.null
        self.answers = threading.Event()  # cleared: it hangs
        self.answers.set()

    def _called(self, what: str) -> None:
        self.calls.append(what)
        self.answers.wait(10)
        if what in ("get", "set"):
            if self.now is not KeyringState.OPEN:
                self.dialogs += 1  # what the real one would do
            if self.error is not None:
                raise self.error

    def state(self) -> KeyringState:
        self._called("state")
        return self.now

    def get(self, name: str) -> str | None:
        self._called("get")
        return self.kept.get(name)

    def set(self, name: str, token: str) -> None:
        self._called("set")
        if not self.forgets:
            self.kept[name] = token

    def delete(self, name: str) -> None:
        self._called("set")
        self.kept.pop(name, None)

    def unlock(self) -> KeyringState:
        self._called("unlock")
        if self.now in (KeyringState.LOCKED, KeyringState.NOT_MADE):
            self.dialogs += 1
            self.now = self.after_dialog
        return self.now


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKeyring]:
    fake = FakeKeyring()
    monkeypatch.setattr(device_tokens, "HUNG_TIMEOUT_S", 0.02)
    yield fake
    fake.answers.set()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "device-tokens.json"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_tokens, "KEYRING_TIMEOUT_S", 0.05)


def open_tokens(path: Path, keyring: FakeKeyring) -> DeviceTokens:
    return DeviceTokens(path, keyring=keyring)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def inode(path: Path) -> int:
    return path.stat().st_ino


def in_file(path: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(path.read_bytes()) if path.exists() else {}
    return found


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)


async def found(tokens: DeviceTokens, who: tuple[str, str, str] = ME) -> str:
    return (await tokens.get(*who)).reveal()


# An open keyring


async def test_an_open_keyring_is_preferred(keyring: FakeKeyring, path: Path) -> None:
    tokens = open_tokens(path, keyring)
    assert not await tokens.get(*ME)
    await tokens.keep(*ME, SECRET)

    assert (tokens.place, tokens.why) == ("keyring", "")
    assert list(keyring.kept.values()) == [SECRET]
    assert in_file(path) == {}
    later = open_tokens(path, keyring)
    assert await found(later) == SECRET
    assert (later.place, later.why) == ("keyring", "")


async def test_what_has_not_changed_is_not_written(keyring: FakeKeyring, path: Path) -> None:
    tokens = open_tokens(path, keyring)
    await tokens.keep(*ME, SECRET)
    keyring.calls.clear()
    for _ in range(5):
        await tokens.keep(*ME, SECRET)
    assert keyring.calls == []

    await open_tokens(path, keyring).keep(*ME, SECRET)
    assert "set" not in keyring.calls
    await tokens.keep(*ME, "newer")
    assert keyring.calls.count("set") == 1
    assert await found(tokens) == "newer"


async def test_a_keyring_that_came_leaves_nothing_in_the_file(
    keyring: FakeKeyring, path: Path
) -> None:
    without = DeviceTokens(path, use_keyring=False)
    await without.keep(*ME, SECRET)
    await without.keep(*OTHER, "other")
    tokens = open_tokens(path, keyring)
    assert await found(tokens) == SECRET
    assert tokens.place == "file"
    await tokens.keep(*ME, SECRET)

    assert tokens.place == "keyring"
    assert list(in_file(path).values()) == ["other"]
    assert await found(tokens) == SECRET
    assert await found(tokens, OTHER) == "other"


# One that would open a dialog


@pytest.mark.parametrize("state", [KeyringState.LOCKED, KeyringState.NOT_MADE, KeyringState.ABSENT])
async def test_a_keyring_that_is_not_open_is_only_looked_at(
    keyring: FakeKeyring, path: Path, caplog: pytest.LogCaptureFixture, state: KeyringState
) -> None:
    caplog.set_level(logging.DEBUG)
    keyring.now = state
    tokens = open_tokens(path, keyring)
    assert not await tokens.get(*ME)
    for _ in range(5):
        await tokens.keep(*ME, SECRET)

    assert set(keyring.calls) == {"state"}
    assert keyring.dialogs == 0
    assert (tokens.place, tokens.why) == ("file", state.value)
    if sys.platform != "win32":
        assert mode(path) == 0o600
    assert await found(open_tokens(path, keyring)) == SECRET
    assert SECRET not in caplog.text
    assert SECRET not in repr(vars(tokens))


async def test_a_file_that_has_the_token_is_not_written_again(
    keyring: FakeKeyring, path: Path
) -> None:
    keyring.now = KeyringState.LOCKED
    await open_tokens(path, keyring).keep(*ME, SECRET)
    before = inode(path)
    await open_tokens(path, keyring).keep(*ME, SECRET)

    assert inode(path) == before


async def test_one_that_is_unlocked_later_takes_the_token(keyring: FakeKeyring, path: Path) -> None:
    keyring.now = KeyringState.LOCKED
    tokens = open_tokens(path, keyring)
    await tokens.keep(*ME, SECRET)
    keyring.now = KeyringState.OPEN
    await tokens.keep(*ME, SECRET)

    assert (tokens.place, tokens.why) == ("keyring", "")
    assert in_file(path) == {}


async def test_the_newest_counts_wherever_it_is(keyring: FakeKeyring, path: Path) -> None:
    await open_tokens(path, keyring).keep(*ME, "old")
    keyring.now = KeyringState.LOCKED
    await open_tokens(path, keyring).keep(*ME, SECRET)
    keyring.now = KeyringState.OPEN

    later = open_tokens(path, keyring)
    assert await found(later) == SECRET
    assert later.place == "file"


# One that refuses


@pytest.mark.parametrize("error", [KeyringError("denied"), ValueError(f"a back end's {SECRET}")])
async def test_a_refusal_is_remembered_over_starts(
    keyring: FakeKeyring, path: Path, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    keyring.error = error
    tokens = open_tokens(path, keyring)
    await tokens.keep(*ME, SECRET)
    assert (tokens.place, tokens.why) == ("file", "refused")
    keyring.calls.clear()
    for again in (tokens, open_tokens(path, keyring), open_tokens(path, keyring)):
        await again.keep(*ME, "newer")
        assert (again.place, again.why) == ("file", "refused")

    assert set(keyring.calls) == {"state"}
    assert SECRET not in caplog.text
    assert caplog.text.count("refuses") == 1


async def test_a_refusal_ends_when_it_was_locked_and_is_unlocked_again(
    keyring: FakeKeyring, path: Path
) -> None:
    keyring.error = KeyringError("denied")
    await open_tokens(path, keyring).keep(*ME, SECRET)
    keyring.error = None
    keyring.now = KeyringState.LOCKED
    await open_tokens(path, keyring).keep(*ME, SECRET)
    keyring.now = KeyringState.OPEN
    tokens = open_tokens(path, keyring)
    await tokens.keep(*ME, SECRET)

    assert tokens.place == "keyring"


async def test_a_keyring_that_keeps_nothing_counts_as_refusing(
    keyring: FakeKeyring, path: Path
) -> None:
    keyring.forgets = True
    tokens = open_tokens(path, keyring)
    await tokens.keep(*ME, SECRET)

    assert (tokens.place, tokens.why) == ("file", "refused")
    assert await found(tokens) == SECRET


# One that hangs


@pytest.mark.usefixtures("impatient")
async def test_one_that_hangs_is_waited_for_once_and_heard_when_it_answers(
    keyring: FakeKeyring, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keyring.answers.clear()
    tokens = open_tokens(path, keyring)
    assert not await tokens.get(*ME)
    for _ in range(5):
        await tokens.keep(*ME, SECRET)
    assert keyring.calls == ["state"]  # one thread, however many ask
    assert (tokens.place, tokens.why) == ("file", "silent")
    assert caplog.text.count("does not answer") == 1

    keyring.answers.set()
    await until(lambda: not tokens.waiting)
    await tokens.keep(*ME, SECRET)
    assert (tokens.place, tokens.why) == ("keyring", "")
    assert in_file(path) == {}


@pytest.mark.usefixtures("impatient")
async def test_a_question_that_is_answered_late_is_no_refusal(
    keyring: FakeKeyring, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = open_tokens(path, keyring)
    wait = keyring.answers

    def set_(name: str, token: str) -> None:
        wait.clear()
        wait.wait(10)
        keyring.kept[name] = token

    monkeypatch.setattr(keyring, "set", set_)
    await tokens.keep(*ME, SECRET)
    assert (tokens.place, tokens.why) == ("file", "refused")
    wait.set()
    await until(lambda: not tokens.waiting)
    await tokens.keep(*ME, SECRET)

    assert tokens.place == "keyring"


async def test_the_next_start_hears_one_that_hung_and_is_fine_again(
    keyring: FakeKeyring, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_tokens, "HUNG_TIMEOUT_S", 5.0)
    keyring.now = KeyringState.SILENT
    tokens = open_tokens(path, keyring)
    await tokens.keep(*ME, SECRET)
    assert (tokens.place, tokens.why) == ("file", "silent")
    keyring.now = KeyringState.OPEN

    later = open_tokens(path, keyring)
    await later.keep(*ME, SECRET)
    assert (later.place, later.why) == ("keyring", "")


# The operator asks for it


@pytest.mark.parametrize("state", [KeyringState.LOCKED, KeyringState.NOT_MADE, KeyringState.OPEN])
async def test_the_operator_can_have_all_tokens_in_the_keyring(
    keyring: FakeKeyring, path: Path, state: KeyringState
) -> None:
    keyring.now, keyring.error = state, KeyringError("denied")
    tokens = open_tokens(path, keyring)
    await tokens.keep(*ME, SECRET)
    await tokens.keep(*OTHER, "other")
    keyring.error = None
    assert await tokens.use_keyring_now()

    assert sorted(keyring.kept.values()) == ["other", SECRET]
    assert (tokens.place, tokens.why, in_file(path)) == ("keyring", "", {})
    assert keyring.dialogs == (state is not KeyringState.OPEN)


async def test_a_dialog_that_is_cancelled_leaves_all_in_the_file(
    keyring: FakeKeyring, path: Path
) -> None:
    keyring.now = keyring.after_dialog = KeyringState.LOCKED
    tokens = open_tokens(path, keyring)
    await tokens.keep(*ME, SECRET)

    assert not await tokens.use_keyring_now()
    assert (tokens.place, tokens.why) == ("file", "locked")
    assert list(in_file(path).values()) == [SECRET]
    assert keyring.dialogs == 1


async def test_the_settings_can_do_without_a_keyring(keyring: FakeKeyring, path: Path) -> None:
    tokens = DeviceTokens(path, use_keyring=False, keyring=keyring)
    await tokens.keep(*ME, SECRET)
    assert not await tokens.use_keyring_now()

    assert keyring.calls == []
    assert (tokens.place, tokens.why) == ("file", "off")


# The file


async def test_tokens_of_gateways_devices_and_roles_are_apart(path: Path) -> None:
    tokens = DeviceTokens(path, use_keyring=False)
    await tokens.keep(*ME, SECRET)
    await tokens.keep(*OTHER, "other")

    assert await found(tokens) == SECRET
    assert await found(tokens, OTHER) == "other"
    assert not await tokens.get("ws://h/", "another", "operator")
    assert not await tokens.get("ws://h/", "device", "node")


async def test_two_processes_lose_nothing_of_one_another(path: Path) -> None:
    one, two = (DeviceTokens(path, use_keyring=False) for _ in range(2))
    await one.keep(*ME, SECRET)
    await two.keep(*OTHER, "other")

    assert await found(two) == await found(one) == SECRET
    assert await found(one, OTHER) == "other"


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"{", b"[" * 100_000])
async def test_a_damaged_file_is_kept_aside(path: Path, data: bytes) -> None:
    put(path, data)
    tokens = DeviceTokens(path, use_keyring=False)
    assert not await tokens.get(*ME)
    await tokens.keep(*ME, SECRET)

    assert await found(tokens) == SECRET
    assert [each.read_bytes() for each in kept_aside(path)] == [data]


@pytest.mark.parametrize("bad", ["two\nlines", "x" * 9000, 7])
async def test_what_a_store_gives_that_is_no_token_is_as_none(
    keyring: FakeKeyring, path: Path, bad: object
) -> None:
    if isinstance(bad, str):
        keyring.kept[" ".join(ME)] = bad
        assert not await open_tokens(path, keyring).get(*ME)

    put(path, json.dumps({" ".join(ME): bad}).encode())
    assert not await DeviceTokens(path, use_keyring=False).get(*ME)


@pytest.mark.parametrize(("step", "code"), FAULTS)
async def test_a_disk_that_fails_loses_no_token_and_heals(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    step: str,
    code: int,
) -> None:
    await DeviceTokens(path, use_keyring=False).keep(*OTHER, "other")
    tokens = DeviceTokens(path, use_keyring=False)
    with monkeypatch.context() as patch:
        failing(patch, step, code)
        for _ in range(3):
            await tokens.keep(*ME, SECRET)
        assert tokens.place == ""
        assert await found(tokens) == SECRET
    assert len(caplog.records) == 1
    assert SECRET not in caplog.text
    await tokens.keep(*ME, SECRET)

    assert tokens.place == "file"
    assert sorted(in_file(path).values()) == ["other", SECRET]


# Dropped tokens and rights


@pytest.mark.parametrize("in_keyring", [False, True])
async def test_a_dropped_token_is_nowhere_any_more(tmp_path: Path, in_keyring: bool) -> None:
    keyring = FakeKeyring()
    path = tmp_path / "tokens.json"
    tokens = DeviceTokens(path, use_keyring=in_keyring, keyring=keyring)
    await tokens.keep("wss://gw/", "device", "operator", "secret-token")
    await tokens.drop("wss://gw/", "device", "operator")

    again = DeviceTokens(path, use_keyring=in_keyring, keyring=keyring)
    assert not await again.get("wss://gw/", "device", "operator")
    assert keyring.kept == {}
    assert not path.exists() or "secret-token" not in path.read_text()


async def test_rights_are_kept_over_starts_and_are_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    tokens = DeviceTokens(path, use_keyring=False)
    assert tokens.rights("wss://gw/", "device", "operator") == ()
    tokens.keep_rights("wss://gw/", "device", "operator", ("operator.questions",))

    again = DeviceTokens(path, use_keyring=False)
    assert again.rights("wss://gw/", "device", "operator") == ("operator.questions",)
    again.keep_rights("wss://gw/", "device", "operator", ())
    assert DeviceTokens(path, use_keyring=False).rights("wss://gw/", "device", "operator") == ()
