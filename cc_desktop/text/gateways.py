"""What is said of gateways, their connections and devices. Times are local ms since the epoch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cc_desktop.fleet.model import ConnectionState
from cc_desktop.text.failures import FLAPPING, ProblemText, connection_words, describe
from cc_desktop.text.format import SECOND, ago, capitalized, clock, local, plain, sentence_end
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from cc_desktop.fleet.model import ConnectionInfo, Device, Problem

_TOKEN_PLACES = {
    "keyring": mark("device token in the system's keyring"),
    "file": mark("device token in a private file"),
}

ONLINE, GONE = mark("online"), mark("gone")


def problem_text(problem: Problem | None) -> ProblemText:
    """What is said of a problem; three times "" when there is none."""
    return ProblemText("", "", "") if problem is None else describe(problem)


def problem_sentences(problem: Problem) -> str:
    """The title of a problem and its next step, as sentences."""
    title, _, next_step = problem_text(problem)
    return f"{sentence_end(title)} {sentence_end(next_step)}".strip()


def connection_state(connection: ConnectionInfo, now: int, *, polled: bool = False) -> str:
    """The state of a connection on its pill. `polled`: HTTP serves instead meanwhile."""
    if not polled:
        return connection_words(connection, now)
    seconds = math.ceil((connection.until - now) / SECOND)
    return tr("polled · retry in {n} s", n=seconds) if seconds > 0 else tr("polled · retrying…")


def connection_line(connection: ConnectionInfo, now: int) -> str:
    """The state of a connection as a line of its own."""
    if connection.state is ConnectionState.BLOCKED:
        return tr("Blocked")  # the problem itself stands below
    return capitalized(connection_state(connection, now))


def connection_facts(connection: ConnectionInfo) -> str:
    """What is known of a connection beside its state."""
    parts = []
    if connection.server_version:
        parts.append(tr("OpenClaw {version}", version=plain(connection.server_version, 40)))
    if connection.protocol:
        parts.append(tr("protocol {number}", number=connection.protocol))
    if connection.token_place:
        parts.append(token_place(connection.token_place))
    if connection.flapping:
        parts.append(tr(FLAPPING))
    return " · ".join(parts)


def token_place(place: str) -> str:
    """Where the device token is kept; "" while there is none."""
    if not place:
        return ""
    known = _TOKEN_PLACES.get(place)
    return tr(known) if known else tr("token in {place}", place=plain(place, 40))


def device_state(device: Device) -> str:
    """Whether a device is there."""
    return tr(ONLINE) if device.online else tr(GONE)


def device_since(device: Device, now: int, clock_offset_ms: int = 0) -> str:
    """Since when a device is there, or gone."""
    at = local(device.since, clock_offset_ms)
    if not at:
        return ""
    if device.online:
        return tr("since {at}", at=clock(at, now))
    return tr("gone {when}", when=ago(at, now))
