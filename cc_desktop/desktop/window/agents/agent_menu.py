"""The context menu of an agent's row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication

from cc_desktop.config.control_ui import control_ui_address
from cc_desktop.desktop.widgets.rights.operate import is_connected, is_stopping, may_operate
from cc_desktop.desktop.widgets.rows.row_menu import add_action, make_menu
from cc_desktop.fleet.commands import StopRun
from cc_desktop.fleet.model import ConnectionState, Origin
from cc_desktop.system.deep_links import make_link
from cc_desktop.text.agent_facts import newest
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr, trn

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QMenu

    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.desktop.window.agents.agent_list import AgentList
    from cc_desktop.desktop.window.agents.agent_model import Row


def agent_menu(
    context: ViewContext,
    row: Row,
    extend: Callable[[QMenu, str, str], None] | None,
    parent: AgentList,
) -> QMenu:
    """What can be done with an agent.

    Args:
        context: Of the window.
        row: The agent.
        extend: Adds entries of others: menu, gateway id, agent id.
        parent: The list. It tells what is chosen here.
    """
    gateway_id, agent_id = row.key
    menu = make_menu(parent)
    clipboard = QGuiApplication.clipboard()
    add_action(menu, tr("Open details"), lambda: parent.opened.emit(row.key))
    _add_control_ui(menu, context, row)
    triage = parent.triage
    unseen = len(triage.unseen(parent.selected_keys())) if triage is not None else 0
    if triage is not None and unseen:
        words = tr("Mark as seen") if unseen == 1 else tr("Mark {n} as seen", n=unseen)
        add_action(menu, words, triage.mark_selected)
    _add_messages(menu, context, row, parent)
    menu.addSeparator()
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


def _add_control_ui(menu: QMenu, context: ViewContext, row: Row) -> None:
    """The gateway's own page about the session that the row tells of."""
    gateway = context.store.fleet.gateways.get(row.key[0])
    if gateway is None:
        return
    session = row.agent.cause or newest(row.agent)
    version = gateway.connection.server_version
    address = control_ui_address(gateway.url, version, session.key if session else "")
    if address:
        open_address = context.actions.open_address
        add_action(menu, tr("Open in Control UI"), lambda: open_address(address))


def _add_messages(menu: QMenu, context: ViewContext, row: Row, parent: AgentList) -> None:
    """Send and stop; where the right is missing, the way to ask for it."""
    fleet, (gateway_id, agent_id) = context.store.fleet, row.key
    gateway, agent = fleet.gateways.get(gateway_id), fleet.agent(gateway_id, agent_id)
    if gateway is None or agent is None or not is_connected(gateway):
        return
    may = may_operate(gateway)
    words = tr("Send a message…") if may else tr("Send a message (needs a right)…")
    add_action(menu, words, lambda: parent.message_wanted.emit(row.key))
    running = [key for key in agent.heard if not is_stopping(gateway, key)]
    if running and may:
        count = len(running)
        words = tr("Stop") if count == 1 else trn("Stop {n} run", "Stop {n} runs", count)

        def stop() -> None:
            for key in running:
                context.actions.execute(StopRun(gateway_id, agent_id, key))

        add_action(menu, words, stop)
    elif running:
        add_action(menu, tr("Stop (needs a right)…"), lambda: parent.message_wanted.emit(row.key))
    if any(one.heard for shown in fleet.shown() for one in shown.agents.values()):
        add_action(menu, tr("Stop everything…"), parent.stop_wanted.emit)
