"""What notifications say: who they are about, why it is quiet, how many wait. Pure.

Every time is local ms, `now` included.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Protocol

from cc_desktop.text.format import DAYS, HOUR, MONTHS, YEAR_3000, cost, plain, run_time
from cc_desktop.text.format import SHORT_DAYS as WEEKDAYS
from cc_desktop.text.i18n import mark, tr, trn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cc_desktop.fleet.facts import Task
    from cc_desktop.fleet.model import Fleet, Session

HALF_DAY = 12 * HOUR
MORNING = 8  # o'clock: "until tomorrow" ends then
# As narrow as the buttons of quiet hours
SHORT_DAYS = (
    *(mark("Mo"), mark("Tu"), mark("We"), mark("Th"), mark("Fr"), mark("Sa"), mark("Su")),
)

# Why notifications are not shown, by the value of a QuietReason.
QUIET = {
    "off": mark("Notifications are off"),
    "snoozed": mark("Snoozed"),
    "hours": mark("Quiet hours"),
    "system": mark("The system's do-not-disturb is on"),
}

# Why nobody shows them
NO_BUS = mark("The session bus (D-Bus) cannot be reached.")
NO_SERVICE = mark("No notification service is running.")
NO_TRAY = mark("There is no tray to show notifications.")
SERVICE_HANGS = mark("The notification service does not answer.")
BACKEND_FAILED = mark("An internal error stopped the notifications. They start again soon.")
SOME_SERVICE = mark("the notification service")
THE_TRAY = mark("the tray icon")

# Buttons
OPEN = mark("Open")
SNOOZE_HOUR = mark("Snooze 1 h")

# The test notification of the settings
TEST_TITLE = mark("This is a test")
TEST_BODY = mark("Notifications look like this. A click opens the fleet.")

# Details of alerts
FLEET_LIVE_AGAIN = mark("The fleet is live again")
NO_CONNECTION = mark("No connection")
FLAPPING = mark("The connection was lost three times within 5 minutes")
HOW_TO_PAIR = mark("Open the fleet for the command that approves this device")


def run_over(name: str, session: Session) -> str:
    """The title of a notification about a run that did not end well, or in no way that is known."""
    if session.failed:
        return tr("{name} failed", name=plain(name, 60))
    if session.aborted or session.status == "killed":
        return tr("{name} was stopped", name=plain(name, 60))
    return tr("{name} is done", name=plain(name, 60))


def end_words(session: Session, cost_usd: float, task: Task | None) -> str:
    """What a run was about, how long it took, what it cost and changed, and what it answered.

    Args:
        session: As it is after the run.
        cost_usd: Of the run; 0: not known.
        task: What the run did to files; None: not known.
    """
    parts = [plain(session.title)]
    if session.runtime_ms > 0:
        parts.append(tr("took {time}", time=run_time(session.runtime_ms)))
    parts.append(cost(cost_usd))
    if task is not None:
        files = trn("{n} file changed", "{n} files changed", task.files)
        lines = f" (+{task.added} -{task.removed})" if task.added or task.removed else ""
        parts.append(files + lines)
    parts.append(plain(session.error or session.preview, 160))
    return " · ".join(part for part in parts if part)


def watch_words(watched: bool) -> str:
    """The line of a menu that watches a run, or ends that."""
    if watched:
        return tr("Do not tell me when this is done")
    return tr("Tell me when this is done")


def hook_words(program: str, last: tuple[str, int, str, str] | None) -> str:
    """What the program of the operator's does, and how it last ended.

    Args:
        program: What is run.
        last: Outcome, exit code, the system's words, and when; None: it did not run yet.
    """
    head = tr("{program} is run for each notification (hooks in the settings).", program=program)
    if last is None:
        return f"{head} {tr('It did not run yet.')}"
    outcome, code, said, at = last
    if outcome == "timed-out":
        how = tr("At {at} it took too long and was ended.", at=at)
    elif outcome != "exit":
        how = tr("At {at} it could not be started: {why}.", at=at, why=plain(said) or "?")
    elif code:
        how = tr("At {at} it failed with exit code {code}.", at=at, code=code)
    else:
        how = tr("It last ran at {at}, without a fault.", at=at)
    return f"{head} {how}"


class Quiet(Protocol):
    """Why nothing is shown now, and until when."""

    @property
    def reason(self) -> str:
        """A key of `QUIET`."""
        ...

    @property
    def until(self) -> int:
        """Local ms; 0 when no end is known."""
        ...


class Window(Protocol):
    """Quiet hours: the days on which they begin (0 is Monday), minutes after midnight."""

    @property
    def days(self) -> frozenset[int]:
        """On which they begin."""
        ...

    @property
    def start(self) -> int:
        """When they begin."""
        ...

    @property
    def end(self) -> int:
        """When they end; on the next day if it is not later than the start."""
        ...


def mute(name: str) -> str:
    """Return the words of the button that mutes an agent."""
    return tr("Mute {name}", name=name)


def while_away(what: str) -> str:
    """Return what changed while a gateway was away."""
    return tr("While it was away: {what}", what=what)


def while_gateway_away(name: str) -> str:
    """Return the title of what changed while a gateway was away."""
    return tr("While {name} was away", name=name)


def gateway_while_away(name: str) -> str:
    """Return the name of the choice of agents that changed while a gateway was away."""
    return tr("{name}: while it was away", name=name)


def some(items: Sequence[str], limit: int) -> str:
    """Return the first items in words: "Rex, Dex and 2 more"."""
    more, first = len(items) - limit, ", ".join(items[:limit])
    return tr("{items} and {count} more", items=first, count=more) if more > 0 else first


def newest_failure(name: str, reason: str, others: Sequence[str], limit: int) -> str:
    """Return the body of a notification about several failures, the newest first."""
    first = tr("{name}: {reason}", name=name, reason=reason) if reason else name
    return tr("{first}\nAlso {others}", first=first, others=some(others, limit))


def agent_name(fleet: Fleet, gateway: str, agent_id: str) -> str:
    """An agent's name, or its id when it is not known (any more)."""
    agent = fleet.agent(gateway, agent_id)
    return plain(agent.shown_name if agent else agent_id, 60)


def gateway_name(fleet: Fleet, gateway: str) -> str:
    """A gateway's name, or its id when it is not known (any more)."""
    found = fleet.gateways.get(gateway)
    return plain(found.name if found else gateway, 60)


def until(at: int, now: int) -> str:
    """A moment to come: 14:30, tomorrow 08:00, Sat 08:00; "" when it is not known."""
    if not now < at < YEAR_3000:
        return ""
    then = datetime.fromtimestamp(at / 1000).astimezone()
    today = datetime.fromtimestamp(now / 1000).astimezone()
    clock = f"{then.hour:02}:{then.minute:02}"
    days = (then.date() - today.date()).days
    if days == 0 or at - now < HALF_DAY:
        return clock
    if days == 1:
        return tr("tomorrow {time}", time=clock)
    if days < 7:
        day = tr(WEEKDAYS[then.weekday()])
    else:
        day = tr("{day} {month}", day=then.day, month=tr(MONTHS[then.month - 1]))
    return tr("{day} {time}", day=day, time=clock)


def quiet_words(quiet: Quiet, now: int) -> str:
    """Return why it is quiet, and until when."""
    end = until(quiet.until, now)
    why = tr(QUIET[quiet.reason])
    return tr("{why} until {end}", why=why, end=end) if end and quiet.reason != "off" else why


def waiting_words(count: int) -> str:
    """How many were not shown because it is quiet; "" for none."""
    return trn("{n} waits", "{n} wait", count) if count else ""


def tomorrow(now: int) -> int:
    """The next day in the morning."""
    day = datetime.fromtimestamp(now / 1000).date() + timedelta(days=1)
    return int(datetime.combine(day, time(MORNING)).timestamp() * 1000)


def clock_time(minutes: int) -> str:
    """Minutes after midnight as a time of day."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def window_words(window: Window) -> str:
    """Quiet hours for a screen reader: Mo, Tu 22:00 to 07:00 on the next day."""
    days = ", ".join(tr(DAYS[day]) for day in sorted(window.days)) or tr("no day")
    template = mark("{days}, {start} to {end}")
    if window.end <= window.start:
        template = mark("{days}, {start} to {end} on the next day")
    return tr(template, days=days, start=clock_time(window.start), end=clock_time(window.end))
