from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cc_desktop.system.files import (
    MAX_KEPT_ASIDE,
    FileError,
    MissingFileError,
    keep_aside,
    kept_aside,
    make_private_directory,
    others_may,
    read_private,
    remove_drafts,
    write_private,
)
from tests.fakes.disk import FAULTS, failing

if TYPE_CHECKING:
    from collections.abc import Iterator

posix = pytest.mark.skipif(sys.platform == "win32", reason="rights and special files of POSIX")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# Writing


@pytest.fixture
def no_umask() -> Iterator[None]:
    old = os.umask(0)
    yield
    os.umask(old)


@posix
@pytest.mark.usefixtures("no_umask")
def test_a_file_and_all_its_new_directories_are_private(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "state.json"

    write_private(path, b"x")

    assert (mode(path), mode(path.parent), mode(tmp_path / "a")) == (0o600, 0o700, 0o700)


@posix
def test_a_file_that_others_could_read_is_narrowed_when_written(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    path.write_bytes(b"old")
    path.chmod(0o644)

    write_private(path, b"new")

    assert mode(path) == 0o600


@posix
@pytest.mark.usefixtures("no_umask")
def test_a_directory_that_exists_keeps_its_rights(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(mode=0o755)

    make_private_directory(tmp_path / "shared" / "mine")

    assert (mode(tmp_path / "shared"), mode(tmp_path / "shared" / "mine")) == (0o755, 0o700)


def test_the_file_and_its_directory_are_flushed_before_it_counts_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.json"
    flushed: list[str] = []
    fsync = os.fsync

    def note(handle: int) -> None:
        is_directory = stat.S_ISDIR(os.fstat(handle).st_mode)
        flushed.append("directory" if is_directory else f"file, renamed: {path.exists()}")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", note)
    write_private(path, b"x")

    assert flushed[0] == "file, renamed: False"
    if sys.platform != "win32":
        assert flushed[1:] == ["directory"]


@pytest.mark.parametrize("code", [errno.EINVAL, errno.EACCES])
def test_a_file_system_that_cannot_flush_a_directory_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    fsync = os.fsync

    def refuse(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(code, "no")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", refuse)
    write_private(tmp_path / "state.json", b"x")

    assert (tmp_path / "state.json").read_bytes() == b"x"


@pytest.mark.parametrize(("step", "code"), FAULTS)
def test_a_write_that_fails_leaves_the_old_content_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, code: int
) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(b"old")

    with monkeypatch.context() as patch:
        failing(patch, step, code)
        with pytest.raises(FileError) as caught:
            write_private(path, b"new")

    assert caught.value.errno == code
    assert caught.value.reason == os.strerror(code)
    assert str(caught.value) == f"{path}: {os.strerror(code)}"
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_something_unexpected_leaves_no_draft_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class UnexpectedError(Exception):
        pass

    def fail(_handle: int) -> None:
        raise UnexpectedError

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(UnexpectedError):
        write_private(tmp_path / "state.json", b"new")

    assert list(tmp_path.iterdir()) == []


@posix
def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"another's")
    link = tmp_path / "state.json"
    link.symlink_to(target)

    write_private(link, b"x")

    assert target.read_bytes() == b"another's"
    assert link.read_bytes() == b"x"
    assert not link.is_symlink()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(FileError, match="file"):
        write_private(tmp_path / "file" / "data" / "state.json", b"x")


# Reading


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_bytes(b"12345")

    assert read_private(path, 5) == b"12345"
    with pytest.raises(FileError, match="larger than 4 bytes") as caught:
        read_private(path, 4)
    assert caught.value.errno == 0


def test_a_file_that_is_missing_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="nothing: No such file"):
        read_private(tmp_path / "nothing")


@posix
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    fifo, link = tmp_path / "fifo", tmp_path / "link"
    os.mkfifo(fifo)
    link.symlink_to("/dev/zero")

    for path in (fifo, link, Path("/dev/zero")):
        with pytest.raises(FileError, match="not a regular file"):
            read_private(path)
    with pytest.raises(FileError):
        read_private(tmp_path)


def test_a_name_that_cannot_be_one_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"a\?b: this cannot be a path"):
        read_private(tmp_path / "a\x00b")
    with pytest.raises(FileError, match="too long"):
        read_private(tmp_path / ("x" * 300))


@posix
def test_links_to_regular_files_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"x")
    (tmp_path / "link").symlink_to("real")

    assert read_private(tmp_path / "link") == b"x"


@posix
def test_rights_of_others_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.touch()
    path.chmod(0o600)
    assert not others_may(path, stat.S_IRGRP | stat.S_IROTH)
    path.chmod(0o604)
    assert others_may(path, stat.S_IRGRP | stat.S_IROTH)
    assert not others_may(path, stat.S_IWGRP | stat.S_IWOTH)
    assert not others_may(tmp_path / "nothing", stat.S_IROTH)


# Drafts

WRITER = """
import os, sys, time
from pathlib import Path
from cc_desktop.system import files
def hang(_handle):
    print("writing", flush=True)
    time.sleep(60)
os.fsync = hang
files.write_private(Path(sys.argv[1]), b"half")
"""


@posix
@pytest.mark.parametrize("name", ["state.json", "settings.toml", "cc-desktop.desktop"])
def test_a_draft_of_any_file_that_we_write_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    class KilledError(BaseException):
        pass

    def killed(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        patch.setattr(Path, "unlink", lambda _path: None)
        with pytest.raises(KilledError):
            write_private(tmp_path / name, b"new")
    assert len(list(tmp_path.iterdir())) == 1

    assert remove_drafts(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_draft_of_a_killed_writer_is_removed_and_that_of_a_living_one_is_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "state.json"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"writing\n"
        (draft,) = tmp_path.iterdir()

        assert remove_drafts(tmp_path) == 0
        assert list(tmp_path.iterdir()) == [draft]
        writer.send_signal(signal.SIGKILL)

    assert remove_drafts(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []


@posix
def test_only_drafts_are_removed(tmp_path: Path) -> None:
    stays = {
        ".state.json",
        ".state.json.0123456",
        ".config.0123abcd",
        "state.json.0123abcd",
        ".state.json.0123abcd.bak",
    }
    for name in stays:
        (tmp_path / name).touch()
    (tmp_path / ".fifo.json.0123abcd").mkdir()
    (tmp_path / ".link.json.0123abcd").symlink_to(tmp_path / ".state.json")
    (tmp_path / ".state.json.0123abcd").touch()

    assert remove_drafts(tmp_path) == 1
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*stays, ".fifo.json.0123abcd", ".link.json.0123abcd"}
    assert remove_drafts(tmp_path / "nothing") == 0


# Kept aside


def test_each_unreadable_file_gets_a_name_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    for number in range(3):
        path.write_text(str(number))
        keep_aside(path)

    assert not path.exists()
    assert [each.read_text() for each in kept_aside(path)] == ["0", "1", "2"]


def test_the_oldest_and_the_newest_stay(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    for number in range(25):
        path.write_text(str(number))
        keep_aside(path)

    kept = [int(each.read_text()) for each in kept_aside(path)]
    assert kept == [0, *range(25 - MAX_KEPT_ASIDE + 1, 25)]


@pytest.mark.parametrize("count", range(1, MAX_KEPT_ASIDE + 1))
def test_nothing_is_removed_below_the_bound(tmp_path: Path, count: int) -> None:
    path = tmp_path / "state.json"
    for number in range(count):
        path.write_text(str(number))
        keep_aside(path)

    assert len(kept_aside(path)) == count


def test_what_cannot_be_kept_aside_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.json"
    path.write_text("damaged")

    with monkeypatch.context() as patch:
        failing(patch, "rename", errno.EROFS)
        with pytest.raises(FileError, match="Read-only"):
            keep_aside(path)

    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "damaged"


@posix
def test_a_fifo_and_a_directory_can_be_kept_aside(tmp_path: Path) -> None:
    fifo, directory = tmp_path / "state.json", tmp_path / "notices.json"
    os.mkfifo(fifo)
    directory.mkdir()

    assert stat.S_ISFIFO(keep_aside(fifo).stat().st_mode)
    assert keep_aside(directory).is_dir()
