"""A service on a bus of the test's own: takes a name, notes what is called, and can crash."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, NamedTuple, Self

import pytest

# On Linux alone; elsewhere the tests that use this are skipped.
jeepney: Any = pytest.importorskip("jeepney")
dbus: Any = pytest.importorskip("jeepney.io.asyncio")


class Call(NamedTuple):
    """A call as it came over the bus."""

    interface: str
    method: str
    signature: str
    body: tuple[Any, ...]


class BusService:
    """Started by `start`, gone after `stop`; `start` again is a restart. Heirs say what it answers.

    Attributes:
        calls: What was called, in order.
        errors: What is answered instead, by method.
        deaf: Methods that get no answer.
        go_on: While it is not set, nothing is answered.
        client: Who called last.
    """

    def __init__(self, address: str, service: str) -> None:
        self._address = address
        self._service = service
        self.calls: list[Call] = []
        self.errors: dict[str, str] = {}
        self.deaf: set[str] = set()
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.client = ""
        self._named = asyncio.Event()
        self._connection: Any = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> Self:
        """Take the name of the service."""
        self._connection = await dbus.open_dbus_connection(self._address)
        self._named.clear()
        self._task = asyncio.create_task(self._serve())
        # Not by a router: it would swallow a call that comes as soon as the name is taken.
        await self._connection.send(jeepney.message_bus.RequestName(self._service))
        await self._named.wait()
        return self

    async def stop(self) -> None:
        """Crash."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            with contextlib.suppress(OSError):  # the bus may be gone
                await self._connection.close()

    def called(self, method: str) -> list[tuple[Any, ...]]:
        """The arguments of each call of a method."""
        return [call.body for call in self.calls if call.method == method]

    @property
    def methods(self) -> list[str]:
        """What was called, in order."""
        return [call.method for call in self.calls]

    async def send_signal(
        self, path: str, interface: str, member: str, signature: str, body: tuple[object, ...]
    ) -> None:
        """Send a signal to everybody."""
        source = jeepney.DBusAddress(path, interface=interface)
        await self._connection.send(jeepney.new_signal(source, member, signature, body))

    async def _serve(self) -> None:
        connection, field = self._connection, jeepney.HeaderFields
        while True:
            message = await connection.receive()
            if message.header.message_type is jeepney.MessageType.method_return:
                self._named.set()
            if message.header.message_type is not jeepney.MessageType.method_call:
                continue
            fields = message.header.fields
            self.client = fields[field.sender]
            method = fields[field.member]
            signature = fields.get(field.signature, "")
            self.calls.append(
                Call(fields.get(field.interface, ""), method, signature, message.body)
            )
            if method in self.deaf:
                continue
            await self.go_on.wait()
            if method in self.errors:
                told = ("as the test wants it",)
                answer = jeepney.new_error(message, self.errors[method], "s", told)
            else:
                answer = self._answer(message, method)
            await connection.send(answer)
            await self._answered(method, answer)

    def _answer(self, message: Any, method: str) -> Any:
        """What a method returns."""
        raise NotImplementedError

    async def _answered(self, method: str, answer: Any) -> None:
        """What it does after it has answered."""
