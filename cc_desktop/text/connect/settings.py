"""What the page Gateways says of each, and of what goes before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.model import ConnectionState
from cc_desktop.text.connect.rights import expires_in
from cc_desktop.text.format import plain
from cc_desktop.text.gateways import connection_state, token_place
from cc_desktop.text.i18n import mark, tr, trn
from cc_desktop.text.pairing import awaiting

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Gateway

_DECIDED = {
    "--url": mark("The command line names a gateway (--url), which goes before this list."),
    "": mark("{name} is set in the environment, which goes before this list."),
}


def gateway_line(enabled: bool, gateway: Gateway | None, now: int) -> str:
    """State, release, number of agents and place of the token, in one line."""
    if not enabled:
        return tr("off")
    if gateway is None:
        return tr("not watched now")
    connection = gateway.connection
    parts = [connection_state(connection, now)]
    if awaiting(connection) and connection.pairing is not None:
        parts.append(expires_in(connection.pairing.expires_at, now))
    if connection.state is ConnectionState.LIVE:
        if connection.server_version:
            version = plain(connection.server_version, 40)
            parts.append(tr("OpenClaw {version}", version=version))
        parts.append(trn("{n} agent", "{n} agents", len(gateway.agents)))
        parts.append(token_place(connection.token_place))
    return " · ".join(part for part in parts if part)


def removed(name: str) -> str:
    """A gateway was removed, which can be undone."""
    return tr("{gateway} was removed.", gateway=plain(name, 60))


def written_to(file: str, decided_by: str) -> str:
    """Where the list is kept, and what goes before it."""
    words = tr("Written to {file}.", file=file)
    if not decided_by:
        return words
    decided = tr(_DECIDED.get(decided_by, _DECIDED[""]), name=decided_by)
    return f"{words} {decided}"
