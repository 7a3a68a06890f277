"""The global key as the settings offer it, and as the window follows it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from cc_desktop.config.paths import find_paths
from cc_desktop.config.preferences import GeneralPreferences
from cc_desktop.config.settings import Settings
from cc_desktop.desktop.shortcut.global_key import GlobalKey
from cc_desktop.desktop.shortcut.portal import Why, Wish
from cc_desktop.desktop.shortcut.tools import GlobalKeyTools, KeyChoice
from cc_desktop.monitor import FleetMonitor
from cc_desktop.system.supervision import FaultLog
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

WISH = Wish("cc-desktop", "next", "Next", "LOGO+ALT+F8")


@pytest.fixture
def monitor(tmp_path: Path) -> FleetMonitor:
    settings = Settings((), keyring=False)
    paths = find_paths(tmp_path)
    return FleetMonitor(settings, paths, clock=FakeClock(), rng=random.Random(1))


def key_of(monitor: FleetMonitor) -> GlobalKey:
    return GlobalKey("unix:path=/nowhere", monitor.clock, WISH, lambda _token: None)


def kept(monitor: FleetMonitor) -> bool:
    return monitor.memory.preferences.get(GeneralPreferences).global_key


async def test_it_is_off_until_somebody_wants_it_and_stays_on_between_starts(
    monitor: FleetMonitor,
) -> None:
    choice = KeyChoice(monitor, key_of(monitor))
    assert not choice.on
    choice.set(True)
    assert choice.on
    assert KeyChoice(monitor, key_of(monitor)).on
    choice.set(False)
    assert not KeyChoice(monitor, key_of(monitor)).on


async def test_who_refuses_it_in_the_desktops_dialog_is_not_asked_at_the_next_start(
    monitor: FleetMonitor,
) -> None:
    key = key_of(monitor)
    choice = KeyChoice(monitor, key)
    choice.set(True)
    key.on_refused()
    assert not kept(monitor)


@pytest.mark.parametrize("state", ["off", "looking", "asking", *Why, "what nobody thought of"])
async def test_every_state_has_words(monitor: FleetMonitor, state: str) -> None:
    key = key_of(monitor)
    choice = KeyChoice(monitor, key)
    key.state = state
    assert choice.note().endswith((".", "…"))
    assert choice.can_be_on is (state != "absent")


async def test_the_key_that_the_desktop_gave_is_named(monitor: FleetMonitor) -> None:
    key = key_of(monitor)
    key.state, key.trigger = "ready", "Meta+Alt+F8"
    choice = KeyChoice(monitor, key)
    assert choice.note() == "Meta+Alt+F8, everywhere. Change it in the desktop's settings."
    key.trigger = ""
    assert "has not given it a key yet" in choice.note()


async def test_without_a_session_bus_it_is_not_offered(
    monitor: FleetMonitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    tools = GlobalKeyTools(monitor, lambda _token: None)
    tools.start(FaultLog())
    assert (tools.choice, tools.jobs) == (None, {})


async def test_whatever_starting_it_raises_the_app_goes_on(
    monitor: FleetMonitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> str:
        raise RuntimeError

    monkeypatch.setattr("cc_desktop.notifications.backends.dbus.session_bus_address", fail)
    tools = GlobalKeyTools(monitor, lambda _token: None)
    tools.start(FaultLog())
    assert tools.choice is None
    assert "global shortcut" in caplog.text
