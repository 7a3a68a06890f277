"""The actions of one gateway that answers when a test says so, and the model that they tell."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import (
    AnswerQuestion,
    ChangeTask,
    CommandPhase,
    ResolveApproval,
    SendMessage,
    StopRun,
    TaskAction,
)
from cc_desktop.fleet.model import Approval, ConnectionInfo, ConnectionState, Gateway, Session
from cc_desktop.fleet.requests import Question, QuestionPart
from cc_desktop.fleet.store import Store
from cc_desktop.gateway.actions import Actions
from cc_desktop.gateway.failures import (
    ConnectionLostError,
    Failure,
    FailureKind,
    RequestFailedError,
)
from cc_desktop.gateway.incidents import IncidentLog
from cc_desktop.protocol.frames import GatewayError
from tests.fakes.clock import FakeClock, settle

if TYPE_CHECKING:
    from cc_desktop.fleet.commands import GatewayAction

G, KEY = "g", "agent:a:main"
ALL = ("operator.read", "operator.write", "operator.approvals", "operator.questions")
LOST = ConnectionLostError(Failure(kind=FailureKind.LOST))

SEND = SendMessage(gateway=G, agent="a", session_key=KEY, text="Go on", id="c1")
STOP = StopRun(gateway=G, agent="a", session_key=KEY, id="c2")
APPROVE = ResolveApproval(gateway=G, agent="a", approval="p", decision="allow-once", id="c3")
ANSWER = AnswerQuestion(gateway=G, agent="a", question="q", answers={"x": ("yes",)}, id="c4")
RETRY = ChangeTask(gateway=G, task="t", action=TaskAction.RETRY, id="c5")


class FakeLink:
    """A supervisor whose gateway answers when the test says so."""

    def __init__(self) -> None:
        self.gateway = G
        self.is_live = True
        self.connection = ConnectionInfo(ConnectionState.LIVE, scopes=ALL)
        self.methods: frozenset[str] = frozenset()
        self.sent: list[tuple[str, Any]] = []
        self.answers: list[asyncio.Future[Any]] = []

    async def request(self, method: str, params: object = None, timeout_s: float = 0) -> Any:
        self.sent.append((method, params))
        self.answers.append(asyncio.get_running_loop().create_future())
        return await self.answers[-1]


class World:
    """The actions of one gateway, and the model that they tell."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.link = FakeLink()
        self.store = Store(self.clock.now_ms)
        self.incidents = IncidentLog(logging.getLogger(__name__))
        self.actions = self.actions_of()
        now = self.clock.now_ms()
        self.store.apply(ev.GatewayAdded(G, "Home"))
        self.list(Session(KEY, "a", status="running", active=True, started_at=now, updated_at=now))
        self.store.apply(ev.ApprovalOpened(G, Approval("p", "a", KEY, "make deploy")))
        asked = Question("q", "a", (QuestionPart("x", "Sure?"),), KEY, can_answer=True)
        self.store.apply(ev.QuestionOpened(G, asked))

    def actions_of(self) -> Actions:
        """Those of another connection to the same gateway."""
        return Actions(
            self.link,
            lambda: self.store.fleet.gateways.get(G),
            self.store.apply,
            self.clock,
            self.incidents,
        )

    def list(self, *rows: Session) -> None:
        self.store.apply(ev.Snapshot(G, (ev.AgentInfo("a"),), rows, taken_at=self.clock.now_ms()))

    def start(self, command: GatewayAction) -> str | None:
        self.store.apply(ev.CommandSent(G, command))
        return self.actions.start(command)

    async def sent(self, command: GatewayAction) -> asyncio.Future[Any]:
        """Start it, and return what the gateway's answer will be."""
        assert self.start(command) is None
        await settle()
        return self.link.answers[-1]

    async def fail(self, error: Exception) -> None:
        self.link.answers[-1].set_exception(error)
        await settle()

    async def answer(self, payload: object) -> None:
        self.link.answers[-1].set_result(payload)
        await settle()

    @property
    def gateway(self) -> Gateway:
        return self.store.fleet.gateways[G]

    def outcome(self, command: GatewayAction) -> tuple[CommandPhase, str]:
        state = self.gateway.commands[command.id]
        return state.phase, state.reason

    def said(self, command: GatewayAction) -> str:
        return self.gateway.commands[command.id].said


async def lost(world: World, command: GatewayAction) -> None:
    """A command that is sent; the connection goes before its answer, and is back."""
    await world.sent(command)
    world.link.is_live = False
    await world.fail(LOST)
    world.link.is_live = True


def refused(message: str, code: str = "INVALID_REQUEST") -> RequestFailedError:
    """What the gateway answers."""
    return RequestFailedError(Failure(error=GatewayError(code, message)))
