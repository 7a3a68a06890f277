"""What the operator chose: which kinds, how they sound, who is muted, when it is quiet."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cc_desktop.notifications.kinds import RULES, AlertKind, Sound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DAY_MIN = 24 * 60


@dataclass(frozen=True, slots=True)
class KindPreference:
    """What was chosen for one kind."""

    on: bool
    sound: Sound
    even_quiet: bool  # told while it is snoozed or a quiet hour, too


@dataclass(frozen=True, slots=True)
class QuietWindow:
    """Hours without notifications, on the days on which they begin. They may cross midnight."""

    days: frozenset[int]  # 0 is Monday
    start: int  # minutes after midnight
    end: int  # minutes after midnight; not after `start`: on the day after

    def until(self, now: datetime) -> datetime | None:
        """When it ends, if `now` (local time, naive) is in it, else None."""
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
        """When it begins next, after `now` (local time, naive); None if no day is chosen."""
        for days in range(8):
            day = now.date() + timedelta(days=days)
            start = datetime.combine(day, time()) + timedelta(minutes=self.start)
            if day.weekday() in self.days and start > now:
                return start
        return None


def _defaults() -> Mapping[AlertKind, KindPreference]:
    return MappingProxyType(
        {kind: KindPreference(rule.on, rule.sound, rule.even_quiet) for kind, rule in RULES.items()}
    )


@dataclass(frozen=True, slots=True)
class Preferences:
    """All of it. Frozen: a change makes a new one."""

    on: bool = True
    kinds: Mapping[AlertKind, KindPreference] = field(default_factory=_defaults)
    subagents: bool = False  # tell of sessions that agents started themselves
    muted: frozenset[tuple[str, str]] = frozenset()  # gateway and agent id; no agent: all of them
    quiet: tuple[QuietWindow, ...] = ()
    quiet_on: bool = False
    respect_system: bool = True  # the desktop's own do-not-disturb, where it can be read

    def is_muted(self, gateway: str, agent_id: str = "") -> bool:
        """Whether the agent, or its whole gateway, is muted."""
        return (gateway, "") in self.muted or (gateway, agent_id) in self.muted

    def with_muted(self, gateway: str, agent_id: str, muted: bool) -> Preferences:
        """The same, with an agent (or, with no agent, a gateway) muted or not."""
        one = frozenset({(gateway, agent_id)})
        return replace(self, muted=self.muted | one if muted else self.muted - one)

    def with_kind(self, kind: AlertKind, choice: KindPreference) -> Preferences:
        """The same, with another choice for one kind."""
        return replace(self, kinds=MappingProxyType({**self.kinds, kind: choice}))

    def quiet_until(self, now: datetime) -> datetime | None:
        """When the quiet hours end, or None if there are none at `now` (local, naive)."""
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


# As JSON. What is unreadable is left at its default: no line of it may keep the app from starting.


def _flag(data: Mapping[str, Any], name: str, default: bool) -> bool:
    value = data.get(name)
    return value if isinstance(value, bool) else default


def _list(data: Mapping[str, Any], name: str) -> list[Any]:
    value = data.get(name)
    return value if isinstance(value, list) else []


def _read(item: object, reader: Callable[[Any], Any]) -> Any:
    try:
        return reader(item)
    except (TypeError, ValueError, KeyError, AttributeError):
        return None


def _read_window(item: Any) -> QuietWindow:
    start, end = int(item["start"]), int(item["end"])
    days = frozenset(int(day) for day in item["days"])
    if not (0 <= start < DAY_MIN and 0 <= end < DAY_MIN and days <= set(range(7))):
        raise ValueError
    return QuietWindow(days, start, end)


def _read_mute(item: Any) -> tuple[str, str]:
    gateway, agent = item
    if not isinstance(gateway, str) or not isinstance(agent, str) or not gateway:
        raise ValueError
    return gateway, agent


def load(data: object) -> Preferences:
    """Read what `dump` wrote."""
    if not isinstance(data, dict):
        return Preferences()
    found = Preferences()
    kinds = data.get("kinds")
    for kind, default in found.kinds.items():
        choice = kinds.get(kind.value) if isinstance(kinds, dict) else None
        if isinstance(choice, dict):
            known = [sound for sound in Sound if sound.value == choice.get("sound")]
            found = found.with_kind(
                kind,
                KindPreference(
                    _flag(choice, "on", default.on),
                    known[0] if known else default.sound,
                    _flag(choice, "even_quiet", default.even_quiet),
                ),
            )
    muted = [_read(item, _read_mute) for item in _list(data, "muted")]
    windows = [_read(item, _read_window) for item in _list(data, "quiet")]
    return replace(
        found,
        on=_flag(data, "on", found.on),
        subagents=_flag(data, "subagents", found.subagents),
        muted=frozenset(pair for pair in muted if pair),
        quiet=tuple(window for window in windows if window),
        quiet_on=_flag(data, "quiet_on", found.quiet_on),
        respect_system=_flag(data, "respect_system", found.respect_system),
    )


def dump(preferences: Preferences) -> dict[str, Any]:
    """As JSON."""
    return {
        "on": preferences.on,
        "kinds": {
            kind.value: {
                "on": choice.on,
                "sound": choice.sound.value,
                "even_quiet": choice.even_quiet,
            }
            for kind, choice in preferences.kinds.items()
        },
        "subagents": preferences.subagents,
        "muted": sorted([gateway, agent] for gateway, agent in preferences.muted),
        "quiet": [
            {"days": sorted(window.days), "start": window.start, "end": window.end}
            for window in preferences.quiet
        ],
        "quiet_on": preferences.quiet_on,
        "respect_system": preferences.respect_system,
    }
