"""A connection to the D-Bus session bus. jeepney is imported when one is opened.

Built on jeepney's plain connection. Its router does not report a lost bus, drops signals when two
come at once, and delivers a signal before the task that waits for the reply before it has run.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    # Unique name of the sender, name of the signal, arguments.
    OnSignal = Callable[[str, str, tuple[Any, ...]], None]
    # Unique name of who answered, values.
    Keep = Callable[[str, tuple[Any, ...]], None]

_AUTH_BYTES = 1024


class BusLostError(Exception):
    """The bus cannot be reached, or is gone."""


class RefusedError(Exception):
    """A call was answered with an error."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name
        self.text = text


class Peer(NamedTuple):
    """The service, object and interface that a call goes to."""

    name: str
    path: str
    interface: str


BUS = Peer("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")


def session_bus_address(environ: Mapping[str, str] = os.environ) -> str:
    """Return the address of the session bus, or "" if there is none that can be reached."""
    address = environ.get("DBUS_SESSION_BUS_ADDRESS", "")
    if not address and environ.get("XDG_RUNTIME_DIR"):
        path = Path(environ["XDG_RUNTIME_DIR"], "bus")  # where systemd has it
        address = f"unix:path={quote(str(path))}" if path.is_socket() else ""
    for part in address.split(";"):
        kind, _, rest = part.partition(":")
        if kind == "unix" and any(
            each.startswith(("path=", "abstract=")) for each in rest.split(",")
        ):
            return part
    return ""


class Bus:
    """An open connection. Answers and signals come only while `run` runs."""

    def __init__(self, connection: Any, on_signal: OnSignal) -> None:
        self._connection = connection
        self._on_signal = on_signal
        self._waiting: dict[int, tuple[asyncio.Future[tuple[Any, ...]], Keep | None]] = {}
        self._lost = False

    @classmethod
    async def open(cls, address: str, on_signal: OnSignal) -> Self:
        """Connect and authenticate; `Hello` is left to the caller.

        Raises:
            BusLostError: there is no such bus, or it does not want us.
        """
        from jeepney.auth import BEGIN, Authenticator
        from jeepney.bus import get_bus
        from jeepney.io.asyncio import DBusConnection

        try:
            reader, writer = await asyncio.open_unix_connection(get_bus(address))
        except (OSError, ValueError, RuntimeError) as error:
            raise BusLostError(str(error)) from None
        try:
            authenticator = Authenticator()
            for line in authenticator:
                writer.write(line)
                await writer.drain()
                data = await reader.read(_AUTH_BYTES)
                if not data:
                    raise BusLostError("it hung up")
                authenticator.feed(data)
            writer.write(BEGIN)
        except (OSError, ValueError) as error:
            writer.close()
            raise BusLostError(str(error)) from None
        except BaseException:
            writer.close()
            raise
        return cls(DBusConnection(reader, writer), on_signal)

    async def call(
        self,
        peer: Peer,
        method: str,
        signature: str = "",
        *body: object,
        keep: Keep | None = None,
    ) -> tuple[Any, ...]:
        """Call a method. A service that does not run is not started.

        Args:
            peer: Whom to call.
            method: The method.
            signature: D-Bus types of its arguments.
            *body: Its arguments.
            keep: Called with the sender and the answer, before any later signal is handled. What
                it raises, this raises.

        Returns:
            The values of the answer.

        Raises:
            RefusedError: the answer is an error.
            BusLostError: the bus is gone.
        """
        from jeepney import DBusAddress, MessageFlag, new_method_call

        address = DBusAddress(peer.path, bus_name=peer.name, interface=peer.interface)
        message = new_method_call(address, method, signature or None, body)
        message.header.flags |= MessageFlag.no_auto_start
        if self._lost:
            raise BusLostError("it is gone")
        serial = next(self._connection.outgoing_serial)
        answer: asyncio.Future[tuple[Any, ...]] = asyncio.get_running_loop().create_future()
        self._waiting[serial] = (answer, keep)
        try:
            await self._connection.send(message, serial=serial)
            return await answer
        except OSError as error:
            raise BusLostError(str(error)) from None
        finally:
            del self._waiting[serial]

    async def run(self) -> None:
        """Read until the bus is gone.

        Raises:
            BusLostError: it is.
        """
        try:
            while True:
                try:
                    message = await self._connection.receive()
                except Exception as error:  # whatever jeepney finds wrong, it cannot read on
                    raise BusLostError(str(error) or type(error).__name__) from None
                self._take(message)
        finally:
            self._lost = True
            for answer, _ in self._waiting.values():
                if not answer.done():
                    answer.set_exception(BusLostError("it is gone"))

    def _take(self, message: Any) -> None:
        from jeepney import HeaderFields, MessageType

        fields = message.header.fields
        kind = message.header.message_type
        sender = fields.get(HeaderFields.sender, "")
        if kind is MessageType.signal:
            member = fields.get(HeaderFields.member, "")
            self.heard(sender, fields.get(HeaderFields.path, ""), member, message.body)
        elif fields.get(HeaderFields.reply_serial) in self._waiting:
            answer, keep = self._waiting[fields[HeaderFields.reply_serial]]
            if answer.done():  # whoever waited was cancelled
                return
            if kind is MessageType.error:
                text = str(message.body[0]) if message.body else ""
                answer.set_exception(RefusedError(fields.get(HeaderFields.error_name, ""), text))
            else:
                try:
                    if keep is not None:
                        keep(sender, message.body)
                except Exception as error:
                    answer.set_exception(error)
                else:
                    answer.set_result(message.body)

    def heard(self, sender: str, path: str, member: str, body: tuple[Any, ...]) -> None:
        """A signal came. For those who have to know of which object, `path` tells it."""
        del path
        self._on_signal(sender, member, body)

    async def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(OSError):
            await self._connection.close()
