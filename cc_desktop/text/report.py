"""The fleet as JSON and as lines of text, for `cc-desktop status` and the text view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cc_desktop.about import ExitCode
from cc_desktop.fleet.model import Agent, ConnectionState, Fleet, Gateway, Origin, Status
from cc_desktop.fleet.summary import Summary, screen_origin, summarize
from cc_desktop.text import agents as words
from cc_desktop.text.format import clock, plain
from cc_desktop.text.gateways import connection_state

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNS = dict(zip(Status, "x!#>…o--", strict=True))
_ORDER = list(Status)
_UNREACHED = (Origin.NONE, Origin.LAST_KNOWN)


def exit_code(fleet: Fleet) -> ExitCode:
    """The exit code of `status`. Sample data counts like a fleet: somebody has asked for it."""
    if screen_origin(fleet) in _UNREACHED:
        return ExitCode.UNREACHED
    return ExitCode.NEEDS_YOU if summarize(fleet).needs_you else ExitCode.OK


def _task(agent: Agent) -> str | None:
    """What the agent does or waits for now; None while it rests."""
    if agent.status is Status.WAITING and agent.approvals:
        return plain(words.open_approvals(agent)[0].title) or None
    if agent.status.needs_you or agent.status.working or agent.reported_task:
        return words.doing(agent) or None
    return None


def as_json(fleet: Fleet, now: int) -> dict[str, Any]:
    """What `cc-desktop status --json` prints; tests/text/test_report.py has its schema.

    Args:
        fleet: The model.
        now: Local ms. What is live is true now.
    """
    origin = screen_origin(fleet)
    reached = origin not in _UNREACHED
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
        "agents": [
            _agent(agent, gateway, now) for gateway in shown for agent in gateway.agents.values()
        ],
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


def _agent(agent: Agent, gateway: Gateway, now: int) -> dict[str, Any]:
    newest = agent.cause or words.newest(agent)
    failed = agent.status is Status.ERROR
    return {
        "gateway": agent.gateway,
        "id": agent.id,
        "name": agent.shown_name,
        "status": agent.status.value,
        "task": _task(agent),
        "session_key": newest.key if newest else None,
        "model": (newest.model if newest else "") or agent.model or None,
        "tokens": newest.total_tokens if newest else None,
        "context_tokens": newest.context_tokens if newest else None,
        "last_activity": agent.last_activity or None,
        "error": words.why(agent, now, gateway.clock_offset_ms) if failed else None,
    }


def as_text(fleet: Fleet, now: int) -> Iterator[str]:
    """The fleet as lines: the gateways, then the agents, worst first. `now`: local ms."""
    summary = summarize(fleet)
    yield f"{_source(summary, now)}{summary.headline}"
    for gateway in fleet.gateways.values():
        if gateway.origin is not Origin.DEMO:
            yield _gateway_line(gateway, now)
    agents = [agent for gateway in fleet.shown() for agent in gateway.agents.values()]
    if agents:
        yield ""
    several = len({agent.gateway for agent in agents}) > 1
    agents.sort(key=lambda agent: (_ORDER.index(agent.status), -agent.last_activity))
    for agent in agents:
        where = f"{plain(agent.gateway, 14):<14} " if several else ""
        offset = fleet.gateways[agent.gateway].clock_offset_ms
        what = words.two_lines(agent, now, offset)[0].removeprefix("—")
        word, name = words.status_word(agent.status), plain(agent.shown_name, 18)
        yield f"{_SIGNS[agent.status]} {word:<9} {name:<18} {where}{what[:80]}".rstrip()


def _source(summary: Summary, now: int) -> str:
    as_of = clock(summary.as_of, now)
    return {
        Origin.LIVE: "LIVE   ",
        Origin.REST: f"HTTP   as of {as_of}   ",
        Origin.LAST_KNOWN: f"LAST KNOWN, as of {as_of}   ",
        Origin.DEMO: "DEMO - sample data, not your fleet   ",
        Origin.NONE: "NO CONNECTION   ",
    }[summary.origin]


def _gateway_line(gateway: Gateway, now: int) -> str:
    link = gateway.connection
    start = f"{plain(gateway.name, 40)}: {connection_state(link, now)}"
    problem = link.problem
    if problem and link.state is not ConnectionState.LIVE:
        # The state of a blocked gateway is the title already.
        title = "" if link.state is ConnectionState.BLOCKED else f"{problem.title}. "
        return f"{start} - {title}{problem.message} {problem.next_step}"
    version = f" (OpenClaw {link.server_version})" if link.server_version else ""
    return f"{start}{version}"
