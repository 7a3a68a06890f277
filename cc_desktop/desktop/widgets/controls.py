"""Controls of the settings, drawn as the rest of the app: boxes, choices, times, days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QComboBox,
    QFrame,
    QRadioButton,
    QSizePolicy,
    QTimeEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cc_desktop.desktop.widgets.widgets import label

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from cc_desktop.desktop.style.theme import ThemeManager

_FAINT = 0.45  # opacity of what cannot be chosen
_ONE_LINE = int(
    Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
)


class Section(QFrame):
    """A raised box for settings that belong together."""

    def __init__(self, look: ThemeManager, heading: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        px = look.metrics.px
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(px(16), px(12), px(16), px(14))
        self.body.setSpacing(px(8))
        font = look.metrics.font(11, bold=True)
        font.setLetterSpacing(font.SpacingType.AbsoluteSpacing, 0.8 * look.metrics.scale)
        self.heading = label(font, muted=True)
        self.heading.setText(heading.upper())
        self.setAccessibleName(heading)
        self.body.addWidget(self.heading)


class Check(QCheckBox):
    """A box with a tick, and its words."""

    def __init__(self, look: ThemeManager, text: str = "") -> None:
        super().__init__(text)
        self._look = look
        self.setFont(look.metrics.font())
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:
        """The box, a gap and the words."""
        return _marked_size(self, self._look)

    def hitButton(self, pos: QPoint) -> bool:
        """The words are as good as the box."""
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        theme = self._look.theme
        painter = _start(self)
        box = _mark_box(self, self._look)
        on = self.isChecked()
        edge = theme.accent if on or self.hasFocus() or self.underMouse() else theme.muted
        painter.setPen(QPen(QColor(edge), 1.2))
        painter.setBrush(QColor(theme.accent if on else theme.raised))
        painter.drawRoundedRect(box, box.width() / 4, box.width() / 4)
        if on:
            tick = [QPointF(0.24, 0.52), QPointF(0.43, 0.71), QPointF(0.77, 0.31)]
            points = [box.topLeft() + point * box.width() for point in tick]
            pen = QPen(QColor(theme.on_shape), box.width() / 8)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.drawPolyline(QPolygonF(points))
        _finish(self, painter, self._look, box)


class Radio(QRadioButton):
    """One of several, and its words."""

    def __init__(self, look: ThemeManager, text: str) -> None:
        super().__init__(text)
        self._look = look
        self.setFont(look.metrics.font())
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:
        """The mark, a gap and the words."""
        return _marked_size(self, self._look)

    def hitButton(self, pos: QPoint) -> bool:
        """The words are as good as the mark."""
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        theme = self._look.theme
        painter = _start(self)
        box = _mark_box(self, self._look)
        on = self.isChecked()
        edge = theme.accent if on or self.hasFocus() or self.underMouse() else theme.muted
        painter.setPen(QPen(QColor(edge), 1.2))
        painter.setBrush(QColor(theme.accent if on else theme.raised))
        painter.drawEllipse(box)
        if on:
            inset = box.width() * 0.3
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.on_shape))
            painter.drawEllipse(box.adjusted(inset, inset, -inset, -inset))
        _finish(self, painter, self._look, box)


def _marked_size(widget: QAbstractButton, look: ThemeManager) -> QSize:
    px, text = look.metrics.px, widget.text()
    metrics = QFontMetrics(widget.font())
    words = px(8) + metrics.horizontalAdvance(text) + px(6) if text else px(6)
    return QSize(px(20) + words, max(px(26), metrics.height() + px(4)))


def _start(widget: QAbstractButton) -> QPainter:
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if not widget.isEnabled():
        painter.setOpacity(_FAINT)
    return painter


def _mark_box(widget: QAbstractButton, look: ThemeManager) -> QRectF:
    side = look.metrics.px(16)
    box = QRect(look.metrics.px(3), (widget.height() - side) // 2, side, side)
    return QRectF(widget.style().visualRect(widget.layoutDirection(), widget.rect(), box))


def _finish(widget: QAbstractButton, painter: QPainter, look: ThemeManager, box: QRectF) -> None:
    """The words, and the ring of the focus."""
    theme, px = look.theme, look.metrics.px
    if widget.text():
        painter.setFont(widget.font())
        painter.setPen(QColor(theme.text))
        start = px(3 + 16 + 8)
        place = QRect(start, 0, widget.width() - start, widget.height())
        place = widget.style().visualRect(widget.layoutDirection(), widget.rect(), place)
        painter.setLayoutDirection(widget.layoutDirection())
        painter.drawText(place, _ONE_LINE, widget.text())
    if widget.hasFocus():
        painter.setPen(QPen(QColor(theme.accent), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        ring = box.adjusted(-2.5, -2.5, 2.5, 2.5)
        if widget.text():
            ring = QRectF(widget.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
        painter.drawRoundedRect(ring, px(5), px(5))
    painter.end()


class Choice(QComboBox):
    """A few words to choose from. The wheel turns the page, not the choice."""

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self._look = look
        self.setFont(look.metrics.font(12.5))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """As wide as the longest words."""
        px = self._look.metrics.px
        metrics = QFontMetrics(self.font())
        widths = [metrics.horizontalAdvance(self.itemText(row)) for row in range(self.count())]
        return QSize(max(widths, default=0) + px(10 + 8 + 10 + 10), px(28))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave it to the page."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the choice and an arrow."""
        theme, px = self._look.theme, self._look.metrics.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isEnabled():
            painter.setOpacity(_FAINT)
        edge = theme.accent if self.hasFocus() else theme.muted if self.underMouse() else theme.line
        painter.setPen(QPen(QColor(edge), 1.5 if self.hasFocus() else 1))
        painter.setBrush(QColor(theme.surface))
        box = QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
        painter.drawRoundedRect(box, px(5), px(5))
        arrow = self._visual(QRect(self.width() - px(20), 0, px(10), self.height()))
        middle, half = QRectF(arrow).center(), px(4)
        pen = QPen(QColor(theme.muted), 1.5)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        corners = ((-half, -half / 2), (0, half / 2), (half, -half / 2))
        painter.drawPolyline(QPolygonF([middle + QPointF(x, y) for x, y in corners]))
        painter.setFont(self.font())
        painter.setPen(QColor(theme.text))
        painter.setLayoutDirection(self.layoutDirection())
        place = self._visual(QRect(px(10), 0, self.width() - px(30), self.height()))
        painter.drawText(place, _ONE_LINE, self.currentText())
        painter.end()

    def _visual(self, rect: QRect) -> QRect:
        return self.style().visualRect(self.layoutDirection(), self.rect(), rect)


class TimeField(QTimeEdit):
    """A time of day, in 24 hours. Changes are told when they are finished, not at every key.

    The style sheet takes its buttons away: with NoButtons and a style sheet, Qt leaves the text a
    width of 1 px.
    """

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self.setDisplayFormat("HH:mm")
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setFont(look.metrics.font())
        self.setFixedWidth(look.metrics.px(60))
        self.setFixedHeight(look.metrics.px(28))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave it to the page."""
        event.ignore()


class DayButton(QToolButton):
    """A day of the week, chosen or not."""

    def __init__(self, look: ThemeManager, text: str, name: str) -> None:
        super().__init__()
        self._look = look
        self.setText(text)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setCheckable(True)
        self.setFont(look.metrics.font(12))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedSize(look.metrics.px(30), look.metrics.px(28))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A tile, filled when it is chosen."""
        theme, px = self._look.theme, self._look.metrics.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isEnabled():
            painter.setOpacity(_FAINT)
        on = self.isChecked()
        edge = theme.accent if on else theme.muted if self.underMouse() else theme.line
        painter.setPen(QPen(QColor(edge), 1))
        painter.setBrush(QColor(theme.selection if on else theme.surface))
        box = QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
        painter.drawRoundedRect(box, px(5), px(5))
        painter.setFont(self.font())
        painter.setPen(QColor(theme.text if on else theme.muted))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), self.text())
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), px(5), px(5))
        painter.end()
