"""The card "While you were away", in words."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from cc_desktop.text.agent_facts import gist
from cc_desktop.text.format import clock, cost, name_list, plain, run_time
from cc_desktop.text.i18n import tr, trn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cc_desktop.fleet.history.absence import Absence, AwaySummary, RunEnd
    from cc_desktop.fleet.history.entries import Entry
    from cc_desktop.fleet.model import Fleet

MOST_TITLE = 60  # characters of a title or a cause

Agents = tuple[tuple[str, str], ...]  # (gateway id, agent id)


class AwayKind(Enum):
    """What a line is about."""

    FINISHED = "finished"
    FAILED = "failed"
    DECIDED = "decided"
    EXPIRED = "expired"
    GONE = "gone"
    COST = "cost"


class AwayLine(NamedTuple):
    """A line of the card, and what a click on it opens."""

    kind: AwayKind
    head: str  # "14 runs finished"
    detail: str  # "Sketch: 12 icons exported · 13 more"
    agents: Agents = ()
    gateway: str = ""  # where no agent is meant


def heading(absence: Absence, now: int) -> str:
    """When it was: "While you were away · 08:10 to 12:40"."""
    return tr(
        "While you were away · {since} to {until}",
        since=clock(absence.since, now),
        until=clock(absence.until, now),
    )


def lines(summary: AwaySummary, fleet: Fleet) -> list[AwayLine]:
    """The lines of the card, the most important first where all are equally wide."""
    found: list[AwayLine] = []

    def add(kind: AwayKind, head: str, detail: str, agents: Agents) -> None:
        found.append(AwayLine(kind, head, detail, agents))

    if ends := summary.finished:
        head = trn("{n} run finished", "{n} runs finished", len(ends))
        add(AwayKind.FINISHED, head, _runs(ends, fleet), _of(ends))
    if ends := summary.failed:
        head = trn("{n} failed", "{n} failed", len(ends))
        add(AwayKind.FAILED, head, _causes(ends, fleet), _of(ends))
    if entries := summary.decided:
        head = trn("{n} decided without you", "{n} decided without you", len(entries))
        add(AwayKind.DECIDED, head, _asked(entries), _of(entries))
    if entries := summary.expired:
        head = trn("{n} expired undecided", "{n} expired undecided", len(entries))
        add(AwayKind.EXPIRED, head, _asked(entries), _of(entries))
    found += _gone(summary, fleet)
    if summary.usd > 0:
        amount = cost(summary.usd)
        head = tr("at least {cost}", cost=amount) if summary.is_least else amount
        who = _name(fleet, *summary.spender) if summary.spender else ""
        detail = tr("most of it: {name}", name=who) if who else ""
        add(AwayKind.COST, head, detail, (summary.spender,) if summary.spender else ())
    return found


def source_note(
    fleet: Fleet, without_ledger: Sequence[str], unanswered: Sequence[str], asking: Sequence[str]
) -> str:
    """Where the lines come from, where that is not the ledgers. All are ids of gateways."""

    def names(idents: Sequence[str]) -> str:
        return name_list(
            [plain(fleet.gateways[one].name, 40) for one in idents if one in fleet.gateways]
        )

    parts = []
    if without_ledger:
        parts.append(
            trn(
                "{names} keeps no ledger: what this app saw itself counts.",
                "{names} keep no ledger: what this app saw itself counts.",
                len(without_ledger),
                names=names(without_ledger),
            )
        )
    if unanswered:
        parts.append(
            trn(
                "{names} did not tell its ledger: what this app saw itself counts.",
                "{names} did not tell their ledgers: what this app saw itself counts.",
                len(unanswered),
                names=names(unanswered),
            )
        )
    if asking:
        parts.append(tr("Still asking {names}…", names=names(asking)))
    return " ".join(parts)


def _of(ends: Sequence[RunEnd] | Sequence[Entry]) -> Agents:
    return tuple(dict.fromkeys((end.gateway, end.agent) for end in ends))


def _name(fleet: Fleet, gateway: str, agent: str) -> str:
    found = fleet.agent(gateway, agent)
    return plain(found.shown_name if found else agent, 40)


def _more(first: str, count: int) -> str:
    return tr("{first} · {n} more", first=first, n=count) if count else first


def _runs(ends: Sequence[RunEnd], fleet: Fleet) -> str:
    newest = ends[0]
    name = _name(fleet, newest.gateway, newest.agent)
    title = plain(newest.title, MOST_TITLE)
    first = tr("{name}: {title}", name=name, title=title) if title else name
    return _more(first, len(ends) - 1)


def _causes(ends: Sequence[RunEnd], fleet: Fleet) -> str:
    """The one cause of all, else the newest with its cause."""
    causes = {plain(gist(end.reason), MOST_TITLE) for end in ends}
    if len(causes) == 1 and len(ends) > 1 and (cause := next(iter(causes))):
        return tr("one cause: {cause}", cause=cause)
    newest = ends[0]
    name = _name(fleet, newest.gateway, newest.agent)
    why = plain(gist(newest.reason) or newest.title, MOST_TITLE)
    return _more(tr("{name}: {title}", name=name, title=why) if why else name, len(ends) - 1)


def _asked(entries: Sequence[Entry]) -> str:
    first = plain(entries[0].detail, MOST_TITLE) or tr("a command")
    return _more(tr("“{what}”", what=first), len(entries) - 1)


def _gone(summary: AwaySummary, fleet: Fleet) -> list[AwayLine]:
    found = []
    now = summary.absence.until
    by_gateway: dict[str, list[tuple[int, int]]] = {}
    for gone in summary.gone:
        by_gateway.setdefault(gone.gateway, []).append((gone.at, gone.lasted_ms))
    for ident, times in by_gateway.items():
        gateway = fleet.gateways.get(ident)
        name = plain(gateway.name if gateway else ident, 40)
        at, lasted = times[0]
        if not lasted:
            head = tr("{gateway} is gone", gateway=name)
        else:
            head = tr("{gateway} was gone {span}", gateway=name, span=run_time(lasted))
        first = (
            tr("since {at}", at=clock(at, now)) if not lasted else tr("at {at}", at=clock(at, now))
        )
        found.append(AwayLine(AwayKind.GONE, head, _more(first, len(times) - 1), gateway=ident))
    return found
