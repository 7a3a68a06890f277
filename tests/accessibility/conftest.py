from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.accessibility.atspi import Reader, launcher
from tests.whole.session import Session, need

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A screen and a bus."""
    need("Xvfb", "dbus-daemon", "xdotool", *([] if launcher() else ["at-spi2-core"]))
    with Session(tmp_path) as started:
        started.start_display()
        started.start_bus()
        yield started


@pytest.fixture
def reader(session: Session) -> Iterator[Reader]:
    with Reader(session) as started:
        yield started
