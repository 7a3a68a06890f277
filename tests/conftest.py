"""What every test session has: the seed of the fake clocks, and a machine that has just started.

CC_DESKTOP_TEST_SEED repeats a run with the clocks of another one.
CC_DESKTOP_UPTIME_S makes `time.monotonic` tell that the machine started so many seconds ago.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_UPTIME = "CC_DESKTOP_UPTIME_S"


def _pretend_uptime(seconds: float) -> None:
    real = time.monotonic
    shift = real() - seconds
    time.monotonic = lambda: real() - shift


if os.environ.get(_UPTIME):
    _pretend_uptime(float(os.environ[_UPTIME]))

os.environ["CC_DESKTOP_LANGUAGE"] = "en"  # what tests expect is English, wherever they run

from tests.fakes.clock import SEED  # noqa: E402 - after the clock is set


def pytest_report_header() -> str:
    return f"fake clocks: CC_DESKTOP_TEST_SEED={SEED}, uptime {time.monotonic():.0f} s"


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a bus with nobody on it."""
    from tests.whole.session import Session, need  # most tests have no bus

    need("dbus-daemon")
    with Session(tmp_path_factory.mktemp("bus")) as session:
        session.start_bus()
        yield session.env["DBUS_SESSION_BUS_ADDRESS"]
