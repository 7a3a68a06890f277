"""What waits for a person's answer: approvals and questions. Pure.

Times in an event are the gateway's, in the model local; both ms since the epoch.
"""

from __future__ import annotations

from msgspec import Struct


class Approval(Struct, frozen=True, gc=False):
    """A command or an action that waits for a person's decision."""

    id: str
    agent_id: str
    session_key: str = ""
    title: str = ""
    opened_at: int = 0
    expires_at: int = 0
    run_id: str = ""  # the run that waits for it; "" when no run does (2026.5.7 ends it)
    # What the run's own events do not tell: only who may decide is told it.
    family: str = ""  # "exec", "plugin" or "system"
    command: str = ""  # in full, with its line breaks; of a plugin: the details of its action
    cwd: str = ""
    host: str = ""
    warning: str = ""
    description: str = ""  # what it is for, in lines; "" for a command
    scope: str = ""  # such as "payment" or "external-post"
    scope_of: str = ""  # whom or what it reaches, and how much
    severity: str = ""
    decisions: tuple[str, ...] = ()  # as the gateway allows them; empty: not to be decided here


class Decision(Struct, frozen=True, gc=False):
    """How an approval or a question ended. Kept for a while, for those who tell of it."""

    id: str
    # "allow-once", "allow-always", "deny"; "answered", "cancelled", "expired"; "": nobody told
    what: str = ""
    by: str = ""  # who decided, by the gateway's words; "" when it does not tell
    at: int = 0  # local ms


class Choice(Struct, frozen=True, gc=False):
    """An option of a question."""

    label: str
    description: str = ""
    value: str = ""  # exactly what the gateway wants to hear; never shown

    @property
    def answer(self) -> str:
        """What an answer with this choice says; its label is cleaned and may be cut."""
        return self.value or self.label


class QuestionPart(Struct, frozen=True, gc=False):
    """One of the questions that an agent asks at once."""

    id: str
    text: str
    header: str = ""
    choices: tuple[Choice, ...] = ()
    is_several: bool = False  # more than one choice may be given
    takes_text: bool = True  # words of one's own are an answer
    is_secret: bool = False  # the answer is neither shown nor kept


class Question(Struct, frozen=True, gc=False):
    """What an agent asks its operator (`ask_user`)."""

    id: str
    agent_id: str
    parts: tuple[QuestionPart, ...]
    session_key: str = ""
    run_id: str = ""
    opened_at: int = 0
    expires_at: int = 0  # 0: not told to connections that may only read
    can_answer: bool = False  # the id is the gateway's own, so an answer can name it
    asked_as: str = ""  # the id that its run gave it before the gateway told of it

    @property
    def title(self) -> str:
        """The first question's words."""
        first = self.parts[0] if self.parts else None
        return (first.text or first.header) if first else ""
