"""A backend that shows nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.notifications.message import Message, NotificationAction


class NoBackend:
    """Implements `cc_desktop.notifications.backends.base.NotificationBackend`."""

    name = ""

    def __init__(self, problem: str = "Nothing on this system shows notifications.") -> None:
        self.problem = problem

    async def run(self, on_chosen: Callable[[NotificationAction], None]) -> None:
        pass

    def show(self, message: Message) -> None:
        pass

    def withdraw(self, tag: str) -> None:
        pass

    async def is_system_quiet(self) -> bool:
        return False
