"""Context menus of rows, by mouse and by the menu key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtWidgets import QMenu

from cc_desktop.fleet.model import Origin
from cc_desktop.text import notifications

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QAbstractItemView, QWidget

    from cc_desktop.fleet.model import Fleet
    from cc_desktop.notifications.center import NotificationCenter


def row_at(view: QAbstractItemView, event: QContextMenuEvent) -> tuple[QModelIndex, QPoint]:
    """The row that a menu is asked for, and where on the screen the menu belongs."""
    if event.reason() == QContextMenuEvent.Reason.Keyboard:
        index = view.currentIndex()
        spot = view.visualRect(index).center()
        return index, view.viewport().mapToGlobal(spot)
    return view.indexAt(event.pos()), event.globalPos()


def make_menu(parent: QWidget) -> QMenu:
    """A menu that is gone once it is closed."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu


def add_action(menu: QMenu, text: str, chosen: Callable[[], None]) -> QAction:
    """Add a line; names in it are shown as they are."""
    action = QAction(text.replace("&", "&&"), menu)
    action.triggered.connect(lambda _checked=False: chosen())
    menu.addAction(action)
    return action


def add_mutes(
    menu: QMenu, center: NotificationCenter, fleet: Fleet, gateway: str, agent_id: str
) -> None:
    """Add the lines that mute an agent ("" for none) and its gateway, or end that."""
    known = fleet.gateways.get(gateway)
    if not gateway or (known is not None and known.origin is Origin.DEMO):
        return  # nothing is told of the demo anyway
    menu.addSeparator()
    pairs = [(agent_id, notifications.agent_name(fleet, gateway, agent_id))] if agent_id else []
    pairs.append(("", notifications.gateway_name(fleet, gateway)))
    for ident, name in pairs:
        muted = (gateway, ident) in center.preferences.muted
        verb = "Unmute" if muted else "Mute"
        what = "agent" if ident else "gateway"
        add_action(
            menu,
            f"{verb} {what} {name}",
            lambda ident=ident, muted=muted: center.mute(gateway, ident, not muted),  # type: ignore[misc]
        )
