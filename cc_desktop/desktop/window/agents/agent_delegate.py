"""Paints the rows of the fleet list. No widget per row, no look at the model beyond the row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor

from cc_desktop.desktop.icons.avatar import draw_avatar
from cc_desktop.desktop.icons.glyphs import Glyph, draw_glyph
from cc_desktop.desktop.icons.status import draw_status
from cc_desktop.desktop.widgets.rows.row_delegate import END, Canvas, RowDelegate
from cc_desktop.desktop.window.agents.agent_model import MODEL_ROLE, ROW_ROLE, Row
from cc_desktop.fleet.model import Status
from cc_desktop.text.agents import FULL_CONTEXT, NOTHING, SHOWN_CONTEXT, status_word
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.widgets.rows.sorted_model import Index

BESIDE = 1000  # design px of the list: from here on, the usage has a column of its own
BAR = 48  # design px
SHAPE, GAP = 18, 7  # design px: the shape of a status, and between it and its word


class Columns(Struct, frozen=True):
    """Where the parts of a row stand: start and width in px. A width of 0: no room for it.

    Attributes:
        task: Of the first line; the second one ends before the usage.
        usage: Beside both lines, or at the end of the second one where they overlap.
    """

    name: tuple[int, int]
    status: tuple[int, int]
    task: tuple[int, int]
    model: tuple[int, int]
    usage: tuple[int, int]


# From a width of the list in design px on: the widths of name, status, model and usage.
_WIDTHS = (
    (1200, (220, 106, 140, 84)),
    (1000, (196, 106, 120, 84)),
    (860, (184, 106, 0, 84)),
    (700, (168, 106, 0, 84)),
    (520, (120, 106, 0, 76)),
    (480, (108, 106, 0, 0)),
    (400, (84, 106, 0, 0)),
    (0, (80, 22, 0, 0)),
)


def columns(width: int, scale: float, words: int = 0) -> Columns:
    """Share out a row: what matters least goes first when it gets narrow.

    Args:
        width: Of the row, px.
        scale: Of `Metrics`.
        words: What the longest word for a status needs, px; it depends on the language.
    """

    def px(value: float) -> int:
        return round(value * scale)

    shares = next(shares for room, shares in _WIDTHS if width / scale >= room)
    name, status, model, usage = (px(share) for share in shares)
    if status > 2 * px(SHAPE):
        status = max(status, px(SHAPE + GAP) + words)
    name_at = px(62)
    status_at = name_at + name + px(8)
    task_at = status_at + status + px(10)
    usage_at = width - px(18) - usage
    # The reason takes the whole line where room is short; what it cost stands below.
    below = bool(usage) and width / scale < BESIDE
    end = usage_at - px(12) if usage and not below else usage_at + usage
    model_at = end - model
    end = model_at - px(12) if model else end
    return Columns(
        name=(name_at, name),
        status=(status_at, status),
        task=(task_at, max(0, end - task_at)),
        model=(model_at, model),
        usage=(usage_at, usage),
    )


class AgentDelegate(RowDelegate):
    """Who, how, what and since when, what it costs."""

    def __init__(self, look: ThemeManager, parent: QObject | None = None) -> None:
        super().__init__(look, parent)
        self._emoji = look.metrics.font(19)
        self._initials = look.metrics.font(12, bold=True)
        measure = self._measures[id(self._bold)]
        self._words = max(measure.horizontalAdvance(status_word(status)) for status in Status)

    def paint_row(self, canvas: Canvas, index: Index) -> None:
        """Draw an agent."""
        row = index.data(ROW_ROLE)
        if not isinstance(row, Row):
            return
        theme, px = self._look.theme, self._look.metrics.px
        at = columns(canvas.rect.width(), self._look.metrics.scale, self._words)
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

        shape = px(SHAPE)
        box = canvas.place(at.status[0], middle - shape // 2, shape, shape)
        draw_status(canvas.painter, QRectF(box), row.status, theme)
        if at.status[1] > shape * 2:
            start = px(SHAPE + GAP)
            place = (at.status[0] + start, at.status[1] - start, 0, height)
            colour = theme.status_text(row.status, selected=canvas.selected)
            self.line(canvas, place, row.word, self._bold, colour)

        second = at.task
        if at.usage[1] and sum(at.task) > at.usage[0]:
            used = self._paint_usage_below(canvas, at.usage, row, at.task[1])
            second = (at.task[0], max(0, at.task[1] - used))
        elif at.usage[1]:
            self._paint_usage(canvas, at.usage, row)
        if row.task == NOTHING:
            self.line(canvas, (*second, 0, height), row.second, self._text, muted)
        else:
            self.line(canvas, (*at.task, top, line), row.task, self._text, text)
            self.line(canvas, (*second, below, line), row.second, self._small, muted)
        if at.model[1]:
            model = index.data(MODEL_ROLE) or ""
            self.line(canvas, (*at.model, 0, height), model, self._text, muted)

    def _paint_name(
        self, canvas: Canvas, place: tuple[int, int, int, int], row: Row, colour: QColor
    ) -> None:
        """The name; a mark behind it when it is muted, inside the same column."""
        if not row.muted:
            self._paint_whole_name(canvas, place, row.name, colour)
            return
        px = self._look.metrics.px
        side, gap = px(13), px(4)
        start, width, top, height = place
        room = max(0, width - side - gap)
        self._paint_whole_name(canvas, (start, room, top, height), row.name, colour)
        used = min(room, self._measures[id(self._bold)].horizontalAdvance(row.name))
        mark = canvas.place(start + used + gap, top + (height - side) // 2, side, side)
        draw_glyph(canvas.painter, QRectF(mark), Glyph.BELL_STRUCK, QColor(self._look.theme.muted))

    def _paint_whole_name(
        self, canvas: Canvas, place: tuple[int, int, int, int], name: str, colour: QColor
    ) -> None:
        """Its end stays when it is cut: many names begin alike, such as "Reviewer 101"."""
        measure = self._measures[id(self._bold)]
        shown = measure.elidedText(name, Qt.TextElideMode.ElideMiddle, place[1])
        self.line(canvas, place, shown, self._bold, colour)

    def _paint_avatar(self, canvas: Canvas, row: Row, middle: int) -> None:
        theme, px = self._look.theme, self._look.metrics.px
        side = px(32)
        box = QRectF(canvas.place(px(18), middle - side // 2, side, side))
        painter = canvas.painter
        if row.status is Status.OFFLINE:
            painter.setOpacity(0.55)
        fonts = (self._emoji, self._initials)
        draw_avatar(painter, box, row.avatar, row.name, theme, fonts, px(6))
        painter.setOpacity(1.0)

    def _paint_usage(self, canvas: Canvas, place: tuple[int, int], row: Row) -> None:
        """What it cost today, and how full its context is once that matters."""
        theme, px = self._look.theme, self._look.metrics.px
        start, width = place
        height = canvas.rect.height()
        used = self._used(row)
        bar = row.percent is not None and row.percent >= SHOWN_CONTEXT
        top = height // 2 - px(17) if bar else 0
        spot = (start, width, top, px(18) if bar else height)
        self.line(canvas, spot, used, self._small, QColor(theme.muted), END)
        if bar:
            self._paint_bar(canvas, row, start + width, height // 2 + px(7))

    def _paint_usage_below(
        self, canvas: Canvas, place: tuple[int, int], row: Row, room: int
    ) -> int:
        """The same at the end of the second line, which is `room` px long.

        A context that is not nearly full gives way to the words.

        Returns:
            The room that it takes there, px.
        """
        px, height = self._look.metrics.px, canvas.rect.height()
        used = self._used(row)
        start, width = place
        spot = (start, width, height // 2 + px(1), px(18))
        self.line(canvas, spot, used, self._small, QColor(self._look.theme.muted), END)
        measure = self._measures[id(self._small)]
        words = measure.horizontalAdvance(used) if used else 0
        taken = min(width, words) + px(12) if words else 0
        percent = row.percent or 0
        fits = measure.horizontalAdvance(row.second) <= room - taken - px(BAR + 12)
        if percent >= FULL_CONTEXT or (percent >= SHOWN_CONTEXT and fits):
            end = start + width - (min(width, words) + px(8) if words else 0)
            self._paint_bar(canvas, row, end, height // 2 + px(8))
            taken = start + width - end + px(BAR) + px(12)
        return taken

    def _used(self, row: Row) -> str:
        return row.cost or (tr("{usage} tokens", usage=row.usage) if row.usage else "")

    def _paint_bar(self, canvas: Canvas, row: Row, end: int, top: int) -> None:
        """How full the context is: a bar up to an `end`."""
        theme, px = self._look.theme, self._look.metrics.px
        percent, painter = row.percent or 0, canvas.painter
        length = px(BAR)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.track))
        first = end - length
        painter.drawRoundedRect(QRectF(canvas.place(first, top, length, px(4))), px(2), px(2))
        full = percent >= FULL_CONTEXT
        painter.setBrush(QColor(theme.error if full else theme.muted))
        part = round(length * percent / 100)
        # From its start, which is on the right in Arabic or Hebrew.
        painter.drawRoundedRect(QRectF(canvas.place(first, top, part, px(4))), px(2), px(2))
