"""The page Notifications of the settings. Every change applies at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace
from PySide6.QtCore import Qt, QTime, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from cc_desktop.desktop.widgets.controls import Check, Choice, DayButton, Section, TimeField
from cc_desktop.desktop.widgets.widgets import FlowLayout, button, label
from cc_desktop.notifications.kinds import TABLE, AlertKind, Sound
from cc_desktop.notifications.preferences import DAY_MIN, KindPreference, Preferences, QuietWindow
from cc_desktop.text import notifications, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QHideEvent, QShowEvent

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.store import Store
    from cc_desktop.notifications.center import NotificationCenter
    from cc_desktop.notifications.kinds import KindRule

SOUNDS = {Sound.NONE: "None", Sound.MESSAGE: "Message", Sound.ALERT: "Alert"}
NIGHT = QuietWindow(frozenset(range(5)), 22 * 60, 7 * 60)  # on the evenings from Monday to Friday


class KindRow:
    """The switch, the sound and "also when quiet" of one kind."""

    def __init__(
        self, look: ThemeManager, rule: KindRule, changed: Callable[[KindRow], None]
    ) -> None:
        self.kind = rule.kind
        self.on = Check(look, rule.label)
        self.sound = Choice(look)
        for sound, name in SOUNDS.items():
            self.sound.addItem(name, sound)
        self.sound.setAccessibleName(f"{rule.label}: sound")
        self.even_quiet = Check(look)
        self.even_quiet.setAccessibleName(f"{rule.label}: also when quiet")
        self.even_quiet.setToolTip("Also while it is snoozed or a quiet hour")
        self.on.toggled.connect(lambda _on: changed(self))
        self.sound.currentIndexChanged.connect(lambda _row: changed(self))
        self.even_quiet.toggled.connect(lambda _on: changed(self))

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
        px = look.metrics.px
        flow = FlowLayout(px(12), self)
        self.days = [
            DayButton(look, short, name)
            for short, name in zip(notifications.SHORT_DAYS, words.DAYS, strict=True)
        ]
        self.start, self.end = TimeField(look), TimeField(look)
        self.start.setAccessibleName("Quiet from")
        self.end.setAccessibleName("Quiet to")
        to = label(look.metrics.font(), muted=True)
        to.setText("to")
        self.next_day = label(look.metrics.font(12), muted=True)
        self.next_day.setMinimumWidth(px(60))
        self.remove = button("Remove", self.removed.emit, "link")
        self.remove.setMinimumHeight(self.start.height())
        flow.addWidget(_side_by_side(px(3), *self.days))
        flow.addWidget(_side_by_side(px(8), self.start, to, self.end, self.next_day))
        flow.addWidget(self.remove)
        for day in self.days:
            day.toggled.connect(lambda _on: self.changed.emit())
        for time in (self.start, self.end):
            time.timeChanged.connect(lambda _time: self.changed.emit())

    @property
    def window_(self) -> QuietWindow:
        """What is chosen."""
        days = frozenset(number for number, day in enumerate(self.days) if day.isChecked())
        return QuietWindow(days, _minutes(self.start.time()), _minutes(self.end.time()))

    def fill(self, window: QuietWindow, enabled: bool) -> None:
        """Show quiet hours."""
        for number, day in enumerate(self.days):
            day.setChecked(number in window.days)
        self.start.setTime(_time(window.start))
        self.end.setTime(_time(window.end))
        crosses = window.end <= window.start
        self.next_day.setText("next day" if crosses else "" if window.days else "on no day")
        self.setEnabled(enabled)
        self.remove.setAccessibleName(f"Remove {notifications.window_words(window)}")


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


class MutedRow(QWidget):
    """An agent or a gateway that is muted."""

    def __init__(
        self, look: ThemeManager, name: str, where: str, unmute: Callable[[], None]
    ) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.metrics.px(8))
        self.name = label(look.metrics.font())
        self.name.setText(name)
        self.where = label(look.metrics.font(12), muted=True)
        self.where.setText(where)
        self.unmute = button("Unmute", unmute, "link")
        self.unmute.setAccessibleName(f"Unmute {name}, {where}")
        row.addWidget(self.name)
        row.addWidget(self.where)
        row.addStretch(1)
        row.addWidget(self.unmute)


class NotificationsPage(QWidget):
    """Which kinds, how they sound, when it is quiet, who is muted."""

    def __init__(
        self, look: ThemeManager, center: NotificationCenter, store: Store, clock: Callable[[], int]
    ) -> None:
        """`clock` gives local ms."""
        super().__init__()
        self._look = look
        self._center = center
        self._store = store
        self._clock = clock
        self._filling = False
        self._before_restore: Preferences | None = None
        self._muted_shown: tuple[tuple[str, str, str, str], ...] | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self.kinds: dict[AlertKind, KindRow] = {}
        self.windows: list[QuietRow] = []
        self.muted: list[MutedRow] = []
        self._build()

    # Building

    def _build(self) -> None:
        px = self._look.metrics.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(24), px(20), px(24), px(20))
        column.setSpacing(px(14))
        title = label(self._look.metrics.font(17, bold=True))
        title.setText("Notifications")
        column.addWidget(title)
        for part in (
            self._build_switch(),
            self._build_kinds(),
            self._build_quiet(),
            self._build_muted(),
        ):
            column.addWidget(part)
        column.addLayout(self._build_restore())
        column.addStretch(1)

    def _check(self, text: str, changed: Callable[[bool], None]) -> Check:
        check = Check(self._look, text)
        check.toggled.connect(lambda on: None if self._filling else changed(on))
        return check

    def _hint(self, text: str = "") -> QWidget:
        hint = label(self._look.metrics.font(12), muted=True, wrap=True)
        hint.setText(text)
        hint.setContentsMargins(self._look.metrics.px(27), 0, 0, 0)
        return hint

    def _build_switch(self) -> QWidget:
        px = self._look.metrics.px
        section = Section(self._look, "General")
        self.on = self._check("Show notifications", lambda on: self._change(on=on))
        self._who = label(self._look.metrics.font(12), muted=True, wrap=True)
        self._who.setContentsMargins(px(27), 0, 0, 0)
        self.test = button("Send a test", self._on_test)
        self._tested = label(self._look.metrics.font(12), muted=True, wrap=True)
        row = QHBoxLayout()
        row.setContentsMargins(px(27), px(2), 0, px(2))
        row.setSpacing(px(12))
        row.addWidget(self.test)
        row.addWidget(self._tested, 1)
        self.subagents = self._check(
            "Include sessions started by agents", lambda on: self._change(subagents=on)
        )
        section.body.addWidget(self.on)
        section.body.addWidget(self._who)
        section.body.addLayout(row)
        section.body.addWidget(self.subagents)
        return section

    def _build_kinds(self) -> QWidget:
        px = self._look.metrics.px
        section = Section(self._look, "Tell me when")
        grid = QGridLayout()
        grid.setHorizontalSpacing(px(16))
        grid.setVerticalSpacing(px(4))
        grid.setColumnStretch(0, 1)
        small = self._look.metrics.font(12)
        for column, text in ((1, "Sound"), (2, "Also when quiet")):
            head = label(small, muted=True)
            head.setText(text)
            grid.addWidget(head, 0, column, Qt.AlignmentFlag.AlignLeft)
        line, group = 0, ""
        for rule in TABLE:
            if rule.group != group:
                group = rule.group
                head = label(self._look.metrics.font(bold=True))
                head.setText(group)
                head.setContentsMargins(px(3), px(6) if line else 0, 0, px(2))
                line += 1 if line else 0
                grid.addWidget(head, line, 0)
            line += 1
            row = self.kinds[rule.kind] = KindRow(self._look, rule, self._on_kind)
            grid.addWidget(row.on, line, 0)
            grid.addWidget(row.sound, line, 1)
            grid.addWidget(row.even_quiet, line, 2)
        section.body.addLayout(grid)
        return section

    def _build_quiet(self) -> QWidget:
        px = self._look.metrics.px
        section = Section(self._look, "Quiet hours")
        self.quiet_on = self._check("Keep quiet at these hours", self._on_quiet)
        box = self._windows_part = QWidget()
        self._windows_box = QVBoxLayout(box)
        self._windows_box.setContentsMargins(px(27), 0, 0, 0)
        self._windows_box.setSpacing(px(8))
        self.add = button("Add hours", self._on_add, "link")
        row = QHBoxLayout()
        row.setContentsMargins(px(23), 0, 0, 0)
        row.addWidget(self.add)
        row.addStretch(1)
        self.respect = self._check(
            "Respect the system's do-not-disturb", lambda on: self._change(respect_system=on)
        )
        section.body.addWidget(self.quiet_on)
        section.body.addWidget(box)
        section.body.addLayout(row)
        section.body.addWidget(self.respect)
        section.body.addWidget(
            self._hint("What is not shown meanwhile is in the list of notices, under the bell.")
        )
        return section

    def _build_muted(self) -> QWidget:
        section = Section(self._look, "Muted")
        box = self._muted_part = QWidget()
        self._muted_box = QVBoxLayout(box)
        self._muted_box.setContentsMargins(self._look.metrics.px(3), 0, 0, 0)
        self._muted_box.setSpacing(self._look.metrics.px(2))
        self._nobody = label(self._look.metrics.font(), muted=True, wrap=True)
        self._nobody.setText("Nobody. Agents and gateways are muted from the menu of a row.")
        self._nobody.setContentsMargins(self._look.metrics.px(3), 0, 0, 0)
        section.body.addWidget(self._nobody)
        section.body.addWidget(box)
        return section

    def _build_restore(self) -> QHBoxLayout:
        px = self._look.metrics.px
        self.restore = button("Restore defaults", self._on_restore)
        self._restored = label(self._look.metrics.font(), muted=True)
        self._restored.setText("The defaults are back, and nobody is muted.")
        self.undo = button("Undo", self._on_undo, "link")
        row = QHBoxLayout()
        row.setSpacing(px(12))
        row.addWidget(self.restore)
        row.addWidget(self._restored)
        row.addWidget(self.undo)
        row.addStretch(1)
        return row

    # Showing

    def refresh(self) -> None:
        """Show what is chosen now."""
        chosen = self._center.preferences
        self._filling = True
        self.on.setChecked(chosen.on)
        self.subagents.setChecked(chosen.subagents)
        self.subagents.setEnabled(chosen.on)
        for kind, row in self.kinds.items():
            row.fill(chosen.kinds[kind], chosen.on)
        self.quiet_on.setChecked(chosen.quiet_on)
        self.respect.setChecked(chosen.respect_system)
        self._fill_windows(chosen)
        self._filling = False
        self._fill_muted(chosen)
        self._fill_who()
        default = chosen == Preferences()
        self.restore.setEnabled(not default)
        if not default:
            self._before_restore = None
        self._restored.setVisible(self._before_restore is not None)
        self.undo.setVisible(self._before_restore is not None)

    def _fill_who(self) -> None:
        adapter = self._center.adapter
        name, problem = words.plain(adapter.name, 80), words.plain(adapter.problem, 300)
        if problem or not name:
            text = problem or "Nothing shows notifications yet."
            self._who.setText(f"{text} They are listed under the bell.")
        else:
            self._who.setText(f"Shown by {name}.")

    def _fill_windows(self, chosen: Preferences) -> None:
        """Rows stay, so that the one that is edited keeps the keyboard."""
        while len(self.windows) > len(chosen.quiet):
            old = self.windows.pop()
            self._windows_box.removeWidget(old)
            old.hide()
            old.deleteLater()
        while len(self.windows) < len(chosen.quiet):
            row = QuietRow(self._look)
            row.changed.connect(self._on_windows)
            row.removed.connect(lambda row=row: self._on_removed(row))
            self.windows.append(row)
            self._windows_box.addWidget(row)
        for row, window in zip(self.windows, chosen.quiet, strict=True):
            row.fill(window, chosen.quiet_on)
        self.add.setEnabled(chosen.quiet_on)
        self._windows_part.setVisible(bool(chosen.quiet))

    def _fill_muted(self, chosen: Preferences) -> None:
        fleet = self._store.fleet
        found = []
        for gateway, agent in chosen.muted:
            place = notifications.gateway_name(fleet, gateway)
            if agent:
                name = notifications.agent_name(fleet, gateway, agent)
                found.append((name, f"agent on {place}", gateway, agent))
            else:
                found.append((place, "gateway, with all its agents", gateway, agent))
        shown = tuple(sorted(found, key=lambda one: (bool(one[3]), one[0].casefold(), one)))
        if shown == self._muted_shown:
            return
        self._muted_shown = shown
        focused = next((at for at, row in enumerate(self.muted) if row.unmute.hasFocus()), None)
        for old in self.muted:
            self._muted_box.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.muted = []
        for name, where, gateway, agent in shown:
            row = MutedRow(
                self._look,
                name,
                where,
                lambda gateway=gateway, agent=agent: self._center.mute(gateway, agent, False),  # type: ignore[misc]
            )
            self.muted.append(row)
            self._muted_box.addWidget(row)
        self._nobody.setVisible(not shown)
        self._muted_part.setVisible(bool(shown))
        if focused is not None:
            heirs: list[QPushButton] = [row.unmute for row in self.muted] or [self.restore]
            heirs[min(focused, len(heirs) - 1)].setFocus(Qt.FocusReason.OtherFocusReason)

    # What the operator does

    def _change(self, **fields: object) -> None:
        self._center.set_preferences(replace(self._center.preferences, **fields))  # type: ignore[arg-type]

    def _on_kind(self, row: KindRow) -> None:
        if not self._filling:
            chosen = self._center.preferences
            self._center.set_preferences(chosen.with_kind(row.kind, row.choice))

    def _on_quiet(self, on: bool) -> None:
        self._change(quiet_on=on, quiet=self._center.preferences.quiet or (NIGHT,))

    def _on_windows(self) -> None:
        if not self._filling:
            self._change(quiet=tuple(row.window_ for row in self.windows))

    def _on_add(self) -> None:
        self._change(quiet=(*self._center.preferences.quiet, NIGHT))
        self.windows[-1].days[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_removed(self, row: QuietRow) -> None:
        left = [one.window_ for one in self.windows if one is not row]
        place = self.windows.index(row)
        self._change(quiet=tuple(left))
        heir = self.windows[min(place, len(left) - 1)].remove if left else self.add
        heir.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_test(self) -> None:
        self._center.send_test()
        adapter, now = self._center.adapter, self._clock()
        if adapter.problem or not adapter.name:
            self._tested.setText("Nobody was there to show it.")
        else:
            self._tested.setText(
                f"Sent at {words.clock(now, now)}. If you see nothing, look at the system's "
                "own settings for notifications."
            )

    def _on_restore(self) -> None:
        self._before_restore = self._center.preferences
        self._center.set_preferences(Preferences())
        self.undo.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_undo(self) -> None:
        if self._before_restore is not None:
            self._center.set_preferences(self._before_restore)
            self.restore.setFocus(Qt.FocusReason.OtherFocusReason)

    # Being seen, or not

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks."""
        self.refresh()
        self._unsubscribe = self._unsubscribe or self._center.subscribe(self.refresh)
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: what was said about the last visit is old."""
        super().hideEvent(event)
        self._tested.setText("")
        self._before_restore = None
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
