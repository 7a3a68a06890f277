"""The fleet as JSON and as text, for those who have no window."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from cc_desktop.fleet.model import Agent, ConnectionState, Fleet, Gateway, Origin, Status
from cc_desktop.fleet.summary import Summary, screen_origin, summarize
from cc_desktop.text.summary import headline

if TYPE_CHECKING:
    from collections.abc import Iterator

EXIT_FINE = 0
EXIT_NEEDS_YOU = 1
EXIT_USAGE = 2
EXIT_UNREACHED = 3

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
                "name": device.name,
                "platform": device.platform,
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
        "name": gateway.name,
        "url": gateway.url,
        "state": link.state.value,
        "protocol": link.protocol or None,
        "server_version": link.server_version or None,
        "error": {
            "code": problem.code,
            "message": problem.message,
            "next_step": problem.next_step,
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
        "name": agent.shown_name,
        "status": agent.status.value,
        "task": task_of(agent) or None,
        "session_key": newest.key if newest else None,
        "model": (newest.model if newest else "") or agent.model or None,
        "tokens": newest.total_tokens if newest else None,
        "context_tokens": newest.context_tokens if newest else None,
        "last_activity": agent.last_activity or None,
        "error": error_of(agent),
    }


def as_text(fleet: Fleet, now: int) -> Iterator[str]:
    """The fleet as lines: state of the gateways, then the agents, worst first. `now`: local ms."""
    summary = summarize(fleet)
    yield f"{_source(summary)}{headline(summary)}"
    for gateway in fleet.gateways.values():
        if gateway.origin is not Origin.DEMO:
            yield _gateway_line(gateway, now)
    agents = [agent for gateway in fleet.shown() for agent in gateway.agents.values()]
    if agents:
        yield ""
    several = len({agent.gateway for agent in agents}) > 1
    agents.sort(key=lambda agent: (_ORDER.index(agent.status), -agent.last_activity))
    for agent in agents:
        where = f"{agent.gateway[:14]:<14} " if several else ""
        what = error_of(agent) or task_of(agent)
        line = (
            f"{_SIGNS[agent.status]} {WORDS[agent.status]:<9} {agent.shown_name[:18]:<18} {where}"
        )
        yield f"{line}{what[:80]}".rstrip()


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
        return f"{gateway.name}: {words} - {problem.title}. {problem.message} {problem.next_step}"
    version = f" (OpenClaw {link.server_version})" if link.server_version else ""
    return f"{gateway.name}: {words}{version}"
