"""What is said around messages to an agent, and around stopping it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.commands import CommandPhase, SendMessage
from cc_desktop.text.commands import progress
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from cc_desktop.fleet.commands import CommandState
    from cc_desktop.fleet.model import Agent, Gateway

START_OF_MESSAGE = 40  # characters: enough to know which one

_MESSAGE = {
    CommandPhase.PENDING: mark("“{text}” is sent, not confirmed yet"),
    CommandPhase.DONE: mark("“{text}” has arrived"),
    CommandPhase.UNKNOWN: mark("“{text}”: {how}"),
    CommandPhase.UNKNOWABLE: mark("“{text}”: {how}"),
    CommandPhase.REFUSED: mark("“{text}” was not sent. {how}"),
}
_STEERED = {
    **_MESSAGE,
    CommandPhase.DONE: mark("“{text}” has reached the run"),
}
_STOP = {
    CommandPhase.PENDING: mark("Stopping…"),
    CommandPhase.DONE: mark("Stopped"),
    CommandPhase.UNKNOWN: mark("Stop: {how}"),
    CommandPhase.UNKNOWABLE: mark("Stop: {how}"),
    CommandPhase.REFUSED: mark("Not stopped. {how}"),
}


def hint(agent: Agent, gateway: Gateway, *, connected: bool, steers: bool) -> str:
    """What stands in the empty box."""
    if not connected:
        return tr("{gateway} is not connected", gateway=plain(gateway.name, 60))
    name = plain(agent.shown_name, 60)
    return tr("Steer {name}…", name=name) if steers else tr("Message to {name}…", name=name)


def target(title: str, *, steers: bool) -> str:
    """Where the message goes, for tooltip and screen reader."""
    session = plain(title, 80)
    if steers:
        words = mark("Goes into the run of “{session}”. Enter sends, Shift+Enter makes a new line.")
    else:
        words = mark("Goes to “{session}”. Enter sends, Shift+Enter makes a new line.")
    return tr(words, session=session)


def outcome(state: CommandState) -> str:
    """How far a message or a stop is, in one line."""
    command, how = state.command, progress(state)
    if not isinstance(command, SendMessage):
        return tr(_STOP[state.phase], how=how)
    words = _STEERED if command.steer else _MESSAGE
    return tr(words[state.phase], text=plain(command.text, START_OF_MESSAGE), how=how)
