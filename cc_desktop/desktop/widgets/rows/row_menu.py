"""Context menus of rows, by mouse and by the menu key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtWidgets import QMenu

from cc_desktop.fleet.commands import WatchRun
from cc_desktop.fleet.model import Origin
from cc_desktop.text import notifications
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QAbstractItemView, QWidget

    from cc_desktop.fleet.commands import Command
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


def add_watches(
    menu: QMenu, execute: Callable[[Command], object], fleet: Fleet, gateway: str, agent_id: str
) -> None:
    """Add the line that tells of the end of the agent's run in progress, or ends that."""
    known = fleet.gateways.get(gateway)
    agent = fleet.agent(gateway, agent_id)
    if known is None or known.origin is Origin.DEMO or agent is None or not agent.heard:
        return  # the demo sends no notifications
    key = agent.status_session_key
    if key not in agent.heard:
        key = next(reversed(agent.heard))
    watched = key in agent.watched
    watch = WatchRun(gateway=gateway, agent=agent_id, session_key=key, on=not watched)
    menu.addSeparator()

    def on_chosen() -> None:
        execute(watch)

    add_action(menu, notifications.watch_words(watched), on_chosen)


def add_mutes(
    menu: QMenu, center: NotificationCenter, fleet: Fleet, gateway: str, agent_id: str
) -> None:
    """Add the lines that mute an agent ("" for none) and its gateway, or end that."""
    known = fleet.gateways.get(gateway)
    if not gateway or (known is not None and known.origin is Origin.DEMO):
        return  # the demo sends no notifications
    menu.addSeparator()
    if agent_id:
        name = notifications.agent_name(fleet, gateway, agent_id)
        words = (mark("Mute agent {name}"), mark("Unmute agent {name}"))
        _add_mute(menu, center, (gateway, agent_id), words, name)
    name = notifications.gateway_name(fleet, gateway)
    words = (mark("Mute gateway {name}"), mark("Unmute gateway {name}"))
    _add_mute(menu, center, (gateway, ""), words, name)


def _add_mute(
    menu: QMenu,
    center: NotificationCenter,
    key: tuple[str, str],
    words: tuple[str, str],
    name: str,
) -> None:
    """Add a line that mutes, or unmutes, what has the key; `words` are the templates of both."""
    muted = key in center.preferences.muted
    text = tr(words[muted], name=name)
    add_action(menu, text, lambda: center.mute(*key, not muted))
