"""What is true of a made fleet, and what its operator has to be told: by the script alone.

Nothing in here knows the product's rules. The script says when something begins to matter and
when it ends; this module compares that with the open items and the notices.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cc_desktop.fleet.inbox.open_items import members_of, open_items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cc_desktop.fleet.inbox import InboxItem
    from cc_desktop.fleet.model import Fleet
    from cc_desktop.notifications.alerts import Alert

MINUTE_MS = 60_000
DAY_MS = 86_400_000
# As product.md has it: warnings once a day for a cause. That a gateway is lost is told each time.
DAILY = frozenset(
    {
        "cron-failed",
        "cron-overdue",
        "task-failed",
        "undelivered",
        "channel",
        "config-ignored",
        "restart-needed",
        "runtime",
        "plugin",
        "sign-in-expired",
        "sign-in-expiring",
        "quota",
        "pairing",
        "update",
        "drift",
        "gateway-blocked",
    }
)
WELL = {"finished", "recovered"}  # which of them, depends on what did not arrive

Key = tuple[str, str, str, str]  # kind, gateway, agent, a word that is found in its texts


@dataclass
class Matter:
    """Something an operator would want to see in the list while it is true."""

    key: Key
    since: int  # local ms
    until: int = 0  # local ms at which it ends by itself; 0: the script ends it
    cause: str = ""  # failures of one cause are one matter


@dataclass
class Telling:
    """Something an operator has to be told, once."""

    key: Key
    begins: int  # local ms: not before
    latest: int  # local ms: not after
    together: bool = False  # it happened while its gateway was away
    certain: bool = True  # its frame arrived, so that it has to be told at once
    optional: bool = False  # nobody can say from outside whether it was seen to begin
    told_at: int = 0
    in_crowd: bool = False  # along with others, in a notice that is not shown anew all the time


@dataclass
class Verdict:
    """What was found. Empty lists are good."""

    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    wrong_items: list[str] = field(default_factory=list)
    bad_clicks: list[str] = field(default_factory=list)
    checked: int = 0  # items that were compared
    clicks: int = 0


class Truth:
    """The labels of a stream."""

    def __init__(self, now: Callable[[], int]) -> None:
        self.now = now
        self.matters: dict[Key, Matter] = {}
        self.tellings: list[Telling] = []
        self.away: dict[str, list[tuple[str, Matter, bool, float]]] = {}  # by gateway
        self.frozen: dict[str, list[Matter]] = {}  # what was true when a gateway went away
        self.daily: dict[Key, int] = {}  # when it was told last, local ms
        self.transitions = 0
        self.kinds: dict[str, int] = {}

    # What the script says

    def begin(
        self,
        key: Key,
        *,
        after_s: float = 0.0,
        until: int = 0,
        tell: bool = True,
        within_s: float = 0.0,
        cause: str = "",
        certain: bool = True,
    ) -> None:
        """It matters from now on, or `after_s` later, and is told `within_s` after that."""
        self.transitions += 1
        self.kinds[key[0]] = self.kinds.get(key[0], 0) + 1
        matter = Matter(key, self.now() + round(after_s * 1000), until, cause)
        if key[1] in self.away:
            self.away[key[1]].append(("begin", matter, tell, within_s))
            return
        self.matters[key] = matter
        if tell:
            self._tell(key, matter.since, within_s, certain=certain)

    def end(self, key: Key) -> None:
        """It is over. What had not begun to matter yet is told to nobody."""
        self.transitions += 1
        if key[1] in self.away:
            self.away[key[1]].append(("end", Matter(key, 0), False, 0.0))
            return
        self._over(key)

    def news(self, key: Key, *, certain: bool = True) -> None:
        """It happened, is told, and stays in no list of what is open."""
        self.transitions += 1
        self.kinds[key[0]] = self.kinds.get(key[0], 0) + 1
        if key[1] in self.away:
            self.away[key[1]].append(("news", Matter(key, self.now()), True, 0.0))
        else:
            # Of a run that started and ended in lost events, nobody knows.
            self._tell(key, self.now(), 0.0, certain=certain, optional=not certain)

    def promise(self, key: Key, after_s: float) -> None:
        """It is told `after_s` from now, and is in no list."""
        self.transitions += 1
        self.kinds[key[0]] = self.kinds.get(key[0], 0) + 1
        self._tell(key, self.now() + round(after_s * 1000), 0.0, certain=True)

    def loses(self, key: Key, after_s: float) -> None:
        """A gateway goes away: its agents are only the last known, and later it counts as lost."""
        self.goes_away(key[1])
        self.transitions += 1
        self.kinds[key[0]] = self.kinds.get(key[0], 0) + 1
        matter = Matter(key, self.now() + round(after_s * 1000))
        self.matters[key] = matter
        self._tell(key, matter.since, 0.0, certain=True)

    def regains(self, key: Key) -> None:
        """It is back: if its loss was told, so is its return."""
        was_told = any(one.key == key and one.told_at for one in self.tellings[-200:])
        is_over = self.matters[key].since <= self.now()
        self._over(key)
        if is_over and was_told:
            self.kinds["back"] = self.kinds.get("back", 0) + 1
            self._tell(("back", key[1], "", ""), self.now(), 5.0, certain=False)
        self.comes_back(key[1])

    def goes_away(self, gateway: str) -> None:
        """Nobody can know what happens there until it is back."""
        self.away[gateway] = []
        known = (m for m in self.matters.values() if m.key[1] == gateway)
        self.frozen[gateway] = [m for m in known if m.since <= self.now()]

    def comes_back(self, gateway: str, within_s: float = 30.0) -> None:
        """What happened meanwhile is known, and told together."""
        happened = self.away.pop(gateway)
        before = self.frozen.pop(gateway, [])
        ended = {matter.key for what, matter, _, _ in happened if what == "end"}
        # A failure in the place of one that was known is not told again.
        failing = {m.key[2] for m in before if m.key[0] == "failed"}
        for what, matter, tell, more_s in happened:
            if what == "end":
                self._over(matter.key)
            elif what == "begin" and matter.key not in ended:
                self.matters[matter.key] = matter
            if what != "end" and matter.key not in ended and tell:
                optional = what == "news" or (
                    matter.key[0] == "failed" and matter.key[2] in failing
                )
                self._tell(
                    matter.key,
                    self.now(),
                    within_s + more_s,
                    certain=False,
                    together=True,
                    optional=optional,
                )

    def _over(self, key: Key) -> None:
        self.matters.pop(key, None)
        self.tellings = [
            one
            for one in self.tellings
            if not (one.key == key and not one.told_at and one.begins >= self.now())
        ]

    def _tell(
        self,
        key: Key,
        at: int,
        within_s: float,
        *,
        certain: bool,
        together: bool = False,
        optional: bool = False,
    ) -> None:
        if key[0] in DAILY:
            last = self.daily.get(key)
            if last is not None and at - last < DAY_MS:
                return
            self.daily[key] = at
        self.tellings.append(
            Telling(key, at, at + round(within_s * 1000), together, certain, optional)
        )

    # What is compared

    def open(self) -> list[Matter]:
        """What is true now, as far as it can be known."""
        now = self.now()
        known = [m for m in self.matters.values() if m.key[1] not in self.frozen]
        for gateway, matters in self.frozen.items():
            own = (m for m in self.matters.values() if m.key[1] == gateway)
            connection = [m for m in own if m.key[0].startswith(("gateway-", "pairing-self"))]
            known += [*connection, *(m for m in matters if m not in connection)]
        return [m for m in known if m.since <= now and not 0 < m.until <= now]

    def is_settled(self) -> bool:
        """Whether nothing begins or ends by itself within some seconds."""
        now = self.now()
        times = [time for m in self.matters.values() for time in (m.since, m.until) if time]
        return all(not -35_000 <= time - now <= 5_000 for time in times)

    def compare(self, fleet: Fleet, verdict: Verdict) -> None:
        """Whether the open items are exactly what is true."""
        wanted: dict[frozenset[Key], Matter] = {}
        by_cause: dict[str, list[Matter]] = {}
        for matter in self.open():
            if matter.cause:
                by_cause.setdefault(matter.cause, []).append(matter)
            else:
                wanted[frozenset({matter.key})] = matter
        for matters in by_cause.values():
            wanted[frozenset(matter.key for matter in matters)] = matters[0]
        found = [_parts(fleet, item) for item in open_items(fleet)]
        for keys in list(wanted):
            match = next((parts for parts in found if _same(keys, parts)), None)
            verdict.checked += 1
            if match is None:
                verdict.wrong_items.append(f"missing: {sorted(keys)}")
            else:
                found.remove(match)
        verdict.wrong_items += [f"should not be there: {parts}" for parts in found]

    def told(self, alert: Alert, at: int, *, in_crowd: bool = False) -> str:
        """Match an alert that is shown for the first time. Returns what is wrong with it, or ""."""
        text = " ".join((alert.tag, alert.name, alert.detail, alert.title))
        agents = {*alert.target.agents, (alert.gateway, alert.agent)}
        waiting = [one for one in self.tellings if not one.told_at and one.begins <= at]
        own = [
            one
            for one in waiting
            if (one.key[0] == alert.kind or (not one.certain and {one.key[0], alert.kind} == WELL))
            and ((one.key[1], one.key[2]) in agents)
            and (one.key[3] in text or len(alert.target.agents) > 1)
        ]
        if alert.tag.startswith("away\n") or alert.kind == "back":
            own += [one for one in waiting if one.together and one.key[1] == alert.gateway]
        if not own and alert.kind in ("question", "failed"):
            # Where events get lost or come late: the gateway's own form of a question, with another
            # id, came much later than its call; a late row said that a session is at work again.
            again = (one for one in self.tellings if not one.certain and one.told_at)
            own = [one for one in again if one.key[3] and one.key[3] in text][:1]
        for one in own:
            one.told_at = one.told_at or at
            one.in_crowd = in_crowd
        return "" if own else f"{alert.kind} {alert.gateway}/{alert.agent}: {text!r}"


def _parts(fleet: Fleet, item: InboxItem) -> list[tuple[str, str, str, str]]:
    return [
        (
            item.kind.value,
            one.gateway,
            one.agent,
            " ".join((one.subject, one.name, one.detail, item.detail)),
        )
        for one in members_of(fleet, item)
    ]


def _same(keys: Iterable[Key], parts: list[tuple[str, str, str, str]]) -> bool:
    keys = list(keys)
    return len(keys) == len(parts) and all(
        any(key[:3] == part[:3] and key[3] in part[3] for part in parts) for key in keys
    )
