"""What gateways do not let this connection see, and the way to the rights that would change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.labels import wrapping_label
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.text.inbox.advice import Unseen


class RefusedPane(QWidget):
    """A line for each gateway, with a link to its rights; hidden while there is none."""

    def __init__(self, look: ThemeManager, open_rights: Callable[[str], object]) -> None:
        """`open_rights` gets the id of a gateway."""
        super().__init__()
        self._look = look
        self._open_rights = open_rights
        self._lines: tuple[Unseen, ...] = ()
        self.links: dict[str, QPushButton] = {}
        px = look.metrics.px
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(px(18), px(4), px(14), px(6))
        self._column.setSpacing(px(2))
        self.hide()

    def show_lines(self, lines: Sequence[Unseen]) -> None:
        """Say this."""
        self.setVisible(bool(lines))
        if tuple(lines) == self._lines:
            return
        self._lines = tuple(lines)
        focused = next((key for key, link in self.links.items() if link.hasFocus()), "")
        while (item := self._column.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self.links = {}
        for line in self._lines:
            self._column.addWidget(self._build_line(line))
        if focused in self.links:
            self.links[focused].setFocus(Qt.FocusReason.OtherFocusReason)

    def _build_line(self, line: Unseen) -> QWidget:
        px, font = self._look.metrics.px, self._look.metrics.font
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px(8))
        link = button(tr("Rights…"), lambda: self._on_link(line.gateway), "link")
        link.setFont(font(12))
        link.setAccessibleName(tr("Rights on {gateway}", gateway=line.name))
        link.setToolTip(tr("Settings: what this computer may do on {gateway}", gateway=line.name))
        self.links[line.gateway] = link
        row.addWidget(wrapping_label(font(12), line.text, muted=True), 1)
        row.addWidget(link, 0, Qt.AlignmentFlag.AlignTop)
        return made

    def _on_link(self, gateway: str) -> None:
        self._open_rights(gateway)

    def text(self) -> str:
        """What it says."""
        return "\n".join(line.text for line in self._lines)
