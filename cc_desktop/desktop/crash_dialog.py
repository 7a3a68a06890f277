"""The dialog that says that the app cannot go on, and what the operator can do."""

from __future__ import annotations

import asyncio
from enum import Enum

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox

from cc_desktop.about import APP_NAME
from cc_desktop.diagnostics import crash
from cc_desktop.text.i18n import tr


class CrashChoice(Enum):
    """What the operator chose."""

    RESTART = "restart"
    QUIT = "quit"


class CrashDialog(QMessageBox):
    """Opened without a nested event loop: `exec()` inside a coroutine breaks other tasks."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self._details = crash.details(error)
        self.setWindowTitle(APP_NAME)
        self.setIcon(QMessageBox.Icon.Critical)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(tr("{app} cannot go on because of an internal error.", app=APP_NAME))
        self.setInformativeText(
            tr(
                "{error}\n\nYour gateways and agents are not affected. "
                "“Copy details” copies what a bug report needs.",
                error=crash.headline(error),
            )
        )
        self.copy = self.addButton(tr("Copy details"), QMessageBox.ButtonRole.ActionRole)
        self.restart = self.addButton(tr("Restart"), QMessageBox.ButtonRole.AcceptRole)
        self.quit = self.addButton(tr("Quit"), QMessageBox.ButtonRole.RejectRole)
        self.setDefaultButton(self.restart)
        self.setEscapeButton(self.quit)
        self.copy.clicked.disconnect()  # a click on it does not close the dialog
        self.copy.clicked.connect(self._copy)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._details)

    async def ask(self, stop: asyncio.Event) -> CrashChoice:
        """Show the dialog; wait for an answer, or until the app is asked to end."""
        answered = asyncio.Event()
        self.finished.connect(answered.set)
        self.open()
        waits = [asyncio.ensure_future(event.wait()) for event in (answered, stop)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
            self.hide()
            self.deleteLater()
        chosen = answered.is_set() and self.clickedButton() is self.restart
        return CrashChoice.RESTART if chosen else CrashChoice.QUIT


def can_show() -> bool:
    """Whether somebody can see a dialog here."""
    return QGuiApplication.platformName() not in ("offscreen", "minimal", "vnc")
