from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.desktop.tray.fleet_lines import HEADLINE, fleet_lines
from cc_desktop.fleet import events as ev
from tests.desktop import sample
from tests.desktop.inbox import fleet as inbox
from tests.desktop.sample import MIN, NOW

if TYPE_CHECKING:
    from cc_desktop.fleet.store import Store


def fail(store: Store, agent: str, ago: int, why: str) -> None:
    found = store.fleet.agent("studio", agent)
    assert found is not None
    key = found.status_session_key or next(iter(found.sessions), f"agent:{agent}:main")
    times = {"updated_at": NOW, "ended_at": NOW - ago}
    fields = {"status": "failed", "active": False, "error": why, **times}
    store.apply(ev.SessionChanged("studio", key, agent, fields))


def test_who_needs_you_comes_newest_first_each_with_the_reason() -> None:
    store = sample.live_store(second=False)
    fail(store, "otto", 2 * MIN, "no disk")
    fail(store, "flip", 30 * MIN, "no money")
    texts = [line.text for line in fleet_lines(store.fleet, NOW)]

    assert [text for text in texts if "failed" in text] == [
        "Otto failed: no disk",
        texts[3],  # Rex, of 4 min ago
        "Flip failed: no money",
    ]
    assert texts[3].startswith("Rex failed: the API")


def test_the_headline_comes_first_and_hostile_reasons_are_one_short_line() -> None:
    store = sample.live_store(second=False)
    fail(store, "otto", 0, "a\nb\u202ec\x00" + "x" * 5000)
    lines = fleet_lines(store.fleet, NOW)

    assert lines[0].agent == HEADLINE
    assert all("\n" not in line.text and len(line.text) < 130 for line in lines)
    assert "\u202e" not in "".join(line.text for line in lines)


def test_what_of_a_gateway_needs_somebody_is_there_and_seen_items_are_not() -> None:
    store = inbox.store()
    lines = fleet_lines(store.fleet, NOW)
    assert lines[0].text.startswith("5 need you")
    assert lines[0].text.endswith("6 warnings")
    items = [line for line in lines if line.item]
    assert "Sign in to Anthropic again" in items[0].text  # the newest
    assert len({line.key for line in lines}) == len(lines)
    approval = inbox.item(store, "approval")
    store.apply(ev.Seen("studio", {approval.mark: approval.since}))
    assert approval.id not in [line.item for line in fleet_lines(store.fleet, NOW)]
