from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cc_desktop.fleet import events as ev
from cc_desktop.fleet import facts
from cc_desktop.fleet.commands import Refresh
from cc_desktop.fleet.guard.limits import GuardLimits
from cc_desktop.fleet.inbox import InboxChanged
from cc_desktop.fleet.inbox.agent_items import agent_items
from cc_desktop.fleet.inbox.follow import all_items
from cc_desktop.fleet.inbox.weather import SHARED, WITHIN_MS, failures
from cc_desktop.fleet.model import (
    AGENTS_PER_GATEWAY,
    APPROVALS_PER_AGENT,
    COMMANDS_PER_GATEWAY,
    RUNS_PER_AGENT,
    SESSIONS_PER_AGENT,
    Agent,
    AgentChanged,
    Approval,
    Change,
    ConnectionInfo,
    ConnectionState,
    Device,
    DevicesChanged,
    Fleet,
    GatewayChanged,
    Now,
    Origin,
    Problem,
    Session,
    Status,
)
from cc_desktop.fleet.reducer import reduce
from cc_desktop.fleet.reducer.state import first_expiry
from cc_desktop.fleet.requests import Question, QuestionPart
from cc_desktop.fleet.runs import Cause
from cc_desktop.fleet.status import find_newest_finished, next_deadline, next_wait

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cc_desktop.fleet.inbox import InboxItem

NOW = 1_764_000_000_000  # ms
MINUTE = 60_000  # ms
G = "g"
KEY = "agent:a:main"
# Only some rows have them, so a list does not clear them.
CARRIED: dict[str, Any] = {
    "derived_title": "",
    "preview": "",
    "digest_health": "",
    "digest_headline": "",
    "digest_revision": 0,
}


class World:
    """A fleet and two clocks that are held. Checks after every event that the model is whole."""

    def __init__(self, *first: ev.Event) -> None:
        self.fleet = Fleet()
        self.now = NOW
        self.mono = 9_000  # ms: the machine has just started
        self.tell(ev.GatewayAdded(G, "Home"), *first)

    def tell(self, *events: ev.Event) -> list[Change]:
        """The changes of all these events."""
        found: list[Change] = []
        for event in events:
            before = self.fleet
            self.fleet, changes = reduce(before, event, self.now, self.mono)
            check(self.fleet)
            check_changes(before, self.fleet, changes)
            found += changes
        return found

    def tell_agents(self, *events: ev.Event) -> list[AgentChanged]:
        """The changes of agents alone."""
        return [change for change in self.tell(*events) if isinstance(change, AgentChanged)]

    def later(self, ms: int, *events: ev.Event) -> list[Change]:
        self.now += ms
        self.mono += ms
        return self.tell(*events)

    def agent(self, ident: str = "a") -> Agent:
        found = self.fleet.agent(G, ident)
        assert found is not None
        return found

    def session(self, key: str = KEY) -> Session:
        return self.agent().sessions[key]

    def status(self) -> Status:
        return self.agent().status


def check(fleet: Fleet) -> None:
    """What holds for every fleet, whatever was told."""
    for gateway_id, gateway in fleet.gateways.items():
        assert gateway.id == gateway_id
        for agent_id, agent in gateway.agents.items():
            assert (agent.gateway, agent.id) == (gateway_id, agent_id)
            rows = agent.sessions
            assert list(agent.by_activity) == sorted(
                (row.activity_at, key) for key, row in rows.items()
            )
            assert all((row.key, row.agent_id) == (key, agent_id) for key, row in rows.items())
            assert not any(row.archived for row in rows.values())
            alive = {key for key, run in agent.runs.items() if not run.over}
            alive |= {key for key, row in rows.items() if row.active}
            if not agent.dropped_runs:
                assert set(agent.heard) == alive
            assert set(agent.heard) <= alive
            signs = [at.mono for at in agent.heard.values()]
            assert signs == sorted(signs)
            assert agent.acting == sum(
                key not in agent.runs or not agent.runs[key].thinking for key in agent.heard
            )
            assert agent.newest_finished_key == find_newest_finished(rows, agent.by_activity)
            assert agent.approvals_expire_at == first_expiry(agent.approvals)
            assert len(rows) <= SESSIONS_PER_AGENT + 100
            assert max(len(agent.runs), len(agent.heard)) <= RUNS_PER_AGENT
            assert len(agent.approvals) <= APPROVALS_PER_AGENT
            assert agent.awaiting_reply == {
                key for key, row in rows.items() if row.digest_health == "waiting-on-user"
            }
            assert agent.unconfirmed_failures == {
                key
                for key, run in agent.runs.items()
                if run.over and run.error and key in rows and not rows[key].finished_at
            }
            assert all(run.session_key == key for key, run in agent.runs.items())
            assert all(approval.id == key for key, approval in agent.approvals.items())
            assert agent.questions_expire_at == first_expiry(agent.questions)
            if gateway.listing is None and gateway.origin not in (Origin.LAST_KNOWN, Origin.NONE):
                fresh = [plain(item) for item in agent_items(gateway, agent)]
                assert [plain(item) for item in gateway.inbox.get(agent_id, ())] == fresh
            circling = {key: run for key, run in agent.runs.items() if run.runs_away}
            assert agent.runaway.keys() == circling.keys()
            assert all(run.has_evidence_of(agent.runaway[key]) for key, run in circling.items())
            assert max(len(agent.habit), len(agent.decided)) <= 50
            if gateway.listing is None:
                away = gateway.origin in (Origin.LAST_KNOWN, Origin.NONE)
                assert (agent.status is Status.OFFLINE) is away
        assert gateway.session_count == sum(len(a.sessions) for a in gateway.agents.values())
        assert len(gateway.agents) <= AGENTS_PER_GATEWAY
        assert len(gateway.commands) <= COMMANDS_PER_GATEWAY
    check_weather(fleet)


def check_weather(fleet: Fleet) -> None:
    """Failures of one cause within ten minutes are part of one item, and no others are."""
    singles = [(gateway, item) for gateway in fleet.gateways.values() for item in failures(gateway)]
    expected: dict[tuple[str, bool], set[str]] = {}
    for gateway, item in singles:
        is_demo = gateway.origin is Origin.DEMO
        close = [
            other
            for where, other in singles
            if other.id != item.id
            and other.cause == item.cause
            and (where.origin is Origin.DEMO) is is_demo
            and abs(other.since - item.since) <= WITHIN_MS
        ]
        assert bool(item.part_of) is bool(close), (item, close)
        if close:
            expected.setdefault((item.cause, is_demo), set()).add(item.id)
    shared = [item for g in fleet.gateways.values() for item in g.inbox.get(SHARED, ())]
    assert sorted(map(sorted, expected.values())) == sorted(sorted(one.members) for one in shared)
    parts = {item.id: item.part_of for _, item in singles}
    for group in shared:
        assert group.count == len(group.members) > 1
        assert {parts[member] for member in group.members} == {group.id}


def plain(item: InboxItem) -> InboxItem:
    """The item without what depends on when it began, and on other agents."""
    return replace(item, since=0, seen=False, part_of="")


def check_changes(before: Fleet, after: Fleet, changes: list[Change]) -> None:
    """Whoever follows only the changes has the same agents as the model."""
    agents = {(g.id, a.id): a for g in before.gateways.values() for a in g.agents.values()}
    items = {item.id: item for g in before.gateways.values() for item in all_items(g)}
    gateways = dict(before.gateways)
    for change in changes:
        if isinstance(change, AgentChanged):
            place = (change.gateway, change.agent_id)
            assert change.before == agents.get(place)
            assert change.after != change.before
            agents.pop(place, None)
            if change.after is not None:
                agents[place] = change.after
        elif isinstance(change, InboxChanged):
            item = change.before or change.after
            assert item is not None
            assert change.before == items.pop(item.id, None)
            assert change.before != change.after
            if change.after is not None:
                items[item.id] = change.after
        elif isinstance(change, GatewayChanged):
            assert change.before == gateways.get(change.gateway)
            if change.after is None:
                del gateways[change.gateway]
            else:
                gateways[change.gateway] = change.after
    assert agents == {(g.id, a.id): a for g in after.gateways.values() for a in g.agents.values()}
    assert list(gateways) == list(after.gateways)
    for name, gateway in after.gateways.items():
        told = gateways[name]
        assert (told.connection, told.origin, told.hidden) == (
            gateway.connection,
            gateway.origin,
            gateway.hidden,
        )
        old = before.gateways.get(name)
        if old is not None and old.devices != gateway.devices:
            assert DevicesChanged(name, old.devices, gateway.devices) in changes


def row(key: str = KEY, agent_id: str = "a", **fields: Any) -> Session:
    return Session(key=key, agent_id=agent_id, **{"updated_at": NOW - MINUTE, **fields})


def listed(*sessions: Session, agents: Iterable[str] = ("a",), **more: Any) -> ev.Snapshot:
    infos = tuple(ev.AgentInfo(ident, ident.upper()) for ident in agents)
    return ev.Snapshot(G, infos, sessions, **more)


def changed(key: str = KEY, *, complete: bool = True, **fields: Any) -> ev.SessionChanged:
    return ev.SessionChanged(G, key, "a", fields, complete)


def running(at: int = NOW, **fields: Any) -> dict[str, Any]:
    return {"status": "running", "active": True, "updated_at": at, **fields}


def ended(at: int = NOW, status: str = "done", **fields: Any) -> dict[str, Any]:
    return {"status": status, "active": False, "updated_at": at, "ended_at": at, **fields}


def progress(run_id: str = "r1", key: str = KEY, **fields: Any) -> ev.RunProgress:
    return ev.RunProgress(G, "a", key, run_id, **fields)


# Gateways


def test_gateways_come_and_go() -> None:
    world = World()
    assert world.tell(ev.GatewayAdded(G, "Another name")) == []
    assert world.fleet.gateways[G].name == "Home"
    world.tell(listed(row(), agents=("a", "b")))
    changes = world.tell(ev.GatewayRemoved(G))
    assert [type(change) for change in changes] == [AgentChanged, AgentChanged, GatewayChanged]
    assert world.fleet.gateways == {}


def test_gateways_keep_the_order_of_the_settings() -> None:
    world = World(ev.GatewayAdded("b", "B"), ev.GatewayAdded("a", "A"))
    world.tell(ev.ConnectionChanged(G, ConnectionInfo(ConnectionState.LIVE)), listed())
    assert list(world.fleet.gateways) == [G, "b", "a"]


def test_a_gateway_hears_only_its_own_events() -> None:
    world = World(ev.GatewayAdded("other", "Other"), listed(row()))
    world.tell(ev.Snapshot("other", (ev.AgentInfo("a"),), (row(**ended(status="failed")),)))
    assert world.status() is Status.IDLE
    other = world.fleet.agent("other", "a")
    assert other is not None
    assert other.status is Status.ERROR


@pytest.mark.parametrize(
    "event",
    [
        ev.GatewayRemoved("?"),
        ev.ConnectionChanged("?", ConnectionInfo(ConnectionState.LIVE)),
        ev.Snapshot("?", (ev.AgentInfo("a"),), ()),
        ev.OriginChanged("?", Origin.LIVE),
        ev.Tick("?"),
        ev.SessionChanged(G, KEY, "?", running()),
        ev.SessionRemoved(G, KEY, "?"),
        ev.SessionRemoved(G, "agent:a:other", "a"),
        ev.AgentActivity(G, "?", Status.ERROR),
        ev.AgentConfigured(G, "?", "Name"),
        ev.RunProgress(G, "?", KEY, "r"),
        ev.ApprovalOpened(G, Approval("x", "?")),
        ev.ApprovalClosed(G, "?", "x"),
        ev.ApprovalClosed(G, "a", "x"),
        ev.Tick(G),
    ],
    ids=repr,
)
def test_what_is_unknown_changes_nothing(event: ev.Event) -> None:
    world = World(listed(row()))
    before = world.fleet
    assert world.later(1, event) == []
    assert world.fleet is before


def test_the_link_changes_and_tells_since_when_the_data_is_old() -> None:
    world = World(ev.ConnectionChanged(G, ConnectionInfo(ConnectionState.LIVE)), listed(row()))
    problem = Problem("lost")
    lost = ConnectionInfo(ConnectionState.WAITING, until=NOW + MINUTE, problem=problem)
    changes = world.later(MINUTE, ev.ConnectionChanged(G, lost))
    assert [type(change) for change in changes] == [GatewayChanged]
    gateway = world.fleet.gateways[G]
    assert gateway.connection == lost
    assert gateway.as_of == NOW + MINUTE  # true until the link went
    world.later(MINUTE, ev.ConnectionChanged(G, ConnectionInfo(ConnectionState.CONNECTING)))
    assert world.fleet.gateways[G].as_of == NOW + MINUTE
    assert world.later(1, ev.ConnectionChanged(G, ConnectionInfo(ConnectionState.CONNECTING))) == []


def test_hidden_and_shown() -> None:
    world = World(listed(row()))
    assert len(world.tell(ev.Shown(G, False))) == 1
    assert world.fleet.shown() == []
    assert world.tell(ev.Shown(G, False)) == []
    world.tell(ev.Shown(G, True))
    assert [gateway.id for gateway in world.fleet.shown()] == [G]


# What is newer


def test_a_newer_row_replaces_an_older_one() -> None:
    world = World(listed(row(label="Old")), changed(**running(label="New")))
    assert world.session().label == "New"
    assert world.status() is Status.ACTIVE


def test_a_stale_running_after_done_does_not_revive() -> None:
    """Every run on 2026.5.7 ends so."""
    world = World(listed(row(**running(NOW - MINUTE))))
    world.tell(changed(**ended(NOW)))
    assert world.status() is Status.IDLE
    done = world.session()
    assert world.tell(changed(**running(NOW - 68))) == []
    assert world.session() is done
    assert world.status() is Status.IDLE


def test_a_row_of_the_same_time_counts() -> None:
    """2026.9.6 tells of a new run with the times of the former one."""
    world = World(listed(row(**ended(NOW))), changed(**running(NOW)))
    assert world.status() is Status.ACTIVE


def test_the_same_row_again_changes_nothing() -> None:
    world = World(listed(row(**ended(NOW))))
    assert world.later(1, changed(**ended(NOW))) == []


def test_old_news_of_a_run_is_still_a_sign_of_life() -> None:
    world = World(listed(row(**running(NOW))))
    world.later(5 * MINUTE, changed(**running(NOW - 1)))
    assert world.agent().last_seen_at == {KEY: NOW + 5 * MINUTE}
    assert world.session().updated_at == NOW


def test_fields_that_are_absent_are_unchanged_in_a_part_and_cleared_in_a_whole_row() -> None:
    whole = row(label="L", channel="web", total_tokens=5, preview="p", derived_title="d")
    world = World(listed(whole))
    world.tell(changed(complete=False, updated_at=NOW, total_tokens=6))
    assert world.session() == replace(whole, updated_at=NOW, total_tokens=6)
    world.tell(changed(updated_at=NOW + 1, kind="direct"))
    assert world.session() == Session(
        KEY, "a", updated_at=NOW + 1, kind="direct", preview="p", derived_title="d"
    )


def test_a_null_clears() -> None:
    world = World(listed(row(label="L", error="E", preview="p", digest_health="stuck")))
    world.tell(changed(complete=False, updated_at=NOW, label="", error=""))
    assert (world.session().label, world.session().error) == ("", "")
    world.tell(changed(updated_at=NOW + 1, preview="", digest_health=""))
    assert (world.session().preview, world.session().digest_health) == ("", "")


def test_a_session_that_no_list_named_yet() -> None:
    world = World(listed(), changed(**running(label="New")))
    assert world.session() == row(**running(label="New"))
    assert world.status() is Status.ACTIVE


def test_has_active_run_overrules_the_status() -> None:
    world = World(listed(row(status="done", active=True, ended_at=NOW - MINUTE)))
    assert world.status() is Status.ACTIVE
    assert world.session().finished_at == 0
    world.tell(changed(status="running", active=False, updated_at=NOW))  # killed, restarted
    assert world.status() is Status.IDLE
    world.tell(changed(status="failed", active=True, updated_at=NOW))
    assert world.status() is Status.ACTIVE
    assert not world.session().failed
    world.tell(changed(status="failed", active=False, updated_at=NOW))
    assert world.status() is Status.ERROR


def test_an_archived_session_is_gone() -> None:
    world = World(listed(row(), row("agent:a:x", archived=True)))
    assert set(world.agent().sessions) == {KEY}
    world.tell(changed(**running(NOW)), progress())
    world.tell(changed(complete=False, updated_at=NOW + 1, archived=True))
    agent = world.agent()
    assert (agent.sessions, agent.by_activity, agent.runs, agent.heard) == ({}, [], {}, {})
    assert agent.status is Status.IDLE


@pytest.mark.parametrize(
    ("known", "removed", "gone"),
    [("s2", "s2", True), ("s2", "s1", False), ("s2", "", True), ("", "s1", True)],
)
def test_only_the_generation_that_was_deleted_goes(known: str, removed: str, gone: bool) -> None:
    world = World(listed(row(**running(session_id=known))), progress())
    changes = world.tell(ev.SessionRemoved(G, KEY, "a", removed))
    assert bool(changes) is gone
    assert (KEY in world.agent().sessions) is not gone
    assert world.status().working is not gone


# Lists


def test_a_list_brings_and_takes_agents() -> None:
    world = World(listed(agents=("a", "b")))
    changes = world.tell(listed(agents=("b", "c")))
    assert [
        (change.agent_id, change.before is None, change.after is None)
        for change in changes
        if isinstance(change, AgentChanged)
    ] == [("c", True, False), ("a", False, True)]
    assert list(world.fleet.gateways[G].agents) == ["b", "c"]


def test_a_list_settles_what_events_left() -> None:
    world = World(listed(row(**running(NOW)), row("agent:a:gone")))
    fresh = row(**ended(NOW - 5))  # older than the event, and still right
    world.tell(listed(fresh))
    assert world.agent().sessions == {KEY: fresh}
    assert world.status() is Status.IDLE


def test_an_event_while_the_list_was_made_is_not_lost() -> None:
    world = World(listed(row(**running(NOW - 9))), changed(**ended(NOW)))
    world.tell(listed(row(**running(NOW - 9)), changed_meanwhile=frozenset({KEY})))
    assert world.session() == row(**ended(NOW))
    assert world.status() is Status.IDLE


def test_a_list_that_is_newer_than_the_event_holds() -> None:
    world = World(listed(row()), changed(**running(NOW)))
    world.tell(listed(row(**ended(NOW + 1)), changed_meanwhile=frozenset({KEY})))
    assert world.session() == row(**ended(NOW + 1))


def test_a_session_that_came_while_the_list_was_made_stays() -> None:
    world = World(listed(), changed("agent:a:new", **running(NOW)))
    world.tell(listed(row(), changed_meanwhile=frozenset({"agent:a:new"})))
    assert set(world.agent().sessions) == {KEY, "agent:a:new"}
    world.tell(listed(row()))
    assert set(world.agent().sessions) == {KEY}


def test_a_list_does_not_clear_what_lists_never_tell() -> None:
    told = {"derived_title": "T", "preview": "P"}
    world = World(listed(row(session_id="s1")))
    world.tell(changed(complete=False, updated_at=NOW, **told))
    world.tell(listed(row(session_id="s1", updated_at=NOW)))
    assert world.session() == row(session_id="s1", updated_at=NOW, **told)
    world.tell(listed(row(session_id="s2", updated_at=NOW)))  # a new generation
    assert world.session() == row(session_id="s2", updated_at=NOW)


def test_a_list_of_the_same_does_not_change_an_agent() -> None:
    world = World(listed(row(**ended(NOW)), agents=("a", "b")))
    changes = world.later(MINUTE, listed(row(**ended(NOW)), agents=("a", "b")))
    assert [type(change) for change in changes] == [GatewayChanged]
    assert world.fleet.gateways[G].as_of == NOW + MINUTE


def test_rows_of_agents_that_are_not_listed_are_left_out() -> None:
    world = World(listed(row(), row("agent:z:main", "z")))
    assert list(world.fleet.gateways[G].agents) == ["a"]


def test_a_list_tells_the_difference_of_the_clocks() -> None:
    world = World(listed(row(**running(NOW - 20 * MINUTE)), taken_at=NOW - 20 * MINUTE))
    assert world.fleet.gateways[G].clock_offset_ms == 20 * MINUTE
    assert world.status() is Status.ACTIVE  # by the gateway's clock it is fresh
    world.tell(listed(row()))
    assert world.fleet.gateways[G].clock_offset_ms == 20 * MINUTE


def test_the_time_of_a_status_is_the_time_of_its_change() -> None:
    world = World(listed(row()))
    world.later(5, changed(**running(NOW + 5)))
    assert world.agent().status_since == NOW + 5
    world.later(5, changed(**running(NOW + 10, label="x")), listed(row(**running(NOW + 10))))
    assert world.agent().status_since == NOW + 5


def test_another_cause_of_the_same_status_is_no_change_of_it() -> None:
    other = "agent:a:other"
    world = World(listed(row(**ended(NOW, "failed"))))
    world.later(5, changed(other, **ended(NOW + 5, "failed")))
    assert world.agent().status_session_key == other
    assert (world.status(), world.agent().status_since) == (Status.ERROR, NOW)


@pytest.mark.parametrize(
    "end",
    [
        ev.SessionRemoved(G, KEY, "a"),
        changed(updated_at=NOW, archived=True),
        changed(updated_at=NOW, digest_health=""),
        changed(updated_at=NOW, digest_health="on-track"),
        changed(updated_at=NOW),
        listed(row()),
        listed(),
    ],
    ids=[
        *("deleted", "archived", "answered", "goes on", "a row without digest"),
        *("listed without digest", "not listed"),
    ],
)
def test_a_question_is_open_until_its_session_says_otherwise(end: ev.Event) -> None:
    world = World(listed(row()))
    world.tell(changed(complete=False, updated_at=NOW, digest_health="waiting-on-user"))
    assert (world.status(), world.agent().status_session_key) == (Status.WAITING, KEY)
    world.tell(end)
    assert world.status() is Status.IDLE


# Runs


def test_a_run_s_own_events_tell_what_it_does() -> None:
    world = World(listed(row(**running(NOW))))
    world.tell(progress())
    assert world.status() is Status.THINKING
    world.tell(progress(thinking=False, activity="exec: uname -a"))
    assert world.status() is Status.ACTIVE
    assert world.agent().runs[KEY].activity == "exec: uname -a"
    world.tell(progress(thinking=True))
    assert world.agent().runs[KEY].activity == "exec: uname -a"
    world.tell(progress(activity=""))
    assert world.agent().runs[KEY].activity == ""


def test_a_run_counts_before_any_row_says_so() -> None:
    world = World(listed(row(**ended(NOW))), progress())
    assert world.status() is Status.THINKING
    world.tell(progress(over=True))
    assert world.status() is Status.IDLE


def test_a_late_event_does_not_start_the_run_again() -> None:
    world = World(listed(row()), progress(), progress(over=True))
    assert world.later(1, progress(thinking=True, activity="late")) == []
    assert world.status() is Status.IDLE
    world.tell(progress("r2"))
    assert world.status() is Status.THINKING


def test_the_end_of_a_run_that_nobody_saw_is_no_run() -> None:
    world = World(listed(row()))
    assert world.tell(progress(over=True)) == []


def test_a_row_that_ends_the_run_ends_the_overlay() -> None:
    world = World(listed(row(**running(NOW))), progress(), changed(**ended(NOW + 5)))
    assert world.status() is Status.IDLE
    assert world.agent().runs[KEY].over
    assert world.tell(progress(activity="late")) == []


def test_a_list_drops_the_overlay_of_what_does_not_run() -> None:
    world = World(listed(row(**running(NOW))), progress())
    world.tell(listed(row(**running(NOW))))
    assert KEY in world.agent().runs
    world.tell(listed(row(**ended(NOW))))
    assert world.agent().runs == {}
    assert world.status() is Status.IDLE


def test_a_run_that_started_while_the_list_was_made_stays() -> None:
    world = World(listed(row(**ended(NOW))), progress())
    world.tell(listed(row(**ended(NOW)), changed_meanwhile=frozenset({KEY})))
    assert world.status() is Status.THINKING


@pytest.mark.parametrize(
    "later",
    [
        changed(complete=False, **ended(NOW + 13_000, "failed")),
        listed(row(**ended(NOW + 13_000, "failed"))),
        listed(row(**ended(NOW + 13_000, "failed")), changed_meanwhile=frozenset({KEY})),
    ],
    ids=["row", "list", "list, touched"],
)
def test_the_reason_of_a_failure_that_only_the_run_tells(later: ev.Event) -> None:
    """On 2026.5.7 the row follows 13 s later, and neither it nor the list says why."""
    world = World(listed(row(**running(NOW, active=False))), progress())
    world.tell(progress(error="rejected", over=True))
    assert (world.status(), world.agent().status_session_key) == (Status.ERROR, KEY)
    world.later(13_000, changed(complete=False, **running(NOW)))  # stale, as ever
    assert world.status() is Status.ERROR
    world.later(3_000, later)
    assert (world.status(), world.agent().status_session_key) == (Status.ERROR, KEY)
    assert world.agent().runs[KEY].error == "rejected"


def test_a_failure_that_the_row_denies_is_none() -> None:
    world = World(listed(row(**running(NOW))), progress(error="E"), progress(over=True))
    world.tell(changed(**ended(NOW + 1)))
    assert world.status() is Status.IDLE


def test_the_reason_goes_with_its_run() -> None:
    world = World(listed(row(**running(NOW))), progress(), progress(error="E", over=True))
    world.tell(listed(row(**ended(NOW, "failed"))))
    world.later(5 * MINUTE, listed(row(**ended(NOW + 5 * MINUTE, "failed"))))  # another failure
    assert KEY not in world.agent().runs
    world.tell(changed(**running(world.now)), progress("r2"))
    assert (world.status(), world.agent().runs[KEY].error) == (Status.THINKING, "")


def test_a_run_that_failed_can_go_on() -> None:
    """With another model: its own start says so, and nothing else does."""
    world = World(listed(row(**running(NOW))), progress(), progress(error="E", over=True))
    assert world.tell(progress(activity="late")) == []
    world.tell(progress(starts=True))
    assert (world.status(), world.agent().runs[KEY].error) == (Status.THINKING, "")


# Approvals


def test_an_open_approval_waits_for_a_person() -> None:
    world = World(listed(row(**running(NOW)), row("agent:a:x")))
    world.tell(ev.ApprovalOpened(G, Approval("p1", "a", KEY, "rm -r")))
    assert (world.status(), world.agent().status_session_key) == (Status.WAITING, KEY)
    assert world.tell(ev.ApprovalClosed(G, "a", "p2")) == []
    world.tell(ev.ApprovalClosed(G, "a", "p1"))
    assert world.status() is Status.ACTIVE


def test_an_approval_that_is_told_again_keeps_its_time() -> None:
    world = World(listed(row()), ev.ApprovalOpened(G, Approval("p", "a", KEY, "rm -r")))
    assert world.later(MINUTE, ev.ApprovalOpened(G, Approval("p", "a", KEY))) == []
    approval = world.agent().approvals["p"]
    assert (approval.title, approval.opened_at) == ("rm -r", NOW)


def test_deciding_one_approval_leaves_the_others_of_its_session() -> None:
    world = World(listed(row()))
    world.tell(*(ev.ApprovalOpened(G, Approval(ident, "a", KEY)) for ident in ("p1", "p2")))
    world.tell(ev.ApprovalClosed(G, "a", "p1"))
    assert (set(world.agent().approvals), world.status()) == ({"p2"}, Status.WAITING)


@pytest.mark.parametrize(
    "meanwhile",
    [
        [changed(**ended(NOW + 1))],
        [listed(row(**ended(NOW + 1)))],
        [progress(over=True)],
        [changed(**running(NOW + 2, started_at=NOW + 2)), progress("r2", starts=True)],
        [listed(row(**ended(NOW + 9, started_at=NOW + 8)))],
    ],
    ids=["row over", "listed as over", "run over", "next run", "a later run is over"],
)
def test_an_approval_that_no_run_waits_for_outlives_runs(meanwhile: list[ev.Event]) -> None:
    """Measured on 2026.5.7: the run ends while it is open, and another message leaves it open."""
    world = World(listed(row(**running(NOW))), progress(starts=True))
    world.tell(ev.ApprovalOpened(G, Approval("p", "a", KEY)), *meanwhile)
    assert world.status() is Status.WAITING


@pytest.mark.parametrize(
    "end",
    [
        progress(over=True),
        changed(**ended(NOW + 1)),
        listed(row(**ended(NOW + 1))),
        listed(),
        ev.SessionRemoved(G, KEY, "a"),
        changed(updated_at=NOW + 1, archived=True),
    ],
    ids=["run over", "row over", "listed as over", "not listed", "deleted", "archived"],
)
def test_an_approval_that_a_run_waits_for_ends_with_it(end: ev.Event) -> None:
    """2026.9.6: the run stays active while it waits."""
    waits = ev.ApprovalOpened(G, Approval("p", "a", KEY, run_id="r1"))
    world = World(listed(row(**running(NOW))), progress(starts=True), waits)
    world.tell(changed(**running(NOW)), listed(row(**running(NOW))), progress("r2", over=True))
    assert world.status() is Status.WAITING
    world.tell(end)
    assert world.agent().approvals == {}
    assert world.status() is not Status.WAITING


@pytest.mark.parametrize("run_id", ["", "r1"])
def test_a_gateway_that_restarts_forgets_its_approvals(run_id: str) -> None:
    """Measured on both releases; 2026.9.6 goes on with the session in another run."""
    asked = ev.ApprovalOpened(G, Approval("p", "a", KEY, run_id=run_id))
    world = World(listed(row(**running(NOW))), asked)
    world.later(MINUTE, listed(row(**running(NOW)), since=NOW))
    assert world.status() is Status.WAITING
    world.tell(listed(row(**running(NOW)), since=NOW + 1))
    assert world.agent().approvals == {}


@pytest.mark.parametrize("run_id", ["", "r1"])
@pytest.mark.parametrize(("started_at", "is_open"), [(NOW, True), (NOW + MINUTE, False)])
def test_an_approval_that_was_decided_while_nothing_was_heard(
    run_id: str, started_at: int, is_open: bool
) -> None:
    """Only the run that follows a decision shows it: a list then has a newer run."""
    known = {"started_at": NOW} | (running(NOW) if run_id else ended(NOW + 1))
    world = World(listed(row(**known)))
    world.tell(ev.ApprovalOpened(G, Approval("p", "a", KEY, run_id=run_id)))
    world.tell(ev.OriginChanged(G, Origin.LAST_KNOWN))
    world.later(2 * MINUTE, listed(row(**{**known, "started_at": started_at})))
    assert (world.status() is Status.WAITING) is is_open


def test_an_approval_expires_by_the_clock() -> None:
    world = World(listed(row()))
    world.tell(ev.ApprovalOpened(G, Approval("p", "a", KEY, expires_at=NOW + MINUTE)))
    assert next_deadline(world.fleet.gateways[G].agents, MINUTE, NOW) == NOW + MINUTE
    assert world.later(MINUTE - 1, ev.Tick(G)) == []
    assert world.status() is Status.WAITING
    world.now, world.mono = world.now + 1, world.mono + 1
    assert len(world.tell_agents(ev.Tick(G))) == 1
    assert (world.status(), world.agent().approvals) == (Status.IDLE, {})


# Time


def test_a_silent_run_is_stuck_to_the_millisecond() -> None:
    world = World(listed(row(**running(NOW))))
    limit = world.fleet.stuck_after_ms
    agents = world.fleet.gateways[G].agents
    assert next_deadline(agents, limit, NOW, world.mono) == NOW + limit
    assert next_wait(world.fleet, Now(NOW, world.mono)) == limit
    assert world.later(limit - 1, ev.Tick(G)) == []
    assert world.status() is Status.ACTIVE
    world.now, world.mono = world.now + 1, world.mono + 1
    assert len(world.tell_agents(ev.Tick(G))) == 1
    assert (world.status(), world.agent().status_session_key) == (Status.STUCK, KEY)
    assert world.tell(ev.Tick(G)) == []


@pytest.mark.parametrize(
    "sign",
    [
        progress(),
        changed(**running(NOW + 1)),
        changed(**running(NOW)),
        changed(**running(NOW - 1)),
    ],
    ids=["run", "newer row", "same row", "older row"],
)
def test_any_sign_of_life_frees_it(sign: ev.Event) -> None:
    world = World(listed(row(**running(NOW))))
    world.later(world.fleet.stuck_after_ms, ev.Tick(G))
    assert world.status() is Status.STUCK
    world.tell(sign)
    assert world.status().working


@pytest.mark.parametrize("sign", [progress(activity="exec"), changed(**running(NOW - 1))])
def test_signs_of_life_that_say_nothing_else_count_once_a_second(sign: ev.Event) -> None:
    world = World(listed(row(**running(NOW))))
    world.later(5_000, progress(activity="exec"))
    assert world.later(999, sign) == []
    assert world.agent().last_seen_at == {KEY: NOW + 5_000}
    assert len(world.later(1, sign)) == 1
    assert world.agent().last_seen_at == {KEY: NOW + 6_000}


@pytest.mark.parametrize(
    "news",
    [{"activity": "read"}, {"thinking": False}, {"error": "E"}, {"over": True}, {"run_id": "r2"}],
    ids=str,
)
def test_what_a_run_says_that_is_new_is_there_at_once(news: dict[str, Any]) -> None:
    world = World(listed(row(**running(NOW))))
    world.tell(progress(activity="exec", thinking=True))
    assert len(world.tell(progress(**news))) == 1


def test_a_list_is_no_sign_of_life() -> None:
    world = World(listed(row(**running(NOW))))
    world.later(world.fleet.stuck_after_ms, listed(row(**running(NOW))))
    assert world.status() is Status.STUCK


def test_one_busy_session_does_not_hide_a_silent_one() -> None:
    other = "agent:a:other"
    world = World(listed(row(**running(NOW)), row(other, **running(NOW))))
    world.later(world.fleet.stuck_after_ms, progress(key=other))
    assert (world.status(), world.agent().status_session_key) == (Status.STUCK, KEY)


def test_what_does_not_run_is_never_stuck() -> None:
    world = World(listed(row(**ended(NOW))))
    assert world.later(100 * world.fleet.stuck_after_ms, ev.Tick(G)) == []


# Origin


def test_last_known_is_offline_and_back() -> None:
    world = World(listed(row(**ended(NOW, "failed"))))
    assert world.status() is Status.ERROR
    world.later(5, ev.OriginChanged(G, Origin.LAST_KNOWN))
    assert (world.status(), world.agent().status_since) == (Status.OFFLINE, NOW + 5)
    assert world.session().status == "failed"
    assert world.tell(ev.OriginChanged(G, Origin.LAST_KNOWN)) == []
    assert world.later(MINUTE, ev.Tick(G)) == []
    world.tell(ev.OriginChanged(G, Origin.LIVE))
    assert world.status() is Status.ERROR


def test_a_list_of_another_origin_changes_it() -> None:
    world = World(listed(row(), origin=Origin.LAST_KNOWN))
    assert world.status() is Status.OFFLINE
    world.tell(listed(row()))
    assert world.fleet.gateways[G].origin is Origin.LIVE
    assert world.status() is Status.IDLE
    world.tell(ev.OriginChanged(G, Origin.REST))
    assert world.status() is Status.IDLE


# Seen


def test_a_failure_that_was_seen_is_no_error_until_the_next() -> None:
    world = World(listed(row(**ended(NOW, "failed"))))
    assert len(world.tell_agents(ev.Seen(G, {KEY: NOW}))) == 1
    assert world.status() is Status.IDLE
    world.tell(listed(row(**ended(NOW, "failed"))))
    assert world.status() is Status.IDLE
    world.tell(changed(**ended(NOW + 1, "timeout")))
    assert world.status() is Status.ERROR
    world.tell(ev.Seen(G, {"agent:a:other": NOW + 1}))
    assert world.status() is Status.ERROR
    assert world.fleet.gateways[G].seen == {KEY: NOW, "agent:a:other": NOW + 1}


def test_a_failure_is_over_when_a_later_run_succeeds() -> None:
    world = World(listed(row(**ended(NOW, "failed"))))
    world.tell(changed("agent:a:other", **ended(NOW + 1)))
    assert world.status() is Status.IDLE


# What an agent says of itself, and devices


def test_activity_of_the_other_dialect() -> None:
    world = World(listed())
    world.tell(ev.AgentActivity(G, "a", Status.ACTIVE, "sorting mail", NOW))
    assert (world.status(), world.agent().reported_task) == (Status.ACTIVE, "sorting mail")
    assert world.agent().last_activity == NOW
    assert world.tell(ev.AgentActivity(G, "a", Status.IDLE, "late", NOW - 1)) == []
    world.tell(ev.AgentActivity(G, "a", None, None, NOW + 1))
    assert (world.status(), world.agent().reported_task) == (Status.ACTIVE, "sorting mail")
    world.tell(ev.AgentActivity(G, "a", Status.ERROR, "", NOW + 2))
    assert (world.status(), world.agent().reported_task) == (Status.ERROR, "")


def test_configuration_of_the_other_dialect() -> None:
    world = World(listed())
    world.tell(ev.AgentConfigured(G, "a", name="Otto", role="mail"))
    world.tell(ev.AgentConfigured(G, "a", emoji="🦦", model="m", role=""))
    agent = world.agent()
    assert (agent.name, agent.role, agent.emoji, agent.model) == ("Otto", "", "🦦", "m")


def test_heartbeats_are_told_once_and_kept_over_lists() -> None:
    world = World(listed(agents=("a", "b")))
    told = world.tell(ev.HeartbeatsTold(G, {"a": MINUTE, "b": 0, "nobody": MINUTE}))
    assert [change.agent_id for change in told if isinstance(change, AgentChanged)] == ["a"]
    assert world.tell(ev.HeartbeatsTold(G, {"a": MINUTE})) == []
    world.tell(listed(row(), agents=("a", "b")), ev.HeartbeatsTold(G, {"b": 1}))
    assert (world.agent().heartbeat_ms, world.agent("b").heartbeat_ms) == (MINUTE, 1)
    assert len(world.tell(ev.HeartbeatsTold(G, {"a": 0}))) == 1


def test_devices_are_a_full_list() -> None:
    world = World(listed())
    phone, node = Device(G, "d1", "Phone"), Device(G, "d2", "Node", online=False)
    both = {"d1": phone, "d2": node}
    assert world.tell(ev.DevicesListed(G, (phone, node))) == [DevicesChanged(G, {}, both)]
    assert world.tell(ev.DevicesListed(G, (phone, node))) == []
    assert world.tell(ev.DevicesListed(G, (node,))) == [DevicesChanged(G, both, {"d2": node})]
    assert world.fleet.gateways[G].devices == {"d2": node}


# Whatever is told, in whatever order

some = settings(max_examples=200, deadline=None, derandomize=True)
gateway_ids = st.sampled_from([G, G, G, "h", "?"])
agent_ids = st.sampled_from(["a", "b", "?"])
keys = st.sampled_from([f"agent:a:{name}" for name in ("main", "x", "y")])
times = st.integers(0, 9).map(lambda n: NOW + n * 2 * MINUTE) | st.sampled_from([0, 2**62])
small = st.sampled_from(["", "one", "two"])
statuses = st.none() | st.sampled_from(list(Status))
field_values: dict[str, st.SearchStrategy[Any]] = {
    "session_id": small,
    "label": small,
    "preview": small,
    "error": small,
    "status": st.sampled_from(
        ["", "queued", "running", "done", "failed", "killed", "timeout", "new"]
    ),
    "active": st.booleans(),
    "aborted": st.booleans(),
    "archived": st.sampled_from([False, False, False, True]),
    "updated_at": times,
    "ended_at": times,
    "digest_health": st.sampled_from(["", "waiting-on-user", "stuck"]),
    "output_tokens": st.integers(0, 9),
}
fields: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries({}, optional=field_values)
sessions = st.builds(
    lambda key, agent_id, values: Session(key, agent_id, **values), keys, agent_ids, fields
)
infos = st.builds(
    ev.AgentInfo,
    id=agent_ids,
    name=small,
    role=small,
    status=statuses,
    task=small,
    last_activity=times,
)
approvals = st.builds(
    Approval,
    id=small,
    agent_id=agent_ids,
    session_key=keys,
    run_id=small,
    opened_at=times,
    expires_at=times,
    family=st.sampled_from(["", "exec", "plugin"]),
)
questions = st.builds(
    Question,
    id=small,
    agent_id=agent_ids,
    parts=st.builds(QuestionPart, small, small).map(lambda part: (part,)),
    session_key=keys,
    run_id=small,
    opened_at=times,
    expires_at=st.just(0) | times,
    can_answer=st.booleans(),
)
records: st.SearchStrategy[facts.Fact] = st.one_of(
    st.builds(
        facts.CronJob,
        small,
        last_status=st.sampled_from(["", "ok", "error"]),
        next_run_at=st.just(0) | times,
    ),
    st.builds(facts.SignIn, small, small, st.sampled_from(["ok", "expiring", "expired"])),
    st.builds(facts.Quota, small, small, small, st.sampled_from([10.0, 95.0]), times),
    st.builds(facts.Channel, small, small, st.sampled_from(list(facts.ChannelState))),
    st.builds(facts.Task, small, status=st.sampled_from(["running", "failed"])),
    st.builds(facts.JoinRequest, small, expires_at=st.just(0) | times),
    st.builds(facts.Condition, small, st.sampled_from(list(facts.ConditionKind))),
)
flags = st.none() | st.booleans()
words = st.none() | small
origins = st.sampled_from(list(Origin))
any_event: st.SearchStrategy[ev.Event] = st.one_of(
    st.builds(ev.GatewayAdded, gateway_ids.filter("?".__ne__), small),
    st.builds(ev.GatewayRemoved, st.sampled_from(["h", "?"])),
    st.builds(
        ev.ConnectionChanged,
        gateway_ids,
        st.builds(ConnectionInfo, st.sampled_from(list(ConnectionState)), times),
    ),
    st.builds(
        ev.Snapshot,
        gateway_ids,
        st.lists(infos, max_size=3, unique_by=lambda info: info.id).map(tuple),
        st.lists(sessions, max_size=4).map(tuple),
        origins,
        times,
        st.frozensets(keys, max_size=2),
        times,
    ),
    st.builds(ev.SessionChanged, gateway_ids, keys, agent_ids, fields, st.booleans()),
    st.builds(ev.SessionRemoved, gateway_ids, keys, agent_ids, small),
    st.builds(
        ev.DevicesListed, gateway_ids, st.lists(st.builds(Device, gateway_ids, small)).map(tuple)
    ),
    st.builds(ev.AgentActivity, gateway_ids, agent_ids, statuses, words, times),
    st.builds(ev.AgentConfigured, gateway_ids, agent_ids, words, words, words, words),
    st.builds(
        ev.RunProgress,
        gateway_ids,
        agent_ids,
        keys,
        small,
        flags,
        words,
        words,
        st.booleans(),
        st.booleans(),
        call=small,
        tokens=st.integers(0, 9),
        cause=st.none() | st.builds(Cause, small, small, small, st.sampled_from([0, 529])),
    ),
    st.builds(ev.ApprovalOpened, gateway_ids, approvals),
    st.builds(ev.ApprovalClosed, gateway_ids, agent_ids | st.just(""), small, small, small),
    st.builds(
        ev.ApprovalsListed,
        gateway_ids,
        st.sampled_from([(), ("exec",), ("exec", "plugin")]),
        st.lists(approvals, max_size=3).map(tuple),
    ),
    st.builds(ev.ApprovalsUnlisted, gateway_ids),
    st.builds(ev.QuestionOpened, gateway_ids, questions),
    st.builds(ev.QuestionClosed, gateway_ids, agent_ids | st.just(""), small, small),
    st.builds(ev.QuestionsListed, gateway_ids, st.lists(questions, max_size=3).map(tuple)),
    st.builds(
        ev.HeadlineTold,
        gateway_ids,
        agent_ids,
        keys,
        small,
        st.sampled_from(["", "on-track", "waiting-on-user"]),
        st.integers(0, 3),
    ),
    st.builds(ev.FactTold, gateway_ids, records),
    st.builds(
        lambda gateway, record: ev.FactsListed(gateway, type(record), (record,)),
        gateway_ids,
        records,
    ),
    st.builds(
        lambda gateway, record: ev.FactGone(gateway, type(record), record.id), gateway_ids, records
    ),
    st.builds(
        ev.HeartbeatsTold, gateway_ids, st.dictionaries(agent_ids, st.integers(0, 2), max_size=2)
    ),
    st.builds(ev.OriginChanged, gateway_ids, origins),
    st.builds(ev.Shown, gateway_ids, st.booleans()),
    st.builds(ev.Seen, gateway_ids, st.dictionaries(keys, times, max_size=2)),
    st.builds(ev.Unseen, gateway_ids, st.frozensets(keys, max_size=2)),
    st.builds(ev.SignOfLife, gateway_ids),
    st.builds(ev.CommandSent, gateway_ids, st.builds(Refresh, id=small, gateway=gateway_ids)),
    st.builds(ev.CommandDone, gateway_ids, small),
    st.builds(ev.CommandRefused, gateway_ids, small, small),
    st.builds(ev.Tick, gateway_ids),
)


@given(st.lists(st.tuples(st.integers(0, 6 * MINUTE), any_event), max_size=25))
@some
def test_any_events_leave_the_model_whole(told: list[tuple[int, ev.Event]]) -> None:
    world = World(listed(agents=("a", "b")))
    limits = GuardLimits(same_calls=2, habit_runs=1, least_tokens=1, habit_factor=1)
    world.fleet = replace(world.fleet, guard=limits)  # so that few events are too many
    for ms, event in told:
        world.later(ms, event)


def full(values: dict[str, Any]) -> dict[str, Any]:
    return {"label": "", "status": "", "active": False, "updated_at": NOW, **values}


@st.composite
def a_run(draw: st.DrawFn, key: str) -> tuple[list[ev.Event], Session | None]:
    """What a gateway tells of a run, and the row that a list has of it afterwards."""
    start = NOW + draw(st.integers(1, 100))
    partly = draw(st.booleans())  # rows of 2026.5.7 are not whole
    told: list[ev.Event] = []
    at = start
    for _ in range(draw(st.integers(0, 3))):
        at += draw(st.integers(0, 5))
        title = draw(st.sampled_from(["", "T"]))
        told.append(changed(key, complete=not partly, **running(at), derived_title=title))
        told.append(
            progress(
                draw(st.sampled_from(["r1", "r2"])),
                key,
                thinking=draw(flags),
                activity=draw(words),
                error=draw(st.sampled_from([None, None, "E"])),
            )
        )
    end = at + draw(st.integers(1, 50))
    status = draw(st.sampled_from(["done", "failed", "killed", "timeout", "running", "deleted"]))
    if status == "deleted":
        told.append(ev.SessionRemoved(G, key, "a"))
        return told, None
    if status == "running":
        return told, row(key, **running(at, label=draw(small)))
    told.append(progress("r1", key, over=True))
    told.append(changed(key, complete=not partly, **ended(end, status)))
    told.append(changed(key, complete=not partly, **running(draw(st.integers(start, end)))))
    error = "E" if status in ("failed", "timeout") else ""
    final = row(key, **ended(end + draw(st.integers(0, 9)), status, error=error))
    return told, replace(final, ended_at=end, output_tokens=draw(st.integers(0, 9)))


@pytest.mark.slow
@given(st.data(), st.lists(keys, min_size=1, max_size=3, unique=True), st.booleans())
@some
def test_events_in_any_order_and_a_fresh_list_are_the_fresh_list(
    data: st.DataObject, names: list[str], known: bool
) -> None:
    told: list[ev.Event] = []
    rows: list[Session] = []
    for name in names:
        events, final = data.draw(a_run(name))
        told += events
        rows += [final] if final else []
    told = data.draw(st.permutations(told))
    told = told[: data.draw(st.integers(0, len(told)))]  # some are lost
    before = [row(name, label="Before", error="Before") for name in names] if known else []

    world, fresh = World(listed(*before), *told), World()
    world.later(MINUTE, listed(*rows))
    fresh.later(MINUTE, listed(*rows))

    got, expected = world.agent(), fresh.agent()
    assert {
        key: replace(session, **CARRIED) for key, session in got.sessions.items()
    } == expected.sessions
    assert got.by_activity == expected.by_activity
    assert set(got.heard) == set(expected.heard)
    assert got.awaiting_reply == expected.awaiting_reply
    if expected.status is Status.ACTIVE:
        assert got.status.working  # the run's own events tell more: whether it thinks
    else:
        assert (got.status, got.status_session_key) == (
            expected.status,
            expected.status_session_key,
        )
    unsettled = {"sessions", "heard", "acting", "runs"}
    unsettled |= {"status", "status_since", "status_session_key"}
    unsettled |= {"habit"}  # what its runs took is its history
    for name in set(Agent.__struct_fields__) - unsettled:
        assert getattr(got, name) == getattr(expected, name), name


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(keys, fields.map(full)),
        min_size=1,
        max_size=8,
        unique_by=lambda pair: pair[1]["updated_at"],
    ),
    st.data(),
)
@some
def test_rows_of_different_times_end_at_the_newest_in_any_order(
    told: list[tuple[str, dict[str, Any]]], data: st.DataObject
) -> None:
    rows = [(key, {**values, **CARRIED, "archived": False}) for key, values in told]
    rows = [
        (key, {**values, "updated_at": NOW + index}) for index, (key, values) in enumerate(rows)
    ]
    newest = {key: Session(key, "a", **values) for key, values in rows}
    world = World(listed())
    world.tell(*(changed(key, **values) for key, values in data.draw(st.permutations(rows))))
    assert world.agent().sessions == newest
    fresh = World(listed(*newest.values()))
    assert world.status() is fresh.status()
    assert world.agent().by_activity == fresh.agent().by_activity
