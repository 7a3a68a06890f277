from __future__ import annotations

import json
import logging
import stat
import sys
import threading
import traceback
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from cc_desktop.config import credentials
from cc_desktop.config.credentials import DeviceTokens, Token, TokenError, read_token_file

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "s3cret-t0ken"
ME = ("ws://h/", "device", "operator")


# Tokens


def test_a_token_shows_itself_only_when_asked() -> None:
    token = Token(SECRET)

    assert token.reveal() == SECRET
    for shown in (
        repr(token),
        str(token),
        f"{token}",
        f"{token!s:>40}",
        "%s %r" % (token, [token]),  # noqa: UP031 - what logging does
        repr({"token": token}),
    ):
        assert SECRET not in shown


def test_a_traceback_does_not_show_it() -> None:
    def fail(token: Token) -> None:
        raise RuntimeError(f"with {token}")

    try:
        fail(Token(SECRET))
    except RuntimeError as error:
        shown = "".join(
            traceback.TracebackException.from_exception(error, capture_locals=True).format()
        )

    assert "with Token" in shown
    assert SECRET not in shown


@pytest.mark.parametrize("bad", [f"{SECRET}\n", f"{SECRET} x", f"\t{SECRET}", f"{SECRET}\x00"])
def test_what_cannot_be_a_token_is_said_but_not_shown(bad: str) -> None:
    with pytest.raises(TokenError) as caught:
        Token(bad)

    assert SECRET not in str(caught.value)


def test_the_longest_token() -> None:
    assert len(Token("x" * 8192).reveal()) == 8192
    with pytest.raises(TokenError, match="8192"):
        Token("x" * 8193)


def test_an_empty_token_is_false() -> None:
    assert not Token()
    assert Token(SECRET)
    assert repr(Token()) != repr(Token(SECRET))


def test_it_is_not_carried_off_by_accident() -> None:
    with pytest.raises(TypeError):
        json.dumps(Token(SECRET))


@pytest.mark.parametrize("text", [SECRET, f"{SECRET}\n", f"{SECRET}\r\n"])
def test_a_token_file_may_end_its_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "token"
    path.write_bytes(text.encode())

    assert read_token_file(path).reveal() == SECRET


@pytest.mark.parametrize("data", [f"{SECRET}\nmore".encode(), b"\xff" + SECRET.encode(), None])
def test_a_file_without_a_token_is_named_and_not_shown(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "token"
    if data is not None:
        path.write_bytes(data)

    with pytest.raises(TokenError) as caught:
        read_token_file(path)

    assert str(path) in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"\n"])
def test_an_empty_token_file_is_said(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(data)

    with pytest.raises(TokenError, match="empty"):
        read_token_file(path)


# Device tokens


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def exists(path: Path) -> bool:
    return path.exists()


def contains(path: Path, text: str) -> bool:
    return text in path.read_text()


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)


class Keyring(ModuleType):
    """Stands in for the package."""

    def __init__(self) -> None:
        super().__init__("keyring")
        self.kept: dict[tuple[str, str], str] = {}
        self.broken = False
        self.forgets = False  # as keyring.backends.null
        self.asked = 0
        self.wait = threading.Event()
        self.wait.set()

    def get_password(self, service: str, name: str) -> str | None:
        self.asked += 1
        self.wait.wait(5)
        if self.broken:
            raise RuntimeError(f"no back end for {SECRET}")
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, value: str) -> None:
        self.wait.wait(5)
        if self.broken:
            raise RuntimeError(f"no back end for {value}")
        if not self.forgets:
            self.kept[service, name] = value


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Keyring:
    module = Keyring()
    monkeypatch.setitem(sys.modules, "keyring", module)
    return module


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "device-tokens.json"


async def test_a_keyring_is_preferred(keyring: Keyring, path: Path) -> None:
    tokens = DeviceTokens(path)
    assert not await tokens.get(*ME)
    await tokens.keep(*ME, SECRET)

    assert tokens.place == "keyring"
    assert list(keyring.kept.values()) == [SECRET]
    assert not exists(path)
    later = DeviceTokens(path)
    assert (await later.get(*ME)).reveal() == SECRET
    assert later.place == "keyring"


async def test_without_a_keyring_it_is_a_file_of_the_owner(
    keyring: Keyring, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    keyring.broken = True
    tokens = DeviceTokens(path)
    await tokens.keep(*ME, SECRET)

    assert tokens.place == "file"
    if sys.platform != "win32":
        assert mode(path) == 0o600
    later = DeviceTokens(path)
    assert (await later.get(*ME)).reveal() == SECRET
    assert later.place == "file"
    assert SECRET not in caplog.text
    assert SECRET not in repr(vars(tokens))


async def test_the_newest_counts_wherever_it_is(keyring: Keyring, path: Path) -> None:
    await DeviceTokens(path).keep(*ME, "old")
    keyring.broken = True  # locked, say
    await DeviceTokens(path).keep(*ME, SECRET)
    keyring.broken = False

    later = DeviceTokens(path)
    assert (await later.get(*ME)).reveal() == SECRET
    assert later.place == "file"


async def test_a_keyring_that_came_leaves_nothing_in_the_file(keyring: Keyring, path: Path) -> None:
    other = ("ws://other/", "device", "operator")
    without = DeviceTokens(path, use_keyring=False)
    await without.keep(*ME, SECRET)
    await without.keep(*other, "other")
    tokens = DeviceTokens(path)
    await tokens.keep(*ME, SECRET)

    assert tokens.place == "keyring"
    assert not contains(path, SECRET)
    assert (await tokens.get(*ME)).reveal() == SECRET
    assert (await tokens.get(*other)).reveal() == "other"


async def test_a_keyring_that_keeps_nothing_is_none(keyring: Keyring, path: Path) -> None:
    keyring.forgets = True
    tokens = DeviceTokens(path)
    await tokens.keep(*ME, SECRET)

    assert tokens.place == "file"
    assert (await tokens.get(*ME)).reveal() == SECRET


async def test_no_keyring_package_at_all(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    tokens = DeviceTokens(path)
    await tokens.keep(*ME, SECRET)

    assert tokens.place == "file"


async def test_a_keyring_that_waits_for_its_owner_is_not_waited_for(
    keyring: Keyring, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "KEYRING_TIMEOUT_S", 0.05)
    keyring.wait.clear()
    tokens = DeviceTokens(path)
    try:
        assert not await tokens.get(*ME)
        await tokens.keep(*ME, SECRET)
    finally:
        keyring.wait.set()

    assert tokens.place == "file"
    assert (await tokens.get(*ME)).reveal() == SECRET
    assert keyring.asked == 1


async def test_the_settings_can_do_without_a_keyring(keyring: Keyring, path: Path) -> None:
    tokens = DeviceTokens(path, use_keyring=False)
    await tokens.keep(*ME, SECRET)

    assert keyring.kept == {}
    assert tokens.place == "file"


async def test_tokens_of_gateways_devices_and_roles_are_apart(path: Path) -> None:
    tokens = DeviceTokens(path, use_keyring=False)
    await tokens.keep(*ME, SECRET)
    await tokens.keep("ws://other/", "device", "operator", "other")

    assert (await tokens.get(*ME)).reveal() == SECRET
    assert (await tokens.get("ws://other/", "device", "operator")).reveal() == "other"
    assert not await tokens.get("ws://h/", "another", "operator")
    assert not await tokens.get("ws://h/", "device", "node")


@pytest.mark.parametrize("data", [b"", b"[]", b'{"a":7}', b"\xff", b"{"])
async def test_a_file_that_is_no_list_of_tokens_is_as_none(path: Path, data: bytes) -> None:
    put(path, data)
    tokens = DeviceTokens(path, use_keyring=False)

    assert not await tokens.get(*ME)
    await tokens.keep(*ME, SECRET)
    assert (await tokens.get(*ME)).reveal() == SECRET


@pytest.mark.parametrize("bad", ["two\nlines", "x" * 9000])
async def test_what_a_store_gives_that_is_no_token_is_as_none(
    keyring: Keyring, path: Path, bad: str
) -> None:
    keyring.kept["cc-desktop", " ".join(ME)] = bad
    assert not await DeviceTokens(path).get(*ME)

    put(path, json.dumps({" ".join(ME): bad}).encode())
    assert not await DeviceTokens(path, use_keyring=False).get(*ME)


async def test_where_nothing_can_be_written_it_is_only_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocker = tmp_path / "data"
    blocker.write_text("a file where a directory belongs")
    tokens = DeviceTokens(blocker / "device-tokens.json", use_keyring=False)

    await tokens.keep(*ME, SECRET)

    assert tokens.place == ""
    assert "could not be kept" in caplog.text
    assert SECRET not in caplog.text
