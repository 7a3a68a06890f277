"""Keeps the model equal to a fresh list, with as few lists as possible.

Subscribe, list, then apply events. `sessions.list` takes seconds on big gateways, so it is never
polled: `list_demand` decides which event demands another list, and `list_pacer` when it may start.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections import deque
from typing import TYPE_CHECKING

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.reducer import slices
from cc_desktop.gateway import event_decoder
from cc_desktop.gateway.decoders.agents import agent_ids
from cc_desktop.gateway.failures import GatewayFailureError, RequestFailedError
from cc_desktop.gateway.lists.list_demand import DEBOUNCE_S, ListDemand
from cc_desktop.gateway.lists.list_pacer import ListPacer
from cc_desktop.gateway.lists.previews import Previews
from cc_desktop.gateway.lists.session_list import SessionListReader
from cc_desktop.protocol import fields
from cc_desktop.system.clock import wake_or_sleep

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.gateway.connection import GatewayConnection
    from cc_desktop.gateway.requests.follow import RequestFollower
    from cc_desktop.protocol.frames import EventFrame
    from cc_desktop.system.clock import Clock

log = logging.getLogger(__name__)

RETRY_LIST_S = 5.0
# A gateway that has just started mends the rows of interrupted runs some seconds later, silently.
YOUNG_MS = 15_000
YOUNG_SETTLED_S = 10.0
SIGN_OF_LIFE_S = 1.0  # how often a sign of life is reported
MAX_EARLY = 1_000  # events that are kept until the first list is there


class SessionListSync:
    """Feeds the model from one connection."""

    def __init__(
        self,
        gateway: str,
        session: GatewayConnection,
        clock: Clock,
        sink: Callable[[ev.Event], object],
        pacer: ListPacer | None = None,
        follower: type[RequestFollower] | None = None,
    ) -> None:
        """Feed `sink` from one connection.

        Args:
            gateway: Its id.
            session: The connection.
            clock: Time.
            sink: Takes every event for the model.
            pacer: Is kept over the connections of a gateway, to limit lists over all.
            follower: Follows approvals and questions, if they are wanted.
        """
        self._gateway = gateway
        self._session = session
        self._clock = clock
        self._sink = sink
        self._decoder = event_decoder.EventDecoder(
            gateway, session.hello.protocol, session.device_id
        )
        self._reader = SessionListReader(session, clock)
        self._pacer = pacer or ListPacer(clock)
        self._wake = asyncio.Event()
        self._previews = Previews(gateway, session, sink, clock, self._wake.set)
        self._requests = follower(gateway, session, clock, sink) if follower else None
        self._running: list[str] = []  # sessions with a run, as of the first list
        self.demand = ListDemand(
            clock, self._want, self._wake.set, whole_rows=self._decoder.whole_rows
        )
        uptime_ms = session.hello.uptime_ms
        self._since = max(0, clock.now_ms() - uptime_ms) if uptime_ms else 0
        # Events before the first snapshot; None when it is there.
        self._early: deque[ev.Event] | None = deque(maxlen=MAX_EARLY)
        self._seq: int | None = None
        self._alive_at = -math.inf  # last reported sign of life (monotonic seconds)
        self._due: list[float] = []  # when lists are wanted (monotonic seconds)
        self._asked = False  # the operator wants one

    # Events

    def on_event(self, frame: EventFrame) -> None:
        """Take in an event frame. Never waits."""
        self._tell_alive()
        if frame.seq is not None:
            if self._seq is not None and frame.seq > self._seq + 1:
                log.info("events %d to %d are missing", self._seq + 1, frame.seq - 1)
                self.want_list()
            self._seq = frame.seq
        data = fields.as_object(frame.payload)
        events = list(self._decoder.decode(frame.event, data))
        for event in events:
            self.demand.note(event)
            self._previews.note(event)
            if self._early is None:
                self._sink(event)
            else:
                if len(self._early) == MAX_EARLY:
                    self._want(DEBOUNCE_S)  # the oldest is dropped
                self._early.append(event)
        if self._requests is not None:
            self._requests.on_event(frame, events)
        if frame.event == "sessions.changed" and not events:
            self.demand.something_changed()  # it names no session
        elif frame.event in ("config.changed", "agents.changed"):
            self.demand.something_changed()
        elif frame.event == "health":
            self.demand.compare_agents(agent_ids(data))

    def _tell_alive(self) -> None:
        """What is shown is true as of now: the gateway speaks, ticks included."""
        now = self._clock.monotonic()
        if self._early is None and now - self._alive_at >= SIGN_OF_LIFE_S:
            self._alive_at = now
            self._sink(ev.SignOfLife(self._gateway))

    # Lists

    def schedule_refresh(self) -> None:
        """List again at once: the operator asks for it."""
        self._asked = True
        self._wake.set()
        if self._requests is not None:
            self._requests.want()

    def want_list(self) -> None:
        """List again soon, but not more often than the pacer allows: something was missed."""
        self._want(DEBOUNCE_S)
        if self._requests is not None:
            self._requests.want()

    def _want(self, after_s: float) -> None:
        """A list is wanted `after_s` from now. It may come later, and serve several wants."""
        now = self._clock.monotonic()
        due = now + after_s
        # A list that is to start by then will know; one that is to come sooner may not.
        earliest = now if after_s <= DEBOUNCE_S else due - DEBOUNCE_S / 2
        if not any(earliest < other < due + DEBOUNCE_S / 2 for other in self._due):
            self._due.append(due)
            self._wake.set()

    async def start(self) -> None:
        """Subscribe and take the first snapshot.

        Raises:
            GatewayFailureError: the gateway does not let us read, or went away.
        """
        hello = self._session.hello
        if hello.presence is not None:
            devices = event_decoder.devices(self._gateway, hello.presence, self._session.device_id)
            self._sink(ev.DevicesListed(self._gateway, devices))
        wait = self._pacer.connect_ready_at() - self._clock.monotonic()
        if wait > 0:
            log.info("%s comes and goes: its list waits for %.0f s", self._gateway, wait)
            await self._clock.sleep(wait)
        with contextlib.suppress(RequestFailedError):  # the seed's dialect has no such method
            await self._session.request("sessions.subscribe", {})
        self._due.clear()  # the list that follows knows
        await self._list(first=True)
        every_ms = event_decoder.heartbeats(hello.health)
        if every_ms:  # a gateway that has just started tells them within a minute, in `health`
            self._sink(ev.HeartbeatsTold(self._gateway, every_ms))
        early, self._early = self._early or (), None
        for event in early:
            self.demand.note(event)
            self._sink(event)
        if 0 < hello.uptime_ms < YOUNG_MS:
            self._want(YOUNG_SETTLED_S)

    async def run(self) -> None:
        """List again when it is wanted, one at a time, until cancelled."""
        if self._requests is None:
            await self._list_when_wanted()
            return
        requests = asyncio.create_task(self._requests.run(self._running), name="requests")
        try:
            await self._list_when_wanted()
        finally:
            requests.cancel()
            await asyncio.gather(requests, return_exceptions=True)

    async def _list_when_wanted(self) -> None:
        while True:
            self._wake.clear()
            due, preview_due = self._next_due(), self._previews.due()
            now = self._clock.monotonic()  # after them: what is due at once is not in the future
            if due is None or due > now:
                if preview_due is not None and preview_due <= now:
                    await self._previews.read_some()
                else:
                    await self._wait_until(due, preview_due)
                continue
            missing = self.demand.missing_rows()
            if missing:
                log.debug("%d runs ended without a row", missing)
                self._due.append(now)
                continue
            self._asked = False
            self._due = [due for due in self._due if due > now]
            try:
                await self._list()
            except GatewayFailureError as error:
                log.warning("listing again failed: %s", error)
                self._want(RETRY_LIST_S)

    async def _wait_until(self, *moments: float | None) -> None:
        """Wait for the first of them (monotonic seconds), or until woken."""
        known = [moment for moment in moments if moment is not None]
        if not known:
            await self._wake.wait()
        else:
            await wake_or_sleep(self._clock, self._wake, min(known) - self._clock.monotonic())

    def _next_due(self) -> float | None:
        """When `run` has something to do next (monotonic seconds); None: when it is woken."""
        if self._asked:
            return self._clock.monotonic()
        due = max(min(self._due), self._pacer.ready_at()) if self._due else None
        row_due = self.demand.next_row_due()
        if due is None or row_due is None:
            return row_due if due is None else due
        return min(due, row_due)

    async def _list(self, *, first: bool = False) -> None:
        started = self._clock.monotonic()
        self._pacer.started(first=first)
        try:
            found = await self._reader.read()
            await self._hand_on(
                ev.Snapshot(
                    self._gateway,
                    found.agents,
                    found.sessions,
                    taken_at=found.taken_at,
                    changed_meanwhile=self.demand.changed_since(started),
                    since=self._since,
                    total_agents=found.total_agents,
                    total_sessions=found.total_sessions,
                )
            )
        finally:
            self._pacer.ended(self._clock.monotonic() - started)
        if first:
            self._running = [row.key for row in found.sessions if row.active]
        self.demand.settle(
            started,
            found.agents,
            found.sessions,
            agents_cut=bool(found.total_agents),
            sessions_cut=bool(found.total_sessions),
        )
        self._previews.want(found.sessions)

    async def _hand_on(self, snapshot: ev.Snapshot) -> None:
        """Give the model a snapshot in slices, so that a big one does not hold up the window."""
        for number, part in enumerate(slices(snapshot)):
            if number:
                await self._clock.sleep(0)
            self._sink(part)
