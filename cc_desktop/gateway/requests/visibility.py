"""Declares that somebody looks at the fleet, so that the gateway says what each session is at.

`sessions.observer.visibility` (2026.7.2 on) makes it send a headline of each running session,
from the run's own words, which costs nothing. Together with a subscription to a session's
messages it would ask its small model instead, which does. So both are never declared at once.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING, Any, Protocol

from cc_desktop.gateway.failures import GatewayFailureError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cc_desktop.gateway.incidents import IncidentLog
    from cc_desktop.system.clock import Clock

log = logging.getLogger(__name__)

METHOD = "sessions.observer.visibility"
SETTLE_S = 1.0  # a window that comes and goes at once is not told
_SINCE = (2026, 7, 2)
_RELEASE = re.compile(r"(\d{4})\.(\d{1,2})\.(\d{1,4})", re.ASCII)


class Audience(Protocol):
    """Who else declares something on this connection: subscriptions to messages."""

    withdraw_visibility: Callable[[], Awaitable[object]]
    restore_visibility: Callable[[], Awaitable[object]]
    lock: asyncio.Lock

    @property
    def has_message_subscriptions(self) -> bool:
        """Whether there are any, or about to be."""
        ...


class Visibility:
    """Whether one gateway is told that somebody looks. Survives connections."""

    def __init__(
        self,
        gateway: str,
        request: Callable[..., Awaitable[Any]],
        clock: Clock,
        incidents: IncidentLog,
    ) -> None:
        """Args: `request` sends on the live connection; see `GatewaySupervisor.request`."""
        self._gateway = gateway
        self._request = request
        self._clock = clock
        self._incidents = incidents
        self._audience: Audience | None = None
        self._lock = asyncio.Lock()
        self._is_in_sight = False
        self._is_able = False  # a connection is live, and its gateway has an observer
        self._is_declared = False
        self._task: asyncio.Task[None] | None = None

    @property
    def is_declared(self) -> bool:
        """Whether the gateway has been told that somebody looks."""
        return self._is_declared

    def attach(self, audience: Audience) -> None:
        """Agree with who subscribes to messages: visibility is withdrawn before, and back after."""
        self._audience = audience
        self._lock = audience.lock
        audience.withdraw_visibility = self._withdraw
        audience.restore_visibility = self._restore

    def set_in_sight(self, is_in_sight: bool) -> None:
        """The window is in sight, or not. It is told once that has lasted for a moment."""
        self._is_in_sight = is_in_sight
        self._look()

    def set_live(self, is_live: bool, release: str) -> None:
        """A connection is live, or gone with all that was declared on it."""
        is_able = is_live and _has_observer(release)
        if is_able is self._is_able:
            return
        self._is_able = is_able
        self._is_declared = False
        if not is_able and self._task is not None:
            self._task.cancel()
            self._task = None
        self._look()

    def _look(self) -> None:
        if self._is_able and self._is_in_sight is not self._is_declared and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._settle(), name="visibility")
            self._task.add_done_callback(self._on_settled)

    def _on_settled(self, task: asyncio.Task[None]) -> None:
        if self._task is task:
            self._task = None

    async def _settle(self) -> None:
        while self._is_in_sight is not self._is_declared:
            await self._clock.sleep(SETTLE_S)
            async with self._lock:
                if self._audience is not None and self._audience.has_message_subscriptions:
                    return  # `_restore` follows
                await self._try(self._is_in_sight)
            if not self._is_able:
                return

    async def _withdraw(self) -> None:
        """Called with the lock held. Raises if the gateway cannot be told: see `Audience`."""
        if self._is_declared:
            await self._declare(False)

    async def _restore(self) -> None:
        if self._is_able and self._is_in_sight:
            await self._try(True)

    async def _try(self, is_visible: bool) -> None:
        """Tell it if possible: a headline less is no reason to stop anything else."""
        try:
            await self._declare(is_visible)
        except GatewayFailureError as error:
            log.info("%s is not told that somebody looks: %s", self._gateway, error)
        except Exception as error:  # noqa: BLE001, RUF100 - a failure domain
            self._incidents.record(f"gateway {self._gateway}: visibility", error)

    async def _declare(self, is_visible: bool) -> None:
        if is_visible is self._is_declared:
            return
        try:
            await self._request(METHOD, {"visible": is_visible})
        except BaseException:
            self._is_able = False  # until the next connection
            raise
        self._is_declared = is_visible


def _has_observer(release: str) -> bool:
    found = _RELEASE.match(release)
    return found is not None and tuple(map(int, found.groups())) >= _SINCE
