"""What the tray shows when: time is passed in."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cc_desktop.desktop.icons.tray import TrayKey
from cc_desktop.desktop.icons.tray_state import TrayState
from cc_desktop.desktop.tray.debounce import (
    LONGEST_S,
    SETTLE_S,
    WINDOW_S,
    TrayAppearance,
    TrayDebouncer,
)

IDLE, WORKING, NEEDS_YOU, ERROR = (
    TrayState.IDLE,
    TrayState.WORKING,
    TrayState.NEEDS_YOU,
    TrayState.ERROR,
)
OFFLINE, CONNECTING, DEMO = TrayState.OFFLINE, TrayState.CONNECTING, TrayState.DEMO
START = 100.0


def picture(
    state: TrayState, count: int = 0, quiet: bool = False, tooltip: str = ""
) -> TrayAppearance:
    return TrayAppearance(TrayKey.of(state, count, quiet), tooltip or f"{state} {count}")


class Screen:
    """Asks when it was told to, as the tray does, and writes down what it was told to show."""

    def __init__(self, first: TrayAppearance) -> None:
        self.steady = TrayDebouncer()
        self.now = START
        self.shown: list[tuple[float, TrayAppearance]] = []
        self.want(first)
        self.pass_by(60.0)

    def want(self, wanted: TrayAppearance) -> None:
        self.steady.request(wanted, self.now)
        self._take()

    def pass_by(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.steady.due(self.now)) is not None and due <= end:
            self.now = due
            self._take()
        self.now = end

    def _take(self) -> None:
        if (taken := self.steady.poll(self.now)) is not None:
            self.shown.append((self.now, taken))

    def states(self) -> list[TrayState]:
        return [taken.key.state for _, taken in self.shown]


def screen(first: TrayState) -> Screen:
    made = Screen(picture(first))
    assert made.shown == [(START, picture(first))]
    made.shown.clear()
    return made


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (IDLE, OFFLINE),
        (ERROR, OFFLINE),
        (CONNECTING, OFFLINE),
        (DEMO, OFFLINE),
        (WORKING, DEMO),
        (OFFLINE, DEMO),
        (OFFLINE, IDLE),
        (OFFLINE, ERROR),
        (CONNECTING, WORKING),
        (DEMO, NEEDS_YOU),
    ],
)
def test_what_makes_all_else_false_shows_at_once(before: TrayState, after: TrayState) -> None:
    one = screen(before)
    one.want(picture(after))
    assert one.states() == [after]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (IDLE, WORKING),
        (WORKING, IDLE),
        (WORKING, NEEDS_YOU),
        (NEEDS_YOU, IDLE),
        (WORKING, ERROR),
        (ERROR, WORKING),
        (IDLE, CONNECTING),
        (OFFLINE, CONNECTING),
        (DEMO, CONNECTING),
    ],
)
def test_all_else_settles_first(before: TrayState, after: TrayState) -> None:
    one = screen(before)
    one.want(picture(after))
    one.pass_by(SETTLE_S - 0.01)
    assert one.states() == []
    one.pass_by(0.01)
    assert one.states() == [after]
    assert one.steady.due(one.now) is None


def test_a_blink_never_shows() -> None:
    one = screen(WORKING)
    for blink in (IDLE, NEEDS_YOU, ERROR, CONNECTING):
        one.want(picture(blink))
        one.pass_by(SETTLE_S - 0.01)
        one.want(picture(WORKING))
        assert one.steady.due(one.now) is None
        one.pass_by(10)
    assert one.shown == []


def test_another_state_has_to_settle_for_itself() -> None:
    one = screen(IDLE)
    one.want(picture(WORKING))
    one.pass_by(0.3)
    one.want(picture(ERROR, 1))
    one.pass_by(SETTLE_S - 0.01)
    assert one.shown == []
    one.pass_by(0.01)
    assert one.states() == [ERROR]


def test_a_count_that_grows_does_not_hold_the_state_back() -> None:
    one = screen(IDLE)
    for count in (1, 2, 3, 4, 5):
        one.want(picture(NEEDS_YOU, count))
        one.pass_by(0.11)
    assert one.shown[0][1] == picture(NEEDS_YOU, 5)


def test_where_nothing_settles_it_shows_what_is_so_after_a_while() -> None:
    one = screen(IDLE)
    start = one.now
    for _ in range(10):
        for state in (WORKING, NEEDS_YOU, ERROR):
            one.want(picture(state))
            one.pass_by(0.1)
    assert one.shown[0][0] - start == pytest.approx(LONGEST_S)


def test_returning_for_a_blink_does_not_hide_for_ever_what_is_mostly_so() -> None:
    one = screen(IDLE)
    for _ in range(6):
        one.want(picture(WORKING))
        one.pass_by(0.45)
        one.want(picture(IDLE))
        one.pass_by(0.02)
    assert WORKING in one.states()


def test_quiet_shows_at_once_both_ways() -> None:
    one = screen(IDLE)
    one.want(picture(IDLE, quiet=True))
    one.pass_by(5)
    one.want(picture(IDLE))
    assert [taken.key.quiet for _, taken in one.shown] == [True, False]


def test_a_new_tooltip_settles_and_does_not_delay_what_is_urgent() -> None:
    one = screen(WORKING)
    for number in range(30):
        one.want(picture(WORKING, tooltip=f"{number} working"))
        one.pass_by(0.1)
    assert 4 <= len(one.shown) <= 6
    one.want(picture(OFFLINE))
    assert one.states()[-1] is OFFLINE


def test_the_first_picture_of_a_new_icon_shows_at_once() -> None:
    one = screen(WORKING)
    one.want(picture(IDLE))
    one.steady.reset()
    one.want(picture(IDLE))
    assert one.states() == [IDLE]


def changes_a_second(one: Screen) -> int:
    """The most changes of the icon in any second."""
    times = [
        at
        for (at, taken), before in zip(one.shown, [None, *one.shown], strict=False)
        if before is None or before[1].key != taken.key
    ]
    return max(sum(at <= other < at + WINDOW_S for other in times) for at in times)


def test_a_storm_of_a_thousand_changes_moves_the_icon_a_few_times() -> None:
    rng = random.Random(3)
    one = screen(IDLE)
    for _ in range(1000):
        one.want(picture(rng.choice((IDLE, WORKING, NEEDS_YOU, ERROR)), rng.randrange(9)))
        one.pass_by(0.01)
    assert 4 <= len(one.shown) <= 10
    assert changes_a_second(one) <= 2


def test_a_storm_that_loses_the_connection_over_and_over_is_bounded_too() -> None:
    rng = random.Random(3)
    one = screen(IDLE)
    for _ in range(1000):
        one.want(picture(rng.choice(tuple(TrayState)), rng.randrange(9), rng.random() < 0.5))
        one.pass_by(0.01)
    assert 10 <= len(one.shown) <= 21
    assert changes_a_second(one) <= 2


pictures = st.builds(picture, st.sampled_from(TrayState), st.integers(0, 3), st.booleans())


@given(st.lists(st.tuples(pictures, st.integers(0, 900)), min_size=1, max_size=60))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_it_is_never_often_and_in_the_end_right(steps: list[tuple[TrayAppearance, int]]) -> None:
    one = Screen(picture(IDLE))
    for wanted, ms in steps:
        one.want(wanted)
        one.pass_by(ms / 1000)
    one.pass_by(LONGEST_S + WINDOW_S)
    assert one.shown[-1][1] == steps[-1][0]
    assert one.steady.due(one.now) is None
    assert changes_a_second(one) <= 2
