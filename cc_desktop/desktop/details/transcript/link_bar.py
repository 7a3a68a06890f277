"""Shows where a link leads before anybody goes there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from cc_desktop.desktop.details.transcript.documents import opens, shown_address
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.flow_layout import FlowLayout
from cc_desktop.desktop.widgets.labels import wrapping_label
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from cc_desktop.desktop.style.theme import ThemeManager


class LinkBar(QFrame):
    """The address of a link, and what to do with it.

    Signals:
        opened: The operator wants to go there.
        closed: It is away again.
    """

    opened = Signal(QUrl)
    closed = Signal()

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self.setObjectName("card")
        px = look.metrics.px
        self._url = QUrl()
        self._words = wrapping_label(look.metrics.font(bold=True))
        self.address = QLineEdit()
        self.address.setReadOnly(True)
        self.address.setAccessibleName(tr("Address of the link"))
        self.open = button(tr("Open in browser"), self._open, "primary")
        self.copy = button(tr("Copy address"), self._copy)
        self.cancel = button(tr("Cancel"), self.dismiss)
        choices = QWidget()
        row = FlowLayout(px(8), choices)
        for part in (self.open, self.copy, self.cancel):
            row.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(12), px(10), px(12), px(10))
        column.setSpacing(px(8))
        column.addWidget(self._words)
        column.addWidget(self.address)
        column.addWidget(choices)
        self.hide()
        self.opened.connect(QDesktopServices.openUrl)

    def ask(self, address: str) -> None:
        """Show an address; one that cannot be opened is not shown."""
        url = opens(address)
        if url is None:
            return
        self._url = url
        host = url.host(QUrl.ComponentFormattingOption.FullyEncoded)
        if host:
            self._words.setText(tr("The agent links to {host}.", host=host))
        else:
            self._words.setText(tr("The agent links to a mail address."))
        self.address.setText(shown_address(url))
        self.address.setCursorPosition(0)
        self.show()
        self.cancel.setFocus(Qt.FocusReason.OtherFocusReason)  # Enter by mistake opens nothing

    def dismiss(self) -> None:
        """Put it away."""
        if not self.isHidden():
            self.hide()
            self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override: Esc puts it away."""
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            super().keyPressEvent(event)

    def _open(self) -> None:
        url = self._url
        self.dismiss()
        self.opened.emit(url)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.address.text())
        self.dismiss()
