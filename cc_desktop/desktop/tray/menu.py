"""The tray's menu: what needs the operator, who is at work, and everything that can be done."""

from __future__ import annotations

import enum
import heapq
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from cc_desktop.fleet.model import Origin, Status
from cc_desktop.fleet.summary import summarize
from cc_desktop.text import format as words
from cc_desktop.text.agents import status_word

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.desktop.widgets.app_actions import Actions
    from cc_desktop.fleet.model import Agent, Fleet
    from cc_desktop.fleet.store import Store

HEADLINE = "headline"
LISTED = 12  # agents of each kind
NEED_YOU = (Status.ERROR, Status.WAITING, Status.STUCK)
AT_WORK = (Status.ACTIVE, Status.THINKING)


class TrayKind(enum.Enum):
    """How a tray gets the icon. An icon of one kind never appears in a tray of the other."""

    DBUS = "StatusNotifierItem"
    NATIVE = "the system's own: XEmbed, Windows, macOS"


class Line(NamedTuple):
    """An entry about the fleet."""

    gateway: str  # id; "" when it is about no single agent
    agent: str  # id, or which line it is
    text: str


class TrayMenu:
    """Makes the entries. One QMenu for life: hosts keep what they were handed."""

    def __init__(
        self,
        store: Store,
        actions: Actions,
        open_fleet: Callable[[], None],
        open_agent: Callable[[str, str], None],
        extend: Callable[[QMenu], None],
        state: Callable[[], object],
    ) -> None:
        """`extend` adds entries above Quit, and again whenever what `state` gives is another.

        A submenu whose parent is the menu is deleted when it is made anew.
        """
        self.menu = QMenu()
        self.kind: TrayKind | None = None
        self._store = store
        self._actions = actions
        self._open_fleet = open_fleet
        self._open_agent = open_agent
        self._extend = extend
        self._state = state
        self._lines: tuple[Line, ...] = ()
        self._entries: dict[tuple[str, str], QAction] = {}
        self._below_headline = _separator()
        self._below_lines = _separator()
        self._fixed: object = None  # what the entries below the lines were made for

    def update(self) -> None:
        """Show what is known now."""
        fixed = (self.kind, self._state())
        lines = menu_lines(self._store.fleet)
        if fixed != self._fixed:
            self._fixed = fixed
            self._lines = ()
            self._rebuild()
        if lines != self._lines:
            self._lines = lines
            self._show(lines)

    def _show(self, lines: tuple[Line, ...]) -> None:
        """Change only what is another.

        Trays on D-Bus keep what they fetched, and a click names an entry by its number: one that
        is still there has to stay the same entry, or the click would be lost.
        """
        ids = {line[:2] for line in lines}
        for ident in self._entries.keys() - ids:
            gone = self._entries.pop(ident)
            self.menu.removeAction(gone)
            gone.deleteLater()
        after = self._below_lines
        for place, line in reversed(list(enumerate(lines))):
            if place == 0:
                after = self._below_headline
            entry = self._entries.get(line[:2])
            text = menu_text(line.text, self.kind)
            if entry is None:
                entry = self._entries[line[:2]] = self._entry(line)
            if entry.text() != text:
                entry.setText(text)
            order = self.menu.actions()
            if entry not in order or order[order.index(entry) + 1] is not after:
                self.menu.insertAction(after, entry)
            after = entry
        self._below_headline.setVisible(len(lines) > 1)

    def _entry(self, line: Line) -> QAction:
        entry = QAction(menu_text(line.text, self.kind), self.menu)
        if line.gateway:
            gateway, agent = line.gateway, line.agent
            entry.triggered.connect(lambda _checked=False: self._open_agent(gateway, agent))
        elif line.agent == HEADLINE:
            entry.setEnabled(False)
        else:
            entry.triggered.connect(lambda _checked=False: self._open_fleet())
        return entry

    def _rebuild(self) -> None:
        submenus = [action.menu() for action in self.menu.actions()]
        self.menu.clear()
        for submenu in submenus:
            if isinstance(submenu, QMenu) and submenu.parent() is self.menu:
                submenu.deleteLater()
        self._entries = {}
        self.menu.addActions([self._below_headline, self._below_lines])
        opener = self.menu.addAction("Open fleet")
        opener.triggered.connect(lambda _checked=False: self._open_fleet())
        self.menu.setDefaultAction(opener)
        reconnect = self.menu.addAction("Reconnect now")
        reconnect.triggered.connect(lambda _checked=False: self._actions.reconnect(None))
        self._extend(self.menu)
        self.menu.addSeparator()
        self.menu.addAction("Quit").triggered.connect(lambda _checked=False: self._actions.quit())


def _separator() -> QAction:
    """Without a parent: the menu deletes its own when it is cleared."""
    separator = QAction()
    separator.setSeparator(True)
    return separator


def menu_lines(fleet: Fleet) -> tuple[Line, ...]:
    """The headline, the agents that need the operator, those at work."""
    summary = summarize(fleet)
    demo = "DEMO · " if summary.origin is Origin.DEMO else ""
    lines = [Line("", HEADLINE, f"{demo}{summary.headline}")]
    several = len(fleet.shown()) > 1
    need_you, at_work = _agents(fleet)
    for name, agents in (("need you", need_you), ("at work", at_work)):
        first = heapq.nsmallest(LISTED, agents, key=_place)
        for agent in first:
            where = f" ({words.plain(fleet.gateways[agent.gateway].name, 30)})" if several else ""
            text = f"{words.plain(agent.shown_name, 40)}{where} · {status_word(agent.status)}"
            lines.append(Line(agent.gateway, agent.id, text))
        if len(agents) > len(first):
            lines.append(Line("", name, f"and {len(agents) - len(first)} more"))
    return tuple(lines)


def _agents(fleet: Fleet) -> tuple[list[Agent], list[Agent]]:
    need_you, at_work = [], []
    for gateway in fleet.shown():
        for agent in gateway.agents.values():
            if agent.status in AT_WORK:
                at_work.append(agent)
            elif agent.status in NEED_YOU:
                need_you.append(agent)
    return need_you, at_work


def _place(agent: Agent) -> tuple[int, str, str, str]:
    """The worst first; those at work by name, for they go from thinking to working all the time."""
    rank = NEED_YOU.index(agent.status) if agent.status in NEED_YOU else 0
    return rank, agent.shown_name.casefold(), agent.gateway, agent.id


def menu_text(text: str, kind: TrayKind | None) -> str:
    """The text of an entry so that the tray shows every character of it.

    WORKAROUND(https://github.com/hluk/CopyQ/issues/1981):
    Over D-Bus "_" marks the access key and "__" is the character. Qt turns its first "&" into "_",
    and leaves every other character as it is.
    """
    if kind is TrayKind.DBUS:
        first = "&" if "&" in text else ""  # for Qt, so that the others stay
        return first + text.replace("_", "__")
    return text.replace("&", "&&")
