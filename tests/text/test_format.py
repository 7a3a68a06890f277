from __future__ import annotations

import math

import pytest

from cc_desktop.text import format as format_
from tests.desktop.sample import DAY, HOUR, MIN, NOW


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Rex", "Rex"),
        ("  two\n lines\tand\0more ", "two lines and more"),
        ("abc\u202etxt.exe\u2066", "abctxt.exe"),
        ("<b>bold</b>", "<b>bold</b>"),
        ("👩\u200d🚀", "👩\u200d🚀"),  # the joiner makes one emoji of two
        ("\ud800x", "\ufffdx"),
        ("", ""),
    ],
)
def test_plain_is_one_harmless_line(text: str, shown: str) -> None:
    assert format_.plain(text) == shown


def test_plain_cuts_what_is_too_long() -> None:
    assert format_.plain("x" * 1_000_000, 10) == "x" * 9 + "…"


def test_numbers_in_names_sort_as_numbers() -> None:
    names = ["Agent 10", "agent 9", "Agent 100", "Bob", "Agent"]
    assert sorted(names, key=format_.natural) == [
        "Agent",
        "agent 9",
        "Agent 10",
        "Agent 100",
        "Bob",
    ]


def test_a_tooltip_is_never_markup() -> None:
    assert format_.tooltip("<img src=x>\nnext") == "<qt>&lt;img src=x&gt;<br>next</qt>"
    assert format_.tooltip("") == ""


@pytest.mark.parametrize(
    ("name", "emoji", "shown"),
    [
        ("Rex", "🦖", "🦖"),
        ("Stuart Little-Field", "", "SL"),
        ("rex", "not an emoji", "R"),
        ("data_bot", "", "DB"),
        ("Reviewer 101", "", "R01"),
        ("Reviewer 112", "", "R12"),
        ("agent7", "", "A7"),
        ("42", "", "4"),
        ("⚡", "", "?"),
        ("", "", "?"),
    ],
)
def test_avatar(name: str, emoji: str, shown: str) -> None:
    assert format_.avatar(name, emoji) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0"),
        (-5, "0"),
        (940, "940"),
        (1200, "1.2k"),
        (61_400, "61k"),
        (999_600, "1.0M"),
        (12_345_678, "12M"),
    ],
)
def test_tokens(count: int, shown: str) -> None:
    assert format_.tokens(count) == shown


@pytest.mark.parametrize(
    ("usd", "shown"),
    [
        (0, ""),
        (-1, ""),
        (math.nan, ""),
        (math.inf, ""),
        (0.004, "<$0.01"),
        (1.846, "$1.85"),
        (12345.6, "$12,346"),
    ],
)
def test_cost(usd: float, shown: str) -> None:
    assert format_.cost(usd) == shown


@pytest.mark.parametrize(
    ("ms", "shown"),
    [(-5, "0 s"), (8_400, "8 s"), (3 * MIN, "3 min"), (30 * HOUR, "30 h"), (4 * DAY, "4 d")],
)
def test_span(ms: int, shown: str) -> None:
    assert format_.span(ms) == shown


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (300, "300 ms"),
        (8_000, "8 s"),
        (72_000, "1 min 12 s"),
        (2 * HOUR, "2 h"),
        (25 * HOUR, "1 d 1 h"),
    ],
)
def test_run_time(ms: int, shown: str) -> None:
    assert format_.run_time(ms) == shown


@pytest.mark.parametrize(
    ("before", "said", "short"),
    [
        (2_000, "just now", "now"),
        (-HOUR, "just now", "now"),  # their clock runs ahead
        (8_000, "8 s ago", "8 s"),
        (4 * MIN, "4 min ago", "4 min"),
        (3 * HOUR, "3 h ago", "3 h"),
        (DAY, "yesterday", "Tue"),
        (4 * DAY, "on Saturday", "Sat"),
        (30 * DAY, "on 19 Oct", "19 Oct"),
        (400 * DAY, "on 14 Oct 2025", "14 Oct 2025"),
        (NOW, "", ""),
    ],
)
def test_ago_and_when(before: int, said: str, short: str) -> None:
    assert format_.ago(NOW - before, NOW) == said
    assert format_.when(NOW - before, NOW) == short


def test_a_time_beyond_all_years_is_no_time() -> None:
    assert format_.ago(10**18, NOW) == format_.clock(10**18, NOW) == ""


def test_late_at_night_an_hour_ago_is_not_yesterday() -> None:
    half_past_midnight = format_.midnight(NOW) + 30 * MIN
    assert format_.ago(half_past_midnight - HOUR, half_past_midnight) == "1 h ago"


def test_clock_names_the_day_when_it_is_not_today() -> None:
    assert format_.clock(NOW - 23 * MIN, NOW) == "14:02"
    assert format_.clock(NOW - 4 * DAY, NOW) == "Sat 14:25"


# Banners


def test_escaped_text_stays_text() -> None:
    assert (
        format_.escaped("a < b & c > \"d\" 'e' &lt;") == "a &lt; b &amp; c &gt; \"d\" 'e' &amp;lt;"
    )
