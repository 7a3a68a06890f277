"""The agent that the operator looks at: it stays while rows move around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from PySide6.QtCore import QModelIndex

    from cc_desktop.desktop.widgets.agent_pane import AgentPane, Key
    from cc_desktop.desktop.window.agents.agent_list import AgentList
    from cc_desktop.desktop.window.agents.agent_model import AgentModel
    from cc_desktop.fleet.model import Change


class Selection(QObject):
    """Keeps list and details at the same agent.

    Signals:
        picked: Another agent (its `Key`) is looked at.
        hidden: An agent that is asked for is there, but the filter hides it.
        found: The agent that was asked for is there, and picked.
    """

    picked = Signal(object)
    hidden = Signal()
    found = Signal()

    def __init__(self, model: AgentModel, view: AgentList, pane: AgentPane) -> None:
        super().__init__(view)
        self._model = model
        self._view = view
        self._pane = pane
        self._key: Key | None = None
        self._wanted: Key | None = None  # asked for before it was there
        self._follow: Key | None = None  # scroll along when its row moves
        view.selectionModel().currentChanged.connect(self._on_current_changed)
        view.opened.connect(self.open)
        view.message_wanted.connect(self.write)
        pane.gone.connect(self._on_gone)
        pane.handled.connect(self._on_handled)

    @property
    def key(self) -> Key | None:
        """Gateway id and agent id."""
        return self._key

    def is_about(self, changes: list[Change]) -> bool:
        """Whether changes are about the agent that is looked at."""
        key = self._key
        return key is not None and any(
            change.gateway == key[0] and getattr(change, "agent_id", key[1]) == key[1]
            for change in changes
        )

    def pick(self, key: Key) -> None:
        """Look at another agent."""
        self._key = key
        self._pane.show_agent(*key)
        self.picked.emit(key)

    def open(self, key: Key) -> None:
        """Look at an agent, with the keyboard in its details."""
        self.pick(key)
        self.keep()
        self._pane.focus_first()

    def write(self, key: Key) -> None:
        """Look at an agent, with the keyboard in the box for a message."""
        self.pick(key)
        self.keep()
        self._pane.focus_message()

    def pick_first(self) -> None:
        """Look at the agent at the top."""
        first = self._model.first()
        if first is not None:
            self.pick(first)
            self.keep()

    def want(self, key: Key) -> None:
        """Look at an agent as soon as it is there."""
        self._wanted = key
        self.take_wanted()

    def take_wanted(self) -> None:
        """Look at the agent that is asked for, if it is there by now."""
        key = self._wanted
        if key is None or self._model.known(key) is None:
            return
        self._wanted = None
        if not self._model.index_of(key).isValid():
            self.hidden.emit()
        self.pick(key)
        self.keep()
        self._view.reveal(key)
        self._view.setFocus()
        self.found.emit()

    def keep(self) -> None:
        """Select the agent in the list again after rows moved; if it is gone, the first one."""
        if self._key is None or self._model.known(self._key) is None:
            self._key = self._model.first()
            if self._key is None:
                self._pane.clear()
                return
            self.pick(self._key)
        index = self._model.index_of(self._key)
        if index != self._view.currentIndex():
            self._model.updating = True
            self._view.select_alone(index)
            self._model.updating = False
        if self._follow is not None and self._follow == self._key:
            self._view.reveal(self._key)

    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        row = self._model.row(current)
        if row is not None and not self._model.updating and row.key != self._key:
            self._follow = None
            self.pick(row.key)

    def _on_handled(self) -> None:
        """The row is about to move among the others: stay with it, in the list."""
        self._follow = self._key
        self._view.setFocus()

    def _on_gone(self) -> None:
        self._key = None
        self.keep()
