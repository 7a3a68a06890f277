"""What is said of pairing and rights: who has to approve what, where, and what a right means."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from cc_desktop.fleet.commands import Right, rights_in
from cc_desktop.text.format import MINUTE, SECOND, plain
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from cc_desktop.fleet.model import ConnectionInfo, PairingRequest, Problem

PILL = mark("waiting for approval")


class RightText(NamedTuple):
    """A right in words."""

    name: str
    what: str  # what it allows, and what else it changes


_RIGHTS = {
    Right.WATCH: (mark("Watch"), mark("See agents, sessions and what they do.")),
    Right.ANSWER: (
        mark("Answer questions"),
        mark("Answer what agents ask. Nothing else changes on the gateway."),
    ),
    Right.APPROVE: (
        mark("Decide approvals"),
        mark(
            "Allow or deny commands. While this app is connected, the gateway waits for a decision"
            " here where it may have denied a command at once."
        ),
    ),
    Right.OPERATE: (
        mark("Send and stop"),
        mark("Send messages to agents and stop their runs."),
    ),
}

# By the reason of a refused `RequestRights` or `GiveBackRights`.
_REFUSED = {
    "rejected": mark("The request was rejected on the gateway's host."),
    "expired": mark("Nobody approved the request in time. Ask again."),
    "busy": mark("Another request for rights is still open."),
    "lost": mark("The connection was lost meanwhile. Ask again once it is back."),
    "withdrawn": mark("You withdrew the request."),
    "left-open": mark(
        "You withdrew the request. On the gateway it stays open until it expires; if somebody"
        " approves it there, this app does not use it."
    ),
    "not-asked": mark("There is no request to withdraw."),
    "not-live": mark("The gateway is not connected."),
    "not-granted": mark("The gateway did not grant all of these rights."),
    "in-settings": mark("The settings ask for this right: change “access” there."),
    "demo": mark("The demo has all rights already."),
    "no-permission": mark("This device's role on the gateway does not allow it."),
}
_REFUSED_ELSE = mark("The gateway refused the request.")


def right_text(right: Right) -> RightText:
    """What a right is called and what it means."""
    name, what = _RIGHTS[right]
    return RightText(tr(name), tr(what))


def rights_line(scopes: tuple[str, ...]) -> str:
    """Rights in a few words; "" for none."""
    return " · ".join(right_text(right).name for right in rights_in(scopes))


def why_refused(reason: str) -> str:
    """Why rights were not granted."""
    return tr(_REFUSED.get(reason, _REFUSED_ELSE))


def approval_step(pairing: PairingRequest) -> str:
    """What approves a request. The command stands last and without a stop: people copy it."""
    if pairing.command:
        return tr("On the gateway's host, run: {command}", command=pairing.command)
    return tr("On the gateway's host, run openclaw devices list, then approve this device.")


def request_line(pairing: PairingRequest) -> str:
    """Which device asks for what."""
    device, rights = plain(pairing.device, 60), rights_line(pairing.scopes)
    if pairing.upgrade:
        return tr("“{device}” asks for more rights: {rights}.", device=device, rights=rights)
    return tr("“{device}” asks to pair, with these rights: {rights}.", device=device, rights=rights)


def lifetime(pairing: PairingRequest, now: int) -> str:
    """How long a request can still be approved. `now`: local ms."""
    left = pairing.expires_at - now
    if left <= 0:
        return tr("The request has expired; the app makes a new one.")
    if left < 2 * MINUTE:
        return tr("The request is valid for {n} s.", n=math.ceil(left / SECOND))
    return tr("The request is valid for {n} min.", n=math.ceil(left / MINUTE))


def awaiting(connection: ConnectionInfo) -> bool:
    """Whether a gateway is not live because somebody has to approve this device."""
    pairing = connection.pairing
    return pairing is not None and not pairing.upgrade


def fingerprint_lines(problem: Problem) -> tuple[str, ...]:
    """The certificate that was shown, and the one that is trusted, to compare and to copy."""
    lines = []
    if problem.fingerprint:
        digits = spelled_in_lines(problem.fingerprint)
        lines.append(tr("Shown (SHA-256):\n{digits}", digits=digits))
    if problem.pinned:
        digits = spelled_in_lines(problem.pinned)
        lines.append(tr("Trusted (SHA-256):\n{digits}", digits=digits))
    return tuple(lines)


def spelled(fingerprint: str) -> str:
    """A fingerprint as tools print it: pairs of capital hex digits with colons."""
    pairs = [fingerprint[at : at + 2] for at in range(0, len(fingerprint), 2)]
    return ":".join(pairs).upper()


def spelled_in_lines(fingerprint: str) -> str:
    """The same in two lines, so that the eye compares it."""
    half = len(spelled(fingerprint)) // 2 + 1
    return f"{spelled(fingerprint)[:half]}\n{spelled(fingerprint)[half:]}"
