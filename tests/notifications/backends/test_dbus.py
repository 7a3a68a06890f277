"""A connection whose other end is the test. With a real bus: test_freedesktop.py."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

import pytest

from cc_desktop.notifications.backends.dbus import BUS, Bus, BusLostError, RefusedError
from tests.fakes.bus_service import jeepney


class Connection:
    """Stands in for jeepney's."""

    def __init__(self) -> None:
        self.outgoing_serial = count(start=1)
        self.sent: list[Any] = []
        self.incoming: asyncio.Queue[Any] = asyncio.Queue()

    async def send(self, message: Any, *, serial: int) -> None:
        message.header.serial = serial
        self.sent.append(message)

    async def receive(self) -> Any:
        message = await self.incoming.get()
        if isinstance(message, Exception):
            raise message
        return message


class Rig:
    """A bus that is read from."""

    def __init__(self) -> None:
        self.connection = Connection()
        self.signals: list[tuple[str, tuple[Any, ...]]] = []
        self.bus = Bus(
            self.connection, lambda _sender, name, body: self.signals.append((name, body))
        )
        self.reader = asyncio.create_task(self.bus.run())

    async def ask(self, **more: Any) -> asyncio.Task[tuple[Any, ...]]:
        task = asyncio.create_task(self.bus.call(BUS, "GetId", **more))
        await asyncio.sleep(0)
        return task

    def answer(self, text: str) -> None:
        """Answer the last question."""
        message = jeepney.new_method_return(self.connection.sent[-1], "s", (text,))
        self.connection.incoming.put_nowait(message)


async def test_nobody_is_started_by_a_question() -> None:
    rig = Rig()
    task = await rig.ask()
    assert rig.connection.sent[0].header.flags & jeepney.MessageFlag.no_auto_start
    rig.answer("an id")
    assert await task == ("an id",)
    rig.reader.cancel()


async def test_an_error_is_told_with_its_name() -> None:
    rig = Rig()
    task = await rig.ask()
    error = jeepney.new_error(rig.connection.sent[0], "org.x.Broken", "s", ("so it is",))
    rig.connection.incoming.put_nowait(error)
    with pytest.raises(RefusedError) as caught:
        await task
    assert (caught.value.name, caught.value.text) == ("org.x.Broken", "so it is")
    rig.reader.cancel()


async def test_an_answer_to_who_no_longer_waits_does_no_harm() -> None:
    rig = Rig()
    task = await rig.ask()
    rig.answer("too late")
    task.cancel()  # in the same turn of the loop: it has not run yet when the answer is read
    await asyncio.gather(task, return_exceptions=True)
    rig.answer("later still")

    again = await rig.ask()
    rig.answer("an id")
    assert await again == ("an id",)
    rig.reader.cancel()


async def test_whoever_waits_when_the_bus_goes_is_told_and_whoever_asks_later() -> None:
    rig = Rig()
    task = await rig.ask()
    rig.connection.incoming.put_nowait(EOFError())
    with pytest.raises(BusLostError):
        await task
    with pytest.raises(BusLostError):
        await (await rig.ask())
    with pytest.raises(BusLostError):
        await rig.reader


async def test_what_cannot_be_read_ends_the_connection() -> None:
    rig = Rig()
    rig.connection.incoming.put_nowait(KeyError("a type that nobody knows"))
    with pytest.raises(BusLostError):
        await rig.reader
