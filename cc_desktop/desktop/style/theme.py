"""The theme in force and its measures, by the system's choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QFont, QFontInfo, QGuiApplication, QPalette

from cc_desktop.desktop.style.palette import DARK, LIGHT, Theme, qt_palette
from cc_desktop.desktop.style.stylesheet import stylesheet

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from cc_desktop.desktop.style.proxy_style import ProxyStyle

BASE_TEXT = 13  # px at which all measures are meant; larger system fonts scale them


class Metrics(Struct, frozen=True):
    """Measures, scaled by the system's font."""

    scale: float

    def px(self, value: float) -> int:
        """A length in design px as a length in pixels."""
        return round(value * self.scale)

    def font(self, px: float = BASE_TEXT, bold: bool = False) -> QFont:
        """The system's font in a size of design px."""
        font = QFont(QGuiApplication.font())
        size = px * self.scale
        dpi = QGuiApplication.primaryScreen().logicalDotsPerInchY()
        font.setPointSizeF(size * 72 / dpi)
        font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        return font


_INPUTS_BY = "inputsStyledBy"  # a property of the application: whose style it has


class ThemeManager(QObject):
    """Applies the theme and follows the system.

    Signals:
        changed: Another theme is in force.
    """

    changed = Signal()

    def __init__(self, app: QApplication, theme: Theme | None = None) -> None:
        """Without a `theme` it follows the system's choice, live."""
        super().__init__()
        self._app = app
        self._fixed = theme
        # The palette of the system, before ours takes its place.
        lightness = app.palette().color(QPalette.ColorRole.Window).lightness()
        self._dark_palette = lightness < 128
        size = QFontInfo(app.font()).pixelSize()
        self.metrics = Metrics(max(1.0, min(size / BASE_TEXT, 2.0)))
        self.theme = self._wanted()
        app.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)
        self._input_style: ProxyStyle | None = None
        app.setStyle("Fusion")
        app.setProperty(_INPUTS_BY, None)
        self._apply()

    def style_inputs(self) -> None:
        """Have check boxes, radio buttons and combo boxes drawn in the theme.

        Whoever makes one calls this. Not at the start: the first window has none, and each class
        of style options that Qt hands to Python costs time when it is first met.
        """
        # The application owns its style and deletes it when another takes its place.
        if self._app.property(_INPUTS_BY) != id(self):
            from cc_desktop.desktop.style.proxy_style import ProxyStyle

            self._input_style = ProxyStyle(self.metrics.scale)
            self._input_style.theme = self.theme
            self._app.setStyle(self._input_style)
            self._app.setProperty(_INPUTS_BY, id(self))
            self._apply()

    def _wanted(self) -> Theme:
        if self._fixed is not None:
            return self._fixed
        scheme = self._app.styleHints().colorScheme()
        if scheme == Qt.ColorScheme.Unknown:
            return DARK if self._dark_palette else LIGHT
        return DARK if scheme == Qt.ColorScheme.Dark else LIGHT

    def set_theme(self, theme: Theme | None) -> None:
        """Fix a theme, or follow the system again."""
        self._fixed = theme
        self._on_scheme_changed()

    def _on_scheme_changed(self) -> None:
        theme = self._wanted()
        if theme is not self.theme:
            self.theme = theme
            self._apply()
            self.changed.emit()

    def _apply(self) -> None:
        if self._input_style is not None:
            self._input_style.theme = self.theme
        self._app.setPalette(qt_palette(self.theme))
        self._app.setStyleSheet(stylesheet(self.theme, self.metrics))
