"""What stands below the chips: the list, why it is empty, or the devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from cc_desktop.desktop.window.device_table import device_table
from cc_desktop.desktop.window.empty_page import EmptyPage

if TYPE_CHECKING:
    from cc_desktop.desktop.widgets.rows.record_table import RecordTable
    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.desktop.window.agents.agent_list import AgentList
    from cc_desktop.desktop.window.device_table import DeviceModel
    from cc_desktop.text.banner import Empty


class Pages(QStackedWidget):
    """One of three."""

    def __init__(self, context: ViewContext, agents: AgentList, devices: DeviceModel) -> None:
        super().__init__()
        self._context = context
        self._agents = agents
        self._model = devices
        self._empty = EmptyPage(context.look)
        self._table: RecordTable | None = None
        self._devices = QWidget()
        for page in (agents, self._empty, self._devices):
            self.addWidget(page)
        context.look.changed.connect(self._repaint)

    def show_agents(self) -> None:
        """Show the list."""
        self.setCurrentWidget(self._agents)

    def show_devices(self) -> None:
        """Show the devices; the table is built when it is first asked for."""
        if self._table is None:
            px = self._context.look.metrics.px
            self._table = device_table(self._context, self._model)
            margins = QVBoxLayout(self._devices)
            margins.setContentsMargins(px(14), 0, px(14), 0)
            margins.addWidget(self._table)
        self.setCurrentWidget(self._devices)

    def show_empty(self, reason: Empty) -> None:
        """Say why there is nothing in the list."""
        self._empty.show_reason(reason)
        self.setCurrentWidget(self._empty)

    def reason(self) -> Empty | None:
        """Why there is nothing in the list, if it says so."""
        return self._empty.texts() if self.currentWidget() is self._empty else None

    def shows_agents(self) -> bool:
        """Whether the list is shown."""
        return self.currentWidget() is self._agents

    def _repaint(self) -> None:
        self._agents.viewport().update()
        if self._table is not None:
            self._table.viewport().update()
