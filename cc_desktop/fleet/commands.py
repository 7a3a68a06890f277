"""What an operator asks for, and how far it is. `FleetMonitor.execute` is the only way down."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct


class Command(Struct, frozen=True, kw_only=True):
    """Base of all commands. `monitor.execute` gives an id to a command that has none."""

    id: str = ""


class Addressed(Command, frozen=True):
    """Base of those that are for one gateway, by its id."""

    gateway: str


class MarkSeen(Addressed, frozen=True):
    """The operator has seen why sessions of an agent failed."""

    agent: str
    sessions: tuple[str, ...] = ()  # session keys; empty: all that failed


class MarkUnseen(Addressed, frozen=True):
    """Undoes `MarkSeen`."""

    agent: str
    sessions: tuple[str, ...] = ()  # session keys; empty: all of the agent


class MarkItems(Addressed, frozen=True):
    """The operator has seen items of the inbox, or wants them to be unseen again."""

    items: tuple[str, ...]  # ids
    seen: bool = True


class WatchRun(Addressed, frozen=True):
    """The operator wants to be told when the run in progress is over, however it ends."""

    agent: str
    session_key: str
    on: bool = True


class Reconnect(Addressed, frozen=True):
    """Connect again at once."""

    gateway: str = ""  # empty: all gateways


class Refresh(Addressed, frozen=True):
    """List all agents and sessions again."""


class RequestRights(Addressed, frozen=True):
    """Ask the gateway for more rights; somebody there may have to approve it.

    The connection and its rights stay as they are until the new ones are granted.
    """

    scopes: tuple[str, ...]  # in addition to those that are granted


class WithdrawRequest(Addressed, frozen=True):
    """Ask no longer for rights that nobody has approved yet."""


class GiveBackRights(Addressed, frozen=True):
    """Do without rights from now on. The right to read stays."""

    scopes: tuple[str, ...]


class ResolveApproval(Addressed, frozen=True):
    """Decide an approval. The first answer wins."""

    agent: str
    approval: str
    decision: str  # one of `Approval.decisions`: "allow-once", "allow-always", "deny"
    family: str = ""  # as in `Approval.family`; "" is "exec"


class AnswerQuestion(Addressed, frozen=True):
    """Answer a question, or say that there will be no answer.

    The model keeps a copy without the answers: they may be secret.
    """

    agent: str
    question: str
    answers: Mapping[str, tuple[str, ...]] = {}  # by `QuestionPart.id`: labels, or one's own words
    cancel: bool = False

    def __repr__(self) -> str:
        return f"AnswerQuestion({self.gateway!r}, {self.question!r}, answers={len(self.answers)})"


class SendMessage(Addressed, frozen=True):
    """Say something to an agent, in one of its sessions. Its id is the id of the run it starts."""

    agent: str
    session_key: str
    text: str
    steer: bool = False  # into the run in progress, where the gateway can do that


class StopRun(Addressed, frozen=True):
    """Stop what a session does now."""

    agent: str
    session_key: str
    run_id: str = ""  # empty: whatever runs
    batch: str = ""  # id of the `StopAll` that it belongs to


class StopAll(Command, frozen=True):
    """Stop every run. Each gets a `StopRun` of its own, which says how it went."""

    gateway: str = ""  # empty: on all gateways


class TaskAction(StrEnum):
    """What can be done with a background task."""

    RETRY = "retry"
    CANCEL = "cancel"
    DISMISS = "dismiss"


class ChangeTask(Addressed, frozen=True):
    """Retry, cancel or dismiss a background task."""

    task: str
    action: TaskAction


GatewayAction = ResolveApproval | AnswerQuestion | SendMessage | StopRun | ChangeTask


class Right(StrEnum):
    """What an operator may do on a gateway with this app, as a ladder."""

    WATCH = "watch"
    ANSWER = "answer"  # questions
    APPROVE = "approve"  # changes where the fleet sends its approvals
    OPERATE = "operate"  # send and stop


# Operator scopes of OpenClaw 2026.9.6.
SCOPE_OF: dict[Right, str] = {
    Right.WATCH: "operator.read",
    Right.ANSWER: "operator.questions",
    Right.APPROVE: "operator.approvals",
    Right.OPERATE: "operator.write",
}


def right_for(command: GatewayAction) -> Right:
    """The right that a gateway wants for an action."""
    if isinstance(command, ResolveApproval):
        return Right.APPROVE
    return Right.ANSWER if isinstance(command, AnswerQuestion) else Right.OPERATE


def rights_in(scopes: tuple[str, ...]) -> tuple[Right, ...]:
    """The rights that scopes amount to; admin has them all, and who may write may read."""
    if "operator.admin" in scopes:
        return tuple(Right)
    implied = {Right.WATCH} if "operator.write" in scopes else set()
    return tuple(r for r in Right if SCOPE_OF[r] in scopes or r in implied)


class CommandPhase(StrEnum):
    """How far a command is."""

    PENDING = "pending"
    UNKNOWN = "unknown"  # no answer yet: nobody knows whether it arrived
    UNKNOWABLE = "unknowable"  # and nobody will: the gateway does not tell
    DONE = "done"
    REFUSED = "refused"


# Why it will never be known whether a command arrived.
NO_HISTORY = "no-history"  # a message, in a session that this app may not read
NO_WORD = "no-word"
DROPPED = "dropped"  # the one refusal after an end: the gateway took a message and lost it


class CommandState(Struct, frozen=True):
    """A command as views show it."""

    command: Command
    phase: CommandPhase = CommandPhase.PENDING
    at: int = 0  # local ms at which it reached this phase
    # The kind of refusal, such as "not-live"; "demo" if it was done on sample data only. `text` has
    # the words.
    reason: str = ""
    said: str = ""  # the gateway's own words about it, cleaned

    @property
    def is_done(self) -> bool:
        """Whether it succeeded: such a command is forgotten after a while."""
        return self.phase is CommandPhase.DONE

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be heard of it."""
        return self.phase not in (CommandPhase.PENDING, CommandPhase.UNKNOWN)
