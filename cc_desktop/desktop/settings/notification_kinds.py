"""Which kinds of notifications are shown, and how they sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel

from cc_desktop.desktop.widgets.card import Card
from cc_desktop.desktop.widgets.inputs import Choice, check_box
from cc_desktop.desktop.widgets.labels import wrapping_label
from cc_desktop.notifications.kinds import TABLE, AlertKind, Sound
from cc_desktop.notifications.preferences import KindPreference
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.desktop.settings.page import SettingsContext
    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.notifications.kinds import KindRule
    from cc_desktop.notifications.preferences import Preferences

SOUNDS = {
    Sound.NONE: mark("None"),
    Sound.MESSAGE: mark("Message"),
    Sound.ALERT: mark("Alert"),
}


class KindRow:
    """The switch, the sound and "also when quiet" of one kind."""

    def __init__(
        self, look: ThemeManager, rule: KindRule, changed: Callable[[KindRow], None]
    ) -> None:
        """`changed` is called when the operator changed something."""
        self.kind = rule.kind
        words = tr(rule.label)
        self.on = check_box(look, words)
        self.sound = Choice(look)
        for sound, name in SOUNDS.items():
            self.sound.addItem(tr(name), sound)
        # Not shown: on Linux, screen readers name a combo box after the label it is the buddy of.
        self.sound_label = QLabel(tr("{kind}: sound", kind=words))
        self.sound_label.setTextFormat(Qt.TextFormat.PlainText)
        self.sound_label.setBuddy(self.sound)
        self.sound_label.hide()
        self.sound.setAccessibleName(self.sound_label.text())
        self.even_quiet = check_box(look, name=tr("{kind}: also when quiet", kind=words))
        self.even_quiet.setToolTip(tr("Also while snoozed and during quiet hours"))
        self.on.clicked.connect(lambda _on: changed(self))
        self.sound.activated.connect(lambda _row: changed(self))
        self.even_quiet.clicked.connect(lambda _on: changed(self))

    @property
    def choice(self) -> KindPreference:
        """What is chosen."""
        sound = list(SOUNDS)[self.sound.currentIndex()]
        return KindPreference(self.on.isChecked(), sound, self.even_quiet.isChecked())

    def fill(self, choice: KindPreference, enabled: bool) -> None:
        """Show a choice."""
        self.on.setChecked(choice.on)
        self.sound.setCurrentIndex(list(SOUNDS).index(choice.sound))
        self.even_quiet.setChecked(choice.even_quiet)
        self.on.setEnabled(enabled)
        self.sound.setEnabled(enabled and choice.on)
        self.even_quiet.setEnabled(enabled and choice.on)


class KindsSection(Card):
    """A row for every kind of the table."""

    def __init__(self, context: SettingsContext) -> None:
        super().__init__(context.look, tr("Notify me when"))
        self._context = context
        self.rows: dict[AlertKind, KindRow] = {}
        px, font = context.look.metrics.px, context.look.metrics.font
        grid = QGridLayout()
        grid.setHorizontalSpacing(px(16))
        grid.setVerticalSpacing(px(4))
        grid.setColumnStretch(0, 1)
        for column, text in ((1, tr("Sound")), (2, tr("Also when quiet"))):
            head = wrapping_label(font(12), text, muted=True)
            grid.addWidget(head, 0, column, Qt.AlignmentFlag.AlignBottom)
        line, group = 0, ""
        for rule in TABLE:
            if rule.group != group:
                group = rule.group
                head = wrapping_label(font(bold=True), tr(group))
                head.setContentsMargins(0, px(6) if line else 0, 0, px(2))
                line += 1 if line else 0
                grid.addWidget(head, line, 0)
            line += 1
            row = self.rows[rule.kind] = KindRow(context.look, rule, self._on_changed)
            grid.addWidget(row.on, line, 0, Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(row.sound, line, 1)
            grid.addWidget(row.sound_label, line, 1)
            grid.addWidget(row.even_quiet, line, 2)
        self.body.addLayout(grid)

    def fill(self, chosen: Preferences) -> None:
        """Show what is chosen."""
        for kind, row in self.rows.items():
            row.fill(chosen.kinds[kind], chosen.on)

    def _on_changed(self, row: KindRow) -> None:
        center = self._context.center
        center.set_preferences(center.preferences.with_kind(row.kind, row.choice))
