"""What is shown: messages with their buttons, and what a click on them opens."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from msgspec import Struct

from cc_desktop.notifications.kinds import Sound

OPEN, SNOOZE, MUTE = "open", "snooze", "mute"  # keys of buttons
_NO_DATA: Mapping[str, str] = MappingProxyType({})


class Target(Struct, frozen=True):
    """What a click opens: one agent, several, or the fleet (no agents) at a gateway.

    Attributes:
        agents: Pairs of gateway id and agent id.
        devices: Open the tab of the devices.
        words: Names a choice of several agents: "4 agents failed".
        item: Id of the item of the inbox, if it is about one.
    """

    agents: tuple[tuple[str, str], ...] = ()
    gateway: str = ""
    devices: bool = False
    words: str = ""
    item: str = ""


class Button(Struct, frozen=True):
    """An action of a message. `data` comes back when it is chosen."""

    key: str
    label: str
    data: Mapping[str, str] = msgspec.field(default_factory=lambda: _NO_DATA)


class Message(Struct, frozen=True):
    """A notification to show, in plain text.

    Attributes:
        tag: A message replaces the one with the same tag.
        critical: Stays on the screen and breaks through do-not-disturb on some desktops; only for
            what expires.
    """

    tag: str
    title: str
    body: str
    sound: Sound = Sound.NONE
    critical: bool = False
    buttons: tuple[Button, ...] = ()


class NotificationAction(Struct, frozen=True):
    """The operator clicked a message or one of its buttons.

    Attributes:
        key: The key of the button; OPEN for the message itself.
        activation_token: Lets the window come to the front on Wayland; "" where there is none.
    """

    tag: str
    key: str
    data: Mapping[str, str] = msgspec.field(default_factory=lambda: _NO_DATA)
    activation_token: str = ""
