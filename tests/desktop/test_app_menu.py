"""Start at login and About, in the tray menu."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QMenu

from cc_desktop import __version__
from cc_desktop.desktop.app_menu import LoginSwitch, add_about_entry, add_login_entry
from cc_desktop.system.autostart import AutostartError
from cc_desktop.system.update_check import Update

pytestmark = pytest.mark.usefixtures("qapp")


class Autostart:
    """Start at login, as the system has it."""

    def __init__(self) -> None:
        self.on = False
        self.error = ""
        self.reads = 0

    def is_enabled(self) -> bool:
        self.reads += 1
        return self.on

    def set_enabled(self, on: bool) -> None:
        if self.error:
            raise AutostartError(self.error)
        self.on = on


class Switch:
    """A switch in a menu, and what it reported."""

    def __init__(self) -> None:
        self.system = Autostart()
        self.reported: list[str] = []
        self.switch = LoginSwitch(self.system, self.reported.append)
        self.menu = QMenu()
        self.update: Update | None = None
        self.opened = 0

    def build(self) -> list[str]:
        self.menu.clear()
        add_login_entry(self.menu, self.switch)
        add_about_entry(self.menu, self.open_about, self.update)
        return [action.text() for action in self.menu.actions()]

    def open_about(self) -> None:
        self.opened += 1


@pytest.fixture
def it() -> Switch:
    return Switch()


def test_the_entry_is_ticked_as_the_system_says(it: Switch) -> None:
    it.system.on = True
    it.switch.refresh()
    assert it.build()[0] == "Start at login"

    entry = it.menu.actions()[0]
    assert (entry.isCheckable(), entry.isChecked()) == (True, True)


def test_the_entry_changes_the_system(it: Switch) -> None:
    it.build()
    it.menu.actions()[0].trigger()
    assert it.system.on
    assert it.switch.on

    it.build()
    it.menu.actions()[0].trigger()
    assert not it.system.on


def test_a_failure_is_reported_and_the_tick_stays_true(it: Switch) -> None:
    it.system.error = "Start at login cannot be set: /x: Permission denied."
    it.build()
    it.menu.actions()[0].trigger()

    assert it.reported == [it.system.error]
    assert not it.menu.actions()[0].isChecked()


def test_asking_for_the_state_reads_no_file(it: Switch) -> None:
    before = it.system.reads
    for _ in range(100):
        assert it.switch.on is False

    assert it.system.reads == before


def test_where_there_is_no_start_at_login_there_is_no_entry() -> None:
    menu, reported = QMenu(), list[str]()
    switch = LoginSwitch(None, reported.append)
    switch.set(True)
    add_login_entry(menu, switch)

    assert menu.actions() == []
    assert switch.on is None
    assert reported == []


def test_about_mentions_a_newer_version(it: Switch) -> None:
    assert it.build()[-1] == f"About {__version__}"
    it.update = Update("9.1")
    assert it.build()[-1] == "About (version 9.1 is available)"

    it.menu.actions()[-1].trigger()
    assert it.opened == 1
