"""A conversation with the portal for global shortcuts: asks for one key, and hears it pressed.

https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.GlobalShortcuts.html
What it answers comes from another program: whatever does not fit is a `PortalError`.
"""

from __future__ import annotations

import asyncio
import itertools
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from cc_desktop.notifications.backends.dbus import BUS, Bus, BusLostError, Peer, RefusedError
from cc_desktop.notifications.backends.time_limit import within
from cc_desktop.text.format import plain

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVar

    from cc_desktop.system.clock import Clock

    T = TypeVar("T")

PORTAL = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"
REGISTRY = "org.freedesktop.host.portal.Registry"
REQUEST = "org.freedesktop.portal.Request"
SESSION = "org.freedesktop.portal.Session"
NOT_ALLOWED = "org.freedesktop.portal.Error.NotAllowed"
ANSWER_S = 10.0  # without an answer, the portal hangs
START_S = 30.0  # for the bus to start it
TRIGGER_CHARS = 60
_SHORTCUTS = Peer(PORTAL, PATH, SHORTCUTS)
_REGISTRY = Peer(PORTAL, PATH, REGISTRY)
_PROPERTIES = Peer(PORTAL, PATH, "org.freedesktop.DBus.Properties")
_RULES = (
    *(
        f"type='signal',sender='{PORTAL}',interface='{interface}'"
        for interface in (SHORTCUTS, REQUEST, SESSION)
    ),
    f"type='signal',sender='{BUS.name}',member='NameOwnerChanged',arg0='{PORTAL}'",
)
_CANCELLED = 1  # of a response: the operator said no


class Why(StrEnum):
    """Why there is no key. The values are keys of the words for it."""

    ABSENT = "absent"  # this desktop has no such portal
    UNKNOWN_APP = "unknown-app"  # the portal wants to know which app asks
    REFUSED = "refused"  # the operator did not allow it
    SILENT = "silent"  # no answer in time
    FAILED = "failed"  # anything else
    GONE = "gone"  # the portal ended


class PortalError(Exception):
    """The portal gives no key, or no longer."""

    def __init__(self, why: Why, detail: str = "") -> None:
        super().__init__(f"{why.value}: {detail}" if detail else why.value)
        self.why = why


class Wish:
    """What is asked for.

    Attributes:
        app: The id of the app, which is the name of its desktop file.
        ident: Names the shortcut; the desktop keeps its key under this name.
        description: What it does, for people.
        preferred: The key that is asked for, in the words of the shortcuts specification.
    """

    def __init__(self, app: str, ident: str, description: str, preferred: str) -> None:
        self.app = app
        self.ident = ident
        self.description = description
        self.preferred = preferred


class _PathBus(Bus):
    """A bus that tells of which object a signal is."""

    listener: Callable[[str, str, str, tuple[Any, ...]], None] | None = None

    def heard(self, sender: str, path: str, member: str, body: tuple[Any, ...]) -> None:
        if self.listener is not None:
            self.listener(sender, path, member, body)


class ShortcutPortal:
    """One connection to the portal. `close` ends it, and the portal forgets the session."""

    def __init__(
        self,
        clock: Clock,
        on_pressed: Callable[[str], object],
        on_trigger: Callable[[str], object],
        on_fault: Callable[[str, Exception], object],
    ) -> None:
        """Args: `on_pressed` gets the activation token; `on_trigger` which key it is."""
        self._clock = clock
        self._on_pressed = on_pressed
        self._on_trigger = on_trigger
        self._on_fault = on_fault
        self._bus: Bus | None = None
        self._reader: asyncio.Task[None] | None = None
        self._name = ""  # of this connection
        self._owner = ""  # unique name of the portal
        self._session = ""
        self._ident = ""
        self._numbers = itertools.count(1)
        self._requests: dict[str, asyncio.Future[tuple[Any, ...]]] = {}  # by their paths
        self._ended: asyncio.Future[None] | None = None

    async def open(self, address: str) -> None:
        """Connect, and find the portal; start it if it does not run.

        Raises:
            PortalError: there is none.
            BusLostError: there is no bus.
            TimeoutError: no answer.
        """
        self._ended = asyncio.get_running_loop().create_future()
        bus = await self._within(_PathBus.open(address, lambda *_: None))
        bus.listener = self._on_signal
        self._bus = bus
        self._reader = asyncio.create_task(bus.run(), name="global shortcut: reader")
        self._reader.add_done_callback(lambda _task: self._end(PortalError(Why.GONE, "bus")))
        match await self._call(BUS, "Hello"):
            case (str(name),):
                self._name = name
        for rule in _RULES:
            await self._call(BUS, "AddMatch", "s", rule)
        await self._find_owner()
        if not self._owner:
            await self._start()

    async def _find_owner(self) -> None:
        with suppress(RefusedError):
            match await self._call(BUS, "GetNameOwner", "s", PORTAL):
                case (str(owner),):
                    self._owner = owner

    async def _start(self) -> None:
        try:
            await self._call(BUS, "StartServiceByName", "su", PORTAL, 0, limit_s=START_S)
        except RefusedError as error:
            raise PortalError(Why.ABSENT, error.name) from None
        await self._find_owner()
        if not self._owner:
            raise PortalError(Why.ABSENT)

    async def is_there(self) -> bool:
        """Whether the portal has global shortcuts."""
        try:
            answer = await self._call(_PROPERTIES, "Get", "ss", SHORTCUTS, "version")
        except RefusedError:
            return False
        match answer:
            case (("u", int()),):
                return True
        return False

    async def ask(self, wish: Wish, on_asking: Callable[[], object]) -> str:
        """Get the key. The desktop may ask the operator first, who takes the time it takes.

        Args:
            wish: What is asked for.
            on_asking: Called when the desktop is about to ask.

        Returns:
            Which key it is, in the desktop's words; "" if the desktop has given none.

        Raises:
            PortalError: there will be none.
            BusLostError: the bus is gone.
            TimeoutError: no answer.
        """
        # Before any other call. A portal of before 1.20 knows no registry, and one that finds no
        # desktop file of that name refuses: some portals give a key nevertheless.
        with suppress(RefusedError):
            await self._call(_REGISTRY, "Register", "sa{sv}", wish.app, {})
        if not await self.is_there():
            raise PortalError(Why.ABSENT)
        self._ident = wish.ident
        options = {"session_handle_token": ("s", "cc_desktop")}
        made = await self._request("CreateSession", "a{sv}", (), options)
        match made.get("session_handle"):
            case ("s" | "o", str(session)) if session.startswith("/"):
                self._session = session
            case _:
                raise PortalError(Why.FAILED, "no session")
        # Plasma has it from the last time, and opens its settings whenever it is bound again.
        listed = await self._request("ListShortcuts", "oa{sv}", (session,))
        known = _trigger(_shortcuts(listed), wish.ident)
        if known is not None:
            return known
        on_asking()
        described = {
            "description": ("s", wish.description),
            "preferred_trigger": ("s", wish.preferred),
        }
        body = (session, [(wish.ident, described)], "")
        bound = await self._request("BindShortcuts", "oa(sa{sv})sa{sv}", body, limit_s=None)
        return _trigger(_shortcuts(bound), wish.ident) or ""

    async def wait(self) -> None:
        """Wait until the key is lost.

        Raises:
            PortalError: it is.
        """
        assert self._ended is not None  # noqa: S101 - `open` comes first
        await asyncio.shield(self._ended)

    async def close(self) -> None:
        """Let go of the key."""
        reader, bus = self._reader, self._bus
        self._reader = self._bus = None
        if reader is not None:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
        if bus is not None:
            await bus.close()
        if self._ended is not None:
            if not self._ended.done():
                self._ended.cancel()
            elif not self._ended.cancelled():
                self._ended.exception()  # else asyncio logs one that nobody waits for

    # Calls

    async def _within(self, work: Awaitable[T], limit_s: float = ANSWER_S) -> T:
        return await within(self._clock, limit_s, work)

    async def _call(
        self, peer: Peer, method: str, signature: str = "", *body: object, limit_s: float = ANSWER_S
    ) -> tuple[Any, ...]:
        if self._bus is None:
            raise BusLostError("it is closed")
        return await self._within(self._bus.call(peer, method, signature, *body), limit_s)

    async def _request(
        self,
        method: str,
        signature: str,
        body: tuple[object, ...],
        options: dict[str, tuple[str, str]] | None = None,
        limit_s: float | None = ANSWER_S,
    ) -> dict[str, Any]:
        """Ask for something that the portal answers later, by a signal.

        Args:
            method: Of the portal.
            signature: D-Bus types of the arguments, with the options.
            body: The arguments before the options.
            options: More than the token of the request.
            limit_s: Seconds that the answer may take; None: as long as it takes.
        """
        token = f"cc_desktop_{next(self._numbers)}"
        sender = self._name.removeprefix(":").replace(".", "_")
        path = f"{PATH}/request/{sender}/{token}"
        answer: asyncio.Future[tuple[Any, ...]] = asyncio.get_running_loop().create_future()
        self._requests[path] = answer  # before the call: it may be answered at once
        try:
            told = {**(options or {}), "handle_token": ("s", token)}
            try:
                await self._call(_SHORTCUTS, method, signature, *body, told)
            except RefusedError as error:
                raise PortalError(_why(error), f"{method}: {error.name}") from None
            waiting = asyncio.ensure_future(self._or_end(answer))
            return _results(await (waiting if limit_s is None else self._within(waiting, limit_s)))
        finally:
            del self._requests[path]

    async def _or_end(self, answer: asyncio.Future[tuple[Any, ...]]) -> tuple[Any, ...]:
        assert self._ended is not None  # noqa: S101 - `open` comes first
        both: set[asyncio.Future[Any]] = {answer, self._ended}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            self._ended.result()  # raises
        return answer.result()

    # Signals

    def _on_signal(self, sender: str, path: str, member: str, body: tuple[Any, ...]) -> None:
        """Handle a signal. Nothing that goes wrong here may end the reader."""
        try:
            if sender == BUS.name:
                match member, body:
                    case "NameOwnerChanged", (str(name), str(), str(owner)) if name == PORTAL:
                        self._on_owner(owner)
            elif sender == self._owner:  # any program can send us signals
                self._on_told(path, member, body)
        except Exception as error:  # noqa: BLE001, RUF100 - the border of a failure domain
            self._on_fault(f"global shortcut: the signal {plain(member, 60)}", error)

    def _on_owner(self, owner: str) -> None:
        was, self._owner = self._owner, owner
        if was and was != owner:
            self._end(PortalError(Why.GONE))

    def _on_told(self, path: str, member: str, body: tuple[Any, ...]) -> None:
        ours = self._session
        match member, body:
            case "Response", _ if path in self._requests:
                if not self._requests[path].done():
                    self._requests[path].set_result(body)
            case "Closed", _ if ours and path == ours:
                self._end(PortalError(Why.GONE, "session"))
            case "Activated", (str(session), str(ident), int(), dict(options)):
                if session == ours and ident == self._ident:
                    self._on_pressed(_text(options.get("activation_token")))
            case "ShortcutsChanged", (str(session), list(shortcuts)) if session == ours:
                self._on_trigger(_trigger(shortcuts, self._ident) or "")

    def _end(self, error: PortalError) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_exception(error)


def _why(error: RefusedError) -> Why:
    if error.name == NOT_ALLOWED:
        return Why.UNKNOWN_APP
    absent = ("UnknownMethod", "UnknownInterface", "UnknownObject", "ServiceUnknown")
    return Why.ABSENT if error.name.rpartition(".")[2] in absent else Why.FAILED


def _results(response: tuple[Any, ...]) -> dict[str, Any]:
    match response:
        case (0, dict(results)):
            return results
        case (int(code), _) if code == _CANCELLED:
            raise PortalError(Why.REFUSED)
    raise PortalError(Why.FAILED, "an answer that does not fit")


def _text(value: object) -> str:
    """The text of a variant; "" if it has none."""
    match value:
        case ("s", str(text)):
            return text
    return ""


def _shortcuts(results: dict[str, Any]) -> list[Any]:
    match results.get("shortcuts"):
        case (str(), list(shortcuts)):
            return shortcuts
    return []


def _trigger(shortcuts: list[Any], ident: str) -> str | None:
    """Which key a shortcut has, of those that the portal lists; None if it is not listed."""
    for shortcut in shortcuts:
        match shortcut:
            case (str(name), dict(about)) if name == ident:
                return plain(_text(about.get("trigger_description")), TRIGGER_CHARS)
    return None
