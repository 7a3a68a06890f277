"""The log has no secret, is private, and never gets in the way."""

from __future__ import annotations

import faulthandler
import logging
import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from cc_desktop.config.secrets.credentials import Token
from cc_desktop.diagnostics import logs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRET = "s3cret-value-0815"
log = logging.getLogger("cc_desktop.test")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, raises = root.handlers[:], root.level, logging.raiseExceptions
    levels = {name: logging.getLogger(name).level for name in ("websockets", "httpx")}
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = raises
    for name, value in levels.items():
        logging.getLogger(name).setLevel(value)


def written(directory: Path) -> str:
    return "".join(path.read_text() for path in directory.iterdir())


def raises() -> None:
    raise ValueError(f"refused {SECRET}")


def by_exception() -> None:
    try:
        raises()
    except ValueError:
        log.exception("it failed")


def by_cause() -> None:
    try:
        try:
            raises()
        except ValueError as error:
            raise RuntimeError("outer") from error
    except RuntimeError as error:
        log.error("it failed", exc_info=error)


WAYS: dict[str, Callable[[], object]] = {
    "message": lambda: log.error(f"token {SECRET}"),  # noqa: G004 - a message that is formatted
    "argument": lambda: log.error("token %s", SECRET),
    "arguments by name": lambda: log.error("token %(a)s", {"a": SECRET}),
    "repr of bytes": lambda: log.error("frame %r", SECRET.encode()),
    "inside a record": lambda: log.error("%s", {"auth": {"token": SECRET}}),
    "exception": by_exception,
    "cause": by_cause,
    "stack": lambda: log.error("stack", stack_info=True, extra={"x": SECRET}),
    "another logger": lambda: logging.getLogger("websockets").error("> %s", SECRET),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_known_secret_gets_into_the_log_in_no_way(way: str, tmp_path: Path) -> None:
    Token(SECRET)
    logs.start(tmp_path, "debug")
    WAYS[way]()

    text = written(tmp_path)
    assert SECRET not in text
    assert text


def test_an_unknown_bearer_is_taken_out_too(tmp_path: Path) -> None:
    logs.start(tmp_path, "warning")
    log.error("> Authorization: Bearer abcdefgh-unknown")

    assert "abcdefgh-unknown" not in written(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_the_log_is_private_whatever_the_umask(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / logs.LOG_FILE).touch(0o666)
    old = os.umask(0)
    try:
        logs.start(tmp_path / "log", "warning")
        logs.start(tmp_path / "new", "warning")
        log.error("x")
    finally:
        os.umask(old)

    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "new" / logs.LOG_FILE).stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_a_log_that_others_could_read_is_made_private(tmp_path: Path) -> None:
    file = tmp_path / logs.LOG_FILE
    file.touch()
    file.chmod(0o666)
    logs.start(tmp_path, "warning")
    log.error("x")

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_no_directory_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log").write_text("a file")

    assert logs.start(tmp_path / "log", "warning") is None
    log.error("x")

    err = capsys.readouterr().err
    assert err.startswith("cc-desktop: no log file: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("what", ["directory", "fifo"])
def test_a_log_that_cannot_be_written_is_told_once(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / logs.LOG_FILE
    if what == "fifo":
        os.mkfifo(file)
    else:
        file.mkdir()
    handler = logs.start(tmp_path, "warning")
    assert handler is not None
    for _ in range(100):
        log.error("x")
    handler.record_native_crashes()

    err = capsys.readouterr().err
    assert "no log from here on" in err
    assert "Traceback" not in err
    assert err.count("\n") <= 2


def test_without_a_stderr_nothing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    (tmp_path / logs.LOG_FILE).mkdir()
    logs.start(tmp_path, "debug")
    log.error("x")
    logs.start(tmp_path / logs.LOG_FILE / "\0", "debug")


def test_the_fault_handler_follows_the_rotation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[object] = []
    monkeypatch.setattr(faulthandler, "enable", lambda file: files.append(file))
    monkeypatch.setattr(faulthandler, "disable", lambda: None)
    handler = logs.start(tmp_path, "warning")
    assert handler is not None
    handler.record_native_crashes()
    handler.max_bytes = 100
    for _ in range(5):
        log.error("a line of more than half of that length, so that it rotates")

    assert files[-1] is handler.stream
    assert len(files) > 2
    assert len(list(tmp_path.iterdir())) == 1 + logs.BACKUPS


def test_a_full_log_begins_anew_and_the_oldest_lines_go(tmp_path: Path) -> None:
    file = logs.PrivateLogFile(tmp_path / "app.log", max_bytes=20)
    for number in range(9):
        file.emit(logging.makeLogRecord({"msg": f"line {number} here"}))
    file.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["app.log", "app.log.1", "app.log.2"]
    assert [(tmp_path / name).read_text() for name in names] == [
        "line 8 here\n",
        "line 7 here\n",
        "line 6 here\n",
    ]


def test_a_line_that_is_longer_than_a_file_is_written_all_the_same(tmp_path: Path) -> None:
    file = logs.PrivateLogFile(tmp_path / "app.log", max_bytes=5)
    file.emit(logging.makeLogRecord({"msg": "a long line"}))
    file.close()
    assert [path.name for path in tmp_path.iterdir()] == ["app.log"]


def test_a_log_that_cannot_be_rotated_is_told_once_and_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "not here")

    monkeypatch.setattr(os, "replace", refuse)
    file = logs.PrivateLogFile(tmp_path / "app.log", max_bytes=20)
    for number in range(5):
        file.emit(logging.makeLogRecord({"msg": f"line {number} here"}))
    file.close()
    assert capsys.readouterr().err.count("not here") == 1
    assert (tmp_path / "app.log").read_text() == "line 0 here\n"


def test_a_failed_rotation_leaves_the_fault_handler_at_work(tmp_path: Path) -> None:
    was_enabled = faulthandler.is_enabled()
    file = logs.PrivateLogFile(tmp_path / "app.log", max_bytes=20)
    file.record_native_crashes()
    (tmp_path / "app.log.1").touch()
    (tmp_path / "app.log.2" / "x").mkdir(parents=True)  # whatever somebody put there
    try:
        for number in range(5):
            file.emit(logging.makeLogRecord({"msg": f"line {number} here"}))
        assert faulthandler.is_enabled()
        assert (tmp_path / "app.log").read_text() == "line 0 here\n"
        (tmp_path / "app.log.2" / "x").rmdir()
        (tmp_path / "app.log.2").rmdir()
        file.emit(logging.makeLogRecord({"msg": "line 5 here"}))
        assert faulthandler.is_enabled()
        assert (tmp_path / "app.log").read_text() == "line 5 here\n"
    finally:
        file.close()
        if was_enabled:
            faulthandler.enable()


@pytest.mark.skipif(sys.platform == "win32", reason="an open file stays there")
@pytest.mark.parametrize("how", ["deleted", "moved", "with its directory"])
def test_a_log_that_is_taken_away_begins_anew_and_never_grows_out_of_sight(
    how: str, tmp_path: Path
) -> None:
    directory = tmp_path / "log"
    directory.mkdir()
    path = directory / "app.log"
    file = logs.PrivateLogFile(path, max_bytes=1_000)
    file.emit(logging.makeLogRecord({"msg": "before"}))
    if how == "moved":
        path.rename(tmp_path / "elsewhere")
    elif how == "deleted":
        path.unlink()
    else:
        path.unlink()
        directory.rmdir()
        file.emit(logging.makeLogRecord({"msg": "lost"}))
        directory.mkdir()
    file.emit(logging.makeLogRecord({"msg": "after"}))
    file.close()
    assert path.read_text() == "after\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
