"""Decides which alerts are shown now and which wait for the end of a quiet time. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from cc_desktop.notifications.alerts import Alert, AlertResolved, AlertSeen
from cc_desktop.notifications.coalescer import BackendCommand, Coalescer, Show, body_of, title_of
from cc_desktop.notifications.history import KEPT, Notice, NotificationHistory
from cc_desktop.notifications.kinds import RULES
from cc_desktop.notifications.rules import Rules
from cc_desktop.notifications.rules.common import remember

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cc_desktop.fleet.model import Change, Fleet
    from cc_desktop.notifications.alerts import AlertEvent
    from cc_desktop.notifications.kinds import AlertKind
    from cc_desktop.notifications.preferences import Preferences
    from cc_desktop.system.supervision import FaultLog


DAY_MS = 86_400_000


class QuietReason(StrEnum):
    """Why nothing is shown."""

    OFF = "off"  # switched off
    SNOOZED = "snoozed"
    HOURS = "hours"  # quiet hours
    SYSTEM = "system"  # the desktop's own do-not-disturb


OFF, SNOOZED, HOURS, SYSTEM = QuietReason


class QuietPeriod(Struct, frozen=True):
    """Nothing is shown now. `until`: local ms; 0 when no end is known."""

    reason: QuietReason
    until: int = 0


class NotificationPolicy:
    """Rules, coalescing and quiet in one: changes and time in, commands to a backend out.

    Attributes:
        history: The list of what happened.
        snoozed_until: Local ms; 0 when it is not snoozed.
        system_quiet: Whether the desktop's own do-not-disturb is on, as last asked.
    """

    def __init__(
        self,
        preferences: Preferences,
        *,
        viewed: Callable[[], tuple[str, str] | None] = lambda: None,
        local: Callable[[int], datetime] = lambda ms: datetime.fromtimestamp(ms / 1000),
        faults: FaultLog | None = None,
    ) -> None:
        """Start with an empty history.

        Args:
            preferences: What the operator chose.
            viewed: Returns the agent that is looked at: gateway id and agent id.
            local: Turns ms since the epoch into local time, without a zone.
            faults: Where rules that fail are logged.
        """
        self._preferences = preferences
        self._rules = Rules(preferences, faults)
        self._coalescer = Coalescer()
        self._viewed = viewed
        self._local = local
        self._deferred: dict[str, Alert] = {}  # by tag: not shown because it was quiet, still true
        self.history = NotificationHistory()
        self.snoozed_until = 0
        self.system_quiet = False

    @property
    def preferences(self) -> Preferences:
        """What the operator chose."""
        return self._preferences

    @preferences.setter
    def preferences(self, preferences: Preferences) -> None:
        self._preferences = preferences
        self._rules.preferences = preferences

    @property
    def waiting(self) -> int:
        """How many alerts were not shown because it is quiet, and are still true."""
        return len(self._deferred)

    @property
    def gathering(self) -> bool:
        """Whether something is about to be shown."""
        return self._coalescer.gathering

    def quiet(self, now: int) -> QuietPeriod | None:
        """Return why nothing is shown at `now` (local ms), or None."""
        if not self._preferences.on:
            return QuietPeriod(OFF)
        if self.snoozed_until > now:
            return QuietPeriod(SNOOZED, self.snoozed_until)
        moment = self._local(now)
        end = self._preferences.quiet_until(moment)
        if end is not None:
            return QuietPeriod(HOURS, now + round((end - moment) / timedelta(milliseconds=1)))
        if self.system_quiet and self._preferences.respect_system:
            return QuietPeriod(SYSTEM)
        return None

    def process(self, fleet: Fleet, changes: Iterable[Change], now: int) -> list[BackendCommand]:
        """Handle changes of the fleet. `fleet` is the state after them; `now` is local ms."""
        return self._handle(self._rules.process(fleet, changes, now), now)

    def tick(self, fleet: Fleet, now: int) -> list[BackendCommand]:
        """Handle the passing of time."""
        commands = self._handle(self._rules.tick(fleet, now), now)
        if self.snoozed_until and self.snoozed_until <= now:
            self.snoozed_until = 0
        quiet = self.quiet(now)
        if quiet is not None:
            for alert in self._coalescer.take_back(lambda alert: self._is_allowed(alert.kind)):
                self._defer(alert, quiet)
        else:
            deferred, self._deferred = self._deferred, {}
            for alert in deferred.values():
                self._coalescer.add(alert, now)
        shown = self._coalescer.flush(self._preferences, now)
        for command in shown:
            if isinstance(command, Show):
                for alert in command.alerts:
                    self.history.mark_shown(alert.tag)
        return commands + shown

    def next_news(self) -> int | None:
        """Return when `tick` has something to tell: local ms, or None. Cheap."""
        times = (self._rules.due(), self._coalescer.due())
        return min((time for time in times if time is not None), default=None)

    def due(self, now: int) -> int | None:
        """Return when `tick` has something to do, begin and end of quiet included, or None."""
        times = [self.next_news()]
        quiet = self.quiet(now)
        if quiet is not None and quiet.until:
            times.append(quiet.until)
        elif quiet is None and self._preferences.quiet_on:
            moment = self._local(now)
            starts = [window.next_start(moment) for window in self._preferences.quiet]
            times += [
                now + round((start - moment) / timedelta(milliseconds=1))
                for start in starts
                if start is not None
            ]
        return min((time for time in times if time is not None), default=None)

    def mark_all_read(self) -> None:
        """The operator looked at the list: what was deferred is known."""
        self.history.mark_all_read()
        self._deferred = {}

    def clear(self) -> None:
        """Empty the list."""
        self.history.clear()
        self._deferred = {}

    def _handle(self, events: list[AlertEvent], now: int) -> list[BackendCommand]:
        commands: list[BackendCommand] = []
        for event in events:
            if isinstance(event, AlertResolved):
                commands += self._coalescer.resolve(event.tag)
                self._deferred.pop(event.tag, None)
                self.history.resolve(event.tag)
            elif isinstance(event, AlertSeen):
                commands += self._coalescer.resolve(event.tag)
                self._deferred.pop(event.tag, None)
                self.history.mark_tag_read(event.tag)
            else:
                self._raise(event, now)
        return commands

    def _raise(self, alert: Alert, now: int) -> None:
        if not self._preferences.kinds[alert.kind].on and not alert.asked:
            return
        told_at = self.history.told_at(alert.tag)
        if RULES[alert.kind].daily and 0 <= now - told_at < DAY_MS and told_at:
            return
        muted = not alert.asked and self._preferences.is_muted(alert.gateway, alert.agent)
        seen = bool(alert.agent) and self._viewed() == (alert.gateway, alert.agent)
        self.history.add(
            Notice(
                0,
                now,
                alert.kind,
                title_of(alert),
                body_of(alert),
                alert.target,
                alert.gateway,
                alert.agent,
                read=muted or seen,
            ),
            alert.tag,
        )
        if muted or seen:
            return
        quiet = self.quiet(now)
        if quiet is not None and not self._is_allowed(alert.kind):
            self._defer(alert, quiet)
        else:
            self._coalescer.add(alert, now)

    def _is_allowed(self, kind: AlertKind) -> bool:
        """Whether an alert is shown even in a quiet time."""
        return self._preferences.on and self._preferences.kinds[kind].even_quiet

    def _defer(self, alert: Alert, quiet: QuietPeriod) -> None:
        if quiet.reason is not OFF:  # with notifications off, nothing is shown later either
            remember(self._deferred, alert.tag, alert, KEPT)
