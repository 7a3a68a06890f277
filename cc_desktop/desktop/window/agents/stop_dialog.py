"""Stops everything, after a second yes, and reports run by run until every end is known."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout

from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.inputs import Choice, check_box
from cc_desktop.desktop.widgets.labels import label, wrapping_label
from cc_desktop.desktop.widgets.rights.operate import is_connected, may_operate
from cc_desktop.desktop.widgets.rights.right_prompt import RightPrompt, RightsPort
from cc_desktop.desktop.widgets.rows.change_batch import ChangeBatch
from cc_desktop.desktop.widgets.rows.record_table import RecordTable
from cc_desktop.desktop.widgets.rows.subscription import Subscription
from cc_desktop.desktop.window.agents.stop_rows import RunModel, running_rows, stopped_rows
from cc_desktop.fleet.commands import Right, StopAll, StopRun
from cc_desktop.text.agents.stopping import agreement, report, what_runs
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QShowEvent
    from PySide6.QtWidgets import QWidget

    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.desktop.window.agents.stop_rows import RunRow
    from cc_desktop.fleet.commands import CommandState

WIDTH, HEIGHT = 760, 440  # design px


class StopDialog(QDialog):
    """What runs where; then what became of each. It follows the model while it is shown."""

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Stop everything"))
        self._context = context
        self._following = Subscription(lambda: self._context.store.subscribe(self._changes.add))
        self._changes = ChangeBatch(self)
        self._changes.ready.connect(lambda _changes: self.refresh())
        self._batch = ""  # the id of the `StopAll` that was asked for
        self._asked: list[RunRow] = []  # what ran then
        self._states: dict[str, CommandState] = {}  # by command id; the model forgets what is done
        self._prompts: dict[str, tuple[QLabel, RightPrompt]] = {}
        look, px = context.look, context.look.metrics.px
        self.words = wrapping_label(look.metrics.font(13, bold=True))
        self.where = Choice(look)
        self.where.setAccessibleName(tr("Gateway"))
        self.model = RunModel(look, self)
        self.table = RecordTable(look, self.model, tr("Runs"), 32)
        self.agree = check_box(look)
        self.stop = button(tr("Stop all"), self._on_stop, "danger")
        self.leave = button(tr("Cancel"), self.reject)
        self._rights = QVBoxLayout()
        self._rights.setSpacing(px(6))
        foot = QHBoxLayout()
        foot.setSpacing(px(8))
        foot.addWidget(self.agree)
        foot.addStretch(1)
        foot.addWidget(self.leave)
        foot.addWidget(self.stop)
        head = QHBoxLayout()
        head.setSpacing(px(12))
        head.addWidget(self.words, 1)
        head.addWidget(self.where)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(18), px(16), px(18), px(16))
        column.setSpacing(px(12))
        column.addLayout(head)
        column.addWidget(self.table, 1)
        column.addLayout(self._rights)
        column.addLayout(foot)
        self.resize(px(WIDTH), px(HEIGHT))
        self.agree.toggled.connect(lambda _on: self.refresh())
        self._fill_choice()
        self.where.currentIndexChanged.connect(lambda _place: self._on_other_place())
        self.leave.setFocus()
        self.refresh()

    def _fill_choice(self) -> None:
        self.where.addItem(tr("All gateways"), "")
        gateways = [one for one in self._context.store.fleet.shown() if is_connected(one)]
        for one in gateways:
            self.where.addItem(plain(one.name, 40), one.id)
        self.where.setVisible(len(gateways) > 1)

    def _on_other_place(self) -> None:
        self.agree.setChecked(False)  # another set of runs is another yes
        self.refresh()

    # What is shown

    def refresh(self) -> None:
        """Show what is known now."""
        fleet = self._context.store.fleet
        if self._batch:
            self._take_states()
            states = list(self._states.values())
            self.model.sync(stopped_rows(fleet, states, self._asked))
            self.words.setText(report(states))
            return
        place = str(self.where.currentData() or "")
        rows = running_rows(fleet, place, self._context.clock())
        self.model.sync(rows)
        gateways = list(dict.fromkeys(row.key[0] for row in rows))
        self.words.setText(what_runs(len(rows), len(gateways)))
        self.agree.setText(agreement(len(rows)))
        self.table.setVisible(bool(rows))
        self.leave.setText(tr("Cancel") if rows else tr("Close"))
        self._ask_for_rights(gateways)
        able = any(may_operate(fleet.gateways.get(gateway)) for gateway in gateways)
        self.agree.setVisible(able)
        self.stop.setVisible(able)
        self.stop.setEnabled(able and self.agree.isChecked())

    def _take_states(self) -> None:
        for gateway in self._context.store.fleet.gateways.values():
            for ident, state in gateway.commands.items():
                if isinstance(state.command, StopRun) and state.command.batch == self._batch:
                    self._states[ident] = state

    def _ask_for_rights(self, gateways: list[str]) -> None:
        """A line for each gateway whose runs cannot be stopped from here yet."""
        fleet = self._context.store.fleet
        missing = [name for name in gateways if not may_operate(fleet.gateways.get(name))]
        for name in [name for name in self._prompts if name not in missing]:
            for part in self._prompts.pop(name):
                part.hide()
                part.deleteLater()
        for name in missing:
            if name in self._prompts:
                continue
            words = tr(
                "{gateway}: this app may not stop runs there",
                gateway=plain(fleet.gateways[name].name, 60),
            )
            note = label(self._context.look.metrics.font(12), words, muted=True)
            prompt = RightPrompt(RightsPort.of(self._context), name, Right.OPERATE)
            prompt.changed.connect(self.refresh)
            row = QHBoxLayout()
            row.addWidget(note, 1, Qt.AlignmentFlag.AlignTop)
            row.addWidget(prompt, 1)
            self._rights.addLayout(row)
            self._prompts[name] = (note, prompt)

    # What the operator does

    def _on_stop(self) -> None:
        if self._batch or not self.agree.isChecked():
            return
        self._asked = self.model.rows()
        self._batch = uuid.uuid4().hex[:16]
        for part in (self.agree, self.stop, self.where):
            part.hide()
        for note, prompt in self._prompts.values():
            note.hide()
            prompt.hide()
        self.leave.setText(tr("Close"))
        self.leave.setFocus()
        place = str(self.where.currentData() or "")
        self._context.actions.execute(StopAll(gateway=place, id=self._batch))
        self.refresh()

    @property
    def is_over(self) -> bool:
        """Whether every end is known."""
        return bool(self._batch) and all(state.is_over for state in self._states.values())

    # Being seen, or not

    def showEvent(self, event: QShowEvent) -> None:
        """Qt override: follow the model while it is shown."""
        super().showEvent(event)
        self._following.start()
        self._changes.set_active(True)
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt override: nobody looks."""
        super().hideEvent(event)
        self._changes.set_active(False)
        self._following.stop()
