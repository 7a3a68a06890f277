"""The fleet as JSON and as text, for those who have no window.

Both end on a terminal, so both show no character that drives one. The text shows ids cleaned; the
JSON keeps them exact, because scripts compare them, and escapes all that is not plain ASCII.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from cc_desktop.fleet.model import Agent, ConnectionState, Fleet, Gateway, Origin, Status
from cc_desktop.fleet.summary import Summary, screen_origin, summarize
from cc_desktop.protocol.clean import clean_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EXIT_FINE = 0
EXIT_NEEDS_YOU = 1
EXIT_USAGE = 2
EXIT_UNREACHED = 3

_NAME, _LINE, _TEXT = 120, 400, 2_000  # characters of a name, a sentence, a task
WORDS = {
    Status.ERROR: "Error",
    Status.WAITING: "Needs you",
    Status.STUCK: "Stuck",
    Status.ACTIVE: "Working",
    Status.THINKING: "Thinking",
    Status.IDLE: "Idle",
    Status.OFFLINE: "Offline",
    Status.UNKNOWN: "Unknown",
}
_SIGNS = dict(zip(Status, "x!#>…o--", strict=True))
_ORDER = list(Status)


def exit_code(fleet: Fleet) -> int:
    """0 live or rest, 1 something needs you, 3 no gateway reached. The demo counts as asked for."""
    if screen_origin(fleet) in (Origin.NONE, Origin.LAST_KNOWN):
        return EXIT_UNREACHED
    return EXIT_NEEDS_YOU if summarize(fleet).needs_you else EXIT_FINE


def task_of(agent: Agent) -> str:
    """What the agent does now, or "" when it rests."""
    for approval in agent.approvals.values():
        if agent.status is Status.WAITING:
            return approval.title
    cause = agent.cause
    run = agent.runs.get(agent.status_session_key)
    if run is not None and not run.over and run.activity:
        return run.activity
    if cause is not None and (agent.status.needs_you or agent.status.working):
        return cause.title
    return agent.reported_task


def error_of(agent: Agent) -> str | None:
    """Why the agent failed, in the gateway's words."""
    if agent.status is not Status.ERROR:
        return None
    if agent.reason:
        return agent.reason
    cause = agent.cause
    return f"The run ended with status {cause.status}." if cause else "The agent reports an error."


def json_line(told: Mapping[str, Any]) -> str:
    """What `as_json` tells as one line of JSON, without a raw control or hidden character."""
    return json.dumps(told).replace("\x7f", "\\u007f")


def as_json(fleet: Fleet, now: int) -> dict[str, Any]:
    """What `cc-desktop status --json` prints. `now`: local ms; what is live is true now."""
    origin = screen_origin(fleet)
    reached = origin not in (Origin.NONE, Origin.LAST_KNOWN)
    shown = [gateway for gateway in fleet.shown() if reached and gateway.origin is not Origin.NONE]
    return {
        "source": origin.value if reached else Origin.NONE.value,
        "as_of": min(
            (now if gateway.origin is Origin.LIVE else gateway.as_of for gateway in shown),
            default=0,
        ),
        "gateways": [
            _gateway(gateway)
            for gateway in fleet.gateways.values()
            if gateway.origin is not Origin.DEMO
        ],
        "agents": [_agent(agent) for gateway in shown for agent in gateway.agents.values()],
        "devices": [
            {
                "gateway": device.gateway,
                "id": device.id,
                "name": clean_text(device.name, _NAME),
                "platform": clean_text(device.platform, 60),
                "online": device.online,
                "since": device.since,
            }
            for gateway in shown
            for device in gateway.devices.values()
        ],
    }


def _gateway(gateway: Gateway) -> dict[str, Any]:
    link = gateway.connection
    problem = link.problem
    return {
        "id": gateway.id,
        "name": clean_text(gateway.name, _NAME),
        "url": gateway.url,
        "state": link.state.value,
        "protocol": link.protocol or None,
        "server_version": clean_text(link.server_version, 60) or None,
        "error": {
            "code": clean_text(problem.code, _LINE),
            "message": clean_text(problem.message, _LINE),
            "next_step": clean_text(problem.next_step, _LINE),
        }
        if problem
        else None,
    }


def _agent(agent: Agent) -> dict[str, Any]:
    newest = agent.sessions.get(agent.status_session_key) or (
        agent.sessions[agent.by_activity[-1][1]] if agent.by_activity else None
    )
    return {
        "gateway": agent.gateway,
        "id": agent.id,
        "name": clean_text(agent.shown_name, _NAME),
        "status": agent.status.value,
        "task": clean_text(task_of(agent), _TEXT) or None,
        "session_key": newest.key if newest else None,
        "model": clean_text((newest.model if newest else "") or agent.model, _NAME) or None,
        "tokens": newest.total_tokens if newest else None,
        "context_tokens": newest.context_tokens if newest else None,
        "last_activity": agent.last_activity or None,
        "error": clean_text(error_of(agent) or "", _TEXT) or None,
    }


def as_text(fleet: Fleet, now: int) -> Iterator[str]:
    """The fleet as lines: state of the gateways, then the agents, worst first. `now`: local ms."""
    summary = summarize(fleet)
    yield f"{_source(summary)}{clean_text(summary.headline, _LINE)}"
    for gateway in fleet.gateways.values():
        if gateway.origin is not Origin.DEMO:
            yield _gateway_line(gateway, now)
    agents = [agent for gateway in fleet.shown() for agent in gateway.agents.values()]
    if agents:
        yield ""
    several = len({agent.gateway for agent in agents}) > 1
    agents.sort(key=lambda agent: (_ORDER.index(agent.status), -agent.last_activity))
    for agent in agents:
        where = f"{clean_text(agent.gateway, 14):<14} " if several else ""
        what = clean_text(error_of(agent) or task_of(agent), 80)
        name = clean_text(agent.shown_name, 18)
        line = f"{_SIGNS[agent.status]} {WORDS[agent.status]:<9} {name:<18} {where}"
        yield f"{line}{what}".rstrip()


def _source(summary: Summary) -> str:
    as_of = time.strftime("%H:%M:%S", time.localtime(summary.as_of / 1000))
    return {
        Origin.LIVE: "LIVE   ",
        Origin.REST: f"HTTP   as of {as_of}   ",
        Origin.LAST_KNOWN: f"LAST KNOWN, as of {as_of}   ",
        Origin.DEMO: "DEMO - sample data, not your fleet   ",
        Origin.NONE: "NO CONNECTION   ",
    }[summary.origin]


def _gateway_line(gateway: Gateway, now: int) -> str:
    link = gateway.connection
    words = link.state.value
    if link.state is ConnectionState.WAITING and link.until > now:
        words = f"retry in {max(1, (link.until - now) // 1000)} s"
    if link.problem and link.state is not ConnectionState.LIVE:
        problem = link.problem
        said = f"{problem.title}. {problem.message} {problem.next_step}"
        return clean_text(f"{gateway.name}: {words} - {said}", 3 * _LINE)
    version = f" (OpenClaw {link.server_version})" if link.server_version else ""
    return clean_text(f"{gateway.name}: {words}{version}", _LINE)
