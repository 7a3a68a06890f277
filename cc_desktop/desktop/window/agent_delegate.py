"""Paints the rows of the fleet list. No widget per row, no look at the model beyond the row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from cc_desktop.desktop.icons.glyphs import Glyph, draw_glyph
from cc_desktop.desktop.icons.status import draw_status
from cc_desktop.desktop.window.agent_model import ROW_ROLE, Row, row_tokens
from cc_desktop.fleet.model import Status
from cc_desktop.text import words

if TYPE_CHECKING:
    from PySide6.QtCore import QObject
    from PySide6.QtGui import QFont

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.widgets.sorted_model import Index

ROW_HEIGHT = 50
START = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
END = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the parts of a row stand, px from its start. A width of 0: no room for it."""

    name: tuple[int, int]
    status: tuple[int, int]
    task: tuple[int, int]
    model: tuple[int, int]
    usage: tuple[int, int]
    bar: tuple[int, int]


def columns(width: int, scale: float) -> Columns:
    """Share out a row of `width` px: what matters least goes first when it gets narrow."""

    def px(value: float) -> int:
        return round(value * scale)

    room = width / scale  # in px of the sketches
    end = width - px(18)
    bar = px(92) if room >= 520 else 0
    bar_at = end - bar
    end = bar_at - px(16) if bar else end
    usage = px(80) if room >= 820 else 0
    usage_at = end - usage
    end = usage_at - px(12) if usage else end
    model = px(84) if room >= 660 else 0
    if room >= 1000:
        model = px(128)
    model_at = end - model
    end = model_at - px(12) if model else end
    name_at = px(62)
    name = px(108)
    if room >= 900:
        name = px(160)
    elif room < 480:
        name = px(80)
    status_at = name_at + name + px(8)
    status = px(106) if room >= 400 else px(22)
    task_at = status_at + status + px(10)
    return Columns(
        name=(name_at, name),
        status=(status_at, status),
        task=(task_at, max(0, end - task_at)),
        model=(model_at, model),
        usage=(usage_at, usage),
        bar=(bar_at, bar),
    )


class RowDelegate(QStyledItemDelegate):
    """What all lists have in common: rows of one height, their background, lines of text."""

    height = ROW_HEIGHT  # px of the sketches

    def __init__(self, look: ThemeManager, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        metrics = look.metrics
        self._text = metrics.font()
        self._bold = metrics.font(bold=True)
        self._small = metrics.font(11.5)
        self._measures = {
            id(font): QFontMetrics(font) for font in (self._text, self._bold, self._small)
        }

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Every row is as high as the others."""
        return QSize(200, self._look.metrics.px(self.height))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one row."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(option.direction)
        self._paint_back(painter, option)
        self.paint_row(Canvas(painter, option.rect, option.direction), index)
        painter.restore()

    def paint_row(self, canvas: Canvas, index: Index) -> None:
        """Draw what stands in the row."""
        raise NotImplementedError

    def _paint_back(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        theme, px = self._look.theme, self._look.metrics.px
        box = QRectF(option.rect).adjusted(px(8), 0.5, -px(8), -0.5)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.setPen(Qt.PenStyle.NoPen)
        if selected:
            painter.setBrush(QColor(theme.selection))
            painter.drawRoundedRect(box, px(6), px(6))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(theme.raised))
            painter.drawRoundedRect(box, px(6), px(6))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.accent), 1.5))
            painter.drawRoundedRect(box.adjusted(0.75, 0.75, -0.75, -0.75), px(6), px(6))

    def line(
        self,
        canvas: Canvas,
        place: tuple[int, int, int, int],
        text: str,
        font: QFont,
        colour: QColor,
        align: Qt.AlignmentFlag = START,
    ) -> None:
        """Draw one line. `place`: start, width, top, height."""
        start, width, top, height = place
        if not text or width <= 0:
            return
        shown = self._measures[id(font)].elidedText(text, Qt.TextElideMode.ElideRight, width)
        canvas.painter.setFont(font)
        canvas.painter.setPen(colour)
        flags = align | Qt.TextFlag.TextSingleLine
        canvas.painter.drawText(canvas.place(start, top, width, height), int(flags), shown)


class AgentDelegate(RowDelegate):
    """Draws an agent's row as in the sketches."""

    def __init__(self, look: ThemeManager, parent: QObject | None = None) -> None:
        super().__init__(look, parent)
        self._emoji = look.metrics.font(19)
        self._initials = look.metrics.font(12, bold=True)

    def paint_row(self, canvas: Canvas, index: Index) -> None:
        """Draw an agent."""
        row = index.data(ROW_ROLE)
        if not isinstance(row, Row):
            return
        theme, px = self._look.theme, self._look.metrics.px
        at = columns(canvas.rect.width(), self._look.metrics.scale)
        height = canvas.rect.height()
        middle = height // 2
        line, top, below = px(18), middle - px(17), middle + px(1)
        dimmed = row.status in (Status.OFFLINE, Status.UNKNOWN)
        text, muted = QColor(theme.muted if dimmed else theme.text), QColor(theme.muted)

        self._paint_avatar(canvas, row, middle)
        if row.gateway:
            self._paint_name(canvas, (*at.name, top, line), row, text)
            self.line(canvas, (*at.name, below, line), row.gateway, self._small, muted)
        else:
            self._paint_name(canvas, (*at.name, 0, height), row, text)

        shape = px(18)
        box = canvas.place(at.status[0], middle - shape // 2, shape, shape)
        draw_status(canvas.painter, QRectF(box), row.status, theme)
        if at.status[1] > shape * 2:
            place = (at.status[0] + px(25), at.status[1] - px(25), 0, height)
            self.line(canvas, place, row.word, self._bold, theme.status_text(row.status))

        self.line(canvas, (*at.task, top, line), row.task, self._text, text)
        self.line(canvas, (*at.task, below, line), row.second, self._small, muted)
        if at.model[1]:
            self.line(canvas, (*at.model, 0, height), row.model, self._text, muted)
        if at.usage[1]:
            today = f"{row.cost} today" if row.cost else "today"
            used = row_tokens(row.usage)
            self.line(canvas, (*at.usage, top, line), used, self._small, muted, END)
            if used:
                self.line(canvas, (*at.usage, below, line), today, self._small, muted, END)
        if at.bar[1] and row.percent is not None:
            self._paint_bar(canvas, at.bar, row.percent, middle)

    def _paint_name(
        self, canvas: Canvas, place: tuple[int, int, int, int], row: Row, colour: QColor
    ) -> None:
        """The name; a mark behind it when it is muted, inside the same column."""
        if not row.muted:
            self.line(canvas, place, row.name, self._bold, colour)
            return
        px = self._look.metrics.px
        side, gap = px(13), px(4)
        start, width, top, height = place
        room = max(0, width - side - gap)
        self.line(canvas, (start, room, top, height), row.name, self._bold, colour)
        used = min(room, self._measures[id(self._bold)].horizontalAdvance(row.name))
        mark = canvas.place(start + used + gap, top + (height - side) // 2, side, side)
        draw_glyph(canvas.painter, QRectF(mark), Glyph.BELL_STRUCK, QColor(self._look.theme.muted))

    def _paint_avatar(self, canvas: Canvas, row: Row, middle: int) -> None:
        theme, px = self._look.theme, self._look.metrics.px
        side = px(32)
        box = QRectF(canvas.place(px(18), middle - side // 2, side, side))
        painter = canvas.painter
        painter.setPen(QPen(QColor(theme.line), 1))
        painter.setBrush(QColor(theme.raised))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), px(6), px(6))
        is_emoji = not row.avatar.isascii() and not row.avatar[0].isalpha()
        painter.setFont(self._emoji if is_emoji else self._initials)
        painter.setPen(QColor(theme.muted))
        if row.status is Status.OFFLINE:
            painter.setOpacity(0.55)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), row.avatar)
        painter.setOpacity(1.0)

    def _paint_bar(self, canvas: Canvas, place: tuple[int, int], percent: int, middle: int) -> None:
        theme, px = self._look.theme, self._look.metrics.px
        start, width = place
        label = px(30)
        track = QRectF(canvas.place(start, middle - px(2), width - label, px(5)))
        painter = canvas.painter
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.line))
        painter.drawRoundedRect(track, px(2), px(2))
        part = round((width - label) * percent / 100)
        if part:
            full = percent >= words.FULL_CONTEXT
            painter.setBrush(QColor(theme.error if full else theme.muted))
            filled = QRectF(canvas.place(start, middle - px(2), max(part, px(3)), px(5)))
            painter.drawRoundedRect(filled, px(2), px(2))
        spot = (start + width - label, label, middle - px(9), px(18))
        self.line(canvas, spot, f"{percent}%", self._small, QColor(theme.muted), END)


@dataclass(slots=True)
class Canvas:
    """A row to draw on, measured from its start: the left, or the right in Arabic or Hebrew."""

    painter: QPainter
    rect: QRect
    direction: Qt.LayoutDirection

    def place(self, start: int, top: int, width: int, height: int) -> QRect:
        """A rectangle of the row on the screen."""
        logical = QRect(self.rect.topLeft() + QPoint(start, top), QSize(width, height))
        return QStyle.visualRect(self.direction, self.rect, logical)
