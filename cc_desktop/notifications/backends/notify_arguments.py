"""The arguments of `Notify`, as the notification specification wants them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cc_desktop.about import APP_ID, SHORT_NAME
from cc_desktop.notifications.kinds import Sound
from cc_desktop.notifications.message import OPEN
from cc_desktop.protocol.clean import clean_text
from cc_desktop.text import notifications as text
from cc_desktop.text.format import escaped
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from cc_desktop.notifications.message import Button, Message

DEFAULT = "default"  # the action of a click on the notification itself
TITLE_CHARS, BODY_CHARS, LABEL_CHARS = 200, 1000, 60
NORMAL, CRITICAL = 1, 2  # urgency
BY_THE_SERVICE = -1  # it decides for how long a notification is shown
SOUNDS = {Sound.MESSAGE: "message-new-instant", Sound.ALERT: "dialog-warning"}
# Services that draw the default action as a button: another one that opens would stand twice.
DRAWS_DEFAULT_ACTION = ("xfce notify daemon",)


def icon_argument(icon: str) -> str:
    """Return an icon as the specification knows it: a name in the icon theme, or a URL.

    Args:
        icon: The name, or the absolute path of a file; where there is no such file, the app's name.
    """
    if not icon.startswith("/"):
        return icon
    return Path(icon).as_uri() if Path(icon).is_file() else APP_ID


def notify_arguments(
    message: Message, replaces: int, icon: str, abilities: frozenset[str], server: str
) -> tuple[object, ...]:
    """Return the arguments of `Notify`, signature `susssasa{sv}i`.

    Args:
        message: What to show.
        replaces: Id of the notification whose place it takes; 0 for none.
        icon: Name in the icon theme, or a URL.
        abilities: What `GetCapabilities` answered.
        server: What the service calls itself.
    """
    body = clean_text(message.body, BODY_CHARS, lines=True)
    return (
        SHORT_NAME,
        replaces,
        icon,
        clean_text(message.title, TITLE_CHARS),
        escaped(body) if "body-markup" in abilities else body,
        _actions(message, server) if "actions" in abilities else [],
        _hints(message, abilities),
        BY_THE_SERVICE,
    )


def find_button(message: Message, key: str) -> Button | None:
    """Return the button with a key, or None."""
    return next((button for button in message.buttons if button.key == key), None)


def _actions(message: Message, server: str) -> list[str]:
    opener = find_button(message, OPEN)
    actions = [DEFAULT, clean_text(opener.label, LABEL_CHARS) if opener else tr(text.OPEN)]
    drawn = server.lower().startswith(DRAWS_DEFAULT_ACTION)
    for button in message.buttons:
        if not (drawn and button.key == OPEN):
            actions += [button.key, clean_text(button.label, LABEL_CHARS)]
    return actions


def _hints(message: Message, abilities: frozenset[str]) -> dict[str, tuple[str, object]]:
    hints: dict[str, tuple[str, object]] = {
        "desktop-entry": ("s", APP_ID),
        "urgency": ("y", CRITICAL if message.critical else NORMAL),
    }
    if "sound" in abilities:
        if message.sound is Sound.NONE:
            hints["suppress-sound"] = ("b", True)
        else:
            hints["sound-name"] = ("s", SOUNDS[message.sound])
    return hints
