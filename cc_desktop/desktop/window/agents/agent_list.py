"""The list of agents, with the context menu of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, Signal

from cc_desktop.desktop.widgets.rows.row_list import RowList
from cc_desktop.desktop.window.agents.agent_delegate import AgentDelegate
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QModelIndex, QPoint
    from PySide6.QtWidgets import QMenu

    from cc_desktop.desktop.widgets.agent_pane import Key
    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.desktop.window.agents.agent_model import AgentModel
    from cc_desktop.desktop.window.agents.triage import Triage


class AgentList(RowList):
    """Rows are painted, not built of widgets.

    Signals:
        opened: The details of an agent (its `Key`) are asked for: Enter, or the menu.
        message_wanted: Somebody wants to write to an agent, or the right to do that.
        stop_wanted: Somebody wants to stop whatever runs.

    Attributes:
        menu: The last context menu.
        triage: Marks agents as seen; None until the window has it.
    """

    opened = Signal(object)
    message_wanted = Signal(object)
    stop_wanted = Signal()

    def __init__(self, context: ViewContext, model: AgentModel) -> None:
        super().__init__(model, tr("Agents"), context.look.metrics.px(50))
        self._context = context
        self._model = model
        self._extend_menu: Callable[[QMenu, str, str], None] | None = None
        self.menu: QMenu | None = None
        self.triage: Triage | None = None
        self.setSelectionMode(self.SelectionMode.ExtendedSelection)
        self.setItemDelegate(AgentDelegate(context.look, self))
        self.activated.connect(self._on_activated)
        self.menu_wanted.connect(self._on_menu)

    def extend_menu(self, extend: Callable[[QMenu, str, str], None]) -> None:
        """Let others add entries: menu, gateway id, agent id."""
        self._extend_menu = extend

    def select_alone(self, index: QModelIndex) -> None:
        """Select one row. `setCurrentIndex` selects one more while Ctrl is held, or seems to be."""
        self.selectionModel().setCurrentIndex(
            index, QItemSelectionModel.SelectionFlag.ClearAndSelect
        )

    def selected_keys(self) -> list[Key]:
        """The agents that are selected, from the top; the current one if none is."""
        indexes = self.selectionModel().selectedIndexes() or [self.currentIndex()]
        rows = [self._model.row(index) for index in sorted(indexes, key=lambda one: one.row())]
        return [row.key for row in rows if row is not None]

    def reveal(self, key: Key) -> None:
        """Scroll to an agent."""
        self.scrollTo(self._model.index_of(key))

    def _on_activated(self, index: QModelIndex) -> None:
        row = self._model.row(index)
        if row is not None:
            self.opened.emit(row.key)

    def _on_menu(self, index: QModelIndex, spot: QPoint) -> None:
        row = self._model.row(index)
        if row is None:
            return
        from cc_desktop.desktop.window.agents.agent_menu import agent_menu  # most starts open none

        if not self.selectionModel().isSelected(index):
            self.select_alone(index)
        self.menu = agent_menu(self._context, row, self._extend_menu, self)
        self.menu.popup(spot)
