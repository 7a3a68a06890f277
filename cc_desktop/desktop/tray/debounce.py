"""Debounces the tray icon. No Qt, no I/O.

A state is shown after it held for 0.5 s, at the latest 2 s after the first change; the icon changes
at most twice a second. What is shown must be true, but need not be complete at once. Without a
connection, in the demo or live again, everything that was shown before is false: that is shown at
once. Everything else settles first, errors too: a run that failed may be retried, or be seen, a
moment later, and until then "working" or "needs you" is not false.
"""

from __future__ import annotations

from collections import deque

from msgspec import Struct

from cc_desktop.desktop.icons.tray import TrayKey
from cc_desktop.desktop.icons.tray_state import TrayState

SETTLE_S = 0.5  # s a state must hold before it is shown
LONGEST_S = 2.0  # s after which the newest state is shown even if it keeps changing
WINDOW_S = 1.0  # s in which the icon changes at most twice, and once if nothing is urgent
_LIVE = (TrayState.IDLE, TrayState.WORKING, TrayState.NEEDS_YOU, TrayState.ERROR)
_AT_ONCE = (TrayState.OFFLINE, TrayState.DEMO)


class TrayAppearance(Struct, frozen=True):
    """What the tray shows."""

    key: TrayKey
    tooltip: str


class TrayDebouncer:
    """Delays requested appearances. Every time is in monotonic seconds."""

    def __init__(self) -> None:
        self._shown: TrayAppearance | None = None
        self._requested: TrayAppearance | None = None
        self._since = 0.0  # when the requested state was first requested
        self._unrest = 0.0  # since when something else than the shown one is requested
        self._calm: float | None = None  # since when the shown one is requested
        self._changed: deque[float] = deque(maxlen=2)  # when the icon last changed

    def request(self, appearance: TrayAppearance, now: float) -> None:
        """Ask for an appearance."""
        before, self._requested = self._requested, appearance
        if appearance == before:
            return
        if appearance == self._shown:
            self._calm = now
            return
        if before is None or before == self._shown:
            self._since = now
            if self._calm is None or now - self._calm >= SETTLE_S:
                self._unrest = now
        elif before.key.state is not appearance.key.state:
            self._since = now

    def due(self, now: float) -> float | None:
        """Return when `poll` has something to show; None until something else is requested."""
        shown, requested = self._shown, self._requested
        if requested is None or requested == shown:
            return None
        if shown is None:
            return now
        urgent = _is_urgent(shown.key, requested.key)
        at = now if urgent else min(self._since + SETTLE_S, self._unrest + LONGEST_S)
        if requested.key != shown.key and self._changed:
            full = len(self._changed) == self._changed.maxlen
            if not urgent:
                at = max(at, self._changed[-1] + WINDOW_S)
            elif full:
                at = max(at, self._changed[0] + WINDOW_S)
        return at

    def poll(self, now: float) -> TrayAppearance | None:
        """Return what to show from now on, or None to leave it as it is."""
        due = self.due(now)
        if due is None or due > now:
            return None
        if self._shown is None or self._requested is None or self._requested.key != self._shown.key:
            self._changed.append(now)
        self._shown = self._requested
        self._calm = self._unrest = now
        return self._shown

    def reset(self) -> None:
        """Nothing is shown: the icon is gone."""
        self._shown = None


def _is_urgent(shown: TrayKey, requested: TrayKey) -> bool:
    if shown.quiet is not requested.quiet:
        return True  # the operator has just asked for quiet
    if shown.state is requested.state:
        return False
    return requested.state in _AT_ONCE or (shown.state not in _LIVE and requested.state in _LIVE)
