"""Serves later starts, links and clicks: shows the window, and says whether it is in front."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UnsetType
from PySide6.QtCore import QObject

from cc_desktop.desktop.instance.link_opener import LinkOpener
from cc_desktop.desktop.instance.single_instance import (
    Answer,
    InstanceLock,
    InstanceMessage,
    InstanceServer,
)
from cc_desktop.desktop.instance.window_activation import WindowRaiser

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.desktop.instance.order_desk import OrderDesk
    from cc_desktop.desktop.window.fleet_window import FleetWindow
    from cc_desktop.fleet.store import Store


class InstanceController(QObject):
    """What others ask of the running app."""

    def __init__(
        self,
        lock: InstanceLock,
        window: FleetWindow,
        store: Store,
        show_message: Callable[[str], None],
    ) -> None:
        """`show_message` shows a line in the window; "" takes it away."""
        super().__init__()
        self.on_start: Callable[[], None] = lambda: None  # another start has reached this one
        self.orders: OrderDesk | None = None  # carries out what shells ask for
        self._server = InstanceServer(lock, self.handle, self)
        self._raiser = WindowRaiser(window, window.show_fleet)
        self.show_item: Callable[[str], object] = lambda _ident: None  # of the inbox, by its id
        self._opener = LinkOpener(
            store, window.show_agent, show_message, self, show_item=lambda one: self.show_item(one)
        )

    def start(self, link: str = "") -> None:
        """Listen to later starts, and open the link that this start was given."""
        self._server.start()
        if link:
            self.open_link(link)

    def stop(self) -> None:
        """Stop listening and release the lock."""
        if self.orders is not None:
            self.orders.stop()
        self._server.stop()
        self._opener.stop()
        self._raiser.stop()

    def raise_window(self, token: str = "") -> None:
        """Show the window in front, on the screen with the mouse pointer.

        Args:
            token: Activation token of whatever the operator clicked.
        """
        self._raiser.raise_window(token)

    def open_link(self, link: str) -> None:
        """Show what a link names."""
        self.raise_window()
        self._opener.open(link)

    def handle(self, message: InstanceMessage, answer: Callable[[Answer | bytes], None]) -> None:
        """Do what a later start asks; answer when the outcome is known."""
        if message.command == "order":
            if self.orders is None or isinstance(message.order, UnsetType):
                answer(Answer.REFUSED)
            else:
                self.orders.perform(message.order, answer)
            return
        self.on_start()
        if message.command == "none":
            answer(Answer.DONE)
            return
        self._raiser.raise_window(
            message.activation_token,
            lambda in_front: answer(Answer.DONE if in_front else Answer.BEHIND),
        )
        if message.command == "open":
            self._opener.open(message.target)
