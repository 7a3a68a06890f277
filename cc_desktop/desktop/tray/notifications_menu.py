"""The submenu Notifications of the tray: plain lines, for menus that go over D-Bus."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from cc_desktop.desktop.tray.menu import MenuPart
from cc_desktop.notifications.policy import OFF, SNOOZED
from cc_desktop.text import notifications
from cc_desktop.text.format import HOUR, MINUTE, span
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.notifications.center import NotificationCenter

ON, RESUME, WAITING, SETTINGS, TOMORROW = "on", "resume", "waiting", "settings", "tomorrow"
_SPANS = {"30min": 30 * MINUTE, "1h": HOUR, "8h": 8 * HOUR}


class Entry(NamedTuple):
    """A line of the menu; one without a text is a rule between the others."""

    text: str = ""
    key: str = ""  # what it does; "" for a line that only tells
    checked: bool | None = None
    enabled: bool = True


def notification_entries(
    center: NotificationCenter, now: int, *, lists: bool = False
) -> tuple[Entry, ...]:
    """Return the lines. Equal lines mean that the menu need not be rebuilt.

    `now` is local ms; `lists`: the list of notices can be opened.
    """
    quiet = center.quiet
    off = quiet is not None and quiet.reason is OFF
    entries = [Entry(tr("Show notifications"), ON, checked=center.preferences.on), Entry()]
    if quiet is not None and not off:
        said = notifications.quiet_words(quiet, now)
        snoozed = quiet.reason is SNOOZED
        entries.append(
            Entry(tr("{why} — resume", why=said), RESUME) if snoozed else Entry(said, enabled=False)
        )
    waiting = notifications.waiting_words(center.waiting)
    if waiting:
        entries.append(Entry(waiting, WAITING, enabled=lists))
    entries += [
        Entry(tr("Snooze {span}", span=span(ms)), key, enabled=not off)
        for key, ms in _SPANS.items()
    ]
    entries.append(Entry(tr("Snooze until tomorrow 08:00"), TOMORROW, enabled=not off))
    entries += [Entry(), Entry(tr("Settings…"), SETTINGS)]
    return tuple(entries)


def notifications_part(
    center: NotificationCenter,
    open_settings: Callable[[], None],
    open_history: Callable[[], None],
    now_ms: Callable[[], int],
) -> MenuPart:
    """Return the submenu as a part of the tray's menu. `now_ms` gives local ms."""

    def add(menu: QMenu) -> None:
        build_notifications_menu(
            menu, center, open_settings, open_notices=open_history, clock=now_ms
        )

    return MenuPart(lambda: notification_entries(center, now_ms(), lists=True), add)


def build_notifications_menu(
    menu: QMenu,
    center: NotificationCenter,
    open_settings: Callable[[], None],
    *,
    open_notices: Callable[[], None] | None = None,
    clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
) -> QMenu:
    """Add the submenu to a menu, which owns it. `clock` gives local ms."""
    submenu = QMenu(tr("Notifications"), menu)
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
