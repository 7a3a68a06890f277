from __future__ import annotations

from cc_desktop.diagnostics.timeline import LENGTH, Timeline
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Origin, Problem
from cc_desktop.fleet.store import Store
from tests.fakes.clock import START_MS


class Watched:
    def __init__(self, length: int = LENGTH) -> None:
        self.now = START_MS
        self.store = Store(lambda: self.now)
        self.timeline = Timeline(self.store, lambda: self.now, length)

    def connection(self, state: ConnectionState, problem: Problem | None = None) -> None:
        self.now += 1000
        self.store.apply(ev.ConnectionChanged("g", ConnectionInfo(state, problem=problem)))


def test_each_change_of_a_connection_is_an_entry_with_its_time() -> None:
    watched = Watched()
    watched.store.apply(ev.GatewayAdded("g", "G", "ws://g/"))
    watched.connection(ConnectionState.CONNECTING)
    problem = Problem("token-mismatch", "AUTH_TOKEN_MISMATCH", said="the words of the gateway")
    watched.connection(ConnectionState.BLOCKED, problem)
    watched.store.apply(ev.GatewayRemoved("g"))

    entries = watched.timeline.entries
    assert [entry.state for entry in entries] == ["off", "connecting", "blocked", "removed"]
    assert [entry.at for entry in entries[:3]] == [START_MS, START_MS + 1000, START_MS + 2000]
    assert "blocked, source none, token-mismatch, AUTH_TOKEN_MISMATCH" in entries[2].line()
    assert "the words" not in entries[2].line()


def test_what_changes_nothing_of_a_connection_is_none() -> None:
    watched = Watched()
    watched.store.apply(ev.GatewayAdded("g", "G", "ws://g/"))
    watched.connection(ConnectionState.LIVE)
    before = watched.timeline.entries
    watched.connection(ConnectionState.LIVE)
    watched.store.apply(ev.Snapshot("g", (ev.AgentInfo("otto"),), (), Origin.NONE))
    assert len(watched.timeline.entries) == len(before)
    watched.store.apply(ev.OriginChanged("g", Origin.LIVE))
    assert watched.timeline.entries[-1].source == "live"


def test_the_oldest_give_way() -> None:
    watched = Watched(length=3)
    watched.store.apply(ev.GatewayAdded("g", "G", "ws://g/"))
    for _ in range(4):
        watched.connection(ConnectionState.CONNECTING)
        watched.connection(ConnectionState.WAITING)
    assert [entry.at - START_MS for entry in watched.timeline.entries] == [6000, 7000, 8000]


def test_who_stops_hears_no_more() -> None:
    watched = Watched()
    watched.timeline.stop()
    watched.store.apply(ev.GatewayAdded("g", "G", "ws://g/"))
    assert watched.timeline.entries == ()
