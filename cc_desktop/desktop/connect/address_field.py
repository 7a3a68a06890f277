"""The address of a gateway: mended while it is typed, refused with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from cc_desktop.config.address import Address, AddressError, AddressProblem, Mend, read_address
from cc_desktop.desktop.connect.parts import caption
from cc_desktop.desktop.widgets.labels import set_colour, wrapping_label
from cc_desktop.text.connect.form import address_problem, will_connect
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from cc_desktop.config.secrets.credentials import Token
    from cc_desktop.desktop.style.theme import ThemeManager

_PASTED = 8  # characters that come at once: nobody types so


class AddressField(QWidget):
    """Says where the app will connect.

    Signals:
        changed: Another address is in it.
        token_found: What was pasted carried a token; it is taken out of the field.
    """

    changed = Signal()
    token_found = Signal(object)

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self._look = look
        self._length = 0
        self._problem: AddressProblem | None = AddressProblem.EMPTY
        self._insist = False  # an empty field is an error only once somebody wants to go on
        self.address: Address | None = None
        px, font = look.metrics.px, look.metrics.font
        self.edit = QLineEdit()
        self.edit.setFont(font())
        self.edit.setPlaceholderText(tr("studio.example, or a link of the Control UI"))
        self.edit.textChanged.connect(self._on_text)
        self.edit.editingFinished.connect(self.tidy)
        self._says = wrapping_label(font(11.5))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(4))
        column.addWidget(caption(look, tr("Address"), self.edit))
        column.addWidget(self.edit)
        column.addWidget(self._says)
        look.changed.connect(self._show)
        self._show()

    def set_address(self, url: str) -> None:
        """Put an address into it."""
        self.edit.setText(url)

    def insist(self) -> Address | None:
        """What is in it; None where that is no address, and the field says why."""
        self.tidy()
        self._insist = True
        self._show()
        return self.address

    def says(self) -> str:
        """What stands below the field."""
        return self._says.text()

    def tidy(self) -> None:
        """Take a secret out of what was pasted, so that nobody sees it."""
        if self.address is not None and Mend.SECRET in self.address.mends:
            token, url = self.address.token, self.address.url
            self.edit.setText(url)
            if token:
                self._found(token)

    def _found(self, token: Token) -> None:
        self.token_found.emit(token)

    def _on_text(self, text: str) -> None:
        pasted = len(text) - self._length >= _PASTED
        self._length = len(text)
        self._insist = False
        try:
            self.address, self._problem = read_address(text), None
        except AddressError as error:
            self.address, self._problem = None, error.problem
        if pasted:
            self.tidy()
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        theme = self._look.theme
        quiet = self._problem is AddressProblem.EMPTY and not self._insist
        if self.address is not None:
            secret = Mend.SECRET in self.address.mends
            words = will_connect(plain(self.address.url, 200), secret=secret)
        else:
            words = "" if quiet else address_problem((self._problem or "").strip())
        self._says.setText(words)
        self._says.setVisible(bool(words))
        set_colour(self._says, QColor(theme.muted if self.address else theme.error))
