"""Offers the global key in the settings, and runs it while it is wanted."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cc_desktop.about import APP_ID
from cc_desktop.config.preferences import GeneralPreferences
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cc_desktop.desktop.shortcut.global_key import GlobalKey
    from cc_desktop.monitor import FleetMonitor
    from cc_desktop.system.supervision import FaultLog

IDENT = "next-that-needs-you"  # the desktop keeps the operator's key under this name
# As in the window, with modifiers that few programs use. The words are those of
# https://specifications.freedesktop.org/shortcuts-spec/latest/
PREFERRED = "LOGO+ALT+F8"


class KeyChoice:
    """Implements `GlobalKeyChoice` of the settings: what is chosen, and what came of it."""

    def __init__(self, monitor: FleetMonitor, key: GlobalKey) -> None:
        self._kept = monitor.memory.preferences
        self._key = key
        key.on_refused = lambda: self._keep(on=False)
        if self._kept.get(GeneralPreferences).global_key:
            key.want(True)

    @property
    def on(self) -> bool:
        """Whether it is wanted."""
        return self._key.is_wanted

    @property
    def can_be_on(self) -> bool:
        """False: the desktop has no such keys."""
        return self._key.state != "absent"

    def note(self) -> str:
        """Which key it is, or why there is none."""
        from cc_desktop.text.settings.global_key import key_note  # read when it is looked at

        return key_note(self._key.state, self._key.trigger)

    def set(self, on: bool) -> None:
        """Want it, or not."""
        self._keep(on=on)
        self._key.want(on)

    def look(self) -> None:
        """Find out whether the desktop has such keys."""
        self._key.look()

    def follow(self, changed: Callable[[], object] | None) -> None:
        """Call `changed` when something is another; None ends that."""
        self._key.on_change = changed or (lambda: None)

    def _keep(self, *, on: bool) -> None:
        self._kept.set_raw(GeneralPreferences.PAGE, {"global_key": on})


class GlobalKeyTools:
    """The key and what belongs to it.

    Attributes:
        jobs: What has to run in the background, by name.
        choice: For the settings; None where there is no session bus, or before `start`.
    """

    def __init__(self, monitor: FleetMonitor, on_pressed: Callable[[str], object]) -> None:
        """Args: `on_pressed` gets the activation token for the window."""
        self._monitor = monitor
        self._on_pressed = on_pressed
        self.jobs: dict[str, Callable[[], Awaitable[object]]] = {}
        self.choice: KeyChoice | None = None

    def start(self, faults: FaultLog) -> None:
        """Begin, once the first picture is painted. The app works without it."""
        try:
            self._start()
        except Exception as error:  # noqa: BLE001, RUF100 - the border of a failure domain
            faults.record("global shortcut", error)

    def _start(self) -> None:
        from cc_desktop.desktop.shortcut.global_key import GlobalKey
        from cc_desktop.desktop.shortcut.portal import Wish
        from cc_desktop.notifications.backends.dbus import session_bus_address

        address = session_bus_address() if sys.platform == "linux" else ""
        if not address:
            return
        wish = Wish(APP_ID, IDENT, tr("Go to the next that needs you"), PREFERRED)
        key = GlobalKey(address, self._monitor.clock, wish, self._on_pressed)
        self.choice = KeyChoice(self._monitor, key)
        self.jobs["global shortcut"] = key.run
