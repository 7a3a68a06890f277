"""Between the fleet and whatever shows notifications: keeps time, the list and the choices."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Protocol

from cc_desktop.notifications import preferences as prefs
from cc_desktop.notifications.coalescer import BackendCommand, Show
from cc_desktop.notifications.message import (
    MUTE,
    OPEN,
    SNOOZE,
    Button,
    Message,
    NotificationAction,
    Target,
)
from cc_desktop.notifications.policy import NotificationPolicy, QuietPeriod
from cc_desktop.system.clock import wake_or_sleep

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.fleet.model import Change
    from cc_desktop.fleet.store import Store
    from cc_desktop.notifications.message import Adapter, Notice
    from cc_desktop.notifications.preferences import Preferences
    from cc_desktop.system.clock import Clock

log = logging.getLogger(__name__)

SNOOZE_MS = 3_600_000  # by the button of a notification
SYSTEM_CHECK_MS = 30_000  # how often the desktop's do-not-disturb is looked at while it is on
SAVE_AFTER_MS = 2_000
# WORKAROUND(https://github.com/CabbageDevelopment/qasync/issues): a sleep that is cut short leaves
# its timer in Qt until it would have ended.
LONGEST_S = 60.0
TEST = "test"


class Memory(Protocol):
    """What is kept between starts. No method raises."""

    def load_notifications(self) -> tuple[object, object, object]:
        """Preferences, snooze (local ms) and notices, as they were given to be kept."""
        ...

    def save_preferences(self, data: dict[str, Any]) -> None:
        """Keep the choices."""
        ...

    def save_snooze(self, until: int) -> None:
        """Keep until when it is snoozed, local ms."""
        ...

    def save_notices(self, data: list[dict[str, Any]]) -> None:
        """Keep the list."""
        ...


class NotificationCenter:
    """Notifications: `run` for as long as the app runs. All calls come from the loop's thread."""

    def __init__(
        self,
        store: Store,
        adapter: Adapter,
        clock: Clock,
        memory: Memory,
        *,
        open_target: Callable[[Target, str], None],
        viewed: Callable[[], tuple[str, str] | None] = lambda: None,
        refresh: Callable[[str], None] = lambda _gateway: None,
    ) -> None:
        """`open_target` shows what was clicked; its second argument is an activation token.

        `viewed` gives the agent that the operator looks at; `refresh` asks a gateway for a fresh
        list.
        """
        self.adapter = adapter
        self._store = store
        self._clock = clock
        self._memory = memory
        self._open_target = open_target
        chosen, snooze, notices = memory.load_notifications()
        self._attention = NotificationPolicy(prefs.load(chosen), viewed=viewed, refresh=refresh)
        self._attention.load(notices)
        if isinstance(snooze, int) and snooze > clock.now_ms():
            self._attention.snoozed_until = snooze
        self._targets: dict[str, tuple[Target, tuple[str, ...]]] = {}  # slot → what it told of
        self._listeners: list[Callable[[], None]] = []
        self._wake = asyncio.Event()
        self._sleeps_until: int | None = None
        self._system_check_at = 0
        self._save_at: int | None = None
        self._told: object = None
        self._saved = self._attention.version
        self._unsubscribe = store.subscribe(self._on_changes)

    # What is asked

    @property
    def preferences(self) -> Preferences:
        """What the operator chose."""
        return self._attention.preferences

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Newest first."""
        return self._attention.notices

    @property
    def unread(self) -> int:
        """How many notices nobody has looked at yet."""
        return self._attention.unread

    @property
    def waiting(self) -> int:
        """How many were not shown because it is quiet, and are still true."""
        return self._attention.waiting

    @property
    def quiet(self) -> QuietPeriod | None:
        """Whether nothing is shown now, and why."""
        return self._attention.quiet(self._clock.now_ms())

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever any of the above changed; the answer ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # What the operator does

    def set_preferences(self, preferences: Preferences) -> None:
        """Take other choices."""
        self._attention.preferences = preferences
        self._memory.save_preferences(prefs.dump(preferences))
        self._changed()

    def snooze_until(self, until_ms: int) -> None:
        """Show nothing until then (local ms)."""
        self._attention.snoozed_until = until_ms
        self._memory.save_snooze(until_ms)
        self._changed()

    def resume(self) -> None:
        """End a snooze."""
        self.snooze_until(0)

    def mute(self, gateway: str, agent_id: str, muted: bool) -> None:
        """Tell nothing of an agent, or (without one) of a gateway; or do so again."""
        self.set_preferences(self.preferences.with_muted(gateway, agent_id, muted))

    def open_notice(self, notice_id: int) -> None:
        """Show what a notice is about."""
        notice = self._attention.notice(notice_id)
        if notice is not None:
            self._attention.mark_read(notice_id)
            self._changed()
            self._open_target(notice.target, "")

    def mark_all_read(self) -> None:
        """The operator has looked at the list."""
        self._attention.mark_all_read()
        self._changed()

    def clear(self) -> None:
        """Empty the list."""
        self._attention.clear()
        self._changed()

    def send_test(self) -> None:
        """Show a notification that is only there to be seen, however quiet it is."""
        self._targets[TEST] = (Target(), ())
        self.adapter.show(
            Message(
                TEST,
                "This is a test",
                "Notifications look like this. A click opens the fleet.",
                buttons=(Button(OPEN, "Open"), Button(SNOOZE, "Snooze 1 h")),
            )
        )

    # Working

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._run_adapter(), name="notifications")
                group.create_task(self._keep_time(), name="attention")
        finally:
            self._unsubscribe()
            self._save()

    async def _run_adapter(self) -> None:
        try:
            await self.adapter.run(self._on_chosen)
        except Exception:
            # The list of notices goes on without it.
            log.exception("notifications cannot be shown any more")

    async def _keep_time(self) -> None:
        while True:
            await self._ask_system()
            now = self._clock.now_ms()
            self._carry_out(self._attention.tick(self._store.fleet, now))
            if self._save_at is not None and self._save_at <= now:
                self._save()
            self._tell_listeners()
            self._wake.clear()
            due = self._due(now)
            self._sleeps_until = due
            if due is None:
                await self._wake.wait()
            else:
                wait_s = min(LONGEST_S, max(0.01, (due - now) / 1000))
                await wake_or_sleep(self._clock, self._wake, wait_s)

    def _due(self, now: int) -> int | None:
        times = [self._attention.due(now), self._save_at]
        if self._attention.system_quiet:
            times.append(self._system_check_at)
        return min((time for time in times if time is not None), default=None)

    async def _ask_system(self) -> None:
        """Look at the desktop's do-not-disturb: before something is shown, and until it ends."""
        now = self._clock.now_ms()
        wanted = self._attention.gathering or self._attention.system_quiet
        if not wanted or now < self._system_check_at or not self.preferences.respect_system:
            return
        self._attention.system_quiet = await self.adapter.is_system_quiet()
        if self._attention.system_quiet:
            self._system_check_at = self._clock.now_ms() + SYSTEM_CHECK_MS

    def _on_changes(self, changes: list[Change]) -> None:
        now, before = self._clock.now_ms(), self._attention.version
        self._carry_out(self._attention.take(self._store.fleet, changes, now))
        due = self._attention.next_news()  # quiet comes and goes by itself, whatever changes
        if self._attention.version != before or (
            due is not None and (self._sleeps_until is None or due < self._sleeps_until)
        ):
            self._wake.set()

    def _carry_out(self, orders: list[BackendCommand]) -> None:
        for order in orders:
            if isinstance(order, Show):
                tag = order.message.tag
                self._targets[tag] = (order.target, tuple(fact.tag for fact in order.facts))
                self.adapter.show(order.message)
            else:
                self._targets.pop(order.tag, None)
                self.adapter.withdraw(order.tag)

    def _on_chosen(self, chosen: NotificationAction) -> None:
        target, tags = self._targets.get(chosen.tag, (Target(), ()))
        for tag in tags:
            self._attention.mark_tag_read(tag)
        if chosen.key == SNOOZE:
            self.snooze_until(self._clock.now_ms() + SNOOZE_MS)
        elif chosen.key == MUTE:
            gateway = chosen.data.get("gateway", "")
            if gateway:
                self.mute(gateway, chosen.data.get("agent", ""), True)
        else:
            self._open_target(target, chosen.activation_token)
        self._changed()

    # Telling those who show it, and keeping it

    def _changed(self) -> None:
        self._tell_listeners()
        self._wake.set()

    def _tell_listeners(self) -> None:
        """Tell them, if anything they show is different."""
        version = self._attention.version
        state = (version, self.waiting, self.quiet, self.preferences)
        if state == self._told:
            return
        if version != self._saved and self._save_at is None:
            self._save_at = self._clock.now_ms() + SAVE_AFTER_MS
        self._told = state
        for listener in list(self._listeners):
            try:
                listener()
            except Exception:
                log.exception("a listener failed")

    def _save(self) -> None:
        if self._saved != self._attention.version:
            self._saved = self._attention.version
            self._memory.save_notices(self._attention.dump())
        self._save_at = None
