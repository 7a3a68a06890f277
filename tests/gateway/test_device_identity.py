from __future__ import annotations

import json
import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cc_desktop.gateway.device_identity import (
    IdentityError,
    load_identity,
    new_identity,
)
from cc_desktop.system.files import kept_aside
from tests.fakes.disk import FAULTS, failing

if TYPE_CHECKING:
    from pathlib import Path

posix = pytest.mark.skipif(sys.platform == "win32", reason="rights of POSIX")


def test_a_key_is_made_once_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "data" / "identity.json"

    first = load_identity(path)
    second = load_identity(path)

    assert first.device_id == second.device_id
    assert first.instance_id == second.instance_id
    assert first.sign(b"x") == second.sign(b"x")


def test_two_devices_differ() -> None:
    assert new_identity().device_id != new_identity().device_id


def test_what_it_signs_can_be_proved() -> None:
    me = new_identity()

    Ed25519PublicKey.from_public_bytes(me.public_key).verify(me.sign(b"text"), b"text")


@posix
def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "data" / "identity.json"
    old = os.umask(0)
    try:
        load_identity(path)
    finally:
        os.umask(old)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_private_part_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "identity.json"
    me = load_identity(path)
    private = json.loads(path.read_text("utf-8"))["private"]

    assert private not in repr(me)
    assert private not in str(me)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"private":"00","instance_id":"i"}',
        b'{"private":"zz","instance_id":"i"}',
        b'{"private":7}',
        b"\xff\xfe\x00",
        b"[" * 10_000,
        b'{"a":' * 10_000,
    ],
)
def test_a_file_that_is_no_key_is_kept_aside_and_told(
    tmp_path: Path, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "identity.json"
    path.write_bytes(data)

    me = load_identity(path)

    (aside,) = tmp_path.glob("identity.json.unreadable-*")
    assert aside.read_bytes() == data
    assert me.kept_aside == aside
    assert "damaged and kept aside" in caplog.text
    again = load_identity(path)
    assert again.device_id == me.device_id
    assert again.kept_aside is None  # told once


@pytest.mark.parametrize(("step", "code"), FAULTS)
def test_a_full_disk_is_named_and_the_key_is_made_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, code: int
) -> None:
    path = tmp_path / "data" / "identity.json"
    with monkeypatch.context() as patch:
        failing(patch, step, code)
        with pytest.raises(IdentityError) as caught:
            load_identity(path)

    assert (caught.value.errno, caught.value.reason) == (code, os.strerror(code))
    assert load_identity(path).kept_aside is None


@pytest.mark.parametrize(("step", "code"), FAULTS)
def test_a_damaged_key_is_told_also_when_the_new_one_comes_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, code: int
) -> None:
    path = tmp_path / "identity.json"
    path.write_bytes(b"damaged")
    with monkeypatch.context() as patch:
        failing(patch, step, code)
        with pytest.raises(IdentityError):
            load_identity(path)
    me = load_identity(path)

    assert me.kept_aside is not None
    assert me.kept_aside.read_bytes() == b"damaged"


def test_two_damaged_keys_are_both_kept(tmp_path: Path) -> None:
    path = tmp_path / "identity.json"
    for data in (b"first", b"second"):
        path.write_bytes(data)
        load_identity(path)

    assert [each.read_bytes() for each in kept_aside(path)] == [b"first", b"second"]


@posix
def test_a_key_that_is_a_fifo_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "identity.json")

    with pytest.raises(IdentityError, match="not a regular file"):
        load_identity(tmp_path / "identity.json")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocker = tmp_path / "data"
    blocker.write_text("a file where a directory belongs")

    with pytest.raises(IdentityError, match=r"identity\.json"):
        load_identity(blocker / "identity.json")


def test_a_key_that_may_not_be_read_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "identity.json"
    path.mkdir()  # reading it fails, whoever asks

    with pytest.raises(IdentityError, match=r"identity\.json"):
        load_identity(path)
    assert path.is_dir()
