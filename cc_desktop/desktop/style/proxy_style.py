"""Draws check boxes, radio buttons and combo boxes in the theme, over Qt's Fusion style.

Plain Qt widgets keep what Qt gives them: keyboard, accessibility, right to left, high DPI.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import (
    QProxyStyle,
    QPushButton,
    QStyle,
    QStyleOption,
    QStyleOptionComboBox,
    QStyleOptionComplex,
)

from cc_desktop.desktop.style.palette import DARK

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from cc_desktop.desktop.style.palette import Theme

FAINT, LESS_FAINT = 0.45, 0.7  # opacity of what cannot be chosen; in high contrast
_State = QStyle.StateFlag
_Primitive = QStyle.PrimitiveElement
_Metric = QStyle.PixelMetric
_TICK = (QPointF(0.24, 0.52), QPointF(0.43, 0.71), QPointF(0.77, 0.31))  # in a box of side 1
_OURS = (
    _Primitive.PE_IndicatorCheckBox,
    _Primitive.PE_IndicatorRadioButton,
    _Primitive.PE_FrameFocusRect,
)


class ProxyStyle(QProxyStyle):
    """Fusion with marks, combo boxes and focus rings of the theme."""

    def __init__(self, scale: float) -> None:
        """`scale` is that of `Metrics`."""
        super().__init__("Fusion")
        self.theme: Theme = DARK
        self._lengths = {
            _Metric.PM_IndicatorWidth: round(17 * scale),
            _Metric.PM_IndicatorHeight: round(17 * scale),
            _Metric.PM_ExclusiveIndicatorWidth: round(17 * scale),
            _Metric.PM_ExclusiveIndicatorHeight: round(17 * scale),
            _Metric.PM_CheckBoxLabelSpacing: round(8 * scale),
            _Metric.PM_RadioButtonLabelSpacing: round(8 * scale),
        }
        self._px = scale

    def pixelMetric(
        self,
        metric: QStyle.PixelMetric,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
    ) -> int:
        """Sizes of the marks."""
        length = self._lengths.get(metric)
        return super().pixelMetric(metric, option, widget) if length is None else length

    def sizeFromContents(
        self,
        kind: QStyle.ContentsType,
        option: QStyleOption,
        size: QSize,
        widget: QWidget | None = None,
    ) -> QSize:
        """Room around the words for the focus ring."""
        result = super().sizeFromContents(kind, option, size, _given(widget))
        marked = (QStyle.ContentsType.CT_CheckBox, QStyle.ContentsType.CT_RadioButton)
        if kind in marked:
            return QSize(
                result.width() + round(6 * self._px), max(result.height(), round(26 * self._px))
            )
        if kind == QStyle.ContentsType.CT_ComboBox:
            return QSize(result.width() + round(8 * self._px), round(28 * self._px))
        return result

    def subControlRect(
        self,
        control: QStyle.ComplexControl,
        option: QStyleOptionComplex,
        part: QStyle.SubControl,
        widget: QWidget | None = None,
    ) -> QRect:
        """The words of a combo box stand off its border."""
        rect = super().subControlRect(control, option, part, _given(widget))
        if (
            control == QStyle.ComplexControl.CC_ComboBox
            and part == QStyle.SubControl.SC_ComboBoxEditField
        ):
            mirrored = option.direction == Qt.LayoutDirection.RightToLeft
            inset = round(4 * self._px)
            return rect.adjusted(0 if mirrored else inset, 0, -inset if mirrored else 0, 0)
        return rect

    def drawPrimitive(
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        """Marks and focus rings."""
        if element not in _OURS:
            super().drawPrimitive(element, option, painter, widget)
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if element == _Primitive.PE_FrameFocusRect:
            # Around a push button, where its style sheet would put it across the words.
            rect = widget.rect() if isinstance(widget, QPushButton) else option.rect
            self._draw_ring(rect, painter)
        else:
            self._draw_mark(element, option, painter)
        painter.restore()

    def _draw_mark(
        self, element: QStyle.PrimitiveElement, option: QStyleOption, painter: QPainter
    ) -> None:
        theme, state = self.theme, option.state
        if not state & _State.State_Enabled:
            painter.setOpacity(LESS_FAINT if theme.high_contrast else FAINT)
        on = bool(state & _State.State_On)
        lively = bool(state & (_State.State_MouseOver | _State.State_HasFocus))
        edge, width = theme.accent if on or lively else theme.border, 1.2
        if state & _State.State_HasFocus and not getattr(option, "text", ""):
            edge, width = theme.text, 2.0  # where there are no words to put a ring around
        painter.setPen(QPen(QColor(edge), width))
        painter.setBrush(QColor(theme.accent if on else theme.raised))
        box = QRectF(option.rect).adjusted(0.6, 0.6, -0.6, -0.6)
        if element == _Primitive.PE_IndicatorRadioButton:
            painter.drawEllipse(box)
            if on:
                inset = box.width() * 0.3
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(theme.on_shape))
                painter.drawEllipse(box.adjusted(inset, inset, -inset, -inset))
            return
        painter.drawRoundedRect(box, box.width() / 4, box.width() / 4)
        if state & _State.State_NoChange:  # half ticked: asked for, not granted yet
            painter.setPen(_round_pen(theme.accent, box.width() / 7))
            half = box.width() * 0.22
            painter.drawLine(box.center() - QPointF(half, 0), box.center() + QPointF(half, 0))
        elif on:
            painter.setPen(_round_pen(theme.on_shape, box.width() / 8))
            points = [box.topLeft() + point * box.width() for point in _TICK]
            painter.drawPolyline(QPolygonF(points))

    def _draw_ring(self, rect: QRect, painter: QPainter) -> None:
        painter.setPen(QPen(QColor(self.theme.accent), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        box = QRectF(rect).adjusted(0.75, 0.75, -0.75, -0.75)
        painter.drawRoundedRect(box, 5 * self._px, 5 * self._px)

    def drawComplexControl(
        self,
        control: QStyle.ComplexControl,
        option: QStyleOptionComplex,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        """Combo boxes."""
        combo = control == QStyle.ComplexControl.CC_ComboBox
        if not combo or not isinstance(option, QStyleOptionComboBox) or widget is None:
            super().drawComplexControl(control, option, painter, widget)
            return
        theme, state = self.theme, option.state
        focus = widget.hasFocus()
        lively = bool(state & _State.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not state & _State.State_Enabled:
            painter.setOpacity(LESS_FAINT if theme.high_contrast else FAINT)
        edge = theme.accent if focus else theme.text if lively else theme.border
        painter.setPen(QPen(QColor(edge), 1.5 if focus else 1))
        painter.setBrush(QColor(theme.surface))
        box = QRectF(option.rect).adjusted(0.75, 0.75, -0.75, -0.75)
        painter.drawRoundedRect(box, 5 * self._px, 5 * self._px)
        arrow = self.subControlRect(control, option, QStyle.SubControl.SC_ComboBoxArrow, widget)
        middle, half = QRectF(arrow).center(), 4 * self._px
        painter.setPen(_round_pen(theme.muted, 1.5))
        corners = ((-half, -half / 2), (0, half / 2), (half, -half / 2))
        painter.drawPolyline(QPolygonF([middle + QPointF(x, y) for x, y in corners]))
        painter.restore()


def _given(widget: QWidget | None) -> QWidget:
    return cast("QWidget", widget)  # the stubs of PySide 6.11 forbid the None that Qt passes


def _round_pen(colour: str, width: float) -> QPen:
    pen = QPen(QColor(colour), width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen
