"""Failures of several agents with one cause are one item."""

from __future__ import annotations

import pytest

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.inbox import InboxChanged, InboxItem, InboxKind
from cc_desktop.fleet.inbox.open_items import open_items
from cc_desktop.fleet.inbox.weather import WITHIN_MS
from cc_desktop.fleet.model import Origin
from cc_desktop.fleet.runs import Cause
from cc_desktop.fleet.summary import summarize
from tests.fleet.test_reduce import MINUTE, NOW, G, World, row

OVERLOADED = "The AI service is temporarily overloaded. Please try again in a moment."


def snapshot(gateway: str, *agents: str, origin: Origin = Origin.LIVE) -> ev.Snapshot:
    infos = tuple(ev.AgentInfo(name, name.upper()) for name in agents)
    rows = tuple(row(f"agent:{name}:main", name) for name in agents)
    return ev.Snapshot(gateway, infos, rows, origin)


def fails(
    agent: str, error: str = OVERLOADED, gateway: str = G, cause: Cause | None = None
) -> list[ev.Event]:
    run = (gateway, agent, f"agent:{agent}:main", f"run-{agent}")
    return [
        ev.RunProgress(*run, starts=True),
        ev.RunProgress(*run, error=error, over=True, cause=cause),
    ]


def fleet(*agents: str) -> World:
    return World(snapshot(G, *agents))


def groups(world: World) -> list[InboxItem]:
    return [item for item in open_items(world.fleet) if item.members]


def test_two_agents_with_one_cause_are_one_item_with_the_single_ones_in_it() -> None:
    world = fleet("a", "b", "c")
    world.tell(*fails("a", cause=Cause("anthropic", "m", "overloaded", 529)))
    assert groups(world) == []
    world.later(MINUTE, *fails("b", cause=Cause("anthropic", "n", "overloaded", 529)))
    [group] = open_items(world.fleet)
    assert (group.kind, group.provider, group.code) == (InboxKind.FAILED, "anthropic", "529")
    assert (group.count, group.since, group.span_ms) == (2, NOW, MINUTE)
    singles = [one for one in open_items(world.fleet, parts=True) if not one.members]
    assert {one.id for one in singles} == set(group.members)
    assert {one.part_of for one in singles} == {group.id}
    world.later(MINUTE, *fails("c", cause=Cause("anthropic")))  # its words say the same
    assert [(one.id, one.count) for one in groups(world)] == [(group.id, 3)]


def test_it_is_the_same_item_while_it_grows_and_shrinks_and_ends_with_the_second_last() -> None:
    world = fleet("a", "b", "c")
    world.tell(*fails("a"), *fails("b"))
    [first] = groups(world)
    world.later(MINUTE, *fails("c"))
    [grown] = groups(world)
    assert (grown.id, grown.count) == (first.id, 3)
    world.tell(ev.RunProgress(G, "a", "agent:a:main", "again", starts=True))
    world.tell(ev.SessionChanged(G, "agent:a:main", "a", done(), complete=True))
    assert [(one.id, one.count) for one in groups(world)] == [(first.id, 2)]
    world.tell(ev.SessionChanged(G, "agent:b:main", "b", done(), complete=True))
    [single] = open_items(world.fleet)
    assert (single.agent, single.part_of) == ("c", "")


def done() -> dict[str, object]:
    at = NOW + 5 * MINUTE
    return {"status": "done", "active": False, "updated_at": at, "ended_at": at}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HTTP 500 request 3f9a1c22-aa10-4b2e-9c11-0a1b2c3d4e5f", "HTTP 500 request 77aa88bb99"),
        ("tool crashed after 12 s in /tmp/x1", "tool crashed after 4710 s in /tmp/x1"),
        ("429 Too Many Requests", "Rate limit exceeded, retry in 20s"),
        ("Your credit balance is too low", "402 payment required"),
    ],
)
def test_the_same_words_but_for_what_varies_are_one_cause(one: str, other: str) -> None:
    world = fleet("a", "b")
    world.tell(*fails("a", one), *fails("b", other))
    assert len(groups(world)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cannot write the report", "cannot read the mail"),
        ("429 Too Many Requests", OVERLOADED),
        ("context overflow", "context overflow"),  # each agent's own
        ("", ""),
    ],
)
def test_other_failures_are_told_one_by_one(one: str, other: str) -> None:
    world = fleet("a", "b")
    world.tell(*fails("a", one), *fails("b", other))
    assert groups(world) == []


def test_other_providers_have_their_own_weather() -> None:
    world = fleet("a", "b")
    world.tell(*fails("a", cause=Cause("anthropic", reason="overloaded")))
    world.tell(*fails("b", cause=Cause("openai", reason="overloaded")))
    assert groups(world) == []


def test_failures_that_are_far_apart_are_not_one() -> None:
    world = fleet("a", "b", "c")
    world.tell(*fails("a"))
    world.later(WITHIN_MS + 1, *fails("b"))
    assert groups(world) == []
    world.later(WITHIN_MS, *fails("c"))
    assert [one.count for one in groups(world)] == [2]


def test_agents_of_several_gateways_are_in_one_item() -> None:
    world = fleet("a")
    world.tell(ev.GatewayAdded("h", "Office"), snapshot("h", "x"))
    world.tell(*fails("x", gateway="h"), *fails("a"))
    [group] = groups(world)
    assert (group.gateway, group.count) == (G, 2)  # the first in the order of the settings
    changes = world.tell(ev.GatewayRemoved("h"))
    assert groups(world) == []
    over = [one.before for one in changes if isinstance(one, InboxChanged) and one.after is None]
    assert {item.count for item in over if item} == {0, 2}


def test_sample_data_does_not_mix_with_what_is_real() -> None:
    world = fleet("a")
    world.tell(ev.GatewayAdded("demo", "Demo"), snapshot("demo", "x", origin=Origin.DEMO))
    world.tell(*fails("x", gateway="demo"), *fails("a"))
    assert groups(world) == []


def test_it_stays_while_its_gateway_is_away() -> None:
    world = fleet("a", "b")
    world.tell(*fails("a"), *fails("b"))
    world.tell(ev.OriginChanged(G, Origin.LAST_KNOWN))
    assert len(groups(world)) == 1


def test_it_counts_as_the_agents_that_it_is_about() -> None:
    world = fleet("a", "b")
    world.tell(*fails("a"), *fails("b"))
    summary = summarize(world.fleet)
    assert (summary.needs_you, summary.gateway_needs_you) == (2, 0)
