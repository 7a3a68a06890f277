"""Approvals and questions in words: what is asked, what each decision does. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cc_desktop.fleet.commands import (
    AnswerQuestion,
    ChangeTask,
    CommandPhase,
    ResolveApproval,
    Right,
    SendMessage,
    StopRun,
    TaskAction,
)
from cc_desktop.text.commands import progress, refusal
from cc_desktop.text.format import plain, with_stop
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from cc_desktop.fleet.commands import Command, CommandState
    from cc_desktop.fleet.inbox import InboxItem
    from cc_desktop.fleet.requests import Approval, Decision

ONCE, ALWAYS, DENY = "allow-once", "allow-always", "deny"
_FAMILIES = {
    "exec": mark("Approval · run a command"),
    "plugin": mark("Approval · action of a plugin"),
    "system": mark("Approval · action of the system agent"),
}
_DECISIONS = {ONCE: mark("Approve once"), ALWAYS: mark("Always…"), DENY: mark("Deny")}
_GRANTS = {
    "exec": mark(
        "From now on {agent} runs this command without asking, in every session, until somebody "
        "takes that back on the gateway."
    ),
    "plugin": mark(
        "From now on {agent} does this by the plugin without asking, in every session, until "
        "somebody takes that back on the gateway."
    ),
    "system": mark(
        "From now on the system agent does this without asking, until somebody takes that back "
        "on the gateway."
    ),
}
_DECIDED = {
    ONCE: mark("Approved once."),
    ALWAYS: mark("Approved, from now on without asking."),
    DENY: mark("Denied."),
}
_BY_OTHERS = {
    ONCE: mark("Somebody else approved it once."),
    ALWAYS: mark("Somebody else approved it for always."),
    DENY: mark("Somebody else denied it."),
}
_MISSING = {
    Right.APPROVE: mark("This app may not decide approvals on {gateway}."),
    Right.ANSWER: mark("This app may not answer questions on {gateway}."),
    Right.OPERATE: mark("This app may not send to agents or stop them on {gateway}."),
    Right.WATCH: mark("This app may not watch {gateway}."),
}


def family_heading(family: str) -> str:
    """What kind of approval it is."""
    return tr(_FAMILIES.get(family, mark("Approval")))


def decision_words(decision: str) -> str:
    """The words of the button of a decision; one that is unknown keeps the gateway's name."""
    known = _DECISIONS.get(decision)
    return tr(known) if known else tr("{decision}…", decision=plain(decision, 40))


def is_simple(decision: str) -> bool:
    """Whether a decision is about this once only, and needs no second click."""
    return decision in (ONCE, DENY)


def grants(approval: Approval, decision: str, agent: str) -> str:
    """What a decision that lasts grants."""
    if decision == ALWAYS:
        return tr(_GRANTS.get(approval.family, _GRANTS["exec"]), agent=plain(agent, 60))
    return tr(
        "The gateway calls this decision “{decision}”. This app does not know what it grants.",
        decision=plain(decision, 60),
    )


def missing_right(right: Right, gateway: str) -> str:
    """Why there are no buttons."""
    return tr(_MISSING[right], gateway=plain(gateway, 60))


class Fact(Struct, frozen=True):
    """A line below a command: what it is called, and what it says."""

    label: str
    value: str


def approval_facts(approval: Approval) -> tuple[Fact, ...]:
    """Host, directory, scope and severity, where the gateway tells them."""
    facts = (
        Fact(tr("Host"), plain(approval.host, 200)),
        Fact(tr("Directory"), plain(approval.cwd, 400)),
        Fact(tr("Scope"), plain(approval.scope, 120)),
        Fact(tr("Severity"), plain(approval.severity, 60)),
    )
    return tuple(fact for fact in facts if fact.value)


# What became of it


def command_line(state: CommandState) -> str:
    """How far a command of the operator is: what it was, and its progress."""
    said = progress(state)
    if state.phase is CommandPhase.REFUSED:
        return tr("{what} was refused. {why}", what=_what(state.command), why=said)
    if state.phase is CommandPhase.DONE:
        return tr("{what}: done.", what=_what(state.command))
    return with_stop(tr("{what}: {progress}", what=_what(state.command), progress=said))


def _what(command: Command) -> str:
    match command:
        case ResolveApproval():
            return plain(decision_words(command.decision), 60).rstrip("…")
        case AnswerQuestion():
            return tr("No answer") if command.cancel else tr("Answer")
        case StopRun():
            return tr("Stop")
        case SendMessage():
            return tr("Message")
        case ChangeTask():
            words = {TaskAction.RETRY: tr("Retry"), TaskAction.DISMISS: tr("Dismiss")}
            return words.get(command.action, tr("Cancel"))
    return tr("Command")


def ending(
    item: InboxItem, state: CommandState | None, now: int, decision: Decision | None = None
) -> str:
    """Why an item is no longer open.

    Args:
        item: As it was last.
        state: The newest command of the operator about it, if there was one.
        now: Local ms.
        decision: How the gateway says that it ended, if it does.
    """
    if state is not None:
        command = state.command
        if state.phase is CommandPhase.DONE:
            if isinstance(command, ResolveApproval):
                return tr(_DECIDED.get(command.decision, mark("Decided.")))
            if isinstance(command, AnswerQuestion):
                return tr("No answer was given.") if command.cancel else tr("Answered.")
        if state.phase is CommandPhase.REFUSED and state.reason == "decided":
            known = _BY_OTHERS.get(state.said)
            return tr(known) if known else refusal("decided", state.said)
        if state.phase is CommandPhase.REFUSED and state.reason == "gone":
            return refusal("gone")
    if decision is not None and decision.what in _BY_OTHERS:
        if not decision.by:
            return tr(_BY_OTHERS[decision.what])
        what = decision_words(decision.what).rstrip("…")
        return tr("{decision}: decided by {who}.", decision=what, who=plain(decision.by, 60))
    if 0 < item.until <= now:
        return tr("Its time ran out. Nobody decided it here.")
    return tr("It is no longer open: decided elsewhere, or over by itself.")
