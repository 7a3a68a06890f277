"""Draws the rows of a conversation, and says how high they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFontMetrics,
    QPainter,
    QPalette,
    QPen,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QStyle

from cc_desktop.desktop.details.transcript.documents import (
    DocumentCache,
    InertDocument,
    markdown_document,
    mono_font,
    plain_document,
)
from cc_desktop.fleet.transcript.records import Role
from cc_desktop.fleet.transcript.rows import Outcome, RowKind
from cc_desktop.text import transcript as words
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from PySide6.QtGui import QFont, QTextDocument

    from cc_desktop.desktop.details.transcript.model import TranscriptModel
    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.transcript.rows import Row

CURSOR = "\u258c"  # a half block after text that is being written
CALL_HEIGHT = 30  # design px
EDGE = 6  # design px beside the words
TOP = 13  # design px above the words
MOST_MARKS = 200  # places of a search that are marked in one row
_MARKS = {
    Outcome.DONE: "\u2713",
    Outcome.FAILED: "\u2715",
    Outcome.RUNNING: "\u25b8",
    Outcome.UNKNOWN: "\u2013",
}


class Look(Struct, frozen=True):
    """How a row is drawn now."""

    selected: bool = False
    current: bool = False
    found: bool = False  # the place where the search is


class RowPainter:
    """Draws and measures rows; keeps the documents of those in sight.

    Attributes:
        needle: What is searched for, in lower case; it is marked.
    """

    def __init__(self, look: ThemeManager, model: TranscriptModel) -> None:
        self._look = look
        self._model = model
        metrics = look.metrics
        self._bold = metrics.font(12.5, bold=True)
        self._small = metrics.font(12)
        self._name = metrics.font(12.5, bold=True)
        self._mono = mono_font(look)
        self._head = QFontMetrics(self._bold).height()
        self._documents = DocumentCache()
        self._theme = look.theme
        self._box = QRect()  # of the row that is drawn
        self.needle = ""

    def estimate(self, row: Row, width: int) -> int:
        """About how high a row is, without laying it out."""
        px = self._look.metrics.px
        if row.kind is RowKind.CALL and row.key not in self._model.expanded:
            return px(CALL_HEIGHT) + px(6)
        if row.kind in (RowKind.BOUNDARY, RowKind.NOTE):
            return px(32)
        text = row.text if row.kind is not RowKind.CALL else f"{row.detail}\n{row.result}"
        per_line = max(20, (width - 2 * px(EDGE)) // px(7))
        lines = len(text) // per_line + text.count("\n") + 1
        return px(20) + self._head + min(lines, 2_000) * px(18)

    def measure(self, row: Row, width: int) -> int:
        """How high a row is."""
        px = self._look.metrics.px
        if row.kind in (RowKind.BOUNDARY, RowKind.NOTE):
            return px(32)
        if row.kind is RowKind.CALL:
            height = px(CALL_HEIGHT) + px(6)
            if row.key in self._model.expanded:
                height += self._height(self._call_document(row, width)) + px(16)
            return height
        height = px(TOP) + self._head + px(4)
        if row.text:
            height += self._height(self._text_document(row, width))
        for _line in self._extra_lines(row):
            height += self._head + px(2)
        return height + px(8)

    def paint(self, painter: QPainter, box: QRect, row: Row, look: Look, *, first: bool) -> None:
        """Draw a row."""
        if self._theme is not self._look.theme:
            self._theme = self._look.theme
            self._documents.clear()
        self._box = box
        self._paint_back(painter, box, look)
        if row.kind is RowKind.CALL:
            self._paint_call(painter, box, row)
        elif row.kind in (RowKind.BOUNDARY, RowKind.NOTE):
            self._paint_line(painter, box, row)
        else:
            if not first:
                painter.setPen(QPen(QColor(self._theme.line), 1))
                at = box.top() + self._look.metrics.px(4)
                painter.drawLine(box.left(), at, box.right(), at)
            self._paint_text(painter, box, row)

    def link_at(self, row: Row, width: int, spot: QPoint) -> str:
        """The address under a point of a row, or ""."""
        if row.kind is not RowKind.MESSAGE or not row.text:
            return ""
        px = self._look.metrics.px
        inner = spot - QPoint(px(EDGE), px(TOP) + self._head + px(4))
        document = self._text_document(row, width)
        return document.documentLayout().anchorAt(inner.toPointF())

    # Documents

    def _text_document(self, row: Row, width: int) -> QTextDocument:
        """The words of a message or a failure."""
        inner = width - 2 * self._look.metrics.px(EDGE)
        key = (row.key, len(row.text), hash(row.text), row.live)
        return self._documents.get(key, inner, lambda: self._make_text(row))

    def _make_text(self, row: Row) -> InertDocument:
        if row.kind is RowKind.FAILURE or row.role is not Role.ASSISTANT:
            return plain_document(row.text, self._look)
        document = markdown_document(row.text, self._look)
        if row.live:
            cursor = QTextCursor(document)
            cursor.movePosition(QTextCursor.MoveOperation.End)
            style = QTextCharFormat()
            style.setForeground(QColor(self._look.theme.accent))
            cursor.insertText(CURSOR, style)
        return document

    def _call_document(self, row: Row, width: int) -> QTextDocument:
        parts = [row.detail or row.subject, row.result]
        if row.cut:
            parts.append(words.cut_line(row.cut))
        text = "\n\n".join(part for part in parts if part)
        inner = width - 2 * self._look.metrics.px(EDGE) - 2 * self._look.metrics.px(10)
        key = (row.key, "call", len(text), hash(text))
        return self._documents.get(key, inner, lambda: plain_document(text, self._look, mono=True))

    @staticmethod
    def _height(document: QTextDocument) -> int:
        return int(document.size().height() + 0.999)

    @staticmethod
    def _extra_lines(row: Row) -> list[str]:
        lines = []
        if row.kind is RowKind.MESSAGE and row.attachments:
            lines.append(words.attachments(row.attachments))
        if row.cut and not row.live:
            lines.append(words.cut_line(row.cut))
        return lines

    # Painting

    def _paint_back(self, painter: QPainter, box: QRect, look: Look) -> None:
        theme, px = self._theme, self._look.metrics.px
        if not (look.selected or look.current or look.found):
            return
        shape = QRectF(box).adjusted(px(3), px(2), -px(3), -px(2))
        painter.setPen(Qt.PenStyle.NoPen)
        if look.selected or look.found:
            painter.setBrush(QColor(theme.selection))
            painter.drawRoundedRect(shape, px(6), px(6))
        if look.current:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.accent), 1.5))
            painter.drawRoundedRect(shape, px(6), px(6))

    def _paint_text(self, painter: QPainter, box: QRect, row: Row) -> None:
        theme, px = self._theme, self._look.metrics.px
        left, top = box.left() + px(EDGE), box.top() + px(TOP)
        width = box.width() - 2 * px(EDGE)
        if row.kind is RowKind.FAILURE:
            who, colour = tr("Run failed"), theme.error
            beside = words.failure_line(row, self._model.local_at(row), self._model.now_ms())
        else:
            who, colour = self._model.speaker(row), theme.text
            beside = tr("now") if row.live else self._model.time(row)
        used = self._text(painter, QRect(left, top, width, self._head), who, self._bold, colour)
        rest = QRect(left + used + px(8), top, width - used - px(8), self._head)
        self._text(painter, rest, beside, self._small, theme.muted)
        top += self._head + px(4)
        if row.text:
            document = self._text_document(row, box.width())
            self._draw(painter, document, left, top, row.text)
            top += self._height(document)
        for line in self._extra_lines(row):
            top += px(2)
            spot = QRect(left, top, width, self._head)
            self._text(painter, spot, line, self._small, theme.muted)
            top += self._head

    def _paint_call(self, painter: QPainter, box: QRect, row: Row) -> None:
        theme, px = self._theme, self._look.metrics.px
        outcome = self._model.outcome(row)
        is_open = row.key in self._model.expanded
        frame = QRectF(box).adjusted(px(EDGE), px(3), -px(EDGE), -px(3))
        painter.setPen(QPen(QColor(theme.line), 1))
        painter.setBrush(QColor(theme.raised))
        painter.drawRoundedRect(frame, px(6), px(6))
        line = QRect(
            int(frame.left()) + px(10),
            int(frame.top()),
            int(frame.width()) - 2 * px(10),
            px(CALL_HEIGHT),
        )
        colours = {
            Outcome.DONE: theme.live,
            Outcome.FAILED: theme.error,
            Outcome.RUNNING: theme.active,
            Outcome.UNKNOWN: theme.muted,
        }
        self._text(painter, line, _MARKS[outcome], self._name, colours[outcome])
        x = px(18)
        end = words.call_end(row) if outcome is row.outcome else tr(words.OUTCOMES[outcome])
        shown = f"{end} {'▾' if is_open else '▸'}".strip()
        small = QFontMetrics(self._small)
        end_width = min(small.horizontalAdvance(shown) + px(2), line.width() // 2)
        end_box = QRect(line.right() - end_width + 1, line.top(), end_width, line.height())
        muted = theme.error if outcome is Outcome.FAILED else theme.muted
        self._text(painter, end_box, shown, self._small, muted)
        room = line.width() - x - end_width - px(8)
        name_box = QRect(line.left() + x, line.top(), max(0, room), line.height())
        x += self._text(painter, name_box, row.name, self._name, theme.text) + px(8)
        room = line.width() - x - end_width - px(8)
        if room > px(20):
            subject = QRect(line.left() + x, line.top(), room, line.height())
            self._text(painter, subject, row.subject, self._mono, theme.text)
        if is_open:
            document = self._call_document(row, box.width())
            self._draw(
                painter, document, line.left(), line.bottom() + px(4), row.result or row.detail
            )

    def _paint_line(self, painter: QPainter, box: QRect, row: Row) -> None:
        theme = self._theme
        text = words.boundary(row) if row.kind is RowKind.BOUNDARY else words.note(row)
        painter.setFont(self._small)
        painter.setPen(QColor(theme.muted))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine
        shown = QFontMetrics(self._small).elidedText(
            text, Qt.TextElideMode.ElideRight, box.width() - 2 * self._look.metrics.px(EDGE)
        )
        painter.drawText(box, int(flags), shown)

    def _text(self, painter: QPainter, box: QRect, text: str, font: QFont, colour: str) -> int:
        """Draw one line, cut to its box; return how wide it is."""
        if not text or box.width() <= 0:
            return 0
        metrics = QFontMetrics(font)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width())
        painter.setFont(font)
        painter.setPen(QColor(colour))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        # Lines are measured from the start of the row: in Arabic or Hebrew, that is its right.
        box = QStyle.visualRect(painter.layoutDirection(), self._box, box)
        painter.drawText(box, int(flags | Qt.TextFlag.TextSingleLine), shown)
        return metrics.horizontalAdvance(shown)

    def _draw(
        self, painter: QPainter, document: QTextDocument, left: int, top: int, text: str
    ) -> None:
        """Draw a document, with what is searched for marked in it."""
        context = QAbstractTextDocumentLayout.PaintContext()
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Text, QColor(self._theme.text))
        palette.setColor(QPalette.ColorRole.Link, QColor(self._theme.link))
        context.palette = palette
        if self.needle and self.needle in text.casefold():
            context.selections = self._found(document)
        painter.save()
        painter.translate(left, top)
        document.documentLayout().draw(painter, context)
        painter.restore()

    def _found(self, document: QTextDocument) -> list[QAbstractTextDocumentLayout.Selection]:
        style = QTextCharFormat()
        style.setBackground(QColor(self._theme.accent))
        style.setForeground(QColor(self._theme.on_shape))
        found: list[QAbstractTextDocumentLayout.Selection] = []
        cursor = document.find(self.needle)
        while not cursor.isNull() and len(found) < MOST_MARKS:
            one = QAbstractTextDocumentLayout.Selection()
            one.cursor = cursor
            one.format = style
            found.append(one)
            cursor = document.find(self.needle, cursor)
        return found
