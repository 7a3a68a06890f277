"""Working through what needs somebody: mark as seen, undo, go on to the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QKeySequence, QShortcut

from cc_desktop.desktop.widgets.rows.seen_steps import SeenSteps
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cc_desktop.desktop.widgets.agent_pane import Key
    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.desktop.window.agents.agent_list import AgentList
    from cc_desktop.desktop.window.agents.agent_model import AgentModel
    from cc_desktop.desktop.window.agents.selection import Selection
    from cc_desktop.desktop.window.bars.app_notice import AppMessageBar
    from cc_desktop.fleet.inbox import InboxItem

STOP_KEYS = QKeySequence("Ctrl+Shift+.")


class Triage(QObject):
    """Commands for the agents that are selected in the list.

    Signals:
        nobody: The next agent that needs somebody is asked for, and there is none.
    """

    nobody = Signal()

    def __init__(
        self,
        context: ViewContext,
        model: AgentModel,
        view: AgentList,
        selection: Selection,
        bar: AppMessageBar,
    ) -> None:
        """Args: `bar` says what was marked, and offers to undo it."""
        super().__init__(view)
        self._context = context
        self._model = model
        self._view = view
        self._selection = selection
        self._bar = bar
        self._marks = SeenSteps(context.actions.execute, lambda item: (item,))
        bar.chosen.connect(self.undo)
        view.stop_wanted.connect(self.stop_everything)
        QShortcut(STOP_KEYS, view).activated.connect(self.stop_everything)

    def unseen(self, keys: Iterable[Key]) -> list[InboxItem]:
        """What nobody has seen of these agents."""
        found: list[InboxItem] = []
        for gateway_id, agent_id in keys:
            gateway = self._context.store.fleet.gateways.get(gateway_id)
            items = gateway.inbox.get(agent_id, ()) if gateway else ()
            found += [item for item in items if not item.seen]
        return found

    def mark_selected(self) -> None:
        """Mark what the selected agents have as seen, and go on to the next that needs you."""
        keys = self._view.selected_keys()
        items = self.unseen(keys)
        if not items:
            return
        after = self._next_after(keys[-1]) if keys else None
        self._mark(items)
        if after is not None and after not in keys:
            self._selection.pick(after)
            self._selection.keep()
            self._view.reveal(after)
        self._view.setFocus()

    def mark_all(self) -> None:
        """Mark whatever there is as seen."""
        gateways = self._context.store.fleet.gateways.values()
        keys = [(one.id, agent) for one in gateways if not one.hidden for agent in one.agents]
        items = self.unseen(keys)
        if items:
            self._mark(items)

    def undo(self) -> None:
        """Make unseen again what was marked last."""
        self._bar.show_line("")
        items = self._marks.undo()
        if items:
            self._selection.want((items[0].gateway, items[0].agent))

    def next(self) -> None:
        """Look at the next agent that needs somebody, from the top again after the last."""
        key = self._next_after(self._selection.key)
        if key is None:
            self.nobody.emit()
            return
        self._selection.pick(key)
        self._selection.keep()
        self._view.reveal(key)
        self._view.setFocus()

    def stop_everything(self) -> None:
        """Show what runs, and the way to stop all of it."""
        from cc_desktop.desktop.window.agents.stop_dialog import StopDialog  # rarely wanted

        StopDialog(self._context, self._view.window()).open()

    def _next_after(self, key: Key | None) -> Key | None:
        rows = self._model.rows()
        keys = [row.key for row in rows]
        start = keys.index(key) + 1 if key in keys else 0
        for row in [*rows[start:], *rows[:start]]:
            if row.status.needs_you:
                return row.key
        return None

    def _mark(self, items: list[InboxItem]) -> None:
        self._marks.mark(items)
        if len(items) == 1:
            words = tr("Marked as seen: {name}", name=plain(items[0].name, 60))
        else:
            words = tr("Marked {n} as seen", n=len(items))
        self._bar.show_line(words, tr("Undo"))
