"""Tells when the screen is locked and unlocked, and when the computer goes to sleep and wakes.

On Linux: the screen savers of KDE, GNOME and Cinnamon on the session bus, and logind on the system
bus. Everything is optional; without it, only a hidden window counts as nobody looking.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from typing import TYPE_CHECKING

from cc_desktop.system.network_watch import LOGIN_MANAGER, Signal, bus_signals

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from cc_desktop.system.clock import Clock

    OpenSignals = Callable[[], AsyncGenerator[Signal, None]]

log = logging.getLogger(__name__)

LOGIND = "org.freedesktop.login1"
RETRY_S = 60.0
RETRY_LONGEST_S = 900.0
SCREEN_SAVERS = ("org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver", "org.cinnamon.ScreenSaver")
_SAVER_MATCHES = tuple(
    f"type='signal',interface='{interface}',member='ActiveChanged'" for interface in SCREEN_SAVERS
)
_SLEEP_MATCHES = (
    f"type='signal',sender='{LOGIND}',interface='{LOGIN_MANAGER}',member='PrepareForSleep'",
)


class LockWatch:
    """Listens to both buses."""

    def __init__(
        self,
        clock: Clock,
        on_locked: Callable[[bool], None],
        sources: tuple[OpenSignals, ...] | None = None,
    ) -> None:
        """`sources` is for tests; None listens to the buses."""
        self._clock = clock
        self._on_locked = on_locked
        self._sources = sources or (
            functools.partial(bus_signals, "SESSION", _SAVER_MATCHES),
            functools.partial(bus_signals, "SYSTEM", _SLEEP_MATCHES),
        )

    async def run(self) -> None:
        """Listen until cancelled."""
        await asyncio.gather(*(self._listen(source) for source in self._sources))

    async def _listen(self, source: OpenSignals) -> None:
        """Listen to one bus. One that is gone or was never there is looked for again."""
        retry_s = RETRY_S
        while True:
            heard = False
            try:
                async with contextlib.aclosing(source()) as signals:
                    async for signal in signals:
                        heard = True
                        self._on_signal(signal)
            except Exception as error:  # noqa: BLE001, RUF100 - optional, whatever is wrong
                log.debug("a bus cannot be listened to: %s", type(error).__name__)
            retry_s = RETRY_S if heard else min(2 * retry_s, RETRY_LONGEST_S)
            await self._clock.sleep(retry_s)

    def _on_signal(self, signal: Signal) -> None:
        value = signal.body[0] if signal.body else None
        is_saver = signal.interface in SCREEN_SAVERS and signal.member == "ActiveChanged"
        is_sleep = signal.interface == LOGIN_MANAGER and signal.member == "PrepareForSleep"
        if not isinstance(value, bool) or not (is_saver or is_sleep):
            return
        try:
            self._on_locked(value)
        except Exception:
            log.exception("a locked screen could not be handled")
