"""The top of the window: gateways with their state, search, and room for tools."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QToolButton, QWidget

from cc_desktop.about import SHORT_NAME
from cc_desktop.desktop.widgets.buttons import ENTER
from cc_desktop.desktop.widgets.flow_layout import FlowLayout
from cc_desktop.desktop.widgets.labels import label
from cc_desktop.desktop.widgets.pill import Pill, PillText
from cc_desktop.desktop.widgets.status_mark import ConnectionMark
from cc_desktop.fleet.model import ConnectionState, Origin
from cc_desktop.text.format import plain, tooltip
from cc_desktop.text.gateways import connection_state
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QResizeEvent
    from PySide6.QtWidgets import QAbstractButton

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.desktop.window.bars.gateway_popup import GatewayPopup
    from cc_desktop.fleet.model import Fleet, Gateway

# The mark of a connection: its shape and the theme's token of its colour.
_MARKS = {
    ConnectionState.LIVE: (ConnectionMark.LIVE, "live"),
    ConnectionState.CONNECTING: (ConnectionMark.TRYING, "accent"),
    ConnectionState.AUTHENTICATING: (ConnectionMark.TRYING, "accent"),
    ConnectionState.SYNCING: (ConnectionMark.TRYING, "accent"),
    ConnectionState.WAITING: (ConnectionMark.LOST, "error"),
    ConnectionState.BLOCKED: (ConnectionMark.BLOCKED, "error"),
    ConnectionState.OFF: (ConnectionMark.OFF, "muted"),
}
_INTO_LIST = (Qt.Key.Key_Down, *ENTER)
NARROW = 620  # design px: below, the title gives way to the gateways


class SearchField(QLineEdit):
    """The search for agents.

    Signals:
        left: Down or Enter leads on into the list.
    """

    left = Signal()

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self.setPlaceholderText(tr("Search agents, tasks… Ctrl+F"))
        self.setAccessibleName(tr("Search agents and tasks"))
        self.setClearButtonEnabled(True)
        for clear in self.findChildren(QToolButton):  # Qt gives it no name
            clear.setAccessibleName(tr("Clear the search"))
        self.setFont(look.metrics.font())
        self.setMinimumWidth(look.metrics.px(140))
        self.setMaximumWidth(look.metrics.px(240))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Lead on into the list."""
        if event.key() in _INTO_LIST:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class Header(QFrame):
    """Title, a pill a gateway, search, tools."""

    def __init__(self, context: ViewContext) -> None:
        super().__init__()
        self.setObjectName("header")
        self._context = context
        self._gateways: dict[str, Gateway] = {}
        self.pills: dict[str, Pill] = {}
        self.nobody: Pill | None = None  # while there is no gateway
        self.popup: GatewayPopup | None = None
        metrics, px = context.look.metrics, context.look.metrics.px
        self._title = label(metrics.font(15, bold=True), SHORT_NAME)
        place = QWidget()
        self._flow = FlowLayout(px(8), place)
        self.search = SearchField(context.look)
        self._tools = QHBoxLayout()
        self._tools.setSpacing(px(8))
        row = QHBoxLayout(self)
        row.setContentsMargins(px(16), px(11), px(16), px(11))
        row.setSpacing(px(16))
        row.addWidget(self._title)
        row.addWidget(place, 3)
        row.addWidget(self.search, 1)
        row.addLayout(self._tools)
        self.setMinimumHeight(px(56))

    def add_tool(self, tool: QAbstractButton) -> None:
        """Add a button after the search."""
        self._tools.addWidget(tool)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out the title where room is short: the title bar has it, too."""
        super().resizeEvent(event)
        self._title.setVisible(self.width() >= self._context.look.metrics.px(NARROW))

    def show_fleet(self, fleet: Fleet) -> bool:
        """Show the connections.

        Returns:
            Whether one of them counts down to its next try.
        """
        self._gateways = {
            key: gateway
            for key, gateway in fleet.gateways.items()
            if gateway.origin is not Origin.DEMO
        }
        for key in [key for key in self.pills if key not in self._gateways]:
            old = self.pills.pop(key)
            self._flow.removeWidget(old)
            old.deleteLater()
        for key, gateway in self._gateways.items():
            self._show_gateway(key, gateway)
        if list(self.pills) != list(self._gateways):
            self._put_in_order()
        self._show_nobody(not self._gateways)
        if self.popup is not None and self.popup.isVisible():
            self.popup.follow(self._gateways)
        return any(
            gateway.connection.state is ConnectionState.WAITING
            for gateway in self._gateways.values()
        )

    def _put_in_order(self) -> None:
        """The operator has moved a gateway: for the eye, the tab key and screen readers."""
        self.pills = {key: self.pills[key] for key in self._gateways}
        for pill in self.pills.values():
            self._flow.removeWidget(pill)
            self._flow.addWidget(pill)
            pill.raise_()
        for first, second in itertools.pairwise(self.pills.values()):
            QWidget.setTabOrder(first, second)

    def _show_nobody(self, nobody: bool) -> None:
        """A quiet pill in the place of the gateways leads to connecting the first one."""
        if nobody and self.nobody is None:
            self.nobody = Pill(self._context.look)
            self.nobody.show_segments(
                (PillText(tr("No gateway"), muted=True),), ConnectionMark.OFF, "muted"
            )
            self.nobody.setToolTip(tr("Connect a gateway"))
            self.nobody.clicked.connect(lambda _checked=False: self._context.actions.connect())
            self._flow.addWidget(self.nobody)
        elif not nobody and self.nobody is not None:
            self._flow.removeWidget(self.nobody)
            self.nobody.deleteLater()
            self.nobody = None

    def _show_gateway(self, key: str, gateway: Gateway) -> None:
        pill = self.pills.get(key)
        if pill is None:
            pill = self.pills[key] = Pill(self._context.look)
            pill.clicked.connect(lambda _checked=False: self.open_gateway(key))
            self._flow.addWidget(pill)
        connection = gateway.connection
        polled = gateway.origin is Origin.REST and connection.state is ConnectionState.WAITING
        mark, colour = _MARKS[connection.state]
        state = connection_state(connection, self._context.clock(), polled=polled)
        words = (PillText(plain(gateway.name, 60)), PillText(state, muted=True))
        pill.show_segments(words, mark, "waiting" if polled else colour)
        pill.setToolTip(tooltip(" · ".join(part.text for part in words)))

    def open_gateway(self, key: str) -> None:
        """Say what is up with a gateway; without it, nothing happens."""
        if key not in self.pills:
            return
        from cc_desktop.desktop.window.bars.gateway_popup import (
            GatewayPopup,  # most starts open none
        )

        if self.popup is not None:
            self.popup.close()
            self.popup.deleteLater()
        self.popup = GatewayPopup(self._context, key, self.window())
        self.popup.follow(self._gateways)
        self.popup.open_under(self.pills[key])
