"""A token or password: dots, pasted or read from a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from cc_desktop.config.secrets.credentials import MAX_TOKEN, Token, TokenError, read_token_file
from cc_desktop.desktop.connect.parts import caption
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.inputs import check_box
from cc_desktop.desktop.widgets.labels import ElidedLabel, label, set_colour, wrapping_label
from cc_desktop.desktop.widgets.rights.command_box import copy_button, mono
from cc_desktop.text.connect.next_step import SHOW_TOKEN
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from cc_desktop.desktop.style.theme import ThemeManager


class TokenField(QWidget):
    """Shows dots only. What cannot be a token is refused with the reason.

    Signals:
        changed: Another token is in it.
    """

    changed = Signal()

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self._look = look
        self._refused = ""
        px, font = look.metrics.px, look.metrics.font
        self.edit = QLineEdit()
        self.edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.edit.setMaxLength(MAX_TOKEN)
        self.edit.setFont(font())
        self.edit.textChanged.connect(self._on_text)
        self.paste = button(tr("Paste"), self._on_paste)
        self.paste.setAccessibleName(tr("Paste the token"))
        self.file = button(tr("File…"), self._on_file)
        self.file.setAccessibleName(tr("Read the token from a file"))
        row = QHBoxLayout()
        row.setSpacing(px(8))
        row.addWidget(self.edit, 1)
        row.addWidget(self.paste)
        row.addWidget(self.file)
        self._says = wrapping_label(font(12))
        self._says.hide()
        hint = QHBoxLayout()
        hint.setSpacing(px(6))
        hint.addWidget(label(font(11.5), tr("On the gateway:"), muted=True))
        command = ElidedLabel(look, mono(look, 11.5))
        command.setText(SHOW_TOKEN)
        hint.addWidget(command, 1)
        self.copy = copy_button(SHOW_TOKEN)
        self.copy.setFont(font(11.5))
        hint.addWidget(self.copy)
        words = tr("Without a keyring, keep it in a private file instead of forgetting it")
        self.may_use_file = check_box(look, words)
        self.may_use_file.setFont(font(11.5))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(4))
        column.addWidget(caption(look, tr("Token or password"), self.edit))
        column.addLayout(row)
        column.addWidget(self._says)
        column.addLayout(hint)
        column.addWidget(self.may_use_file)
        look.changed.connect(self._show_refused)

    def token(self) -> Token | None:
        """What is in it; None where that cannot be a token, and the field says why."""
        try:
            token = Token(self.edit.text().strip())
        except TokenError as error:
            self._refuse(str(error))
            return None
        return token

    def set_token(self, token: Token) -> None:
        """Put a token into it."""
        self.edit.setText(token.reveal())

    def says(self) -> str:
        """Why what was given cannot be a token."""
        return self._refused

    def read_file(self, path: Path) -> None:
        """Take the token of a file."""
        try:
            token = read_token_file(path)
        except TokenError as error:
            self._refuse(str(error))
            return
        self.set_token(token)

    def _on_paste(self) -> None:
        text = QGuiApplication.clipboard().text().strip()
        if not text:
            self._refuse(tr("The clipboard has no text."))
            return
        try:
            self.set_token(Token(text))
        except TokenError as error:
            self._refuse(str(error))
        self.edit.setFocus()

    def _on_file(self) -> None:
        dialog = QFileDialog(self.window(), tr("The file with the token"), str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.read_file(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()  # not exec: nothing may stop the loop

    def _on_text(self) -> None:
        self._refuse("")
        self.changed.emit()

    def _refuse(self, why: str) -> None:
        self._refused = plain(why, 300)
        self._show_refused()

    def _show_refused(self) -> None:
        self._says.setText(self._refused)
        self._says.setVisible(bool(self._refused))
        set_colour(self._says, QColor(self._look.theme.error))
