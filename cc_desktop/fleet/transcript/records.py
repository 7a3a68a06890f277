"""What a conversation consists of. Times are ms by the gateway's clock; 0 means unknown.

Texts are clean and cut to these limits where they come in: whatever an agent writes, a message
costs a few kB and some ms to draw.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

TEXT_LIMIT = 16_000  # characters of a message
DETAIL_LIMIT = 4_000  # characters of a tool's arguments, or of its result
LINE_LIMIT = 200  # characters of what a tool is used on
USES_PER_MESSAGE = 2_000  # tool calls of one message
MOST_MESSAGES = 10_000  # of one conversation; the oldest go first
MOST_CALLS = 100_000  # of one conversation
PAGE = 50  # messages that are read at a time


class Role(StrEnum):
    """Who a message is from."""

    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"  # the result of a tool call
    SYSTEM = "system"


class ToolUse(Struct, frozen=True, gc=False):
    """A tool call, as a message of the assistant has it."""

    id: str
    name: str
    subject: str = ""  # one line: the command, the path, the address
    detail: str = ""  # all arguments


class Message(Struct, frozen=True):
    """One message of a conversation."""

    role: Role
    id: str = ""  # "" where the gateway names none yet
    at: int = 0
    text: str = ""
    cut: int = 0  # characters that were left out of the text
    uses: tuple[ToolUse, ...] = ()
    uses_cut: int = 0  # tool calls that were left out
    call_id: str = ""  # of a tool's result: the call
    tool: str = ""  # of a tool's result: its name
    failed: bool = False  # the tool, or the run
    note: str = ""  # of a tool's result: what it ended with, such as "exit 1"
    error: str = ""  # why the run failed
    sender: str = ""
    channel: str = ""
    cost_usd: float = 0.0
    run_id: str = ""
    boundary: str = ""  # "compaction" or "reset": no message, but where the context changed
    attachments: int = 0  # images and files, which are never loaded


class Page(Struct, frozen=True):
    """A page of a conversation, oldest first."""

    messages: tuple[Message, ...] = ()
    has_more: bool = False  # there are older ones
    next_offset: int = 0  # messages from the end at which the next older page begins
    run: InFlight | None = None


class InFlight(Struct, frozen=True):
    """A run that was in progress when the page was made."""

    run_id: str
    started_at: int = 0
    text: str = ""  # what it has streamed of its reply


class CardStep(Struct, frozen=True, gc=False):
    """A step of a plan."""

    text: str
    state: str  # "pending", "in_progress" or "completed"


class ProgressCard(Struct, frozen=True):
    """What an agent tells about its plan (`progressCard.get`, 2026.8 and later)."""

    markdown: str = ""
    steps: tuple[CardStep, ...] = ()
    updated_at: int = 0

    @property
    def done(self) -> int:
        """How many steps are completed."""
        return sum(step.state == "completed" for step in self.steps)
