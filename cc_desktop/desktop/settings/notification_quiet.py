"""When it is quiet: hours on some days, and the do-not-disturb mode of the system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTime, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.card import INDENT, Card
from cc_desktop.desktop.widgets.flow_layout import FlowLayout
from cc_desktop.desktop.widgets.inputs import TimeField, check_box, day_button
from cc_desktop.desktop.widgets.labels import label
from cc_desktop.notifications.preferences import DAY_MIN, QuietWindow
from cc_desktop.text import notifications
from cc_desktop.text.format import DAYS
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from cc_desktop.desktop.settings.page import SettingsContext
    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.notifications.preferences import Preferences

NIGHT = QuietWindow(frozenset(range(5)), 22 * 60, 7 * 60)  # on the evenings from Monday to Friday


class QuietRow(QWidget):
    """Quiet hours on some days.

    Signals:
        changed: The operator changed days or times.
        removed: These hours are no longer wanted.
    """

    changed = Signal()
    removed = Signal()

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        px, font = look.metrics.px, look.metrics.font
        self._filling = False
        flow = FlowLayout(px(12), self)
        self.days = [
            day_button(look, tr(short), tr(name))
            for short, name in zip(notifications.SHORT_DAYS, DAYS, strict=True)
        ]
        self.start, self.end = TimeField(look, tr("Quiet from")), TimeField(look, tr("Quiet to"))
        self._next_day = label(font(12), muted=True)
        self._next_day.setMinimumWidth(px(60))
        self.remove = button(tr("Remove"), self.removed.emit, "link")
        self.remove.setMinimumHeight(self.start.height())
        to = label(font(), tr("to"), muted=True)
        flow.addWidget(_side_by_side(px(3), *self.days))
        flow.addWidget(_side_by_side(px(8), self.start, to, self.end, self._next_day))
        flow.addWidget(self.remove)
        for day in self.days:
            day.toggled.connect(lambda _on: self._on_changed())
        for time in (self.start, self.end):
            time.timeChanged.connect(lambda _time: self._on_changed())

    @property
    def hours(self) -> QuietWindow:
        """What is chosen."""
        days = frozenset(number for number, day in enumerate(self.days) if day.isChecked())
        return QuietWindow(days, _minutes(self.start.time()), _minutes(self.end.time()))

    def fill(self, hours: QuietWindow, enabled: bool) -> None:
        """Show quiet hours."""
        self._filling = True
        for number, day in enumerate(self.days):
            day.setChecked(number in hours.days)
        self.start.setTime(_time(hours.start))
        self.end.setTime(_time(hours.end))
        self._filling = False
        if hours.end <= hours.start:
            self._next_day.setText(tr("next day"))
        else:
            self._next_day.setText("" if hours.days else tr("on no day"))
        self.setEnabled(enabled)
        name = tr("Remove {hours}", hours=notifications.window_words(hours))
        self.remove.setAccessibleName(name)

    def remark(self) -> str:
        """What stands behind the times."""
        return self._next_day.text()

    def _on_changed(self) -> None:
        if not self._filling:
            self.changed.emit()


class QuietSection(Card):
    """Rows stay while they are edited, so that the keyboard focus stays in them."""

    def __init__(self, context: SettingsContext) -> None:
        super().__init__(context.look, tr("Quiet hours"))
        self._context = context
        self.rows: list[QuietRow] = []
        px = context.look.metrics.px
        self.on = check_box(context.look, tr("Keep quiet during these hours"))
        self.add_switch(self.on)
        self._part = QWidget()
        self._box = QVBoxLayout(self._part)
        self._box.setContentsMargins(px(INDENT), 0, 0, 0)
        self._box.setSpacing(px(8))
        self.body.addWidget(self._part)
        self.add = button(tr("Add hours"), self._on_add, "link")
        row = QHBoxLayout()
        row.setContentsMargins(px(INDENT - 4), 0, 0, 0)
        row.addWidget(self.add)
        row.addStretch(1)
        self.body.addLayout(row)
        self.respect = check_box(context.look, tr("Respect the system's do-not-disturb mode"))
        self.add_switch(self.respect)
        self.add_help(tr("What is not shown meanwhile is listed under the bell."))
        self.on.clicked.connect(self._on_switched)
        self.respect.clicked.connect(lambda on: context.change_notifications(respect_system=on))

    def fill(self, chosen: Preferences) -> None:
        """Show what is chosen."""
        self.on.setChecked(chosen.quiet_on)
        self.respect.setChecked(chosen.respect_system)
        while len(self.rows) > len(chosen.quiet):
            old = self.rows.pop()
            self._box.removeWidget(old)
            old.hide()
            old.deleteLater()
        while len(self.rows) < len(chosen.quiet):
            self._add_row()
        for row, hours in zip(self.rows, chosen.quiet, strict=True):
            row.fill(hours, chosen.quiet_on)
        self.add.setEnabled(chosen.quiet_on)
        self._part.setVisible(bool(chosen.quiet))

    def _add_row(self) -> None:
        row = QuietRow(self._context.look)
        row.changed.connect(self._on_changed)
        row.removed.connect(lambda: self._on_removed(row))
        self.rows.append(row)
        self._box.addWidget(row)

    def _change(self, quiet: tuple[QuietWindow, ...]) -> None:
        self._context.change_notifications(quiet=quiet)

    def _on_switched(self, on: bool) -> None:
        quiet = self._context.center.preferences.quiet or (NIGHT,)
        self._context.change_notifications(quiet_on=on, quiet=quiet)

    def _on_changed(self) -> None:
        self._change(tuple(row.hours for row in self.rows))

    def _on_add(self) -> None:
        self._change((*self._context.center.preferences.quiet, NIGHT))
        self.rows[-1].days[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_removed(self, row: QuietRow) -> None:
        left = [one.hours for one in self.rows if one is not row]
        place = self.rows.index(row)
        self._change(tuple(left))
        heir = self.rows[min(place, len(left) - 1)].remove if left else self.add
        heir.setFocus(Qt.FocusReason.OtherFocusReason)


def _minutes(time: QTime) -> int:
    return time.hour() * 60 + time.minute()


def _time(minutes: int) -> QTime:
    return QTime(minutes % DAY_MIN // 60, minutes % 60)


def _side_by_side(spacing: int, *parts: QWidget) -> QWidget:
    box = QWidget()
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(spacing)
    for part in parts:
        row.addWidget(part)
    return box
