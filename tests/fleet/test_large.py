"""Large collections are, seen from outside, the dict and the sorted tuple that they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cc_desktop.fleet.large import LARGE, with_entry, with_moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SIZES = st.sampled_from([0, 1, LARGE - 2, LARGE, 3 * LARGE])


@given(size=SIZES, changes=st.lists(st.tuples(st.integers(0, 900), st.integers()), max_size=200))
def test_a_mapping_is_the_dict_with_the_same_entries(
    size: int, changes: list[tuple[int, int]]
) -> None:
    plain = {str(number): number for number in range(size)}
    mapping: Mapping[str, int] = dict(plain)
    for number, value in changes:
        key = str(number)
        plain[key] = value
        mapping = with_entry(mapping, key, value)
        assert (mapping[key], key in mapping, len(mapping)) == (value, True, len(plain))
    assert mapping == plain
    assert list(mapping.items()) == list(plain.items())
    assert list(mapping) == list(plain)
    assert list(mapping.values()) == list(plain.values())
    assert "none" not in mapping
    assert mapping.get("none") is None
    assert mapping != {**plain, "none": 1}
    with pytest.raises(KeyError):
        mapping["none"]


@given(
    size=SIZES,
    changes=st.lists(
        st.tuples(st.sampled_from(["add", "move", "take"]), st.integers(0, 10_000)), max_size=400
    ),
)
def test_moments_are_the_sorted_tuple_of_the_same(
    size: int, changes: list[tuple[str, int]]
) -> None:
    plain = [(10 * number, f"k{number}") for number in range(size)]
    moments: Sequence[tuple[int, str]] = tuple(plain)
    for turn, (what, number) in enumerate(changes):
        old = plain[number % len(plain)] if plain and what != "add" else None
        new = (number, f"n{turn}") if what != "take" else None
        if old is not None:
            plain.remove(old)
        if new is not None:
            plain = sorted([*plain, new])
        moments = with_moment(moments, old, new)
        assert bool(moments) is bool(plain)
        if plain:
            assert moments[-1] == plain[-1]
    assert moments == tuple(plain)
    assert list(reversed(moments)) == plain[::-1]
    assert (len(moments), list(moments[:3])) == (len(plain), plain[:3])


def test_all_can_be_taken_out_of_a_large_sequence_and_put_in_again() -> None:
    entries = [(number, "k") for number in range(3 * LARGE)]
    moments: Sequence[tuple[int, str]] = tuple(entries)
    for entry in entries:
        moments = with_moment(moments, entry, None)
    assert not moments
    assert moments == ()
    for entry in reversed(entries):
        moments = with_moment(moments, None, entry)
    assert moments == tuple(entries)


def test_what_was_before_a_change_stays_as_it_was() -> None:
    entries = {str(number): number for number in range(LARGE)}
    mapping: Mapping[str, int] = dict(entries)
    versions = []
    for number in range(200):
        versions.append((mapping, dict(entries)))
        key = str(number % 90)
        entries[key] = -number
        mapping = with_entry(mapping, key, -number)
    for before, plain in versions:
        assert before == plain


def test_two_that_came_about_differently_are_equal() -> None:
    entries = {str(number): number for number in range(2 * LARGE)}
    one, other = with_entry(entries, "1", 7), with_entry(with_entry(entries, "1", 3), "1", 7)
    assert one == other
    assert with_entry(one, "2", 8) != other
    moments = tuple((number, "k") for number in range(2 * LARGE))
    added = with_moment(moments, None, (5, "l"))
    assert added == with_moment(with_moment(added, (9, "k"), None), None, (9, "k"))
    assert added != moments
