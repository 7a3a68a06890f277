"""The submenu Notifications of the tray: plain lines, for menus that go over D-Bus."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from cc_desktop.notifications.policy import OFF, SNOOZED
from cc_desktop.text import format as words
from cc_desktop.text import notifications

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.notifications.center import NotificationCenter

ON, RESUME, WAITING, SETTINGS, TOMORROW = "on", "resume", "waiting", "settings", "tomorrow"
_SPANS = {"30 min": 30 * words.MINUTE, "1 h": words.HOUR, "8 h": 8 * words.HOUR}


class Entry(NamedTuple):
    """A line of the menu; one without a text is a rule between the others."""

    text: str = ""
    key: str = ""  # what it does; "" for a line that only tells
    checked: bool | None = None
    enabled: bool = True


def notification_entries(
    center: NotificationCenter, now: int, *, lists: bool = False
) -> tuple[Entry, ...]:
    """The lines. They are equal as long as the menu need not be made anew.

    `now` is local ms; `lists`: the list of notices can be opened.
    """
    quiet = center.quiet
    off = quiet is not None and quiet.reason == OFF
    entries = [Entry("Show notifications", ON, checked=center.preferences.on), Entry()]
    if quiet is not None and not off:
        said = notifications.quiet_words(quiet, now)
        snoozed = quiet.reason == SNOOZED
        entries.append(
            Entry(f"{said} \u2014 resume", RESUME) if snoozed else Entry(said, enabled=False)
        )
    waiting = notifications.waiting_words(center.waiting)
    if waiting:
        entries.append(Entry(waiting, WAITING, enabled=lists))
    entries += [Entry(f"Snooze {span}", span, enabled=not off) for span in _SPANS]
    entries.append(Entry("Snooze until tomorrow 08:00", TOMORROW, enabled=not off))
    entries += [Entry(), Entry("Settings\u2026", SETTINGS)]
    return tuple(entries)


def build_notifications_menu(
    menu: QMenu,
    center: NotificationCenter,
    open_settings: Callable[[], None],
    *,
    open_notices: Callable[[], None] | None = None,
    clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
) -> QMenu:
    """Add the submenu to a menu, which owns it. `clock` gives local ms."""
    submenu = QMenu("Notifications", menu)
    menu.addMenu(submenu)

    def choose(key: str) -> None:
        """The time is the one of the click: the menu may have been made long before."""
        preferences = center.preferences
        if key == ON:
            center.set_preferences(replace(preferences, on=not preferences.on))
        elif key == RESUME:
            center.resume()
        elif key == SETTINGS:
            open_settings()
        elif key == TOMORROW:
            center.snooze_until(notifications.tomorrow(clock()))
        elif key in _SPANS:
            center.snooze_until(clock() + _SPANS[key])
        elif open_notices is not None:
            open_notices()

    for entry in notification_entries(center, clock(), lists=open_notices is not None):
        if not entry.text:
            submenu.addSeparator()
            continue
        action = QAction(entry.text, submenu)
        action.setEnabled(entry.enabled)
        if entry.checked is not None:
            action.setCheckable(True)
            action.setChecked(entry.checked)
        if entry.key:
            action.triggered.connect(lambda _checked=False, key=entry.key: choose(key))
        submenu.addAction(action)
    return submenu
