"""Days as bars with their numbers beside them. Each bar is a row that a screen reader reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QListView

from cc_desktop.desktop.widgets.accessible.picture import Picture
from cc_desktop.desktop.widgets.rows.row_delegate import END, Canvas, RowDelegate
from cc_desktop.desktop.widgets.rows.row_list import RowList
from cc_desktop.text.format import tokens
from cc_desktop.text.history.usage import day_name, short_money, spoken_day
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from PySide6.QtCore import QObject
    from PySide6.QtGui import QPaintEvent

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.widgets.rows.sorted_model import Index
    from cc_desktop.fleet.history.usage import DayUsage

ROW = 24  # design px
DAY_WIDTH, TOKENS_WIDTH, COST_WIDTH = 84, 50, 72
LEAST_BAR = 3  # px of a day that was not without use
FULL_AT = 80  # percent: from here on the context counts as nearly full
_ROOT = QModelIndex()


class DaysModel(QAbstractListModel):
    """Days, newest first. What the bars show is either tokens or cost."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.days: list[DayUsage] = []
        self.today = ""
        self.by_cost = True

    def show_days(self, days: list[DayUsage], today: str) -> None:
        """Show other days, oldest first."""
        self.beginResetModel()
        self.days, self.today = list(reversed(days)), today
        self.endResetModel()

    def set_by_cost(self, by_cost: bool) -> None:
        """Let the bars show the cost, or the tokens."""
        self.by_cost = by_cost
        if self.days:
            self.dataChanged.emit(self.index(0), self.index(len(self.days) - 1))

    def rowCount(self, parent: Index = _ROOT) -> int:
        """How many days there are."""
        return 0 if parent.isValid() else len(self.days)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A day as words; the delegate draws it."""
        if not 0 <= index.row() < len(self.days):
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return spoken_day(self.days[index.row()], self.today)
        return None

    def share(self, day: DayUsage) -> float:
        """The length of a day's bar, 0 to 1."""
        most = max((self.amount(one) for one in self.days), default=0.0)
        return self.amount(day) / most if most > 0 else 0.0

    def amount(self, day: DayUsage) -> float:
        """What the bar of a day shows."""
        return day.usd if self.by_cost else float(day.tokens)


class DaysDelegate(RowDelegate):
    """Draws a day: its name, its bar, its numbers."""

    height = ROW

    def __init__(self, look: ThemeManager, model: DaysModel, parent: QObject) -> None:
        super().__init__(look, parent)
        self._model = model

    def paint_row(self, canvas: Canvas, index: Index) -> None:
        """Draw what stands in the row."""
        day = self._model.days[index.row()]
        px, theme = self._look.metrics.px, self._look.theme
        width, height = canvas.rect.width(), canvas.rect.height()
        is_quiet = not day.tokens and not day.usd
        muted, text = QColor(theme.muted), QColor(theme.text)
        name = day_name(day.date, self._model.today)
        is_today = day.date == self._model.today
        font = self._bold if is_today else self._small
        edge = px(8)
        self.line(canvas, (edge, px(DAY_WIDTH), 0, height), name, font, text if is_today else muted)
        cost_at = width - px(COST_WIDTH) - edge
        tokens_at = cost_at - px(TOKENS_WIDTH)
        strong, weak = (text, muted) if self._model.by_cost else (muted, text)
        if is_quiet:
            strong = weak = muted
        count = "" if is_quiet else tokens(day.tokens)
        self.line(canvas, (tokens_at, px(TOKENS_WIDTH), 0, height), count, self._small, weak, END)
        money = short_money(day)
        self.line(canvas, (cost_at, px(COST_WIDTH), 0, height), money, self._small, strong, END)
        room = tokens_at - edge - px(DAY_WIDTH) - px(10)
        share = self._model.share(day)
        if room <= 0 or share <= 0:
            return
        length = max(LEAST_BAR, round(room * share))
        box = QRectF(canvas.place(edge + px(DAY_WIDTH), 0, length, height))
        inset = height * 0.29
        bar = QColor(theme.active)
        bar.setAlphaF(1.0 if is_today else 0.62)
        canvas.painter.setPen(Qt.PenStyle.NoPen)
        canvas.painter.setBrush(bar)
        canvas.painter.drawRoundedRect(box.adjusted(0, inset, 0, -inset), 2, 2)


class DaysPlot(RowList):
    """All days at once; it does not scroll."""

    def __init__(self, look: ThemeManager, model: DaysModel) -> None:
        super().__init__(model, tr("Tokens and cost by day"), look.metrics.px(ROW))
        self._look = look
        self.setItemDelegate(DaysDelegate(look, model, self))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        model.modelReset.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        self.setFixedHeight(self._look.metrics.px(ROW) * self.model().rowCount() + 2)


class ContextBar(Picture):
    """How full the context is. The words are beside it."""

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self._look = look
        self._percent = 0
        self.setFixedHeight(look.metrics.px(8))
        self.setAccessibleName(tr("Context"))

    def show_percent(self, percent: int) -> None:
        """Show another share, 0 to 100."""
        if percent != self._percent:
            self._percent = percent
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bar."""
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        box = QRectF(self.rect())
        round_px = box.height() / 2
        painter.setBrush(QColor(theme.line))
        painter.drawRoundedRect(box, round_px, round_px)
        full = QRectF(box)
        full.setWidth(max(box.height(), box.width() * self._percent / 100))
        if self.layoutDirection() is Qt.LayoutDirection.RightToLeft:
            full.moveRight(box.right())
        if self._percent:
            painter.setBrush(QColor(theme.waiting if self._percent >= FULL_AT else theme.active))
            painter.drawRoundedRect(full, round_px, round_px)
        painter.end()
