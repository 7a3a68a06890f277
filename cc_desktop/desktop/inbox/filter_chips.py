"""The chips of the inbox: which severities, what was earlier, and of which gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QVBoxLayout, QWidget

from cc_desktop.desktop.widgets.flow_layout import FlowLayout
from cc_desktop.desktop.widgets.pill import FilterPill, PillText
from cc_desktop.fleet.inbox import Severity
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr
from cc_desktop.text.inbox.lines import HEADINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cc_desktop.desktop.style.theme import ThemeManager

EARLIER = "earlier"
OPEN = "open"


class FilterChips(QWidget):
    """Two choices at a time: which items, and of which gateway. Arrows move, Enter chooses.

    Signals:
        chosen: `OPEN`, `EARLIER`, or the value of a severity.
        gateway_chosen: A gateway's id; "" for all.
    """

    chosen = Signal(str)
    gateway_chosen = Signal(str)

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self._look = look
        px = look.metrics.px
        kinds, self.gateway_row = QWidget(), QWidget()
        self._rows = (FlowLayout(px(8), kinds), FlowLayout(px(8), self.gateway_row))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(8))
        column.addWidget(kinds)
        column.addWidget(self.gateway_row)
        self._kinds, self._gateways = QButtonGroup(self), QButtonGroup(self)
        self.chips: dict[str, FilterPill] = {}
        self.gateways: dict[str, FilterPill] = {}
        for key in (OPEN, *(severity.value for severity in Severity), EARLIER):
            pill = self._add(self._kinds)
            pill.clicked.connect(lambda _on=False, key=key: self.chosen.emit(key))
            self.chips[key] = pill
        self.chips[OPEN].setChecked(True)
        self._name(self.chips[EARLIER], tr("Earlier"))

    def _add(self, group: QButtonGroup) -> FilterPill:
        pill = FilterPill(self._look)
        group.addButton(pill)
        pill.stepped.connect(lambda step: self._step(pill, step))
        self._rows[group is self._gateways].addWidget(pill)
        return pill

    def _step(self, pill: FilterPill, step: int) -> None:
        every = [*self.chips.values(), *self.gateways.values()]
        shown = [one for one in every if one.isVisible()]
        shown[(shown.index(pill) + step) % len(shown)].setFocus(Qt.FocusReason.TabFocusReason)

    def check(self, key: str) -> None:
        """Mark a choice."""
        self.chips[key].setChecked(True)

    def check_gateway(self, gateway: str) -> None:
        """Mark a gateway, "" for all."""
        if gateway in self.gateways:
            self.gateways[gateway].setChecked(True)

    def show_counts(self, counts: Mapping[Severity, int]) -> None:
        """Show how many items each choice has; a severity without any needs no chip."""
        self._name(self.chips[OPEN], tr("All open"), sum(counts.values()))
        for severity in Severity:
            pill = self.chips[severity.value]
            self._name(pill, tr(HEADINGS[severity]), counts[severity])
            pill.setVisible(counts[severity] > 0 or pill.isChecked())

    def show_gateways(self, names: Mapping[str, str]) -> None:
        """Offer the gateways, if there are several; names by id."""
        wanted = {"": tr("All gateways"), **names} if len(names) > 1 else {}
        if list(wanted) != list(self.gateways):
            for pill in self.gateways.values():
                self._gateways.removeButton(pill)
                self._rows[1].removeWidget(pill)
                pill.hide()
                pill.deleteLater()
            self.gateways = {}
            for key in wanted:
                pill = self.gateways[key] = self._add(self._gateways)
                pill.clicked.connect(lambda _on=False, key=key: self.gateway_chosen.emit(key))
            if wanted:
                self.gateways[""].setChecked(True)
        self.gateway_row.setVisible(bool(wanted) and not self.chips[EARLIER].isChecked())
        for key, name in wanted.items():
            self._name(self.gateways[key], plain(name, 40))

    def _name(self, pill: FilterPill, words: str, count: int | None = None) -> None:
        text = PillText(words, muted=True)
        pill.show_segments(
            (text, PillText(str(count), bold=True)) if count is not None else (text,)
        )
