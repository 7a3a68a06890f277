"""What a backend is: a program, or a part of the desktop, that shows notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cc_desktop.system.supervision import keep_running
from cc_desktop.text import notifications as text
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.notifications.message import Message, NotificationAction
    from cc_desktop.system.clock import Clock
    from cc_desktop.system.supervision import FaultLog


class NotificationBackend(Protocol):
    """Shows notifications. No method blocks, and none raises for what a desktop lacks."""

    @property
    def name(self) -> str:
        """Who shows them, in words: "dunst 1.9.0". "" while nobody does."""
        ...

    @property
    def problem(self) -> str:
        """Why nobody shows them, one sentence; "" while somebody does."""
        ...

    async def run(self, on_chosen: Callable[[NotificationAction], None]) -> None:
        """Work until cancelled; call `on_chosen` with what the operator clicks."""
        ...

    def show(self, message: Message) -> None:
        """Show a message in place of the one with the same tag, if that is still there."""
        ...

    def withdraw(self, tag: str) -> None:
        """Take it off the screen, where that is possible."""
        ...

    async def is_system_quiet(self) -> bool:
        """Return whether the desktop's own do-not-disturb is on, as far as it can be read."""
        ...


class GuardedBackend:
    """A backend that cannot take notifications down, whatever the one inside raises.

    Implements `NotificationBackend`. A backend that ends or fails is started again after a pause;
    meanwhile `problem` says so.
    """

    def __init__(self, backend: NotificationBackend, clock: Clock, faults: FaultLog) -> None:
        self._backend = backend
        self._clock = clock
        self._faults = faults
        self._failed = False

    @property
    def name(self) -> str:
        """Who shows them."""
        return "" if self._failed else self._backend.name

    @property
    def problem(self) -> str:
        """Why nobody shows them."""
        return tr(text.BACKEND_FAILED) if self._failed else self._backend.problem

    async def run(self, on_chosen: Callable[[NotificationAction], None]) -> None:
        """Run the backend; start it again whenever it ends."""

        def guarded(action: NotificationAction) -> None:
            try:
                on_chosen(action)
            except Exception as error:
                self._faults.record("a click on a notification", error)

        async def run_backend() -> None:
            self._failed = False
            await self._backend.run(guarded)

        def on_failure(_wait_s: float) -> None:
            self._failed = True

        await keep_running(
            "notifications", run_backend, self._clock, self._faults, on_failure=on_failure
        )

    def show(self, message: Message) -> None:
        """Show a message."""
        try:
            self._backend.show(message)
        except Exception as error:
            self._faults.record("showing a notification", error)

    def withdraw(self, tag: str) -> None:
        """Take it off the screen."""
        try:
            self._backend.withdraw(tag)
        except Exception as error:
            self._faults.record("withdrawing a notification", error)

    async def is_system_quiet(self) -> bool:
        """Return whether the desktop's do-not-disturb is on; False if that cannot be found out."""
        try:
            return await self._backend.is_system_quiet()
        except Exception as error:
            self._faults.record("asking for the desktop's do-not-disturb", error)
            return False
