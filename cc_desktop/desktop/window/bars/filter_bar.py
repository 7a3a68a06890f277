"""The chips above the list: which agents are shown, or the devices instead."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from cc_desktop.desktop.widgets.flow_layout import FlowLayout
from cc_desktop.desktop.widgets.labels import label
from cc_desktop.desktop.widgets.pill import FilterPill, PillText
from cc_desktop.desktop.window.agents.agent_filter import Chip
from cc_desktop.text.format import plain, tooltip
from cc_desktop.text.i18n import mark, tr, trn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QResizeEvent

    from cc_desktop.desktop.style.theme import ThemeManager

CHIP_WORDS = {
    Chip.ALL: mark("All"),
    Chip.NEEDS_YOU: mark("Needs you"),
    Chip.WORKING: mark("Working"),
    Chip.IDLE: mark("Idle"),
    Chip.OFFLINE: mark("Offline"),
}

NARROW = 660  # design px: below that, not all chips fit into one line


class FilterBar(QWidget):
    """One choice at a time. Arrows move among the chips, Enter and Space choose.

    Signals:
        chip_chosen: A `Chip`.
        devices_chosen: The devices are asked for.
    """

    chip_chosen = Signal(object)
    devices_chosen = Signal()

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self._look = look
        px = look.metrics.px
        self._counts: dict[Chip, int] = {}
        self._group = QButtonGroup(self)
        self.chips: dict[Chip, FilterPill] = {}
        place = QWidget()
        flow = FlowLayout(px(8), place)
        for chip in Chip:
            pill = self.chips[chip] = self._add_pill()
            pill.clicked.connect(lambda _on=False, chip=chip: self.chip_chosen.emit(chip))
            flow.addWidget(pill)
        self.named_chip = self._add_pill()  # agents by name
        self.named_chip.hide()
        self.named_chip.clicked.connect(lambda _on=False: self.chip_chosen.emit(Chip.ALL))
        flow.addWidget(self.named_chip)
        self.devices_chip = self._add_pill()
        self.devices_chip.clicked.connect(lambda _on=False: self.devices_chosen.emit())
        self._matches = label(look.metrics.font(12), muted=True)
        self._matches.setContentsMargins(px(18), 0, px(18), px(6))
        self._matches.hide()
        row = QHBoxLayout()
        row.setContentsMargins(px(16), px(12), px(16), px(8))
        row.addWidget(place, 1)
        row.addWidget(self.devices_chip, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self._matches)
        self.chips[Chip.ALL].setChecked(True)
        for first, second in itertools.pairwise(self.pills()):
            QWidget.setTabOrder(first, second)

    def _add_pill(self) -> FilterPill:
        pill = FilterPill(self._look)
        self._group.addButton(pill)
        pill.stepped.connect(lambda step: self._step(pill, step))
        return pill

    def _step(self, pill: FilterPill, step: int) -> None:
        """Move the keyboard focus to the next chip that is shown."""
        shown = [one for one in self.pills() if not one.isHidden()]
        place = shown.index(pill) + step
        shown[place % len(shown)].setFocus(Qt.FocusReason.TabFocusReason)

    def pills(self) -> list[FilterPill]:
        """All chips, in the order of the tab key."""
        return [*self.chips.values(), self.named_chip, self.devices_chip]

    # What is shown

    @property
    def shows_devices(self) -> bool:
        """Whether the devices are chosen."""
        return self.devices_chip.isChecked()

    def check_chip(self, chip: Chip) -> None:
        """Mark a chip as chosen; agents by name are no longer asked for."""
        self.chips[chip].setChecked(True)
        self.named_chip.hide()

    def check_devices(self) -> None:
        """Mark the devices as chosen."""
        self.devices_chip.setChecked(True)
        self.named_chip.hide()

    def check_named(self, words: str) -> None:
        """Show a chip for agents that are asked for by name; `words` say who they are."""
        name = plain(words, 80)
        self.named_chip.show_segments((PillText(name), PillText("\u00d7", bold=True)))
        said = tr("Only {agents}. Press to show all agents.", agents=name)
        self.named_chip.setAccessibleName(said)
        self.named_chip.setToolTip(tooltip(f"{name}\n{tr('Esc shows all agents')}"))
        self.check_named_again()

    def check_named_again(self) -> None:
        """Show the chip of the same agents as before."""
        self.named_chip.show()
        self.named_chip.setChecked(True)

    def show_counts(self, counts: Mapping[Chip, int]) -> None:
        """Show how many agents each chip has."""
        for chip, pill in self.chips.items():
            _show_count(pill, tr(CHIP_WORDS[chip]), counts[chip])
        self._counts = dict(counts)
        self._make_room()

    def _make_room(self) -> None:
        """A line of its own for "Offline 0" says less than two more agents."""
        nothing = not self._counts.get(Chip.OFFLINE) and not self.chips[Chip.OFFLINE].isChecked()
        is_narrow = self.width() < self._look.metrics.px(NARROW)
        self.chips[Chip.OFFLINE].setVisible(not (nothing and is_narrow))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override: what says nothing gives way."""
        super().resizeEvent(event)
        self._make_room()

    def show_devices(self, count: int) -> None:
        """Show how many devices there are."""
        _show_count(self.devices_chip, tr("Devices"), count)

    def show_matches(self, matches: int | None, chip: Chip) -> None:
        """Say how many agents match the search among which; None without a search."""
        self._matches.setVisible(matches is not None)
        if matches is not None:
            among = tr(CHIP_WORDS[chip])
            text = trn("{n} match in {chip}", "{n} matches in {chip}", matches, chip=among)
            self._matches.setText(text)

    def checked(self) -> Chip | None:
        """The chip that is chosen; None for devices and agents by name."""
        return next((chip for chip, pill in self.chips.items() if pill.isChecked()), None)

    def matches(self) -> str:
        """What it says of the search, "" without one."""
        return "" if self._matches.isHidden() else self._matches.text()

    def texts(self) -> list[str]:
        """The chips with their counts, those of agents first."""
        return [pill.accessibleName() for pill in self.pills() if not pill.isHidden()]


def _show_count(pill: FilterPill, words: str, count: int) -> None:
    pill.show_segments((PillText(words, muted=True), PillText(str(count), bold=True)))
