"""Coalesces alerts into few notifications. Pure: time is passed in.

Alerts are gathered for a second. The failures of one gateway share one notification, which is
replaced as they grow. What is still too much for one notification each becomes one summary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from cc_desktop.notifications.alerts import Alert
from cc_desktop.notifications.kinds import RANK, RULES, AlertKind
from cc_desktop.notifications.message import MUTE, OPEN, SNOOZE, Button, Message, Target
from cc_desktop.text import notifications as text
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.notifications.preferences import Preferences

GATHER_MS = 1_000  # the first of several waits for the others
WINDOW_MS = 5_000  # more than MOST notifications in it become one summary
MOST = 3
LONGEST_MS = 60_000  # between two updates of a notification that keeps growing
MAX_GROUPS = 1_000  # notifications that are remembered as shown
SUMMARY = "summary"
NAMED = 6
NAME_CHARS, DETAIL_CHARS = 40, 240


class Show(Struct, frozen=True):
    """Show a message.

    Attributes:
        target: What a click on it opens.
        alerts: What it tells.
    """

    message: Message
    target: Target
    alerts: tuple[Alert, ...]


class Withdraw(Struct, frozen=True):
    """Take the message with this tag off the screen."""

    tag: str


BackendCommand = Show | Withdraw


class _Group(Struct):
    """The alerts that share a notification. Its key is the tag of that."""

    alerts: dict[str, Alert] = field(default_factory=dict)  # by tag, newest last
    shown: bool = False
    grew: bool = False  # since it was shown
    update_at: int = 0  # not shown again before, local ms
    wait_ms: int = WINDOW_MS


class Coalescer:
    """Decides what is shown together, and when."""

    def __init__(self) -> None:
        self._gathered: dict[str, Alert] = {}  # by tag
        self._since = 0  # when the first of them came
        self._groups: dict[str, _Group] = {}
        self._group_of: dict[str, str] = {}  # tag → key of its group
        self._recent: dict[str, int] = {}  # key of a group → when it was shown
        self._storm_at: int | None = None  # when the summary last grew

    @property
    def gathering(self) -> bool:
        """Whether something waits to be shown."""
        return bool(self._gathered) or any(group.grew for group in self._groups.values())

    def add(self, alert: Alert, now: int) -> None:
        """Take in an alert. `now` is local ms."""
        if not self._gathered:
            self._since = now
        self._gathered.pop(alert.tag, None)
        self._gathered[alert.tag] = alert

    def resolve(self, tag: str) -> list[BackendCommand]:
        """The alert with this tag is no longer true."""
        self._gathered.pop(tag, None)
        return self._remove(tag)

    def take_back(self, is_allowed: Callable[[Alert], bool]) -> list[Alert]:
        """Return alerts that wait and may no longer be shown: it became quiet."""
        deferred = [alert for alert in self._gathered.values() if not is_allowed(alert)]
        for alert in deferred:
            del self._gathered[alert.tag]
        for group in self._groups.values():
            held = [alert for alert in group.alerts.values() if not is_allowed(alert)]
            if group.grew and held:
                group.grew = False
                deferred += held
        return deferred

    def due(self) -> int | None:
        """Return when `flush` has something to do: local ms, or None."""
        times = [group.update_at for group in self._groups.values() if group.grew]
        if self._gathered:
            times.append(self._since + GATHER_MS)
        return min(times, default=None)

    def flush(self, preferences: Preferences, now: int) -> list[BackendCommand]:
        """Return what to show now."""
        commands: list[BackendCommand] = []
        if self._gathered and now >= self._since + GATHER_MS:
            commands += self._sort(now)
        for key, group in list(self._groups.items()):
            if group.grew and now >= group.update_at:
                commands.append(self._show(key, group, preferences, now))
        return commands

    def _sort(self, now: int) -> list[BackendCommand]:
        """Put the gathered alerts into groups."""
        alerts, self._gathered = self._gathered, {}
        self._recent = {key: at for key, at in self._recent.items() if now - at < WINDOW_MS}
        keys = {tag: _group_key(alert) for tag, alert in alerts.items()}
        commands: list[BackendCommand] = []
        if self._storm_at is not None and now - self._storm_at >= 2 * WINDOW_MS:
            self._storm_at = None  # the next flood gets a summary of its own
        if self._storm_at is None and len({*self._recent, *keys.values()}) > MOST:
            waiting = self._groups.get(SUMMARY)
            if waiting is not None and waiting.grew:  # some of it nobody was shown
                alerts = {**waiting.alerts, **alerts}
            self._forget(SUMMARY)
            for key in self._recent:
                shown = self._groups.get(key)
                if shown is not None:
                    alerts = {**shown.alerts, **alerts}
            self._recent = {}
            self._storm_at = now
        for tag, alert in alerts.items():
            key = keys.get(tag, SUMMARY) if self._storm_at is None else SUMMARY
            if self._group_of.get(tag) != key:
                commands += self._remove(tag)
            self._put(key, alert)
        if self._storm_at is not None:
            self._storm_at = now
        return commands

    def _put(self, key: str, alert: Alert) -> None:
        group = self._groups.setdefault(key, _Group())
        group.alerts.pop(alert.tag, None)
        group.alerts[alert.tag] = alert
        group.grew = True
        self._group_of[alert.tag] = key
        if len(self._groups) > MAX_GROUPS:
            self._forget(next(iter(self._groups)))

    def _remove(self, tag: str) -> list[BackendCommand]:
        """Take an alert out of its group; one that tells nothing more is withdrawn."""
        key = self._group_of.pop(tag, None)
        group = self._groups.get(key) if key is not None else None
        if key is None or group is None:
            return []
        group.alerts.pop(tag, None)
        if group.alerts:
            return []
        self._forget(key)
        self._recent.pop(key, None)
        if key == SUMMARY:
            self._storm_at = None
        return [Withdraw(key)] if group.shown else []

    def _forget(self, key: str) -> None:
        group = self._groups.pop(key, None)
        for tag in group.alerts if group is not None else ():
            self._group_of.pop(tag, None)

    def _show(self, key: str, group: _Group, preferences: Preferences, now: int) -> Show:
        group.grew, group.shown = False, True
        if len(group.alerts) > 1:
            group.update_at = now + group.wait_ms
            group.wait_ms = min(LONGEST_MS, 2 * group.wait_ms)
        if key != SUMMARY:
            self._recent[key] = now
        alerts = list(group.alerts.values())
        if len(alerts) == 1 and key != SUMMARY:
            return single(alerts[0], preferences, key)
        return summary(alerts, preferences, key)


def _group_key(alert: Alert) -> str:
    if RULES[alert.kind].merges:
        return "\n".join(("all", alert.kind, alert.gateway))
    return alert.tag


def single(alert: Alert, preferences: Preferences, tag: str = "") -> Show:
    """Return the notification about one alert."""
    rule = RULES[alert.kind]
    buttons = [*alert.buttons, Button(OPEN, tr(text.OPEN))]
    if not alert.buttons:
        buttons.append(Button(SNOOZE, tr(text.SNOOZE_HOUR)))
    if alert.agent and not alert.buttons:
        data = {"gateway": alert.gateway, "agent": alert.agent}
        buttons.append(Button(MUTE, text.mute(_short(alert.name)), data))
    message = Message(
        tag or alert.tag,
        title_of(alert),
        body_of(alert),
        preferences.kinds[alert.kind].sound,
        rule.expires,
        tuple(buttons),
    )
    return Show(message, alert.target, (alert,))


def title_of(alert: Alert) -> str:
    """Return such as "Rex failed"."""
    return alert.title or tr(RULES[alert.kind].one, name=_short(alert.name))


def body_of(alert: Alert) -> str:
    """Return the gateway's name, if there are several, and what is known."""
    detail = _short(alert.detail, DETAIL_CHARS)
    return " · ".join(part for part in (alert.where, detail) if part)


def summary(alerts: list[Alert], preferences: Preferences, tag: str = SUMMARY) -> Show:
    """Return the notification about several alerts: "4 agents failed on studio"."""
    worst = min(alerts, key=lambda alert: RANK[alert.kind])
    names = _names_by_kind(alerts)
    parts = [_count(kind, list(whom.values())) for kind, whom in names.items()]
    gateways = dict.fromkeys(alert.where for alert in alerts)
    place = next(iter(gateways)) if len(gateways) == 1 else ""
    title = ", ".join(parts)
    if place:
        title = tr("{what} on {gateway}", what=title, gateway=place)
    agents = tuple(dict.fromkeys(pair for alert in alerts for pair in alert.target.agents))
    target = Target(
        agents=agents,
        gateway=worst.gateway if len({alert.gateway for alert in alerts}) == 1 else "",
        devices=not agents and all(alert.target.devices for alert in alerts),
        words=title,
    )
    everyone = [_short(name) for whom in names.values() for name in whom.values()]
    body = text.some(list(dict.fromkeys(everyone)), NAMED)
    if tag != SUMMARY:
        newest = alerts[-1]
        others = [_short(alert.name) for alert in reversed(alerts[:-1])]
        reason = _short(newest.detail, DETAIL_CHARS)
        body = text.newest_failure(_short(newest.name), reason, others, NAMED)
    message = Message(
        tag,
        title,
        body,
        preferences.kinds[worst.kind].sound,
        any(RULES[alert.kind].expires for alert in alerts),
        (Button(OPEN, tr(text.OPEN)), Button(SNOOZE, tr(text.SNOOZE_HOUR))),
    )
    return Show(message, target, tuple(alerts))


def _names_by_kind(alerts: list[Alert]) -> dict[AlertKind, dict[tuple[str, str, str], str]]:
    """Return who it is about, worst kind first, each once a kind."""
    names: dict[AlertKind, dict[tuple[str, str, str], str]] = {}
    for alert in sorted(alerts, key=lambda alert: RANK[alert.kind]):
        who = (alert.gateway, alert.agent, "" if alert.agent else alert.name)
        names.setdefault(alert.kind, {})[who] = alert.name
    return names


def _count(kind: AlertKind, names: list[str]) -> str:
    rule = RULES[kind]
    if len(names) == 1:
        return tr(rule.one, name=_short(names[0]))
    return tr(rule.many, count=len(names))


def _short(name: str, limit: int = NAME_CHARS) -> str:
    return name if len(name) <= limit else name[: limit - 1] + "…"
