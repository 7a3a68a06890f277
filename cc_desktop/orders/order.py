"""An order and its outcome, as they travel between a command and the running app."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from cc_desktop.about import ExitCode

MAX_ORDER = 256 * 1024  # bytes: a message to an agent may be long
MAX_OUTCOME = 1024 * 1024  # bytes
MAX_TARGETS = 200
LIMIT_S = 45.0  # until an order has an outcome; longer than a gateway may take to answer


class Verb(StrEnum):
    """What is asked."""

    NEXT = "next"
    LOOK = "look"  # the parts of a question: for `answer`, which has to ask for secret ones
    APPROVE = "approve"
    DENY = "deny"
    ANSWER = "answer"
    RUNS = "runs"  # what runs now: for `stop --all`, which asks before
    STOP = "stop"
    STOP_ALL = "stop-all"
    SEND = "send"
    SEEN = "seen"


_Word = Annotated[str, Meta(max_length=500)]


class Order(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a command asks for. Its words may be secret, so its repr has none."""

    verb: Verb
    targets: Annotated[tuple[_Word, ...], Meta(max_length=MAX_TARGETS)] = ()  # ids, or agents
    always: bool = False
    session: _Word = ""  # of send: its key; "" is the agent's main session
    text: str = ""
    answers: Mapping[str, tuple[str, ...]] = {}  # by `QuestionPart.id`

    def __repr__(self) -> str:
        return f"Order({self.verb.value!r}, {self.targets!r})"


class Outcome(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How an order ended: the exit code, and what to print."""

    code: int = ExitCode.OK
    out: tuple[str, ...] = ()  # lines for stdout
    err: tuple[str, ...] = ()  # lines for stderr
    data: Any = None  # for `--json`, and for the command itself


def can_travel(order: Order) -> bool:
    """Whether it is text, and short enough for the running app to take."""
    try:
        line = msgspec.json.encode(order)
        msgspec.json.decode(line, type=Order)  # says no to what is too long
    except (msgspec.MsgspecError, UnicodeError):
        return False
    return len(line) <= MAX_ORDER


def pack_outcome(outcome: Outcome) -> bytes:
    """The outcome as one line of JSON; one that is too long says so instead."""
    line = msgspec.json.encode(outcome)
    if len(line) < MAX_OUTCOME:
        return line
    return msgspec.json.encode(Outcome(code=ExitCode.CRASHED, err=("the answer is too long",)))


def unpack_outcome(line: bytes) -> Outcome | None:
    """The outcome in a line, or None."""
    try:
        return msgspec.json.decode(line, type=Outcome)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
