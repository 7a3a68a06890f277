from __future__ import annotations

import errno
import logging
import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from cc_desktop.system.log_file import MAX_LOG_BYTES, PrivateLogHandler
from tests.fakes.disk import failing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

posix = pytest.mark.skipif(sys.platform == "win32", reason="rights and special files of POSIX")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cc-desktop.log"


@pytest.fixture
def log(path: Path) -> Iterator[logging.Logger]:
    logger = logging.getLogger("tests.log_file")
    logger.propagate = False
    handler = PrivateLogHandler(path)
    logger.addHandler(handler)
    yield logger
    logger.removeHandler(handler)
    handler.close()


@posix
def test_only_the_owner_can_read_it(log: logging.Logger, path: Path) -> None:
    old = os.umask(0)
    try:
        log.warning("x")
    finally:
        os.umask(old)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@posix
def test_a_log_of_an_earlier_version_is_narrowed(log: logging.Logger, path: Path) -> None:
    path.write_text("before\n")
    path.chmod(0o644)
    log.warning("x")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == "before\nx\n"


@posix
def test_a_link_in_its_place_is_not_followed(
    log: logging.Logger, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = path.with_name("target")
    target.write_text("another's")
    path.symlink_to(target)
    log.warning("x")

    assert target.read_text() == "another's"
    assert capsys.readouterr().err.count("\n") == 1


@posix
def test_a_fifo_in_its_place_is_not_waited_for(
    log: logging.Logger, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(path)
    log.warning("x")

    assert "no log file" in capsys.readouterr().err


def test_a_full_disk_is_one_line_and_the_log_goes_on_when_there_is_room(
    log: logging.Logger,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with monkeypatch.context() as patch:
        failing(patch, "open", errno.ENOSPC)
        for _ in range(100):
            log.error("lost", exc_info=ValueError())
    assert capsys.readouterr().err == f"cc-desktop: no log file: {path}: No space left on device\n"

    log.warning("kept")
    assert path.read_text() == "kept\n"


def test_it_does_not_grow_without_end(log: logging.Logger, path: Path) -> None:
    for _ in range(5):
        log.warning("%s", "x" * (MAX_LOG_BYTES - 10))

    assert len(list(path.parent.iterdir())) == 3
    assert path.stat().st_size <= MAX_LOG_BYTES


def test_text_that_is_no_text_is_logged_all_the_same(log: logging.Logger, path: Path) -> None:
    log.warning("\ud800")

    assert path.read_text() == "\\ud800\n"
