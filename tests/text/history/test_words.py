"""What is said of what happened."""

from __future__ import annotations

import pytest

from cc_desktop.fleet.history.entries import Entry, EntryKind
from cc_desktop.fleet.history.ledger import LedgerRecord
from cc_desktop.fleet.history.usage import DayUsage, UsageReport
from cc_desktop.fleet.model import Gateway
from cc_desktop.text.history import activity, usage

NOW = 1_790_000_000_000


@pytest.mark.parametrize("kind", list(EntryKind))
@pytest.mark.parametrize("detail", ["", "make"])
def test_every_kind_has_words_and_a_shape(kind: EntryKind, detail: str) -> None:
    words = activity.entry_words(Entry(NOW, kind, "g", "a", "k", "Split it", detail), "studio")
    assert words
    assert "{" not in words
    assert kind in activity.ENTRY_SHAPES


def test_words_of_entries() -> None:
    def say(kind: EntryKind, detail: str = "", **more: int) -> str:
        return activity.entry_words(
            Entry(NOW, kind, "g", "a", "k", "Split it", detail, **more), "S"
        )

    assert say(EntryKind.FINISHED, ran_ms=72_000) == "Finished after 1 min 12 s: Split it"
    assert say(EntryKind.FAILED, "no credits") == "Failed: Split it · no credits"
    assert say(EntryKind.TOOL, "exec: curl", count=14) == "Used exec: curl · 14 times"
    assert say(EntryKind.LOST, "unreachable") == "S was lost: Not reachable"
    assert say(EntryKind.LOST, "a kind of the future").startswith("S was lost: ")


@pytest.mark.parametrize(
    ("kind", "status", "more", "words"),
    [
        ("agent_run", "blocked", {}, "Blocked: Split it"),
        ("tool_action", "succeeded", {"tool": "exec"}, "Used exec"),
        ("tool_action", "failed", {}, "a tool failed"),
        ("message", "succeeded", {"direction": "outbound", "channel": "x"}, "Message sent: x"),
        ("message", "odd", {"direction": "outbound"}, "act odd"),
        ("new", "new", {}, "act new"),
    ],
)
def test_words_of_records(kind: str, status: str, more: dict[str, str], words: str) -> None:
    record = LedgerRecord("1", NOW, kind, "act", status, **more)
    assert activity.record_words(record, "Split it") == words
    assert activity.record_shape(record)


def test_a_record_of_nothing_known_has_words_too() -> None:
    assert activity.record_words(LedgerRecord("1", NOW, "", "", ""), "")


@pytest.mark.parametrize(
    ("day", "long", "short"),
    [
        (DayUsage("d", 5, 0.42), "$0.42", "$0.42"),
        (DayUsage("d", 5, 0.42, 1), "at least $0.42", "≥ $0.42"),
        (DayUsage("d", 5, 0.0, 1), "price not known", "?"),
        (DayUsage("d", 5), "$0.00", "$0.00"),
        (DayUsage("d"), "$0.00", "—"),
    ],
)
def test_money(day: DayUsage, long: str, short: str) -> None:
    assert (usage.money(day), usage.short_money(day)) == (long, short)


def test_notes_say_what_the_numbers_are_worth() -> None:
    report = UsageReport((DayUsage("2026-11-24", 5, 0.1, 1),), NOW, counting=True, cut=True)
    words = usage.notes(report, "studio", NOW + 60_000)
    assert words == (
        "Asked 1 min ago. The price of 1 answer is not known, so the cost is at least this. "
        "studio is still counting: ask again soon. Only the newest sessions of studio are counted."
    )


def test_a_gateway_without_a_ledger_is_named_with_its_release() -> None:
    assert "studio keeps no ledger." in activity.no_ledger(Gateway("g", "studio"))
