"""Plays sample data where no gateway can be reached, or where it is asked for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from cc_desktop.config.paths import resource
from cc_desktop.demo.policy import DEMO_GATEWAY, DemoPolicy, WhenUnreachable
from cc_desktop.fleet import events as ev
from cc_desktop.system.clock import wake_or_sleep
from cc_desktop.system.supervision import keep_running

if TYPE_CHECKING:
    from cc_desktop.config.settings import Settings
    from cc_desktop.demo.simulation import Demo
    from cc_desktop.fleet.commands import Command
    from cc_desktop.fleet.store import Store
    from cc_desktop.monitor.options import MonitorOptions
    from cc_desktop.system.clock import Clock
    from cc_desktop.system.supervision import FaultLog


class DemoPlayer:
    """Starts and stops the demo as its policy says."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        faults: FaultLog,
        options: MonitorOptions,
        settings: Settings,
    ) -> None:
        self._store = store
        self._clock = clock
        self._faults = faults
        self._options = options
        self._settings = settings
        self._task: asyncio.Task[None] | None = None
        self._story: Demo | None = None  # while it plays
        self._changed = asyncio.Event()
        self._policy = DemoPolicy(clock.now_ms(), self._when_unreachable())

    def configure(self, settings: Settings) -> None:
        """Take over other settings."""
        self._settings = settings
        self._policy.when_unreachable = self._when_unreachable()
        if self._task is not None:
            self._hide_gateways(True)  # those that are new
        self._changed.set()

    def look_again(self) -> None:
        """Decide anew: a gateway has changed."""
        self._changed.set()

    def choose_last_known(self, wanted: bool) -> None:
        """Prefer the last known fleet to sample data, or the reverse, until a gateway is back."""
        self._policy.choose_last_known(wanted)
        self._changed.set()

    async def run(self) -> None:
        """Decide again whenever something has changed, until cancelled."""
        while True:
            self._changed.clear()
            due, again = self._policy.decide(self._store.fleet, self._clock.now_ms())
            may = self._options.may_demo and self._settings.demo
            wanted = self._options.demo_only or (due and may)
            if wanted and self._task is None:
                job = keep_running("demo", self._play, self._clock, self._faults)
                self._task = asyncio.create_task(job, name="demo")
            elif not wanted and self._task is not None:
                await self.stop()
            if again is None:
                await self._changed.wait()
            else:
                wait = max(0.05, (again - self._clock.now_ms()) / 1000)
                await wake_or_sleep(self._clock, self._changed, wait)

    async def stop(self) -> None:
        """End the demo, and show the gateways again."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            (end,) = await asyncio.gather(task, return_exceptions=True)
            if isinstance(end, Exception):
                self._faults.record("demo, at its end", end)

    def execute(self, command: Command) -> str:
        """Let the story answer what the operator asks.

        Returns:
            Why it is refused, as a kind, or "".
        """
        if self._story is None:
            return "unknown-gateway"
        refused, events = self._story.reply(command, self._clock.now_ms())
        for event in events:
            self._store.apply(event)
        return refused

    def _when_unreachable(self) -> WhenUnreachable:
        return self._options.when_unreachable or WhenUnreachable(self._settings.when_unreachable)

    async def _play(self) -> None:
        from cc_desktop.demo.simulation import Demo  # most starts need none

        data = msgspec.json.decode(resource("demo-fleet.json").read_bytes())
        story = Demo(data, self._settings.demo_seed, self._clock.now_ms())
        try:
            self._hide_gateways(True)
            for event in story.first():
                self._store.apply(event)
            self._story = story
            while True:
                events, wait_ms = story.step(self._clock.now_ms())
                for event in events:
                    self._store.apply(event)
                await self._clock.sleep(wait_ms / 1000)
        finally:
            self._story = None
            self._store.apply(ev.GatewayRemoved(DEMO_GATEWAY))
            self._hide_gateways(False)

    def _hide_gateways(self, hidden: bool) -> None:
        for name in self._store.fleet.gateways:
            if name != DEMO_GATEWAY:
                self._store.apply(ev.Shown(name, shown=not hidden))
