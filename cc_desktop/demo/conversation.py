"""The conversation of a sample session: made up from its story, the same each time."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from cc_desktop.fleet.transcript.records import Message, Role, ToolUse

if TYPE_CHECKING:
    from cc_desktop.demo.scenario import DemoFleet, DemoSession
    from cc_desktop.fleet.model import Session

ROUNDS = 3  # of question and answer
STEP_MS = 40_000  # from one step to the next
_ASKED = (
    "Where are we with this: {title}?",
    "Please go on with “{title}”, and tell me when it is done.",
    "Anything new about {title}?",
)
_BEGUN = (
    "I look at what is there first.",
    "On it. Two things to check before I change anything:\n\n- what the notes say\n- what runs now",
    "I start with the part that can go wrong.",
)
_THOUGHTS = (
    "That fits. The next step only touches **one file**, so it can come first",
    "Nothing unusual so far. I keep `main` as it is and work on a copy, because",
    "The notes say otherwise, so I look again before I change",
)
_OUTPUT = ("ok", "12 files, nothing unusual", "3 passed in 0.41s", "done in 2.1 s")


def thought(number: int) -> str:
    """What an agent has streamed of its reply while it thinks."""
    return _THOUGHTS[number % len(_THOUGHTS)]


def words_of(fleet: DemoFleet, session_key: str) -> DemoSession | None:
    """The story of a session, or None if it has none."""
    for agent in fleet.agents:
        for words in agent.sessions:
            if session_key == f"agent:{agent.id}:{words.key}":
                return words
    return None


def conversation(words: DemoSession, session: Session) -> tuple[Message, ...]:
    """All messages up to now, oldest first, the newest run's as the session tells it."""
    random = Random(session.key)
    begun = session.started_at or session.updated_at
    at = begun - ROUNDS * 30 * STEP_MS
    found: list[Message] = []

    def say(message: Message) -> None:
        found.append(message)

    def use(round_: int, step: str, number: int) -> None:
        nonlocal at
        at += STEP_MS
        tool, _, subject = step.partition(": ")
        ident = f"demo-{round_}-{number}"
        call = ToolUse(ident, tool, subject, subject)
        say(Message(Role.ASSISTANT, f"{ident}c", at, uses=(call,)))
        at += random.randint(200, 9_000)
        output = random.choice(_OUTPUT)
        say(Message(Role.TOOL, f"{ident}r", at, output, call_id=ident, tool=tool))

    for round_ in range(ROUNDS):
        last = round_ == ROUNDS - 1
        if last:
            at = begun
        asked = _ASKED[round_ % len(_ASKED)].format(title=session.title)
        say(Message(Role.USER, f"demo-{round_}u", at, asked, channel=words.channel))
        at += 4_000
        say(Message(Role.ASSISTANT, f"demo-{round_}a", at, _BEGUN[round_ % len(_BEGUN)]))
        if last and session.active:
            break
        for number, step in enumerate(words.steps[: 2 + round_]):
            use(round_, step, number)
        at += 3_000
        if not last:
            ended = random.choice(words.outcomes)
            say(Message(Role.ASSISTANT, f"demo-{round_}e", at, f"**Done.** {ended}"))
            at += 20 * STEP_MS
            continue
        end = session.ended_at or at
        if session.failed:
            failure = Message(
                Role.ASSISTANT,
                f"demo-{round_}e",
                end,
                failed=True,
                error=session.error,
                cost_usd=session.cost_usd,
            )
            say(failure)
        else:
            say(Message(Role.ASSISTANT, f"demo-{round_}e", end, session.preview or "Done."))
    return tuple(found)
