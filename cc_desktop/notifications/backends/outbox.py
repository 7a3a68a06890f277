"""The messages on their way to a notification service. Pure."""

from __future__ import annotations

from msgspec import Struct

from cc_desktop.notifications.message import Message

MAX_WAITING = 100  # messages while nobody can show them
MAX_UNANSWERED = 3  # calls that a service has not answered yet, before no more are sent
MAX_ABANDONED = 20  # calls whose answer still counts when it comes late


class Call(Struct, eq=False):
    """A message that was sent and has not been answered."""

    message: Message
    abandoned: bool = False  # no longer waited for: others are sent meanwhile
    unwanted: bool = False  # to be closed as soon as its id is known


class Outbox:
    """At most one message a tag waits: a later one replaces it, a withdrawal removes it.

    A service that answers nothing gets few messages, and the ones behind them wait. A tag whose
    last message has no answer yet waits too: without its id a new one could not replace it.
    """

    def __init__(self) -> None:
        self._line: dict[str, Message | None] = {}  # oldest first; None: close what is shown
        self._unanswered: dict[str, Call] = {}  # by tag
        self._abandoned: dict[str, Call] = {}  # by tag, the latest each
        self._returned: list[Message] = []

    def __len__(self) -> int:
        return len(self._line)

    @property
    def abandoned(self) -> int:
        """How many calls are no longer waited for, but may still be answered."""
        return len(self._abandoned)

    def show(self, message: Message) -> None:
        """Put a message at the end of the line. The oldest is dropped when the line is full."""
        self._line.pop(message.tag, None)
        self._line[message.tag] = message
        if len(self._line) > MAX_WAITING:
            del self._line[next(iter(self._line))]

    def withdraw(self, tag: str, *, shown: bool) -> None:
        """Remove a message, wherever it is; `shown`: it is on the screen and has to be closed."""
        self._line.pop(tag, None)
        if tag in self._abandoned:
            self._abandoned[tag].unwanted = True
        if shown or tag in self._unanswered:
            self._line[tag] = None

    def next_tag(self) -> str | None:
        """Return whose turn it is, or None while nothing may be sent."""
        if len(self._unanswered) >= MAX_UNANSWERED:
            return None
        return next((tag for tag in self._line if tag not in self._unanswered), None)

    def take(self, tag: str) -> Call | None:
        """Remove a tag from the queue: the call to make, or None when its message must close."""
        message = self._line.pop(tag)
        if message is None:
            return None
        call = self._unanswered[tag] = Call(message)
        return call

    def abandon(self, call: Call) -> None:
        """Stop waiting for an answer. One that comes late still counts."""
        tag = call.message.tag
        call.abandoned = True
        if tag in self._line:  # withdrawn, or replaced by a newer message
            call.unwanted = True
            if self._line[tag] is None:
                del self._line[tag]
        self._unanswered.pop(tag, None)
        older = self._abandoned.pop(tag, None)
        if older is not None:
            older.unwanted = True
        self._abandoned[tag] = call
        if len(self._abandoned) > MAX_ABANDONED:
            del self._abandoned[next(iter(self._abandoned))]

    def finish(self, call: Call) -> None:
        """Forget a call that was answered, refused or lost."""
        for calls in (self._unanswered, self._abandoned):
            if calls.get(call.message.tag) is call:
                del calls[call.message.tag]

    def put_back(self, call: Call) -> None:
        """Keep a message for the next service. Only once: it may be what ends services."""
        message = call.message
        if call.unwanted or any(message is returned for returned in self._returned):
            return
        self._returned = [*self._returned[1 - MAX_ABANDONED :], message]
        self._line = {message.tag: message, **self._line}  # what is newer stays
