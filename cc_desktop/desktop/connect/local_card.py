"""Offers the gateway of this computer. Its token is read only after the click."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.labels import label, wrapping_label
from cc_desktop.desktop.widgets.status_mark import ConnectionMark, connection_pixmap
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from cc_desktop.config.local_gateway import LocalGateway
    from cc_desktop.desktop.style.theme import ThemeManager


class LocalCard(QFrame):
    """Hidden until a gateway was found.

    Signals:
        used: The operator wants that gateway.
    """

    used = Signal()

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self.setObjectName("card")
        self._look = look
        self.found: LocalGateway | None = None
        px, font = look.metrics.px, look.metrics.font
        self._dot = QLabel()
        title = label(font(bold=True), tr("A gateway runs on this computer"))
        self._where = wrapping_label(font(11.5), muted=True)
        self.use = button(tr("Use it"), self.used.emit, "primary")
        words = QVBoxLayout()
        words.setSpacing(px(2))
        words.addWidget(title)
        words.addWidget(self._where)
        row = QHBoxLayout(self)
        row.setContentsMargins(px(14), px(10), px(14), px(10))
        row.setSpacing(px(10))
        row.addWidget(self._dot)
        row.addLayout(words, 1)
        row.addWidget(self.use, 0, Qt.AlignmentFlag.AlignVCenter)
        look.changed.connect(self._recolour)
        self.hide()

    def show_found(self, found: LocalGateway) -> None:
        """Offer it."""
        self.found = found
        place = urlsplit(found.url).netloc
        if found.has_token:
            words = tr("{place} · its token is in {file}", place=place, file=_short(found.config))
        else:
            words = tr("{place} · it seems to need no token", place=place)
        self._where.setText(words)
        self.setAccessibleName(f"{tr('A gateway runs on this computer')}: {words}")
        self._recolour()
        self.show()

    def where(self) -> str:
        """What it says of the gateway."""
        return self._where.text()

    def _recolour(self) -> None:
        side = self._look.metrics.px(12)
        self._dot.setPixmap(connection_pixmap(ConnectionMark.LIVE, self._look.theme.live, side))


def _short(path: str) -> str:
    """A path as people write it."""
    try:
        return f"~/{Path(path).relative_to(Path.home())}"
    except (ValueError, RuntimeError):
        return path
