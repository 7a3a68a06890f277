"""The box that a message is written in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QSizePolicy

from cc_desktop.desktop.widgets.buttons import ENTER

if TYPE_CHECKING:
    from PySide6.QtCore import QMimeData
    from PySide6.QtGui import QKeyEvent, QResizeEvent

    from cc_desktop.desktop.style.theme import ThemeManager

MOST_LINES = 5  # from then on it scrolls
LEAST_HEIGHT = 34  # design px, as that of the buttons beside it
MOST_CHARS = 100_000  # gateways refuse frames far larger; nothing is pasted beyond it


class MessageEdit(QPlainTextEdit):
    """Plain text. It grows with what is written.

    Signals:
        submitted: Enter was pressed; Shift+Enter makes a new line.
    """

    submitted = Signal()

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self._px = look.metrics.px
        self.setObjectName("message")
        self.setFont(look.metrics.font())
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(self._px(2))
        line = self.fontMetrics().lineSpacing() + 2 * self._px(2) + 2
        self._pad = max(self._px(3), (self._px(LEAST_HEIGHT) - line) // 2)  # one line is centred
        self.setViewportMargins(self._px(5), self._pad, self._px(5), self._pad)
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self._grow())
        self._grow()

    def _grow(self) -> None:
        """As high as its lines, up to five."""
        lines = max(1, round(self.document().size().height()))
        shown = min(lines, MOST_LINES)
        policy = Qt.ScrollBarPolicy
        needs_bar = lines > MOST_LINES
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAsNeeded if needs_bar else policy.ScrollBarAlwaysOff
        )
        margin = 2 * round(self.document().documentMargin()) + 2 * self._pad + 2
        height = max(self._px(LEAST_HEIGHT), shown * self.fontMetrics().lineSpacing() + margin)
        if height != self.height() or self.maximumHeight() != height:
            self.setFixedHeight(height)

    def sizeHint(self) -> QSize:
        """As high as it is; its width is up to its neighbours."""
        return QSize(self._px(120), self.height())

    def minimumSizeHint(self) -> QSize:
        """It may get narrow."""
        return QSize(self._px(80), self._px(LEAST_HEIGHT))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override: lines wrap elsewhere."""
        super().resizeEvent(event)
        self._grow()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override: Enter sends."""
        if event.key() in ENTER:
            if not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.submitted.emit()
                return
            self.textCursor().insertText("\n")
            self.ensureCursorVisible()
            return
        super().keyPressEvent(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Qt override: what is pasted is bounded, and plain."""
        room = MOST_CHARS - self.document().characterCount()
        if source.hasText() and room > 0:
            self.textCursor().insertText(source.text()[:room])
            self.ensureCursorVisible()
