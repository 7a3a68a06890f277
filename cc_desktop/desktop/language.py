"""The language of the operator for Qt: its own words, its numbers and times, the direction."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from cc_desktop.config.paths import resource
from cc_desktop.text.i18n import PSEUDO, SOURCE, choose_language, is_right_to_left, language

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

# Windows and macOS do not tell the language of the operator in the environment.
_ASKS_QT = ("win32", "darwin")


def follow_language(app: QApplication) -> None:
    """Let Qt speak the language of the texts. Costs nothing in the source language."""
    if language() == SOURCE and sys.platform in _ASKS_QT:
        from PySide6.QtCore import QLocale

        choose_language(os.environ, lambda: resource("locale"), QLocale.system().uiLanguages())
    if language() in (SOURCE, PSEUDO):
        return
    from PySide6.QtCore import QLibraryInfo, QLocale, Qt, QTranslator

    locale = QLocale(language())
    QLocale.setDefault(locale)
    translator = QTranslator(app)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if translator.load(locale, "qtbase", "_", folder):
        app.installTranslator(translator)
    if is_right_to_left():
        app.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
