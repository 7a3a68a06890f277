"""What the benchmarks compute from what they measured."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from tests.bench.peers import install, tree
from tests.bench.peers.fleet import BASE, Sent
from tests.bench.peers.table import OURS, Measure, render
from tests.bench.plots import apart, ticks

if TYPE_CHECKING:
    from pathlib import Path


def test_a_ratio_is_that_of_the_turns_and_not_of_the_medians() -> None:
    measure = Measure("start", "s", turns={OURS: [1.0, 2.0, 4.0], "other": [2.0, 4.0, 4.0]})
    assert measure.ratio("other") == 2.0


def test_a_lost_turn_leaves_the_ratio_of_the_medians() -> None:
    measure = Measure("start", "s", turns={OURS: [1.0, 2.0, 4.0], "other": [3.0, 5.0]})
    assert measure.ratio("other") == 2.0


@pytest.mark.parametrize("turns", [{OURS: [1.0]}, {"other": [1.0]}, {OURS: [0.0], "other": [1.0]}])
def test_there_is_no_ratio_to_nothing(turns: dict[str, list[float]]) -> None:
    assert Measure("start", "s", turns=turns).ratio("other") is None


def test_ratios_come_first_and_what_was_not_measured_stays_empty() -> None:
    one = Measure("start", "s", 2, {OURS: [0.5], "other": [1.0]}, "a note")
    text = render([one, Measure("only ours", "ms", turns={OURS: [7.0]})], [OURS, "other"])
    ratios, figures, notes = text.strip().split("\n\n")
    assert [line.split("|")[2].strip() for line in ratios.splitlines()[2:]] == ["2.00"]
    assert "0.50 s" in figures
    assert "7 ms" in figures
    assert notes == "- start: a note"


def test_an_event_counts_as_painted_when_a_later_one_of_its_row_is() -> None:
    sent = Sent("word", {1: 10.0, 2: 10.1, BASE + 3: 10.2})
    painted = {2: 10.15, BASE + 3: 10.21}
    assert [round(ms) for ms in sent.latencies_ms(painted)] == [10, 50, 150]


def test_an_event_that_is_never_painted_is_infinitely_late() -> None:
    sent = Sent("word", {1: 10.0, 2: 10.1, BASE: 10.0})
    times = sent.latencies_ms({1: 10.05})
    assert round(times[0]) == 50
    assert times[1:] == [math.inf]  # and the other row is not in the window at all


def test_work_is_what_the_counters_say_between_two_readings() -> None:
    first = tree.Reading(10.0, 1.0, {(1, 1, "main"): 5})
    later = tree.Reading(40.0, 1.3, {(1, 1, "main"): 20, (1, 2, "new"): 4})
    work = first.until(later)
    assert (round(work.percent, 6), work.per_minute) == (1.0, 38.0)
    assert work.wakeups == {"main 1": 15, "new 2": 4}


def test_what_cannot_be_had_is_left_out_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = tmp_path / "pip"
    failing.write_text("#!/bin/sh\necho 'a line' >&2\necho 'no such package' >&2\nexit 1\n")
    failing.chmod(0o755)
    with pytest.raises(install.UnavailableError, match=r"pip failed: no such package"):
        install._run(str(failing))
    with pytest.raises(install.UnavailableError, match="absent"):
        install._run(str(tmp_path / "absent"))
    monkeypatch.setattr("shutil.which", lambda _name: None)
    with pytest.raises(install.UnavailableError, match="no apt"):
        install.nagstamon(tmp_path)


@pytest.mark.parametrize(
    ("most", "found"), [(14.4, [0, 5, 10, 15]), (0, [0, 1]), (100, [0, 25, 50, 75, 100])]
)
def test_a_scale_has_round_steps(most: float, found: list[float]) -> None:
    assert ticks(most) == found


def test_names_of_lines_do_not_touch_and_stay_above_the_axis() -> None:
    places = apart([90.0, 95.0, 10.0], 20.0, 100.0)
    assert places == [75.0, 95.0, 10.0]
    assert apart([120.0], 20.0, 100.0) == [100.0]
