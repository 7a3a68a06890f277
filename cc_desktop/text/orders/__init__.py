"""What the commands of the shell say: items to decide, and what became of an order. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.commands import CommandPhase, StopRun
from cc_desktop.fleet.inbox import InboxKind
from cc_desktop.protocol.clean import clean_text
from cc_desktop.text.commands import progress
from cc_desktop.text.format import ago, clock, plain
from cc_desktop.text.i18n import mark, tr, trn
from cc_desktop.text.inbox import reason, title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cc_desktop.fleet.commands import CommandState
    from cc_desktop.fleet.inbox import InboxItem
    from cc_desktop.fleet.model import Agent, Fleet
    from cc_desktop.fleet.requests import Approval, Question, QuestionPart

NOTHING = mark("Nothing needs you")
UNREACHED = mark("no gateway can be reached")
SAMPLE_ONLY = mark("no gateway can be reached; the app shows sample data")
NOT_KNOWN = mark("it is not known whether it arrived")
NOTHING_RUNS = mark("nothing runs")
NOT_TEXT = mark("what you wrote is too long, or holds bytes that are no text")
WORDS_LEFT = mark("there are more answers than parts of the question")
NO_ANSWER_HERE = mark(
    "this connection may see that question, but not answer it: allow questions in Settings"
)
_TEXT = 4_000  # characters of a command or a question
_MOST = 5  # candidates that are named


def no_item(word: str) -> str:
    """There is no such item."""
    return tr("nothing open has the id {id}", id=plain(word, 60))


def wrong_kind(ident: str, verb: str) -> str:
    """An item is of another kind than a command wants."""
    if verb == "answer":
        return tr("{id} is no question", id=ident)
    return tr("{id} is no approval", id=ident)


def no_agent(word: str) -> str:
    """There is no such agent."""
    return tr("no agent is called {name}", name=plain(word, 60))


def several(word: str, candidates: Sequence[str]) -> str:
    """A word means several items or agents."""
    names = ", ".join(plain(one, 80) for one in candidates[:_MOST])
    more = ", …" if len(candidates) > _MOST else ""
    return tr("{word} may be any of {names}", word=plain(word, 60), names=names + more)


def not_offered(decisions: Sequence[str]) -> str:
    """A decision that the gateway does not offer."""
    return tr("the gateway offers only: {decisions}", decisions=", ".join(map(plain, decisions)))


def runs_nothing(name: str) -> str:
    """An agent that has no run to stop."""
    return tr("{name}: nothing runs", name=plain(name))


def no_session(name: str) -> str:
    """An agent that has no such session."""
    return tr("{name} has no such session", name=plain(name))


def wants_answer(part: QuestionPart) -> str:
    """A part of a question has no answer that fits."""
    asked = plain(part.text or part.header or part.id)
    if part.choices and not part.takes_text:
        labels = [f"{n} {plain(one.label, 60)}" for n, one in enumerate(part.choices, 1)]
        return tr("“{question}” wants one of: {choices}", question=asked, choices=", ".join(labels))
    return tr("“{question}” has no answer", question=asked)


def result(fleet: Fleet, gateway: str, agent: Agent | None, state: CommandState) -> str:
    """What became of a command: "Dex on Demo: done"."""
    place = fleet.gateways.get(gateway)
    name = plain(agent.shown_name) if agent is not None else ""
    if agent is not None and isinstance(state.command, StopRun):  # an agent may have several
        session = agent.sessions.get(state.command.session_key)
        name = f"{name} ({plain(session.title if session else state.command.session_key)})"
    where = plain(place.name) if place is not None else plain(gateway)
    said = progress(state)
    if not name:
        return tr("{gateway}: {result}", gateway=where, result=said)
    return tr("{name} on {gateway}: {result}", name=name, gateway=where, result=said)


def run_line(gateway: str, name: str, session: str) -> str:
    """A run that is about to be stopped."""
    return f"  {plain(gateway)}/{plain(name)} · {plain(session)}"


def sure(runs: int, gateways: int) -> str:
    """Asks whether to stop all of them."""
    what = trn("{n} run", "{n} runs", runs)
    where = trn("{n} gateway", "{n} gateways", gateways)
    return tr('Stop {runs} on {gateways}? Type "yes":', runs=what, gateways=where)


def stopped(count: int, of: int) -> str:
    """The last line of a report of many stops."""
    return trn("{done} of {n} run stopped", "{done} of {n} runs stopped", of, done=count)


def is_success(state: CommandState) -> bool:
    """Whether a command was carried out."""
    return state.phase is CommandPhase.DONE


def item_lines(fleet: Fleet, item: InboxItem, now: int) -> Iterator[str]:
    """An item with what it takes to decide, and how to decide it from here.

    Args:
        fleet: The model.
        item: Open.
        now: Local ms.
    """
    yield title(item)
    agent = fleet.agent(item.gateway, item.agent)
    approval = agent.approvals.get(item.subject) if agent else None
    question = agent.questions.get(item.subject) if agent else None
    if item.kind is InboxKind.APPROVAL and approval is not None:
        yield from _approval_lines(approval)
    elif item.kind is InboxKind.QUESTION and question is not None:
        yield from _question_lines(question)
    elif why := clean_text(reason(item, now), _TEXT):
        yield f"  {why}"
    gateway = fleet.gateways.get(item.gateway)
    facts = [f"{item.gateway}/{item.agent}" if item.agent else plain(item.gateway)]
    if gateway is not None and gateway.name != item.gateway:
        facts.append(plain(gateway.name))
    facts.append(ago(item.since, now))
    if item.until:
        facts.append(tr("expires {when}", when=clock(item.until, now)))
    yield "  " + " · ".join(fact for fact in facts if fact)
    for command in commands_for(item):
        yield f"  {command}"


def commands_for(item: InboxItem) -> tuple[str, ...]:
    """What can be done about an item from a shell."""
    match item.kind:
        case InboxKind.APPROVAL:
            return (f"cc-desktop approve {item.id}", f"cc-desktop deny {item.id}")
        case InboxKind.QUESTION:
            return (f"cc-desktop answer {item.id} …",)
        case InboxKind.STUCK | InboxKind.RUNAWAY | InboxKind.CONTEXT_FULL:
            stop = f"cc-desktop stop {item.gateway}/{item.agent}"
            return (stop, f"cc-desktop seen {item.id}")
    return (f"cc-desktop seen {item.id}",)


def _approval_lines(approval: Approval) -> Iterator[str]:
    for line in clean_text(approval.command or approval.title, _TEXT, lines=True).splitlines():
        yield f"  $ {line}"
    if approval.cwd:
        yield "  " + tr("in {directory}", directory=plain(approval.cwd, 400))
    if approval.host:
        yield "  " + tr("on {host}", host=plain(approval.host))
    if approval.warning:
        yield "  ! " + clean_text(approval.warning, _TEXT)


def _question_lines(question: Question) -> Iterator[str]:
    for part in question.parts:
        yield "  " + clean_text(part.text or part.header, _TEXT)
        for number, choice in enumerate(part.choices, 1):
            about = f": {plain(choice.description)}" if choice.description else ""
            yield f"    {number} {plain(choice.label)}{about}"
        if part.is_several:
            yield "    " + tr("several can be chosen, with commas between them")
        if part.is_secret:
            yield "    " + tr("secret: it is asked for, and not shown")
