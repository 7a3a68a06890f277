"""What a later start, a link or a click makes the running app do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cc_desktop.desktop.instance.instance_controller import InstanceController
from cc_desktop.desktop.instance.single_instance import Answer, InstanceLock, InstanceMessage
from tests.desktop import sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.window.fleet_window import FleetWindow
    from cc_desktop.fleet.store import Store


class Running:
    """A window, its controller, and what it said."""

    def __init__(self, window: FleetWindow, store: Store) -> None:
        self.window = window
        self.answers: list[Answer | bytes] = []
        self.instance = InstanceController(InstanceLock(), window, store, window.notice.show_line)

    def ask(self, command: str, target: str = "") -> None:
        message = InstanceMessage(command, target)  # type: ignore[arg-type] # given as in a message
        self.instance.handle(message, self.answers.append)


@pytest.fixture
def it(open_window: Callable[..., FleetWindow]) -> Iterator[Running]:
    store = sample.live_store()
    running = Running(open_window(store), store)
    yield running
    running.instance.stop()


def test_a_second_start_shows_a_window_that_was_closed(it: Running, qtbot: QtBot) -> None:
    it.window.close()
    it.ask("show")

    assert it.window.isVisible()
    qtbot.waitUntil(lambda: it.answers == [Answer.DONE])


def test_a_second_start_shows_a_window_that_was_minimized(it: Running) -> None:
    it.window.showMinimized()
    it.ask("show")

    assert not it.window.isMinimized()


def test_a_hidden_second_start_shows_nothing(it: Running) -> None:
    it.window.close()
    it.ask("none")

    assert not it.window.isVisible()
    assert it.answers == [Answer.DONE]


def test_a_link_of_a_second_start_is_opened(it: Running) -> None:
    it.window.close()
    it.ask("open", "cc-desktop://agent/studio/otto")

    assert it.window.isVisible()
    assert it.window.details.key == ("studio", "otto")


def test_a_bad_link_of_a_second_start_is_a_line_in_the_window(it: Running) -> None:
    it.ask("open", "cc-desktop://agent/studio/nobody")

    assert "“nobody”" in it.window.notice.text


def test_the_link_of_the_start_is_opened(it: Running) -> None:
    it.instance.start("cc-desktop://agent/home-lab/nano")

    assert it.window.details.key == ("home-lab", "nano")


@pytest.mark.parametrize("command", ["show", "none"])
def test_every_later_start_is_told(it: Running, command: str) -> None:
    starts: list[str] = []
    it.instance.on_start = lambda: starts.append(command)
    it.ask(command)

    assert starts == [command]
