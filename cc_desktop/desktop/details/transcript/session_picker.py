"""Chooses which session of an agent is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QWidget

from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.text.format import local, plain, tooltip, when
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.model import Agent, Session

MOST_LISTED = 20  # sessions in the menu; the tab Sessions has all
SHOWN_CHARS = 26  # of a title on the button


class SessionPicker(QWidget):
    """A button with the title of the session, and a menu of the newest others.

    Signals:
        chosen: The key of a session.
    """

    chosen = Signal(str)

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self.button = button("", self._open)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.button)
        self._menu = QMenu(self)
        self._sessions: list[Session] = []
        self._now = self._offset = 0
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.button.setFont(look.metrics.font(12))
        self.setFocusProxy(self.button)

    def show_session(self, agent: Agent, key: str, now: int, clock_offset_ms: int) -> None:
        """Show which one it is."""
        newest = [agent.sessions[one] for _, one in reversed(agent.by_activity[-MOST_LISTED:])]
        session = agent.sessions.get(key)
        if session is not None and session not in newest:
            newest.append(session)
        self._sessions, self._now, self._offset = newest, now, clock_offset_ms
        title = plain(session.title, 160) if session else ""
        short = title if len(title) <= SHOWN_CHARS else title[: SHOWN_CHARS - 1] + "…"
        self.button.setText(f"{short} ▾")
        self.button.setToolTip(tooltip(plain(title)) if len(title) > SHOWN_CHARS else "")
        self.button.setAccessibleName(tr("Session: {title}", title=title))
        self.setVisible(len(agent.sessions) > 1)

    def _open(self) -> None:
        self._menu.clear()
        for session in self._sessions:
            at = when(local(session.activity_at, self._offset), self._now)
            title = plain(session.title, 60).replace("&", "&&")
            action = self._menu.addAction(f"{title}\t{at}")
            action.triggered.connect(lambda _checked=False, key=session.key: self.chosen.emit(key))
        self._menu.popup(self.mapToGlobal(self.rect().bottomLeft()))
