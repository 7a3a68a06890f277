"""What the inbox needs of the app around it."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from PySide6.QtWidgets import QWidget

from cc_desktop.desktop.widgets.agent_pane import Key
from cc_desktop.desktop.widgets.view_context import ViewContext
from cc_desktop.fleet.commands import Right
from cc_desktop.fleet.inbox import InboxItem


def _nothing(*_: object) -> None:
    """What an app without it does."""


class InboxPorts(Struct, frozen=True):
    """Handed in by whoever builds the window."""

    context: ViewContext
    ask_right: Callable[[str, Right], QWidget]  # asks for a right on a gateway, in place
    open_agent: Callable[[str, str], object]  # gateway id, agent id
    open_agents: Callable[[tuple[Key, ...], str], object] = _nothing  # in words: who they are
    open_gateway: Callable[[str], object] = _nothing  # its connection
    open_item: Callable[[str], object] = _nothing  # by id, in the inbox
    show_fleet: Callable[[], object] = _nothing  # in place of the inbox
    control_ui: Callable[[InboxItem], str] = lambda _item: ""  # an address without a secret, or ""
    open_address: Callable[[str], object] = _nothing
    say: Callable[[str, bool], object] = _nothing  # to screen readers; whether it is urgent
