"""The reply of an agent as it streams, or its last one: the end of it, as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QPainter,
    QPalette,
    QPen,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QLabel, QSizePolicy

from cc_desktop.desktop.details.transcript.documents import (
    InertDocument,
    links_in,
    markdown_document,
)
from cc_desktop.desktop.details.transcript.painter import CURSOR
from cc_desktop.desktop.widgets.card import Card
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import trn

if TYPE_CHECKING:
    from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPaintEvent, QResizeEvent

    from cc_desktop.desktop.style.theme import ThemeManager

SHOWN_CHARS = 1_500  # at the end of a reply; the tab Transcript has all of it
SPOKEN_CHARS = 600


class MarkdownText(QLabel):
    """Markdown as a widget that is as high as its text. To screen readers it is a text.

    Left and Right choose a link, Enter is the click on it.

    Signals:
        link_clicked: An address was clicked.
    """

    link_clicked = Signal(str)

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self._look = look
        self._source = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._writing = False
        self._document = InertDocument()
        self._links: list[tuple[int, int, str]] = []
        self._chosen = 0  # the place of a link
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # it can be read by keyboard
        look.changed.connect(self._make)

    @property
    def source(self) -> str:
        """What it says, as Markdown."""
        return self._source

    def set_source(self, text: str, *, writing: bool = False) -> None:
        """Say something; `writing` puts a cursor after it."""
        if len(text) > SHOWN_CHARS:
            text = "…" + text[-SHOWN_CHARS:].partition(" ")[2]
        if (text, writing) != (self._source, self._writing):
            self._source, self._writing = text, writing
            self._make()

    def _make(self) -> None:
        self._document = markdown_document(self._source, self._look)
        if self._writing:
            cursor = QTextCursor(self._document)
            cursor.movePosition(QTextCursor.MoveOperation.End)
            style = QTextCharFormat()
            style.setForeground(QColor(self._look.theme.accent))
            cursor.insertText(CURSOR, style)
        self.setText(plain(self._source, SPOKEN_CHARS))
        self._links = links_in(self._document)
        self._chosen = max(0, min(self._chosen, len(self._links) - 1))
        self._tell_links()
        self._fit()
        self.update()

    def _tell_links(self) -> None:
        count = len(self._links)
        self.setAccessibleDescription(
            trn("{n} link: Enter shows where it leads", "{n} links: Left, Right and Enter", count)
            if count
            else ""
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override: choose a link, and ask where it leads."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if not self._links:
            super().keyPressEvent(event)
        elif step:
            self._chosen = (self._chosen + step) % len(self._links)
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.link_clicked.emit(self._links[self._chosen][2])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Qt override: the chosen link shows itself."""
        super().focusInEvent(event)
        self.update()

    def _mark_chosen(self, context: QAbstractTextDocumentLayout.PaintContext) -> None:
        begin, end, _ = self._links[self._chosen]
        mark = QAbstractTextDocumentLayout.Selection()
        mark.cursor = QTextCursor(self._document)
        mark.cursor.setPosition(begin)
        mark.cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        style = QTextCharFormat()
        style.setBackground(QColor(self._look.theme.accent))
        style.setForeground(QColor(self._look.theme.on_shape))
        mark.format = style
        context.selections = [mark]

    def _fit(self) -> None:
        self._document.setTextWidth(max(self.width(), 60))
        height = int(self._document.size().height() + 0.999)
        if height != self.height():
            self.setFixedHeight(height)

    def hasHeightForWidth(self) -> bool:
        """Qt override: lines break."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Qt override: as high as its lines."""
        self._document.setTextWidth(max(width, 60))
        return int(self._document.size().height() + 0.999)

    def sizeHint(self) -> QSize:
        """Qt override."""
        return QSize(200, self.heightForWidth(max(self.width(), 60)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override: lines break elsewhere."""
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt override: draw the text."""
        painter = QPainter(self)
        context = QAbstractTextDocumentLayout.PaintContext()
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Text, QColor(self._look.theme.text))
        palette.setColor(QPalette.ColorRole.Link, QColor(self._look.theme.link))
        context.palette = palette
        if self._links and self.hasFocus():
            self._mark_chosen(context)
        self._document.setTextWidth(max(self.width(), 60))
        self._document.documentLayout().draw(painter, context)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(self._look.theme.accent), 1.5))
            box = QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
            painter.drawRoundedRect(box, 4, 4)
        painter.end()

    def _link_at(self, spot: QPoint) -> str:
        return self._document.documentLayout().anchorAt(spot.toPointF())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Qt override: a hand over an address."""
        can = bool(self._link_at(event.position().toPoint()))
        self.setCursor(Qt.CursorShape.PointingHandCursor if can else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Qt override: a click on an address says where it leads."""
        address = self._link_at(event.position().toPoint())
        if address and event.button() == Qt.MouseButton.LeftButton:
            self.link_clicked.emit(address)


class ReplyCard(Card):
    """A card with Markdown."""

    def __init__(self, look: ThemeManager, heading: str) -> None:
        super().__init__(look, heading)
        self.reply = MarkdownText(look)
        self.body.addWidget(self.reply)
