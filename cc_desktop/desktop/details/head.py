"""The head of the details: who it is, where, how, and the way to the gateway's own page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from cc_desktop.config.control_ui import control_ui_address
from cc_desktop.desktop.details.tab import Told
from cc_desktop.desktop.icons.avatar import draw_avatar
from cc_desktop.desktop.widgets.accessible.picture import Picture
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.labels import ElidedLabel, label, set_colour, wrapping_label
from cc_desktop.desktop.widgets.status_mark import StatusMark
from cc_desktop.fleet.model import Status
from cc_desktop.text.agent_facts import newest, shown_model
from cc_desktop.text.agents import NOTHING, headline, two_lines
from cc_desktop.text.format import avatar, plain, tooltip
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QPaintEvent, QResizeEvent

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.model import Agent, Gateway

NARROW = 330  # design px: below that, the status stands under the name
WITH_REASON = (Status.ERROR, Status.WAITING, Status.STUCK, Status.OFFLINE)


class Avatar(Picture):
    """The tile with an agent's emoji or initials."""

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self._look = look
        self._text = self._name = ""
        self.setFixedSize(look.metrics.px(44), look.metrics.px(44))

    def show_text(self, text: str, name: str) -> None:
        """Show another agent's."""
        self.setAccessibleName(tr("Picture of {name}", name=name))
        if (text, name) != (self._text, self._name):
            self._text, self._name = text, name
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the tile."""
        theme, metrics = self._look.theme, self._look.metrics
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        fonts = (metrics.font(23), metrics.font(15, bold=True))
        if self._text:
            draw_avatar(
                painter, QRectF(self.rect()), self._text, self._name, theme, fonts, metrics.px(8)
            )
        painter.end()


class DetailsHead(QWidget):
    """Avatar, name, place, status with its reason, workspace, and a link to the Control UI."""

    def __init__(self, look: ThemeManager, open_address: Callable[[str], None]) -> None:
        super().__init__()
        self._look = look
        self._open_address = open_address
        self._address = ""
        self._is_narrow: bool | None = None
        metrics = look.metrics
        self._avatar = Avatar(look)
        self._name = wrapping_label(metrics.font(17, bold=True))
        self._place = wrapping_label(metrics.font(12.5), muted=True)
        self._workspace = ElidedLabel(look, metrics.font(12), muted=True)
        self._reason = ElidedLabel(look, metrics.font(12.5))
        self._since = ElidedLabel(look, metrics.font(12.5), muted=True)
        self._mark = StatusMark(look)
        self._state = label(metrics.font(bold=True))
        self.link = button(tr("Open in Control UI ↗"), self._on_link, "link")
        self.link.setFont(metrics.font(12))
        self.link.setAccessibleName(tr("Open in Control UI"))
        self._names = self._column(self._name, self._place)
        self._status = QWidget()
        self._below = self._column(self._reason, self._since, self._workspace)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(metrics.px(12))
        self._grid.setVerticalSpacing(metrics.px(6))
        self._grid.setColumnStretch(1, 1)
        self._grid.addWidget(self._avatar, 0, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(self._names, 0, 1)
        self._grid.addWidget(self._below, 2, 0, 1, 3)
        self._build_status()
        self._arrange(narrow=False)

    def _column(self, *parts: QWidget) -> QWidget:
        pane = QWidget()
        column = QVBoxLayout(pane)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(self._look.metrics.px(2))
        for part in parts:
            column.addWidget(part)
        return pane

    def _build_status(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(self._look.metrics.px(8))
        row.addWidget(self._mark)
        row.addWidget(self._state)
        self._rows = QVBoxLayout(self._status)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(self._look.metrics.px(2))
        self._state_row = QWidget()
        row.setContentsMargins(0, 0, 0, 0)
        self._state_row.setLayout(row)
        self._rows.addWidget(self._state_row)
        self._rows.addWidget(self.link)

    def _arrange(self, *, narrow: bool) -> None:
        """Put the status beside the name, or under it."""
        if narrow is self._is_narrow:
            return
        self._is_narrow = narrow
        self._grid.removeWidget(self._status)
        side = Qt.AlignmentFlag.AlignLeft if narrow else Qt.AlignmentFlag.AlignRight
        place = (1, 1) if narrow else (0, 2)
        self._grid.addWidget(self._status, *place, side | Qt.AlignmentFlag.AlignTop)
        for part in (self._state_row, self.link):
            self._rows.setAlignment(part, side)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override: a narrow pane has no room for two columns."""
        super().resizeEvent(event)
        self._arrange(narrow=self.width() < self._look.metrics.px(NARROW))

    def show_agent(
        self,
        agent: Agent,
        gateway: Gateway,
        now: int,
        *,
        muted: bool,
        told: Told = Told.NOTHING,
    ) -> None:
        """Show what is known now. `now`: local ms; `told`: what is said below."""
        name = plain(agent.shown_name, 120)
        self._avatar.show_text(avatar(agent.shown_name, agent.emoji), name)
        self._name.setText(breakable(name))
        parts = [tr("Muted")] if muted else []
        parts += [plain(gateway.name, 60), shown_model(agent), plain(agent.id, 60)]
        self._place.setText(breakable(" · ".join(part for part in parts if part)))
        self._mark.show_status(agent.status)
        self._state.setText(headline(agent, now, gateway.clock_offset_ms))
        set_colour(self._state, self._look.theme.status_text(agent.status))
        self._show_reason(agent, gateway, now, told)
        workspace = plain(agent.workspace, 400)
        self._show(self._workspace, tr("Works in {folder}", folder=workspace) if workspace else "")
        session = agent.cause or newest(agent)
        version = gateway.connection.server_version
        self._address = control_ui_address(gateway.url, version, session.key if session else "")
        self.link.setVisible(bool(self._address))
        self.link.setToolTip(tooltip(self._address))

    def _show_reason(self, agent: Agent, gateway: Gateway, now: int, told: Told) -> None:
        task, since = "", ""
        if agent.status in WITH_REASON and told is not Told.ALL:
            task, since = two_lines(agent, now, gateway.clock_offset_ms)
        if agent.status in (Status.ERROR, Status.STUCK):
            # One line, whichever it is: the tabs below stay where they are.
            task, since = ("", since) if told is Told.REASON else (task, "")
        self._show(self._reason, "" if task == NOTHING else task)
        self._show(self._since, since)

    def _show(self, line: ElidedLabel, text: str) -> None:
        line.setVisible(bool(text))
        if text != line.text():
            line.setText(text)
            line.setToolTip(tooltip(text))

    def _on_link(self) -> None:
        if self._address:
            self._open_address(self._address)

    def address(self) -> str:
        """What the link opens; "" where there is no such page."""
        return self._address

    def name(self) -> str:
        """The name of the agent."""
        return whole(self._name.text())

    def place(self) -> str:
        """Gateway, model and id."""
        return whole(self._place.text())

    def state(self) -> str:
        """Status and its duration."""
        return self._state.text()

    def reason(self) -> str:
        """Why it is in its status, and since when."""
        return "\n".join(line.text() for line in (self._reason, self._since) if line.text())

    def workspace(self) -> str:
        """Where it works."""
        return self._workspace.text()


LONGEST_WORD = 24  # characters; a longer one may be broken anywhere
_BREAK = "\u200b"  # zero width space: Qt may break a line there


def breakable(text: str) -> str:
    """The text so that a word without end wraps as well instead of widening the pane."""
    words = []
    for word in text.split(" "):
        if len(word) > LONGEST_WORD:
            parts = (word[at : at + 8] for at in range(0, len(word), 8))
            word = _BREAK.join(parts)
        words.append(word)
    return " ".join(words)


def whole(text: str) -> str:
    """The text as it was before `breakable`."""
    return text.replace(_BREAK, "")
