"""Who plays in the story, and where in its run each is. Pure."""

from __future__ import annotations

from enum import Enum, auto

from msgspec import Struct, field

from cc_desktop.demo.scenario import DemoAgent, DemoModel, DemoSession
from cc_desktop.fleet.model import Approval, Session
from cc_desktop.fleet.requests import Question


class Phase(Enum):
    """What an agent is at."""

    IDLE = auto()
    THINKING = auto()
    TOOL = auto()
    WAITING = auto()  # for a person
    SILENT = auto()
    ERROR = auto()


class Actor(Struct):
    """An agent of the story and where in its run it is."""

    agent: DemoAgent
    model: DemoModel
    sessions: list[Session]
    phase: Phase = Phase.IDLE
    at: int = 0  # which session
    run_id: str = ""
    doing: str = ""
    steps: list[str] = field(default_factory=list)  # tools that are still to come
    done: int = 0  # steps of the session's plan that are done
    command: str = ""  # to be approved in this run
    allowed: set[str] = field(default_factory=set)  # commands that may always run
    asks: bool = False  # a question comes in this run
    approval: Approval | None = None
    question: Question | None = None
    reply: str = ""  # last words of this run, where the operator has said something
    orders: list[tuple[int, str]] = field(default_factory=list)  # session and run that come next
    changed: int = 0  # ms
    due: int = 0  # ms: when waiting, silence or error end

    @property
    def session(self) -> Session:
        """Where it is at work, or was last."""
        return self.sessions[self.at]

    @property
    def words(self) -> DemoSession:
        """What that session is about."""
        return self.agent.sessions[self.at]

    @property
    def busy(self) -> bool:
        """Whether it works by itself."""
        return self.phase in (Phase.THINKING, Phase.TOOL)

    def place_of(self, session_key: str) -> int | None:
        """Which of its sessions has this key."""
        keys = [session.key for session in self.sessions]
        return keys.index(session_key) if session_key in keys else None
