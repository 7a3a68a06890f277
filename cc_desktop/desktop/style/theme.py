"""The theme in force and its measures, by the system's choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QFont, QFontInfo, QGuiApplication, QPalette

from cc_desktop.desktop.style.contrast import contrast
from cc_desktop.desktop.style.high_contrast import HIGH_DARK, HIGH_LIGHT
from cc_desktop.desktop.style.palette import DARK, LIGHT, Theme, qt_palette
from cc_desktop.desktop.style.stylesheet import stylesheet

if TYPE_CHECKING:
    from PySide6.QtGui import QAccessibilityHints, QColor, QStyleHints
    from PySide6.QtWidgets import QApplication

    from cc_desktop.desktop.style.proxy_style import ProxyStyle

_THEMES = {
    (theme.dark, theme.high_contrast): theme for theme in (DARK, LIGHT, HIGH_DARK, HIGH_LIGHT)
}
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


STARK = 20.5  # of at most 21; Qt's own palettes have up to 18.2
_INPUTS_BY = "inputsStyledBy"  # a property of the application: whose style it has


class ThemeManager(QObject):
    """Applies the theme and follows the system.

    Signals:
        changed: Another theme is in force.
    """

    changed = Signal()

    def __init__(self, app: QApplication, theme: Theme | None = None) -> None:
        """Without a `theme` it follows the system's choice, live.

        More contrast, where the system asks for it, comes on top of either.
        """
        super().__init__()
        self._app = app
        self._fixed = theme
        # The palette of the system, before ours takes its place.
        window = app.palette().color(QPalette.ColorRole.Window)
        self._dark_palette = window.lightness() < 128
        self._stark_palette = _is_stark(window, app.palette().color(QPalette.ColorRole.WindowText))
        size = QFontInfo(app.font()).pixelSize()
        self.metrics = Metrics(max(1.0, min(size / BASE_TEXT, 2.0)))
        self._hints = app.styleHints()  # kept: what it gives ends with it
        self._wishes = _accessibility(self._hints)
        self.theme = self._wanted()
        self._hints.colorSchemeChanged.connect(self._follow_system)
        if self._wishes is not None:
            self._wishes.contrastPreferenceChanged.connect(self._follow_system)
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
        dark = self._fixed.dark if self._fixed is not None else self._wants_dark()
        high = self._wants_contrast() or (self._fixed is not None and self._fixed.high_contrast)
        return _THEMES[dark, high]

    def _wants_dark(self) -> bool:
        scheme = self._hints.colorScheme()
        if scheme == Qt.ColorScheme.Unknown:
            return self._dark_palette
        return scheme == Qt.ColorScheme.Dark

    def _wants_contrast(self) -> bool:
        if self._wishes is None:
            return self._stark_palette
        wish = self._wishes.contrastPreference()
        return self._stark_palette or wish == Qt.ContrastPreference.HighContrast

    def set_theme(self, theme: Theme | None) -> None:
        """Fix a theme, or follow the system again."""
        self._fixed = theme
        self._follow_system()

    def _follow_system(self) -> None:
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


def _accessibility(hints: QStyleHints) -> QAccessibilityHints | None:
    """What the system says of contrast; Qt tells it from 6.10 on."""
    return hints.accessibility() if hasattr(hints, "accessibility") else None


def _is_stark(window: QColor, text: QColor) -> bool:
    """Whether a palette is one of high contrast: pure black on white, or the reverse.

    Windows and GTK give Qt such a palette, also where Qt does not say why.
    """
    return contrast(window, text) >= STARK
