"""Sees what an operator does on a gateway to its end.

Nothing is sent twice. When the answer is late or the connection goes first, nobody knows whether
the gateway acted: the command says so. Once the gateway is back and its list is in the model, it is
asked how it went. What it does not tell within `KNOW_S` ends as not to be known.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, NamedTuple, Protocol

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import (
    DROPPED,
    NO_WORD,
    AnswerQuestion,
    ResolveApproval,
    SendMessage,
    right_for,
    rights_in,
)
from cc_desktop.gateway.actions.evidence import NobodyKnowsError, outcome_of
from cc_desktop.gateway.actions.wire import Refusal, refusal_in, refusal_of, request_for
from cc_desktop.gateway.failures import (
    ConnectionLostError,
    GatewayFailureError,
    NotConnectedError,
    RequestFailedError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Set
    from typing import Any

    from cc_desktop.fleet.commands import GatewayAction
    from cc_desktop.fleet.model import ConnectionInfo, Gateway
    from cc_desktop.gateway.incidents import IncidentLog
    from cc_desktop.system.clock import Clock

log = logging.getLogger(__name__)

CONFIRM_S = 10.0  # without an answer by then, a command is shown as "not known"
ANSWER_S = 30.0  # how long the answer is waited for
LOSS_S = 1.0  # after this, a link knows that its connection is lost
TAKEN = 20  # confirmed messages that are looked for after a loss
TAKEN_MS = 600_000  # and no older ones
KNOW_S = 60.0  # how long a live gateway is asked what became of a command
LOOK_AGAIN_S = 10.0  # between two times


class Sent(NamedTuple):
    """An action that was sent. Times are local ms."""

    command: GatewayAction
    at: int
    until: int  # when the approval or question expires that it answers; 0: not known


OpenCommands = dict[str, Sent]  # by id


class Link(Protocol):
    """The supervisor of a gateway."""

    @property
    def gateway(self) -> str:
        """Its id."""
        ...

    @property
    def is_live(self) -> bool:
        """Whether requests can be sent."""
        ...

    @property
    def connection(self) -> ConnectionInfo:
        """What is shown of the connection."""
        ...

    @property
    def methods(self) -> Set[str]:
        """What the gateway says it knows."""
        ...

    async def request(self, method: str, params: object = None, timeout_s: float = ...) -> Any:
        """Send a request; see `GatewaySupervisor.request`."""
        ...


class Actions:
    """The actions of one gateway. A failure domain: whatever is raised ends one command."""

    def __init__(
        self,
        link: Link,
        look: Callable[[], Gateway | None],
        tell: Callable[[ev.Event], object],
        clock: Clock,
        incidents: IncidentLog,
    ) -> None:
        """Args: `look` returns what the model knows of the gateway; `tell` takes events."""
        self._link = link
        self._look = look
        self._tell = tell
        self._clock = clock
        self._incidents = incidents
        self._tasks: set[asyncio.Task[None]] = set()
        self._open: OpenCommands = {}  # whose end is not known
        self._unknown: OpenCommands = {}  # of those, the ones that have no answer
        self._taken: dict[str, tuple[SendMessage, int]] = {}  # that were confirmed, the latest last

    def start(self, command: GatewayAction) -> str | None:
        """Begin; never blocks.

        Returns:
            Why it cannot be done, as a kind; None: it is under way, and its end is told.
        """
        if not self._link.is_live:
            return "not-live"
        if right_for(command) not in rights_in(self._link.connection.scopes):
            return "right"
        request = request_for(command, self._link.methods)
        if isinstance(request, Refusal):
            return request.reason
        sent = Sent(command, self._clock.now_ms(), self._expiry_of(command))
        self._open[command.id] = sent
        self._spawn(self._perform(sent, request.method, request.params), command)
        return None

    def adopt(self, left: OpenCommands) -> None:
        """Go on with what an earlier connection to the same gateway left open; see `cancel`."""
        self._open |= left
        self._unknown |= left
        for ident in left:
            self._tell(ev.CommandUnknown(self._link.gateway, ident, "lost"))

    def on_synced(self) -> None:
        """The gateway is back, and the model equals its list: find out what was not known.

        Messages that it took just before may be gone as well: it confirms before their run begins,
        and one that ends then forgets those that wait (measured on 2026.5.7).
        """
        taken, self._taken = self._taken, {}
        oldest = self._clock.now_ms() - TAKEN_MS
        for message, sent_at in taken.values():
            if sent_at >= oldest:
                self._spawn(self._see_whether_it_stayed(message, sent_at), message)
        self._look_for_unknown()

    def _look_for_unknown(self) -> None:
        unknown, self._unknown = self._unknown, {}
        for sent in unknown.values():
            self._spawn(self._find_out(sent), sent.command)

    def _expiry_of(self, command: GatewayAction) -> int:
        gateway = self._look()
        agent = gateway.agents.get(getattr(command, "agent", "")) if gateway else None
        match command:
            case ResolveApproval(approval=ident):
                one = agent.approvals.get(ident) if agent else None
                one = one or (gateway.approvals.get(ident) if gateway else None)
                return one.expires_at if one else 0
            case AnswerQuestion(question=ident):
                asked = agent.questions.get(ident) if agent else None
                return asked.expires_at if asked else 0
        return 0

    def cancel(self) -> OpenCommands:
        """End what is under way.

        Returns:
            The commands whose end is not known.
        """
        left, self._open = self._open, {}
        self._unknown.clear()
        self._taken.clear()
        for task in self._tasks:
            task.cancel()
        return left

    def _spawn(self, work: Coroutine[Any, Any, None], command: GatewayAction) -> None:
        async def guarded() -> None:
            try:
                await work
            except Exception as error:  # noqa: BLE001, RUF100 - a failure domain
                self._incidents.record(f"command {type(command).__name__}", error)
                self._end(command, Refusal("internal"))

        task = asyncio.get_running_loop().create_task(guarded(), name=f"command {command.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _task: work.close())  # if it was cancelled before it began

    async def _perform(self, sent: Sent, method: str, params: dict[str, Any]) -> None:
        command = sent.command
        answer = asyncio.ensure_future(self._link.request(method, params, ANSWER_S))
        late = asyncio.ensure_future(self._clock.sleep(CONFIRM_S))
        try:
            await asyncio.wait({answer, late}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                self._tell(ev.CommandUnknown(self._link.gateway, command.id, "late"))
            told = await answer
        except NotConnectedError:
            self._end(command, Refusal("not-live"))
        except RequestFailedError as error:
            answered = error.failure.error
            refusal = refusal_of(answered) if answered else Refusal("refused")
            self._end(command, refusal)
        except GatewayFailureError:
            self._unknown[command.id] = sent
            self._tell(ev.CommandUnknown(self._link.gateway, command.id, "lost"))
            await self._ask_if_still_there()
        else:
            said = refusal_in(command, told)
            if said is None and isinstance(command, SendMessage):
                self._remember(command, sent.at)
            self._end(command, said)
        finally:
            for task in (answer, late):
                task.cancel()
            if answer.done() and not answer.cancelled():
                answer.exception()  # else asyncio logs one that came as this was cancelled

    async def _ask_if_still_there(self) -> None:
        """It did not answer, or another connection took over from the one that was asked.

        A connection is lost a moment before the link says so. What the model knows then is older
        than the command: a list that comes with the next connection tells how it went.
        """
        await self._clock.sleep(LOSS_S)
        if self._link.is_live:
            self._look_for_unknown()

    def _end(self, command: GatewayAction, refusal: Refusal | None) -> None:
        gateway = self._link.gateway
        self._open.pop(command.id, None)
        if refusal is None or refusal.reason in ("gone", "decided"):
            self._close_request(command)
        if refusal is None:
            self._tell(ev.CommandDone(gateway, command.id))
        else:
            self._tell(ev.CommandRefused(gateway, command.id, refusal.reason, refusal.said))

    def _close_request(self, command: GatewayAction) -> None:
        """Nobody is asked any more, whether or not the gateway tells so by an event."""
        gateway = self._link.gateway
        if isinstance(command, ResolveApproval):
            self._tell(ev.ApprovalClosed(gateway, command.agent, command.approval))
        elif isinstance(command, AnswerQuestion):
            self._tell(ev.QuestionClosed(gateway, command.agent, command.question))

    # After a lost connection

    async def _find_out(self, sent: Sent) -> None:
        command = sent.command
        until = self._clock.monotonic() + KNOW_S
        while True:
            try:
                is_expired = 0 < sent.until <= self._clock.now_ms()
                refusal = await outcome_of(
                    command, self._look(), sent.at, self._ask, is_expired=is_expired
                )
            except NobodyKnowsError as error:
                reason = error.reason
            except (ConnectionLostError, NotConnectedError):
                self._unknown[command.id] = sent  # gone again: the next list
                return
            except GatewayFailureError:
                reason = NO_WORD
            else:
                self._end(command, refusal)
                return
            if self._clock.monotonic() >= until:
                self._open.pop(command.id, None)
                self._tell(ev.CommandUnknown(self._link.gateway, command.id, reason))
                return
            await self._clock.sleep(LOOK_AGAIN_S)

    async def _ask(self, method: str, params: dict[str, Any]) -> Any:
        return await self._link.request(method, params, ANSWER_S)

    def _remember(self, message: SendMessage, sent_at: int) -> None:
        self._taken[message.id] = (message, sent_at)
        while len(self._taken) > TAKEN:
            del self._taken[next(iter(self._taken))]

    async def _see_whether_it_stayed(self, message: SendMessage, sent_at: int) -> None:
        try:
            refusal = await outcome_of(message, self._look(), sent_at, self._ask)
        except (NobodyKnowsError, RequestFailedError):
            return  # nobody can tell: the gateway's word stands
        except GatewayFailureError:
            self._taken[message.id] = (message, sent_at)  # gone again: the next list
            return
        if refusal is not None:
            gateway = self._link.gateway
            self._tell(ev.CommandSent(gateway, message))  # it may be forgotten
            self._tell(ev.CommandRefused(gateway, message.id, DROPPED))
