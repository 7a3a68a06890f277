"""The card itself: a heading, a line for each kind of thing, and a way to be rid of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from cc_desktop.desktop.widgets.buttons import button, pressed_by_enter
from cc_desktop.desktop.widgets.flow_layout import FlowLayout
from cc_desktop.desktop.widgets.labels import label, wrapping_label
from cc_desktop.fleet.model import Status
from cc_desktop.text.format import tooltip
from cc_desktop.text.history.away import AwayKind, AwayLine
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QKeyEvent, QPaintEvent, QResizeEvent, QShowEvent

    from cc_desktop.desktop.style.theme import ThemeManager

WIDEST = 320  # design px of a line
REST = 300  # design px of the window's height that the lines leave to the rest
SHARE = 0.4  # of what is above that; in a low window the lines scroll
_POINTER = " ▸"


class LineButton(QAbstractButton):
    """A line: what happened in bold, an example below. A click opens whom it is about."""

    def __init__(self, look: ThemeManager, line: AwayLine) -> None:
        super().__init__()
        self.line = line
        self._look = look
        metrics = look.metrics
        self._bold, self._small = metrics.font(bold=True), metrics.font(11.5)
        self._opens = bool(line.agents or line.gateway)
        self.setEnabled(self._opens)
        words = f"{line.head}: {line.detail}" if line.detail else line.head
        self.setAccessibleName(words)
        self.setToolTip(tooltip(words))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def _detail(self) -> str:
        pointer = _POINTER if self._opens and self.line.detail else ""
        return self.line.detail + pointer

    def sizeHint(self) -> QSize:
        """As wide as its words, within limits."""
        px = self._look.metrics.px
        head, detail = QFontMetrics(self._bold), QFontMetrics(self._small)
        width = max(
            head.horizontalAdvance(self.line.head), detail.horizontalAdvance(self._detail())
        )
        return QSize(min(width + px(14), px(WIDEST)), head.height() + detail.height() + px(8))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses it."""
        if not pressed_by_enter(self, event):
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw both lines."""
        theme, px = self._look.theme, self._look.metrics.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self.isEnabled() and (self.underMouse() or self.hasFocus()):
            ring = QColor(theme.accent if self.hasFocus() else theme.line)
            painter.setPen(QPen(ring, 1.5))
            painter.setBrush(QColor(theme.surface))
            painter.drawRoundedRect(box, px(5), px(5))
        failed = self.line.kind is AwayKind.FAILED
        strong = theme.status_text(Status.ERROR) if failed else QColor(theme.text)
        inner = self.rect().adjusted(px(6), px(3), -px(6), -px(3))
        height = QFontMetrics(self._bold).height()
        first = QRect(inner.left(), inner.top(), inner.width(), height)
        rest = inner.adjusted(0, height + 1, 0, 0)
        align = int(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter)
        for font, colour, place, text in (
            (self._bold, strong, first, self.line.head),
            (self._small, QColor(theme.muted), rest, self._detail()),
        ):
            painter.setFont(font)
            painter.setPen(colour)
            elide = Qt.TextElideMode.ElideRight
            shown = QFontMetrics(font).elidedText(text, elide, place.width())
            painter.drawText(place, align, shown)
        painter.end()


class _Lines(QScrollArea):
    """The lines with their note, as high as they need, within a share of the window."""

    def __init__(self, look: ThemeManager, lines: QWidget, note: QWidget) -> None:
        super().__init__()
        self._look = look
        self._lines = lines
        self._window: QWidget | None = None
        self._later = QTimer(self, interval=0, singleShot=True)  # no layout in the midst of one
        self._later.timeout.connect(self.fit)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        for part in (lines, note):
            self._column.addWidget(part)
        self.setWidget(inside)
        inside.setAutoFillBackground(False)  # the card's own colour shows
        self.viewport().setAutoFillBackground(False)

    def fit(self) -> None:
        """As high as all lines, or what a low window can spare: at least the first."""
        spare = int((self.window().height() - self._look.metrics.px(REST)) * SHARE)
        most = max(spare, self._lines.sizeHint().height())
        whole = self._column.totalHeightForWidth(self.viewport().width())
        self.setFixedHeight(min(whole, most))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override: lines wrap elsewhere."""
        super().resizeEvent(event)
        self._later.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Qt override: follow the height of the window."""
        super().showEvent(event)
        if self._window is not self.window():
            self._window = self.window()
            self._window.installEventFilter(self)
        self.fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt override: the window's height has changed."""
        if watched is self._window and event.type() == QEvent.Type.Resize:
            self._later.start()
        return super().eventFilter(watched, event)


class AwayCard(QFrame):
    """Stands above the list, and never in its way: it can be dismissed.

    Signals:
        chosen: A line was clicked; gives its `AwayLine`.
        dismissed: The operator has read it.
    """

    chosen = Signal(object)
    dismissed = Signal()

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self._look = look
        self.setObjectName("card")
        px, font = look.metrics.px, look.metrics.font(11, bold=True)
        font.setLetterSpacing(font.SpacingType.AbsoluteSpacing, 0.8 * look.metrics.scale)
        self._heading = label(font, muted=True)
        self.dismiss = button(tr("Dismiss"), self.dismissed.emit, "link")
        self.dismiss.setFont(look.metrics.font(11.5, bold=True))
        self._lines = QWidget()
        self._flow = FlowLayout(px(10), self._lines)
        self.note = wrapping_label(look.metrics.font(11.5), muted=True)
        self.note.setContentsMargins(px(6), 0, 0, 0)
        head = QHBoxLayout()
        head.setContentsMargins(px(6), 0, 0, 0)
        head.addWidget(self._heading)
        head.addStretch(1)
        head.addWidget(self.dismiss)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(8), px(8), px(8), px(8))
        column.setSpacing(px(4))
        column.addLayout(head)
        self.area = _Lines(look, self._lines, self.note)
        column.addWidget(self.area)

    def show_lines(self, heading: str, lines: Sequence[AwayLine], note: str) -> None:
        """Show what is known now."""
        self._heading.setText(heading.upper())
        self.setAccessibleName(heading)
        self.note.setText(note)
        self.note.setVisible(bool(note))
        if [one.line for one in self.buttons()] == list(lines):
            return
        focused = next((one.line.kind for one in self.buttons() if one.hasFocus()), None)
        while item := self._flow.takeAt(0):
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        for line in lines:
            one = LineButton(self._look, line)
            one.clicked.connect(lambda _checked=False, line=line: self.chosen.emit(line))
            self._flow.addWidget(one)
            one.show()
            one.installEventFilter(self)
            if line.kind is focused:
                one.setFocus()
        self._lines.updateGeometry()
        self.area.fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt override: the line that the keyboard is on is seen."""
        if event.type() == QEvent.Type.FocusIn and isinstance(watched, LineButton):
            self.area.ensureWidgetVisible(watched, 0, 0)
        return super().eventFilter(watched, event)

    def buttons(self) -> list[LineButton]:
        """The lines, in order."""
        items = (self._flow.itemAt(place) for place in range(self._flow.count()))
        found = (item.widget() for item in items if item is not None)
        return [widget for widget in found if isinstance(widget, LineButton)]

    def heading(self) -> str:
        """What stands above it, as screen readers say it."""
        return self.accessibleName()
