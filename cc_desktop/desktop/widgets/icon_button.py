"""A flat button with a line drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from cc_desktop.desktop.icons.glyphs import Glyph, draw_glyph
from cc_desktop.desktop.widgets.buttons import pressed_by_enter

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QPaintEvent
    from PySide6.QtWidgets import QWidget

    from cc_desktop.desktop.style.theme import ThemeManager


class IconButton(QAbstractButton):
    """Its name is its tooltip."""

    def __init__(
        self, look: ThemeManager, glyph: Glyph, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self.glyph = glyph
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Big enough to be hit."""
        px = self._look.metrics.px
        return QSize(px(34), px(34))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses it."""
        if not pressed_by_enter(self, event):
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the button."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint(painter)
        painter.end()

    def paint(self, painter: QPainter) -> None:
        """Draw the parts of the button."""
        theme, px = self._look.theme, self._look.metrics.px
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        strong = self.underMouse() or self.isDown()
        if strong:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.raised if theme.dark else theme.bg))
            painter.drawRoundedRect(box, px(6), px(6))
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, px(6), px(6))
        colour = QColor(theme.text if strong else theme.muted)
        draw_glyph(painter, self.glyph_place(), self.glyph, colour)

    def glyph_place(self) -> QRectF:
        """Where the drawing stands."""
        side = self._look.metrics.px(20)
        place = QRectF(0, 0, side, side)
        place.moveCenter(QRectF(self.rect()).center())
        return place
