"""Which columns of a table are shown, and how wide: chosen by the operator, and remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHeaderView

from cc_desktop.desktop.widgets.rows.row_menu import make_menu
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from PySide6.QtCore import QPoint
    from PySide6.QtWidgets import QMenu, QTableView

    from cc_desktop.desktop.widgets.rows.record_table import Column

NARROWEST, WIDEST = 36, 2_000  # px of a column


class ColumnChoice:
    """Follows the width of the table until the operator chooses columns.

    What is remembered: the titles of the columns that are shown, and widths by title. A title is
    that of the source language, so that another column or another language breaks nothing.
    """

    def __init__(
        self,
        table: QTableView,
        columns: tuple[Column, ...],
        remembered: MutableMapping[str, str],
        name: str,
        always: int,
        room: Callable[[], float],
    ) -> None:
        """Restore what was chosen before.

        Args:
            table: The table.
            columns: Its columns, in order.
            remembered: What is kept between starts.
            name: Under which the choice is kept.
            always: A column that cannot be hidden.
            room: The width that there is, in design px.
        """
        self._table = table
        self._columns = columns
        self._remembered = remembered
        self._name = name
        self._always = always
        self._room = room
        self._is_ours = False  # a width that changes is not the operator's doing
        titles = {column.title for column in columns}
        kept = remembered.get(f"{name}_columns", "")
        self._chosen = {word for word in kept.split("|") if word in titles} or None
        header = table.horizontalHeader()
        for number, column in enumerate(columns):
            if column.width:
                header.setSectionResizeMode(number, QHeaderView.ResizeMode.Interactive)
        self._restore_widths()
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._on_menu)
        header.sectionResized.connect(self._on_resized)

    def apply(self) -> None:
        """Show the columns that were chosen, else those that the room is enough for."""
        room = self._room()
        self._is_ours = True
        for number, column in enumerate(self._columns):
            if number == self._always:
                continue
            if self._chosen is None:
                hidden = bool(column.needs) and room < column.needs
            else:
                hidden = column.title not in self._chosen
            self._table.setColumnHidden(number, hidden)
        self._is_ours = False

    def menu(self) -> QMenu:
        """A line for each column, and one to follow the width again."""
        menu = make_menu(self._table)
        for number, column in enumerate(self._columns):
            if number == self._always:
                continue
            action = QAction(tr(column.title), menu)
            action.setCheckable(True)
            action.setChecked(not self._table.isColumnHidden(number))
            action.toggled.connect(lambda on, title=column.title: self.choose(title, shown=on))
            menu.addAction(action)
        menu.addSeparator()
        again = QAction(tr("As many as there is room for"), menu)
        again.setEnabled(self._chosen is not None)
        again.triggered.connect(lambda _checked=False: self.reset())
        menu.addAction(again)
        return menu

    def choose(self, title: str, *, shown: bool) -> None:
        """Show or hide a column from now on."""
        if self._chosen is None:
            self._chosen = {
                column.title
                for number, column in enumerate(self._columns)
                if not self._table.isColumnHidden(number)
            }
        self._chosen = self._chosen | {title} if shown else self._chosen - {title}
        order = [column.title for column in self._columns if column.title in self._chosen]
        self._remembered[f"{self._name}_columns"] = "|".join(order) or "|"
        self.apply()

    def reset(self) -> None:
        """Follow the width again."""
        self._chosen = None
        self._remembered[f"{self._name}_columns"] = ""
        self.apply()

    def _on_menu(self, spot: QPoint) -> None:
        self.menu().popup(self._table.horizontalHeader().mapToGlobal(spot))

    def _on_resized(self, number: int, _old: int, new: int) -> None:
        if self._is_ours or not new or not self._columns[number].width:
            return
        widths = self._widths()
        widths[self._columns[number].title] = new
        kept = "|".join(f"{title}={width}" for title, width in widths.items())
        self._remembered[f"{self._name}_widths"] = kept

    def _widths(self) -> dict[str, int]:
        titles = {column.title for column in self._columns}
        found: dict[str, int] = {}
        for word in self._remembered.get(f"{self._name}_widths", "").split("|"):
            title, _, width = word.rpartition("=")
            if title in titles and width.isdecimal() and len(width) <= 4:
                found[title] = min(max(int(width), NARROWEST), WIDEST)
        return found

    def _restore_widths(self) -> None:
        widths = self._widths()
        for number, column in enumerate(self._columns):
            if column.width and column.title in widths:
                self._table.setColumnWidth(number, widths[column.title])
