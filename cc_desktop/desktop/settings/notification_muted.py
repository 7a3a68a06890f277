"""Who is muted."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.card import Card
from cc_desktop.desktop.widgets.labels import label, wrapping_label
from cc_desktop.text import notifications
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.desktop.settings.page import SettingsContext
    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.notifications.preferences import Preferences


class Muted(NamedTuple):
    """An agent or a gateway that is muted."""

    name: str
    where: str
    gateway: str
    agent: str  # "" for a gateway with all its agents


class MutedRow(QWidget):
    """One of them, with a button to unmute it."""

    def __init__(self, look: ThemeManager, muted: Muted, unmute: Callable[[], None]) -> None:
        super().__init__()
        self.muted = muted
        self.unmute = button(tr("Unmute"), unmute, "link")
        name = tr("Unmute {name}, {where}", name=muted.name, where=muted.where)
        self.unmute.setAccessibleName(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.metrics.px(8))
        row.addWidget(label(look.metrics.font(), muted.name))
        row.addWidget(label(look.metrics.font(12), muted.where, muted=True))
        row.addStretch(1)
        row.addWidget(self.unmute)


class MutedSection(Card):
    """Gateways first, then agents, by name."""

    def __init__(self, context: SettingsContext) -> None:
        super().__init__(context.look, tr("Muted"))
        self._context = context
        self._shown: list[Muted] | None = None
        self.rows: list[MutedRow] = []
        px = context.look.metrics.px
        text = tr("Nobody. Mute agents and gateways from the menu of a row.")
        self._nobody = wrapping_label(context.look.metrics.font(), text, muted=True)
        self._part = QWidget()
        self._box = QVBoxLayout(self._part)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(px(2))
        self.body.addWidget(self._nobody)
        self.body.addWidget(self._part)

    def fill(self, chosen: Preferences) -> None:
        """Show what is chosen; the keyboard focus stays in the list."""
        shown = self._sorted(chosen)
        if shown == self._shown:
            return
        self._shown = shown
        focused = next((at for at, row in enumerate(self.rows) if row.unmute.hasFocus()), None)
        for old in self.rows:
            self._box.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.rows = [self._add_row(muted) for muted in shown]
        self._nobody.setVisible(not shown)
        self._part.setVisible(bool(shown))
        if focused is not None and self.rows:
            heir = self.rows[min(focused, len(self.rows) - 1)].unmute
            heir.setFocus(Qt.FocusReason.OtherFocusReason)

    def is_empty(self) -> bool:
        """Whether nobody is muted."""
        return not self.rows

    def texts(self) -> list[tuple[str, str]]:
        """Who is muted, and where."""
        return [(row.muted.name, row.muted.where) for row in self.rows]

    def _sorted(self, chosen: Preferences) -> list[Muted]:
        fleet = self._context.store.fleet
        found = []
        for gateway, agent in chosen.muted:
            place = notifications.gateway_name(fleet, gateway)
            if agent:
                name = notifications.agent_name(fleet, gateway, agent)
                where = tr("agent on {gateway}", gateway=place)
                found.append(Muted(name, where, gateway, agent))
            else:
                found.append(Muted(place, tr("gateway, with all its agents"), gateway, agent))
        return sorted(found, key=lambda one: (bool(one.agent), one.name.casefold(), one))

    def _add_row(self, muted: Muted) -> MutedRow:
        center = self._context.center
        row = MutedRow(
            self._context.look, muted, lambda: center.mute(muted.gateway, muted.agent, False)
        )
        self._box.addWidget(row)
        return row
