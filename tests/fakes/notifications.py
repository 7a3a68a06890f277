"""A notification service on a bus of the test's own. It does what it is told, and notes all."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, NamedTuple, Self

import pytest

# On Linux alone; elsewhere the tests that use this are skipped.
jeepney: Any = pytest.importorskip("jeepney")
dbus: Any = pytest.importorskip("jeepney.io.asyncio")

SERVICE = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
PROPERTIES = "org.freedesktop.DBus.Properties"
REQUEST = "org.freedesktop.portal.Request"
REQUESTS = "/org/freedesktop/portal/desktop/request"
USUAL = ("actions", "body", "body-markup", "persistence", "sound")


class Call(NamedTuple):
    """A call as it came over the bus."""

    interface: str
    method: str
    signature: str
    body: tuple[Any, ...]


class FakeNotifications:
    """Started by `start`, gone after `stop`; `start` again is a restart."""

    def __init__(
        self, address: str, *abilities: str, name: str = "fake", service: str = SERVICE
    ) -> None:
        self._address = address
        self._service = service
        self.read: tuple[str, object] | None = None  # what the settings portal answers
        self.abilities: tuple[str, ...] = abilities or USUAL
        self.name = name
        self.version = "1.2"
        self.properties: dict[tuple[str, str], tuple[str, object]] = {}
        self.errors: dict[str, str] = {}  # by method: what is answered instead
        self.deaf: set[str] = set()  # methods that get no answer
        self.go_on = asyncio.Event()  # while it is not set, nothing is answered
        self.go_on.set()
        self.clicks_at_once = False  # with the answer to Notify
        self.client = ""  # who called last
        self.calls: list[Call] = []
        self.next_id = 100
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
    def notified(self) -> list[str]:
        """The titles that it was told to show."""
        return [body[3] for body in self.called("Notify")]

    async def emit(self, signal: str, signature: str, *body: object) -> None:
        """Send a signal of the service to everybody."""
        source = jeepney.DBusAddress(PATH, interface=SERVICE)
        await self._connection.send(jeepney.new_signal(source, signal, signature, body))

    async def click(self, ident: int, action: str = "default", token: str = "") -> None:
        """What the operator does, as a service tells it."""
        if token:
            await self.emit("ActivationToken", "us", ident, token)
        await self.emit("ActionInvoked", "us", ident, action)

    async def respond(self, code: int, results: dict[str, tuple[str, object]]) -> None:
        """Answer a request to the portal, as the operator does."""
        source = jeepney.DBusAddress(f"{REQUESTS}/1_1/x", interface=REQUEST)
        signal = jeepney.new_signal(source, "Response", "ua{sv}", (code, results))
        await self._connection.send(signal)

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
            interface = fields.get(field.interface, "")
            self.calls.append(Call(interface, method, signature, message.body))
            if method in self.deaf:
                continue
            await self.go_on.wait()
            if method in self.errors:
                answer = jeepney.new_error(
                    message, self.errors[method], "s", ("as the test wants it",)
                )
            else:
                answer = self._answer(message, method)
            await connection.send(answer)
            if method == "Notify" and self.clicks_at_once:
                await self.click(answer.body[0])

    def _answer(self, message: Any, method: str) -> Any:
        body = message.body
        if method == "GetCapabilities":
            return jeepney.new_method_return(message, "as", (list(self.abilities),))
        if method == "GetServerInformation":
            information = (self.name, "test", self.version, "1.2")
            return jeepney.new_method_return(message, "ssss", information)
        if method == "Notify":
            ident = body[1] or self.next_id
            self.next_id += not body[1]
            return jeepney.new_method_return(message, "u", (ident,))
        if method == "Get" and body in self.properties:
            return jeepney.new_method_return(message, "v", (self.properties[body],))
        if method == "Read" and self.read is not None:
            return jeepney.new_method_return(message, "v", (self.read,))
        if method == "RequestBackground":
            return jeepney.new_method_return(
                message, "o", (f"{REQUESTS}/1_1/{body[1]['handle_token'][1]}",)
            )
        if method == "SetStatus":
            return jeepney.new_method_return(message)
        if method == "CloseNotification":
            return jeepney.new_method_return(message)
        return jeepney.new_error(
            message, "org.freedesktop.DBus.Error.InvalidArgs", "s", ("no such",)
        )
