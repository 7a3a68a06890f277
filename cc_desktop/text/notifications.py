"""The words about notices: who they are about, when it is quiet, how many wait. Pure.

Every time is local ms, `now` included.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from cc_desktop.notifications.policy import HOURS, OFF, SNOOZED
from cc_desktop.text import format as words

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Fleet
    from cc_desktop.notifications.policy import QuietPeriod
    from cc_desktop.notifications.preferences import QuietWindow

HALF_DAY = 12 * words.HOUR
MORNING = 8  # o'clock: "until tomorrow" ends then
SHORT_DAYS = tuple(day[:2] for day in words.DAYS)


def agent_name(fleet: Fleet, gateway: str, agent_id: str) -> str:
    """An agent's name, or its id when it is not known (any more)."""
    agent = fleet.agent(gateway, agent_id)
    return words.plain(agent.shown_name if agent else agent_id, 60)


def gateway_name(fleet: Fleet, gateway: str) -> str:
    """A gateway's name, or its id when it is not known (any more)."""
    found = fleet.gateways.get(gateway)
    return words.plain(found.name if found else gateway, 60)


def until(at: int, now: int) -> str:
    """A moment to come: 14:30, tomorrow 08:00, Sat 08:00; "" when it is not known."""
    if not now < at < words.YEAR_3000:
        return ""
    then = datetime.fromtimestamp(at / 1000).astimezone()
    today = datetime.fromtimestamp(now / 1000).astimezone()
    clock = f"{then.hour:02}:{then.minute:02}"
    days = (then.date() - today.date()).days
    if days == 0 or at - now < HALF_DAY:
        return clock
    if days == 1:
        return f"tomorrow {clock}"
    if days < 7:
        return f"{words.DAYS[then.weekday()][:3]} {clock}"
    return f"{then.day} {words.MONTHS[then.month - 1]} {clock}"


def quiet_words(quiet: QuietPeriod, now: int) -> str:
    """Why it is quiet, and until when."""
    end = until(quiet.until, now)
    till = f" until {end}" if end else ""
    if quiet.reason == OFF:
        return "Notifications are switched off"
    if quiet.reason in (SNOOZED, HOURS):
        return f"{'Snoozed' if quiet.reason == SNOOZED else 'Quiet hours'}{till}"
    return f"The system's do-not-disturb is on{till}"


def waiting_words(count: int) -> str:
    """How many were not shown because it is quiet; "" for none."""
    return f"{count} {'waits' if count == 1 else 'wait'}" if count else ""


def tomorrow(now: int) -> int:
    """The next day in the morning."""
    day = datetime.fromtimestamp(now / 1000).date() + timedelta(days=1)
    return int(datetime.combine(day, time(MORNING)).timestamp() * 1000)


def clock_time(minutes: int) -> str:
    """Minutes after midnight as a time of day."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def window_words(window: QuietWindow) -> str:
    """Quiet hours for a screen reader: Mo, Tu 22:00 to 07:00 on the next day."""
    days = ", ".join(words.DAYS[day] for day in sorted(window.days)) or "no day"
    crosses = " on the next day" if window.end <= window.start else ""
    return f"{days}, {clock_time(window.start)} to {clock_time(window.end)}{crosses}"
