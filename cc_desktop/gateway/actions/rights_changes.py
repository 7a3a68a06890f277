"""The one change of rights that may be under way on a gateway, from the command to its end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cc_desktop.fleet.commands import GiveBackRights, RequestRights, WithdrawRequest
from cc_desktop.gateway.rights import LEFT_OPEN, WITHDRAWN, RightsRefusedError
from cc_desktop.system.supervision import cancel_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.gateway.connection import GatewayConnection
    from cc_desktop.gateway.device_token import Login
    from cc_desktop.gateway.incidents import IncidentLog
    from cc_desktop.gateway.rights import Rights, RightsCommand


class RightsChanges:
    """The one change of rights that may be under way, and the connection that it yields.

    Attributes:
        handover: Set once a connection is there that takes over.
    """

    def __init__(self, rights: Rights, login: Login, incidents: IncidentLog) -> None:
        self.handover = asyncio.Event()
        self._rights = rights
        self._login = login
        self._incidents = incidents
        self._task: asyncio.Task[None] | None = None
        self._asks = False  # for more: that may be withdrawn
        self._withdrawal: asyncio.Task[None] | None = None
        self._withdrawn = ""  # how, as a kind
        self._successor: GatewayConnection | None = None
        self._postponed: tuple[RequestRights | GiveBackRights, Callable[[str], object]] | None
        self._postponed = None

    def start(
        self,
        live: GatewayConnection | None,
        command: RightsCommand,
        on_end: Callable[[str], object] = lambda _reason: None,
    ) -> None:
        """Begin, unless another change is under way.

        Args:
            live: The connection to ask on; it goes on meanwhile. None: another one is just taking
                over, and the change begins with `resume`.
            command: Which rights.
            on_end: Called once: with "" when it is done, else with the kind of the refusal.
        """
        if isinstance(command, WithdrawRequest):
            self._withdraw(live, on_end)
            return
        if self._postponed is not None or (self._task is not None and not self._task.done()):
            on_end("busy")
            return
        if live is None or self.handover.is_set():
            self._postponed = command, on_end
            return
        self._asks, self._withdrawn = isinstance(command, RequestRights), ""
        tell = _once(on_end)
        self._task = asyncio.create_task(self._run(live, command, tell), name="rights")
        self._task.add_done_callback(lambda _task: tell("lost"))  # if it was cancelled at once

    def _withdraw(self, live: GatewayConnection | None, on_end: Callable[[str], object]) -> None:
        """End a question for more rights; what is granted stays, and so does the connection."""
        if self._postponed is not None and isinstance(self._postponed[0], RequestRights):
            (_, asked), self._postponed = self._postponed, None
            asked(WITHDRAWN)
            on_end("")
        elif live is None or self._task is None or self._task.done() or not self._asks:
            on_end("not-asked")
        elif self._withdrawal is None or self._withdrawal.done():
            tell = _once(on_end)
            work = self._take_back(live, self._task, tell)
            self._withdrawal = asyncio.create_task(work, name="rights: withdraw")
            self._withdrawal.add_done_callback(lambda _task: tell(""))
        else:
            on_end("busy")

    async def _take_back(
        self,
        live: GatewayConnection,
        task: asyncio.Task[None],
        on_end: Callable[[str], object],
    ) -> None:
        self._withdrawn = LEFT_OPEN
        try:
            how = await self._rights.withdraw(live)
            if self._task is task:  # else it has ended, and this is another question
                self._withdrawn = how
        except Exception as error:  # noqa: BLE001, RUF100 - it is not asked any more, anyway
            self._incidents.record("withdrawing a request for rights failed", error)
        finally:
            task.cancel()
            on_end("")

    def resume(self, live: GatewayConnection) -> None:
        """A connection has taken over: begin what was asked for meanwhile."""
        if self._postponed is not None:
            (command, on_end), self._postponed = self._postponed, None
            self.start(live, command, on_end)

    async def _run(
        self,
        live: GatewayConnection,
        command: RequestRights | GiveBackRights,
        on_end: Callable[[str], object],
    ) -> None:
        reason = "lost"  # if the connection ends meanwhile, which cancels this
        try:
            self._successor = await self._rights.change(self._login, live, command)
            self._login.keep_rights(self._rights.extra)
            reason = ""
            if self._successor is not None:
                self.handover.set()
        except RightsRefusedError as error:
            reason = error.reason
        except Exception as error:  # noqa: BLE001, RUF100 - the connection lives on
            self._incidents.record("a change of rights failed", error)
            reason = "internal"
        finally:
            on_end(self._withdrawn or reason if reason else "")

    @property
    def successor(self) -> GatewayConnection | None:
        """The connection that is about to take over."""
        return self._successor

    def take_successor(self) -> GatewayConnection | None:
        """Hand out the connection that takes over, once."""
        self.handover.clear()
        successor, self._successor = self._successor, None
        return successor

    async def end(self) -> None:
        """End what is under way: the connection that it was asked on is gone."""
        self._rights.forget_decision()
        if not self.handover.is_set():
            self._give_up_postponed()
        tasks, self._task, self._withdrawal = (self._task, self._withdrawal), None, None
        await cancel_all(*tasks)

    async def close(self) -> None:
        """Close a connection that nobody took."""
        successor = self.take_successor()
        self._give_up_postponed()
        if successor is not None:
            await successor.close()

    def _give_up_postponed(self) -> None:
        if self._postponed is not None:
            (_, on_end), self._postponed = self._postponed, None
            on_end("lost")


def _once(on_end: Callable[[str], object]) -> Callable[[str], None]:
    """Only the first end counts."""
    is_over = False

    def tell(reason: str) -> None:
        nonlocal is_over
        if not is_over:
            is_over = True
            on_end(reason)

    return tell
