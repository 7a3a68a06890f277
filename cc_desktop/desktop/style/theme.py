"""Colours, fonts and measures, dark and light, by the system's choice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontInfo, QGuiApplication, QPalette

from cc_desktop.fleet.model import Status

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

BASE_TEXT = 13  # px at which all measures are meant; larger system fonts scale them


@dataclass(frozen=True)
class Theme:
    """The tokens of one look."""

    dark: bool
    bg: str
    surface: str
    raised: str
    line: str
    text: str
    muted: str
    accent: str
    selection: str
    error: str
    waiting: str
    stuck: str
    active: str
    thinking: str
    idle: str
    live: str
    on_shape: str  # what is cut into a status shape, or written on the accent
    stripe: str  # second colour of the demo's banner
    colours: dict[Status, QColor] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = {
            Status.ERROR: self.error,
            Status.WAITING: self.waiting,
            Status.STUCK: self.stuck,
            Status.ACTIVE: self.active,
            Status.THINKING: self.thinking,
            Status.IDLE: self.idle,
            Status.OFFLINE: self.idle,
            Status.UNKNOWN: self.idle,
        }
        colours = {status: QColor(name) for status, name in names.items()}
        object.__setattr__(self, "colours", colours)

    def status(self, status: Status) -> QColor:
        """The colour of a status' shape."""
        return self.colours[status]

    def status_text(self, status: Status) -> QColor:
        """The colour of a status' word: idle ones are as quiet as second lines."""
        quiet = (Status.IDLE, Status.OFFLINE, Status.UNKNOWN)
        return QColor(self.muted) if status in quiet else self.colours[status]


DARK = Theme(
    dark=True,
    bg="#12151a",
    surface="#191d24",
    raised="#212731",
    line="#2b323d",
    text="#e8ecf2",
    muted="#9aa6b6",
    accent="#5aa9ff",
    selection="#1f3350",
    error="#ff6b6b",
    waiting="#ffb340",
    stuck="#d59bff",
    active="#4db2ff",
    thinking="#9aa4ff",
    idle="#7c8898",
    live="#4cc38a",
    on_shape="#12151a",
    stripe="#2a2238",
)
LIGHT = Theme(
    dark=False,
    bg="#f4f6f9",
    surface="#ffffff",
    raised="#f7f9fc",
    line="#dfe4eb",
    text="#17202c",
    muted="#566273",
    accent="#0b6bd3",
    selection="#e3effd",
    error="#c62828",
    waiting="#a85b00",
    stuck="#7b3fb5",
    active="#0b6bd3",
    thinking="#4c51bf",
    idle="#6a7686",
    live="#1d7f4f",
    on_shape="#ffffff",
    stripe="#e6ddf1",
)


@dataclass(frozen=True)
class Metrics:
    """Measures, scaled by the system's font."""

    scale: float

    def px(self, value: float) -> int:
        """A length of the sketches in pixels."""
        return round(value * self.scale)

    def font(self, px: float = BASE_TEXT, bold: bool = False) -> QFont:
        """The system's font in a size of the sketches."""
        font = QFont(QGuiApplication.font())
        size = px * self.scale
        dpi = QGuiApplication.primaryScreen().logicalDotsPerInchY()
        font.setPointSizeF(size * 72 / dpi)
        font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        return font


class ThemeManager(QObject):
    """The theme that is in force.

    Signals:
        changed: Another theme is in force.
    """

    changed = Signal()

    def __init__(self, app: QApplication, theme: Theme | None = None) -> None:
        """Without a `theme` it follows the system's choice, live."""
        super().__init__()
        self._app = app
        self._fixed = theme
        # The palette that the system gave, before ours takes its place.
        lightness = app.palette().color(QPalette.ColorRole.Window).lightness()
        self._dark_palette = lightness < 128
        size = QFontInfo(app.font()).pixelSize()
        self.metrics = Metrics(max(1.0, min(size / BASE_TEXT, 2.0)))
        self.theme = self._wanted()
        app.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)
        app.setStyle("Fusion")
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
        self._app.setPalette(palette(self.theme))
        self._app.setStyleSheet(stylesheet(self.theme, self.metrics))


def palette(theme: Theme) -> QPalette:
    """What Fusion draws with."""
    result = QPalette()
    role = QPalette.ColorRole
    colours = {
        role.Window: theme.bg,
        role.WindowText: theme.text,
        role.Base: theme.bg,
        role.AlternateBase: theme.raised,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.Text: theme.text,
        role.PlaceholderText: theme.muted,
        role.Button: theme.surface,
        role.ButtonText: theme.text,
        role.BrightText: theme.error,
        role.Light: theme.raised,
        role.Midlight: theme.raised,
        role.Mid: theme.line,
        role.Dark: theme.line,
        role.Shadow: theme.line,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_shape,
        role.Link: theme.accent,
        role.LinkVisited: theme.accent,
        role.Accent: theme.accent,
    }
    for key, colour in colours.items():
        result.setColor(key, QColor(colour))
    for key in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, key, QColor(theme.muted))
    return result


def stylesheet(theme: Theme, metrics: Metrics) -> str:
    """The little that the palette cannot say. Widgets are named by object name."""
    px = metrics.px
    t = theme
    return f"""
#header, #statusbar, #details, #details_body {{ background: {t.surface}; }}
#header {{ border-bottom: 1px solid {t.line}; }}
#statusbar {{ border-top: 1px solid {t.line}; }}
#statusbar QLabel {{ color: {t.muted}; }}
#popup {{ background: {t.raised}; border: 1px solid {t.line}; border-radius: {px(8)}px; }}
#popup_foot {{ border-top: 1px solid {t.line}; }}
#card {{ background: {t.raised}; border: 1px solid {t.line}; border-radius: {px(8)}px; }}
QLabel[muted="true"] {{ color: {t.muted}; }}
QLineEdit {{ background: {t.raised}; border: 1px solid {t.line}; border-radius: {px(4)}px;
  padding: {px(6)}px {px(8)}px; color: {t.text}; selection-background-color: {t.accent};
  placeholder-text-color: {t.muted}; }}
QLineEdit:focus {{ border-color: {t.accent}; }}
QTimeEdit {{ background: {t.surface}; border: 1px solid {t.line}; border-radius: {px(5)}px;
  color: {t.text}; selection-background-color: {t.accent}; selection-color: {t.on_shape}; }}
QTimeEdit:focus {{ border-color: {t.accent}; }}
QTimeEdit::up-button, QTimeEdit::down-button {{ width: 0; height: 0; border: none; }}
QTimeEdit:disabled {{ color: {t.muted}; }}
QTimeEdit QLineEdit {{ background: transparent; border: none; padding: 0; }}
QComboBox QAbstractItemView {{ background: {t.raised}; border: 1px solid {t.line};
  selection-background-color: {t.selection}; selection-color: {t.text}; }}
#settings_pages {{ background: {t.surface}; border: none; border-right: 1px solid {t.line};
  padding: {px(12)}px {px(8)}px; }}
#settings_pages::item {{ color: {t.text}; border: 1px solid transparent;
  border-radius: {px(6)}px; padding-left: {px(8)}px; }}
#settings_pages::item:hover {{ background: {t.raised}; }}
#settings_pages::item:selected {{ background: {t.selection}; }}
#settings_pages::item:selected:active:focus {{ border-color: {t.accent}; }}
QPushButton {{ background: {t.surface}; border: 1px solid {t.line}; color: {t.text};
  border-radius: {px(5)}px; padding: {px(7)}px {px(13)}px; }}
QPushButton:hover {{ background: {t.raised}; border-color: {t.muted}; }}
QPushButton:focus {{ border-color: {t.accent}; }}
QPushButton:disabled {{ color: {t.muted}; }}
QPushButton[primary="true"] {{ background: {t.accent}; color: {t.on_shape};
  border-color: {t.accent}; font-weight: 600; }}
QPushButton[primary="true"]:hover, QPushButton[primary="true"]:focus {{ border-color: {t.text}; }}
QPushButton[link="true"] {{ background: transparent; border: 1px solid transparent;
  color: {t.accent}; padding: {px(2)}px {px(4)}px; }}
QPushButton[link="true"]:hover {{ text-decoration: underline; }}
QPushButton[link="true"]:disabled {{ color: {t.muted}; text-decoration: none; }}
QPushButton[link="true"]:focus {{ border-color: {t.accent}; }}
QListView, QTableView, QScrollArea {{ border: none; background: transparent; outline: none; }}
QTableView {{ gridline-color: transparent; selection-background-color: {t.selection};
  selection-color: {t.text}; }}
QHeaderView {{ background: transparent; }}
QHeaderView::section {{ background: transparent; color: {t.muted}; border: none;
  border-bottom: 1px solid {t.line}; padding: {px(4)}px; }}
QSplitter::handle {{ background: {t.line}; }}
QMenu {{ background: {t.raised}; border: 1px solid {t.line}; padding: {px(4)}px; }}
QMenu::item {{ color: {t.text}; border-radius: {px(4)}px;
  padding: {px(6)}px {px(20)}px {px(6)}px {px(14)}px; }}
QMenu::item:selected {{ background: {t.selection}; }}
QMenu::item:disabled {{ color: {t.muted}; background: transparent; }}
QMenu::separator {{ background: {t.line}; height: 1px; margin: {px(4)}px {px(8)}px; }}
QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.line};
  padding: {px(4)}px; }}
QScrollBar:vertical {{ background: transparent; width: {px(10)}px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {t.line}; border-radius: {px(3)}px;
  min-height: {px(32)}px; margin: {px(2)}px; }}
QScrollBar::handle:vertical:hover {{ background: {t.muted}; }}
QScrollBar:horizontal {{ background: transparent; height: {px(10)}px; margin: 0; }}
QScrollBar::handle:horizontal {{ background: {t.line}; border-radius: {px(3)}px;
  min-width: {px(32)}px; margin: {px(2)}px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""
