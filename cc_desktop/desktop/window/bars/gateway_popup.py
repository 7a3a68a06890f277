"""What is known of a connection: its problem with the next step, or its version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.labels import label, wrapping_label
from cc_desktop.text.failures import ProblemText
from cc_desktop.text.format import plain
from cc_desktop.text.gateways import (
    connection_facts,
    connection_line,
    problem_text,
)
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.fleet.model import Gateway


class GatewayPopup(QFrame):
    """Opens under the pill of a gateway and follows it."""

    def __init__(self, context: ViewContext, key: str, parent: QWidget) -> None:
        """`key` is the gateway's id."""
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self._context = context
        self._key = key
        metrics, px = context.look.metrics, context.look.metrics.px
        self._name = label(metrics.font(14, bold=True))
        self._state = label(metrics.font(11.5), muted=True)
        self._title = wrapping_label(metrics.font(bold=True))
        self._message = wrapping_label(metrics.font())
        self._next = wrapping_label(metrics.font())
        self._facts = wrapping_label(metrics.font(11.5), muted=True)
        for part in (self._title, self._message, self._next):
            part.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(16), px(14), px(16), px(14))
        column.setSpacing(px(6))
        for part in (self._name, self._state, self._title, self._message, self._next, self._facts):
            column.addWidget(part)
        self.reconnect = button(tr("Reconnect now"), self._on_reconnect, "primary")
        row = QHBoxLayout()
        row.addWidget(self.reconnect)
        row.addStretch()
        column.addSpacing(px(6))
        column.addLayout(row)
        self.setFixedWidth(px(360))

    def follow(self, gateways: Mapping[str, Gateway]) -> None:
        """Show what is known now; without the gateway it closes."""
        gateway = gateways.get(self._key)
        if gateway is None:
            self.close()
            return
        connection = gateway.connection
        self._name.setText(plain(gateway.name, 60))
        state = connection_line(connection, self._context.clock())
        self._state.setText(f"{plain(gateway.url, 120)}\n{state}".strip())
        texts = problem_text(connection.problem)
        for part, text in zip((self._title, self._message, self._next), texts, strict=True):
            part.setText(text)
            part.setVisible(bool(text))
        facts = connection_facts(connection)
        self._facts.setText(facts)
        self._facts.setVisible(bool(facts))

    def open_under(self, pill: QWidget) -> None:
        """Open below a pill, inside its screen."""
        self.adjustSize()
        spot = pill.mapToGlobal(QPoint(0, pill.height() + self._context.look.metrics.px(4)))
        screen = pill.screen().availableGeometry()
        right = screen.right() - self.width()
        self.move(max(screen.left(), min(spot.x(), right)), spot.y())
        self.show()

    def problem(self) -> ProblemText:
        """What it says of the problem."""
        return ProblemText(self._title.text(), self._message.text(), self._next.text())

    def state(self) -> str:
        """Address and state of the connection."""
        return self._state.text()

    def _on_reconnect(self) -> None:
        self.close()
        self._context.actions.reconnect(self._key)
