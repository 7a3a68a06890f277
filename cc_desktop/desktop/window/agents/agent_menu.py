"""The context menu of an agent's row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication

from cc_desktop.desktop.widgets.rows.row_menu import add_action, make_menu
from cc_desktop.fleet.model import ConnectionState, Origin
from cc_desktop.system.deep_links import make_link
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QMenu

    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.desktop.window.agents.agent_list import AgentList
    from cc_desktop.desktop.window.agents.agent_model import Row


def agent_menu(
    context: ViewContext,
    row: Row,
    open_details: Callable[[], None],
    extend: Callable[[QMenu, str, str], None] | None,
    parent: AgentList,
) -> QMenu:
    """What can be done with an agent.

    Args:
        context: Of the window.
        row: The agent.
        open_details: Shows its details and gives them the keyboard.
        extend: Adds entries of others: menu, gateway id, agent id.
        parent: The list.
    """
    gateway_id, agent_id = row.key
    menu = make_menu(parent)
    clipboard = QGuiApplication.clipboard()
    add_action(menu, tr("Open details"), open_details)
    triage = parent.triage
    unseen = len(triage.unseen(parent.selected_keys())) if triage is not None else 0
    if triage is not None and unseen:
        words = tr("Mark as seen") if unseen == 1 else tr("Mark {n} as seen", n=unseen)
        add_action(menu, words, triage.mark_selected)
    add_action(menu, tr("Copy name"), lambda: clipboard.setText(row.name))
    add_action(menu, tr("Copy link"), lambda: clipboard.setText(make_link(gateway_id, agent_id)))
    if extend is not None:
        extend(menu, gateway_id, agent_id)
    gateway = context.store.fleet.gateways.get(gateway_id)
    if (
        gateway
        and gateway.connection.state is not ConnectionState.LIVE
        and gateway.origin is not Origin.DEMO
    ):
        menu.addSeparator()
        name = tr("Reconnect {gateway}", gateway=plain(gateway.name, 60))
        add_action(menu, name, lambda: context.actions.reconnect(gateway_id))
    return menu
