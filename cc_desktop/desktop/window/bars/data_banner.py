"""The banner above the list, when what is on the screen is not simply live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QPushButton, QWidget

from cc_desktop.desktop.style.palette import TINT_ALPHA
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.flow_layout import FlowLayout
from cc_desktop.desktop.widgets.labels import label, wrapping_label
from cc_desktop.text.banner import BannerKind
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.text.banner import Banner, BannerLink

_COLOURS = {
    BannerKind.DEMO: "stuck",
    BannerKind.LAST_KNOWN: "waiting_strong",
    BannerKind.REST: "active_strong",
    BannerKind.BLOCKED: "error",
    BannerKind.WAITING: "waiting_strong",
    BannerKind.NONE: "waiting_strong",
}


class BannerBar(QFrame):
    """What the data is, why, and what can be done: in one line, or below where that is too wide.

    Signals:
        chosen: A `BannerLink` was clicked.
    """

    chosen = Signal(object)

    def __init__(self, look: ThemeManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._banner: Banner | None = None
        px = look.metrics.px
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(px(16), px(6), px(16), px(6))
        self._grid.setHorizontalSpacing(px(10))
        self._grid.setVerticalSpacing(px(2))
        self._grid.setColumnStretch(1, 1)
        font = look.metrics.font(bold=True)
        font.setLetterSpacing(font.SpacingType.AbsoluteSpacing, 1.0 * look.metrics.scale)
        self._tag = label(font)
        self._text = wrapping_label(look.metrics.font())
        self._links: list[QPushButton] = []
        self._tools = QWidget()
        self._flow = FlowLayout(px(10), self._tools)
        self._countdown = label(look.metrics.font(11.5), muted=True)
        self._flow.addWidget(self._countdown)
        self._grid.addWidget(self._tag, 0, 0)
        self._grid.addWidget(self._text, 0, 1)
        self._is_beside: bool | None = None
        self._arrange()
        self.setMinimumHeight(px(36))
        self.hide()
        look.changed.connect(self._recolour)

    @property
    def banner(self) -> Banner | None:
        """What it says."""
        return self._banner

    @property
    def links(self) -> list[QPushButton]:
        """The buttons of what it offers."""
        return list(self._links)

    def show_banner(self, banner: Banner | None) -> None:
        """Say something else, or hide."""
        if banner == self._banner:
            return
        links_changed = banner is None or self._banner is None or banner.links != self._banner.links
        self._banner = banner
        self.setVisible(banner is not None)
        if banner is None:
            return
        self._tag.setText(banner.tag)
        self._text.setText(banner.text)
        self._countdown.setText(banner.countdown)
        self._countdown.setVisible(bool(banner.countdown))
        self.setAccessibleName(tr("{tag}: {text}", tag=banner.tag, text=banner.text))
        if links_changed:
            self._rebuild_links(banner)
        self._arrange()
        self._recolour()

    def _rebuild_links(self, banner: Banner) -> None:
        for old in self._links:
            self._flow.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._links = []
        for link, text in banner.links:
            made = button(text, lambda link=link: self._choose(link), "link")  # type: ignore[misc]
            self._links.append(made)
            self._flow.addWidget(made)
        if self._links:  # both stand on one line
            self._countdown.setMinimumHeight(self._links[0].sizeHint().height())

    def _arrange(self) -> None:
        """Put what can be done beside the words, or under them."""
        tools = self._tools.sizeHint().width()
        words = self._text.fontMetrics().horizontalAdvance(self._text.text())
        edges = self._grid.contentsMargins()
        gaps = edges.left() + edges.right() + 2 * self._grid.horizontalSpacing()
        beside = self._tag.sizeHint().width() + words + tools + gaps <= self.width()
        self._tools.setMinimumWidth(tools if beside else 0)
        if beside is not self._is_beside:
            self._is_beside = beside
            first, middle = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignVCenter
            self._tag.setAlignment(middle if beside else first)  # as the first line of the words
            self._grid.removeWidget(self._tools)
            self._grid.addWidget(self._tools, *((0, 2) if beside else (1, 1)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override: the links have a line of their own where the words need theirs."""
        super().resizeEvent(event)
        self._arrange()

    def _choose(self, link: BannerLink) -> None:
        self.chosen.emit(link)

    def _recolour(self) -> None:
        if self._banner is not None:
            colour = getattr(self._look.theme, _COLOURS[self._banner.kind])
            self._tag.setStyleSheet(f"color: {colour};")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Stripes for the demo, a tint for the rest."""
        if self._banner is None:
            return
        theme = self._look.theme
        colour = QColor(getattr(theme, _COLOURS[self._banner.kind]))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(theme.surface))
        tint = QColor(colour)
        tint.setAlpha(TINT_ALPHA)
        painter.fillRect(self.rect(), tint)
        if self._banner.kind is BannerKind.DEMO:
            self._paint_stripes(painter, tint)
        edge = QColor(colour)
        edge.setAlpha(150)
        painter.fillRect(0, self.height() - 1, self.width(), 1, edge)
        painter.end()

    def _paint_stripes(self, painter: QPainter, tint: QColor) -> None:
        step = self._look.metrics.px(36)
        height = self.height()
        path = QPainterPath()
        for x in range(-height - step, self.width() + step, step):
            path.moveTo(QPointF(x, height))
            path.lineTo(QPointF(x + height, 0))
            path.lineTo(QPointF(x + height + step / 2, 0))
            path.lineTo(QPointF(x + step / 2, height))
            path.closeSubpath()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.fillPath(path, tint)
