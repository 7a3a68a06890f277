"""A place to meet, and one that listens there."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.desktop.instance.test_single_instance import First


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory with a path that is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="cc-") as directory:
        monkeypatch.setenv("XDG_RUNTIME_DIR", directory)
        yield Path(directory)


@pytest.fixture
def first(runtime: Path, tmp_path: Path) -> Iterator[First]:
    from tests.desktop.instance.test_single_instance import First

    it = First(tmp_path)
    yield it
    it.server.stop()
