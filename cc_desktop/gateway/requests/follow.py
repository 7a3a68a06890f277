"""Follows approvals, questions and progress cards of one connection; a failure domain."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from cc_desktop.gateway.failures import ConnectionLostError, GatewayFailureError
from cc_desktop.gateway.incidents import IncidentLog
from cc_desktop.gateway.requests.cards import CHANGED, ProgressCards
from cc_desktop.gateway.requests.lists import RequestLists
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cc_desktop.fleet import events as ev
    from cc_desktop.gateway.connection import GatewayConnection
    from cc_desktop.protocol.frames import EventFrame
    from cc_desktop.system.clock import Clock

log = logging.getLogger(__name__)

DEBOUNCE_S = 0.5  # after what makes another list necessary
RETRY_S = 30.0
CARD_PAUSE_S = 1.0  # between two cards: an agent may change its own several times a second


class RequestFollower:
    """Feeds the model with what waits for a person, and with what agents say of their progress."""

    def __init__(
        self,
        gateway: str,
        connection: GatewayConnection,
        clock: Clock,
        sink: Callable[[ev.Event], object],
    ) -> None:
        self._gateway = gateway
        self._clock = clock
        self._lists = RequestLists(gateway, connection, sink)
        self._cards = ProgressCards(gateway, connection, sink)
        self._incidents = IncidentLog(log)
        self._wants_list = True
        self._wake = asyncio.Event()

    def on_event(self, frame: EventFrame, events: Iterable[ev.Event]) -> None:
        """Take in an event frame, with what was read from it. Never waits, never raises."""
        try:
            if frame.event == CHANGED:
                self._cards.on_changed(fields.as_object(frame.payload))
                self._wake.set()
            for event in events:
                self._cards.note(event)
                if self._lists.note(event):
                    self.want()
        except Exception as error:  # noqa: BLE001, RUF100 - sessions are followed all the same
            self._record(error)
            self.want()

    def want(self) -> None:
        """List again soon: something may have been missed, or somebody asks for it."""
        self._wants_list = True
        self._wake.set()

    async def run(self, running: Iterable[str] = ()) -> None:
        """List at once, and again when it is wanted, until cancelled. Never raises.

        Args:
            running: Keys of the sessions with a run in progress.
        """
        try:
            self._cards.begin(running)
        except Exception as error:  # noqa: BLE001, RUF100 - the lists matter more
            self._record(error)
        while True:
            self._wake.clear()
            try:
                if self._wants_list:
                    self._wants_list = False
                    await self._lists.read()
                while self._cards.has_work and not self._wants_list:
                    await self._cards.read_one()
                    await self._clock.sleep(CARD_PAUSE_S)
                if not self._wants_list:
                    await self._wake.wait()
                await self._clock.sleep(DEBOUNCE_S)
            except ConnectionLostError:
                return  # the next connection lists anew
            except GatewayFailureError as error:
                log.warning("%s: approvals and questions: %s", self._gateway, error)
                await self._try_later()
            except Exception as error:  # noqa: BLE001, RUF100 - a failure domain
                self._record(error)
                await self._try_later()

    async def _try_later(self) -> None:
        self._wants_list = True
        await self._clock.sleep(RETRY_S)

    def _record(self, error: Exception) -> None:
        self._incidents.record(f"gateway {self._gateway}: approvals and questions", error)
