"""A line about the fleet in the desktop's list of background apps, by the portal.

GNOME 44 and later list them in the quick settings. The portal takes a line from sandboxed apps only
and answers all others with NotAllowed (seen with xdg-desktop-portal 1.20.3). They must not even
ask: the portal takes a request without autostart as the wish to delete the app's autostart entry.
https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.Background.html
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cc_desktop.notifications.backends.dbus import BUS, Bus, BusLostError, Peer, RefusedError
from cc_desktop.notifications.backends.time_limit import within
from cc_desktop.protocol.clean import clean_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cc_desktop.system.clock import Clock

log = logging.getLogger(__name__)

T = TypeVar("T")

PORTAL = "org.freedesktop.portal.Desktop"
BACKGROUND = "org.freedesktop.portal.Background"
REQUEST = "org.freedesktop.portal.Request"
PATH = "/org/freedesktop/portal/desktop"
MAX_CHARS = 95  # the portal refuses 96
PAUSE_S = 5.0  # between two lines
ANSWER_S = 10.0
START_S = 30.0  # for the bus to start the portal

_SERVER = Peer(PORTAL, PATH, BACKGROUND)
_FLATPAK = Path("/.flatpak-info")  # Flatpak puts it into every sandbox
_RULE = f"type='signal',sender='{PORTAL}',interface='{REQUEST}',member='Response'"


def is_sandboxed(info: Path = _FLATPAK) -> bool:
    """Whether the app runs in a sandbox of Flatpak's."""
    return info.exists()


class _NotWantedError(Exception):
    """The desktop or the operator does not let the app run in the background."""


class BackgroundStatus:
    """Keeps the newest line with the portal. Nothing happens on the bus before the first line."""

    def __init__(
        self,
        address: str,
        clock: Clock,
        *,
        reason: str,
        on_accepted: Callable[[bool], None],
    ) -> None:
        """Prepare; `run` works.

        Args:
            address: D-Bus address of the session bus; "" for none.
            clock: Time.
            reason: Why the app runs in the background, if the desktop asks the operator.
            on_accepted: Called with True when the first line is taken, and with False when the
                portal no longer has one.
        """
        self._address = address
        self._clock = clock
        self._reason = reason
        self._on_accepted = on_accepted
        self._line = ""
        self._wake = asyncio.Event()
        self._asked = False  # since the last time that no line was wanted
        self._owner = ""  # unique name of the portal
        self._response: asyncio.Future[tuple[Any, ...]] | None = None

    def show(self, line: str) -> None:
        """Show a line; "" takes it away."""
        self._line = clean_text(line, MAX_CHARS)
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled. After a refusal, nothing is asked until `show("")` came between."""
        while True:
            self._wake.clear()
            if not self._line:
                self._asked = False
            elif not self._asked and self._address:
                self._asked = True
                try:
                    await self._serve()
                except (BusLostError, RefusedError, TimeoutError, _NotWantedError) as error:
                    why = str(error) or "no answer"
                    log.info("no line in the list of background apps: %s", why)
                continue
            await self._wake.wait()

    async def _serve(self) -> None:
        bus = await self._within(ANSWER_S, Bus.open(self._address, self._on_signal))
        tasks = {asyncio.create_task(bus.run(), name="background status: reader")}
        try:
            tasks.add(asyncio.create_task(self._work(bus), name="background status: writer"))
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await bus.close()

    async def _work(self, bus: Bus) -> None:
        await self._request(bus)
        accepted, sent = False, ""
        try:
            while line := self._line:
                self._wake.clear()
                if line != sent:
                    await self._set(bus, {"message": ("s", line)})
                    sent = line
                    if not accepted:
                        accepted = True
                        self._on_accepted(True)
                    await self._clock.sleep(PAUSE_S)
                else:
                    await self._wake.wait()
            await self._set(bus, {})
        finally:
            if accepted:
                self._on_accepted(False)

    async def _request(self, bus: Bus) -> None:
        """Ask for the right to run in the background; the operator may be asked in turn."""
        await self._within(ANSWER_S, bus.call(BUS, "Hello"))
        await self._within(ANSWER_S, bus.call(BUS, "AddMatch", "s", _RULE))
        self._owner = await self._find_portal(bus)
        self._response = asyncio.get_running_loop().create_future()
        options = {
            "handle_token": ("s", "cc_desktop"),
            "reason": ("s", self._reason),
            "autostart": ("b", False),
        }
        await self._within(ANSWER_S, bus.call(_SERVER, "RequestBackground", "sa{sv}", "", options))
        match await self._response:
            case (0, {"background": ("b", True)}):
                return
        raise _NotWantedError("it is not allowed to run in the background")

    async def _find_portal(self, bus: Bus) -> str:
        try:
            (owner,) = await self._within(ANSWER_S, bus.call(BUS, "GetNameOwner", "s", PORTAL))
        except RefusedError:
            await self._within(START_S, bus.call(BUS, "StartServiceByName", "su", PORTAL, 0))
            (owner,) = await self._within(ANSWER_S, bus.call(BUS, "GetNameOwner", "s", PORTAL))
        return str(owner)

    async def _set(self, bus: Bus, options: dict[str, tuple[str, object]]) -> None:
        await self._within(ANSWER_S, bus.call(_SERVER, "SetStatus", "a{sv}", options))

    def _on_signal(self, sender: str, member: str, body: tuple[Any, ...]) -> None:
        """Keep the answer to the one request of this connection."""
        response = self._response
        if sender == self._owner and member == "Response" and response and not response.done():
            response.set_result(body)

    async def _within(self, seconds: float, awaitable: Awaitable[T]) -> T:
        return await within(self._clock, seconds, awaitable)
