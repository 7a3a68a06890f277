"""Sees what an operator does on a gateway to its end.

Nothing is sent twice. When the answer is late or the connection goes first, nobody knows whether
the gateway acted: the command says so. Once the gateway is back and its list is in the model, that
tells how it went.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import (
    AnswerQuestion,
    ResolveApproval,
    SendMessage,
    StopRun,
    right_for,
    rights_in,
)
from cc_desktop.gateway.actions.wire import Refusal, refusal_in, refusal_of, request_for
from cc_desktop.gateway.connection import (
    GatewayFailureError,
    NotConnectedError,
    RequestFailedError,
)
from cc_desktop.gateway.decoders.requests.approvals import FAMILIES, approvals
from cc_desktop.gateway.decoders.requests.questions import questions
from cc_desktop.gateway.requests.lists import QUESTION_LIST
from cc_desktop.protocol import fields

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
HISTORY = 20  # newest messages that are looked through for one that was sent
OpenCommands = dict[str, tuple["GatewayAction", int]]  # by id, with local ms of the sending
EARLY_MS = 5_000  # how much the gateway's clock may be behind the offset that is known


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
        self._open[command.id] = (command, self._clock.now_ms())
        self._spawn(self._perform(command, request.method, request.params), command)
        return None

    def adopt(self, left: OpenCommands) -> None:
        """Go on with what an earlier connection to the same gateway left open; see `cancel`."""
        self._open |= left
        self._unknown |= left
        for ident in left:
            self._tell(ev.CommandUnknown(self._link.gateway, ident, "lost"))

    def on_synced(self) -> None:
        """The gateway is back, and the model equals its list: find out what was not known."""
        unknown, self._unknown = self._unknown, {}
        for command, sent_at in unknown.values():
            self._spawn(self._find_out(command, sent_at), command)

    def cancel(self) -> OpenCommands:
        """End what is under way.

        Returns:
            The commands whose end is not known.
        """
        left, self._open = self._open, {}
        self._unknown.clear()
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

    async def _perform(self, command: GatewayAction, method: str, params: dict[str, Any]) -> None:
        sent_at = self._clock.now_ms()
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
            self._unknown[command.id] = (command, sent_at)
            self._tell(ev.CommandUnknown(self._link.gateway, command.id, "lost"))
            if self._link.is_live:
                self.on_synced()  # it did not answer, and is still there
        else:
            self._end(command, refusal_in(command, told))
        finally:
            for task in (answer, late):
                task.cancel()
            if answer.done() and not answer.cancelled():
                answer.exception()  # else asyncio logs one that came as this was cancelled

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

    async def _find_out(self, command: GatewayAction, sent_at: int) -> None:
        try:
            arrived = await self._has_arrived(command, sent_at)
        except GatewayFailureError:
            self._unknown[command.id] = (command, sent_at)  # gone again: the next list
            return
        self._end(command, None if arrived else Refusal("not-arrived"))

    async def _has_arrived(self, command: GatewayAction, sent_at: int) -> bool:
        gateway = self._look()
        agent = gateway.agents.get(getattr(command, "agent", "")) if gateway else None
        if gateway is None or agent is None:
            return False
        match command:
            case ResolveApproval():
                open_ids = await self._open_approvals(command.family or "exec")
                return command.approval not in (agent.approvals if open_ids is None else open_ids)
            case AnswerQuestion():
                answer = await self._list(QUESTION_LIST)
                asked = agent.questions if answer is None else {q.id for q in questions(answer)}
                return command.question not in asked
            case StopRun():
                run = agent.runs.get(command.session_key)
                is_other = bool(command.run_id and run and run.run_id != command.run_id)
                return is_other or command.session_key not in agent.heard
            case SendMessage():
                run = agent.runs.get(command.session_key)
                if run is not None and run.run_id == command.id:
                    return True
                return await self._is_in_history(command, sent_at - gateway.clock_offset_ms)
        return False

    async def _open_approvals(self, family: str) -> set[str] | None:
        """What the gateway lists now: the model has the sessions first, and these after them."""
        prefix = next((one for one, its in FAMILIES.items() if its == family), family)
        answer = await self._list(f"{prefix}.approval.list")
        return None if answer is None else {one.id for one in approvals(family, answer)}

    async def _list(self, method: str) -> Any:
        """The answer, or None where the gateway refuses to list."""
        try:
            return await self._link.request(method, {}, ANSWER_S)
        except RequestFailedError:
            return None

    async def _is_in_history(self, command: SendMessage, since: int) -> bool:
        """Whether a message is in the session.

        Args:
            command: The message.
            since: ms by the gateway's clock; an older message with the same words is another one.
        """
        asked = {"sessionKey": command.session_key, "limit": HISTORY}
        answer = fields.as_object(await self._link.request("chat.history", asked, ANSWER_S))
        for message in fields.as_objects(answer.get("messages")):
            key = fields.identifier(message.get("idempotencyKey"))
            if key and key.split(":", 1)[0] == command.id:
                return True
            is_new = fields.integer(message.get("timestamp")) >= since - EARLY_MS
            if message.get("role") == "user" and is_new and _says(message, command.text):
                return True
        return False


def _says(message: dict[str, Any], text: str) -> bool:
    content = message.get("content")
    parts = [content, *(part.get("text") for part in fields.as_objects(content))]
    return any(isinstance(part, str) and text.strip() in part for part in parts)
