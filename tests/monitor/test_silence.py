"""A list is asked for where only that can tell whether an agent is silent."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.inbox import InboxKind
from cc_desktop.fleet.inbox.follow import all_items
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Session
from cc_desktop.fleet.store import Store
from cc_desktop.monitor.deadlines import Deadlines
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HEARTBEAT_S = 1_800


class Unexpected(Exception):  # noqa: N818
    pass


class Scene:
    """A live gateway whose one agent was active a moment ago."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = Store(self.clock.now_ms, lambda: round(self.clock.monotonic() * 1000))
        self.asked: list[int] = []  # local ms
        self.error: Exception | None = None
        self.answers = True
        self.deadlines = Deadlines(self.store, self.clock, self._list_again)
        self.store.subscribe(self.deadlines.on_changes)
        self.began = self.clock.now_ms()
        self.store.apply(ev.GatewayAdded("g", "G"))
        self.list()
        self.store.apply(ev.ConnectionChanged("g", ConnectionInfo(ConnectionState.LIVE)))

    def list(self) -> None:
        row = Session("agent:a:main", "a", status="done", updated_at=self.began, ended_at=1)
        self.store.apply(ev.Snapshot("g", (ev.AgentInfo("a"),), (row,)))

    def _list_again(self, gateway: str) -> None:
        assert gateway == "g"
        self.asked.append(self.clock.now_ms() - self.began)
        if self.error is not None:
            raise self.error
        if self.answers:
            self.list()

    @property
    def silent(self) -> bool:
        items = all_items(self.store.fleet.gateways["g"])
        return any(item.kind is InboxKind.SILENT for item in items)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.deadlines.run())
        await self.clock.advance(60)
        self.store.apply(ev.HeartbeatsTold("g", {"a": HEARTBEAT_S * 1000}))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Unexpected):
                await task


async def test_a_silent_agent_is_confirmed_by_one_list() -> None:
    it = Scene()
    async with it.running():
        await it.clock.advance(1.5 * HEARTBEAT_S - 120)
        assert (it.asked, it.silent) == ([], False)
        await it.clock.advance(180)
        assert it.silent
        await it.clock.advance(5 * HEARTBEAT_S)
    assert len(it.asked) == 1


async def test_a_gateway_that_does_not_list_is_not_asked_all_the_time() -> None:
    it = Scene()
    it.answers = False
    async with it.running():
        await it.clock.advance(6 * HEARTBEAT_S)
    assert not it.silent
    assert 2 <= len(it.asked) <= 5
    pauses = [later - earlier for earlier, later in zip(it.asked, it.asked[1:], strict=False)]
    assert min(pauses) >= HEARTBEAT_S * 1000


async def test_asking_that_fails_is_not_tried_again_at_once() -> None:
    it = Scene()
    it.error = Unexpected()
    async with it.running():
        await it.clock.advance(1.5 * HEARTBEAT_S + 60)
    assert len(it.asked) == 1
    async with it.running():  # it is started again, as the monitor does it
        pass
    assert len(it.asked) == 1
