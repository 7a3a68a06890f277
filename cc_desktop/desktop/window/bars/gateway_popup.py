"""What is known of a connection: its problem with the next step, or its version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.flow_layout import FlowLayout
from cc_desktop.desktop.widgets.labels import label, wrapping_label
from cc_desktop.text.connect.next_step import Remedy, command_for, remedies, remedy_words
from cc_desktop.text.failures import ProblemText
from cc_desktop.text.format import plain
from cc_desktop.text.gateways import (
    connection_facts,
    connection_line,
    problem_text,
)
from cc_desktop.text.i18n import tr
from cc_desktop.text.pairing import fingerprint_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cc_desktop.desktop.widgets.buttons import Button
    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.fleet.model import Gateway

_MAIN = Remedy.RECONNECT


class GatewayPopup(QFrame):
    """Opens under the pill of a gateway and follows it."""

    def __init__(self, context: ViewContext, key: str, parent: QWidget) -> None:
        """`key` is the gateway's id."""
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self._context = context
        self._key = key
        self._command = ""
        metrics, px = context.look.metrics, context.look.metrics.px
        self._name = label(metrics.font(14, bold=True))
        self._state = label(metrics.font(11.5), muted=True)
        self._title = wrapping_label(metrics.font(bold=True))
        self._message = wrapping_label(metrics.font())
        self._next = wrapping_label(metrics.font())
        self._facts = wrapping_label(metrics.font(11.5), muted=True)
        for part in (self._title, self._message, self._next, self._facts):
            part.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(px(16), px(14), px(16), px(14))
        column.setSpacing(px(6))
        for part in (self._name, self._state, self._title, self._message, self._next, self._facts):
            column.addWidget(part)
        self._remedies = self._make_buttons()
        self.reconnect = self._remedies[Remedy.RECONNECT]
        place = QWidget()
        policy = place.sizePolicy()
        policy.setHeightForWidth(True)  # the buttons wrap
        place.setSizePolicy(policy)
        row = FlowLayout(px(8), place)
        for made in self._remedies.values():
            row.addWidget(made)
        column.addSpacing(px(6))
        column.addWidget(place)
        self.setFixedWidth(px(400))

    def _make_buttons(self) -> dict[Remedy, Button]:
        """A button for everything that can be done; `follow` shows those that help."""
        acts = {
            Remedy.COPY: self._on_copy,
            Remedy.EDIT: lambda: self._leave(lambda: self._context.actions.edit_gateway(self._key)),
            Remedy.OPEN_FILE: lambda: self._leave(self._context.actions.open_settings_file),
            Remedy.RECONNECT: lambda: self._leave(
                lambda: self._context.actions.reconnect(self._key)
            ),
        }
        return {
            remedy: button(remedy_words(remedy), act, "primary" if remedy is _MAIN else "")
            for remedy, act in acts.items()
        }

    def follow(self, gateways: Mapping[str, Gateway]) -> None:
        """Show what is known now; without the gateway it closes."""
        gateway = gateways.get(self._key)
        if gateway is None:
            self.close()
            return
        connection = gateway.connection
        name = plain(gateway.name, 60)
        self._name.setText(name)
        self.setAccessibleName(tr("Connection to {name}", name=name))
        state = connection_line(connection, self._context.clock())
        self._state.setText(f"{plain(gateway.url, 120)}\n{state}".strip())
        texts = problem_text(connection.problem)
        for part, text in zip((self._title, self._message, self._next), texts, strict=True):
            part.setText(text)
            part.setVisible(bool(text))
        if texts.title and state.startswith(texts.title):
            self._title.hide()  # the line above says so, and when it is tried again
        self._command = command_for(connection.problem) if connection.problem else ""
        offered = {remedy for remedy, _ in remedies(connection.problem)}
        for remedy, made in self._remedies.items():
            made.setVisible(remedy in offered)
        lines = fingerprint_lines(connection.problem) if connection.problem else ()
        facts = "\n".join((*lines, connection_facts(connection))).strip()
        self._facts.setText(facts)
        self._facts.setVisible(bool(facts))

    def open_under(self, pill: QWidget) -> None:
        """Open below a pill, inside its screen."""
        # Not adjustSize: it takes the height of another width than the fixed one.
        self._column.activate()
        self.resize(self.width(), self._column.totalHeightForWidth(self.width()))
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

    def offered(self) -> list[str]:
        """What its buttons say."""
        return [made.text() for made in self._remedies.values() if not made.isHidden()]

    def press(self, remedy: Remedy) -> None:
        """Press one of its buttons."""
        self._remedies[remedy].click()

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._command)
        self._remedies[Remedy.COPY].setText(tr("Copied"))

    def _leave(self, act: Callable[[], None]) -> None:
        self.close()
        act()
