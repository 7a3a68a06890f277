"""The fleet as JSON and as lines of text, for `cc-desktop status` and the text view.

Both end on a terminal, so both show no character that drives one. The text shows ids cleaned; the
JSON keeps them exact, because scripts compare them, and escapes all that is not plain ASCII.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cc_desktop.about import ExitCode
from cc_desktop.fleet.inbox.open_items import open_items
from cc_desktop.fleet.model import Agent, ConnectionState, Fleet, Gateway, Origin, Status
from cc_desktop.fleet.summary import Summary, screen_origin, summarize
from cc_desktop.protocol.clean import clean_text
from cc_desktop.text import agents as words
from cc_desktop.text.agent_facts import doing, open_approvals
from cc_desktop.text.agent_facts import newest as newest_session
from cc_desktop.text.failures import describe
from cc_desktop.text.format import clock, plain
from cc_desktop.text.gateways import connection_state
from cc_desktop.text.i18n import mark, source_language, tr
from cc_desktop.text.inbox.report import item_as_json
from cc_desktop.text.summary import headline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NAME, _LINE, _TEXT = 120, 400, 2_000  # characters of a name, a sentence, a task
_SIGNS = dict(zip(Status, "x!#>…o--", strict=True))
_ORDER = list(Status)
_SOURCES = {
    Origin.LIVE: mark("LIVE"),
    Origin.REST: mark("HTTP   as of {as_of}"),
    Origin.LAST_KNOWN: mark("LAST KNOWN, as of {as_of}"),
    Origin.DEMO: mark("DEMO - sample data, not your fleet"),
    Origin.NONE: mark("NO CONNECTION"),
}
_UNREACHED = (Origin.NONE, Origin.LAST_KNOWN)


def exit_code(fleet: Fleet) -> ExitCode:
    """The exit code of `status`. Sample data counts like a fleet: somebody has asked for it."""
    if screen_origin(fleet) in _UNREACHED:
        return ExitCode.UNREACHED
    summary = summarize(fleet)
    needs_you = summary.needs_you or summary.gateway_needs_you
    return ExitCode.NEEDS_YOU if needs_you else ExitCode.OK


def _task(agent: Agent) -> str | None:
    """What the agent does or waits for now; None while it rests."""
    if agent.status is Status.WAITING and agent.approvals:
        return plain(open_approvals(agent)[0].title) or None
    if agent.status.needs_you or agent.status.working or agent.reported_task:
        return doing(agent) or None
    return None


def error_of(agent: Agent) -> str | None:
    """Why the agent failed, as the window says it; None if it did not fail."""
    return words.why(agent, 0) if agent.status is Status.ERROR else None


def json_line(told: Mapping[str, Any]) -> str:
    """What `as_json` tells as one line of JSON, without a raw control or hidden character."""
    return json.dumps(told).replace("\x7f", "\\u007f")


def as_json(fleet: Fleet, now: int) -> dict[str, Any]:
    """What `cc-desktop status --json` prints; tests/text/test_report.py has its schema.

    Never translated: programs read it.

    Args:
        fleet: The model.
        now: Local ms. What is live is true now.
    """
    with source_language():
        return _as_json(fleet, now)


def _as_json(fleet: Fleet, now: int) -> dict[str, Any]:
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
        "inbox": [
            item_as_json(item, now) for item in open_items(fleet) if reached or not item.agent
        ],
    }


def _gateway(gateway: Gateway) -> dict[str, Any]:
    link = gateway.connection
    problem = describe(link.problem) if link.problem else None
    return {
        "id": gateway.id,
        "name": clean_text(gateway.name, _NAME),
        "url": gateway.url,
        "state": link.state.value,
        "protocol": link.protocol or None,
        "server_version": clean_text(link.server_version, 60) or None,
        "error": {
            "code": clean_text(link.problem.code or link.problem.kind, _LINE),
            "message": clean_text(problem.message, _LINE),
            "next_step": clean_text(problem.next_step, _LINE),
        }
        if problem and link.problem
        else None,
    }


def _agent(agent: Agent) -> dict[str, Any]:
    newest = agent.cause or newest_session(agent)
    return {
        "gateway": agent.gateway,
        "id": agent.id,
        "name": clean_text(agent.shown_name, _NAME),
        "status": agent.status.value,
        "task": clean_text(_task(agent) or "", _TEXT) or None,
        "session_key": newest.key if newest else None,
        "model": clean_text((newest.model if newest else "") or agent.model, _NAME) or None,
        "tokens": newest.total_tokens if newest else None,
        "context_tokens": newest.context_tokens if newest else None,
        "last_activity": agent.last_activity or None,
        "error": clean_text(error_of(agent) or "", _TEXT) or None,
    }


def as_text(fleet: Fleet, now: int) -> Iterator[str]:
    """The fleet as lines: the gateways, then the agents, worst first. `now`: local ms."""
    summary = summarize(fleet)
    yield f"{_source(summary, now)}{clean_text(headline(summary), _LINE)}"
    for gateway in fleet.gateways.values():
        if gateway.origin is not Origin.DEMO:
            yield _gateway_line(gateway, now)
    agents = [agent for gateway in fleet.shown() for agent in gateway.agents.values()]
    if agents:
        yield ""
    width = max(9, *(len(words.status_word(status)) for status in Status))
    several = len({agent.gateway for agent in agents}) > 1
    agents.sort(key=lambda agent: (_ORDER.index(agent.status), -agent.last_activity))
    for agent in agents:
        where = f"{clean_text(agent.gateway, 14):<14} " if several else ""
        offset = fleet.gateways[agent.gateway].clock_offset_ms
        what = clean_text(words.two_lines(agent, now, offset)[0].removeprefix("—"), 80)
        word, name = words.status_word(agent.status), clean_text(agent.shown_name, 18)
        yield f"{_SIGNS[agent.status]} {word:<{width}} {name:<18} {where}{what}".rstrip()


def _source(summary: Summary, now: int) -> str:
    return f"{tr(_SOURCES[summary.origin], as_of=clock(summary.as_of, now))}   "


def _gateway_line(gateway: Gateway, now: int) -> str:
    link = gateway.connection
    start = f"{plain(gateway.name, 40)}: {connection_state(link, now)}"
    if link.problem and link.state is not ConnectionState.LIVE:
        problem = describe(link.problem)
        # The state of a blocked gateway is the title already.
        title = "" if link.state is ConnectionState.BLOCKED else f"{problem.title}. "
        said = f"{start} - {title}{problem.message} {problem.next_step}"
        return clean_text(said, 3 * _LINE)
    version = f" (OpenClaw {link.server_version})" if link.server_version else ""
    return clean_text(f"{start}{version}", _LINE)
