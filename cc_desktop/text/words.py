"""The words and numbers that the window shows. Pure; every time is local ms, `now` included.

What agents and gateways send is hostile text: `plain` makes one short line of it.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from cc_desktop.fleet.model import ConnectionState, Origin, Status
from cc_desktop.fleet.status import run_start, working_since
from cc_desktop.fleet.summary import screen_origin
from cc_desktop.protocol.clean import clean_text

if TYPE_CHECKING:
    from cc_desktop.fleet.model import (
        Agent,
        Approval,
        ConnectionInfo,
        Device,
        Fleet,
        Gateway,
        Session,
    )

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
YEAR_3000 = 32_503_680_000_000  # ms: later times are nonsense, and datetime refuses them
FULL_CONTEXT = 80  # percent: from here on the bar warns

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

STATUS_WORDS = {
    Status.ERROR: "Error",
    Status.WAITING: "Needs you",
    Status.STUCK: "Stuck",
    Status.ACTIVE: "Working",
    Status.THINKING: "Thinking",
    Status.IDLE: "Idle",
    Status.OFFLINE: "Offline",
    Status.UNKNOWN: "Unknown",
}

# What a session's own status is called, and which shape it gets.
SESSION_WORDS = {
    "queued": ("queued", Status.UNKNOWN),
    "running": ("running", Status.ACTIVE),
    "done": ("done", Status.IDLE),
    "failed": ("failed", Status.ERROR),
    "timeout": ("timed out", Status.ERROR),
    "killed": ("stopped", Status.OFFLINE),
}


# Text


def plain(text: str, limit: int = 200) -> str:
    """The text as one line that is fit to be shown, of at most `limit` characters."""
    return clean_text(text, limit)


def tooltip(text: str) -> str:
    """Text for a tooltip, which Qt would otherwise take for HTML when it looks like it."""
    import html  # 3 ms, for what a start never shows

    return f"<qt>{html.escape(text).replace(chr(10), '<br>')}</qt>" if text else ""


def avatar(name: str, emoji: str) -> str:
    """An emoji, or up to two initials."""
    emoji = emoji.strip()
    if (
        emoji
        and len(emoji) <= 10
        and all(ord(char) > 0x2000 or char in "#*0123456789" for char in emoji)
    ):
        return emoji
    words = [word for word in plain(name).replace("-", " ").replace("_", " ").split() if word]
    initials = [next((char for char in word if char.isalnum()), "") for word in words]
    return "".join(initial for initial in initials if initial)[:2].upper() or "?"


def model_name(model: str) -> str:
    """The model without its provider."""
    return plain(model, 80).rsplit("/", 1)[-1]


# Numbers


def tokens(count: int) -> str:
    """Tokens in at most four characters: 940, 61k, 1.2M."""
    if count < 1000:
        return str(max(count, 0))
    if count < 999_500:
        return f"{count / 1000:.1f}k" if count < 9_950 else f"{count / 1000:.0f}k"
    return f"{count / 1e6:.1f}M" if count < 9_950_000 else f"{count / 1e6:.0f}M"


def cost(usd: float) -> str:
    """Money, or "" when there is none to tell."""
    if not math.isfinite(usd) or usd <= 0:
        return ""
    if usd < 0.01:
        return "<$0.01"
    return f"${usd:.2f}" if usd < 100 else f"${usd:,.0f}"


# Times


def local(at: int, clock_offset_ms: int) -> int:
    """A gateway's time by the local clock; 0 stays unknown."""
    return at + clock_offset_ms if at > 0 else 0


def span(ms: int) -> str:
    """A length of time, in its biggest unit: 8 s, 3 min, 2 h, 4 d."""
    ms = max(ms, 0)
    if ms < MINUTE:
        return f"{ms // SECOND} s"
    if ms < HOUR:
        return f"{ms // MINUTE} min"
    return f"{ms // HOUR} h" if ms < 2 * DAY else f"{ms // DAY} d"


def run_time(ms: int) -> str:
    """A length of time, in its two biggest units: 1 min 12 s."""
    if ms < SECOND:
        return f"{max(ms, 0)} ms"
    units = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s"))
    for (big, big_word), (small, small_word) in itertools.pairwise(units):
        if ms >= big:
            rest = ms % big // small
            return f"{ms // big} {big_word}" + (f" {rest} {small_word}" if rest else "")
    return f"{ms // SECOND} s"


def _moment(at: int) -> datetime | None:
    return datetime.fromtimestamp(at / 1000).astimezone() if 0 < at < YEAR_3000 else None


def _days_between(then: datetime, today: datetime) -> int:
    return (today.date() - then.date()).days


def ago(at: int, now: int) -> str:
    """When something was: 4 min ago, yesterday, on Saturday, on 12 Oct."""
    then, today = _moment(at), _moment(now)
    if then is None or today is None:
        return ""
    if now - at < 5 * SECOND:
        return "just now"
    days = _days_between(then, today)
    if days <= 0 or now - at < 6 * HOUR:
        return f"{span(now - at)} ago"
    if days == 1:
        return "yesterday"
    return f"on {_day(then, today)}"


def when(at: int, now: int) -> str:
    """`ago` for a narrow column: 4 min, 3 h, Sat, 12 Oct."""
    then, today = _moment(at), _moment(now)
    if then is None or today is None:
        return ""
    if now - at < 5 * SECOND:
        return "now"
    if now - at < DAY:
        return span(now - at)
    return _day(then, today, 3)


def clock(at: int, now: int) -> str:
    """A time of day, with the day when it is not today: 14:02, Sat 14:02."""
    then, today = _moment(at), _moment(now)
    if then is None or today is None:
        return ""
    time = f"{then.hour:02}:{then.minute:02}"
    return time if _days_between(then, today) == 0 else f"{_day(then, today, 3)} {time}"


def _day(then: datetime, today: datetime, letters: int = 9) -> str:
    # The locale of the C library, which strftime asks, is the system's: the texts are English.
    if 0 < _days_between(then, today) < 7:
        return DAYS[then.weekday()][:letters]
    year = f" {then.year}" if then.year != today.year else ""
    return f"{then.day} {MONTHS[then.month - 1]}{year}"


def midnight(now: int) -> int:
    """When today began."""
    today = datetime.fromtimestamp(now / 1000).astimezone()
    start = today.replace(hour=0, minute=0, second=0, microsecond=0)
    return int(start.timestamp() * 1000)


# Agents


def newest(agent: Agent) -> Session | None:
    """The session with the newest sign of life."""
    return agent.sessions.get(agent.by_activity[-1][1]) if agent.by_activity else None


def shown_model(agent: Agent) -> str:
    """The model of the session that counts, else the agent's own."""
    session = agent.cause or newest(agent)
    return model_name((session.model if session else "") or agent.model)


def context_percent(agent: Agent) -> int | None:
    """How full the context of the session that counts is, or None when it is not known."""
    session = agent.cause or newest(agent)
    if session is None or session.context_tokens <= 0:
        return None
    return max(0, min(100, round(100 * session.total_tokens / session.context_tokens)))


def usage_since(agent: Agent, since: int) -> tuple[int, float]:
    """Tokens and cost of the sessions that were updated since a time of the gateway's clock."""
    count, usd = 0, 0.0
    for at, key in reversed(agent.by_activity):
        if at < since:
            break
        session = agent.sessions[key]
        count += session.total_tokens or session.input_tokens + session.output_tokens
        usd += session.cost_usd if math.isfinite(session.cost_usd) else 0.0
    return count, usd


def open_approvals(agent: Agent) -> list[Approval]:
    """What waits for a person, oldest first."""
    return sorted(agent.approvals.values(), key=lambda approval: (approval.opened_at, approval.id))


def state_since(agent: Agent, clock_offset_ms: int) -> int:
    """Since when the agent is in its status, as the operator would say."""
    cause = agent.cause
    if agent.status is Status.ERROR and cause:
        # 2026.5.7: a run tells that it failed 15 s before its row does.
        return local(cause.finished_at, clock_offset_ms) or agent.status_since
    if agent.status is Status.WAITING and (waiting := open_approvals(agent)):
        return waiting[0].opened_at or agent.status_since
    if agent.status is Status.STUCK:
        return last_heard(agent, clock_offset_ms)
    if agent.status is Status.ACTIVE and cause and cause.active:
        return working_since(agent, clock_offset_ms)
    if agent.status is Status.IDLE:
        return local(agent.last_activity, clock_offset_ms)
    return agent.status_since


def last_heard(agent: Agent, clock_offset_ms: int) -> int:
    """When the run that the status comes from last gave a sign of life."""
    heard = agent.last_seen_at.get(agent.status_session_key, 0)
    return heard or local(agent.last_activity, clock_offset_ms) or agent.status_since


def doing(agent: Agent) -> str:
    """What it does now: the tool, else what it is about."""
    run = agent.runs.get(agent.status_session_key)
    if run and run.activity:
        return plain(run.activity)
    cause = agent.cause
    return plain((cause.title if cause else "") or agent.reported_task)


def past(agent: Agent) -> str:
    """What it was last known to do: "was working: Fix the login"."""
    cause = agent.sessions.get(agent.status_session_key) or newest(agent)
    if agent.approvals:
        return "was waiting for you"
    if cause and cause.active:
        return f"was working: {plain(cause.title)}"
    if cause and cause.failed:
        return f"had failed: {plain(cause.title)}"
    return "was idle" if cause else "nothing was known"


def task(agent: Agent, clock_offset_ms: int, now: int) -> tuple[str, str]:
    """The two lines of a row: what it does or why it does not, and since when."""
    cause = agent.cause
    since = state_since(agent, clock_offset_ms)
    lasts = span(now - since) if since and now - since >= SECOND else ""
    match agent.status:
        case Status.ERROR:
            word = "Run timed out" if cause and cause.status == "timeout" else "Run failed"
            reason = plain(agent.reason)
            verb = "timed out" if cause and cause.status == "timeout" else "failed"
            return (f"{word}: {reason}" if reason else word), f"{verb} {ago(since, now)}".strip()
        case Status.WAITING:
            waiting = open_approvals(agent)
            second = f"waiting {lasts}".strip()
            if waiting:
                title = plain(waiting[0].title) or "Something waits for your decision"
                expires = waiting[0].expires_at
                if expires:
                    second += f" · expires in {span(expires - now)}"
                return (f"Approve: {title}" if waiting[0].title else title), second
            words = (cause.digest_headline or cause.title) if cause else agent.reported_task
            return plain(words) or "Waiting for your answer", second
        case Status.STUCK:
            return (
                f"{doing(agent) or 'A run'} · silent for {lasts}",
                f"last heard {ago(since, now)}",
            )
        case Status.ACTIVE | Status.THINKING:
            verb = "working" if agent.status is Status.ACTIVE else "thinking"
            first = doing(agent)
            title = plain(cause.title) if cause else ""
            about = f" · {title}" if title and title != first else ""
            return first or "—", f"{verb} {lasts}".strip() + about
        case Status.IDLE:
            return "—", _idle_line(agent, since, now)
        case Status.OFFLINE:
            words = past(agent)
            at = local(agent.last_activity, clock_offset_ms)
            return words[0].upper() + words[1:], f"last heard {ago(at, now)}" if at else ""
    return "—", "nothing is known yet"


def _idle_line(agent: Agent, since: int, now: int) -> str:
    session = agent.cause or newest(agent)
    if session is None:
        return f"last seen {ago(since, now)}" if since else "no runs yet"
    verb = {"failed": "failed", "timeout": "timed out", "killed": "stopped"}.get(
        session.status, "done"
    )
    return f"{verb} {ago(since, now)}"


def now_text(agent: Agent, clock_offset_ms: int, now: int) -> str:
    """The card NOW: every run in progress, or how the last one ended."""
    if agent.status is Status.OFFLINE:
        return "Its gateway cannot be reached, so what it does now is not known."
    lines = []
    for key in sorted(agent.heard, key=lambda key: (-agent.heard[key].wall, key))[:4]:
        session, run = agent.sessions.get(key), agent.runs.get(key)
        title = plain(session.title) if session else plain(key)
        what = plain(run.activity) if run and run.activity else ""
        if not what:
            what = "Thinking" if run and run.thinking else "Working"
        began = run_start(agent, key, clock_offset_ms)
        lasts = f" · running for {run_time(now - began)}" if began else ""
        lines.append(f"{what}\n{title}{lasts}")
    if len(agent.heard) > 4:
        lines.append(f"and {len(agent.heard) - 4} more runs")
    if lines:
        return "\n".join(lines)
    if agent.status.working:
        return plain(agent.reported_task) or "It is working; the gateway does not say on what."
    last = agent.cause or newest(agent)
    if last is None or not last.finished_at:
        return "Nothing is running."
    verb = SESSION_WORDS[last.status][0]
    how = {"done": "was done", "stopped": "was stopped"}.get(verb, verb)
    took = f"took {run_time(last.runtime_ms)} and " if last.runtime_ms else ""
    at = clock(local(last.finished_at, clock_offset_ms), now)
    return f"Nothing is running. Last run {took}{how} at {at}."


def why_text(agent: Agent, clock_offset_ms: int, now: int) -> str:
    """The card WHY: what the operator has to know; "" when nothing needs them."""
    cause = agent.cause
    match agent.status:
        case Status.ERROR:
            if agent.reason:
                return plain(agent.reason, 600)
            if cause and cause.status == "timeout":
                return "The run took longer than it may. The gateway gave no other reason."
            return "The run failed. The gateway gave no reason."
        case Status.WAITING:
            lines = []
            for approval in open_approvals(agent)[:5]:
                expires = approval.expires_at
                until = f" (expires in {span(expires - now)})" if expires else ""
                lines.append(f"Approve: {plain(approval.title, 300) or 'a command'}{until}")
            if not lines and cause:
                lines.append(plain(cause.digest_headline or cause.title, 300))
            return "\n".join(lines) or "It waits for your answer."
        case Status.STUCK:
            silent = span(now - last_heard(agent, clock_offset_ms))
            return f"No sign of life for {silent}. It was at: {doing(agent) or 'a run'}."
    return ""


def sentence(
    name: str, gateway: str, status: Status, lines: tuple[str, str], percent: int | None
) -> str:
    """A row for a screen reader."""
    where = f" on {gateway}" if gateway else ""
    what = ", ".join(line for line in lines if line and line != "—")
    full = f", context {percent} percent full" if percent is not None else ""
    return f"{name}{where}: {STATUS_WORDS[status]}" + (f", {what}" if what else "") + f"{full}."


# Sessions and devices


def session_state(session: Session, offline: bool) -> tuple[str, Status]:
    """The word and the shape of a session's state."""
    if session.active:
        return ("ran", Status.OFFLINE) if offline else ("running", Status.ACTIVE)
    return SESSION_WORDS.get(session.status, (plain(session.status, 20) or "—", Status.IDLE))


def session_times(session: Session, clock_offset_ms: int, now: int) -> str:
    """When it started, ended, and how long it ran, one a line."""
    started, ended = (
        local(session.started_at, clock_offset_ms),
        local(session.finished_at, clock_offset_ms),
    )
    lines = []
    if started:
        lines.append(f"Started {clock(started, now)}")
    if ended:
        lines.append(f"Ended {clock(ended, now)}")
    if session.runtime_ms:
        lines.append(f"Ran for {run_time(session.runtime_ms)}")
    return "\n".join(lines)


def device_since(device: Device, clock_offset_ms: int, now: int) -> str:
    """Since when a device is there, or gone."""
    at = local(device.since, clock_offset_ms)
    return (f"since {clock(at, now)}" if device.online else f"gone {ago(at, now)}") if at else ""


# Gateways and sources


def link_words(link: ConnectionInfo, now: int) -> str:
    """The state of a connection, on its pill."""
    match link.state:
        case ConnectionState.CONNECTING:
            return "connecting…"
        case ConnectionState.AUTHENTICATING:
            return "signing in…"
        case ConnectionState.SYNCING:
            return "loading…"
        case ConnectionState.LIVE:
            return "live"
        case ConnectionState.BLOCKED:
            return plain(link.problem.title, 40) if link.problem else "blocked"
        case ConnectionState.WAITING:
            left = link.until - now
            retry = f"retry in {math.ceil(left / SECOND)} s" if left > 0 else "retrying…"
            return f"unreachable · {retry}"
    return "off"


class BannerKind(StrEnum):
    """Which banner says that the screen is not simply live."""

    DEMO = "demo"
    LAST_KNOWN = "last-known"
    REST = "rest"
    BLOCKED = "blocked"
    NONE = "none"


class BannerLink(StrEnum):
    """What a banner offers."""

    LAST_KNOWN = "last-known"
    DEMO = "demo"
    RECONNECT = "reconnect"


@dataclass(frozen=True, slots=True)
class Banner:
    """What stands above the list when the data is not simply live."""

    kind: BannerKind
    tag: str
    text: str
    links: tuple[tuple[BannerLink, str], ...] = ()


def _names(gateways: list[Gateway]) -> str:
    names = [plain(gateway.name, 40) for gateway in gateways]
    if len(names) > 3:
        return f"{len(names)} gateways"
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else "".join(names)


def banner(fleet: Fleet, now: int) -> Banner | None:
    """The banner of what is on the screen; None when all of it is live."""
    origin = screen_origin(fleet)
    real = [gateway for gateway in fleet.gateways.values() if gateway.origin is not Origin.DEMO]
    demo = [gateway for gateway in fleet.gateways.values() if gateway.origin is Origin.DEMO]
    blocked = next(
        (g for g in real if g.connection.state is ConnectionState.BLOCKED and g.connection.problem),
        None,
    )
    lost = [gateway for gateway in real if gateway.connection.state is not ConnectionState.LIVE]
    retry = (BannerLink.RECONNECT, "Reconnect now")
    reason = ""
    if blocked and blocked.connection.problem:
        problem = blocked.connection.problem
        where = f"{plain(blocked.name, 40)}: " if len(real) > 1 else ""
        reason = f"{where}{_stop(problem.title)} {_stop(problem.next_step)}".rstrip()
    if origin is Origin.DEMO:
        hidden = [gateway for gateway in real if gateway.hidden and gateway.agents]
        links = [retry]
        if hidden:
            at = clock(max(gateway.as_of for gateway in hidden), now)
            links.insert(0, (BannerLink.LAST_KNOWN, f"Show last known ({at})"))
        text = "No gateway can be reached, so this is sample data, not your fleet."
        if not real:
            links, text = [], "This is sample data, not your fleet."
        if reason:
            text = f"{reason} What you see is sample data, not your fleet."
        return Banner(BannerKind.DEMO, "DEMO", text, tuple(links))
    if origin is Origin.LAST_KNOWN:
        known = [gateway.as_of for gateway in fleet.shown() if gateway.agents and gateway.as_of]
        at = f"As of {clock(max(known), now)}: " if known else ""
        text = reason or f"{_names(lost)} cannot be reached; this is what was last heard."
        text = f"{at}{text}"
        links = [retry]
        if any(gateway.hidden for gateway in demo):
            links.append((BannerLink.DEMO, "Show sample data"))
        return Banner(BannerKind.LAST_KNOWN, "LAST KNOWN", text, tuple(links))
    if reason:
        return Banner(BannerKind.BLOCKED, "BLOCKED", reason, (retry,))
    if origin is Origin.REST:
        text = (
            f"No live connection to {_names(lost)}: agents are polled over HTTP, without details."
        )
        return Banner(BannerKind.REST, "POLLED", text, (retry,))
    trying = (ConnectionState.WAITING,)
    if origin is Origin.NONE and any(gateway.connection.state in trying for gateway in real):
        text = f"{_names(lost)} cannot be reached."
        return Banner(BannerKind.NONE, "NO CONNECTION", text, (retry,))
    return None


def _stop(text: str) -> str:
    line = plain(text, 300)
    return line if not line or line[-1] in ".!?…" else f"{line}."


def source(fleet: Fleet, now: int) -> str:
    """Where the screen's data comes from and of when it is, for the status bar."""
    known = [gateway.as_of for gateway in fleet.shown() if gateway.as_of]
    at = clock(min(known), now) if known else ""
    match screen_origin(fleet):
        case Origin.LIVE:
            return "Live · as of now"
        case Origin.REST:
            return f"Polled over HTTP · as of {at}" if at else "Polled over HTTP"
        case Origin.LAST_KNOWN:
            return f"Last known · as of {at}" if at else "Last known"
        case Origin.DEMO:
            return f"Demo since {at} · not your fleet" if at else "Demo · not your fleet"
    return "No connection"


def link_facts(link: ConnectionInfo) -> str:
    """What is known of a connection beside its state."""
    places = {"keyring": "the system's keyring", "file": "a file of this app"}
    parts = [
        f"OpenClaw {plain(link.server_version, 40)}" if link.server_version else "",
        f"protocol {link.protocol}" if link.protocol else "",
        f"token in {places.get(link.token_place, plain(link.token_place, 40))}"
        if link.token_place
        else "",
    ]
    return " · ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Empty:
    """What stands in the place of an empty list."""

    title: str
    text: str


def empty(fleet: Fleet, total: int, search: str) -> Empty:
    """Why there is nothing to see, and what to do about it."""
    if total:
        if search:
            return Empty(
                "No match", f"No agent matches “{plain(search, 60)}”. Esc clears the search."
            )
        return Empty("Nobody here", "No agent is in this state.")
    real = [gateway for gateway in fleet.gateways.values() if gateway.origin is not Origin.DEMO]
    if not real:
        return Empty(
            "No gateway yet",
            "Name one with --url or GATEWAY_WS_URL, and its token with OPENCLAW_GATEWAY_TOKEN.",
        )
    trying = (ConnectionState.CONNECTING, ConnectionState.AUTHENTICATING, ConnectionState.SYNCING)
    if any(gateway.connection.state in trying for gateway in real):
        return Empty("Connecting", f"Asking {_names(real)} for its agents…")
    problem = next((g.connection.problem for g in real if g.connection.problem), None)
    if problem is not None and screen_origin(fleet) is Origin.NONE:
        text = f"{_stop(problem.message)} {_stop(problem.next_step)}"
        return Empty(plain(problem.title), text.strip())
    if screen_origin(fleet) in (Origin.LIVE, Origin.REST):
        return Empty("No agents", f"{_names(real)} has no agents yet.")
    return Empty("No connection", "As soon as a gateway can be reached, its agents are here.")
