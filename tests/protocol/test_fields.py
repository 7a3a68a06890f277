from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cc_desktop.protocol import fields
from tests.protocol.hidden import hidden_in

hostile = settings(max_examples=150, deadline=None, derandomize=True)
anything: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.lists(st.integers() | st.dictionaries(st.text(), st.integers(), max_size=2), max_size=3)
    | st.dictionaries(st.text(), st.integers(), max_size=3)
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, 5),
        (5.9, 5),
        (0, 0),
        (-1, 0),
        (-0.5, 0),
        (True, 0),
        (False, 0),
        ("5", 0),
        (None, 0),
        ([5], 0),
        (math.nan, 0),
        (math.inf, 0),
        (-math.inf, 0),
        (2**63, 2**62),
        (1e300, 2**62),
    ],
)
def test_integer(value: object, expected: int) -> None:
    assert fields.integer(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.5, 1.5),
        (3, 3.0),
        (-3, 0.0),
        (True, 0.0),
        ("1.5", 0.0),
        (None, 0.0),
        (math.nan, 0.0),
        (math.inf, 0.0),
        (10**400, 0.0),
    ],
)
def test_number(value: object, expected: float) -> None:
    assert fields.number(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Otto", "Otto"),
        ("  two \t words\n", "two words"),
        ("a\x00b\x1b[2Jc\x7fd", "a b [2Jc d"),
        ("abc\u202egpj.exe", "abcgpj.exe"),
        ("\u2066a\u2069b\u200fc\ufeff", "abc"),
        ("line\u2028break\x85", "line break"),
        ("lone \ud800", "lone \ufffd"),
        ("<b>stays</b>", "<b>stays</b>"),
        ("🦦", "🦦"),
        ("\n\t", ""),
        (5, ""),
        (None, ""),
        (["a"], ""),
    ],
)
def test_text(value: object, expected: str) -> None:
    assert fields.text(value) == expected


def test_text_is_cut_at_the_limit() -> None:
    assert fields.text("abcdef", 6) == "abcdef"
    assert fields.text("abcdefg", 6) == "abcde…"
    assert len(fields.text("x" * 100_000)) == fields.MAX_TEXT


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("agent:a:main", "agent:a:main"),
        (" as  sent\n", " as  sent\n"),
        ("x" * fields.MAX_TEXT, "x" * fields.MAX_TEXT),
        ("x" * (fields.MAX_TEXT + 1), ""),
        (5, ""),
        (None, ""),
    ],
)
def test_ident(value: object, expected: str) -> None:
    assert fields.identifier(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([{"a": 1}, 5, None, "x", {"b": 2}], [{"a": 1}, {"b": 2}]),
        ({"k": {"a": 1}, "l": 5}, [{"a": 1}]),
        ([], []),
        ("text", []),
        (None, []),
        (5, []),
    ],
)
def test_rows(value: object, expected: object) -> None:
    assert fields.as_objects(value) == expected


def test_a_list_of_ids_has_an_end() -> None:
    assert fields.identifiers(["a", "", 5, None, " b", "x" * 9_999]) == ("a", " b")
    assert fields.identifiers([str(i) for i in range(5)], 3) == ("0", "1", "2")
    for other in (None, 5, "abc", {"a": 1}):
        assert fields.identifiers(other) == ()


@pytest.mark.parametrize(
    ("value", "token"),
    [
        ("tok", "tok"),
        *((bad, "") for bad in ("a b", "a\n", "a\x00", "\u202e", "\ud800", "x" * 9_999, 5, None)),
    ],
)
def test_a_token_fits_into_a_header(value: object, token: str) -> None:
    assert fields.secret(value) == token


def test_obj() -> None:
    assert fields.as_object({"a": 1}) == {"a": 1}
    for other in (None, 5, "x", [1], True):
        assert fields.as_object(other) == {}


@given(anything, st.integers(1, 50))
@hostile
def test_nothing_raises_and_all_keep_their_word(value: object, limit: int) -> None:
    text = fields.text(value, limit)
    assert len(text) <= limit
    assert text == " ".join(text.split())
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in text)
    text.encode()
    assert hidden_in(text) == []
    assert len(fields.identifier(value)) <= fields.MAX_TEXT
    assert all(0 < len(ident) <= fields.MAX_TEXT for ident in fields.identifiers(value))
    assert not any(char.isspace() for char in fields.secret(value))
    fields.secret(value).encode()
    assert 0 <= fields.integer(value) <= 2**62
    assert 0.0 <= fields.number(value) < math.inf
    assert all(isinstance(row, dict) for row in fields.as_objects(value))
    assert isinstance(fields.as_object(value), dict)
