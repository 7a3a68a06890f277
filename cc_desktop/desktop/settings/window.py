"""The settings window: a list of pages, and the page that is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QStackedWidget,
    QWidget,
)

from cc_desktop.desktop.icons.status import app_icon
from cc_desktop.desktop.settings.page import PAGES, PageBody
from cc_desktop.desktop.widgets.window_geometry import decode, encode, fit_to_screen
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

    from PySide6.QtGui import QHideEvent

    from cc_desktop.desktop.settings.page import PageEntry, SettingsContext


class SettingsWindow(QDialog):
    """Not modal. A change applies at once; Esc and Ctrl+W close the window."""

    def __init__(
        self,
        context: SettingsContext,
        remembered: MutableMapping[str, str],
        entries: Sequence[PageEntry] = PAGES,
    ) -> None:
        """`remembered` keeps size and place between starts."""
        super().__init__()
        self.setObjectName("settings")
        self.setWindowTitle(tr("Settings"))
        self.setWindowIcon(app_icon())
        self._context = context
        self._remembered = remembered
        self._entries = tuple(
            entry for entry in entries if not entry.needs or getattr(context, entry.needs)
        )
        self._built: dict[str, QWidget] = {}
        self._build()
        QShortcut(QKeySequence("Ctrl+W"), self).activated.connect(self.close)
        context.look.changed.connect(self.update)
        geometry = decode(remembered.get("settings", ""))
        if geometry is not None:
            self.restoreGeometry(geometry)

    def _build(self) -> None:
        metrics, px = self._context.look.metrics, self._context.look.metrics.px
        self.pages = QListWidget()
        self.pages.setObjectName("settings_pages")
        self.pages.setAccessibleName(tr("Pages"))
        self.pages.setFont(metrics.font())
        self.pages.setFixedWidth(px(168))
        self.pages.setUniformItemSizes(True)
        self._stack = QStackedWidget()
        for entry in self._entries:
            item = QListWidgetItem(tr(entry.title))
            item.setSizeHint(QSize(px(150), px(34)))
            self.pages.addItem(item)
            scroll = QScrollArea()
            scroll.setFrameShape(QFrame.Shape.NoFrame)
            scroll.setWidgetResizable(True)
            scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self._stack.addWidget(scroll)
        self.pages.currentRowChanged.connect(self._on_row_changed)
        self.pages.setCurrentRow(0)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.pages)
        row.addWidget(self._stack, 1)
        self.setMinimumSize(px(560), px(360))
        fit_to_screen(self, QSize(px(840), px(720)))

    def _on_row_changed(self, row: int) -> None:
        self.page(self._entries[row].key)
        self._stack.setCurrentIndex(row)

    def page(self, key: str) -> QWidget:
        """A page by the key of its entry; built when it is first asked for."""
        if key not in self._built:
            row = [entry.key for entry in self._entries].index(key)
            built = self._built[key] = self._entries[row].build(self._context)
            scroll = self._stack.widget(row)
            if isinstance(scroll, QScrollArea):
                scroll.setWidget(built)
        return self._built[key]

    def current(self) -> str:
        """The key of the page that is shown."""
        return self._entries[self._stack.currentIndex()].key

    def show_page(self, key: str = "") -> None:
        """Show the window in front, at a page or at the last one."""
        if key:
            self.pages.setCurrentRow([entry.key for entry in self._entries].index(key))
        if self.isMinimized():
            self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        if not self.isVisible():
            self.pages.setFocus()
        self.show()
        self.raise_()
        self.activateWindow()

    def open_part(self, part: str) -> None:
        """Show a part of the page that is shown, such as the rights on a gateway by its id."""
        row = self._stack.currentIndex()
        page, scroll = self.page(self._entries[row].key), self._stack.widget(row)
        if isinstance(page, PageBody) and isinstance(scroll, QScrollArea):
            QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
            found = page.open_part(part)
            if found is not None:
                scroll.ensureWidgetVisible(found)

    def hideEvent(self, event: QHideEvent) -> None:
        """Remember how big it was."""
        super().hideEvent(event)
        self._remembered["settings"] = encode(self.saveGeometry())
