"""The operator's choices: kinds and their sounds, muted agents, quiet hours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from cc_desktop.notifications.kinds import RENAMED, RULES, AlertKind, Sound

DAY_MIN = 24 * 60

S = TypeVar("S", bound=Struct)
T = TypeVar("T")

Minute = Annotated[int, Meta(ge=0, lt=DAY_MIN)]  # after midnight
Muted = tuple[Annotated[str, Meta(min_length=1)], str]  # gateway id, agent id; "": all its agents


class KindPreference(Struct, frozen=True):
    """What was chosen for one kind; `even_quiet`: shown while snoozed or in quiet hours, too."""

    on: bool
    sound: Sound
    even_quiet: bool


class QuietWindow(Struct, frozen=True):
    """Hours without notifications. They may cross midnight.

    Attributes:
        days: On which they begin; 0 is Monday.
        end: On the day after if it is not later than `start`.
    """

    days: frozenset[Annotated[int, Meta(ge=0, le=6)]]
    start: Minute
    end: Minute

    def until(self, now: datetime) -> datetime | None:
        """Return when it ends if `now` (local time, naive) is in it, else None."""
        for days_ago in (0, 1):
            day = now.date() - timedelta(days=days_ago)
            if day.weekday() not in self.days:
                continue
            start = datetime.combine(day, time()) + timedelta(minutes=self.start)
            longer = DAY_MIN if self.end <= self.start else 0
            end = datetime.combine(day, time()) + timedelta(minutes=self.end + longer)
            if start <= now < end:
                return end
        return None

    def next_start(self, now: datetime) -> datetime | None:
        """Return when it begins next after `now` (local time, naive), or None without a day."""
        for days in range(8):
            day = now.date() + timedelta(days=days)
            start = datetime.combine(day, time()) + timedelta(minutes=self.start)
            if day.weekday() in self.days and start > now:
                return start
        return None


def _default_kinds() -> dict[AlertKind, KindPreference]:
    return {
        kind: KindPreference(rule.on, rule.sound, rule.even_quiet) for kind, rule in RULES.items()
    }


class Preferences(Struct, frozen=True):
    """All choices. A change makes a new record.

    Attributes:
        subagents: Tell of sessions that agents started themselves.
        respect_system: Be quiet while the desktop's do-not-disturb is on, where it can be read.
    """

    on: bool = True
    kinds: Mapping[AlertKind, KindPreference] = msgspec.field(default_factory=_default_kinds)
    subagents: bool = False
    muted: frozenset[Muted] = frozenset()
    quiet: tuple[QuietWindow, ...] = ()
    quiet_on: bool = False
    respect_system: bool = True

    def is_muted(self, gateway: str, agent_id: str = "") -> bool:
        """Return whether the agent, or its whole gateway, is muted."""
        return (gateway, "") in self.muted or (gateway, agent_id) in self.muted

    def with_muted(self, gateway: str, agent_id: str, muted: bool) -> Preferences:
        """Return a copy with an agent (or, without one, a gateway) muted or not."""
        one = frozenset({(gateway, agent_id)})
        return replace(self, muted=self.muted | one if muted else self.muted - one)

    def with_kind(self, kind: AlertKind, choice: KindPreference) -> Preferences:
        """Return a copy with another choice for one kind."""
        return replace(self, kinds={**self.kinds, kind: choice})

    def quiet_until(self, now: datetime) -> datetime | None:
        """Return when the quiet hours end, or None if `now` (local, naive) is in none."""
        if not self.quiet_on:
            return None
        end: datetime | None = None
        moment = now
        for _ in range(len(self.quiet) * 8):  # windows may follow on one another
            ends = [window.until(moment) for window in self.quiet]
            latest = max((each for each in ends if each is not None), default=None)
            if latest is None:
                break
            end = moment = latest
        return end


def dump(preferences: Preferences) -> dict[str, Any]:
    """Return the choices as JSON values."""
    data: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(preferences, order="sorted"))
    return data


def load(data: object) -> Preferences:
    """Read what `dump` returned. Each item that cannot be read is left at its default."""
    fields = data if isinstance(data, dict) else {}
    kinds = fields.get("kinds")
    given = kinds if isinstance(kinds, dict) else {}
    stored = {RENAMED.get(name, name): choice for name, choice in given.items()}
    defaults = Preferences()
    found = _salvage(defaults, {**fields, "kinds": None, "muted": None, "quiet": None})
    return replace(
        found,
        kinds={
            kind: _salvage(choice, stored.get(kind.value))
            for kind, choice in defaults.kinds.items()
        },
        muted=frozenset(_items(fields.get("muted"), Muted)),
        quiet=tuple(_items(fields.get("quiet"), QuietWindow)),
    )


def _salvage(default: S, data: object) -> S:
    """Return the record with every field of `data` that is valid."""
    given = data if isinstance(data, dict) else {}
    valid = {}
    for field in msgspec.structs.fields(default):
        try:
            valid[field.name] = msgspec.convert(given[field.name], field.type)
        except (KeyError, msgspec.ValidationError):
            continue
    return replace(default, **valid)


def _items(data: object, kind: Any) -> list[Any]:
    """Return the valid items of a list."""
    found = []
    for item in data if isinstance(data, list) else ():
        try:
            found.append(msgspec.convert(item, kind))
        except msgspec.ValidationError:
            continue
    return found
