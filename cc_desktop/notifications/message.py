"""What passes between the rules, the list of notices and whatever shows notifications."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from cc_desktop.notifications.kinds import AlertKind, Sound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OPEN, SNOOZE, MUTE = "open", "snooze", "mute"  # keys of buttons
_NO_DATA: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Target:
    """What a click opens: one agent, several, or the fleet (no agents) at a gateway."""

    agents: tuple[tuple[str, str], ...] = ()  # gateway id, agent id
    gateway: str = ""
    devices: bool = False  # the tab of the devices
    words: str = ""  # names a choice of several: "4 agents failed"


@dataclass(frozen=True, slots=True)
class Button:
    """An action of a notification. `data` comes back when it is chosen."""

    key: str
    label: str
    data: Mapping[str, str] = field(default_factory=lambda: _NO_DATA)


@dataclass(frozen=True, slots=True)
class Message:
    """A notification to show. Plain text; one with the same `slot` takes the place of the last."""

    tag: str
    title: str
    body: str
    sound: Sound = Sound.NONE
    urgent: bool = False
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class NotificationAction:
    """The operator clicked a notification or one of its buttons."""

    tag: str
    key: str  # of the button; OPEN for the notification itself
    data: Mapping[str, str] = field(default_factory=lambda: _NO_DATA)
    activation_token: str = ""  # lets the window come to the front on Wayland


class Adapter(Protocol):
    """Shows notifications. No method blocks, and none raises for what a desktop lacks."""

    @property
    def name(self) -> str:
        """Who shows them, in words: "dunst 1.9.0", or "" where nobody does."""
        ...

    @property
    def problem(self) -> str:
        """Why nobody shows them, one sentence; "" when somebody does."""
        ...

    async def run(self, on_chosen: Callable[[NotificationAction], None]) -> None:
        """Work until cancelled; tell what the operator chooses."""
        ...

    def show(self, message: Message) -> None:
        """Show it, in place of the one with the same slot if that is still there."""
        ...

    def withdraw(self, tag: str) -> None:
        """Take it away again, where that is possible."""
        ...

    async def is_system_quiet(self) -> bool:
        """Whether the desktop's own do-not-disturb is on, as far as it can be read."""
        ...


class NoAdapter:
    """Where nothing can show notifications: the list of notices remains."""

    name = ""

    def __init__(self, problem: str = "Nothing on this system shows notifications.") -> None:
        self.problem = problem

    async def run(self, on_chosen: Callable[[NotificationAction], None]) -> None:
        """Nothing to do."""

    def show(self, message: Message) -> None:
        """Nothing to do."""

    def withdraw(self, tag: str) -> None:
        """Nothing to do."""

    async def is_system_quiet(self) -> bool:
        """Nobody to ask."""
        return False


@dataclass(frozen=True, slots=True)
class Notice:
    """A line in the list of notices: what happened, whether or not it was shown."""

    id: int
    at: int  # local ms
    kind: AlertKind
    title: str
    body: str
    target: Target
    gateway: str = ""
    agent: str = ""  # id, for muting
    shown: bool = False  # as a notification
    read: bool = False
    over: bool = False  # no longer true
