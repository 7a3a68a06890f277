"""The head of the details: who it is, where, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cc_desktop.desktop.widgets.accessible.picture import Picture
from cc_desktop.desktop.widgets.labels import ElidedLabel, label, set_colour
from cc_desktop.desktop.widgets.status_mark import StatusMark
from cc_desktop.text.agent_facts import shown_model
from cc_desktop.text.agents import headline
from cc_desktop.text.format import avatar, plain
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.model import Agent, Gateway


class Avatar(Picture):
    """The tile with an agent's emoji or initials."""

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self._look = look
        self._text = ""
        self.setFixedSize(look.metrics.px(44), look.metrics.px(44))

    def show_text(self, text: str, name: str) -> None:
        """Show another agent's."""
        self.setAccessibleName(tr("Picture of {name}", name=name))
        if text != self._text:
            self._text = text
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the tile."""
        theme, metrics = self._look.theme, self._look.metrics
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.line), 1))
        painter.setBrush(QColor(theme.raised))
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, metrics.px(8), metrics.px(8))
        painter.setFont(metrics.font(15 if self._text.isascii() else 23, self._text.isascii()))
        painter.setPen(QColor(theme.muted))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), self._text)
        painter.end()


class DetailsHead(QWidget):
    """Avatar, name, place and status."""

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self._look = look
        metrics = look.metrics
        self._avatar = Avatar(look)
        self._name = ElidedLabel(look, metrics.font(17, bold=True))
        self._place = ElidedLabel(look, metrics.font(12.5), muted=True)
        self._mark = StatusMark(look)
        self._state = label(metrics.font(bold=True))
        names = QVBoxLayout()
        names.setSpacing(metrics.px(2))
        names.addWidget(self._name)
        names.addWidget(self._place)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(metrics.px(8))
        row.addWidget(self._avatar)
        row.addSpacing(metrics.px(4))
        row.addLayout(names, 1)
        row.addWidget(self._mark)
        row.addWidget(self._state)

    def show_agent(self, agent: Agent, gateway: Gateway, now: int, *, muted: bool) -> None:
        """Show what is known now. `now`: local ms."""
        name = plain(agent.shown_name, 120)
        self._avatar.show_text(avatar(agent.shown_name, agent.emoji), name)
        self._name.setText(name)
        parts = [tr("Muted")] if muted else []
        parts += [plain(gateway.name, 60), shown_model(agent), plain(agent.id, 60)]
        self._place.setText(" · ".join(part for part in parts if part))
        self._mark.show_status(agent.status)
        self._state.setText(headline(agent, now, gateway.clock_offset_ms))
        set_colour(self._state, self._look.theme.status_text(agent.status))

    def name(self) -> str:
        """The name of the agent."""
        return self._name.text()

    def place(self) -> str:
        """Gateway, model and id."""
        return self._place.text()

    def state(self) -> str:
        """Status and its duration."""
        return self._state.text()
