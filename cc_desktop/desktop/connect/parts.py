"""Small parts of the form: captions, and marks of steps."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from cc_desktop.desktop.icons.status import draw_status
from cc_desktop.desktop.widgets.accessible.picture import Picture
from cc_desktop.desktop.widgets.labels import label
from cc_desktop.fleet.model import Status
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent
    from PySide6.QtWidgets import QLabel, QWidget

    from cc_desktop.desktop.style.theme import ThemeManager


def caption(look: ThemeManager, words: str, buddy: QWidget | None = None) -> QLabel:
    """The name of a field in capitals; screen readers take it as the field's name."""
    font = look.metrics.font(11, bold=True)
    font.setLetterSpacing(font.SpacingType.AbsoluteSpacing, 0.8 * look.metrics.scale)
    result = label(font, words.upper(), muted=True)
    if buddy is not None:
        result.setBuddy(buddy)
        buddy.setAccessibleName(words)
    return result


class Sign(Enum):
    """How a step is."""

    PENDING = "pending"
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


_SHAPES = {
    Sign.PENDING: Status.IDLE,
    Sign.WARNING: Status.WAITING,
    Sign.FAILED: Status.ERROR,
}
_WORDS = {
    Sign.PENDING: mark("Not tried yet"),
    Sign.OK: mark("Passed"),
    Sign.WARNING: mark("Warning"),
    Sign.FAILED: mark("Failed"),
}


class StepMark(Picture):
    """A ring, a tick, or the shape of a warning or an error."""

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self._look = look
        self.show_sign(Sign.PENDING)
        side = look.metrics.px(16)
        self.setFixedSize(side, side)
        look.changed.connect(self.update)

    def show_sign(self, sign: Sign) -> None:
        """Show another one."""
        self.sign = sign
        self.setAccessibleName(tr(_WORDS[sign]))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        box = QRectF(self.rect())
        shape = _SHAPES.get(self.sign)
        if shape is not None:
            inset = box.width() * (0.15 if shape is Status.IDLE else 0)
            draw_status(
                painter, box.adjusted(inset, inset, -inset, -inset), shape, self._look.theme
            )
        else:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            pen = QPen(QColor(self._look.theme.live), box.width() / 8)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            side = box.width()
            points = [
                QPointF(x * side, y * side) for x, y in ((0.2, 0.55), (0.42, 0.76), (0.8, 0.28))
            ]
            painter.drawPolyline(points)
        painter.end()
