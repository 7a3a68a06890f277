"""The list, with the details beside it or, where it is narrow, below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QSplitter

from cc_desktop.desktop.widgets.window_geometry import decode, encode

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent
    from PySide6.QtWidgets import QWidget

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.widgets.agent_pane import AgentPane
    from cc_desktop.desktop.window.agents.agent_list import AgentList
    from cc_desktop.desktop.window.agents.selection import Selection

DETAILS = 410  # design px
SHARE = 0.4  # of a window that is not much wider
NARROW = 860  # design px of the window
LOW = 400  # design px: below each other, both need as much
_BELOW = (300, 200)  # design px of list and details


class DetailsSplitter(QSplitter):
    """The operator shares out the room; `state` remembers it.

    Signals:
        alone: Whether the details stand alone: a low window has room for one of both.
    """

    alone = Signal(bool)

    def __init__(self, look: ThemeManager, agents: QWidget, details: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._look = look
        self.addWidget(agents)
        self.addWidget(details)
        self.setStretchFactor(0, 1)
        self._in_front = 0  # the place of what has the keyboard, while only one has room
        self._is_low = False
        self._thin()
        self.setMinimumHeight(look.metrics.px(80))  # what stands above keeps its height
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._on_focus)

    def _thin(self) -> None:
        self.setHandleWidth(1)
        self.setChildrenCollapsible(self._is_low)

    def share(self, width: int) -> None:
        """Share out a window of `width` px as at the first start."""
        px = self._look.metrics.px
        if self.orientation() == Qt.Orientation.Vertical:
            self.setSizes([px(length) for length in _BELOW])
        else:
            details = min(px(DETAILS), round(width * SHARE))
            self.setSizes([width - details, details])

    def fit(self, width: int) -> None:
        """Put the details where a window of `width` px has room for them."""
        narrow = width < self._look.metrics.px(NARROW)
        wanted = Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal
        if self.orientation() != wanted:
            self.setOrientation(wanted)
            self.share(width)
        self._give_room()  # this turn may be what makes it low, with no other size to follow

    @property
    def is_low(self) -> bool:
        """Whether there is room for one of both only."""
        return self._is_low

    def shows_details(self) -> bool:
        """Whether the details are there, and have room."""
        details = self.widget(1)
        is_there = details is not None and details.isVisible()
        return is_there and (not self._is_low or self._in_front == 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override: where it is low as well, one of both at a time."""
        super().resizeEvent(event)
        self._give_room()

    def _give_room(self) -> None:
        vertical = self.orientation() == Qt.Orientation.Vertical
        low = vertical and self.height() < self._look.metrics.px(LOW)
        if low is not self._is_low:
            self._is_low = low
            self.setChildrenCollapsible(low)
            if not low:
                self.share(self.width())
        if low:
            whole = [0, 0]
            whole[self._in_front] = self.height()
            self.setSizes(whole)
        self.alone.emit(low and self._in_front == 1)

    def _on_focus(self, _old: QWidget | None, new: QWidget | None) -> None:
        """Enter leads into the details, Esc back to the list: that is what is seen then."""
        for place in range(self.count()):
            part = self.widget(place)
            if part is not None and new is not None and part.isAncestorOf(new):
                self._in_front = place
        if self._is_low:
            self._give_room()

    def state(self) -> str:
        """How the room is shared out, as text."""
        return encode(self.saveState())

    def restore(self, state: str) -> None:
        """Share out the room as it was, once there is a size to share out."""
        known = decode(state)
        if known is not None:
            orientation = self.orientation()
            self.restoreState(known)
            self.setOrientation(orientation)
            self._thin()


def lead_where_low(
    splitter: DetailsSplitter, view: AgentList, pane: AgentPane, selection: Selection
) -> None:
    """Where only one of both has room, lead the mouse and who asks for an agent there and back."""

    def show() -> None:
        if splitter.is_low and len(view.selected_keys()) == 1:
            pane.focus_first()

    view.clicked.connect(show)
    selection.found.connect(show)
    splitter.alone.connect(pane.set_alone)
    pane.left.connect(view.setFocus)
