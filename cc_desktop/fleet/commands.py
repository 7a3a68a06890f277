"""What an operator asks for, and how far it is. `FleetMonitor.execute` is the only way down."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Command(Struct, frozen=True, kw_only=True):
    """Base of all commands. `monitor.execute` gives an id to a command that has none."""

    id: str = ""


class MarkSeen(Command, frozen=True):
    """The operator has seen why sessions of an agent failed."""

    gateway: str
    agent: str
    sessions: tuple[str, ...] = ()  # session keys; empty: all that failed


class MarkUnseen(Command, frozen=True):
    """Undoes `MarkSeen`."""

    gateway: str
    agent: str
    sessions: tuple[str, ...] = ()  # session keys; empty: all of the agent


class Reconnect(Command, frozen=True):
    """Connect again at once."""

    gateway: str = ""  # empty: all gateways


class Refresh(Command, frozen=True):
    """List all agents and sessions again."""

    gateway: str


class CommandPhase(StrEnum):
    """How far a command is."""

    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"


class CommandState(Struct, frozen=True):
    """A command as views show it."""

    command: Command
    phase: CommandPhase = CommandPhase.PENDING
    at: int = 0  # local ms at which it reached this phase
    reason: str = ""  # the kind of refusal, such as "demo"; `text` has the words

    @property
    def is_done(self) -> bool:
        """Whether it succeeded: such a command is forgotten after a while."""
        return self.phase is CommandPhase.DONE
