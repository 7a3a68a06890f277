from __future__ import annotations

from datetime import datetime

import pytest

from cc_desktop.notifications.policy import HOURS, OFF, SNOOZED, SYSTEM, QuietPeriod
from cc_desktop.notifications.preferences import QuietWindow
from cc_desktop.text import notifications
from tests.desktop import sample
from tests.desktop.sample import DAY, HOUR, MIN, NOW


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (5 * MIN, "14:30"),
        (9 * HOUR, "23:25"),
        (11 * HOUR, "01:25"),  # tonight
        (20 * HOUR, "tomorrow 10:25"),
        (2 * DAY, "Fri 14:25"),
        (30 * DAY, "18 Dec 14:25"),
        (0, ""),
        (-MIN, ""),
        (10**15, ""),
    ],
)
def test_a_moment_to_come(ahead: int, said: str) -> None:
    assert notifications.until(NOW + ahead, NOW) == said


@pytest.mark.parametrize(
    ("quiet", "said"),
    [
        (QuietPeriod(OFF), "Notifications are off"),
        (QuietPeriod(SNOOZED, NOW + 5 * MIN), "Snoozed until 14:30"),
        (QuietPeriod(HOURS, NOW + 35 * MIN), "Quiet hours until 15:00"),
        (QuietPeriod(HOURS), "Quiet hours"),
        (QuietPeriod(SYSTEM), "The system's do-not-disturb is on"),
    ],
)
def test_why_it_is_quiet(quiet: QuietPeriod, said: str) -> None:
    assert notifications.quiet_words(quiet, NOW) == said


def test_how_many_wait() -> None:
    assert [notifications.waiting_words(count) for count in (0, 1, 2)] == ["", "1 waits", "2 wait"]


@pytest.mark.parametrize(
    "now", [datetime(2026, 11, 18, 14, 25), datetime(2026, 12, 31, 23, 59), datetime(2027, 3, 1)]
)
def test_tomorrow_is_the_next_day_at_eight(now: datetime) -> None:
    at = notifications.tomorrow(int(now.timestamp() * 1000))
    then = datetime.fromtimestamp(at / 1000)
    assert ((then.date() - now.date()).days, then.hour, then.minute) == (1, 8, 0)


def test_names_are_cleaned_and_ids_stand_in_for_what_is_not_known() -> None:
    fleet = sample.live_store().fleet
    assert notifications.agent_name(fleet, "studio", "rex") == "Rex"
    assert notifications.agent_name(fleet, "studio", "go\u202ene\n") == "gone"
    assert notifications.gateway_name(fleet, "home-lab") == "home-lab"
    assert notifications.gateway_name(fleet, "old") == "old"


def test_quiet_hours_are_said_with_the_day_on_which_they_end() -> None:
    night = QuietWindow(frozenset({0, 1}), 22 * 60, 7 * 60)
    said = "Monday, Tuesday, 22:00 to 07:00 on the next day"
    assert notifications.window_words(night) == said
    noon = QuietWindow(frozenset(), 12 * 60, 13 * 60 + 5)
    assert notifications.window_words(noon) == "no day, 12:00 to 13:05"
