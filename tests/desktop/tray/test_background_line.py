"""Where there is no tray: what the window says, and what the desktop is told instead."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.desktop.tray import background_line
from cc_desktop.desktop.tray.background_line import (
    GNOME_EXTENSION,
    BackgroundLine,
    no_tray_words,
)
from cc_desktop.fleet import events as ev
from cc_desktop.notifications.backends.background import BackgroundStatus
from tests.desktop import sample
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cc_desktop.fleet.store import Store

pytestmark = pytest.mark.usefixtures("qapp")


class Desktop:
    """Notes the lines that it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def show(self, line: str) -> None:
        self.lines.append(line)

    async def run(self) -> None:
        await asyncio.Event().wait()


@pytest.fixture
def store() -> Store:
    return sample.live_store()


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> Desktop:
    made = Desktop()
    monkeypatch.setattr(background_line, "BackgroundStatus", lambda *_, **__: made)
    return made


@pytest.fixture
def line(store: Store, desktop: Desktop) -> Iterator[BackgroundLine]:
    assert desktop.lines == []
    made = BackgroundLine(store, FakeClock(), lambda _listed: None)
    yield made
    made.stop()


def test_the_desktop_is_told_how_the_fleet_is_while_there_is_no_tray(
    line: BackgroundLine, desktop: Desktop, store: Store
) -> None:
    store.apply(ev.Tick("studio"))
    assert desktop.lines == []

    line.set_active(True)
    assert "need you" in desktop.lines[-1]

    line.set_active(False)
    assert desktop.lines[-1] == ""


def test_a_change_of_the_fleet_changes_the_line(
    line: BackgroundLine, desktop: Desktop, store: Store
) -> None:
    line.set_active(True)
    before = desktop.lines[-1]

    store.apply(ev.GatewayRemoved("studio"))
    line._batch.flush()

    assert desktop.lines[-1] != before


@pytest.mark.parametrize("sandboxed", [True, False])
def test_only_in_a_sandbox_is_the_desktop_asked_at_all(
    monkeypatch: pytest.MonkeyPatch, *, sandboxed: bool
) -> None:
    """The portal would delete the autostart entry of any other app."""
    addresses: list[str] = []

    class Status(BackgroundStatus):
        def __init__(self, address: str, *rest: Any, **more: Any) -> None:
            addresses.append(address)
            super().__init__(address, *rest, **more)

    monkeypatch.setattr(background_line, "BackgroundStatus", Status)
    monkeypatch.setattr(background_line, "is_sandboxed", lambda: sandboxed)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/none")

    BackgroundLine(sample.live_store(), FakeClock(), lambda _listed: None).stop()

    assert addresses == (["unix:path=/none"] if sandboxed else [""])


def test_sample_data_is_not_told_as_the_fleet(desktop: Desktop) -> None:
    line = BackgroundLine(sample.demo_store(), FakeClock(), lambda _listed: None)
    line.set_active(True)
    assert desktop.lines == ["Sample data"]
    line.stop()


def test_the_window_names_the_extension_that_gives_gnome_a_tray() -> None:
    gnome = {"XDG_CURRENT_DESKTOP": "ubuntu:GNOME"}
    for listed in (True, False):
        assert GNOME_EXTENSION in no_tray_words(listed=listed, environ=gnome)


@pytest.mark.parametrize("desktop_name", ["", "sway", "GNOME-Flashback"])
def test_other_desktops_are_not_told_of_gnomes_extension(desktop_name: str) -> None:
    environ = {"XDG_CURRENT_DESKTOP": desktop_name}
    words = [no_tray_words(listed=listed, environ=environ) for listed in (True, False)]
    assert not [each for each in words if "GNOME" in each]
    assert "ends the app" in words[1]
    assert "ends the app" not in words[0]
