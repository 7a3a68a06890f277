"""The style sheet: what the palette and the proxy style cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cc_desktop.desktop.style.palette import Theme
    from cc_desktop.desktop.style.theme import Metrics


def stylesheet(theme: Theme, metrics: Metrics) -> str:
    """The style sheet of the app. Widgets are addressed by object name or property."""
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
#gateway_row {{ border: none; border-bottom: 1px solid {t.line}; }}
#command {{ background: {t.bg}; border: 1px solid {t.line}; border-radius: {px(6)}px; }}
#verbatim {{ background: {t.bg}; border: 1px solid {t.line}; border-radius: {px(6)}px;
  color: {t.text}; selection-background-color: {t.accent}; selection-color: {t.on_shape}; }}
#verbatim:focus {{ border-color: {t.accent}; }}
#option {{ background: {t.raised}; border: 1px solid {t.border}; border-radius: {px(6)}px; }}
#option[chosen="true"] {{ background: {t.selection}; border-color: {t.accent}; }}
#details_tabs {{ border-bottom: 1px solid {t.line}; }}
#details_tabs::tab {{ color: {t.muted}; background: transparent; border: 1px solid transparent;
  border-bottom: 2px solid transparent; padding: {px(5)}px {px(5)}px; margin-right: {px(8)}px; }}
#details_tabs::tab:hover {{ color: {t.text}; }}
#details_tabs::tab:selected {{ color: {t.text}; border-bottom-color: {t.accent};
  font-weight: 600; }}
#details_tabs::tab:selected:focus {{ color: {t.link}; border-color: {t.accent};
  border-top-left-radius: {px(4)}px; border-top-right-radius: {px(4)}px; }}
QLabel[muted="true"] {{ color: {t.muted}; }}
QLineEdit {{ background: {t.raised}; border: 1px solid {t.border}; border-radius: {px(5)}px;
  padding: {px(6)}px {px(8)}px; color: {t.text}; selection-background-color: {t.accent};
  placeholder-text-color: {t.muted}; }}
QLineEdit:focus {{ border-color: {t.accent}; }}
#message {{ background: {t.raised}; border: 1px solid {t.border}; border-radius: {px(5)}px;
  color: {t.text}; selection-background-color: {t.accent}; selection-color: {t.on_shape};
  placeholder-text-color: {t.muted}; }}
#message:focus {{ border-color: {t.accent}; }}
QTimeEdit {{ background: {t.surface}; border: 1px solid {t.border}; border-radius: {px(5)}px;
  color: {t.text}; selection-background-color: {t.accent}; selection-color: {t.on_shape}; }}
QTimeEdit:focus {{ border-color: {t.accent}; }}
QTimeEdit::up-button, QTimeEdit::down-button {{ width: 0; height: 0; border: none; }}
QTimeEdit:disabled {{ color: {t.muted}; }}
QTimeEdit QLineEdit {{ background: transparent; border: none; padding: 0; }}
QToolButton#day {{ background: {t.surface}; border: 1px solid {t.border}; color: {t.muted};
  border-radius: {px(5)}px; }}
QToolButton#day:hover {{ border-color: {t.text}; }}
QToolButton#day:checked {{ background: {t.selection}; border-color: {t.accent}; color: {t.text}; }}
QToolButton#day:focus {{ border: 2px solid {t.accent}; }}
QToolButton#day:disabled {{ border-color: {t.line}; color: {t.muted}; }}
QComboBox QAbstractItemView {{ background: {t.raised}; border: 1px solid {t.line};
  selection-background-color: {t.selection}; selection-color: {t.text}; }}
#settings_pages {{ background: {t.surface}; border: none; border-right: 1px solid {t.line};
  padding: {px(12)}px {px(8)}px; }}
#settings_pages::item {{ color: {t.text}; border: 1px solid transparent;
  border-radius: {px(6)}px; padding-left: {px(8)}px; }}
#settings_pages::item:hover {{ background: {t.raised}; }}
#settings_pages::item:selected {{ background: {t.selection}; border-color: {t.accent}; }}
#settings_pages::item:selected:focus {{ border-width: 2px; padding-left: {px(8) - 1}px; }}
QPushButton {{ background: {t.surface}; border: 1px solid {t.border}; color: {t.text};
  border-radius: {px(5)}px; padding: {px(7)}px {px(13)}px; }}
QPushButton:hover {{ background: {t.raised}; border-color: {t.text}; }}
QPushButton:focus {{ border-color: {t.accent}; }}
QPushButton:disabled {{ color: {t.muted}; }}
QPushButton[primary="true"] {{ background: {t.accent}; color: {t.on_shape};
  border-color: {t.accent}; font-weight: 600; }}
QPushButton[primary="true"]:disabled {{ background: {t.surface}; color: {t.muted};
  border-color: {t.border}; }}
QPushButton[primary="true"]:hover, QPushButton[primary="true"]:focus {{ border-color: {t.text}; }}
QPushButton[danger="true"] {{ color: {t.error}; border-color: {t.error}; }}
QPushButton[danger="true"]:hover, QPushButton[danger="true"]:focus {{ border-color: {t.text}; }}
QPushButton[danger="true"]:disabled {{ color: {t.muted}; border-color: {t.border}; }}
QPushButton[link="true"] {{ background: transparent; border: 1px solid transparent;
  color: {t.link}; padding: {px(2)}px {px(4)}px; }}
QPushButton[link="true"]:hover {{ text-decoration: underline; }}
QPushButton[link="true"]:disabled {{ color: {t.muted}; text-decoration: none; }}
QPushButton[link="true"]:focus {{ border-color: {t.accent}; }}
QListView, QTableView, QScrollArea {{ border: none; background: transparent; outline: none; }}
QTableView {{ gridline-color: transparent; selection-background-color: {t.selection};
  selection-color: {t.text}; }}
QTableView::item:selected {{ border-top: 1px solid {t.accent};
  border-bottom: 1px solid {t.accent}; }}
QHeaderView {{ background: transparent; }}
QHeaderView::section {{ background: transparent; color: {t.muted}; border: none;
  border-bottom: 1px solid {t.line}; padding: {px(4)}px {px(3)}px; }}
QTabBar::tab {{ background: transparent; color: {t.muted}; border: none;
  border-bottom: 2px solid transparent; padding: {px(6)}px 0; margin-right: {px(18)}px; }}
QTabBar::tab:hover {{ color: {t.text}; }}
QTabBar::tab:selected {{ color: {t.text}; border-bottom-color: {t.accent}; }}
QTabBar::tab:selected:focus {{ color: {t.link}; }}
QTabBar::tab:focus {{ border-bottom-color: {t.accent}; }}
QSplitter::handle {{ background: {t.line}; }}
QMenu {{ background: {t.raised}; border: 1px solid {t.line}; padding: {px(4)}px; }}
QMenu::item {{ color: {t.text}; border: 1px solid transparent; border-radius: {px(4)}px;
  padding: {px(6)}px {px(20)}px {px(6)}px {px(14)}px; }}
QMenu::item:selected {{ background: {t.selection}; border-color: {t.accent}; }}
QMenu::item:disabled {{ color: {t.muted}; background: transparent; border-color: transparent; }}
QMenu::separator {{ background: {t.line}; height: 1px; margin: {px(4)}px {px(8)}px; }}
QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.line};
  padding: {px(4)}px; }}
QScrollBar:vertical {{ background: transparent; width: {px(10)}px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {t.border}; border-radius: {px(3)}px;
  min-height: {px(32)}px; margin: {px(2)}px; }}
QScrollBar::handle:vertical:hover {{ background: {t.muted}; }}
QScrollBar:horizontal {{ background: transparent; height: {px(10)}px; margin: 0; }}
QScrollBar::handle:horizontal {{ background: {t.border}; border-radius: {px(3)}px;
  min-width: {px(32)}px; margin: {px(2)}px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""
