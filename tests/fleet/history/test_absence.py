"""What an absence brought."""

from __future__ import annotations

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.history.absence import Absence, Gone, costs_of, summarize
from cc_desktop.fleet.history.entries import Entry, EntryKind
from cc_desktop.fleet.history.ledger import LedgerRecord
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Origin, Session
from cc_desktop.fleet.store import Store

T0 = 1_790_000_000_000
HOUR = 3_600_000
KEY = "agent:otto:main"
AWAY = Absence(T0, T0 + HOUR)


def store_with(*sessions: Session, offset: int = 0) -> Store:
    store = Store(lambda: T0 + HOUR)
    store.apply(ev.GatewayAdded("g", "Studio"))
    store.apply(ev.ConnectionChanged("g", ConnectionInfo(ConnectionState.LIVE)))
    agents = (ev.AgentInfo("otto"), ev.AgentInfo("rex"))
    store.apply(ev.Snapshot("g", agents, sessions, Origin.LIVE, taken_at=T0 + HOUR - offset))
    return store


def entry(kind: EntryKind, minutes: int, detail: str = "", agent: str = "otto") -> Entry:
    at = T0 + minutes * 60_000
    return Entry(at, kind, "g", agent, KEY if agent else "", "Main", detail)


def record(ident: str, minutes: int, status: str, kind: str = "agent_run") -> LedgerRecord:
    at = T0 + minutes * 60_000
    return LedgerRecord(ident, at, kind, "agent.run.finished", status, "otto", KEY)


def test_the_own_list_counts_where_there_is_no_ledger_and_only_within_the_absence() -> None:
    own = [
        entry(EntryKind.FINISHED, -1),
        entry(EntryKind.FINISHED, 5),
        entry(EntryKind.TIMED_OUT, 7, "too long"),
        entry(EntryKind.TOOL, 8, "exec"),
        entry(EntryKind.DECIDED, 9, "make"),
        entry(EntryKind.EXPIRED, 9, "rm"),
    ]
    summary = summarize(AWAY, store_with().fleet, own, {})
    assert [end.at for end in summary.finished] == [T0 + 300_000]
    assert [end.reason for end in summary.failed] == ["too long"]
    assert [one.detail for one in summary.decided] == ["make"]
    assert [one.detail for one in summary.expired] == ["rm"]


def test_the_ledger_counts_where_there_is_one_and_the_own_list_knows_why() -> None:
    own = [entry(EntryKind.FAILED, 10, "no credits"), entry(EntryKind.FINISHED, 12)]
    records = (
        record("1", 3, "succeeded"),
        record("2", 4, "started"),
        record("3", 10, "failed"),
        record("4", 11, "succeeded", "tool_action"),
        record("5", 70, "succeeded"),
    )
    session = Session(KEY, "otto", label="Split it", updated_at=T0, started_at=T0 - 1)
    summary = summarize(AWAY, store_with(session).fleet, own, {"g": records})
    assert [(end.at, end.title) for end in summary.finished] == [(T0 + 180_000, "Split it")]
    assert [end.reason for end in summary.failed] == ["no credits"]


def test_times_of_the_ledger_are_the_gateways() -> None:
    ahead = 10 * 60_000
    store = store_with(offset=-ahead)  # its clock is ten minutes ahead
    assert store.fleet.gateways["g"].clock_offset_ms == -ahead
    late = summarize(AWAY, store.fleet, [], {"g": (record("1", 65, "succeeded"),)})
    assert len(late.finished) == 1
    assert summarize(AWAY, store.fleet, [], {"g": (record("1", 5, "succeeded"),)}).is_empty


def test_a_gateway_was_gone_or_still_is() -> None:
    lost, back = entry(EntryKind.LOST, 5, agent=""), entry(EntryKind.BACK, 9, agent="")
    store = store_with()
    gone = summarize(AWAY, store.fleet, [back, lost], {}).gone
    assert gone == (Gone("g", T0 + 300_000, 240_000),)
    assert summarize(AWAY, store.fleet, [lost], {}).gone == ()  # it is live: nothing to tell
    store.apply(ev.ConnectionChanged("g", ConnectionInfo(ConnectionState.WAITING)))
    assert summarize(AWAY, store.fleet, [lost], {}).gone == (Gone("g", T0 + 300_000),)


def test_the_cost_is_the_difference_and_at_least_that_where_the_app_was_not_running() -> None:
    old = Session(KEY, "otto", cost_usd=1.5, started_at=T0 - HOUR, updated_at=T0)
    new = Session("agent:rex:x", "rex", cost_usd=0.25, started_at=T0 + 1, updated_at=T0 + 1)
    fleet = store_with(old, new).fleet
    known = Absence(T0, T0 + HOUR, {("g", KEY): 1.0})
    summary = summarize(known, fleet, [], {})
    assert (summary.usd, summary.is_least, summary.spender) == (0.75, False, ("g", "otto"))
    unknown = summarize(AWAY, fleet, [], {})
    assert (unknown.usd, unknown.is_least, unknown.spender) == (0.25, True, ("g", "rex"))
    assert summarize(Absence(T0, T0 + HOUR, costs_of(fleet)), fleet, [], {}).usd == 0


def test_what_stands_behind_the_demo_is_not_told() -> None:
    store = store_with()
    store.apply(ev.Shown("g", shown=False))
    own = [entry(EntryKind.FINISHED, 5)]
    assert summarize(AWAY, store.fleet, own, {"g": (record("1", 3, "succeeded"),)}).is_empty
