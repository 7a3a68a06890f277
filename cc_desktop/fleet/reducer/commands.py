"""How far the operator's commands are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.fleet.commands import DROPPED, NO_HISTORY, NO_WORD, CommandPhase, CommandState
from cc_desktop.fleet.model import COMMANDS_PER_GATEWAY, Fleet, Gateway, Now
from cc_desktop.fleet.reducer.state import Result, put_gateway

if TYPE_CHECKING:
    from cc_desktop.fleet import events as ev


def sent(fleet: Fleet, gateway: Gateway, event: ev.CommandSent, now: Now) -> Result:
    """The oldest goes when there are too many, of those that are over first."""
    ident = event.command.id
    if ident in gateway.commands:
        return fleet, []
    commands = {**gateway.commands, ident: CommandState(event.command, at=now.wall)}
    if len(commands) > COMMANDS_PER_GATEWAY:
        over = (key for key, one in commands.items() if one.is_over)
        del commands[next(over, next(iter(commands)))]
    return put_gateway(fleet, gateway, replace(gateway, commands=commands))


def done(fleet: Fleet, gateway: Gateway, event: ev.CommandDone, now: Now) -> Result:
    """It was carried out."""
    return _put(fleet, gateway, event.id, CommandPhase.DONE, now, event.reason)


def unknown(fleet: Fleet, gateway: Gateway, event: ev.CommandUnknown, now: Now) -> Result:
    """Nobody knows whether it arrived: not yet, or never."""
    is_final = event.reason in (NO_HISTORY, NO_WORD)
    phase = CommandPhase.UNKNOWABLE if is_final else CommandPhase.UNKNOWN
    return _put(fleet, gateway, event.id, phase, now, event.reason)


def refused(fleet: Fleet, gateway: Gateway, event: ev.CommandRefused, now: Now) -> Result:
    """It was not carried out."""
    return _put(fleet, gateway, event.id, CommandPhase.REFUSED, now, event.reason, event.said)


def _put(
    fleet: Fleet,
    gateway: Gateway,
    ident: str,
    phase: CommandPhase,
    now: Now,
    reason: str = "",
    said: str = "",
) -> Result:
    before = gateway.commands.get(ident)
    if before is None or (before.is_over and not (before.is_done and reason == DROPPED)):
        return fleet, []
    after = replace(before, phase=phase, at=now.wall, reason=reason, said=said)
    commands = {**gateway.commands, ident: after}
    return put_gateway(fleet, gateway, replace(gateway, commands=commands))
