"""The page Tray icon of the settings: for which panel the icon is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from cc_desktop.desktop.icons.tray import TrayKey, tray_pixmap
from cc_desktop.desktop.icons.tray_state import TrayIconStyle, TrayState
from cc_desktop.desktop.widgets.controls import Radio, Section
from cc_desktop.desktop.widgets.widgets import label

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QPaintEvent

    from cc_desktop.desktop.style.theme import ThemeManager

DARK_PANEL, LIGHT_PANEL = "#1e2127", "#ebeef3"
_LOOKS = {
    TrayIconStyle.AUTO: ("Automatic", "For any panel. On macOS the menu bar colours it."),
    TrayIconStyle.LIGHT_PANEL: ("For light panels", "Dark lines without an outline."),
    TrayIconStyle.DARK_PANEL: ("For dark panels", "Light lines without an outline."),
    TrayIconStyle.COLOUR: ("Colour", "As automatic, and in colour on macOS too."),
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


class Preview(QWidget):
    """A few states of the icon on the panels that it is for."""

    def __init__(self, look: TrayIconStyle) -> None:
        super().__init__()
        self._look = look
        self._panels = _PANELS.get(look, (DARK_PANEL, LIGHT_PANEL))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def _panel_width(self) -> int:
        return len(_STATES) * (_SIDE + _GAP) - _GAP + 2 * _EDGE

    def sizeHint(self) -> QSize:
        """The panels side by side."""
        return QSize(2 * self._panel_width + _GAP, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the panels with their icons."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ratio = self.devicePixelRatioF()
        for place, panel in enumerate(self._panels):
            left = place * (self._panel_width + _GAP)
            painter.setPen(QColor("#8088939e"))
            painter.setBrush(QColor(panel))
            box = QRectF(left, 0, self._panel_width, _HEIGHT).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(box, 5, 5)
            for number, key in enumerate(_STATES):
                pixmap = tray_pixmap(key, round(_SIDE * ratio), self._look)
                pixmap.setDevicePixelRatio(ratio)
                x = left + _EDGE + number * (_SIDE + _GAP)
                painter.drawPixmap(x, (_HEIGHT - _SIDE) // 2, pixmap)
        painter.end()


class TrayPage(QWidget):
    """One choice, applied at once."""

    def __init__(
        self, look: ThemeManager, chosen: TrayIconStyle, choose: Callable[[TrayIconStyle], None]
    ) -> None:
        super().__init__()
        px = look.metrics.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(24), px(20), px(24), px(20))
        column.setSpacing(px(14))
        title = label(look.metrics.font(17, bold=True))
        title.setText("Tray icon")
        column.addWidget(title)
        section = Section(look, "How it is drawn")
        section.body.setSpacing(px(4))
        self.radios: dict[TrayIconStyle, Radio] = {}
        self._group = QButtonGroup(self)
        for one, (name, text) in _LOOKS.items():
            radio = self.radios[one] = Radio(look, name)
            radio.setAccessibleDescription(text)
            radio.setChecked(one is chosen)
            radio.toggled.connect(lambda on, one=one: choose(one) if on else None)
            self._group.addButton(radio)
            hint = label(look.metrics.font(12), muted=True, wrap=True)
            hint.setText(text)
            hint.setContentsMargins(px(27), 0, 0, 0)
            row = QHBoxLayout()
            row.setContentsMargins(px(27), px(2), 0, px(10))
            row.addWidget(Preview(one))
            row.addStretch(1)
            section.body.addWidget(radio, 0, Qt.AlignmentFlag.AlignLeft)
            section.body.addWidget(hint)
            section.body.addLayout(row)
        column.addWidget(section)
        column.addStretch(1)
