"""A portal for global shortcuts on a bus of the test's own. It does what the test wants."""

from __future__ import annotations

from typing import Any

from tests.fakes.bus_service import BusService, jeepney

NAME = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"
REQUEST = "org.freedesktop.portal.Request"
SESSION = "org.freedesktop.portal.Session"
IDENT = "next-that-needs-you"


class FakePortal(BusService):
    """Has sessions with one shortcut."""

    def __init__(self, address: str) -> None:
        super().__init__(address, NAME)
        self.version: tuple[str, Any] | None = ("u", 1)  # None: it has no global shortcuts
        self.returns: dict[str, tuple[str, tuple[Any, ...]]] = {}  # in place of the handle
        self.codes: dict[str, int] = {}  # of the responses
        self.results: dict[str, dict[str, Any]] = {}
        self.responses: dict[str, tuple[str, tuple[Any, ...]]] = {}  # the whole body of one
        self.held: set[str] = set()  # methods whose response waits for `respond`
        self.key = "Meta+Alt+F8"
        self.listed = False  # it has the shortcut from an earlier time
        self.session = ""
        self._waiting: dict[str, str] = {}  # method → path of its request

    async def emit(
        self, member: str, signature: str, *body: object, path: str = PATH, of: str = SHORTCUTS
    ) -> None:
        """Send a signal to everybody."""
        await self.send_signal(path, of, member, signature, body)

    async def press(self, token: str = "", session: str = "", ident: str = IDENT) -> None:
        """The operator presses the key."""
        options = {"activation_token": ("s", token)} if token else {}
        body = (session or self.session, ident, 1234, options)
        await self.emit("Activated", "osta{sv}", *body)

    async def rebind(self, key: str) -> None:
        """The operator gives it another key."""
        shortcuts = [(IDENT, {"trigger_description": ("s", key)})]
        await self.emit("ShortcutsChanged", "oa(sa{sv})", self.session, shortcuts)

    async def end_session(self) -> None:
        """The desktop takes the key back."""
        await self.emit("Closed", "a{sv}", {}, path=self.session, of=SESSION)

    async def respond(self, method: str) -> None:
        """Answer a request."""
        signature, body = self.responses.get(
            method, ("ua{sv}", (self.codes.get(method, 0), self._results(method)))
        )
        path = self._waiting.pop(method)
        await self.emit("Response", signature, *body, path=path, of=REQUEST)

    async def _answered(self, method: str, answer: Any) -> None:
        if method in self._waiting and method not in self.held:
            await self.respond(method)

    def _answer(self, message: Any, method: str) -> Any:
        if method == "Register":
            return jeepney.new_method_return(message)
        if method == "Get" and self.version is not None:
            return jeepney.new_method_return(message, "v", (self.version,))
        if method in ("CreateSession", "ListShortcuts", "BindShortcuts"):
            options = message.body[-1]
            sender = message.header.fields[jeepney.HeaderFields.sender]
            mine = sender.removeprefix(":").replace(".", "_")
            path = f"{PATH}/request/{mine}/{options['handle_token'][1]}"
            self._waiting[method] = path
            if method == "CreateSession":
                self.session = f"{PATH}/session/{mine}/{options['session_handle_token'][1]}"
            signature, body = self.returns.get(method, ("o", (path,)))
            return jeepney.new_method_return(message, signature, body)
        return jeepney.new_error(
            message, "org.freedesktop.DBus.Error.UnknownMethod", "s", ("no such",)
        )

    def _results(self, method: str) -> dict[str, Any]:
        if method in self.results:
            return self.results[method]
        if method == "CreateSession":
            return {"session_handle": ("s", self.session)}
        is_bound = method == "BindShortcuts" or self.listed
        about = {"description": ("s", "Next"), "trigger_description": ("s", self.key)}
        return {"shortcuts": ("a(sa{sv})", [(IDENT, about)] if is_bound else [])}
