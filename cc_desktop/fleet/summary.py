"""One glance: what the whole fleet is, in numbers, a tray state and one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cc_desktop.fleet.model import ConnectionState, Fleet, Gateway, Origin, Status

if TYPE_CHECKING:
    from collections.abc import Iterable

TOOLTIP_LIMIT = 127  # characters: Windows cuts there


class TrayState(StrEnum):
    """What the tray icon shows."""

    OFFLINE = "offline"
    CONNECTING = "connecting"
    IDLE = "idle"
    WORKING = "working"
    NEEDS_YOU = "needs-you"
    ERROR = "error"
    DEMO = "demo"


class TrayIconStyle(StrEnum):
    """For which panel the tray icon is drawn."""

    AUTO = "auto"  # for any
    LIGHT_PANEL = "light"
    DARK_PANEL = "dark"
    COLOUR = "colour"  # as AUTO, but never in the colour that the system gives its icons


@dataclass(frozen=True, slots=True)
class Summary:
    """The fleet in numbers."""

    origin: Origin
    as_of: int  # local ms: the oldest data on the screen
    error: int
    needs_you: int  # error included
    working: int
    idle: int
    offline: int
    total: int
    tray: TrayState
    unreachable: tuple[str, ...]  # names of gateways that are not live, blocked ones included

    @property
    def headline(self) -> str:
        """The counts in words: "3 working · 1 needs you · 7 idle"."""
        return " · ".join(self._counts()) or "No agents"

    def tooltip(self, more: str = "") -> str:
        """One sentence, at most 127 characters. All else is cut before `more` is."""
        words = {
            Origin.LIVE: "live",
            Origin.REST: "polled over HTTP",
            Origin.LAST_KNOWN: "last known",
            Origin.DEMO: "not your fleet",
            Origin.NONE: "no connection",
        }[self.origin]
        start = "DEMO - " if self.origin is Origin.DEMO else ""
        counts = ", ".join(self._counts()) or "no agents"
        end = f" · {more}" if more else ""
        text = _cut(f"{start}Control Center: {counts} · {words}", TOOLTIP_LIMIT - len(end)) + end
        if self.unreachable and self.origin is Origin.LIVE:
            text += f" · {', '.join(self.unreachable)} not reached"
        return _cut(text, TOOLTIP_LIMIT)

    def _counts(self) -> list[str]:
        needs = "needs you" if self.needs_you == 1 else "need you"
        pairs = [
            (self.working, "working"),
            (self.needs_you, needs),
            (self.idle, "idle"),
            (self.offline, "offline"),
        ]
        return [f"{count} {word}" for count, word in pairs if count]


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def screen_origin(fleet: Fleet) -> Origin:
    """The best source among what is shown."""
    origins: Iterable[Origin] = [gateway.origin for gateway in fleet.shown()]
    for origin in (Origin.LIVE, Origin.REST, Origin.DEMO, Origin.LAST_KNOWN):
        if origin in origins:
            return origin
    return Origin.NONE


def _is_lost(gateway: Gateway) -> bool:
    """Whether it was there and is gone, or could not be had so far."""
    never = gateway.origin is Origin.NONE and gateway.connection.problem is not None
    return gateway.origin is Origin.LAST_KNOWN or never


def summarize(fleet: Fleet) -> Summary:
    """Count what is on the screen. O(agents)."""
    counts = dict.fromkeys(Status, 0)
    for gateway in fleet.shown():
        for agent in gateway.agents.values():
            counts[agent.status] += 1
    origin = screen_origin(fleet)
    error = counts[Status.ERROR]
    needs_you = error + counts[Status.WAITING] + counts[Status.STUCK]
    working = counts[Status.ACTIVE] + counts[Status.THINKING]
    real = [gateway for gateway in fleet.gateways.values() if gateway.origin is not Origin.DEMO]
    states = [gateway.connection.state for gateway in real]
    if origin is Origin.DEMO:
        tray = TrayState.DEMO
    elif origin in (Origin.LIVE, Origin.REST):
        if error:
            tray = TrayState.ERROR
        elif needs_you:
            tray = TrayState.NEEDS_YOU
        elif any(_is_lost(gateway) for gateway in real):
            tray = TrayState.OFFLINE  # what its agents do is not known, however well the others are
        else:
            tray = TrayState.WORKING if working else TrayState.IDLE
    elif any(
        state
        in (ConnectionState.CONNECTING, ConnectionState.AUTHENTICATING, ConnectionState.SYNCING)
        for state in states
    ):
        tray = TrayState.CONNECTING
    else:
        tray = TrayState.OFFLINE
    return Summary(
        origin=origin,
        as_of=min((g.as_of for g in fleet.shown() if g.agents and g.as_of), default=0),
        error=error,
        needs_you=needs_you,
        working=working,
        idle=counts[Status.IDLE],
        offline=counts[Status.OFFLINE] + counts[Status.UNKNOWN],
        total=sum(counts.values()),
        tray=tray,
        unreachable=tuple(g.name for g in real if g.connection.state is not ConnectionState.LIVE),
    )
