"""A notification service on a bus of the test's own. It does what it is told, and notes all."""

from __future__ import annotations

from typing import Any

from tests.fakes.bus_service import BusService, jeepney

SERVICE = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
PROPERTIES = "org.freedesktop.DBus.Properties"
USUAL = ("actions", "body", "body-markup", "persistence", "sound")


class FakeNotifications(BusService):
    """A service of the desktop, or with another name the portal that reads its settings."""

    def __init__(
        self, address: str, *abilities: str, name: str = "fake", service: str = SERVICE
    ) -> None:
        super().__init__(address, service)
        self.read: tuple[str, object] | None = None  # what the settings portal answers
        self.abilities: tuple[str, ...] = abilities or USUAL
        self.name = name
        self.version = "1.2"
        self.properties: dict[tuple[str, str], tuple[str, object]] = {}
        self.clicks_at_once = False  # with the answer to Notify
        self.next_id = 100

    @property
    def notified(self) -> list[str]:
        """The titles that it was told to show."""
        return [body[3] for body in self.called("Notify")]

    async def emit(self, signal: str, signature: str, *body: object) -> None:
        """Send a signal of the service to everybody."""
        await self.send_signal(PATH, SERVICE, signal, signature, body)

    async def click(self, ident: int, action: str = "default", token: str = "") -> None:
        """What the operator does, as a service tells it."""
        if token:
            await self.emit("ActivationToken", "us", ident, token)
        await self.emit("ActionInvoked", "us", ident, action)

    async def _answered(self, method: str, answer: Any) -> None:
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
        if method == "CloseNotification":
            return jeepney.new_method_return(message)
        return jeepney.new_error(
            message, "org.freedesktop.DBus.Error.InvalidArgs", "s", ("no such",)
        )
