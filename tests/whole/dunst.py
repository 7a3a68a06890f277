"""A notification service in a session of a test's own: what it shows, and the operator's hand.

dunst = Dunst(session)
...
popup = wait_for(dunst.popups, "a notification")[0]
dunst.invoke(popup.id, "default")
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.whole.session import wait_for

if TYPE_CHECKING:
    from tests.whole.session import Session

NOTIFICATIONS = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
PROGRAMS = ("dunst", "dunstctl", "dbus-send")

# Nothing goes by itself, nothing is put together, and the operator is never idle.
CONFIG = """[global]
markup = full
history_length = 1000
notification_limit = 0
stack_duplicates = false
idle_threshold = 0
show_age_threshold = -1
dmenu = {choose}
[urgency_low]
timeout = 0
[urgency_normal]
timeout = 0
[urgency_critical]
timeout = 0
[every]
script = {note}
"""
NOTE = """#!/bin/sh
printf '%s\\037%s\\037%s\\037%s\\037%s\\037%s\\036' "$DUNST_TIMESTAMP" "$DUNST_ID" \\
    "$DUNST_SUMMARY" "$DUNST_BODY" "$DUNST_URGENCY" "$DUNST_DESKTOP_ENTRY" >>'{popups}'
"""
# Dunst offers "#Label (summary) [id,action]" and takes the line that is printed.
CHOOSE = """#!/bin/sh
grep -m 1 -F "$(cat '{choice}')"
"""


@dataclass(frozen=True)
class Popup:
    """A notification as it was shown."""

    id: int
    summary: str
    body: str
    urgency: str  # LOW, NORMAL or CRITICAL
    desktop_entry: str


class Dunst:
    """The service of a session that has a display and a bus. Started at once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._home = session.home / "dunst"
        self._home.mkdir()
        self._popups, self._choice = self._home / "popups", self._home / "choice"
        note, choose = self._home / "note", self._home / "choose"
        note.write_text(NOTE.format(popups=self._popups))
        choose.write_text(CHOOSE.format(choice=self._choice))
        for script in (note, choose):
            script.chmod(0o700)
        (self._home / "dunstrc").write_text(CONFIG.format(choose=choose, note=note))
        self.start()

    def start(self) -> None:
        """Start it again after `stop`, and wait until it is there."""
        self._session.start("dunst", "dunst", "-conf", str(self._home / "dunstrc"))
        wait_for(lambda: self._session.has_name(NOTIFICATIONS), "the notification service")

    def stop(self, *, kill: bool = False) -> None:
        """End it; its notifications and its history are gone with it. `kill`: without warning."""
        self._session.stop("dunst", kill=kill)
        wait_for(lambda: not self._session.has_name(NOTIFICATIONS), "the service to go")

    def restart(self, *, kill: bool = False) -> None:
        """End it and start it again."""
        self.stop(kill=kill)
        self.start()

    def popups(self) -> list[Popup]:
        """All that was ever shown, by this service and those before it; a replacement is one more.

        A script of the service notes them: they are here a moment after they were sent.
        """
        if not self._popups.exists():
            return []
        rows = [row.split("\037") for row in self._popups.read_text().split("\036")[:-1]]
        return [
            Popup(int(ident), summary, body, urgency, entry)
            for _, ident, summary, body, urgency, entry in sorted(rows, key=lambda row: int(row[0]))
        ]

    def displayed(self) -> int:
        """How many are on the screen now."""
        return int(self._session.run("dunstctl", "count", "displayed"))

    def history(self) -> list[dict[str, Any]]:
        """What was on the screen and was closed, newest first, as dunstctl tells it."""
        told = json.loads(self._session.run("dunstctl", "history"))
        return [{name: value["data"] for name, value in row.items()} for row in told["data"][0]]

    def invoke(self, ident: int, action: str = "default") -> None:
        """Choose an action of a notification that is shown; it stays on the screen.

        By the menu: `dunstctl action` of dunst 1.9.0 reaches the topmost alone.
        """
        self._choice.write_text(f"[{ident},{action}]")
        self._session.run("dunstctl", "context")

    def close_all(self) -> None:
        """The operator has seen them."""
        self._session.run("dunstctl", "close-all")
