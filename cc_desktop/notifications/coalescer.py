"""One notification for what belongs together, and never a flood. Pure: time is passed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cc_desktop.notifications.kinds import RANK, RULES, AlertKind
from cc_desktop.notifications.message import MUTE, OPEN, SNOOZE, Button, Message, Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.notifications.alerts import Alert
    from cc_desktop.notifications.preferences import Preferences

GATHER_MS = 1_000  # so long the first of several waits for the others
WINDOW_MS = 5_000  # more than MOST in it become one summary
MOST = 3
LONGEST_MS = 60_000  # between two updates of a summary that goes on growing
SUMMARY = "summary"
NAMED = 6


@dataclass(frozen=True, slots=True)
class Show:
    """A notification to show, what it tells, and what a click on it opens."""

    message: Message
    target: Target
    facts: tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class Withdraw:
    """A notification that is no longer true."""

    tag: str


BackendCommand = Show | Withdraw


class Coalescer:
    """Gathers facts for a second, and sums up what is too much for one by one."""

    def __init__(self) -> None:
        self._gathered: dict[str, Alert] = {}
        self._since = 0  # when the first of them came
        self._recent: dict[str, tuple[int, Alert]] = {}  # shown one by one, and when
        self._shown: set[str] = set()
        self._storm: dict[str, Alert] = {}  # what the summary tells of
        self._storming = False
        self._grew = False  # since it was shown
        self._grew_at = 0
        self._update_at = 0  # not shown again before
        self._wait_ms = WINDOW_MS

    @property
    def gathering(self) -> bool:
        """Whether something waits to be shown."""
        return bool(self._gathered) or self._grew

    def add(self, fact: Alert, now: int) -> None:
        """Take in something to tell. `now` is local ms."""
        if not self._gathered:
            self._since = now
        self._gathered.pop(fact.tag, None)
        self._gathered[fact.tag] = fact

    def over(self, tag: str) -> list[BackendCommand]:
        """What is said under this slot is no longer true."""
        self._gathered.pop(tag, None)
        self._recent.pop(tag, None)
        orders: list[BackendCommand] = []
        if tag in self._shown:
            self._shown.discard(tag)
            orders.append(Withdraw(tag))
        if self._storm.pop(tag, None) is not None and not self._storm:
            self._storming = self._grew = False
            orders.append(Withdraw(SUMMARY))
        return orders

    def take_back(self, passes: Callable[[Alert], bool]) -> list[Alert]:
        """What was gathered and may not be shown after all: it is told otherwise."""
        held = [fact for fact in self._gathered.values() if not passes(fact)]
        for fact in held:
            del self._gathered[fact.tag]
        return held

    def due(self) -> int | None:
        """When `flush` has something to do: local ms, or None."""
        times = []
        if self._gathered:
            times.append(self._since + GATHER_MS)
        if self._grew:
            times.append(self._update_at)
        return min(times, default=None)

    def flush(self, preferences: Preferences, now: int) -> list[BackendCommand]:
        """What to show now."""
        if self._gathered and now >= self._since + GATHER_MS:
            orders = self._sort(preferences, now)
        else:
            orders = []
        if self._grew and now >= self._update_at:
            orders.append(self._sum_up(preferences, now))
        return orders

    def _sort(self, preferences: Preferences, now: int) -> list[BackendCommand]:
        facts, self._gathered = self._gathered, {}
        self._recent = {
            tag: (at, fact) for tag, (at, fact) in self._recent.items() if now - at < WINDOW_MS
        }
        if self._storming and now - self._grew_at >= 2 * WINDOW_MS:
            self._storming = False  # the next flood gets a summary of its own
        orders: list[BackendCommand] = []
        if not self._storming and len({*self._recent, *facts}) <= MOST:
            for tag, fact in facts.items():
                self._recent[tag] = (now, fact)
                self._shown.add(tag)
                orders.append(single(fact, preferences))
            return orders
        if not self._storming:
            self._storming = True
            self._storm = {tag: fact for tag, (_, fact) in self._recent.items()}
            self._recent = {}
            self._wait_ms = WINDOW_MS
            self._update_at = now
        for tag in [*self._storm, *facts]:
            if tag in self._shown:
                self._shown.discard(tag)
                orders.append(Withdraw(tag))
        self._storm.update(facts)
        self._grew, self._grew_at = True, now
        return orders

    def _sum_up(self, preferences: Preferences, now: int) -> Show:
        self._grew = False
        self._update_at = now + self._wait_ms
        self._wait_ms = min(LONGEST_MS, 2 * self._wait_ms)
        return summary(list(self._storm.values()), preferences)


def single(fact: Alert, preferences: Preferences) -> Show:
    """The notification about one fact."""
    rule = RULES[fact.kind]
    buttons = [Button(OPEN, "Open"), Button(SNOOZE, "Snooze 1 h")]
    if fact.agent:
        data = {"gateway": fact.gateway, "agent": fact.agent}
        buttons.append(Button(MUTE, f"Mute {_short(fact.name)}", data))
    message = Message(
        fact.tag,
        title_of(fact),
        body_of(fact),
        preferences.kinds[fact.kind].sound,
        rule.urgent,
        tuple(buttons),
    )
    return Show(message, fact.target, (fact,))


def title_of(fact: Alert) -> str:
    """Such as "Rex failed"."""
    return fact.title or RULES[fact.kind].one.format(name=_short(fact.name))


def body_of(fact: Alert) -> str:
    """The gateway's name, if there are several, and what is known."""
    detail = fact.detail if len(fact.detail) <= 240 else fact.detail[:239] + "…"
    return " · ".join(part for part in (fact.where, detail) if part)


def summary(facts: list[Alert], preferences: Preferences) -> Show:
    """The notification about several: "4 agents failed on studio"."""
    worst = min(facts, key=lambda fact: RANK[fact.kind])
    names: dict[AlertKind, dict[tuple[str, str, str], str]] = {}
    for fact in sorted(facts, key=lambda fact: RANK[fact.kind]):
        who = (fact.gateway, fact.agent, "" if fact.agent else fact.name)
        names.setdefault(fact.kind, {})[who] = fact.name
    parts = []
    for kind, whom in names.items():
        rule = RULES[kind]
        only = _short(next(iter(whom.values())))
        parts.append(
            rule.one.format(name=only)
            if len(whom) == 1
            else rule.many.format(count=len(whom), agents="agents")
        )
    gateways = dict.fromkeys(fact.where for fact in facts)
    where = next(iter(gateways)) if len(gateways) == 1 else ""
    title = ", ".join(parts) + (f" on {where}" if where else "")
    everyone = list(dict.fromkeys(name for whom in names.values() for name in whom.values()))
    more = len(everyone) - NAMED
    body = ", ".join(_short(name) for name in everyone[:NAMED])
    body += f" and {more} more" if more > 0 else ""
    agents = tuple(dict.fromkeys(pair for fact in facts for pair in fact.target.agents))
    target = Target(
        agents=agents,
        gateway=worst.gateway if len({fact.gateway for fact in facts}) == 1 else "",
        devices=not agents and all(fact.target.devices for fact in facts),
        words=title,
    )
    message = Message(
        SUMMARY,
        title,
        body,
        preferences.kinds[worst.kind].sound,
        RULES[worst.kind].urgent,
        (Button(OPEN, "Open"), Button(SNOOZE, "Snooze 1 h")),
    )
    return Show(message, target, tuple(facts))


def _short(name: str, limit: int = 40) -> str:
    return name if len(name) <= limit else name[: limit - 1] + "…"
