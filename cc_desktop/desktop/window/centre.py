"""The middle of the window: the fleet, or a page in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QVBoxLayout

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from cc_desktop.desktop.widgets.agent_pane import CentrePage
    from cc_desktop.desktop.window.agents.triage import Triage


def column_of(widget: QWidget) -> QVBoxLayout:
    """A column of parts that touch one another."""
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    return column


class Centre(QObject):
    """Shows one of them.

    Signals:
        turned: Another page is shown, or the fleet again.
    """

    turned = Signal()

    def __init__(self, fleet: QWidget) -> None:
        """`fleet` stands in a column already; pages are put below it."""
        super().__init__(fleet)
        self._fleet = fleet
        self.page: CentrePage | None = None

    def show_page(self, page: CentrePage) -> None:
        """Show a page in place of the fleet."""
        parent = self._fleet.parentWidget()
        column = parent.layout() if parent is not None else None
        if isinstance(column, QVBoxLayout) and column.indexOf(page) < 0:
            column.insertWidget(column.indexOf(self._fleet) + 1, page, 1)
        if self.page is not page:
            if self.page is not None:
                self.page.hide()
            self.page = page
            self._fleet.hide()
            page.show()
            self.turned.emit()
        page.focus_first()

    def show_fleet(self) -> None:
        """Show the fleet again."""
        if self.page is not None:
            self.page.hide()
            self.page = None
            self._fleet.show()
            self.turned.emit()

    def or_page(self, fleet: Triage) -> Triage | CentrePage:
        """Whom the keys of the window are for."""
        return self.page or fleet

    def step_back(self) -> bool:
        """One step back; False: the fleet is shown already."""
        if self.page is None:
            return False
        if not self.page.step_back():
            self.show_fleet()
        return True
