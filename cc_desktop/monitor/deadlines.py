"""Runs fall silent and approvals expire: wakes the model when time alone changes something."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.guard.silence import LIST_PAUSE_MS, wants_list
from cc_desktop.fleet.model import AgentChanged, Change, GatewayChanged
from cc_desktop.fleet.status import next_deadline
from cc_desktop.system.clock import wake_or_sleep

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.fleet.store import Store
    from cc_desktop.system.clock import Clock

LONGEST_SLEEP_S = 60.0  # a cut-short sleep leaves its timer in Qt until it would have fired


class Deadlines:
    """Applies a `Tick` to every gateway when the next deadline has passed."""

    def __init__(self, store: Store, clock: Clock, list_again: Callable[[str], object]) -> None:
        """`list_again` asks a gateway (by id) for a list, where only that can tell."""
        self._store = store
        self._list_again = list_again
        self._asked_at: dict[str, int] = {}  # local ms, by gateway
        self._clock = clock
        self._earlier = asyncio.Event()  # something is due before the deadline that is slept for
        self._slept_for: int | None = None  # that deadline, local ms

    def look_again(self) -> None:
        """Compute the next deadline anew: a setting that moves deadlines has changed."""
        self._earlier.set()

    def on_changes(self, changes: list[Change]) -> None:
        """Wake up if one of the changes brings an earlier deadline."""
        for change in changes:
            if isinstance(change, GatewayChanged):
                if change.after and change.after.commands:
                    self._earlier.set()  # one that is done is forgotten after a while
                elif self._is_before(self._inbox_due(change.gateway)):
                    self._earlier.set()
            elif isinstance(change, AgentChanged) and (
                _beats_anew(change) or self._is_earlier(change)
            ):
                self._earlier.set()

    async def run(self) -> None:
        """Sleep from deadline to deadline until cancelled; where nothing is open, no timer runs."""
        while True:
            self._earlier.clear()
            wait_ms = self._store.wait_ms()
            if wait_ms is None:
                self._slept_for = None
                await self._earlier.wait()
                continue
            self._slept_for = self._clock.now_ms() + wait_ms
            wait_s = min(LONGEST_SLEEP_S, max(0.1, wait_ms / 1000))
            if await wake_or_sleep(self._clock, self._earlier, wait_s):
                continue
            for name in list(self._store.fleet.gateways):
                self._store.apply(ev.Tick(name))
                self._ask_for_list(name)

    def _ask_for_list(self, name: str) -> None:
        """Have silent agents confirmed; whether the list comes or not, ask no more for a while."""
        gateway, now = self._store.fleet.gateways.get(name), self._clock.now_ms()
        asked_ms_ago = now - self._asked_at.get(name, 0)
        if gateway is None:
            self._asked_at.pop(name, None)
        elif wants_list(gateway, now) and not 0 <= asked_ms_ago < LIST_PAUSE_MS:
            self._asked_at[name] = now
            self._list_again(name)

    def _inbox_due(self, name: str) -> int:
        gateway = self._store.fleet.gateways.get(name)
        return gateway.inbox_due if gateway else 0

    def _is_before(self, due: int) -> bool:
        return bool(due) and (self._slept_for is None or due < self._slept_for)

    def _is_earlier(self, change: AgentChanged) -> bool:
        before, after = change.before, change.after
        if after is None or not (after.heard or after.approvals or after.questions):
            return False
        if self._slept_for is None:
            return True
        if (
            before is not None
            and before.approvals_expire_at == after.approvals_expire_at
            and before.questions_expire_at == after.questions_expire_at
            and len(before.heard) == len(after.heard)
        ):
            return False  # a sign of life only moves a deadline away
        now, mono = self._clock.now_ms(), int(self._clock.monotonic() * 1000)
        due = next_deadline({after.id: after}, self._store.fleet.stuck_after_ms, now, mono)
        return due is not None and due < self._slept_for


def _beats_anew(change: AgentChanged) -> bool:
    """Whether an agent wakes by itself more or less often than before."""
    before, after = change.before, change.after
    return after is not None and after.heartbeat_ms != (before.heartbeat_ms if before else 0)
