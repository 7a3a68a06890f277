"""Why the screen is not simply live: the banner, the status bar and the empty list.

All three say the same of the same fleet, because they share one `Situation`.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from cc_desktop.fleet.model import ConnectionState, Origin
from cc_desktop.fleet.summary import screen_origin
from cc_desktop.text.connect.next_step import command_for, remedies
from cc_desktop.text.connect.rights import expires_in
from cc_desktop.text.format import clock, name_list, plain, sentence_end
from cc_desktop.text.gateways import problem_sentences, problem_text
from cc_desktop.text.i18n import mark, tr, trn
from cc_desktop.text.pairing import awaiting

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.fleet.model import Fleet, Gateway

_BLOCKED = ConnectionState.BLOCKED
_ASKS = ("pairing", "certificate")  # it is tried again, but nothing changes by itself
_TRYING = (ConnectionState.CONNECTING, ConnectionState.AUTHENTICATING, ConnectionState.SYNCING)


class BannerKind(StrEnum):
    """Which banner says that the screen is not simply live."""

    DEMO = "demo"
    LAST_KNOWN = "last-known"
    REST = "rest"
    BLOCKED = "blocked"
    WAITING = "waiting"  # for an approval on the gateway
    NONE = "none"


class BannerLink(StrEnum):
    """What a banner offers."""

    LAST_KNOWN = "last-known"
    DEMO = "demo"
    RECONNECT = "reconnect"
    CONNECT = "connect"  # nothing is set up yet
    COPY = "copy"  # the command that solves it
    EDIT = "edit"
    OPEN_FILE = "open-file"


class Banner(Struct, frozen=True):
    """What stands above the list when the data is not simply live."""

    kind: BannerKind
    tag: str
    text: str
    links: tuple[tuple[BannerLink, str], ...] = ()
    gateway: str = ""  # the id of the gateway that the links are about
    command: str = ""  # what COPY copies
    countdown: str = ""  # changes every second


class Situation:
    """A fleet at a moment, as banner, status bar and empty list look at it."""

    def __init__(self, fleet: Fleet, now: int) -> None:
        gateways = fleet.gateways.values()
        self.now = now
        self.fleet = fleet
        self.origin = screen_origin(fleet)
        self.real = [gateway for gateway in gateways if gateway.origin is not Origin.DEMO]
        self.demo = [gateway for gateway in gateways if gateway.origin is Origin.DEMO]

    @property
    def lost(self) -> list[Gateway]:
        """The gateways that are not live."""
        return [g for g in self.real if g.connection.state is not ConnectionState.LIVE]

    @property
    def awaiting(self) -> list[Gateway]:
        """The gateways that wait for somebody to approve this device: they were reached."""
        return [gateway for gateway in self.real if awaiting(gateway.connection)]

    @property
    def asking(self) -> Gateway | None:
        """The first gateway that only the operator can bring back."""
        for gateway in self.real:
            connection = gateway.connection
            if connection.problem is None:
                continue
            waits = connection.state is ConnectionState.WAITING
            asks = waits and connection.problem.kind in _ASKS
            if connection.state is ConnectionState.BLOCKED or asks or awaiting(connection):
                return gateway
        return None

    @property
    def blocked(self) -> str:
        """What only the operator can solve, in sentences; "" when there is no such thing."""
        gateway = self.asking
        if gateway is None or gateway.connection.problem is None:
            return ""
        problem, name = gateway.connection.problem, plain(gateway.name, 40)
        if problem.kind == "pairing":
            return tr(
                "{gateway} waits for your approval. On its host, run {command}.",
                gateway=name,
                command=command_for(problem),
            )
        text = problem_sentences(problem)
        if len(self.real) > 1:
            return tr("{gateway}: {problem}", gateway=name, problem=text)
        return text

    @property
    def subject(self) -> Gateway | None:
        """The gateway that the banner's buttons are about."""
        return self.asking or (self.lost[0] if len(self.lost) == 1 else None)

    @property
    def countdown(self) -> str:
        """How long somebody has to approve this device, else when the next try is."""
        pairing = self.asking.connection.pairing if self.asking else None
        if pairing is not None and not pairing.upgrade and pairing.expires_at > self.now:
            return expires_in(pairing.expires_at, self.now)
        due = [g.connection.until for g in self.lost if g.connection.until > self.now]
        waits = due and not (self.asking and self.asking.connection.state is _BLOCKED)
        return tr("retry in {n} s", n=math.ceil((min(due) - self.now) / 1000)) if waits else ""

    def names(self, gateways: list[Gateway]) -> str:
        """Gateways by name, in a sentence."""
        return name_list([plain(gateway.name, 40) for gateway in gateways])

    def as_of(self, newest: bool = False) -> str:
        """When what is on the screen was last known to be true."""
        known = [gateway.as_of for gateway in self.fleet.shown() if gateway.as_of]
        if newest:
            known = [g.as_of for g in self.fleet.shown() if g.agents and g.as_of]
        return clock(max(known) if newest else min(known), self.now) if known else ""


# The banner


def banner(fleet: Fleet, now: int) -> Banner | None:
    """The banner of what is on the screen; None when all of it is live."""
    situation = Situation(fleet, now)
    build = _BANNERS.get(situation.origin)
    if situation.blocked and situation.origin not in (Origin.DEMO, Origin.LAST_KNOWN):
        build = _blocked
    found = build(situation) if build else None
    subject = situation.subject
    if found is None or subject is None or subject.connection.problem is None:
        return found
    command = command_for(subject.connection.problem)
    return replace(found, gateway=subject.id, command=command, countdown=situation.countdown)


def _next_steps(situation: Situation) -> list[tuple[BannerLink, str]]:
    """What can be done about the gateway that is missing."""
    subject = situation.subject
    offered = remedies(subject.connection.problem if subject else None)
    return [(BannerLink(remedy.value), words) for remedy, words in offered]


def _demo(situation: Situation) -> Banner:
    if not situation.real:
        connect = (BannerLink.CONNECT, tr("Connect a gateway"))
        text = tr("This is sample data, not your fleet.")
        return Banner(BannerKind.DEMO, tr("DEMO"), text, (connect,))
    links = _next_steps(situation)
    hidden = [gateway for gateway in situation.real if gateway.hidden and gateway.agents]
    if hidden:
        at = clock(max(gateway.as_of for gateway in hidden), situation.now)
        links.insert(0, (BannerLink.LAST_KNOWN, tr("Show last known ({at})", at=at)))
    if situation.blocked:
        text = tr(
            "{problem} What you see is sample data, not your fleet.", problem=situation.blocked
        )
    else:
        text = tr("No gateway can be reached, so this is sample data, not your fleet.")
    return Banner(BannerKind.DEMO, tr("DEMO"), text, tuple(links))


def _last_known(situation: Situation) -> Banner:
    at = situation.as_of(newest=True)
    names = situation.names(situation.lost)
    if situation.blocked:
        text = situation.blocked
        if at:
            text = tr("{problem} Showing the last known state from {at}.", problem=text, at=at)
    elif at:
        text = tr(
            "{gateways} cannot be reached; showing the last known state from {at}.",
            gateways=names,
            at=at,
        )
    else:
        text = tr("{gateways} cannot be reached; showing the last known state.", gateways=names)
    links = _next_steps(situation)
    if any(gateway.hidden for gateway in situation.demo):
        links.append((BannerLink.DEMO, tr("Show sample data")))
    return Banner(BannerKind.LAST_KNOWN, tr("LAST KNOWN"), text, tuple(links))


def _blocked(situation: Situation) -> Banner:
    links = tuple(_next_steps(situation))
    asking = situation.asking
    problem = asking.connection.problem if asking else None
    if asking and asking.connection.state is not _BLOCKED and problem and problem.kind == "pairing":
        return Banner(BannerKind.WAITING, tr("WAITING"), situation.blocked, links)
    return Banner(BannerKind.BLOCKED, tr("BLOCKED"), situation.blocked, links)


def _polled(situation: Situation) -> Banner:
    text = tr(
        "No live connection to {gateways}: agents are polled over HTTP, without details.",
        gateways=situation.names(situation.lost),
    )
    return Banner(BannerKind.REST, tr("POLLED"), text, tuple(_next_steps(situation)))


def _none(situation: Situation) -> Banner | None:
    if not any(g.connection.state is ConnectionState.WAITING for g in situation.real):
        return None
    text = tr("{gateways} cannot be reached.", gateways=situation.names(situation.lost))
    return Banner(BannerKind.NONE, tr("NO CONNECTION"), text, tuple(_next_steps(situation)))


_BANNERS: dict[Origin, Callable[[Situation], Banner | None]] = {
    Origin.DEMO: _demo,
    Origin.LAST_KNOWN: _last_known,
    Origin.REST: _polled,
    Origin.NONE: _none,
}


# The status bar

_SOURCES = {  # with and without a time
    Origin.LIVE: (mark("Live"), mark("Live")),
    Origin.REST: (mark("Polled over HTTP · as of {at}"), mark("Polled over HTTP")),
    Origin.LAST_KNOWN: (mark("Last known · as of {at}"), mark("Last known")),
    Origin.DEMO: (mark("Demo since {at} · not your fleet"), mark("Demo · not your fleet")),
    Origin.NONE: (mark("No connection"), mark("No connection")),
}


def source(fleet: Fleet, now: int) -> str:
    """Where the screen's data comes from and of when it is."""
    situation = Situation(fleet, now)
    at = situation.as_of()
    with_time, without = _SOURCES[situation.origin]
    return tr(with_time, at=at) if at else tr(without)


# The empty list


class Empty(NamedTuple):
    """What stands in the place of an empty list."""

    title: str
    text: str


def no_match(search: str) -> Empty:
    """Nothing fits the search."""
    text = tr("No agent matches “{search}”. Esc clears the search.", search=plain(search, 60))
    return Empty(tr("No match"), text)


def empty(fleet: Fleet, total: int, search: str, now: int = 0) -> Empty:
    """Why there is nothing to see, and what to do about it.

    Args:
        fleet: What is known.
        total: Agents on the screen, those included that a filter hides.
        search: What is searched for.
        now: Local ms.
    """
    if total:
        return no_match(search) if search else Empty(tr("Nobody"), tr("No agent is in this state."))
    situation = Situation(fleet, now)
    real = situation.real
    if not real:
        return Empty(
            tr("No gateway yet"),
            tr("Connect one: all it takes is its address and its token."),
        )
    names = situation.names(real)
    if any(gateway.connection.state in _TRYING for gateway in real):
        text = trn(
            "Asking {gateways} for its agents…",
            "Asking {gateways} for their agents…",
            len(real),
            gateways=names,
        )
        return Empty(tr("Connecting"), text)
    problem = next((g.connection.problem for g in real if g.connection.problem), None)
    if problem is not None and situation.origin is Origin.NONE:
        title, message, next_step = problem_text(problem)
        return Empty(title, f"{sentence_end(message)} {sentence_end(next_step)}".strip())
    if situation.origin in (Origin.LIVE, Origin.REST):
        text = trn(
            "{gateways} has no agents yet.",
            "{gateways} have no agents yet.",
            len(real),
            gateways=names,
        )
        return Empty(tr("No agents"), text)
    return Empty(tr("No connection"), tr("The agents appear as soon as a gateway can be reached."))
