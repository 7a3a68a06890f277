"""The window Settings: a list of pages, and the page that is chosen."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QStackedWidget,
    QWidget,
)

from cc_desktop.desktop.icons.status import app_icon
from cc_desktop.desktop.settings.notifications_page import NotificationsPage
from cc_desktop.desktop.settings.tray_page import TrayPage
from cc_desktop.desktop.widgets.window_geometry import decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from PySide6.QtGui import QHideEvent

    from cc_desktop.desktop.icons.tray_state import TrayIconStyle
    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.store import Store
    from cc_desktop.notifications.center import NotificationCenter


class Page(IntEnum):
    """The pages, in the order of the list."""

    NOTIFICATIONS = 0
    TRAY = 1


_NAMES = {Page.NOTIFICATIONS: "Notifications", Page.TRAY: "Tray icon"}


class SettingsWindow(QWidget):
    """Not modal. What is changed applies at once; Esc and Ctrl+W close it."""

    def __init__(
        self,
        look: ThemeManager,
        center: NotificationCenter,
        store: Store,
        clock: Callable[[], int],
        remembered: MutableMapping[str, str],
        tray_look: TrayIconStyle,
        choose_tray_look: Callable[[TrayIconStyle], None],
    ) -> None:
        """`remembered` keeps size and place between starts; `clock` gives local ms."""
        super().__init__()
        self.setObjectName("settings")
        self.setWindowTitle("Settings")
        self.setWindowIcon(app_icon())
        self._look = look
        self._remembered = remembered
        self.notifications = NotificationsPage(look, center, store, clock)
        self.tray = TrayPage(look, tray_look, choose_tray_look)
        self._build()
        for keys in ("Esc", "Ctrl+W"):
            QShortcut(QKeySequence(keys), self).activated.connect(self.close)
        look.changed.connect(self.update)
        geometry = decode(remembered.get("settings", ""))
        if geometry is not None:
            self.restoreGeometry(geometry)

    def _build(self) -> None:
        px = self._look.metrics.px
        self.pages = QListWidget()
        self.pages.setObjectName("settings_pages")
        self.pages.setAccessibleName("Pages")
        self.pages.setFont(self._look.metrics.font())
        self.pages.setFixedWidth(px(168))
        self.pages.setUniformItemSizes(True)
        self.stack = QStackedWidget()
        for page, widget in ((Page.NOTIFICATIONS, self.notifications), (Page.TRAY, self.tray)):
            item = QListWidgetItem(_NAMES[page])
            item.setSizeHint(QSize(px(150), px(34)))
            self.pages.addItem(item)
            scroll = QScrollArea()
            scroll.setFrameShape(QFrame.Shape.NoFrame)
            scroll.setWidgetResizable(True)
            scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            scroll.setWidget(widget)
            self.stack.addWidget(scroll)
        self.pages.currentRowChanged.connect(self.stack.setCurrentIndex)
        self.pages.setCurrentRow(0)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.pages)
        row.addWidget(self.stack, 1)
        self.setMinimumSize(px(560), px(360))
        self.resize(px(840), px(720))

    def open(self, page: Page | None = None) -> None:
        """Show the window in front, at a page or at the last one."""
        if page is not None:
            self.pages.setCurrentRow(page)
        if self.isMinimized():
            self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        if not self.isVisible():
            self.pages.setFocus()
        self.show()
        self.raise_()
        self.activateWindow()

    def hideEvent(self, event: QHideEvent) -> None:
        """Remember how big it was."""
        super().hideEvent(event)
        self._remembered["settings"] = encode(self.saveGeometry())
