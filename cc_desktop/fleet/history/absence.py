"""What happened while the operator was away: from ledgers, the app's own list, and the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cc_desktop.fleet.history.entries import FAILURES, Entry, EntryKind
from cc_desktop.fleet.history.ledger import RUN, LedgerRecord
from cc_desktop.fleet.model import ConnectionState, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cc_desktop.fleet.model import Fleet, Gateway

SHORTEST_MS = 30 * 60_000  # an absence shorter than that is none
# 2026.9.6 calls a run blocked that failed for an answer of the model, measured.
_FAILED = ("failed", "timed_out", "blocked")
_SAME_END_MS = 60_000  # the ledger and the row of a session tell one end so far apart

Costs = dict[tuple[str, str], float]  # (gateway id, session key) → USD so far


class Absence(Struct, frozen=True):
    """From when to when nobody looked. Local ms."""

    since: int
    until: int
    costs: Costs | None = None  # at its begin; None: the app was not running then


class RunEnd(Struct, frozen=True):
    """A run that ended meanwhile."""

    gateway: str
    agent: str
    session_key: str
    at: int  # local ms
    title: str = ""
    reason: str = ""  # why it failed


class Gone(Struct, frozen=True):
    """A gateway that could not be reached for a while."""

    gateway: str
    at: int  # local ms
    lasted_ms: int = 0  # 0: it still cannot be reached


class AwaySummary(Struct, frozen=True):
    """What the card says. Newest first."""

    absence: Absence
    finished: tuple[RunEnd, ...] = ()
    failed: tuple[RunEnd, ...] = ()
    decided: tuple[Entry, ...] = ()
    expired: tuple[Entry, ...] = ()
    gone: tuple[Gone, ...] = ()
    usd: float = 0.0
    is_least: bool = False  # it was more, but nobody knows how much
    spender: tuple[str, str] | None = None  # the agent that cost most

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.finished or self.failed or self.decided or self.expired or self.gone)


def costs_of(fleet: Fleet) -> Costs:
    """What every session has cost so far."""
    return {
        (gateway.id, key): session.cost_usd
        for gateway in fleet.shown()
        for agent in gateway.agents.values()
        for key, session in agent.sessions.items()
        if session.cost_usd
    }


def summarize(
    absence: Absence,
    fleet: Fleet,
    entries: Iterable[Entry],
    ledgers: Mapping[str, tuple[LedgerRecord, ...]],
) -> AwaySummary:
    """Everything that is known of an absence.

    Args:
        absence: When it was.
        fleet: The model now.
        entries: The app's own list, in any order.
        ledgers: What the ledgers say of runs, by gateway id. A gateway that is not in it is told
            of by the app's own list.
    """
    shown = {gateway.id: gateway for gateway in fleet.shown()}
    own = sorted(
        (e for e in entries if e.gateway in shown and absence.since <= e.at <= absence.until),
        key=lambda entry: -entry.at,
    )
    finished: list[RunEnd] = []
    failed: list[RunEnd] = []
    for entry in own:
        if entry.gateway in ledgers:
            continue
        end = RunEnd(
            entry.gateway, entry.agent, entry.session_key, entry.at, entry.title, entry.detail
        )
        if entry.kind is EntryKind.FINISHED:
            finished.append(end)
        elif entry.kind in FAILURES:
            failed.append(end)
    for ident, records in ledgers.items():
        if ident in shown:
            good, bad = _ends(absence, shown[ident], records, own)
            finished += good
            failed += bad
    usd, is_least, spender = _cost(absence, fleet)
    return AwaySummary(
        absence,
        tuple(sorted(finished, key=lambda end: -end.at)),
        tuple(sorted(failed, key=lambda end: -end.at)),
        tuple(entry for entry in own if entry.kind is EntryKind.DECIDED),
        tuple(entry for entry in own if entry.kind is EntryKind.EXPIRED),
        tuple(_gone(absence, shown, own)),
        usd,
        is_least,
        spender,
    )


def _ends(
    absence: Absence, gateway: Gateway, records: Iterable[LedgerRecord], own: list[Entry]
) -> tuple[list[RunEnd], list[RunEnd]]:
    """Runs that a ledger says finished or failed."""
    good: list[RunEnd] = []
    bad: list[RunEnd] = []
    reasons: dict[str, list[Entry]] = {}
    for entry in own:
        if entry.gateway == gateway.id and entry.kind in FAILURES:
            reasons.setdefault(entry.session_key, []).append(entry)
    for record in records:
        at = record.at + gateway.clock_offset_ms
        if record.kind != RUN or not absence.since <= at <= absence.until:
            continue
        agent = gateway.agents.get(record.agent)
        session = agent.sessions.get(record.session_key) if agent else None
        end = RunEnd(
            gateway.id,
            record.agent,
            record.session_key,
            at,
            session.title if session else "",
            next(
                (
                    entry.detail
                    for entry in reasons.get(record.session_key, ())
                    if abs(entry.at - at) <= _SAME_END_MS
                ),
                "",
            ),
        )
        if record.status == "succeeded":
            good.append(end)
        elif record.status in _FAILED:
            bad.append(end)
    return good, bad


def _gone(absence: Absence, shown: Mapping[str, Gateway], own: list[Entry]) -> list[Gone]:
    lost: dict[str, int] = {}
    found: list[Gone] = []
    for entry in reversed(own):
        if entry.kind is EntryKind.LOST:
            lost.setdefault(entry.gateway, entry.at)
        elif entry.kind is EntryKind.BACK and entry.gateway in lost:
            at = lost.pop(entry.gateway)
            found.append(Gone(entry.gateway, at, max(1, entry.at - at)))
    for ident, at in lost.items():
        if shown[ident].connection.state is not ConnectionState.LIVE:
            found.append(Gone(ident, at))
    return sorted(found, key=lambda gone: -gone.at)


def _cost(absence: Absence, fleet: Fleet) -> tuple[float, bool, tuple[str, str] | None]:
    """What sessions cost meanwhile, whether it was at least that, and the dearest agent.

    Without a sum from the begin of the absence, only sessions count that started in it.
    """
    by_agent: dict[tuple[str, str], float] = {}
    for gateway in fleet.shown():
        if gateway.origin is Origin.DEMO and absence.costs is None:
            continue
        for agent in gateway.agents.values():
            for key, session in agent.sessions.items():
                if absence.costs is not None:
                    spent = session.cost_usd - absence.costs.get((gateway.id, key), 0.0)
                elif session.started_at + gateway.clock_offset_ms >= absence.since:
                    spent = session.cost_usd
                else:
                    continue
                if spent > 0:
                    where = (gateway.id, agent.id)
                    by_agent[where] = by_agent.get(where, 0.0) + spent
    if not by_agent:
        return 0.0, absence.costs is None, None
    dearest = max(by_agent, key=lambda key: (by_agent[key], key))
    return sum(by_agent.values()), absence.costs is None, dearest
