"""A list of painted rows, of one height each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QListView

from cc_desktop.desktop.widgets.rows.row_menu import row_at

if TYPE_CHECKING:
    from PySide6.QtCore import QAbstractItemModel
    from PySide6.QtGui import QContextMenuEvent


class RowList(QListView):
    """Arrows, Home, End and page keys move, as in every list.

    Signals:
        menu_wanted: Index and place on the screen of a context menu.
    """

    menu_wanted = Signal(QModelIndex, QPoint)

    def __init__(self, model: QAbstractItemModel, name: str, row_px: int) -> None:
        """`name` is for screen readers; a step of the wheel is half of `row_px`."""
        super().__init__()
        self.setModel(model)
        self.setAccessibleName(name)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(row_px // 2)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """By mouse or by key."""
        index, spot = row_at(self, event)
        if index.isValid():
            self.menu_wanted.emit(index, spot)
