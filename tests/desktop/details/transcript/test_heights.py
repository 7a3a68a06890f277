from __future__ import annotations

import random

from cc_desktop.desktop.details.transcript.heights import Heights


def test_where_rows_are_and_which_row_is_somewhere() -> None:
    heights = Heights()
    assert (heights.total, heights.row_at(5)) == (0, -1)
    heights.insert(0, [10, 20, 30])
    assert [heights.top(row) for row in range(3)] == [0, 10, 30]
    assert [heights.row_at(y) for y in (-5, 0, 9, 10, 29, 30, 59, 60, 1_000)] == [
        *(0, 0, 0, 1, 1, 2, 2, 2, 2)
    ]


def test_it_is_what_a_list_of_heights_says_whatever_happens() -> None:
    rng = random.Random(7)
    heights, plain = Heights(), list[int]()
    for _ in range(500):
        step = rng.randrange(3)
        if step == 0 or not plain:
            at = rng.randint(0, len(plain))
            new = [rng.randint(1, 90) for _ in range(rng.randint(1, 6))]
            heights.insert(at, new)
            plain[at:at] = new
        elif step == 1:
            first = rng.randrange(len(plain))
            last = min(len(plain) - 1, first + rng.randint(0, 4))
            heights.remove(first, last)
            del plain[first : last + 1]
        else:
            row, height = rng.randrange(len(plain)), rng.randint(1, 90)
            assert heights.measure(row, height) == (plain[row] != height)
            plain[row] = height
            assert heights.is_measured(row)
        assert len(heights) == len(plain)
        assert heights.total == sum(plain)
        for row in rng.sample(range(len(plain)), min(3, len(plain))):
            assert heights.top(row) == sum(plain[:row])
            assert heights.row_at(heights.top(row)) == row
