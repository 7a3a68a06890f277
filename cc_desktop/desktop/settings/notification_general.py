"""Whether notifications are shown at all, by whom, and a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout

from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.card import Card
from cc_desktop.desktop.widgets.inputs import check_box
from cc_desktop.desktop.widgets.labels import wrapping_label
from cc_desktop.text.format import clock, plain
from cc_desktop.text.i18n import tr
from cc_desktop.text.notifications import hook_words

if TYPE_CHECKING:
    from cc_desktop.desktop.settings.page import SettingsContext
    from cc_desktop.notifications.preferences import Preferences


class GeneralSection(Card):
    """The main switch."""

    def __init__(self, context: SettingsContext) -> None:
        super().__init__(context.look, tr("General"))
        self._context = context
        px, font = context.look.metrics.px, context.look.metrics.font
        self.on = check_box(context.look, tr("Show notifications"))
        self.add_switch(self.on)
        self._who = self.add_help()
        self.test = button(tr("Send a test"), self._on_test)
        self._tested = wrapping_label(font(12), muted=True)
        row = QHBoxLayout()
        row.setSpacing(px(12))
        row.addWidget(self.test)
        row.addWidget(self._tested, 1)
        self.add_indented(row)
        self.subagents = check_box(context.look, tr("Include sessions started by agents"))
        self.add_switch(self.subagents)
        self.hook = self.add_help()
        self.on.clicked.connect(lambda on: context.change_notifications(on=on))
        self.subagents.clicked.connect(lambda on: context.change_notifications(subagents=on))

    def fill(self, chosen: Preferences) -> None:
        """Show what is chosen."""
        self.on.setChecked(chosen.on)
        self.subagents.setChecked(chosen.subagents)
        self.subagents.setEnabled(chosen.on)
        self._fill_hook()
        backend = self._context.center.backend
        name, problem = plain(backend.name, 80), plain(backend.problem, 300)
        if name and not problem:
            self._who.setText(tr("Shown by {service}.", service=name))
            return
        why = problem or tr("No service shows notifications yet.")
        self._who.setText(tr("{why} They are listed under the bell.", why=why))

    def _fill_hook(self) -> None:
        """What the program of the settings file does: read only, since it is written there."""
        hooks, now = self._context.center.hooks, self._context.clock()
        last = hooks.last
        ended = (last.outcome, last.code, last.said, clock(last.at, now)) if last else None
        self.hook.setText(hook_words(plain(hooks.program, 200), ended) if hooks.program else "")
        self.hook.setVisible(bool(hooks.program))

    def who(self) -> str:
        """Who shows the notifications."""
        return self._who.text()

    def tested(self) -> str:
        """What became of the test."""
        return self._tested.text()

    def forget_test(self) -> None:
        """Say nothing of a test of earlier."""
        self._tested.setText("")

    def _on_test(self) -> None:
        self._context.center.send_test()
        backend, now = self._context.center.backend, self._context.clock()
        if backend.problem or not backend.name:
            self._tested.setText(tr("There is no service that could show it."))
        else:
            text = tr(
                "Sent at {at}. If you see nothing, check the notification settings of the system.",
                at=clock(now, now),
            )
            self._tested.setText(text)
