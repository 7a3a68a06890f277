from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cc_desktop.protocol.clean import clean_text
from tests.protocol.hidden import HOSTILE, hidden_in

FAMILY = "👩‍👩‍👧‍👦"
any_text = st.text(st.characters(codec=None, categories=None)) | st.lists(
    st.sampled_from(
        [*"a 1\n\t\u200d\ufe0f\u20e3\u0301\u202e\ud800\U000e0041", "👩", "❤", "🏽", "\u2800"]
    )
).map("".join)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Rex", "Rex"),
        ("  two \t words\n", "two words"),
        ("a\x00b\x1b[2Jc\x7fd\x9be", "a b [2Jc d e"),
        ("abc\u202egpj.exe", "abcgpj.exe"),
        ("pay\u200bpal \u00adco\u2060op\ufeff", "paypal coop"),
        ("a\u200db", "ab"),
        ("hi\U000e0068\U000e0069\U000e007f", "hi"),
        ("x\ufe0f\ufe01\U000e0100y", "xy"),
        ("\u3164\u115f\u2800", ""),
        ("line\u2028break\u2029and\x85so", "line break and so"),
        ("wide\u3000and\u00a0fixed", "wide and fixed"),
        ("lone \ud800", "lone \ufffd"),
        ("e\u0301te\u0301", "e\u0301te\u0301"),
        ("Z" + "\u0301" * 40 + "algo", "Z" + "\u0301" * 4 + "algo"),
        ("<b>stays</b>", "<b>stays</b>"),
        ("שלום مرحبا 你好", "שלום مرحبا 你好"),
        (f"{FAMILY} ❤️‍🔥 🏳️‍🌈 👍🏽 1️⃣ 🇩🇪", f"{FAMILY} ❤️‍🔥 🏳️‍🌈 👍🏽 1️⃣ 🇩🇪"),
        ("👩\u200d", "👩"),
        ("👩\u200d\u200d👩", "👩👩"),
        ("❤\ufe0f\ufe0f", "❤\ufe0f"),
        ("\U0001fae9", "\U0001fae9"),  # newer than the Unicode of Python 3.11
        ("", ""),
    ],
)
def test_one_line(value: str, shown: str) -> None:
    assert clean_text(value, 100) == shown


def test_line_breaks_stay_where_they_are_wanted() -> None:
    text = "a  b\r\n c\u2028d\n\n\n\n\x1be\n"

    assert clean_text(text, 100, lines=True) == "a b\nc\nd\n\ne"
    assert clean_text(text, 100) == "a b c d e"


@pytest.mark.parametrize(
    ("value", "limit", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcde…"),
        ("abcd efg", 6, "abcd…"),
        ("x" * 1_000_000, 5, "xxxx…"),
        ("a" + " " * 1_000_000 + "b", 5, "a…"),
        ("ab", 1, "…"),
        ("ab", 0, ""),
        ("ab", -1, ""),
        (FAMILY, 3, "👩…"),
    ],
)
def test_what_is_too_long_ends_with_an_ellipsis(value: str, limit: int, shown: str) -> None:
    assert clean_text(value, limit) == shown


@pytest.mark.parametrize("value", HOSTILE)
def test_nothing_hidden_is_left(value: str) -> None:
    assert hidden_in(value)
    assert hidden_in(clean_text(value, 200)) == []


@given(any_text, st.integers(-1, 40), st.booleans())
@example("\r\n" * 200, 10, True)
@example("❤\ufe0f\u200d🔥", 2, False)
def test_never_raises_never_longer_never_hidden(value: str, limit: int, lines: bool) -> None:
    shown = clean_text(value, limit, lines=lines)

    shown.encode()
    assert len(shown) <= max(0, limit)
    assert hidden_in(shown, lines=lines) == []
    assert "  " not in shown
    assert shown == shown.strip()
    assert clean_text(shown, max(limit, 1), lines=lines) == shown
