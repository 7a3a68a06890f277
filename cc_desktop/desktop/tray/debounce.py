"""When the tray changes: never for a blink, never late by much, never often. Pure.

What it shows has to be true, but not complete at once. Without a connection, in the demo, or live
again, all that it showed before is false: that is shown at once. All else settles first, errors
too: a run that failed may be tried again, or be on the screen and thereby seen, a moment later,
and until then "working" or "needs you" was not false.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cc_desktop.desktop.icons.tray_state import TrayState

if TYPE_CHECKING:
    from cc_desktop.desktop.icons.tray import TrayKey

SETTLE_S = 0.5  # so long it has to be so before it shows
LONGEST_S = 2.0  # where nothing settles, what is so by then shows
WINDOW_S = 1.0  # in which the icon changes twice at most, and once if nothing is urgent
_LIVE = (TrayState.IDLE, TrayState.WORKING, TrayState.NEEDS_YOU, TrayState.ERROR)
_AT_ONCE = (TrayState.OFFLINE, TrayState.DEMO)


@dataclass(frozen=True, slots=True)
class TrayAppearance:
    """What is seen of the tray."""

    key: TrayKey
    tooltip: str


class TrayDebouncer:
    """Holds pictures back. Every time is in monotonic seconds."""

    def __init__(self) -> None:
        self._shown: TrayAppearance | None = None
        self._wanted: TrayAppearance | None = None
        self._since = 0.0  # since when the wanted state is wanted
        self._unrest = 0.0  # since when another picture than the shown one is wanted
        self._calm: float | None = None  # since when the shown one is wanted
        self._changed: deque[float] = deque(maxlen=2)  # when the icon did

    def want(self, picture: TrayAppearance, now: float) -> None:
        """It should show this."""
        before, self._wanted = self._wanted, picture
        if picture == before:
            return
        if picture == self._shown:
            self._calm = now
            return
        if before is None or before == self._shown:
            self._since = now
            if self._calm is None or now - self._calm >= SETTLE_S:
                self._unrest = now
        elif before.key.state is not picture.key.state:
            self._since = now

    def due(self, now: float) -> float | None:
        """When `take` will have something; None: not before something else is wanted."""
        shown, wanted = self._shown, self._wanted
        if wanted is None or wanted == shown:
            return None
        if shown is None:
            return now
        urgent = _is_urgent(shown.key, wanted.key)
        at = now if urgent else min(self._since + SETTLE_S, self._unrest + LONGEST_S)
        if wanted.key != shown.key and self._changed:
            full = len(self._changed) == self._changed.maxlen
            if not urgent:
                at = max(at, self._changed[-1] + WINDOW_S)
            elif full:
                at = max(at, self._changed[0] + WINDOW_S)
        return at

    def take(self, now: float) -> TrayAppearance | None:
        """What is to be shown from now on; None: leave it as it is."""
        due = self.due(now)
        if due is None or due > now:
            return None
        if self._shown is None or self._wanted is None or self._wanted.key != self._shown.key:
            self._changed.append(now)
        self._shown = self._wanted
        self._calm = self._unrest = now
        return self._shown

    def forget(self) -> None:
        """Nothing is shown any more."""
        self._shown = None


def _is_urgent(shown: TrayKey, wanted: TrayKey) -> bool:
    if shown.quiet is not wanted.quiet:
        return True  # the operator has just asked for it
    if shown.state is wanted.state:
        return False
    return wanted.state in _AT_ONCE or (shown.state not in _LIVE and wanted.state in _LIVE)
