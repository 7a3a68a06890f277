"""What is told, what waits because it is quiet, and the list of all of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cc_desktop.notifications.alerts import Alert, AlertResolved
from cc_desktop.notifications.coalescer import BackendCommand, Coalescer, Show, body_of, title_of
from cc_desktop.notifications.kinds import AlertKind
from cc_desktop.notifications.message import Notice, Target
from cc_desktop.notifications.rules import Rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cc_desktop.fleet.model import Change, Fleet
    from cc_desktop.notifications.alerts import AlertEvent
    from cc_desktop.notifications.preferences import Preferences

KEPT = 500  # notices
OFF, SNOOZED, HOURS, SYSTEM = "off", "snoozed", "hours", "system"


@dataclass(frozen=True, slots=True)
class QuietPeriod:
    """Nothing is shown now, and why."""

    reason: str  # OFF: switched off; SNOOZED; HOURS: quiet hours; SYSTEM: the desktop's own
    until: int = 0  # local ms; 0: no end known


class NotificationPolicy:
    """Rules, coalescing and quiet in one: changes and time in, orders out.

    Attributes:
        snoozed_until: Local ms; 0 when it is not.
        system_quiet: Whether the desktop's own do-not-disturb is on, as last asked.
        version: Another number after every change of the notices.
    """

    def __init__(
        self,
        preferences: Preferences,
        *,
        viewed: Callable[[], tuple[str, str] | None] = lambda: None,
        refresh: Callable[[str], None] = lambda _gateway: None,
        local: Callable[[int], datetime] = lambda ms: datetime.fromtimestamp(ms / 1000),
    ) -> None:
        """`viewed` gives the agent that is looked at; `refresh` asks a gateway for a fresh list.

        `local` turns ms since the epoch into local time, without a zone.
        """
        self._preferences = preferences
        self._rules = Rules(preferences, refresh)
        self._coalescer = Coalescer()
        self._viewed = viewed
        self._local = local
        self._notices: dict[int, Notice] = {}  # oldest first
        self._latest: dict[str, int] = {}  # slot → its newest notice
        self._held: dict[str, Alert] = {}  # not shown because it was quiet, and still true
        self._next_id = 1
        self.snoozed_until = 0
        self.system_quiet = False
        self.version = 0

    @property
    def preferences(self) -> Preferences:
        """What the operator chose."""
        return self._preferences

    @preferences.setter
    def preferences(self, preferences: Preferences) -> None:
        self._preferences = preferences
        self._rules.preferences = preferences

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Newest first, at most `KEPT`."""
        return tuple(reversed(self._notices.values()))

    @property
    def unread(self) -> int:
        """How many notices nobody has looked at, of those that are still true."""
        return sum(not notice.read and not notice.over for notice in self._notices.values())

    @property
    def waiting(self) -> int:
        """How many were not shown because it is quiet, and are still true."""
        return len(self._held)

    @property
    def gathering(self) -> bool:
        """Whether something is about to be shown."""
        return self._coalescer.gathering

    def quiet(self, now: int) -> QuietPeriod | None:
        """Whether nothing is shown now. `now` is local ms."""
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

    # What comes in

    def take(self, fleet: Fleet, changes: Iterable[Change], now: int) -> list[BackendCommand]:
        """Changes of the fleet."""
        return self._hear(self._rules.take(fleet, changes, now), now)

    def tick(self, fleet: Fleet, now: int) -> list[BackendCommand]:
        """The passing of time."""
        orders = self._hear(self._rules.tick(fleet, now), now)
        if self.snoozed_until and self.snoozed_until <= now:
            self.snoozed_until = 0
        quiet = self.quiet(now)
        if quiet is not None:
            # It became quiet while they were gathered.
            for fact in self._coalescer.take_back(lambda fact: self._passes(fact.kind)):
                self._hold(fact, quiet)
        elif self._held:
            held, self._held = self._held, {}
            for fact in held.values():
                self._coalescer.add(fact, now)
        shown = self._coalescer.flush(self._preferences, now)
        for order in shown:
            if isinstance(order, Show):
                for fact in order.facts:
                    self._mark(fact.tag, shown=True)
        return orders + shown

    def next_news(self) -> int | None:
        """When `tick` has something to tell: local ms, or None. Cheap: asked at every change."""
        times = (self._rules.due(), self._coalescer.due())
        return min((time for time in times if time is not None), default=None)

    def due(self, now: int) -> int | None:
        """When `tick` has something to do, begin and end of quiet included: local ms, or None."""
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

    # Telling

    def _hear(self, news: list[AlertEvent], now: int) -> list[BackendCommand]:
        orders: list[BackendCommand] = []
        for item in news:
            if isinstance(item, AlertResolved):
                orders += self._coalescer.over(item.tag)
                self._held.pop(item.tag, None)
                self._mark(item.tag, over=True)
                self._latest.pop(item.tag, None)
            else:
                self._tell(item, now)
        return orders

    def _tell(self, fact: Alert, now: int) -> None:
        if not self._preferences.kinds[fact.kind].on:
            return
        muted = self._preferences.is_muted(fact.gateway, fact.agent)
        seen = bool(fact.agent) and self._viewed() == (fact.gateway, fact.agent)
        self._note(fact, now, read=muted or seen)
        if muted or seen:
            return
        quiet = self.quiet(now)
        if quiet is not None and not self._passes(fact.kind):
            self._hold(fact, quiet)
        else:
            self._coalescer.add(fact, now)

    def _passes(self, kind: AlertKind) -> bool:
        return self._preferences.on and self._preferences.kinds[kind].even_quiet

    def _hold(self, fact: Alert, quiet: QuietPeriod) -> None:
        if quiet.reason != OFF:  # what is switched off does not wait to be told
            self._held.pop(fact.tag, None)
            self._held[fact.tag] = fact

    # The list of notices

    def _note(self, fact: Alert, now: int, *, read: bool) -> None:
        notice = Notice(
            self._next_id,
            now,
            fact.kind,
            title_of(fact),
            body_of(fact),
            fact.target,
            fact.gateway,
            fact.agent,
            read=read,
        )
        self._next_id += 1
        self._notices[notice.id] = notice
        self.version += 1
        self._latest[fact.tag] = notice.id
        while len(self._notices) > KEPT:
            oldest = next(iter(self._notices))
            del self._notices[oldest]
            self._latest = {tag: ident for tag, ident in self._latest.items() if ident != oldest}

    def _mark(self, tag: str, *, shown: bool = False, over: bool = False) -> None:
        notice = self._notices.get(self._latest.get(tag, 0))
        if notice is not None:
            self._notices[notice.id] = replace(
                notice, shown=notice.shown or shown, over=notice.over or over
            )
            self.version += 1

    def notice(self, notice_id: int) -> Notice | None:
        """The notice, or None when it is no longer kept."""
        return self._notices.get(notice_id)

    def mark_read(self, notice_id: int) -> None:
        """The operator looked at it."""
        notice = self._notices.get(notice_id)
        if notice is not None:
            self._notices[notice_id] = replace(notice, read=True)
            self.version += 1

    def mark_tag_read(self, tag: str) -> None:
        """The operator clicked the notification that told it."""
        self.mark_read(self._latest.get(tag, 0))

    def mark_all_read(self) -> None:
        """The operator looked at all of them."""
        self._notices = {ident: replace(one, read=True) for ident, one in self._notices.items()}
        self._held = {}
        self.version += 1

    def clear(self) -> None:
        """Empty the list."""
        self._notices, self._latest, self._held = {}, {}, {}
        self.version += 1

    # As JSON

    def dump(self) -> list[dict[str, Any]]:
        """The notices, oldest first."""
        return [
            {
                "at": notice.at,
                "kind": notice.kind.value,
                "title": notice.title,
                "body": notice.body,
                "gateway": notice.gateway,
                "agent": notice.agent,
                "agents": [list(pair) for pair in notice.target.agents],
                "devices": notice.target.devices,
                "shown": notice.shown,
                "read": notice.read,
                "over": notice.over,
            }
            for notice in self._notices.values()
        ]

    def load(self, data: object) -> None:
        """Read what `dump` wrote; what is unreadable is left out."""
        rows = data if isinstance(data, list) else []
        for row in rows[-KEPT:]:
            try:
                notice = _read(self._next_id, row)
            except (TypeError, ValueError, KeyError):
                continue
            self._notices[notice.id] = notice
            self._next_id += 1


def _read(ident: int, row: dict[str, Any]) -> Notice:
    texts = [row[name] for name in ("title", "body", "gateway", "agent")]
    agents = tuple((gateway, agent) for gateway, agent in row["agents"])
    strings = [*texts, *(part for pair in agents for part in pair)]
    if not all(isinstance(text, str) for text in strings) or not isinstance(row["at"], int):
        raise TypeError
    title, body, gateway, agent = texts
    return Notice(
        ident,
        row["at"],
        AlertKind(row["kind"]),
        title,
        body,
        Target(agents, gateway, row["devices"] is True, title if len(agents) > 1 else ""),
        gateway,
        agent,
        row["shown"] is True,
        row["read"] is True,
        row["over"] is True,
    )
