from __future__ import annotations

import asyncio
import gc
import sys
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.system.network_watch import (
    LOGIN_MANAGER,
    NETWORK,
    NETWORK_MANAGER,
    SLEEP,
    Signal,
    SystemBusWakeSource,
    system_bus_signals,
    watch,
)
from tests.fakes.clock import FakeClock, settle, until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable
    from pathlib import Path


def network(state: object) -> Signal:
    return Signal(NETWORK_MANAGER, "StateChanged", (state,))


def sleep(before: object) -> Signal:
    return Signal(LOGIN_MANAGER, "PrepareForSleep", (before,))


class FakeBus:
    """Signals that a test sends; an exception is the end of the bus."""

    def __init__(self) -> None:
        self.opened = 0
        self.gone = False
        self._queue: asyncio.Queue[Signal | Exception] = asyncio.Queue()

    async def signals(self) -> AsyncGenerator[Signal, None]:
        self.opened += 1
        if self.gone:
            raise FileNotFoundError
        while True:
            signal = await self._queue.get()
            if isinstance(signal, Exception):
                raise signal
            yield signal

    async def send(self, *signals: Signal | Exception) -> None:
        for signal in signals:
            self._queue.put_nowait(signal)
        await settle()


class Watched:
    def __init__(self, on_wake: Callable[[str], None] | None = None) -> None:
        self.bus = FakeBus()
        self.clock = FakeClock()
        self.heard: list[str] = []
        self.on_wake = on_wake or self.heard.append


@asynccontextmanager
async def watched(on_wake: Callable[[str], None] | None = None) -> AsyncIterator[Watched]:
    made = Watched(on_wake)
    source = SystemBusWakeSource(made.clock, made.bus.signals)
    task = asyncio.create_task(source.run(made.on_wake))
    await settle()
    try:
        yield made
    finally:
        task.cancel()
        (result,) = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(result, asyncio.CancelledError)


async def test_a_network_that_comes_back_is_told() -> None:
    async with watched() as made:
        await made.bus.send(network(20), network(40), network(50))
        assert made.heard == []
        await made.bus.send(network(60))
        assert made.heard == [NETWORK]
        await made.bus.send(network(70))  # the next step of the same coming up
        assert made.heard == [NETWORK]
        await made.clock.advance(60)
        await made.bus.send(network(70))
        assert made.heard == [NETWORK]
        await made.bus.send(network(20), network(70))
        assert made.heard == [NETWORK, NETWORK]


async def test_a_computer_that_wakes_up_is_told() -> None:
    async with watched() as made:
        await made.bus.send(sleep(True))
        assert made.heard == []
        await made.bus.send(sleep(False), network(70))
        assert made.heard == [SLEEP, NETWORK]


async def test_a_flood_is_not_passed_on() -> None:
    async with watched() as made:
        for _ in range(50):
            await made.bus.send(network(20), network(70), sleep(False))
        assert made.heard == [NETWORK, SLEEP]


@pytest.mark.parametrize(
    "signal",
    [
        Signal("", "", ()),
        Signal(NETWORK_MANAGER, "StateChanged", ()),
        *map(network, (None, True, "70", 70.0, [], 0)),
        *map(sleep, (None, True, 0, "", [])),
        Signal("org.example", "StateChanged", (70,)),
        Signal(LOGIN_MANAGER, "StateChanged", (70,)),
    ],
)
async def test_any_other_signal_is_nothing(signal: Signal) -> None:
    async with watched() as made:
        await made.bus.send(signal)
        assert made.heard == []


async def test_a_bus_that_went_away_is_looked_for_again_and_rarely() -> None:
    async with watched() as made:
        await made.bus.send(network(20), EOFError())
        made.bus.gone = True
        await made.clock.advance(7_200)
        assert 5 <= made.bus.opened <= 20
        made.bus.gone = False
        await made.clock.advance(900)
        await made.bus.send(network(70))
        assert made.heard == [NETWORK]


async def test_whoever_is_told_may_fail() -> None:
    heard = []

    def broken(why: str) -> None:
        heard.append(why)
        raise ZeroDivisionError

    async with watched(broken) as made:
        await made.bus.send(network(70), sleep(False))
        assert heard == [NETWORK, SLEEP]


async def test_a_source_that_fails_leaves_the_others_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken:
        async def run(self, _on_wake: object) -> None:
            raise ZeroDivisionError

    made = Watched()
    source = SystemBusWakeSource(made.clock, made.bus.signals)
    task = asyncio.create_task(watch((Broken(), source), made.on_wake))
    await settle()
    await made.bus.send(network(70))
    assert made.heard == [NETWORK]
    assert "a wake source failed" in caplog.text
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()


@pytest.mark.skipif(sys.platform != "linux", reason="D-Bus")
async def test_signals_of_a_real_bus(tmp_path: Path) -> None:
    from tests.whole.session import Session, need

    need("dbus-daemon")
    jeepney: Any = pytest.importorskip("jeepney")
    dbus: Any = pytest.importorskip("jeepney.io.asyncio")
    heard: list[str] = []
    clock = FakeClock()
    with Session(tmp_path) as session:
        session.start_bus()
        address = session.env["DBUS_SESSION_BUS_ADDRESS"]
        source = SystemBusWakeSource(clock, partial(system_bus_signals, address))
        task = asyncio.create_task(source.run(heard.append))
        manager = await dbus.open_dbus_connection(address)

        async def tell(name: str, path: str, interface: str, member: str, body: Any) -> None:
            sign, *values = body
            where = jeepney.DBusAddress(path, interface=interface)
            await manager.send(jeepney.message_bus.RequestName(name))
            await manager.send(jeepney.new_signal(where, member, sign, tuple(values)))

        async def repeat(*args: Any) -> None:
            while True:
                await tell(*args)
                await asyncio.sleep(0.01)

        for expected, args in (
            (
                NETWORK,
                (
                    NETWORK_MANAGER,
                    "/org/freedesktop/NetworkManager",
                    NETWORK_MANAGER,
                    "StateChanged",
                    ("u", 70),
                ),
            ),
            (
                SLEEP,
                (
                    "org.freedesktop.login1",
                    "/org/freedesktop/login1",
                    LOGIN_MANAGER,
                    "PrepareForSleep",
                    ("b", False),
                ),
            ),
        ):
            telling = asyncio.create_task(repeat(*args))  # until the match rules are in place
            await until(partial(heard.__contains__, expected), expected)
            telling.cancel()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await manager.close()
    assert set(heard) == {NETWORK, SLEEP}


async def test_no_bus_at_all() -> None:
    with pytest.raises(OSError, match="No such file"):
        await anext(system_bus_signals("unix:path=/nowhere/at/all"))


async def test_a_bus_that_is_connected_to_when_the_app_ends_leaves_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A library that fails when it is cancelled: nobody hears of it."""
    import jeepney.io.asyncio

    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, about: complaints.append(about))
    closed: list[bool] = []
    greeted = asyncio.Event()

    class Bus:
        async def close(self) -> None:
            closed.append(True)

    async def hello(_address: str) -> Bus:
        try:
            await greeted.wait()
        except asyncio.CancelledError:
            raise KeyError(1) from None
        return Bus()

    monkeypatch.setattr(jeepney.io.asyncio, "open_dbus_connection", hello)
    first = asyncio.ensure_future(anext(system_bus_signals("x")))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    greeted.set()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert closed == [True]
    gc.collect()
    assert complaints == []
