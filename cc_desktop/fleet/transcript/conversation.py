"""The messages of a conversation: pages of its history and live messages, merged.

History is the truth. The newest page replaces whatever was known from its first message on; live
messages fill the time until the next page. Whatever came live, lost, doubled or late, after a page
the conversation equals it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.transcript.records import MOST_CALLS, MOST_MESSAGES, Message, Page, Role
from cc_desktop.fleet.transcript.rows import RowBuilder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cc_desktop.fleet.transcript.rows import Row


class Conversation:
    """Messages and their rows.

    Attributes:
        has_more: There are older messages on the gateway.
        is_full: No more older messages are read: the rest is too much to keep.
    """

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._builder = RowBuilder()
        self._calls = 0
        self._live: list[Message] = []  # that came since the last page was asked for
        self.has_more = False
        self.is_full = False

    @property
    def messages(self) -> Sequence[Message]:
        """All that are known, oldest first."""
        return self._messages

    @property
    def rows(self) -> Sequence[Row]:
        """What to show, oldest first. The list changes with the next message."""
        return self._builder.rows

    @property
    def asked_at(self) -> int:
        """When somebody asked last."""
        return self._builder.asked_at

    def turn(self) -> list[tuple[str, Row]]:
        """The tool calls since then: call id and row."""
        return self._builder.turn()

    def has_call(self, call_id: str) -> bool:
        """Whether a message has this tool call."""
        return self._builder.has_call(call_id)

    def resolve(self, call_id: str, result: Row) -> None:
        """Give a call the outcome that its run told, until a message tells it."""
        self._builder.resolve(call_id, result)

    def page_asked(self) -> None:
        """The newest page is being asked for: what comes live from now on may not be on it."""
        self._live.clear()

    def replace_end(self, page: Page) -> bool:
        """Take in the newest page.

        Returns:
            Whether messages before it are still known.
        """
        known = {message.id for message in page.messages if message.id}
        said = {(one.role, one.text) for one in page.messages if one.role is Role.USER}
        later = [
            one
            for one in self._live
            if (one.id and one.id not in known) or (not one.id and (one.role, one.text) not in said)
        ]
        first = next((one.id for one in page.messages if one.id), "")
        start = self._place(first) if first else None
        if start is None:  # nothing in common: what is between is read when somebody scrolls there
            older: list[Message] = []
            self.has_more, self.is_full = page.has_more, False
        else:
            older = self._messages[:start]
            if not older:
                self.has_more = page.has_more
        self._live = later
        self._set([*older, *page.messages, *later])
        return bool(older)

    def add_older(self, page: Page) -> int:
        """Take in an older page.

        Returns:
            How many messages it brought.
        """
        known = {message.id for message in self._messages if message.id}
        fresh = [one for one in page.messages if not (one.id and one.id in known)]
        self.has_more = page.has_more
        self._set([*fresh, *self._messages])
        return len(fresh)

    def add(self, message: Message) -> None:
        """Take in a live message. One that is known is replaced."""
        if not message.id:
            self._append(message)
            return
        places = [
            place for place, one in self._recent() if one.id == message.id or _same(one, message)
        ]
        if not places:
            self._append(message)
        elif len(places) == 1 and self._messages[places[0]] != message:
            self._live = [one for one in self._live if not _same(one, message)] + [message]
            messages = self._messages.copy()
            messages[places[0]] = message
            self._set(messages)

    def _recent(self) -> list[tuple[int, Message]]:
        """The last messages with their places: a live one repeats no older ones."""
        start = max(0, len(self._messages) - 200)
        return list(enumerate(self._messages[start:], start))

    def _append(self, message: Message) -> None:
        self._live.append(message)
        if len(self._live) > MOST_MESSAGES:
            del self._live[0]
        self._messages.append(message)
        self._calls += len(message.uses)
        if len(self._messages) > MOST_MESSAGES or self._calls > MOST_CALLS:
            self._set(self._messages)
        else:
            self._builder.add(message)

    def _set(self, messages: list[Message]) -> None:
        calls = sum(len(one.uses) for one in messages)
        drop = max(0, len(messages) - MOST_MESSAGES)
        left = calls - sum(len(one.uses) for one in messages[:drop])
        while left > MOST_CALLS and drop < len(messages):
            left -= len(messages[drop].uses)
            drop += 1
        if drop:
            # Some more, so that the next message does not rebuild all rows again.
            drop = min(len(messages) - 1, drop + MOST_MESSAGES // 100)
            left = sum(len(one.uses) for one in messages[drop:])
            self.has_more = False
        self.is_full = self.is_full or bool(drop)
        self._messages = messages[drop:]
        self._calls = left
        self._builder = RowBuilder(self._messages)

    def _place(self, ident: str) -> int | None:
        return next((n for n, one in enumerate(self._messages) if one.id == ident), None)


def _same(early: Message, late: Message) -> bool:
    """Whether a message without an id became another: 2026.5.7 tells what was sent twice."""
    return (
        not early.id
        and bool(early.text)
        and early.role is late.role is Role.USER
        and (early.text == late.text or late.text.endswith(early.text))
    )
