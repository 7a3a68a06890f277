"""The messages on the screen and the clicks on them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.notifications.backends.notify_arguments import DEFAULT, find_button
from cc_desktop.notifications.message import OPEN, NotificationAction

if TYPE_CHECKING:
    from cc_desktop.notifications.message import Message

MAX_CLICKABLE = 200  # messages whose clicks are understood, closed ones included


class ShownMessages:
    """What one notification service shows for us. Ids are the ones that it gave."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}  # by tag
        self._clickable: dict[int, Message] = {}  # by id, oldest first
        self._token = (0, "")  # activation token for the next click on that id

    @property
    def tags(self) -> set[str]:
        """Tags of the messages that are on the screen."""
        return set(self._ids)

    def __contains__(self, tag: str) -> bool:
        return tag in self._ids

    def find(self, tag: str) -> int:
        """Return the id of a message; 0 if it is not on the screen."""
        return self._ids.get(tag, 0)

    def add(self, message: Message, ident: int) -> None:
        """A message is on the screen."""
        self._ids[message.tag] = ident
        self._clickable.pop(ident, None)
        self._clickable[ident] = message
        if len(self._clickable) > MAX_CLICKABLE:
            del self._clickable[next(iter(self._clickable))]

    def remove(self, tag: str) -> int:
        """Return the id of a message in order to close it. Raises KeyError for an unknown one."""
        return self._ids.pop(tag)

    def on_closed(self, ident: int) -> None:
        """Note that it left the screen. The click that closed it may still arrive."""
        message = self._clickable.get(ident)
        if message is not None and self._ids.get(message.tag) == ident:
            del self._ids[message.tag]

    def on_token(self, ident: int, token: str) -> None:
        """Keep an activation token for the click that follows."""
        self._token = (ident, token)

    def on_action(self, ident: int, action: str) -> NotificationAction | None:
        """Return what was chosen, or None if it is not ours or makes no sense."""
        message = self._clickable.get(ident)
        if message is None:
            return None
        key = OPEN if action == DEFAULT else action
        button = find_button(message, key)
        if button is None and key != OPEN:
            return None
        token = self._token[1] if self._token[0] == ident else ""
        self._token = (0, "")
        if button is None:
            return NotificationAction(message.tag, key, activation_token=token)
        return NotificationAction(message.tag, key, button.data, token)
