"""Where the question for a right stands on one gateway, and what is said of it."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from cc_desktop.fleet.commands import (
    SCOPE_OF,
    CommandPhase,
    GiveBackRights,
    RequestRights,
    Right,
    rights_in,
)
from cc_desktop.fleet.model import ConnectionState, Origin
from cc_desktop.text.format import SECOND
from cc_desktop.text.i18n import mark, tr
from cc_desktop.text.pairing import why_refused

if TYPE_CHECKING:
    from collections.abc import Collection

    from cc_desktop.fleet.commands import CommandState
    from cc_desktop.fleet.model import Gateway, PairingRequest

_MINUTE_S = 60
_WITHDRAWN = ("withdrawn", "left-open")


class RightStage(StrEnum):
    """How far a right is."""

    GRANTED = "granted"
    POSSIBLE = "possible"  # it can be asked for
    ASKING = "asking"  # the gateway has the question, and nobody has to do anything yet
    WAITING = "waiting"  # somebody on the gateway's host has to approve it
    RETURNING = "returning"  # it is being given back
    UNAVAILABLE = "unavailable"  # it cannot be asked for now


class RightState(Struct, frozen=True):
    """A right of this device on one gateway, as views show it."""

    stage: RightStage
    words: str = ""  # what there is to say beside that; "" for nothing
    refused: bool = False  # `words` is why the last question was refused
    command: str = ""  # what approves it, on the gateway's host
    expires_at: int = 0  # local ms, while it waits
    can_return: bool = False


_SHORT = {
    Right.WATCH: mark("agents, sessions, health"),
    Right.ANSWER: mark("what agents ask"),
    Right.APPROVE: mark("the gateway then waits for a decision here"),
    Right.OPERATE: mark("messages to agents, stop runs"),
}
_APPROVALS = mark(
    "This changes where the fleet sends its approvals: while this app is connected, the gateway"
    " waits for a decision here, also where it would have denied a command at once. While nobody"
    " is at this computer, commands wait until they expire."
)
_ASK = {
    Right.WATCH: mark("Ask to watch"),
    Right.ANSWER: mark("Ask to answer questions"),
    Right.APPROVE: mark("Ask to decide approvals"),
    Right.OPERATE: mark("Ask to send and stop"),
}


def right_summary(right: Right) -> str:
    """What a right is for, in a few words."""
    return tr(_SHORT[right])


def ask_words(right: Right) -> str:
    """What the button says that asks for a right."""
    return tr(_ASK[right])


def what_else_changes(right: Right) -> str:
    """What asking for a right changes for others, which needs a confirmation; "" for nothing."""
    return tr(_APPROVALS) if right is Right.APPROVE else ""


def expires_in(expires_at: int, now: int) -> str:
    """How long somebody has to approve a request; "" once that is over. Both local ms."""
    seconds = math.ceil((expires_at - now) / SECOND)
    if seconds <= 0:
        return ""
    minutes, rest = divmod(seconds, _MINUTE_S)
    return tr("expires in {time}", time=f"{minutes}:{rest:02}")


def right_state(
    gateway: Gateway | None, right: Right, in_settings: Collection[str] = ()
) -> RightState:
    """Where a right stands.

    Args:
        gateway: What the fleet knows of it; None: it is not watched.
        right: Which right.
        in_settings: The scopes that the settings ask this gateway for.
    """
    if gateway is not None and gateway.origin is Origin.DEMO:
        return RightState(RightStage.GRANTED)
    if gateway is None or gateway.connection.state is not ConnectionState.LIVE:
        return RightState(RightStage.UNAVAILABLE, why_refused("not-live"))
    scope, scopes = SCOPE_OF[right], gateway.connection.scopes
    pending = [one for one in gateway.commands.values() if one.phase is CommandPhase.PENDING]
    own = next((one for one in pending if _is_about(one, scope)), None)
    granted = right in rights_in(scopes)
    if own is not None:
        return _under_way(own, gateway.connection.pairing)
    said, is_ours = _refusal(gateway, scope, granted=granted)
    if granted:
        return _granted(right, scopes, in_settings, said)
    if any(isinstance(one.command, RequestRights | GiveBackRights) for one in pending):
        return RightState(RightStage.UNAVAILABLE, why_refused("busy"))
    return RightState(RightStage.POSSIBLE, said, refused=bool(said) and not is_ours)


def _under_way(own: CommandState, pairing: PairingRequest | None) -> RightState:
    if isinstance(own.command, GiveBackRights):
        return RightState(RightStage.RETURNING, tr("Giving it back…"))
    if pairing is None or not pairing.upgrade:
        return RightState(RightStage.ASKING, tr("Asking the gateway…"))
    return RightState(
        RightStage.WAITING,
        tr("Waiting for approval on the gateway's host. Run there:"),
        command=pairing.command or "openclaw devices list",
        expires_at=pairing.expires_at,
    )


def _granted(
    right: Right, scopes: tuple[str, ...], in_settings: Collection[str], said: str
) -> RightState:
    """Not all that is granted can be given back, and then the reason is said."""
    if said:
        return RightState(RightStage.GRANTED, said, refused=True, can_return=True)
    if right is Right.WATCH:
        return RightState(RightStage.GRANTED)
    if SCOPE_OF[right] in in_settings:
        return RightState(RightStage.GRANTED, why_refused("in-settings"))
    if "operator.admin" in scopes:
        words = tr("It comes with operator.admin, which this device was given.")
        return RightState(RightStage.GRANTED, words)
    return RightState(RightStage.GRANTED, can_return=True)


def _refusal(gateway: Gateway, scope: str, *, granted: bool) -> tuple[str, bool]:
    """Why the newest question about a scope was refused, as far as that still matters.

    Returns:
        The words, and whether it was the operator who ended it.
    """
    for one in reversed(list(gateway.commands.values())):
        if not _is_about(one, scope):
            continue
        if one.phase is not CommandPhase.REFUSED:
            return "", False
        # What was refused then may have been granted meanwhile, and the reverse.
        matters = isinstance(one.command, GiveBackRights) is granted
        return why_refused(one.reason) if matters else "", one.reason in _WITHDRAWN
    return "", False


def _is_about(state: CommandState, scope: str) -> bool:
    command = state.command
    return isinstance(command, RequestRights | GiveBackRights) and scope in command.scopes
