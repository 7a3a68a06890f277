from __future__ import annotations

import asyncio
import errno
import json
import sys
from typing import TYPE_CHECKING

import pytest

from cc_desktop.config.notes import Notes
from cc_desktop.config.paths import Paths, find_paths
from cc_desktop.config.seen_marks import MAX_MARKS, SeenMarks
from cc_desktop.config.state_store import StateStore
from cc_desktop.config.storage import Storage, identity_note
from tests.fakes.clock import FakeClock, until
from tests.fakes.disk import failing

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths(tmp_path / "config")


def test_choices_notices_and_snooze_are_kept_apart_from_the_settings(paths: Paths) -> None:
    storage = Storage(paths)
    assert storage.load_notifications() == (None, None, None)
    storage.save_preferences({"on": False})
    storage.save_snooze(5)
    storage.save_notices([{"title": "x"}])

    assert Storage(paths).load_notifications() == ({"on": False}, 5, [{"title": "x"}])
    assert not paths.settings.exists()


@pytest.mark.parametrize("name", ["state", "preferences", "notices"])
@pytest.mark.parametrize("data", [b"[" * 100_000, b"\xff", b"7"])
def test_a_start_survives_every_damaged_file(paths: Paths, name: str, data: bytes) -> None:
    path = getattr(paths, name)
    path.parent.mkdir(parents=True)
    path.write_bytes(data)

    assert Storage(paths).load_notifications() == (None, None, None)
    assert path.read_bytes() == data


def test_what_killed_writers_left_is_deleted_at_the_start(paths: Paths) -> None:
    for directory in (paths.config, paths.data):
        directory.mkdir(parents=True, exist_ok=True)
        (directory / ".state.json.0123abcd").touch()

    Storage(paths)

    assert [path for path in paths.config.rglob("*") if path.is_file()] == []


async def test_changes_are_written_by_a_thread_while_the_app_runs(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = Storage(paths)
    task = asyncio.create_task(storage.run(FakeClock()))
    await asyncio.sleep(0)
    with monkeypatch.context() as patch:
        # In this thread the disk would block.
        failing(patch, "open", errno.EIO)
        storage.state.set("window", 1)
        assert not paths.state.exists()
    await until(paths.state.exists)
    storage.state.set("window", 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert json.loads(paths.state.read_bytes()) == {"window": 2}
    storage.state.set("window", 3)
    assert json.loads(paths.state.read_bytes()) == {"window": 3}


async def test_a_full_disk_is_tried_again_until_there_is_room(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    storage = Storage(paths)
    task = asyncio.create_task(storage.run(clock))
    with monkeypatch.context() as patch:
        failing(patch, "fsync", errno.ENOSPC)
        await asyncio.sleep(0)
        storage.preferences.set_raw("notifications", {"on": False})
        await until(lambda: "No space left on device" in caplog.text)
        await clock.advance(60)
        assert caplog.text.count("No space left on device") == 1
    await clock.advance(60)
    await until(paths.preferences.exists)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert Storage(paths).load_notifications()[0] == {"on": False}


async def test_something_unexpected_does_not_end_the_app(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class UnexpectedError(Exception):
        pass

    def fail(*_: object) -> None:
        raise UnexpectedError

    clock = FakeClock()
    storage = Storage(paths)
    task = asyncio.create_task(storage.run(clock))
    await asyncio.sleep(0)
    with monkeypatch.context() as patch:
        patch.setattr(storage.state, "write", fail)
        storage.state.set("window", 1)
        await until(lambda: "UnexpectedError" in caplog.text)
        await clock.advance(60)
        assert not task.done()
        assert caplog.text.count("saving failed") == 1
    await clock.advance(60)
    await until(paths.state.exists)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.skipif(sys.platform == "win32", reason="rights of POSIX")
def test_files_that_others_can_change_are_told(paths: Paths) -> None:
    paths.config.mkdir(parents=True)
    paths.config.chmod(0o777)

    (line,) = Storage(paths).notes.lines
    assert str(paths.config) in line
    paths.config.chmod(0o755)
    assert Storage(paths).notes.lines == ()


# Notes


def test_a_note_is_told_once_to_all(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    notes = Notes()
    early: list[str] = []
    late: list[str] = []
    notes.subscribe(early.append)
    notes.add("first")
    notes.add("first")
    notes.subscribe(late.append)
    line = identity_note(tmp_path / "identity.json.unreadable-1")
    notes.add(line)

    assert early == late == ["first", line]
    assert notes.lines == ("first", line)
    assert "identity.json.unreadable-1" in line
    assert caplog.text.count("first") == 1


# Marks of what was seen


def test_marks_survive_a_restart(paths: Paths) -> None:
    SeenMarks(StateStore(paths.state)).save("gw", {"key": 5})
    SeenMarks(StateStore(paths.state)).save("other", {"key": 6})
    SeenMarks(StateStore(paths.state)).save("gw", {"newer": 7})

    assert SeenMarks(StateStore(paths.state)).load() == {"gw": {"newer": 7}, "other": {"key": 6}}


@pytest.mark.parametrize(
    "kept", [None, 7, [], {"gw": 7}, {"gw": {"key": "x", "flag": True}}, {"gw": {"key": 1.5}}]
)
def test_marks_that_cannot_be_used_are_left_out(paths: Paths, kept: object) -> None:
    state = StateStore(paths.state)
    state.set("seen", kept)

    assert not any(SeenMarks(state).load().values())


def test_only_the_newest_marks_are_kept(paths: Paths) -> None:
    state = StateStore(paths.state)
    marks = SeenMarks(state)
    marks.save("old", {f"k{number}": number for number in range(MAX_MARKS)})
    marks.save("new", {f"k{number}": 10_000 + number for number in range(50)})

    kept = marks.load()
    assert len(kept["new"]) == 50
    assert sorted(kept["old"].values()) == list(range(50, MAX_MARKS))
    assert sum(map(len, state.get("seen").values())) == MAX_MARKS
