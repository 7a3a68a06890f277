"""Who asks to be let in, so that an operator recognises the device or knows that it is none. Pure.

All of it is what the device says of itself, but for its address and its key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.text.format import plain
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from cc_desktop.fleet.facts import JoinRequest

_FIELD, _SCOPES, _SHORT = 120, 400, 16  # characters
KINDS = {
    "device": mark("A new device"),
    "node": mark("A new node"),
    "sender": mark("A sender that the channel does not know"),
}


def join_reason(what: str, known: str) -> str:
    """Who asks in one line: "A new device: iPhone · iOS 26.1 · 192.168.1.20"."""
    asks = tr(KINDS.get(what, ""))
    return tr("{what}: {reason}", what=asks, reason=known) if asks and known else asks or known


def join_lines(join: JoinRequest) -> str:
    """What is known of it, a line each."""
    scopes = ", ".join(join.scopes)
    lines = (
        (mark("Platform: {value}"), join.platform),
        (mark("App: {value}"), join.client),
        (mark("Address: {value}"), join.address),
        (mark("Device id: {value}"), _in_groups(join.device)),
    )
    found = [tr(words, value=plain(value, _FIELD)) for words, value in lines if value]
    if scopes:
        found.append(tr("It asks for: {scopes}", scopes=plain(scopes, _SCOPES)))
    if join.is_repair:
        found.append(tr("A device with this id is paired already: this takes its place."))
    return "\n".join(found)


def _in_groups(ident: str) -> str:
    """A long id in groups of eight: so it is compared by eye, and a narrow card can wrap it."""
    if len(ident) <= _SHORT:
        return ident
    return " ".join(ident[at : at + 8] for at in range(0, len(ident), 8))
