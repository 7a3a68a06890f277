"""The About box: versions, where files are, and a newer version if there is one."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QMessageBox

from cc_desktop import __version__
from cc_desktop.about import APP_NAME
from cc_desktop.desktop.update_notice import update_text
from cc_desktop.text.format import with_stop
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from cc_desktop.system.update_check import Update


class AboutDialog(QMessageBox):
    """Not modal; opened again and again."""

    def __init__(self, facts: tuple[str, ...]) -> None:
        super().__init__()
        self._facts = facts
        self.setWindowTitle(tr("About {app}", app=APP_NAME))
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setModal(False)
        self.addButton(QMessageBox.StandardButton.Close)
        self.setText(f"{APP_NAME} {__version__}")

    def open_for(self, update: Update | None) -> None:
        """Show it in front."""
        news = [with_stop(update_text(update))] if update else []
        versions = f"Python {platform.python_version()}, Qt {qVersion()}"
        self.setInformativeText("\n".join([*news, versions, *self._facts]))
        self.show()
        self.raise_()
        self.activateWindow()
