"""The entries about the fleet in the tray's menu. No Qt."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, NamedTuple

from cc_desktop.fleet.inbox import Severity
from cc_desktop.fleet.inbox.open_items import each_item
from cc_desktop.fleet.model import WORKING, Origin
from cc_desktop.fleet.summary import summarize
from cc_desktop.text.agents import status_word
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr
from cc_desktop.text.inbox.lines import headline as item_headline
from cc_desktop.text.summary import headline

if TYPE_CHECKING:
    from cc_desktop.fleet.inbox import InboxItem
    from cc_desktop.fleet.model import Agent, Fleet

HEADLINE, MORE_NEED_YOU, MORE_WORK = "headline", "more need you", "more at work"
LISTED = 12  # agents of each kind
NAME_CHARS, GATEWAY_CHARS, REASON_CHARS = 40, 30, 60


class Line(NamedTuple):
    """An entry about the fleet.

    Attributes:
        gateway: Id; "" when it is about no single agent.
        agent: Id, or which line it is.
        text: What it says.
        item: Id of the item of the inbox that it is about; "" for who works.
    """

    gateway: str
    agent: str
    text: str
    item: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Which entry it is, whatever it says."""
        return self.gateway, self.agent, self.item


def fleet_lines(fleet: Fleet, now: int) -> tuple[Line, ...]:
    """Return the headline, what needs the operator (newest first, with the reason), who works.

    `now` is local ms.
    """
    summary = summarize(fleet)
    said = headline(summary)
    if summary.origin is Origin.DEMO:
        said = tr("DEMO · {headline}", headline=said)
    lines = [Line("", HEADLINE, said)]
    need_you = [
        item
        for item in each_item(fleet)
        if item.severity is Severity.NEEDS_YOU and not (item.seen or item.part_of)
    ]
    first = heapq.nsmallest(LISTED, need_you, key=lambda item: (-item.since, item.id))
    lines += [
        Line(item.gateway, item.agent, _item_text(fleet, item, now), item.id) for item in first
    ]
    if len(need_you) > len(first):
        lines.append(_more(MORE_NEED_YOU, len(need_you) - len(first)))
    agents = [agent for gateway in fleet.shown() for agent in gateway.agents.values()]
    at_work = [agent for agent in agents if agent.status in WORKING]
    working = heapq.nsmallest(LISTED, at_work, key=_by_name)
    lines += [Line(agent.gateway, agent.id, _work_text(fleet, agent)) for agent in working]
    if len(at_work) > len(working):
        lines.append(_more(MORE_WORK, len(at_work) - len(working)))
    return tuple(lines)


def _more(which: str, count: int) -> Line:
    return Line("", which, tr("and {count} more", count=count))


def _by_name(agent: Agent) -> tuple[str, str, str]:
    return agent.shown_name.casefold(), agent.gateway, agent.id


def _item_text(fleet: Fleet, item: InboxItem, now: int) -> str:
    """Return such as "Rex failed: no credit (studio)"."""
    what = plain(item_headline(item, now), NAME_CHARS + REASON_CHARS)
    return _with_gateway(fleet, item.gateway, what)


def _work_text(fleet: Fleet, agent: Agent) -> str:
    """Return such as "Rex (studio) · Working". What works changes too often for more."""
    who = _with_gateway(fleet, agent.gateway, plain(agent.shown_name, NAME_CHARS))
    return tr("{name} · {status}", name=who, status=status_word(agent.status))


def _with_gateway(fleet: Fleet, gateway: str, what: str) -> str:
    if len(fleet.shown()) < 2:
        return what
    name = plain(fleet.gateways[gateway].name, GATEWAY_CHARS)
    return tr("{name} ({gateway})", name=what, gateway=name)
