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
from cc_desktop.system.files import FileError, write_private

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


@posix
def test_a_file_that_others_could_read_is_narrowed_when_written(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"old")
    path.chmod(0o644)

    write_private(path, b"new")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


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
    ],
)
def test_a_file_that_is_no_key_is_kept_aside(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "identity.json"
    path.write_bytes(data)

    me = load_identity(path)

    assert load_identity(path).device_id == me.device_id
    (aside,) = tmp_path.glob("identity.json.unreadable-*")
    assert aside.read_bytes() == data


def test_a_write_that_fails_leaves_the_old_file_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "identity.json"
    path.write_bytes(b"old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match="No space left on device"):
        write_private(path, b"new")

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocker = tmp_path / "data"
    blocker.write_text("a file where a directory belongs")

    with pytest.raises(IdentityError, match=r"identity\.json"):
        load_identity(blocker / "identity.json")


@posix
def test_a_directory_without_the_right_to_write_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As root every directory can be written, so the system's refusal is played.
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(IdentityError, match=r"identity\.json: Permission denied"):
        load_identity(tmp_path / "identity.json")


def test_a_key_that_may_not_be_read_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "identity.json"
    path.mkdir()  # reading it fails, whoever asks

    with pytest.raises(IdentityError, match=r"identity\.json"):
        load_identity(path)
    assert path.is_dir()
