"""Everything that the app itself writes between starts, but keys and tokens."""

from __future__ import annotations

import asyncio
import logging
import stat
from typing import TYPE_CHECKING, Any

from cc_desktop.config.notes import Notes
from cc_desktop.config.preferences import Preferences
from cc_desktop.config.seen_marks import SeenMarks
from cc_desktop.config.state_store import StateStore
from cc_desktop.system.clock import wake_or_sleep
from cc_desktop.system.files import others_may, remove_drafts
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from pathlib import Path

    from cc_desktop.config.paths import Paths
    from cc_desktop.system.clock import Clock

log = logging.getLogger(__name__)

_WRITABLE = mark("Other users can change {path}: take that right away (chmod o-w).")
RETRY_S = 60.0  # until a write that failed is tried again, where no change comes before


class Storage:
    """Preferences, state and notices. Implements `cc_desktop.notifications.center.Memory`.

    Attributes:
        state: The state of windows, and what is remembered from one start to the next.
        preferences: What was chosen in the window Settings.
        seen: Which failures the operator has seen.
        notes: What the operator should know about these files.
    """

    def __init__(self, paths: Paths) -> None:
        """Read the files, and delete what killed writers left beside them."""
        self.notes = Notes()
        for directory in dict.fromkeys((paths.config, paths.data)):
            remove_drafts(directory)
        self._check_rights(paths)
        self.state = StateStore(paths.state)
        self._preferences = StateStore(paths.preferences)
        self._notices = StateStore(paths.notices)
        self._stores = (self.state, self._preferences, self._notices)
        self.preferences = Preferences(self._preferences)
        self.seen = SeenMarks(self.state)
        self._has_crashed = False

    def _check_rights(self, paths: Paths) -> None:
        for path in dict.fromkeys((paths.config, paths.settings, paths.data)):
            if others_may(path, stat.S_IWOTH):
                self.notes.add(tr(_WRITABLE, path=path))

    async def run(self, clock: Clock) -> None:
        """Write changes in a thread, for as long as the app runs; what is left, at its end.

        Writing waits for the disk, and the window must not. A failed write, as on a full disk, is
        tried again.
        """
        wake = asyncio.Event()
        wake.set()
        for store in self._stores:
            store.defer = wake.set
        try:
            while True:
                if any(store.dirty for store in self._stores):
                    await wake_or_sleep(clock, wake, RETRY_S)
                else:
                    await wake.wait()
                wake.clear()
                try:
                    await self._write()
                except Exception:  # whatever it is, the app goes on and tries it again
                    if not self._has_crashed:
                        self._has_crashed = True
                        log.exception("saving failed")
        finally:
            for store in self._stores:
                store.defer = None
                store.flush()

    async def _write(self) -> None:
        for store in self._stores:
            snapshot = store.snapshot()
            if snapshot is not None:
                await asyncio.to_thread(store.write, *snapshot)

    # What notifications keep

    def load_notifications(self) -> tuple[object, object, object]:
        """Preferences, snooze (local ms) and notices."""
        return (
            self.preferences.get_raw("notifications"),
            self.state.get("snoozed_until"),
            self._notices.get("notices"),
        )

    def save_preferences(self, data: dict[str, Any]) -> None:
        """Keep what was chosen on the page Notifications."""
        self.preferences.set_raw("notifications", data)

    def save_snooze(self, until: int) -> None:
        """Keep until when notifications are snoozed, local ms."""
        self.state.set("snoozed_until", until)

    def save_notices(self, data: list[dict[str, Any]]) -> None:
        """Keep the list."""
        self._notices.set("notices", data)


def identity_note(aside: Path) -> str:
    """The message to the operator when a damaged device key was replaced."""
    return tr(
        "The device key was damaged and kept aside as {path}. "
        "Gateways on other machines must approve this device again.",
        path=aside,
    )
