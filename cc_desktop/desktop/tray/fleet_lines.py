"""The entries about the fleet in the tray's menu. No Qt."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, NamedTuple

from cc_desktop.fleet.model import NEEDS_YOU, WORKING, Origin
from cc_desktop.fleet.summary import summarize
from cc_desktop.text.agent_facts import state_since
from cc_desktop.text.agents import NOTHING, status_word, two_lines
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr
from cc_desktop.text.summary import headline

if TYPE_CHECKING:
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
    """

    gateway: str
    agent: str
    text: str


def fleet_lines(fleet: Fleet, now: int) -> tuple[Line, ...]:
    """Return the headline, who needs the operator (newest first, with the reason), who works.

    `now` is local ms.
    """
    summary = summarize(fleet)
    said = headline(summary)
    if summary.origin is Origin.DEMO:
        said = tr("DEMO · {headline}", headline=said)
    lines = [Line("", HEADLINE, said)]
    agents = [agent for gateway in fleet.shown() for agent in gateway.agents.values()]
    need_you = [agent for agent in agents if agent.status in NEEDS_YOU]
    at_work = [agent for agent in agents if agent.status in WORKING]

    def newest_first(agent: Agent) -> tuple[int, str, str, str]:
        return (
            -state_since(agent, fleet.gateways[agent.gateway].clock_offset_ms),
            *_by_name(agent),
        )

    for more, group, order in (
        (MORE_NEED_YOU, need_you, newest_first),
        (MORE_WORK, at_work, lambda agent: (0, *_by_name(agent))),
    ):
        first = heapq.nsmallest(LISTED, group, key=order)
        lines += [Line(agent.gateway, agent.id, _text(fleet, agent, now)) for agent in first]
        if len(group) > len(first):
            lines.append(Line("", more, tr("and {count} more", count=len(group) - len(first))))
    return tuple(lines)


def _by_name(agent: Agent) -> tuple[str, str, str]:
    return agent.shown_name.casefold(), agent.gateway, agent.id


def _text(fleet: Fleet, agent: Agent, now: int) -> str:
    """Return such as "Rex (studio) · Error: no credit". What works changes too often for more."""
    gateway = fleet.gateways[agent.gateway]
    who = plain(agent.shown_name, NAME_CHARS)
    if len(fleet.shown()) > 1:
        who = tr("{name} ({gateway})", name=who, gateway=plain(gateway.name, GATEWAY_CHARS))
    word = status_word(agent.status)
    if agent.status.needs_you:
        reason, _ = two_lines(agent, now, gateway.clock_offset_ms)
        if reason != NOTHING:
            word = tr("{status}: {reason}", status=word, reason=plain(reason, REASON_CHARS))
    return tr("{name} · {status}", name=who, status=word)
