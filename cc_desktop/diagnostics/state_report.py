"""What "Copy diagnostics" copies: versions, paths, each gateway's state and its last changes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cc_desktop.diagnostics.doctor import versions
from cc_desktop.fleet.model import Origin
from cc_desktop.protocol.clean import clean_text
from cc_desktop.system.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cc_desktop.config.paths import Paths
    from cc_desktop.diagnostics.timeline import Entry
    from cc_desktop.fleet.model import Fleet, Gateway

_LINE = 400


def state_report(fleet: Fleet, timeline: Iterable[Entry], paths: Paths, now: int) -> str:
    """The state of the running app as text, for a person who helps. English, whatever is shown.

    No token, no name of an agent, nothing that an agent said.

    Args:
        fleet: The model.
        timeline: `Timeline.entries`.
        paths: Where files belong.
        now: Local ms.
    """
    return redact(
        "\n".join(clean_text(line, _LINE) for line in _lines(fleet, timeline, paths, now))
    )


def _lines(fleet: Fleet, timeline: Iterable[Entry], paths: Paths, now: int) -> Iterator[str]:
    yield ", ".join(f"{name} {version}" for name, version in versions().items())
    yield f"at {datetime.fromtimestamp(now / 1000, UTC):%Y-%m-%d %H:%M:%S}Z"
    yield f"settings {paths.settings}"
    yield f"data {paths.data}"
    yield f"log {paths.log}"
    for gateway in fleet.gateways.values():
        if gateway.origin is not Origin.DEMO:
            yield _gateway(gateway)
    entries = list(timeline)
    if entries:
        yield "connections, oldest first:"
    for entry in entries:
        yield entry.line()


def _gateway(gateway: Gateway) -> str:
    link, problem = gateway.connection, gateway.connection.problem
    facts = {
        "state": link.state.value,
        "source": gateway.origin.value,
        "problem": problem.kind if problem else "",
        "code": problem.code if problem and problem.code != problem.kind else "",
        "release": link.server_version,
        "protocol": link.protocol or "",
        "own token in": link.token_place,
        "agents": len(gateway.agents),
        "faults": gateway.faults or "",
    }
    told = ", ".join(f"{name} {value}" for name, value in facts.items() if value != "")
    return f"gateway {gateway.id} at {gateway.url}: {told}"
