"""The tray's menu: what needs the operator, who works, and everything that can be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from cc_desktop.desktop.tray.availability import TrayKind
from cc_desktop.desktop.tray.fleet_lines import HEADLINE, Line, fleet_lines
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cc_desktop.desktop.widgets.app_actions import Actions
    from cc_desktop.fleet.store import Store


class MenuPart(Struct, frozen=True):
    """Entries beside those about the fleet.

    Attributes:
        state: Cheap; returns what the entries depend on. They are rebuilt when it differs.
        add: Adds the entries to the menu. A submenu whose parent is the menu is deleted with them.
    """

    state: Callable[[], object]
    add: Callable[[QMenu], None]


class TrayMenu:
    """Keeps one QMenu up to date for as long as the app runs: hosts keep what they were handed."""

    def __init__(
        self,
        store: Store,
        actions: Actions,
        open_fleet: Callable[[], None],
        open_agent: Callable[[str, str], None],
        open_item: Callable[[str], None],
        now_ms: Callable[[], int],
        parts: Sequence[MenuPart] = (),
    ) -> None:
        """Build nothing yet: see `update`.

        Args:
            store: The fleet.
            actions: What the operator can do.
            open_fleet: Shows the window.
            open_agent: Shows an agent, by gateway id and agent id.
            open_item: Shows an item of the inbox, by its id.
            now_ms: Local ms.
            parts: What stands between "Reconnect now" and "Quit".
        """
        self.menu = QMenu()
        self.kind: TrayKind | None = None
        self._store = store
        self._actions = actions
        self._open_fleet = open_fleet
        self._open_agent = open_agent
        self._open_item = open_item
        self._now_ms = now_ms
        self._parts = parts
        self._lines: tuple[Line, ...] = ()
        self._entries: dict[tuple[str, str, str], QAction] = {}
        self._above_agents = _separator()
        self._below_agents = _separator()
        self._built_for: object = None

    def update(self) -> None:
        """Show what is known now."""
        state = (self.kind, *(part.state() for part in self._parts))
        lines = fleet_lines(self._store.fleet, self._now_ms())
        if state != self._built_for:
            self._built_for = state
            self._lines = ()
            self._rebuild()
        if lines != self._lines:
            self._lines = lines
            self._show(lines)

    def _show(self, lines: tuple[Line, ...]) -> None:
        """Change only entries that differ.

        Trays on D-Bus keep what they fetched, and a click names an entry by its number. An entry
        that is still there must stay the same entry, or the click would be lost.
        """
        keys = {line.key for line in lines}
        for key in self._entries.keys() - keys:
            gone = self._entries.pop(key)
            self.menu.removeAction(gone)
            gone.deleteLater()
        after = self._below_agents
        for line in reversed(lines):
            if line.agent == HEADLINE and not line.gateway:
                after = self._opener
            entry = self._entries.get(line.key)
            text = menu_text(line.text, self.kind)
            if entry is None:
                entry = self._entries[line.key] = self._entry(line)
            if entry.text() != text:
                entry.setText(text)
            order = self.menu.actions()
            if entry not in order or order[order.index(entry) + 1] is not after:
                self.menu.insertAction(after, entry)
            after = entry
        self._above_agents.setVisible(len(lines) > 1)

    def _entry(self, line: Line) -> QAction:
        entry = QAction(menu_text(line.text, self.kind), self.menu)
        if line.item:
            ident = line.item
            entry.triggered.connect(lambda _checked=False: self._open_item(ident))
        elif line.gateway:
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
        self._opener = self._add(tr("Open fleet"), self._open_fleet)
        self.menu.setDefaultAction(self._opener)
        self.menu.addActions([self._above_agents, self._below_agents])
        self._add(tr("Reconnect now"), lambda: self._actions.reconnect(None))
        for part in self._parts:
            part.add(self.menu)
        self.menu.addSeparator()
        self._add(tr("Quit"), self._actions.quit)

    def _add(self, text: str, act: Callable[[], None]) -> QAction:
        entry = self.menu.addAction(text)
        entry.triggered.connect(lambda _checked=False: act())
        return entry


def _separator() -> QAction:
    """Without a parent: the menu deletes its own when it is cleared."""
    separator = QAction()
    separator.setSeparator(True)
    return separator


def menu_text(text: str, kind: TrayKind | None) -> str:
    """Return the text of an entry so that the tray shows every character of it.

    WORKAROUND(https://github.com/hluk/CopyQ/issues/1981):
    Over D-Bus "_" marks the access key and "__" is the character. Qt turns its first "&" into "_",
    and leaves every other character as it is.
    """
    if kind is TrayKind.DBUS:
        first = "&" if "&" in text else ""  # for Qt, so that the others stay
        return first + text.replace("_", "__")
    return text.replace("&", "&&")
