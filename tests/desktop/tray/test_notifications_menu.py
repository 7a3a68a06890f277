"""The submenu Notifications of the tray."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace
from PySide6.QtWidgets import QMenu

from cc_desktop.desktop.tray.notifications_menu import (
    build_notifications_menu,
    notification_entries,
)
from cc_desktop.notifications.policy import HOURS, SYSTEM, QuietPeriod
from cc_desktop.notifications.preferences import Preferences, QuietWindow
from cc_desktop.text.format import HOUR
from tests.desktop import sample
from tests.desktop.notified import Notified
from tests.desktop.sample import MIN, NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PySide6.QtGui import QAction

pytestmark = pytest.mark.usefixtures("qapp")

ALWAYS = QuietWindow(frozenset(range(7)), 0, 0)


class Built:
    """A menu with the submenu in it."""

    def __init__(self, notified: Notified, clock: sample.Clock, **fields: Any) -> None:
        self.menu = QMenu()
        self.asked: list[str] = []
        self.center = notified.center
        self.submenu = build_notifications_menu(
            self.menu,
            notified.center,
            lambda: self.asked.append("settings"),
            clock=clock,
            **fields,
        )

    def lines(self) -> list[str]:
        return [action.text() for action in self.submenu.actions() if not action.isSeparator()]

    def action(self, start: str) -> QAction:
        return next(one for one in self.submenu.actions() if one.text().startswith(start))


@pytest.fixture
def build(clock: sample.Clock) -> Iterator[Callable[..., Built]]:
    kept: list[Built] = []

    def make(preferences: Preferences | None = None, snooze: int = 0, **fields: Any) -> Built:
        notified = Notified(sample.live_store(), [], preferences, snooze=snooze)
        kept.append(Built(notified, clock, **fields))
        return kept[-1]

    yield make
    for built in kept:
        built.menu.deleteLater()


SNOOZES = ["Snooze 30 min", "Snooze 1 h", "Snooze 8 h", "Snooze until tomorrow 08:00"]


def test_what_the_menu_says(build: Callable[..., Built]) -> None:
    built = build()
    assert built.submenu.title() == "Notifications"
    assert built.submenu.menuAction() in built.menu.actions()
    assert built.lines() == ["Show notifications", *SNOOZES, "Settings…"]
    assert built.action("Show").isChecked()


def test_only_what_goes_over_dbus_is_in_it(build: Callable[..., Built]) -> None:
    built = build(snooze=NOW + MIN)
    for action in built.submenu.actions():
        assert action.icon().isNull()
        assert type(action).__name__ == "QAction"
        assert "&" not in action.text()
        assert "_" not in action.text()


@pytest.mark.parametrize(
    ("line", "until"),
    [("Snooze 30 min", NOW + 30 * MIN), ("Snooze 1 h", NOW + HOUR), ("Snooze 8 h", NOW + 8 * HOUR)],
)
def test_snoozing(build: Callable[..., Built], line: str, until: int) -> None:
    built = build()
    built.action(line).trigger()
    assert built.center.quiet is not None
    assert built.center.quiet.until == until


def test_a_snooze_counts_from_the_click_and_not_from_when_the_menu_was_made(
    build: Callable[..., Built], clock: sample.Clock
) -> None:
    built = build()
    clock.now += 20 * MIN
    built.action("Snooze 1 h").trigger()
    assert built.center.quiet is not None
    assert built.center.quiet.until == NOW + 80 * MIN


def test_until_tomorrow_is_at_eight(build: Callable[..., Built]) -> None:
    built = build()
    built.action("Snooze until tomorrow").trigger()
    entries = notification_entries(built.center, NOW)
    assert "Snoozed until tomorrow 08:00 — resume" in [entry.text for entry in entries]


def test_a_snooze_is_ended_from_the_menu(build: Callable[..., Built]) -> None:
    built = build(snooze=NOW + 5 * MIN)
    built.action("Snoozed until 14:30 — resume").trigger()
    assert built.center.quiet is None


def test_switched_off_and_on_again(build: Callable[..., Built]) -> None:
    built = build()
    built.action("Show").trigger()
    assert not built.center.preferences.on
    off = build(Preferences(on=False))
    assert not off.action("Show").isChecked()
    assert [off.action(line).isEnabled() for line in SNOOZES] == [False] * 4
    off.action("Show").trigger()
    assert off.center.preferences.on


def test_quiet_hours_are_told(build: Callable[..., Built]) -> None:
    built = build(Preferences(quiet_on=True, quiet=(replace(ALWAYS, start=0, end=23 * 60),)))
    line = built.action("Quiet hours until 23:00")
    assert not line.isEnabled()


@pytest.mark.parametrize("quiet", [QuietPeriod(HOURS, NOW + MIN), QuietPeriod(SYSTEM)])
def test_the_list_of_what_waits_opens_from_it(
    clock: sample.Clock, quiet: QuietPeriod, monkeypatch: pytest.MonkeyPatch
) -> None:
    notified = Notified(sample.live_store())
    monkeypatch.setattr(type(notified.center), "waiting", 3)
    monkeypatch.setattr(type(notified.center), "quiet", quiet)
    opened: list[int] = []
    built = Built(notified, clock, open_notices=lambda: opened.append(1))
    built.action("3 wait").trigger()
    assert opened == [1]
    assert not Built(notified, clock).action("3 wait").isEnabled()


def test_the_settings_open(build: Callable[..., Built]) -> None:
    built = build()
    built.action("Settings").trigger()
    assert built.asked == ["settings"]


def test_entries_are_equal_as_long_as_they_say_the_same(build: Callable[..., Built]) -> None:
    built = build(snooze=NOW + 5 * MIN)
    first = notification_entries(built.center, NOW)
    assert notification_entries(built.center, NOW + MIN) == first
    built.center.resume()
    assert notification_entries(built.center, NOW + MIN) != first
