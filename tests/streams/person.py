"""Who is told: the policy and the coalescer on a fake clock, and what they showed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.fleet.inbox.open_items import find_item
from cc_desktop.notifications.coalescer import BackendCommand, Show
from cc_desktop.notifications.policy import NotificationPolicy
from cc_desktop.notifications.preferences import Preferences
from cc_desktop.system.clock import wake_or_sleep

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Change
    from cc_desktop.fleet.store import Store
    from cc_desktop.notifications.alerts import Alert
    from tests.fakes.clock import FakeClock
    from tests.streams.truth import Truth, Verdict

# What stays true for nobody to look up: these lead to an agent or a gateway, never to an item.
NEWS = frozenset({"finished", "recovered", "back", "device-gone", "device-back"})


@dataclass
class Notice:
    """A notification that was shown."""

    at: int  # local ms
    show: Show
    new: int  # how many alerts of it nobody had been told before


def all_kinds() -> Preferences:
    """Everything is told, news as well."""
    wanted = Preferences()
    for kind, choice in wanted.kinds.items():
        wanted = wanted.with_kind(kind, replace(choice, on=True))
    return wanted


class Operator:
    """Sees every notification, and what a click on it would open."""

    def __init__(
        self,
        store: Store,
        clock: FakeClock,
        truth: Truth | None = None,
        verdict: Verdict | None = None,
        *,
        preferences: Preferences | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._truth = truth
        self._verdict = verdict
        self.policy = NotificationPolicy(
            preferences or all_kinds(),
            local=lambda ms: datetime.fromtimestamp(ms / 1000, UTC).replace(tzinfo=None),
        )
        self.notices: list[Notice] = []
        self.on_screen: dict[str, Show] = {}
        self._told: dict[int, Alert] = {}  # by identity, kept alive so that it stays unique
        self._wake = asyncio.Event()
        store.subscribe(self._on_changes)

    async def run(self) -> None:
        """Keep time until cancelled."""
        while True:
            self._wake.clear()
            self._carry_out(self.policy.tick(self._store.fleet, self._clock.now_ms()))
            due = self.policy.due(self._clock.now_ms())
            if due is None:
                await self._wake.wait()
            else:
                wait_s = max(0.001, (due - self._clock.now_ms()) / 1000)
                await wake_or_sleep(self._clock, self._wake, wait_s)

    def _on_changes(self, changes: list[Change]) -> None:
        self._carry_out(self.policy.process(self._store.fleet, changes, self._clock.now_ms()))
        self._wake.set()

    def _carry_out(self, commands: list[BackendCommand]) -> None:
        now = self._clock.now_ms()
        for command in commands:
            if not isinstance(command, Show):
                self.on_screen.pop(command.tag, None)
                continue
            fresh = [alert for alert in command.alerts if id(alert) not in self._told]
            self._told |= {id(alert): alert for alert in fresh}
            self.notices.append(Notice(now, command, len(fresh)))
            self.on_screen[command.message.tag] = command
            self._click(command)
            if self._truth is not None and self._verdict is not None:
                crowd = len(command.alerts) > 1
                wrong = [self._truth.told(alert, now, in_crowd=crowd) for alert in fresh]
                self._verdict.false += [f"{now}: {one}" for one in wrong if one]

    def click_all(self) -> None:
        """Click everything that is on the screen now."""
        for show in self.on_screen.values():
            self._click(show)

    def _click(self, show: Show) -> None:
        """Whether what a notification leads to is there."""
        if self._verdict is None:
            return
        fleet, target = self._store.fleet, show.target
        self._verdict.clicks += 1
        wrong = [pair for pair in target.agents if fleet.agent(*pair) is None]
        if target.gateway and target.gateway not in fleet.gateways:
            wrong.append((target.gateway, ""))
        alone = show.alerts[0] if len(show.alerts) == 1 else None
        is_news = alone is None or alone.kind in NEWS or alone.tag.startswith("away\n")
        if target.item and find_item(fleet, target.item) is None:
            wrong.append(("item", target.item))
        leads = target.agents or target.gateway or target.item or target.devices or target.words
        if not leads or (not is_news and not target.item):
            wrong.append(("nowhere", show.message.title))
        if wrong:
            self._verdict.bad_clicks.append(f"{show.message.title}: {wrong}")
