"""What is new is told to screen readers, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cc_desktop.desktop.fleet_desktop import NotificationTools
from cc_desktop.desktop.widgets.accessible.announcer import Announcer
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.facts import Condition, ConditionKind
from cc_desktop.notifications.preferences import Preferences
from tests.desktop import sample
from tests.desktop.inbox import fleet as inbox
from tests.desktop.notified import SAMPLE, Notified
from tests.desktop.sample import MIN, NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.desktop.window.fleet_window import FleetWindow


class Told:
    """A window with a bell, and a screen reader."""

    def __init__(self, window: FleetWindow, notified: Notified) -> None:
        self.window = window
        self.center = notified.center
        self.store = window.context.store
        self.said: list[tuple[str, bool]] = []
        self.tools = NotificationTools(window, window.context, self.center, lambda: None)
        self.tools.announcer = Announcer(
            window,
            active=lambda: True,
            say=lambda text, assertive: self.said.append((text, assertive)),
        )

    def ask(self, agent: str) -> None:
        """An agent waits for an approval."""
        self.store.apply(ev.ApprovalOpened("studio", inbox.approval(f"new {agent}", agent)))
        self.window.batch.flush()

    def news(self) -> None:
        """Something that needs nobody."""
        update = Condition("update", ConditionKind.UPDATE, detail="2026.10.1")
        self.store.apply(ev.FactTold("studio", update))
        self.window.batch.flush()

    def pause_ends(self) -> None:
        self.tools.announcer.pause.stop()
        self.tools.announcer.pause.timeout.emit()


@pytest.fixture
def told(open_window: Callable[..., FleetWindow]) -> Callable[..., Told]:
    def make(preferences: Preferences | None = None, snooze: int = 0) -> Told:
        store = sample.live_store()
        window = open_window(store)
        return Told(window, Notified(store, SAMPLE, preferences, snooze=snooze))

    return make


def wants(name: str) -> str:
    return f"{name} wants: {inbox.COMMAND}"


def test_what_is_new_is_announced_once(told: Callable[..., Told]) -> None:
    app = told()
    app.tools.refresh()
    assert app.said == []  # what was there before is not new

    app.news()
    app.ask("rex")
    app.tools.refresh()
    app.pause_ends()
    app.pause_ends()
    assert app.said == [
        ("An update for studio is available: 2026.10.1", False),
        (wants("Rex"), True),
    ]


def test_what_came_while_the_window_was_hidden_is_not_read_out(
    told: Callable[..., Told],
) -> None:
    app = told()
    app.window.hide()
    app.ask("rex")
    app.window.show()
    assert app.said == []
    app.ask("otto")
    assert app.said == [(wants("Otto"), True)]


def test_whoever_wants_to_be_left_alone_is(told: Callable[..., Told]) -> None:
    app = told(Preferences(muted=frozenset({("studio", "rex")})))
    app.ask("rex")
    app.ask("otto")
    assert app.said == [(wants("Otto"), True)]

    snoozed = told(snooze=NOW + 5 * MIN)
    snoozed.ask("rex")
    assert snoozed.said == []
