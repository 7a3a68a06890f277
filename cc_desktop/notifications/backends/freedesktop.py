"""Notifications by the desktop's service, over D-Bus: org.freedesktop.Notifications.

The specification: https://specifications.freedesktop.org/notification-spec/latest/
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, TypeVar

from cc_desktop.about import APP_ID
from cc_desktop.notifications.backends import do_not_disturb
from cc_desktop.notifications.backends.dbus import BUS, Bus, BusLostError, Peer, RefusedError
from cc_desktop.notifications.backends.notify_arguments import (
    LABEL_CHARS,
    TITLE_CHARS,
    icon_argument,
    notify_arguments,
)
from cc_desktop.notifications.backends.outbox import Outbox
from cc_desktop.notifications.backends.shown import ShownMessages
from cc_desktop.notifications.backends.time_limit import within
from cc_desktop.protocol.clean import clean_text
from cc_desktop.system.supervision import FaultLog
from cc_desktop.text import notifications as text
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cc_desktop.notifications.backends.dbus import Keep
    from cc_desktop.notifications.backends.outbox import Call
    from cc_desktop.notifications.message import Message, NotificationAction
    from cc_desktop.system.clock import Clock

log = logging.getLogger(__name__)

T = TypeVar("T")

RETRY_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)  # pauses while the bus is gone
SERVICE = "org.freedesktop.Notifications"
ANSWER_S = 10.0  # without an answer, the service hangs and the next message is sent
GIVE_UP_S = 60.0  # without an answer, a message no longer holds others back
START_S = 30.0  # for the bus to start a service
QUIET_S = 1.0  # for the answer whether do-not-disturb is on

_PATH = "/org/freedesktop/Notifications"
_SERVER = Peer(SERVICE, _PATH, SERVICE)
# Errors of the bus about a service that ended. The next service announces itself.
_GONE = (
    "org.freedesktop.DBus.Error.NameHasNoOwner",
    "org.freedesktop.DBus.Error.NoReply",
    "org.freedesktop.DBus.Error.ServiceUnknown",
)
_RULES = (
    f"type='signal',sender='{SERVICE}',interface='{SERVICE}'",
    f"type='signal',sender='{BUS.name}',member='NameOwnerChanged',arg0='{SERVICE}'",
)


class FreedesktopBackend:
    """Shows notifications over D-Bus. Survives restarts of the service and of the bus.

    Implements `cc_desktop.notifications.backends.base.NotificationBackend`.
    """

    def __init__(
        self,
        address: str,
        clock: Clock,
        *,
        icon: str = APP_ID,
        gnome_banners: Callable[[], bool | None] = do_not_disturb.gnome_shows_banners,
    ) -> None:
        """Prepare; `run` connects.

        Args:
            address: D-Bus address of the session bus.
            clock: Time.
            icon: Name in the icon theme, or the absolute path of a file; without that file, the
                name of the app.
            gnome_banners: Blocking; whether GNOME shows banners, None if that is not known.
        """
        self._address = address
        self._icon = icon_argument(icon)
        self._clock = clock
        self._gnome_banners = gnome_banners
        self._on_chosen: Callable[[NotificationAction], None] = lambda _chosen: None
        self._outbox = Outbox()
        self._wake = asyncio.Event()
        self._failures = 0  # connections in a row
        self._faults = FaultLog(log)
        self._logged: set[str] = set()
        self._bus: Bus | None = None
        self._broken = False  # our own failure ended the last connection
        self._startable = False  # by the bus, when it is needed
        self._silent = False  # the service owes an answer for too long
        # Of the service that is there now:
        self._owner = ""  # its unique name on the bus
        self._server = ""  # its own name and version
        self._abilities: frozenset[str] | None = None  # None: not asked yet
        self._shown = ShownMessages()
        self._to_close: list[int] = []  # ids that were learned too late
        self._calls: set[asyncio.Task[None]] = set()

    @property
    def name(self) -> str:
        """Who shows them: "dunst 1.9.0". "" if nobody does."""
        if self._bus is None or not (self._owner or self._startable):
            return ""
        return self._server or tr(text.SOME_SERVICE)

    @property
    def problem(self) -> str:
        """Why nobody shows them; "" if somebody does, or will be started."""
        if self._bus is None:
            return tr(text.BACKEND_FAILED) if self._broken else tr(text.NO_BUS)
        if self._silent:
            return tr(text.SERVICE_HANGS)
        if not self._owner and not self._startable:
            return tr(text.NO_SERVICE)
        return ""

    @property
    def shown_tags(self) -> set[str]:
        """Tags of the messages that are on the screen."""
        return self._shown.tags

    def show(self, message: Message) -> None:
        """Queue a message. While nobody can show it, the newest of each tag is kept."""
        self._outbox.show(message)
        self._wake.set()

    def withdraw(self, tag: str) -> None:
        """Take a message out of the queue, or off the screen."""
        self._outbox.withdraw(tag, shown=tag in self._shown)
        self._wake.set()

    async def is_system_quiet(self) -> bool:
        """Return whether do-not-disturb is on, where the desktop tells it within a second."""
        if self._bus is None or not self._owner:
            return False
        asked = do_not_disturb.is_on(self._bus, self._server, self._gnome_banners)
        try:
            return await self._within(QUIET_S, asked)
        except TimeoutError:
            return False

    async def run(self, on_chosen: Callable[[NotificationAction], None]) -> None:
        """Work until cancelled. Whatever ends a connection, the next one is tried after a pause."""
        self._on_chosen = on_chosen
        while True:
            try:
                await self._serve()
            except (BusLostError, TimeoutError) as error:
                self._broken = False
                self._log(logging.INFO, "the session bus", str(error) or "no answer")
            except Exception as error:
                self._broken = True
                self._faults.record("notifications over D-Bus", error)
            pause = RETRY_S[min(self._failures, len(RETRY_S) - 1)]
            self._failures += 1
            await self._clock.sleep(pause)

    # The connection

    async def _serve(self) -> None:
        bus = await self._within(ANSWER_S, Bus.open(self._address, self._on_signal))
        tasks = {asyncio.create_task(bus.run(), name="notifications: reader")}
        try:
            await self._within(ANSWER_S, self._introduce(bus))
            self._bus = bus
            self._failures = 0
            tasks.add(asyncio.create_task(self._work(bus), name="notifications: writer"))
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            tasks |= self._calls
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._bus = None
            await bus.close()
            self._set_owner("")

    async def _introduce(self, bus: Bus) -> None:
        try:
            await bus.call(BUS, "Hello")
            for rule in _RULES:
                await bus.call(BUS, "AddMatch", "s", rule)
            await self._find_owner(bus)
            (names,) = await bus.call(BUS, "ListActivatableNames")
            self._startable = SERVICE in names
        except RefusedError as error:
            raise BusLostError(str(error)) from None

    async def _find_owner(self, bus: Bus) -> None:
        """Ask who the service is. Signals that the bus sent before its answer are handled too."""
        try:
            (owner,) = await bus.call(BUS, "GetNameOwner", "s", SERVICE)
        except RefusedError:
            owner = ""
        self._set_owner(owner)

    def _set_owner(self, owner: str) -> None:
        if owner == self._owner:
            return
        self._owner = owner
        self._server = ""
        self._abilities = None
        self._shown = ShownMessages()
        self._to_close.clear()
        self._silent = False
        self._wake.set()

    def _on_signal(self, sender: str, member: str, body: tuple[Any, ...]) -> None:
        """Handle a signal. Nothing that goes wrong here may end the reader."""
        try:
            if sender == BUS.name:
                match member, body:
                    case "NameOwnerChanged", (str(name), str(), str(owner)) if name == SERVICE:
                        self._set_owner(owner)
            elif sender == self._owner:  # any program can send us signals
                match member, body:
                    case "ActivationToken", (int(ident), str(token)):
                        self._shown.on_token(ident, token)
                    case "ActionInvoked", (int(ident), str(action)):
                        if (chosen := self._shown.on_action(ident, action)) is not None:
                            self._on_chosen(chosen)
                    case "NotificationClosed", (int(ident), *_):
                        self._shown.on_closed(ident)
        except Exception as error:
            self._faults.record(f"the signal {clean_text(member, LABEL_CHARS)}", error)

    # What goes out

    async def _work(self, bus: Bus) -> None:
        while True:
            self._wake.clear()
            if len(self._outbox) and not self._owner:
                await self._start_service(bus)
            if self._owner and self._abilities is None and not await self._meet(bus):
                await self._clock.sleep(RETRY_S[0])
                continue
            while self._abilities is not None and self._to_close:
                await self._close(bus, self._to_close.pop())
            while self._abilities is not None and (tag := self._outbox.next_tag()) is not None:
                await self._send(bus, tag, self._abilities)
            await self._wake.wait()

    async def _start_service(self, bus: Bus) -> None:
        """Only when there is something to show.

        A service that is started while a desktop comes up takes the place of the desktop's own.
        """
        start = ("StartServiceByName", "su", SERVICE, 0)
        self._startable = await self._ask(bus, BUS, *start, limit_s=START_S) is not None
        await self._within(ANSWER_S, self._find_owner(bus))

    async def _meet(self, bus: Bus) -> bool:
        """Learn what the service is and can do; False if it does not answer."""
        owner = self._owner
        able = await self._ask(bus, _SERVER, "GetCapabilities")
        told = await self._ask(bus, _SERVER, "GetServerInformation")
        if owner != self._owner or self._silent:
            return False
        match told:
            case (str(name), str(), str(version), *_):
                self._server = clean_text(f"{name} {version}", LABEL_CHARS)
        match able:
            case (list(names),):
                self._abilities = frozenset(name for name in names if isinstance(name, str))
            case _:
                self._abilities = frozenset()
        return True

    async def _send(self, bus: Bus, tag: str, abilities: frozenset[str]) -> None:
        """Send the next message, and wait for the answer as long as a service may take."""
        call = self._outbox.take(tag)
        if call is None:
            if tag in self._shown:
                await self._close(bus, self._shown.remove(tag))
            return
        task = asyncio.create_task(self._notify(bus, call, abilities), name="notifications: Notify")
        self._calls.add(task)
        task.add_done_callback(self._on_call_done)
        try:
            await self._within(ANSWER_S, asyncio.wait({task}))
        except TimeoutError:
            self._silent = True

    def _on_call_done(self, task: asyncio.Task[None]) -> None:
        self._calls.discard(task)
        self._wake.set()
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, BusLostError):
            self._faults.record("sending a notification", error)

    async def _notify(self, bus: Bus, call: Call, abilities: frozenset[str]) -> None:
        owner, message = self._owner, call.message

        def keep(sender: str, answer: tuple[Any, ...]) -> None:
            match answer:
                case (int(ident),) if sender == self._owner:
                    self._on_shown(call, ident)

        replaces = self._shown.find(message.tag)
        arguments = notify_arguments(message, replaces, self._icon, abilities, self._server)
        timer = asyncio.create_task(self._abandon(call), name="notifications: timer")
        answered = False
        try:
            answer = await self._ask(
                bus, _SERVER, "Notify", "susssasa{sv}i", *arguments, keep=keep, limit_s=None
            )
            if answer is None:
                await self._within(ANSWER_S, self._find_owner(bus))
            answered = answer is not None or owner == self._owner
        finally:
            self._outbox.finish(call)
            if not answered:
                self._outbox.put_back(call)
            timer.cancel()
            await asyncio.gather(timer, return_exceptions=True)

    async def _abandon(self, call: Call) -> None:
        await self._clock.sleep(GIVE_UP_S)
        self._outbox.abandon(call)
        self._wake.set()

    def _on_shown(self, call: Call, ident: int) -> None:
        """The service answered with an id, perhaps long after the call."""
        tag = call.message.tag
        if call.unwanted or (call.abandoned and tag in self._shown):
            self._to_close.append(ident)
            self._wake.set()
            return
        self._shown.add(call.message, ident)

    async def _close(self, bus: Bus, ident: int) -> None:
        # An error only says that it is closed already.
        await self._ask(bus, _SERVER, "CloseNotification", "u", ident, level=logging.DEBUG)

    async def _ask(
        self,
        bus: Bus,
        peer: Peer,
        method: str,
        signature: str = "",
        *body: object,
        keep: Keep | None = None,
        level: int = logging.WARNING,
        limit_s: float | None = ANSWER_S,
    ) -> tuple[Any, ...] | None:
        """Call a method.

        Args:
            bus: The connection.
            peer: Whom to call.
            method: The method.
            signature: Types of its arguments.
            *body: Its arguments.
            keep: Called with the sender and the answer, before any later signal is handled.
            level: The level at which an error is logged.
            limit_s: Seconds to wait; None for as long as it takes. The bus ends the wait when the
                service ends.

        Returns:
            The answer; None for an error, which is logged, or when the time is up.
        """
        calling = bus.call(peer, method, signature, *body, keep=keep)
        try:
            answer = await (calling if limit_s is None else self._within(limit_s, calling))
        except TimeoutError:
            self._silent = True
            return None
        except RefusedError as error:
            known = logging.INFO if error.name in _GONE else level
            self._log(known, f"{method}: {error.name}", error.text)
            answer = None
        self._silent = False
        return answer

    async def _within(self, seconds: float, awaitable: Awaitable[T]) -> T:
        """Await with a time limit; raises TimeoutError."""
        return await within(self._clock, seconds, awaitable)

    def _log(self, level: int, kind: str, detail: str) -> None:
        if kind not in self._logged:
            self._logged.add(kind)
            log.log(level, "notifications: %s: %s", kind, clean_text(detail, TITLE_CHARS))
