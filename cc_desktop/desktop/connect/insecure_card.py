"""Before a token travels unencrypted: why that is bad, the tunnel, and a way to insist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.card import Card
from cc_desktop.desktop.widgets.labels import wrapping_label
from cc_desktop.desktop.widgets.rights.command_box import CommandBox
from cc_desktop.text.connect.next_step import tunnel_command
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from cc_desktop.desktop.style.theme import ThemeManager


class InsecureCard(Card):
    """Shown for `ws://` to another machine. Agreeing takes two steps and holds for one address.

    Signals:
        changed: The operator agreed, or took it back.
    """

    changed = Signal()

    def __init__(self, look: ThemeManager) -> None:
        super().__init__(look, tr("Not encrypted"))
        self._look = look
        self._url = ""
        self.agreed = False
        font = look.metrics.font
        self._why = wrapping_label(font(12))
        self.body.setSpacing(look.metrics.px(6))
        self.body.addWidget(self._why)
        self._place = QVBoxLayout()
        self.body.addLayout(self._place)
        self.command: CommandBox | None = None
        then = tr("With the tunnel open, the gateway's address is localhost.")
        self._then = wrapping_label(font(12), then, muted=True)
        self.body.addWidget(self._then)
        self.anyway = button(tr("Send it unencrypted anyway"), self._on_anyway, "link")
        self._sure = wrapping_label(font(12), tr("Everyone on the way can read the token. Sure?"))
        self.confirm = button(tr("Send it unencrypted"), lambda: self._agree(True))
        self.keep = button(tr("Keep it safe"), lambda: self._agree(False), "link")
        self._asks = QWidget()
        row = QHBoxLayout(self._asks)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._sure, 1)
        row.addWidget(self.confirm)
        row.addWidget(self.keep)
        self.body.addWidget(self.anyway)
        self.body.addWidget(self._asks)
        look.changed.connect(self._recolour)
        self._recolour()
        self.hide()

    def show_for(self, url: str, host: str) -> None:
        """Warn of an address; "" hides the card. Another address has to be agreed to anew."""
        if url == self._url:
            return
        self._url, self.agreed = url, False
        self.setVisible(bool(url))
        if self.command is not None:
            self._place.removeWidget(self.command)
            self.command.hide()
            self.command.deleteLater()
            self.command = None
        if not url:
            return
        command = tunnel_command(url)
        if command:
            self.command = CommandBox(self._look, command)
            self._place.addWidget(self.command)
        self._then.setVisible(bool(command))
        self._show()
        words = tr(
            "ws:// sends the token to {host} so that everyone on the way can read it."
            " Use wss://, or this SSH tunnel:",
            host=plain(host, 80),
        )
        self._why.setText(words)

    def allow(self, url: str) -> None:
        """The operator agreed to this address before."""
        if url == self._url:
            self.agreed = True
            self._show()

    def why(self) -> str:
        """What it says."""
        return self._why.text()

    def _on_anyway(self) -> None:
        if self.agreed:
            self._agree(False)
            return
        self.anyway.hide()
        self._asks.show()
        self.keep.setFocus()

    def _agree(self, agreed: bool) -> None:
        self.agreed = agreed
        self._show()
        self.anyway.setFocus()
        self.changed.emit()

    def _show(self) -> None:
        self._asks.hide()
        self.anyway.show()
        words = tr("The token is sent unencrypted · Take that back")
        self.anyway.setText(words if self.agreed else tr("Send it unencrypted anyway"))

    def _recolour(self) -> None:
        colour = QColor(self._look.theme.waiting)
        self.set_colour(colour, colour)
