"""The page Tray icon: for which panel the icon is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QRadioButton, QSizePolicy

from cc_desktop.desktop.icons.tray import TrayKey, tray_pixmap
from cc_desktop.desktop.icons.tray_state import TrayIconStyle, TrayState
from cc_desktop.desktop.settings.page import PageBody
from cc_desktop.desktop.widgets.accessible.picture import Picture
from cc_desktop.desktop.widgets.card import Card
from cc_desktop.desktop.widgets.inputs import radio_button
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from cc_desktop.desktop.settings.page import SettingsContext

DARK_PANEL, LIGHT_PANEL = "#1e2127", "#ebeef3"
_STYLES = {
    TrayIconStyle.AUTO: (
        mark("Automatic"),
        mark("For any panel. On macOS the menu bar colours it."),
    ),
    TrayIconStyle.LIGHT_PANEL: (mark("For light panels"), mark("Dark lines without an outline.")),
    TrayIconStyle.DARK_PANEL: (mark("For dark panels"), mark("Light lines without an outline.")),
    TrayIconStyle.COLOUR: (mark("Colour"), mark("As automatic, and in colour on macOS too.")),
}
_PANELS = {TrayIconStyle.LIGHT_PANEL: (LIGHT_PANEL,), TrayIconStyle.DARK_PANEL: (DARK_PANEL,)}
_STATES = (
    TrayKey.of(TrayState.IDLE, 0),
    TrayKey.of(TrayState.WORKING, 0),
    TrayKey.of(TrayState.NEEDS_YOU, 2),
    TrayKey.of(TrayState.ERROR, 1),
    TrayKey.of(TrayState.OFFLINE, 0),
    TrayKey.of(TrayState.IDLE, 0, quiet=True),
)
_SIDE, _GAP, _EDGE, _HEIGHT = 22, 10, 10, 38  # px; panels do not grow with the font


class Preview(Picture):
    """Some states of the icon on the panels that it is for."""

    def __init__(self, look: TrayIconStyle) -> None:
        super().__init__()
        self._look = look
        self.setAccessibleName(tr("Example of {choice}", choice=tr(_STYLES[look][0])))
        self._panels = _PANELS.get(look, (DARK_PANEL, LIGHT_PANEL))
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def _panel_width(self) -> int:
        return len(_STATES) * (_SIDE + _GAP) - _GAP + 2 * _EDGE

    def sizeHint(self) -> QSize:
        """The panels side by side."""
        return QSize(2 * self._panel_width + _GAP, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """One below the other."""
        return QSize(self._panel_width, _HEIGHT)

    def hasHeightForWidth(self) -> bool:
        """The second panel may stand below the first."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Qt override: one line of panels, or two."""
        lines = 1 if width >= self.sizeHint().width() else len(self._panels)
        return lines * (_HEIGHT + _GAP) - _GAP

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the panels with their icons."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ratio = self.devicePixelRatioF()
        below = self.width() < self.sizeHint().width()
        for place, panel in enumerate(self._panels):
            left = 0 if below else place * (self._panel_width + _GAP)
            top = place * (_HEIGHT + _GAP) if below else 0
            painter.setPen(QColor("#8088939e"))
            painter.setBrush(QColor(panel))
            box = QRectF(left, top, self._panel_width, _HEIGHT).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(box, 5, 5)
            for number, key in enumerate(_STATES):
                pixmap = tray_pixmap(key, round(_SIDE * ratio), self._look)
                pixmap.setDevicePixelRatio(ratio)
                x = left + _EDGE + number * (_SIDE + _GAP)
                painter.drawPixmap(x, top + (_HEIGHT - _SIDE) // 2, pixmap)
        painter.end()


class TrayPage(PageBody):
    """One choice, applied at once."""

    def __init__(self, context: SettingsContext) -> None:
        super().__init__(context.look, mark("Tray icon"))
        px = context.look.metrics.px
        card = Card(context.look, tr("How it is drawn"))
        card.body.setSpacing(px(4))
        self.radios: dict[TrayIconStyle, QRadioButton] = {}
        self._group = QButtonGroup(self)
        chosen = context.tray.get()
        for style, (name, text) in _STYLES.items():
            radio = self.radios[style] = radio_button(context.look, tr(name))
            radio.setChecked(style is chosen)
            radio.clicked.connect(lambda _on, style=style: context.tray.changed(style))
            self._group.addButton(radio)
            card.add_switch(radio, tr(text))
            row = QHBoxLayout()
            row.addWidget(Preview(style), 1)
            card.add_indented(row)
        self.add_cards(card)
