"""Tells when the network or the computer is back, so that nobody waits out a long retry.

On Linux: NetworkManager and logind on the system bus of D-Bus. Everything is optional; without
them retries go on at their usual pace. Other systems hand in a source of their own, such as Qt's
QNetworkInformation, that implements `WakeSource`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from jeepney.io.asyncio import DBusConnection

    from cc_desktop.system.clock import Clock

    OnWake = Callable[[str], None]  # gets NETWORK or SLEEP
    # Yields the signals of the system bus until it is gone.
    OpenSignals = Callable[[], AsyncGenerator["Signal", None]]

_HELLO_S = 2.0  # how long the end of the app waits for a bus that is just being connected to
log = logging.getLogger(__name__)

NETWORK = "network"
SLEEP = "sleep"
MIN_BETWEEN_S = 5.0  # between two of a kind: a network comes up in steps
RETRY_S = 60.0
RETRY_LONGEST_S = 900.0

NETWORK_MANAGER = "org.freedesktop.NetworkManager"
LOGIN_MANAGER = "org.freedesktop.login1.Manager"
# NM_STATE_CONNECTED_SITE; from here on more than the own link can be reached.
# https://networkmanager.dev/docs/api/latest/nm-dbus-types.html#NMState
CONNECTED_SITE = 60
_MATCHES = tuple(
    f"type='signal',sender='{sender}',interface='{interface}',member='{member}'"
    for sender, interface, member in (
        ("org.freedesktop.NetworkManager", NETWORK_MANAGER, "StateChanged"),
        ("org.freedesktop.login1", LOGIN_MANAGER, "PrepareForSleep"),
    )
)


class WakeSource(Protocol):
    """Reports that the network or the computer is back."""

    async def run(self, on_wake: OnWake) -> None:
        """Call `on_wake` with NETWORK or SLEEP each time, until cancelled."""
        ...


class Signal(NamedTuple):
    """A D-Bus signal."""

    interface: str
    member: str
    body: tuple[Any, ...]


class SystemBusWakeSource:
    """Listens to NetworkManager and logind."""

    def __init__(self, clock: Clock, open_signals: OpenSignals | None = None) -> None:
        """`open_signals` is for tests; None listens to the system bus."""
        self._clock = clock
        self._open_signals = open_signals or system_bus_signals
        self._network_state = 0
        self._last_wake_s: dict[str, float] = {}

    async def run(self, on_wake: OnWake) -> None:
        """Listen until cancelled. A bus that is gone or was never there is looked for again."""
        retry_s = RETRY_S
        while True:
            heard = False
            try:
                async with contextlib.aclosing(self._open_signals()) as signals:
                    async for signal in signals:
                        heard = True
                        self._on_signal(signal, on_wake)
            except Exception as error:  # noqa: BLE001, RUF100 - optional, whatever is wrong
                log.debug("the system bus cannot be listened to: %s", type(error).__name__)
            retry_s = RETRY_S if heard else min(2 * retry_s, RETRY_LONGEST_S)
            await self._clock.sleep(retry_s)

    def _on_signal(self, signal: Signal, on_wake: OnWake) -> None:
        value = signal.body[0] if signal.body else None
        if (signal.interface, signal.member) == (LOGIN_MANAGER, "PrepareForSleep"):
            if value is False:  # True before the sleep, False after it
                self._wake(SLEEP, on_wake)
        elif (signal.interface, signal.member) == (NETWORK_MANAGER, "StateChanged"):
            before, self._network_state = self._network_state, value if type(value) is int else 0
            if before != self._network_state >= CONNECTED_SITE:
                self._wake(NETWORK, on_wake)

    def _wake(self, why: str, on_wake: OnWake) -> None:
        now = self._clock.monotonic()
        if now - self._last_wake_s.get(why, -math.inf) < MIN_BETWEEN_S:
            return
        self._last_wake_s[why] = now
        log.info("the %s is back", "network" if why == NETWORK else "computer")
        try:
            on_wake(why)
        except Exception:
            log.exception("a wake could not be handled")


async def system_bus_signals(address: str = "SYSTEM") -> AsyncGenerator[Signal, None]:
    """Yield what NetworkManager and logind signal; see `bus_signals`."""
    async with contextlib.aclosing(bus_signals(address, _MATCHES)) as signals:
        async for signal in signals:
            yield signal


async def bus_signals(address: str, matches: tuple[str, ...]) -> AsyncGenerator[Signal, None]:
    """Yield the signals of a bus that match, until the bus is gone.

    Args:
        address: Of the bus, as D-Bus writes it; "SYSTEM" and "SESSION" stand for the usual ones.
        matches: Match rules, as D-Bus writes them.

    Raises:
        Exception: Whatever there is: no bus, no jeepney, no permission, nonsense on the wire.
    """
    from jeepney import HeaderFields, MessageType, message_bus

    connection = await _open_bus(address)
    try:
        for rule in matches:
            await connection.send(message_bus.AddMatch(rule))
        while True:
            message = await connection.receive()
            if message.header.message_type is MessageType.signal:
                fields = message.header.fields
                interface = fields.get(HeaderFields.interface, "")
                yield Signal(interface, fields.get(HeaderFields.member, ""), message.body)
    finally:
        with contextlib.suppress(OSError):
            await connection.close()


async def _open_bus(address: str) -> DBusConnection:
    """Connect to a bus; see `bus_signals`."""
    from jeepney.io.asyncio import open_dbus_connection

    opening = asyncio.create_task(open_dbus_connection(address))
    opening.add_done_callback(_have_seen)
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        # WORKAROUND(https://gitlab.com/takluyver/jeepney/-/issues): cancelled while it says hello,
        # jeepney fails with a KeyError in a task that nobody waits for. So it gets to its end.
        await asyncio.wait({opening}, timeout=_HELLO_S)
        if not opening.done():
            opening.cancel()
            await asyncio.wait({opening}, timeout=_HELLO_S)
        if opening.done() and not opening.cancelled() and opening.exception() is None:
            with contextlib.suppress(OSError):
                await opening.result().close()
        raise


def _have_seen(task: asyncio.Task[DBusConnection]) -> None:
    """Nobody has to hear of a connection that failed while nobody wanted it any more."""
    if not task.cancelled():
        task.exception()


async def watch(sources: tuple[WakeSource, ...], on_wake: OnWake) -> None:
    """Run several sources until cancelled. One that fails leaves the others alone."""

    async def run(source: WakeSource) -> None:
        try:
            await source.run(on_wake)
        except Exception:
            log.exception("a wake source failed")

    await asyncio.gather(*(run(source) for source in sources))
