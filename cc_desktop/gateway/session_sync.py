"""Keeps the model equal to a fresh list, with as few lists as possible.

Subscribe, list, then apply events; list again (one at a time, after a pause) when an event says no
more than that something changed, when one is missing, or where measured gateways are known to
settle a row without an event. `sessions.list` takes seconds on big gateways: it is never polled.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

from cc_desktop.fleet import events as ev
from cc_desktop.gateway import event_decoder
from cc_desktop.gateway.connection import GatewayFailureError, RequestFailedError
from cc_desktop.protocol import fields
from cc_desktop.system.clock import wake_or_sleep

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.fleet.model import Session as SessionRow
    from cc_desktop.gateway.connection import GatewayConnection
    from cc_desktop.protocol.frames import EventFrame
    from cc_desktop.system.clock import Clock

log = logging.getLogger(__name__)

PAGE = 200  # sessions a page
MOST_PAGES = 100
LIST_TIMEOUT_S = 60.0  # 16 to 66 s were seen on big gateways
DEBOUNCE_S = 0.5
RETRY_LIST_S = 5.0
# Measured on 2026.5.7: a list is stale up to 1.2 s after the end of a run, and a failed run's row
# says "running" for 15 s after its error.
SETTLED_S = 1.8
FAILED_SETTLED_S = 16.5
# A gateway that has just started mends the rows of interrupted runs some seconds later, silently.
YOUNG_MS = 15_000
YOUNG_SETTLED_S = 10.0
AGAIN_AT_MOST_S = 30.0
_TOUCH_S = 3.0  # an event this fresh is newer than what a list says


class SessionListSync:
    """Feeds the model from one session."""

    def __init__(
        self,
        gateway: str,
        session: GatewayConnection,
        clock: Clock,
        sink: Callable[[ev.Event], object],
    ) -> None:
        self._gateway = gateway
        self._session = session
        self._clock = clock
        self._sink = sink
        self._translator = event_decoder.EventDecoder(gateway, session.hello.protocol)
        self._old = session.hello.protocol < 4
        uptime_ms = session.hello.uptime_ms
        self._since = max(0, clock.now_ms() - uptime_ms) if uptime_ms else 0
        self._agents: frozenset[str] = frozenset()
        self._keys: set[str] = set()
        self._touched: dict[str, float] = {}
        self._early: list[ev.Event] | None = []  # events before the first snapshot
        self._seq: int | None = None
        self._due: list[float] = []
        self._again_s = 0.0  # the next wait, while every list finds changes under way
        self._wake = asyncio.Event()
        self.lists = 0

    # Events

    def on_event(self, frame: EventFrame) -> None:
        """Take in an event frame. Never waits."""
        if frame.seq is not None:
            if self._seq is not None and frame.seq > self._seq + 1:
                log.info("events %d to %d are missing", self._seq + 1, frame.seq - 1)
                self.schedule_refresh()
            self._seq = frame.seq
        data = fields.as_object(frame.payload)
        events = list(self._translator.translate(frame.event, data))
        for event in events:
            self._note(event)
            if self._early is not None:
                self._early.append(event)
            else:
                self._sink(event)
        if frame.event == "sessions.changed" and not events:
            self.schedule_refresh()  # no key or no row: it only says that something changed
        elif frame.event in ("config.changed", "agents.changed"):
            self.schedule_refresh()
        elif frame.event == "health":
            self._compare_agents(data)

    def _note(self, event: ev.Event) -> None:
        if isinstance(event, ev.SessionChanged):
            self._touched[event.key] = self._clock.monotonic()
            if event.agent_id not in self._agents or event.key not in self._keys:
                self._keys.add(event.key)
                self.schedule_refresh()
            elif not event.fields:
                self.schedule_refresh()
            elif self._old and event.fields.get("active") is False:
                self.schedule_refresh(SETTLED_S)
        elif isinstance(event, ev.SessionRemoved):
            self._keys.discard(event.key)
            self.schedule_refresh()
        elif isinstance(event, ev.RunProgress):
            self._touched[event.session_key] = self._clock.monotonic()
            if event.agent_id not in self._agents or event.session_key not in self._keys:
                self._keys.add(event.session_key)
                self.schedule_refresh()
            if event.over:
                self.schedule_refresh(SETTLED_S)
                if self._old and event.error:
                    self.schedule_refresh(FAILED_SETTLED_S)
        elif (
            isinstance(event, ev.AgentConfigured | ev.AgentActivity)
            and event.agent_id not in self._agents
        ):
            self.schedule_refresh()

    def _compare_agents(self, health: dict[str, Any]) -> None:
        """2026.5.7 tells of a new or deleted agent only in `health`."""
        ids = {
            fields.identifier(row.get("agentId")) for row in fields.as_objects(health.get("agents"))
        } - {""}
        if ids and self._agents and ids != self._agents:
            self.schedule_refresh()

    # Lists

    def schedule_refresh(self, after_s: float = DEBOUNCE_S) -> None:
        """List again, `after_s` from now."""
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
        if self._session.hello.presence is not None:
            devices = event_decoder.devices(self._gateway, self._session.hello.presence)
            self._sink(ev.DevicesListed(self._gateway, devices))
        with contextlib.suppress(RequestFailedError):  # the seed's dialect has no such method
            await self._session.request("sessions.subscribe", {})
        await self._list()
        every_ms = event_decoder.heartbeats(self._session.hello.health)
        if every_ms:  # a gateway that has just started tells them within a minute, in `health`
            self._sink(ev.HeartbeatsTold(self._gateway, every_ms))
        early, self._early = self._early or [], None
        for event in early:
            self._sink(event)
        if early:
            self.schedule_refresh()
        if 0 < self._session.hello.uptime_ms < YOUNG_MS:
            self.schedule_refresh(YOUNG_SETTLED_S)

    async def run(self) -> None:
        """List again when it is wanted, one at a time."""
        while True:
            self._wake.clear()
            now = self._clock.monotonic()
            if not self._due:
                await self._wake.wait()
                continue
            wait = min(self._due) - now
            if wait > 0:
                await wake_or_sleep(self._clock, self._wake, wait)
                continue
            self._due = [due for due in self._due if due > now]
            try:
                await self._list()
            except GatewayFailureError as error:
                log.warning("listing again failed: %s", error)
                self.schedule_refresh(RETRY_LIST_S)

    async def _list(self) -> None:
        self.lists += 1
        started = self._clock.monotonic()
        agents = await self._session.request("agents.list", {}, LIST_TIMEOUT_S)
        sessions, taken_at = await self._pages()
        infos = event_decoder.agent_infos(agents)
        changed_meanwhile = {key for key, at in self._touched.items() if at >= started - _TOUCH_S}
        during = any(at >= started for at in self._touched.values())
        self._touched = {key: self._touched[key] for key in changed_meanwhile}
        self._agents = frozenset(info.id for info in infos)
        self._keys = {session.key for session in sessions} | changed_meanwhile
        self._sink(
            ev.Snapshot(
                self._gateway,
                tuple(infos),
                tuple(sessions),
                taken_at=taken_at,
                changed_meanwhile=frozenset(changed_meanwhile),
                since=self._since,
            )
        )
        if changed_meanwhile:
            # What changed meanwhile is settled by another list; on a fleet that is always busy
            # there is always something, and that must not become polling.
            wait = self._again_s or (DEBOUNCE_S if during else _TOUCH_S)
            took = self._clock.monotonic() - started
            self._again_s = min(2 * max(wait, _TOUCH_S), max(AGAIN_AT_MOST_S, 10 * took))
            self.schedule_refresh(wait)
        else:
            self._again_s = 0.0
        unknown = {session.agent_id for session in sessions} - self._agents
        if unknown:
            log.debug("%d sessions name agents that the list does not", len(unknown))

    async def _pages(self) -> tuple[list[SessionRow], int]:
        """All pages of `sessions.list`, and the gateway's time of the first."""
        found: dict[str, SessionRow] = {}
        params: dict[str, Any] = {"limit": PAGE}
        taken_at = 0
        for _ in range(MOST_PAGES):
            try:
                page = fields.as_object(
                    await self._session.request("sessions.list", params, LIST_TIMEOUT_S)
                )
            except RequestFailedError as error:
                said = error.failure.error
                if "offset" in params and said and said.code == "INVALID_REQUEST":
                    # 2026.5.7 has no offset: ask for more at once.
                    params = {"limit": max(params["offset"] * 10, 10_000)}
                    continue
                raise
            taken_at = taken_at or fields.integer(page.get("ts"))
            rows = event_decoder.session_rows(page)
            fresh = [row for row in rows if row.key not in found]
            found.update((row.key, row) for row in fresh)
            if page.get("hasMore") is not True or (not fresh and "offset" in params):
                break
            offset = fields.integer(page.get("nextOffset")) or len(found)
            params = {"limit": PAGE, "offset": offset}
        return list(found.values()), taken_at
