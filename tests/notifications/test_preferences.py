from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from cc_desktop.fleet.inbox import SEVERITY, InboxKind, Severity
from cc_desktop.notifications.kinds import RULES, AlertKind, Sound
from cc_desktop.notifications.preferences import (
    KindPreference,
    Preferences,
    QuietWindow,
    dump,
    load,
)
from cc_desktop.text.inbox import KINDS

WEEKDAYS = frozenset(range(5))
NIGHT = QuietWindow(WEEKDAYS, 22 * 60, 7 * 60)
LUNCH = QuietWindow(frozenset(range(7)), 12 * 60, 13 * 60)
WHOLE_DAY = QuietWindow(frozenset({6}), 0, 0)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """The 1st of June 2026 is a Monday."""
    return datetime(2026, 6, day, hour, minute)


WINDOWS: list[tuple[str, QuietWindow, datetime, datetime | None]] = [
    ("before it", LUNCH, at(1, 11, 59), None),
    ("its first minute", LUNCH, at(1, 12), at(1, 13)),
    ("its last minute", LUNCH, at(1, 12, 59), at(1, 13)),
    ("its end", LUNCH, at(1, 13), None),
    ("before midnight", NIGHT, at(1, 23), at(2, 7)),
    ("after midnight", NIGHT, at(2, 6, 59), at(2, 7)),
    ("Friday night into Saturday", NIGHT, at(6, 3), at(6, 7)),
    ("Saturday night is free", NIGHT, at(6, 23), None),
    ("Sunday night into Monday is free", NIGHT, at(8, 3), None),
    ("Monday morning before the first night", NIGHT, at(1, 3), None),
    ("a whole day", WHOLE_DAY, at(7, 15), at(8, 0)),
    ("the day after a whole day", WHOLE_DAY, at(8, 0), None),
]


@pytest.mark.parametrize(
    ("window", "now", "end"), [pytest.param(*rest, id=name) for name, *rest in WINDOWS]
)
def test_quiet_windows(window: QuietWindow, now: datetime, end: datetime | None) -> None:
    assert window.until(now) == end
    assert Preferences(quiet=(window,), quiet_on=True).quiet_until(now) == end
    assert Preferences(quiet=(window,), quiet_on=False).quiet_until(now) is None


def test_windows_that_follow_on_one_another_are_one() -> None:
    evening = QuietWindow(WEEKDAYS, 18 * 60, 22 * 60)
    both = Preferences(quiet=(NIGHT, evening), quiet_on=True)

    assert both.quiet_until(at(1, 19)) == at(2, 7)


def test_windows_that_never_end_are_looked_at_for_a_while_only() -> None:
    always = QuietWindow(frozenset(range(7)), 0, 0)

    assert Preferences(quiet=(always,), quiet_on=True).quiet_until(at(1, 12)) is not None


@pytest.mark.parametrize(
    ("window", "now", "start"),
    [
        (LUNCH, at(1, 11), at(1, 12)),
        (LUNCH, at(1, 12), at(2, 12)),
        (NIGHT, at(5, 23), at(8, 22)),
        (QuietWindow(frozenset(), 0, 60), at(1, 0), None),
    ],
)
def test_when_a_window_begins_next(
    window: QuietWindow, now: datetime, start: datetime | None
) -> None:
    assert window.next_start(now) == start


def test_what_is_on_unless_changed() -> None:
    on = {kind for kind, choice in Preferences().kinds.items() if choice.on}

    news = {kind.value for kind, severity in SEVERITY.items() if severity is Severity.NEWS}
    off = {kind.value for kind in AlertKind} - {kind.value for kind in on}
    # A gateway that is back takes the place of one that is lost.
    assert off == news - {"back"} | {"silent"}
    assert set(Preferences().kinds) == set(AlertKind)


@pytest.mark.parametrize("kind", list(InboxKind))
def test_every_kind_of_the_inbox_can_be_told(kind: InboxKind) -> None:
    rule = RULES[AlertKind(kind.value)]
    assert (rule.label, rule.one) == (KINDS[kind].label, KINDS[kind].title)


def test_whatever_is_told_is_a_kind_of_the_inbox_but_devices_that_come_and_go() -> None:
    told = {kind.value for kind in AlertKind}
    assert told - {kind.value for kind in InboxKind} == {"device-gone", "device-back"}


def test_what_is_kept_comes_back() -> None:
    chosen = Preferences(
        on=False,
        subagents=True,
        muted=frozenset({("studio", ""), ("lab", "rex")}),
        quiet=(NIGHT, LUNCH),
        quiet_on=True,
        respect_system=False,
    ).with_kind(AlertKind.FINISHED, KindPreference(on=True, sound=Sound.ALERT, even_quiet=True))

    assert load(dump(chosen)) == chosen


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "x",
        {"kinds": 3, "muted": {}, "quiet": "x", "on": "yes"},
        {
            "kinds": {"failed": {"on": 1, "sound": "trumpet"}},
            "muted": [["a"], 3, ["", "x"], [1, 2]],
        },
        {"quiet": [{"days": [9], "start": 0, "end": 5}, {"days": [1], "start": -1, "end": 5}, {}]},
        {"quiet": [{"days": [1], "start": 0, "end": 1440}, None]},
    ],
)
def test_what_is_unreadable_is_left_at_its_default(data: Any) -> None:
    assert load(data) == Preferences()


def test_one_bad_line_does_not_lose_the_others() -> None:
    data = {"muted": [["studio", "rex"], 3], "quiet_on": True, "subagents": "x"}

    assert load(data) == Preferences(muted=frozenset({("studio", "rex")}), quiet_on=True)


def test_muting() -> None:
    some = Preferences().with_muted("studio", "rex", True)
    assert some.is_muted("studio", "rex")
    assert not some.is_muted("studio", "otto")
    assert not some.is_muted("studio")
    every = some.with_muted("studio", "", True)
    assert every.is_muted("studio", "otto")
    assert every.is_muted("studio")
    assert not every.is_muted("lab", "rex")

    assert every.with_muted("studio", "", False) == some
