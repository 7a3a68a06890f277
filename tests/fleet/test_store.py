from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import (
    AgentChanged,
    Approval,
    Change,
    Fleet,
    GatewayChanged,
    Session,
    Status,
)
from cc_desktop.fleet.reducer import reduce
from cc_desktop.fleet.store import Store

if TYPE_CHECKING:
    import pytest

    from cc_desktop.fleet.reducer.state import Result

NOW = 1_764_000_000_000  # ms
G = "g"


class UnexpectedError(Exception):
    """What nobody thought of."""


def make_store() -> Store:
    store = Store(lambda: NOW)
    store.apply(ev.GatewayAdded(G, "Home"))
    store.apply(ev.Snapshot(G, (ev.AgentInfo("a"),), (Session("agent:a:main", "a"),)))
    return store


def rename(name: str) -> ev.Event:
    return ev.AgentConfigured(G, "a", name=name)


def names(changes: list[Change]) -> list[str]:
    return [one.after.name for one in changes if isinstance(one, AgentChanged) and one.after]


def test_the_model_comes_first() -> None:
    store = Store(lambda: NOW)
    heard: list[tuple[int, list[Change]]] = []
    end = store.subscribe(lambda changes: heard.append((len(store.fleet.gateways), changes)))
    changes = store.apply(ev.GatewayAdded(G, "Home"))
    assert heard == [(1, changes)]
    assert store.apply(ev.Tick(G)) == []
    assert len(heard) == 1
    end()
    store.apply(ev.GatewayRemoved(G))
    assert len(heard) == 1


def test_a_listener_that_fails_is_logged_once_and_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = make_store()
    heard: list[str] = []

    def broken(changes: list[Change]) -> None:
        raise UnexpectedError

    store.subscribe(broken)
    store.subscribe(lambda changes: heard.extend(names(changes)))
    for number in range(100):
        store.apply(rename(str(number)))
    assert heard == [str(number) for number in range(100)]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "UnexpectedError" in caplog.text
    assert list(store.failures.values()) == [100]


def test_what_a_listener_applies_is_heard_after_what_led_to_it_by_all() -> None:
    store = make_store()
    heard: list[str] = []

    def reacts(changes: list[Change]) -> None:
        if names(changes) == ["one"]:
            assert store.apply(rename("two")) == []
            assert store.apply(rename("three")) == []
            assert store.fleet.gateways[G].agents["a"].name == "one"

    store.subscribe(reacts)
    store.subscribe(lambda changes: heard.extend(names(changes)))
    assert names(store.apply(rename("one"))) == ["one"]
    assert heard == ["one", "two", "three"]
    assert store.fleet.gateways[G].agents["a"].name == "three"


def test_a_listener_may_end_itself_or_another_twice() -> None:
    store = make_store()
    heard: list[str] = []

    def first(changes: list[Change]) -> None:
        end_first()
        end_first()
        end_second()

    end_first = store.subscribe(first)
    end_second = store.subscribe(lambda changes: heard.extend(names(changes)))
    store.apply(rename("one"))
    end_second()
    store.apply(rename("two"))
    assert heard == []


def test_an_event_that_fails_in_the_model_does_not_reach_its_source(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = make_store()
    store.apply(ev.GatewayAdded("other", "Other"))

    def broken(fleet: Fleet, event: ev.Event, now: int, mono: int | None = None) -> Result:
        if isinstance(event, ev.ApprovalOpened):
            raise UnexpectedError
        return reduce(fleet, event, now, mono)

    monkeypatch.setattr("cc_desktop.fleet.store.reduce", broken)
    heard: list[Change] = []
    store.subscribe(heard.extend)
    event = ev.ApprovalOpened(G, Approval("p", "a", "agent:a:main"))
    (change,) = store.apply(event)
    assert isinstance(change, GatewayChanged)
    assert heard == [change]
    assert all(store.apply(event) == [] for _ in range(9))
    assert store.fleet.gateways[G].faults == 10
    assert store.fleet.gateways["other"].faults == 0
    assert len(caplog.records) == 1
    assert store.fleet.gateways[G].agents["a"].status is Status.IDLE
    assert names(store.apply(rename("goes on"))) == ["goes on"]
    store.apply(ev.Snapshot(G, (ev.AgentInfo("a"),), ()))  # a fresh list: all is known again
    assert store.fleet.gateways[G].faults == 0


def test_a_list_of_which_a_slice_failed_does_not_end_the_fault() -> None:
    store = make_store()
    for _ in range(2):
        store.apply(ev.SessionChanged(G, "agent:a:x", "a", {"no_such_field": 1}))
    broken = Session("agent:nobody:x", "nobody")  # no agent of the slice
    store.apply(ev.SnapshotBegan(G, ("a",)))
    store.apply(ev.SnapshotRows(G, (ev.AgentInfo("a"),), (broken,)))
    store.apply(ev.SnapshotEnded(G))
    assert store.fleet.gateways[G].faults == 1
    assert store.fleet.gateways[G].listing is None
    store.apply(ev.Snapshot(G, (ev.AgentInfo("a"),), ()))
    assert store.fleet.gateways[G].faults == 0


def test_a_real_fault_in_the_model_is_contained() -> None:
    """`fields` with a name that no session has: a decoder's bug."""
    store = make_store()
    store.apply(ev.SessionChanged(G, "agent:a:x", "a", {"no_such_field": 1, "updated_at": NOW}))
    assert store.fleet.gateways[G].faults == 1


def test_the_wait_is_until_time_alone_changes_something() -> None:
    mono = 77
    store = Store(lambda: NOW, lambda: mono)
    assert store.wait_ms() is None
    store.apply(ev.GatewayAdded(G, "Home"))
    store.apply(ev.Snapshot(G, (ev.AgentInfo("a"),), ()))
    store.apply(ev.RunProgress(G, "a", "agent:a:main", "r"))
    assert store.wait_ms() == store.fleet.stuck_after_ms
    mono += 1_000
    assert store.wait_ms() == store.fleet.stuck_after_ms - 1_000
