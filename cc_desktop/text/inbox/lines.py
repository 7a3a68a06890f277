"""An item of the inbox as lines of a list and as sentences. Pure; times are local ms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.inbox import InboxKind, Severity
from cc_desktop.fleet.inbox.open_items import members_of
from cc_desktop.text.format import MINUTE, ago, plain, span, with_stop
from cc_desktop.text.i18n import mark, tr, trn
from cc_desktop.text.inbox.items import reason, title

if TYPE_CHECKING:
    from cc_desktop.fleet.inbox import InboxItem
    from cc_desktop.fleet.model import Fleet

_K = InboxKind
HEADLINE, PLACE = 240, 60  # characters
MEMBERS = 4  # of what is told together that are named
HEADINGS = {
    Severity.NEEDS_YOU: mark("Needs you"),
    Severity.WARNING: mark("Warnings"),
    Severity.NEWS: mark("News"),
}
# Where the kind's own title would only repeat what stands there anyway.
_LEADS = {
    _K.APPROVAL: mark("{name} wants: {reason}"),
    _K.QUESTION: mark("{name} asks: {reason}"),
    _K.STUCK: mark("{name} is stuck: {reason}"),
}


def headline(item: InboxItem, now: int) -> str:
    """Who it is about and why it is there, in one line: "Rex failed: no credit left"."""
    what, why = title(item), plain(reason(item, now), HEADLINE)
    name = plain(item.name)
    if not why:
        return what
    if item.kind in _LEADS and not item.members:
        return tr(_LEADS[item.kind], name=name, reason=why)
    return tr("{what}: {reason}", what=what, reason=why)


def place(fleet: Fleet, item: InboxItem) -> str:
    """Where it is: the gateway if there are several, and the session."""
    gateway = fleet.gateways.get(item.gateway)
    parts: list[str] = []
    if gateway is not None and len(fleet.gateways) > 1:
        parts.append(plain(gateway.name, PLACE))
    agent = gateway.agents.get(item.agent) if gateway is not None else None
    if agent is not None and item.name != agent.shown_name:
        parts.append(plain(agent.shown_name, PLACE))
    session = agent.sessions.get(item.session_key) if agent is not None else None
    if session is not None and session.title:
        parts.append(plain(session.title, PLACE))
    if item.members:
        names = dict.fromkeys(plain(one.name, 30) for one in members_of(fleet, item))
        parts.append(", ".join(list(names)[:MEMBERS]))
    return " · ".join(part for part in parts if part)


def since(item: InboxItem, now: int) -> str:
    """Since when: "since 3 min", or "" while nobody knows."""
    return ago(item.since, now) if item.since else ""


def countdown(until: int, now: int) -> str:
    """How long is left: "12:04", "3 h"; "" for what does not expire or has expired."""
    left = until - now
    if not until or left <= 0:
        return ""
    if left >= 60 * MINUTE:
        return span(left)
    return f"{left // MINUTE}:{left % MINUTE // 1000:02}"


def time_left(until: int, now: int) -> str:
    """The same in words: "12:04 left"."""
    left = countdown(until, now)
    return tr("{time} left", time=left) if left else ""


def sentence(item: InboxItem, where: str, now: int) -> str:
    """The item for a screen reader."""
    minutes = (item.until - now) // MINUTE
    expiry = trn("{n} minute left", "{n} minutes left", minutes) if item.until > now else ""
    if minutes >= 60:  # nobody counts days in minutes
        expiry = time_left(item.until, now)
    parts = (
        tr(HEADINGS[item.severity]) if item.severity is not Severity.NEWS else "",
        headline(item, now),
        where,
        since(item, now),
        expiry,
        tr("seen") if item.seen else "",
    )
    return with_stop(", ".join(part for part in parts if part))
