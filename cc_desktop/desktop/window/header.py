"""The top of the window: gateways with their state, and the search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from cc_desktop.about import SHORT_NAME
from cc_desktop.desktop.widgets.widgets import (
    ConnectionMark,
    FlowLayout,
    Pill,
    PillText,
    button,
    label,
)
from cc_desktop.fleet.model import ConnectionState, Origin
from cc_desktop.text import words
from cc_desktop.text.failures import describe

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QResizeEvent

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.widgets.app_actions import Actions
    from cc_desktop.fleet.model import Fleet, Gateway

# The dot of a connection: its shape and the theme's token of its colour.
_DOTS = {
    ConnectionState.LIVE: (ConnectionMark.LIVE, "live"),
    ConnectionState.CONNECTING: (ConnectionMark.TRYING, "accent"),
    ConnectionState.AUTHENTICATING: (ConnectionMark.TRYING, "accent"),
    ConnectionState.SYNCING: (ConnectionMark.TRYING, "accent"),
    ConnectionState.WAITING: (ConnectionMark.LOST, "error"),
    ConnectionState.BLOCKED: (ConnectionMark.BLOCKED, "error"),
    ConnectionState.OFF: (ConnectionMark.OFF, "muted"),
}


NARROW = 620  # px of the sketches: below, the title gives way to the gateways


class Header(QFrame):
    """Title, a pill a gateway, search. `tools` is the place for further buttons."""

    def __init__(
        self,
        look: ThemeManager,
        actions: Actions,
        clock: Callable[[], int],
        parent: QWidget | None = None,
    ) -> None:
        """`clock` gives local ms."""
        super().__init__(parent)
        self.setObjectName("header")
        self._look = look
        self._actions = actions
        self._clock = clock
        self._gateways: dict[str, Gateway] = {}
        self.pills: dict[str, Pill] = {}
        self.popup: GatewayPopup | None = None
        px = look.metrics.px
        row = QHBoxLayout(self)
        row.setContentsMargins(px(16), px(11), px(16), px(11))
        row.setSpacing(px(16))
        title = label(look.metrics.font(15, bold=True))
        title.setText(SHORT_NAME)
        self._title = title
        place = QWidget()
        self._flow = FlowLayout(px(8), place)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search agents, tasks… Ctrl+F")
        self.search.setAccessibleName("Search agents and tasks")
        self.search.setClearButtonEnabled(True)
        self.search.setFont(look.metrics.font())
        self.search.setMinimumWidth(px(140))
        self.search.setMaximumWidth(px(240))
        self.tools = QHBoxLayout()
        self.tools.setSpacing(px(8))
        row.addWidget(title)
        row.addWidget(place, 3)
        row.addWidget(self.search, 1)
        row.addLayout(self.tools)
        self.setMinimumHeight(px(56))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The window has its title above, too."""
        super().resizeEvent(event)
        self._title.setVisible(self.width() >= self._look.metrics.px(NARROW))

    def show_fleet(self, fleet: Fleet) -> bool:
        """Show the connections. Whether one of them counts down to its next try."""
        now = self._clock()
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
            pill = self.pills.get(key)
            if pill is None:
                pill = self.pills[key] = Pill(self._look, self)
                pill.clicked.connect(lambda _checked=False, key=key: self.open_gateway(key))
                self._flow.addWidget(pill)
            state = words.link_words(gateway.connection, now)
            dot, colour = _DOTS[gateway.connection.state]
            if (
                gateway.origin is Origin.REST
                and gateway.connection.state is ConnectionState.WAITING
            ):
                state, colour = "polled" + state.removeprefix("unreachable"), "waiting"
            name = PillText(words.plain(gateway.name, 60))
            pill.show_segments((name, PillText(state, muted=True)), dot, colour)
        if self.popup is not None and self.popup.isVisible():
            self.popup.follow(self._gateways)
        return any(
            gateway.connection.state is ConnectionState.WAITING
            for gateway in self._gateways.values()
        )

    def open_gateway(self, key: str) -> None:
        """Say what is up with a gateway."""
        if self.popup is not None:
            self.popup.close()
            self.popup.deleteLater()
        self.popup = GatewayPopup(self._look, self._actions, self._clock, key, self.window())
        self.popup.follow(self._gateways)
        self.popup.adjustSize()
        pill = self.pills[key]
        spot = pill.mapToGlobal(QPoint(0, pill.height() + self._look.metrics.px(4)))
        screen = pill.screen().availableGeometry()
        right = screen.right() - self.popup.width()
        self.popup.move(max(screen.left(), min(spot.x(), right)), spot.y())
        self.popup.show()


class GatewayPopup(QFrame):
    """What is known of a connection: its problem with the next step, or its version."""

    def __init__(
        self,
        look: ThemeManager,
        actions: Actions,
        clock: Callable[[], int],
        key: str,
        parent: QWidget,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self._key = key
        self._clock = clock
        self._actions = actions
        px = look.metrics.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(16), px(14), px(16), px(14))
        column.setSpacing(px(6))
        self._name = label(look.metrics.font(14, bold=True))
        self._state = label(look.metrics.font(11.5), muted=True)
        self._title = label(look.metrics.font(bold=True), wrap=True)
        self._message = label(look.metrics.font(), wrap=True)
        self._next = label(look.metrics.font(), wrap=True)
        self._facts = label(look.metrics.font(11.5), muted=True, wrap=True)
        for part in (self._name, self._state, self._title, self._message, self._next, self._facts):
            column.addWidget(part)
        row = QHBoxLayout()
        self.reconnect = button("Reconnect now", self._on_reconnect, "primary")
        row.addWidget(self.reconnect)
        row.addStretch()
        column.addSpacing(px(6))
        column.addLayout(row)
        self.setFixedWidth(px(360))

    def follow(self, gateways: dict[str, Gateway]) -> None:
        """Show what is known now."""
        gateway = gateways.get(self._key)
        if gateway is None:
            self.close()
            return
        link, now = gateway.connection, self._clock()
        self._name.setText(words.plain(gateway.name, 60))
        state = link.state.value.capitalize()
        if link.state is ConnectionState.WAITING:
            state = words.link_words(link, now).capitalize()
        self._state.setText(f"{words.plain(gateway.url, 120)}\n{state}".strip())
        texts = describe(link.problem) if link.problem else ("", "", "")
        for part, text in zip((self._title, self._message, self._next), texts, strict=True):
            part.setText(words.plain(text, 400))
            part.setVisible(bool(text))
        self._facts.setText(words.link_facts(link))
        self._facts.setVisible(bool(words.link_facts(link)))

    def _on_reconnect(self) -> None:
        self.close()
        self._actions.reconnect(self._key)
