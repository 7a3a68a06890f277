"""Failures with one cause are one alert that opens all the agents."""

from __future__ import annotations

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.inbox.open_items import open_items
from cc_desktop.notifications.preferences import Preferences
from cc_desktop.notifications.rules.items import is_wanted, item_alert
from cc_desktop.text.inbox.report import item_as_json
from tests.fleet.test_reduce import G
from tests.fleet.test_weather import fails, fleet, snapshot


def test_the_alert_says_how_many_and_why_and_opens_them() -> None:
    world = fleet("a", "b")
    world.tell(ev.GatewayAdded("h", "Office"), snapshot("h", "x"))
    world.tell(*fails("a"), *fails("b"), *fails("x", gateway="h"))
    [item] = open_items(world.fleet)
    alert = item_alert(world.fleet, item, world.now)
    assert (alert.title, alert.detail, alert.where) == ("3 agents failed", "Overloaded", "")
    assert set(alert.target.agents) == {(G, "a"), (G, "b"), ("h", "x")}
    assert alert.target.item == item.id


def test_a_group_of_muted_agents_is_not_told() -> None:
    world = fleet("a", "b")
    world.tell(*fails("a"), *fails("b"))
    [item] = open_items(world.fleet)
    some = Preferences(muted=frozenset({(G, "a")}))
    everyone = Preferences(muted=frozenset({(G, "a"), (G, "b")}))
    assert is_wanted(world.fleet, item, some)
    assert not is_wanted(world.fleet, item, everyone)


def test_programs_read_the_same() -> None:
    world = fleet("a", "b")
    world.tell(*fails("a"), *fails("b"))
    [item] = open_items(world.fleet)
    assert item_as_json(item, world.now)["title"] == "2 agents failed"
