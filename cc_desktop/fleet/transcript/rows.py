"""Messages → the rows of a transcript: who said what, and each tool call with its outcome."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cc_desktop.fleet.transcript.records import Message, Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cc_desktop.fleet.transcript.records import ToolUse


class RowKind(StrEnum):
    """What a row shows."""

    MESSAGE = "message"
    CALL = "call"
    FAILURE = "failure"  # how a run ended, when it failed
    BOUNDARY = "boundary"  # compaction, reset
    NOTE = "note"  # what was left out


class Outcome(StrEnum):
    """How a tool call ended."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"  # no result is known, and its run is over


class Row(Struct, frozen=True, gc=False):
    """One row. Which fields count depends on its kind."""

    key: str  # stays the same while the row changes
    kind: RowKind
    role: Role = Role.ASSISTANT
    at: int = 0
    text: str = ""  # Markdown of a message; the reason of a failure; "compaction", "reset"
    cut: int = 0
    sender: str = ""
    channel: str = ""
    attachments: int = 0
    name: str = ""  # of a tool
    subject: str = ""
    detail: str = ""
    result: str = ""
    outcome: Outcome = Outcome.DONE
    note: str = ""
    took_ms: int = 0  # of a tool call, or of a run that failed
    cost_usd: float = 0.0  # of a run that failed
    count: int = 0  # of a note: how many tool calls were left out
    live: bool = False  # it is being streamed


class RowBuilder:
    """Builds rows from messages, oldest first. A result goes to the row of its call."""

    def __init__(self, messages: Iterable[Message] = ()) -> None:
        self.rows: list[Row] = []
        self._open: dict[str, int] = {}  # call id → its row, until there is a result
        self._calls: set[str] = set()
        self._keys: dict[str, int] = {}  # how often a key was used
        self.asked_at = 0  # when the present turn began
        self._turn: list[tuple[str, int]] = []  # its tool calls and their rows
        self._cost = 0.0
        self._speaker: Role | None = None
        for message in messages:
            self.add(message)

    def has_call(self, call_id: str) -> bool:
        """Whether a tool call has a row."""
        return call_id in self._calls

    def turn(self) -> list[tuple[str, Row]]:
        """The tool calls since somebody asked last: call id and row."""
        return [(call_id, self.rows[place]) for call_id, place in self._turn]

    def resolve(self, call_id: str, result: Row) -> None:
        """Give a call that has no result yet the outcome that its run told."""
        place = self._open.pop(call_id, None)
        if place is not None:
            self.rows[place] = replace(
                self.rows[place],
                result=result.result,
                outcome=result.outcome,
                note=result.note,
                took_ms=result.took_ms,
            )

    def add(self, message: Message) -> None:
        """Add the rows of the next message."""
        if message.boundary:
            self._append(Row(self._key(message), RowKind.BOUNDARY, text=message.boundary))
            self._speaker = None
        elif message.role is Role.TOOL:
            self._add_result(message)
        else:
            self._add_words(message)

    def _add_words(self, message: Message) -> None:
        if message.role is Role.USER:
            self.asked_at, self._cost = message.at, 0.0
            self._turn.clear()
            self._close_calls()
        self._cost += message.cost_usd
        key = self._key(message)
        has_words = bool(message.text) or bool(message.attachments)
        if message.failed:
            took = message.at - self.asked_at if 0 < self.asked_at <= message.at else 0
            failure = Row(
                key,
                RowKind.FAILURE,
                at=message.at,
                text=message.error or message.text,
                cut=message.cut,
                took_ms=took,
                cost_usd=self._cost,
            )
            self._append(failure)
            self._close_calls()
            self._speaker = None
            return
        if has_words or (message.uses and self._speaker is not message.role):
            row = Row(
                key,
                RowKind.MESSAGE,
                message.role,
                message.at,
                message.text,
                message.cut,
                message.sender,
                message.channel,
                message.attachments,
            )
            self._append(row)
        self._speaker = message.role
        for use in message.uses:
            self._add_call(use, message.at)
        if message.uses_cut:
            self._append(Row(f"{key}/more", RowKind.NOTE, count=message.uses_cut))

    def _add_call(self, use: ToolUse, at: int) -> None:
        self._open[use.id] = len(self.rows)
        self._turn.append((use.id, len(self.rows)))
        self._calls.add(use.id)
        self._append(
            Row(
                self._unique(f"call:{use.id}"),
                RowKind.CALL,
                at=at,
                name=use.name,
                subject=use.subject,
                detail=use.detail,
                outcome=Outcome.RUNNING,
            )
        )

    def _add_result(self, message: Message) -> None:
        place = self._open.pop(message.call_id, None)
        outcome = Outcome.FAILED if message.failed else Outcome.DONE
        if place is None:  # its call is on an older page, or was left out
            row = Row(
                self._unique(f"call:{message.call_id}"),
                RowKind.CALL,
                at=message.at,
                name=message.tool,
                result=message.text,
                cut=message.cut,
                outcome=outcome,
                note=message.note,
            )
            self._append(row)
            return
        call = self.rows[place]
        self.rows[place] = replace(
            call,
            result=message.text,
            cut=message.cut,
            outcome=outcome,
            note=message.note,
            took_ms=message.at - call.at if 0 < call.at <= message.at else 0,
        )

    def _close_calls(self) -> None:
        """No result comes any more for calls of a run that is over."""
        for place in self._open.values():
            self.rows[place] = replace(self.rows[place], outcome=Outcome.UNKNOWN)
        self._open.clear()

    def _append(self, row: Row) -> None:
        self.rows.append(row)

    def _key(self, message: Message) -> str:
        return self._unique(message.id or f"~{message.role}{message.at}")

    def _unique(self, key: str) -> str:
        used = self._keys.get(key, 0)
        self._keys[key] = used + 1
        return f"{key}#{used}" if used else key
