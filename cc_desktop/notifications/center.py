"""Connects the fleet with whatever shows notifications: keeps time, the list and the choices.

The center is a failure domain: whatever the policy, a backend, a listener, the stored data or the
handler of a click raises is logged once, and notifications go on.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from cc_desktop.notifications import preferences as prefs
from cc_desktop.notifications.backends.base import GuardedBackend
from cc_desktop.notifications.coalescer import BackendCommand, Show
from cc_desktop.notifications.decisions import DECIDE, decided
from cc_desktop.notifications.hooks import HookRunner
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
from cc_desktop.notifications.rules.common import remember
from cc_desktop.system.clock import wake_or_sleep
from cc_desktop.system.supervision import FaultLog
from cc_desktop.text import notifications as text
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cc_desktop.fleet.commands import Command
    from cc_desktop.fleet.model import Change
    from cc_desktop.fleet.store import Store
    from cc_desktop.notifications.backends.base import NotificationBackend
    from cc_desktop.notifications.history import Notice
    from cc_desktop.notifications.preferences import Preferences
    from cc_desktop.system.clock import Clock

log = logging.getLogger(__name__)

T = TypeVar("T")

SNOOZE_MS = 3_600_000  # by the button of a notification
SYSTEM_CHECK_MS = 30_000  # how often the desktop's do-not-disturb is asked for while it is on
SYSTEM_RECHECK_MS = 1_000  # the same when news has come meanwhile
SAVE_AFTER_MS = 2_000
AFTER_FAULT_MS = 5_000  # before time is kept again
MAX_TARGETS = 1_000  # notifications whose clicks lead somewhere
# WORKAROUND(https://github.com/CabbageDevelopment/qasync/issues): a sleep that is cut short leaves
# its timer in Qt until it would have ended.
LONGEST_S = 60.0
TEST = "test"


class Memory(Protocol):
    """What is kept between starts."""

    def load_notifications(self) -> tuple[object, object, object]:
        """Return preferences, snooze (local ms) and notices, as they were given to be kept."""
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
    """Notifications: `run` for as long as the app runs. All calls come from the loop's thread.

    Attributes:
        backend: The backend. None of its methods raises.
        hooks: Runs the operator's own program for each notice.
    """

    def __init__(
        self,
        store: Store,
        backend: NotificationBackend,
        clock: Clock,
        memory: Memory,
        *,
        open_target: Callable[[Target, str], None],
        viewed: Callable[[], tuple[str, str] | None] = lambda: None,
        execute: Callable[[Command], object] = lambda _command: None,
    ) -> None:
        """Load what is kept, and follow the store.

        Args:
            store: The fleet.
            backend: Shows notifications.
            clock: Time.
            memory: Keeps choices and the list between starts.
            open_target: Shows what was clicked; its second argument is an activation token or "".
            viewed: Returns the agent that the operator looks at: gateway id and agent id.
            execute: Carries out what is decided on a notification.
        """
        self._faults = FaultLog(log)
        self.backend = GuardedBackend(backend, clock, self._faults)
        self.hooks = HookRunner(clock)
        self.hooks.on_result = self._tell_listeners
        self._store = store
        self._clock = clock
        self._memory = memory
        self._open_target = open_target
        self._execute = execute
        chosen, snooze, notices = self._load()
        self._policy = NotificationPolicy(
            prefs.load(chosen),
            viewed=lambda: self._ask(viewed, "the agent that is looked at", None),
            faults=self._faults,
        )
        self._policy.history.load(notices)
        if isinstance(snooze, int) and snooze > clock.now_ms():
            self._policy.snoozed_until = snooze
        self._targets: dict[str, tuple[Target, tuple[str, ...]]] = {}  # by tag: what it was about
        self._listeners: list[Callable[[], None]] = []
        self._wake = asyncio.Event()
        self._sleeps_until: int | None = None
        self._system_check_at = 0
        self._save_at: int | None = None
        self._published: object = None
        self._saved_version = self._policy.history.version
        self._unsubscribe = store.subscribe(self._on_changes)

    # What is asked

    @property
    def preferences(self) -> Preferences:
        """What the operator chose."""
        return self._policy.preferences

    @property
    def notices(self) -> tuple[Notice, ...]:
        """The list, newest first."""
        return self._policy.history.notices

    @property
    def unread(self) -> int:
        """How many notices nobody has looked at yet."""
        return self._policy.history.unread

    @property
    def waiting(self) -> int:
        """How many alerts were not shown because it is quiet, and are still true."""
        return self._policy.waiting

    @property
    def quiet(self) -> QuietPeriod | None:
        """Why nothing is shown now, or None."""
        return self._policy.quiet(self._clock.now_ms())

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever any of the above changed. The returned function ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # What the operator does

    def set_preferences(self, preferences: Preferences) -> None:
        """Use other choices from now on."""
        self._policy.preferences = preferences
        with self._guard("keeping the choices"):
            self._memory.save_preferences(prefs.dump(preferences))
        self._changed()

    def snooze_until(self, until_ms: int) -> None:
        """Show nothing until then (local ms)."""
        self._policy.snoozed_until = until_ms
        with self._guard("keeping the snooze"):
            self._memory.save_snooze(until_ms)
        self._changed()

    def resume(self) -> None:
        """End a snooze."""
        self.snooze_until(0)

    def mute(self, gateway: str, agent_id: str, muted: bool) -> None:
        """Tell nothing of an agent, or (without one) of a gateway; or tell it again."""
        self.set_preferences(self.preferences.with_muted(gateway, agent_id, muted))

    def open_notice(self, notice_id: int) -> None:
        """Show what a notice is about."""
        notice = self._policy.history.find(notice_id)
        if notice is not None:
            self._policy.history.mark_read(notice_id)
            self._changed()
            self._open(notice.target, "")

    def mark_all_read(self) -> None:
        """The operator has looked at the list."""
        self._policy.mark_all_read()
        self._changed()

    def clear(self) -> None:
        """Empty the list."""
        self._policy.clear()
        self._changed()

    def send_test(self) -> None:
        """Show a notification that is only there to be seen, however quiet it is."""
        self._targets[TEST] = (Target(), ())
        buttons = (Button(OPEN, tr(text.OPEN)), Button(SNOOZE, tr(text.SNOOZE_HOUR)))
        self.backend.show(Message(TEST, tr(text.TEST_TITLE), tr(text.TEST_BODY), buttons=buttons))

    # Working

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.backend.run(self._on_chosen), name="notifications")
                group.create_task(self._keep_time(), name="notifications: time")
        finally:
            self._unsubscribe()
            self._save()

    async def _keep_time(self) -> None:
        while True:
            wait_until: int | None = self._clock.now_ms() + AFTER_FAULT_MS
            with self._guard("the time of notifications"):
                wait_until = await self._tick()
            self._sleeps_until = wait_until
            if wait_until is None:
                await self._wake.wait()
            else:
                wait_s = (wait_until - self._clock.now_ms()) / 1000
                await wake_or_sleep(self._clock, self._wake, min(LONGEST_S, max(0.01, wait_s)))

    async def _tick(self) -> int | None:
        """Do what is due; return when the next is: local ms, or None."""
        self._wake.clear()
        await self._ask_system()
        now = self._clock.now_ms()
        self._carry_out(self._policy.tick(self._store.fleet, now))
        if self._save_at is not None and self._save_at <= now:
            self._save()
        self._publish()
        times = [self._policy.due(now), self._save_at]
        if self._policy.system_quiet:
            times.append(self._system_check_at)
        return min((time for time in times if time is not None), default=None)

    async def _ask_system(self) -> None:
        """Ask for the desktop's do-not-disturb: before something is shown, and until it ends."""
        now = self._clock.now_ms()
        wanted = self._policy.gathering or self._policy.system_quiet
        if not wanted or now < self._system_check_at or not self.preferences.respect_system:
            return
        self._policy.system_quiet = await self.backend.is_system_quiet()
        if self._policy.system_quiet:
            self._system_check_at = self._clock.now_ms() + SYSTEM_CHECK_MS

    def _on_changes(self, changes: list[Change]) -> None:
        version = self._policy.history.version
        with self._guard("handling changes of the fleet"):
            commands = self._policy.process(self._store.fleet, changes, self._clock.now_ms())
            self._carry_out(commands)
        if self._policy.system_quiet and self._policy.history.version != version:
            # It may have ended since: ask again rather than hold this back until the next check.
            soon = self._clock.now_ms() + SYSTEM_RECHECK_MS
            self._system_check_at = min(self._system_check_at, soon)
        due = self._policy.next_news()  # quiet comes and goes by itself, whatever changes
        if self._policy.history.version != version or (
            due is not None and (self._sleeps_until is None or due < self._sleeps_until)
        ):
            self._wake.set()

    def _carry_out(self, commands: list[BackendCommand]) -> None:
        for command in commands:
            if isinstance(command, Show):
                told = tuple(alert.tag for alert in command.alerts)
                remember(self._targets, command.message.tag, (command.target, told), MAX_TARGETS)
                self.backend.show(command.message)
                with self._guard("the operator's program"):
                    for alert in command.alerts:
                        self.hooks.tell(self._store.fleet, alert)
            else:
                self._targets.pop(command.tag, None)
                self.backend.withdraw(command.tag)

    def _on_chosen(self, chosen: NotificationAction) -> None:
        target, tags = self._targets.get(chosen.tag, (Target(), ()))
        for tag in tags:
            self._policy.history.mark_tag_read(tag)
        if chosen.key == SNOOZE:
            self.snooze_until(self._clock.now_ms() + SNOOZE_MS)
        elif chosen.key == MUTE:
            gateway = chosen.data.get("gateway", "")
            if gateway:
                self.mute(gateway, chosen.data.get("agent", ""), True)
        elif chosen.key.startswith(DECIDE):
            self._decide(chosen, target)
        else:
            self._open(target, chosen.activation_token)
        self._changed()

    def _decide(self, chosen: NotificationAction, target: Target) -> None:
        """What is no longer as it was shown is opened instead."""
        with self._guard("deciding on a notification"):
            command = decided(self._store.fleet, chosen.data)
            if command is not None:
                self._execute(command)
                return
        self._open(target, chosen.activation_token)

    def _open(self, target: Target, activation_token: str) -> None:
        with self._guard("opening what was clicked"):
            self._open_target(target, activation_token)

    # Telling those who show it, and keeping it

    def _changed(self) -> None:
        self._publish()
        self._wake.set()

    def _publish(self) -> None:
        """Call the listeners if anything they show is different."""
        version = self._policy.history.version
        state = (version, self.waiting, self.quiet, self.preferences)
        if state == self._published:
            return
        if version != self._saved_version and self._save_at is None:
            self._save_at = self._clock.now_ms() + SAVE_AFTER_MS
        self._published = state
        self._tell_listeners()

    def _tell_listeners(self) -> None:
        for listener in list(self._listeners):
            with self._guard("a listener of notifications"):
                listener()

    def _load(self) -> tuple[object, object, object]:
        with self._guard("reading the kept notifications"):
            return self._memory.load_notifications()
        return None, 0, ()

    def _save(self) -> None:
        if self._saved_version != self._policy.history.version:
            self._saved_version = self._policy.history.version
            with self._guard("keeping the list of notifications"):
                self._memory.save_notices(self._policy.history.dump())
        self._save_at = None

    # Failures

    @contextmanager
    def _guard(self, context: str) -> Iterator[None]:
        """Log what is raised inside, once, and go on."""
        try:
            yield
        except Exception as error:
            self._faults.record(context, error)

    def _ask(self, question: Callable[[], T], context: str, default: T) -> T:
        with self._guard(f"asking for {context}"):
            return question()
        return default
