"""Announcements: at most one every two seconds, and none is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QWidget

from cc_desktop.desktop.widgets.accessible.announcer import PAUSE_MS, Announcer

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


class Heard:
    """A screen reader."""

    def __init__(self, window: QWidget) -> None:
        self.listens = True
        self.said: list[tuple[str, bool]] = []
        self.announcer = Announcer(
            window,
            active=lambda: self.listens,
            say=lambda text, assertive: self.said.append((text, assertive)),
        )

    def pause_ends(self) -> None:
        assert self.announcer.pause.isActive()
        self.announcer.pause.stop()
        self.announcer.pause.timeout.emit()


@pytest.fixture
def heard(qtbot: QtBot) -> Heard:
    window = QWidget()
    qtbot.addWidget(window)
    made = Heard(window)
    made.announcer.pause.setParent(window)
    window.setProperty("kept", made)  # as long as the window
    return made


def test_the_first_is_said_at_once(heard: Heard) -> None:
    heard.announcer.announce("Rex failed", True)
    assert heard.said == [("Rex failed", True)]
    assert heard.announcer.pause.interval() == PAUSE_MS


def test_what_comes_meanwhile_is_one_announcement(heard: Heard) -> None:
    announce = heard.announcer.announce
    announce("Otto has finished", False)
    for name in ("Rex", "Dex", "Hex"):
        announce(f"{name} failed", True)
    assert heard.said == [("Otto has finished", False)]

    heard.pause_ends()
    assert heard.said[1:] == [("3 new items need you", True)]

    announce("Pip has finished", False)
    announce("Hex failed", True)
    heard.pause_ends()
    assert heard.said[2:] == [("Hex failed; Pip has finished", True)]

    announce("One", False)
    announce("Two", False)
    announce("Rex failed", True)
    announce("Dex failed", True)
    heard.pause_ends()
    assert heard.said[3:] == [("2 new items need you; 2 updates", True)]


def test_the_same_is_said_once_and_politely_unless_it_is_urgent(heard: Heard) -> None:
    heard.announcer.announce("First", False)
    heard.announcer.announce("Rex waits", False)
    heard.announcer.announce("Rex waits", True)
    heard.announcer.announce("Rex waits", False)
    heard.pause_ends()
    assert heard.said[1:] == [("Rex waits", True)]


def test_nothing_runs_when_there_is_nothing_to_say(heard: Heard) -> None:
    heard.announcer.announce("", True)
    assert not heard.announcer.pause.isActive()
    heard.announcer.announce("Rex failed", True)
    heard.pause_ends()
    assert not heard.announcer.pause.isActive()
    assert len(heard.said) == 1


def test_without_a_reader_nothing_is_kept(heard: Heard) -> None:
    heard.listens = False
    heard.announcer.announce("Rex failed", True)
    heard.listens = True
    assert heard.said == []
    assert not heard.announcer.pause.isActive()
    heard.announcer.announce("Dex failed", True)
    assert heard.said == [("Dex failed", True)]
