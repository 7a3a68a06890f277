from __future__ import annotations

import errno
import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from cc_desktop.config.state_store import StateStore
from cc_desktop.system.files import kept_aside
from tests.fakes.disk import FAULTS, failing

if TYPE_CHECKING:
    from pathlib import Path

posix = pytest.mark.skipif(sys.platform == "win32", reason="special files of POSIX")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "state.json"


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)


def test_values_survive_a_restart(path: Path) -> None:
    StateStore(path).set("window", [1, 2])

    assert StateStore(path).get("window") == [1, 2]
    assert StateStore(path).get("other") is None
    assert path.stat().st_mode & 0o077 == 0


def test_a_key_can_be_removed(path: Path) -> None:
    store = StateStore(path)
    store.set("window", 1)
    store.set("other", 2)
    store.remove("window")
    store.remove("never there")

    assert StateStore(path).items() == {"other": 2}


def test_what_is_the_same_is_not_written(path: Path) -> None:
    store = StateStore(path)
    store.set("window", 1)
    before = path.stat().st_ino
    store.set("window", 1)

    assert path.stat().st_ino == before


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"\xff", b"{", b"[" * 100_000, b'{"a":' * 100_000, b'{"a":' + b"[" * 2000],
    ids=lambda data: repr(data[:8]),
)
def test_a_damaged_file_is_kept_aside(path: Path, data: bytes) -> None:
    put(path, data)
    store = StateStore(path)
    assert store.get("window") is None
    assert path.read_bytes() == data
    store.set("window", 3)

    assert StateStore(path).get("window") == 3
    assert [each.read_bytes() for each in kept_aside(path)] == [data]


def test_a_second_damaged_file_does_not_overwrite_the_first(path: Path) -> None:
    for data in (b"first", b"second", b"third"):
        put(path, data)
        StateStore(path).set("window", 3)

    assert [each.read_bytes() for each in kept_aside(path)] == [b"first", b"second", b"third"]


@posix
def test_what_is_no_file_is_put_aside_and_never_waited_for(path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path)
    StateStore(path).set("window", 3)
    path.unlink()
    path.symlink_to("/dev/zero")
    StateStore(path).set("window", 4)

    assert StateStore(path).get("window") == 4
    assert len(kept_aside(path)) == 2


@pytest.mark.parametrize(("step", "code"), FAULTS)
def test_a_disk_that_fails_loses_nothing_and_heals(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    step: str,
    code: int,
) -> None:
    store = StateStore(path)
    store.set("before", 0)
    with monkeypatch.context() as patch:
        failing(patch, step, code)
        for number in range(5):
            store.set("window", number)
        assert not store.flush()
        assert json.loads(path.read_bytes()) == {"before": 0}

    assert store.get("window") == 4
    assert [os.strerror(code) in record.getMessage() for record in caplog.records] == [True]
    assert store.flush()
    assert StateStore(path).items() == {"before": 0, "window": 4}


@pytest.mark.parametrize(("step", "code"), FAULTS)
def test_a_damaged_file_survives_a_disk_that_fails(
    path: Path, monkeypatch: pytest.MonkeyPatch, step: str, code: int
) -> None:
    put(path, b"damaged")
    store = StateStore(path)
    with monkeypatch.context() as patch:
        failing(patch, step, code)
        store.set("window", 1)
    assert b"damaged" in [each.read_bytes() for each in (*kept_aside(path), path) if each.exists()]
    store.set("window", 2)

    assert [each.read_bytes() for each in kept_aside(path)] == [b"damaged"]
    assert StateStore(path).get("window") == 2


@pytest.mark.parametrize("code", [errno.EIO, errno.EACCES, errno.ENAMETOOLONG])
def test_a_file_that_cannot_be_read_for_now_is_not_overwritten(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    put(path, b'{"kept": 1, "changed": 1, "gone": 1}')

    def fail(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", fail)
        store = StateStore(path)
        store.set("changed", 2)
        store.remove("gone")
    assert len(caplog.records) == 1
    assert store.flush()

    assert StateStore(path).items() == {"kept": 1, "changed": 2}


def test_where_nothing_can_be_written_values_last_as_long_as_the_app(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    store = StateStore(blocker / "state.json")
    store.set("window", 3)

    assert store.get("window") == 3


@pytest.mark.parametrize(
    "value",
    [object(), {1: {2j}}, float("inf"), "\ud800"],
    ids=["object", "set", "infinite", "surrogate"],
)
def test_a_value_that_is_no_json_raises_nothing(path: Path, value: object) -> None:
    store = StateStore(path)
    store.set("bad", value)
    store.set("bad", None)

    assert StateStore(path).items() == {"bad": None}


def test_an_older_snapshot_does_not_replace_a_newer_one(path: Path) -> None:
    store = StateStore(path)
    store.defer = lambda: None
    store.set("window", 1)
    older = store.snapshot()
    store.set("window", 2)
    newer = store.snapshot()
    assert older is not None
    assert newer is not None
    store.write(*newer)
    store.write(*older)

    assert StateStore(path).get("window") == 2
    assert not store.dirty


def test_what_another_process_wrote_is_taken_over(path: Path) -> None:
    store, other = StateStore(path), StateStore(path)
    other.set("theirs", 1)
    store.reload()
    store.set("ours", 2)

    assert StateStore(path).items() == {"theirs": 1, "ours": 2}
