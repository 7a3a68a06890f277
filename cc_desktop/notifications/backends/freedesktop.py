"""Notifications by the desktop's service, over D-Bus: org.freedesktop.Notifications.

The specification: https://specifications.freedesktop.org/notification-spec/latest/
"""

from __future__ import annotations

import asyncio
import html
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cc_desktop.about import APP_ID, SHORT_NAME
from cc_desktop.notifications.backends.dbus import BUS, Bus, BusLostError, Peer, RefusedError
from cc_desktop.notifications.kinds import Sound
from cc_desktop.notifications.message import OPEN, NotificationAction
from cc_desktop.protocol.clean import clean_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cc_desktop.notifications.backends.dbus import Keep
    from cc_desktop.notifications.message import Button, Message
    from cc_desktop.system.clock import Clock

log = logging.getLogger(__name__)

T = TypeVar("T")

SERVICE = "org.freedesktop.Notifications"
APP_NAME = SHORT_NAME
DESKTOP_ENTRY = APP_ID
DEFAULT = "default"  # the action of a click on the notification itself
MOST_WAITING = 100  # messages while there is nobody to show them
MOST_CLICKABLE = 200  # closed ones included
TITLE_CHARS, BODY_CHARS, LABEL_CHARS = 200, 1000, 60
RETRY_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)  # while the bus is gone
SILENT_S = 10.0  # without an answer: no service worth the name
QUIET_S = 1.0  # for the answer whether it is quiet
SOUNDS = {Sound.MESSAGE: "message-new-instant", Sound.ALERT: "dialog-warning"}

_PATH = "/org/freedesktop/Notifications"
_SERVER = Peer(SERVICE, _PATH, SERVICE)
_PROPERTIES = Peer(SERVICE, _PATH, "org.freedesktop.DBus.Properties")
# Where do-not-disturb is told: KDE, dunst. GNOME tells it to no program: its portals do not give
# out org.gnome.desktop.notifications. There the service itself holds notifications back.
_QUIET = ((SERVICE, "Inhibited"), ("org.dunstproject.cmd0", "paused"))
# What the bus says of a service that ended; the next one is seen when it comes.
_GONE = (
    "org.freedesktop.DBus.Error.NameHasNoOwner",
    "org.freedesktop.DBus.Error.NoReply",
    "org.freedesktop.DBus.Error.ServiceUnknown",
)
_RULES = (
    f"type='signal',sender='{SERVICE}',interface='{SERVICE}'",
    f"type='signal',sender='{BUS.name}',member='NameOwnerChanged',arg0='{SERVICE}'",
)


class FreedesktopAdapter:
    """Shows notifications over D-Bus. Survives restarts of the service and of the bus.

    Implements `cc_desktop.notifications.message.Adapter`.
    """

    def __init__(
        self,
        address: str,
        clock: Clock,
        *,
        icon: str = DESKTOP_ENTRY,
    ) -> None:
        """`address` of the bus; `icon`: its name in the icon theme, or the path of a file."""
        self._address = address
        self._icon = Path(icon).as_uri() if icon.startswith("/") else icon
        self._clock = clock
        self._on_chosen: Callable[[NotificationAction], None] = lambda _chosen: None
        self._outbox: dict[str, Message | None] = {}  # by slot, oldest first; None: withdraw it
        self._wake = asyncio.Event()
        self._sending: str | None = None  # slot
        self._returned: Message | None = None  # put back in line, when nobody had taken it
        self._failed = 0  # connections in a row
        self._logged: set[str] = set()
        self._bus: Bus | None = None
        self._startable = False  # by the bus, when it is needed
        self._silent = False
        # Of the service that is there now:
        self._owner = ""  # its unique name
        self._server = ""  # what it calls itself
        self._abilities: frozenset[str] | None = None  # None: not asked yet
        self._shown: dict[str, int] = {}  # ids by slot
        self._clickable: dict[int, Message] = {}  # by id, oldest first
        self._token = (0, "")  # for the next click on that id

    @property
    def name(self) -> str:
        """Who shows them: "dunst 1.9.0". "" if nobody does."""
        if self._bus is None or not (self._owner or self._startable):
            return ""
        return self._server or "the notification service"

    @property
    def problem(self) -> str:
        """Why nobody shows them; "" if somebody does, or will be started."""
        if self._bus is None:
            return "The session bus (D-Bus) cannot be reached."
        if self._silent:
            return "The notification service does not answer."
        if not self._owner and not self._startable:
            return "No notification service is running."
        return ""

    def show(self, message: Message) -> None:
        """Put it in line. While nobody can show it, the newest of each slot is kept."""
        self._outbox.pop(message.tag, None)
        self._outbox[message.tag] = message
        if len(self._outbox) > MOST_WAITING:
            del self._outbox[next(iter(self._outbox))]
        self._wake.set()

    def withdraw(self, tag: str) -> None:
        """Take it out of the line, or off the screen."""
        self._outbox.pop(tag, None)
        if tag in self._shown or tag == self._sending:
            self._outbox[tag] = None
            self._wake.set()

    async def is_system_quiet(self) -> bool:
        """Whether do-not-disturb is on, where the service tells it within a second."""
        if self._bus is None or not self._owner:
            return False
        asked = asyncio.gather(*(self._is_on(self._bus, *each) for each in _QUIET))
        try:
            return any(await self._within(QUIET_S, asked))
        except TimeoutError:
            return False

    async def run(self, on_chosen: Callable[[NotificationAction], None]) -> None:
        """Work until cancelled."""
        self._on_chosen = on_chosen
        while True:
            try:
                await self._serve()
            except (BusLostError, TimeoutError) as error:
                self._log(logging.INFO, "the session bus", str(error) or "no answer")
            pause = RETRY_S[min(self._failed, len(RETRY_S) - 1)]
            self._failed += 1
            await self._clock.sleep(pause)

    # The connection

    async def _serve(self) -> None:
        bus = await self._within(SILENT_S, Bus.open(self._address, self._on_signal))
        tasks = {asyncio.create_task(bus.run(), name="notifications: reader")}
        try:
            await self._within(SILENT_S, self._introduce(bus))
            self._bus = bus
            self._failed = 0
            tasks.add(asyncio.create_task(self._work(bus), name="notifications: writer"))
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._bus = None
            self._set_owner("")
            await bus.close()

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
        """Afterwards, all that the bus told of the service until now has been heard, too."""
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
        self._shown.clear()
        self._clickable.clear()
        self._token = (0, "")
        self._wake.set()

    def _on_signal(self, sender: str, member: str, body: tuple[Any, ...]) -> None:
        if sender == BUS.name:
            match member, body:
                case "NameOwnerChanged", (str(name), str(), str(owner)) if name == SERVICE:
                    self._set_owner(owner)
        elif sender == self._owner:  # others can send us signals as well
            match member, body:
                case "ActivationToken", (int(ident), str(token)):
                    self._token = (ident, token)
                case "ActionInvoked", (int(ident), str(action)):
                    self._on_action(ident, action)
                case "NotificationClosed", (int(ident), *_):
                    self._on_closed(ident)

    def _on_action(self, ident: int, action: str) -> None:
        message = self._clickable.get(ident)  # the service tells of everybody's notifications
        if message is None:
            return
        key = OPEN if action == DEFAULT else action
        button = _button(message, key)
        if button is None and key != OPEN:
            return
        token = self._token[1] if self._token[0] == ident else ""
        self._token = (0, "")
        if button is None:
            self._on_chosen(NotificationAction(message.tag, key, activation_token=token))
        else:
            self._on_chosen(NotificationAction(message.tag, key, button.data, token))

    def _on_closed(self, ident: int) -> None:
        """It is off the screen. The click that closed it may be told after that."""
        message = self._clickable.get(ident)
        if message is not None and self._shown.get(message.tag) == ident:
            del self._shown[message.tag]

    # What goes out

    async def _work(self, bus: Bus) -> None:
        while True:
            self._wake.clear()
            if self._outbox and not self._owner:
                await self._start_service(bus)
            if self._owner and self._abilities is None:
                await self._meet(bus)
            while self._outbox and self._abilities is not None:
                tag = next(iter(self._outbox))
                message = self._outbox.pop(tag)
                if message is not None:
                    await self._notify(bus, message, self._abilities)
                elif tag in self._shown:
                    await self._close(bus, self._shown.pop(tag))
            await self._wake.wait()

    async def _start_service(self, bus: Bus) -> None:
        """Only when there is something to show.

        A service that is started while a desktop comes up takes the place of the desktop's own.
        """
        answer = await self._ask(bus, BUS, "StartServiceByName", "su", SERVICE, 0)
        self._startable = answer is not None
        await self._find_owner(bus)

    async def _meet(self, bus: Bus) -> None:
        owner = self._owner
        able = await self._ask(bus, _SERVER, "GetCapabilities")
        told = await self._ask(bus, _SERVER, "GetServerInformation")
        if owner != self._owner:
            return
        match told:
            case (str(name), str(), str(version), *_):
                self._server = clean_text(f"{name} {version}", LABEL_CHARS)
        match able:
            case (list(names),):
                self._abilities = frozenset(name for name in names if isinstance(name, str))
            case _:
                self._abilities = frozenset()

    async def _notify(self, bus: Bus, message: Message, abilities: frozenset[str]) -> None:
        def keep(sender: str, answer: tuple[Any, ...]) -> None:
            match answer:
                case (int(ident),) if sender == self._owner:
                    self._shown[message.tag] = ident
                    self._clickable.pop(ident, None)
                    self._clickable[ident] = message
                    if len(self._clickable) > MOST_CLICKABLE:
                        del self._clickable[next(iter(self._clickable))]

        body = clean_text(message.body, BODY_CHARS, lines=True)
        arguments = (
            APP_NAME,
            self._shown.get(message.tag, 0),
            self._icon,
            clean_text(message.title, TITLE_CHARS),
            html.escape(body, quote=False) if "body-markup" in abilities else body,
            _actions(message) if "actions" in abilities else [],
            _hints(message, abilities),
            -1,  # shown for as long as the service thinks right
        )
        owner = self._owner
        done = False
        self._sending = message.tag
        try:
            answer = await self._ask(bus, _SERVER, "Notify", "susssasa{sv}i", *arguments, keep=keep)
            if answer is None:
                await self._find_owner(bus)
            done = answer is not None or owner == self._owner
        finally:
            self._sending = None
            if not done:
                self._put_back(message)

    def _put_back(self, message: Message) -> None:
        """For the next service; once, since it may be what ends them."""
        if message is not self._returned:
            self._returned = message
            self._outbox = {message.tag: message, **self._outbox}  # what is newer stays

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
    ) -> tuple[Any, ...] | None:
        """The answer; None if it was an error, which is logged. Waits for as long as it takes.

        The bus ends the wait if the service ends; one that sleeps still shows what it was told.
        """
        impatience = asyncio.create_task(self._grow_impatient())
        try:
            return await bus.call(peer, method, signature, *body, keep=keep)
        except RefusedError as error:
            known = logging.INFO if error.name in _GONE else level
            self._log(known, f"{method}: {error.name}", error.text)
            return None
        finally:
            impatience.cancel()
            self._silent = False

    async def _grow_impatient(self) -> None:
        await self._clock.sleep(SILENT_S)
        self._silent = True

    async def _is_on(self, bus: Bus, interface: str, name: str) -> bool:
        try:
            answer = await bus.call(_PROPERTIES, "Get", "ss", interface, name)
        except (RefusedError, BusLostError):
            return False
        return answer == (("b", True),)

    async def _within(self, seconds: float, awaitable: Awaitable[T]) -> T:
        """What it gives.

        Raises:
            TimeoutError: nothing yet.
        """
        task = asyncio.ensure_future(awaitable)
        sleeper = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({task, sleeper}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise TimeoutError
            return task.result()
        finally:
            task.cancel()
            sleeper.cancel()
            await asyncio.gather(task, sleeper, return_exceptions=True)

    def _log(self, level: int, kind: str, text: str) -> None:
        if kind not in self._logged:
            self._logged.add(kind)
            log.log(level, "notifications: %s: %s", kind, clean_text(text, TITLE_CHARS))


def _button(message: Message, key: str) -> Button | None:
    return next((button for button in message.buttons if button.key == key), None)


def _actions(message: Message) -> list[str]:
    opener = _button(message, OPEN)
    actions = [DEFAULT, clean_text(opener.label, LABEL_CHARS) if opener else "Open"]
    for button in message.buttons:
        actions += [button.key, clean_text(button.label, LABEL_CHARS)]
    return actions


def _hints(message: Message, abilities: frozenset[str]) -> dict[str, tuple[str, object]]:
    hints: dict[str, tuple[str, object]] = {
        "desktop-entry": ("s", DESKTOP_ENTRY),
        "urgency": ("y", 2 if message.urgent else 1),
    }
    if "sound" in abilities:
        if message.sound is Sound.NONE:
            hints["suppress-sound"] = ("b", True)
        else:
            hints["sound-name"] = ("s", SOUNDS[message.sound])
    return hints
