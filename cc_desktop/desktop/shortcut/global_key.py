"""Keeps a key that works in every window, for as long as the operator wants one."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import TYPE_CHECKING

from cc_desktop.desktop.shortcut.portal import PortalError, ShortcutPortal, Why
from cc_desktop.notifications.backends.dbus import BusLostError
from cc_desktop.system.clock import wake_or_sleep
from cc_desktop.system.supervision import FaultLog, cancel_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.desktop.shortcut.portal import Wish
    from cc_desktop.system.clock import Clock

log = logging.getLogger(__name__)

RETRY_S = (2.0, 10.0, 60.0, 300.0, 900.0)  # pauses until the portal is asked again
HEALTHY_S = 60.0  # a key that was there so long is asked for again soon
MIN_BETWEEN_S = 0.3  # two presses: who holds the key down wants one
_ASKED_AGAIN = (Why.SILENT.value, Why.FAILED.value, Why.GONE.value)
OFF, ASKING, READY, LOOKING = "off", "asking", "ready", "looking"  # beside the values of `Why`


class GlobalKey:
    """Survives a portal that is absent, hangs, ends, or answers nonsense.

    Attributes:
        state: OFF, LOOKING, ASKING, READY, or why there is none: a value of `Why`.
        trigger: Which key it is, in the desktop's words.
        on_change: Called when either is another.
        on_refused: Called when the operator told the desktop not to allow it.
    """

    def __init__(
        self,
        address: str,
        clock: Clock,
        wish: Wish,
        on_pressed: Callable[[str], object],
    ) -> None:
        """Prepare; `run` asks for it.

        Args:
            address: D-Bus address of the session bus; "" if there is none.
            clock: Time.
            wish: What the portal is asked for.
            on_pressed: Gets the token with which the window may come to the front, or "".
        """
        self._address = address
        self._clock = clock
        self._wish = wish
        self._on_pressed = on_pressed
        self._faults = FaultLog(log)
        self._is_wanted = False
        self._looks = False  # somebody wants to know whether the desktop has such keys
        self._changed = asyncio.Event()
        self._pressed_at = -math.inf
        self._ready_at = -math.inf
        self._told: set[str] = set()
        self.state: str = OFF
        self.trigger = ""
        self.on_change: Callable[[], object] = lambda: None
        self.on_refused: Callable[[], object] = lambda: None

    @property
    def is_wanted(self) -> bool:
        """Whether the operator wants it."""
        return self._is_wanted

    def want(self, on: bool) -> None:
        """Get the key, or let go of it. Wanting it again asks again."""
        self._is_wanted = on
        self._changed.set()

    def look(self) -> None:
        """Find out whether the desktop has such keys; asks for none."""
        if not self._is_wanted:
            self._looks = True
            self._changed.set()

    async def run(self) -> None:
        """Work until cancelled."""
        failures = 0
        while True:
            self._changed.clear()
            if not (self._is_wanted or self._looks):
                if self.state in _ASKED_AGAIN:  # not any more
                    self._show(OFF)
                await self._changed.wait()
                failures = 0
                continue
            work = asyncio.create_task(self._serve() if self._is_wanted else self._find_out())
            changed = asyncio.create_task(self._changed.wait())
            try:
                await asyncio.wait({work, changed}, return_when=asyncio.FIRST_COMPLETED)
                if not work.done():
                    failures = 0
            finally:
                await cancel_all(work, changed)
            if work.cancelled():
                if not self._is_wanted:
                    self._show(OFF)
                continue
            if self.state == READY and self._clock.monotonic() - self._ready_at >= HEALTHY_S:
                failures = 0
            self._conclude(work)
            if self._is_wanted:
                pause = RETRY_S[min(failures, len(RETRY_S) - 1)]
                failures += 1
                await wake_or_sleep(self._clock, self._changed, pause)

    def _conclude(self, work: asyncio.Task[None]) -> None:
        """Show how it ended."""
        self._looks = False
        error = work.exception()
        if error is None:
            return
        match error:
            case PortalError():
                why = error.why
            case TimeoutError():
                why = Why.SILENT
            case BusLostError():
                why = Why.ABSENT
            case _:
                why = Why.FAILED
                self._faults.record("global shortcut", error)
        if str(error) not in self._told:
            self._told.add(str(error))
            log.info("no global shortcut: %s", str(error) or type(error).__name__)
        self._show(why.value)
        if why is Why.REFUSED:  # nobody is asked twice
            self._is_wanted = False
            self._guarded(self.on_refused)

    async def _serve(self) -> None:
        portal = self._portal()
        try:
            self._show(LOOKING)
            await portal.open(self._address)
            trigger = await portal.ask(self._wish, lambda: self._show(ASKING))
            self._ready_at = self._clock.monotonic()
            self._show(READY, trigger)
            await portal.wait()
        finally:
            await portal.close()

    async def _find_out(self) -> None:
        portal = self._portal()
        try:
            await portal.open(self._address)
            if not await portal.is_there():
                raise PortalError(Why.ABSENT)
            self._show(OFF)
        finally:
            await portal.close()

    def _portal(self) -> ShortcutPortal:
        if not self._address:
            raise PortalError(Why.ABSENT, "no bus")
        return ShortcutPortal(
            self._clock, self._on_key, lambda key: self._show(READY, key), self._faults.record
        )

    def _on_key(self, token: str) -> None:
        now = self._clock.monotonic()
        if now - self._pressed_at < MIN_BETWEEN_S:
            return
        self._pressed_at = now
        self._on_pressed(token)

    def _show(self, state: str, trigger: str = "") -> None:
        if (state, trigger) != (self.state, self.trigger):
            self.state, self.trigger = state, trigger
            self._guarded(lambda: self.on_change())

    def _guarded(self, call: Callable[[], object]) -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001, RUF100 - the border of a failure domain
            self._faults.record("global shortcut, showing it", error)
