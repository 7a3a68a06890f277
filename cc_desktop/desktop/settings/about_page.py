"""The page About: versions, where files are, licences, and what helps others to help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QWidget

from cc_desktop import __version__
from cc_desktop.about import APP_NAME
from cc_desktop.desktop.settings.page import PageBody
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.card import Card
from cc_desktop.desktop.widgets.labels import ElidedLabel, label, wrapping_label
from cc_desktop.text.format import plain, tooltip
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtGui import QShowEvent

    from cc_desktop.desktop.settings.page import SettingsContext
    from cc_desktop.desktop.settings.ports import AboutTools
    from cc_desktop.desktop.widgets.buttons import Button

COPIED_MS = 2_000


class AboutPage(PageBody):
    """Nothing to choose here."""

    def __init__(self, context: SettingsContext, tools: AboutTools) -> None:
        super().__init__(context.look, mark("About"))
        self._context = context
        self._tools = tools
        self.opens: list[Button] = []
        px, font = context.look.metrics.px, context.look.metrics.font
        versions = Card(context.look, tr("Version"))
        versions.body.addWidget(label(font(bold=True), f"{APP_NAME} {__version__}"))
        self._update = wrapping_label(font())
        versions.body.addWidget(self._update)
        others = " · ".join(f"{name} {version}" for name, version in tools.versions())
        self._versions = wrapping_label(font(12), others, muted=True)
        versions.body.addWidget(self._versions)
        self.copy = button(tr("Copy diagnostics"), self._on_copy)
        self._copied = label(font(12), muted=True)
        row = QHBoxLayout()
        row.setSpacing(px(12))
        row.addWidget(self.copy)
        row.addWidget(self._copied, 1)
        versions.body.addLayout(row)
        hint = tr("Versions, paths and the state of each gateway. No token, no name of an agent.")
        versions.body.addWidget(wrapping_label(font(12), hint, muted=True))
        files = Card(context.look, tr("Files"))
        for what, path in tools.paths:
            files.body.addWidget(self._path_row(tr(what), path))
        parts = [versions, files]
        if tools.licences is not None:
            licences = Card(context.look, tr("Licences"))
            words = tr("This app stands on the work of others.")
            licences.body.addWidget(wrapping_label(font(), words))
            licences.body.addWidget(self._path_row(tr("Licences"), tools.licences))
            parts.append(licences)
        self.add_cards(*parts)

    def _path_row(self, what: str, path: Path) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(self._context.look.metrics.px(10))
        font = self._context.look.metrics.font
        name = label(font(), what)
        name.setFixedWidth(self._context.look.metrics.px(110))
        where = ElidedLabel(self._context.look, font(12), muted=True)
        where.setText(plain(str(path), 400))
        where.setToolTip(tooltip(plain(str(path), 400)))
        opener = button(tr("Open"), lambda: _open(path), "link")
        opener.setAccessibleName(tr("Open {what}", what=what))
        self.opens.append(opener)
        line.addWidget(name)
        line.addWidget(where, 1)
        line.addWidget(opener)
        return row

    def versions(self) -> str:
        """What it says of what the app is made of."""
        return self._versions.text()

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._tools.diagnostics())
        self._copied.setText(tr("Copied"))
        QTimer.singleShot(COPIED_MS, self._copied, self._copied.clear)

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks: there may be a newer version meanwhile."""
        super().showEvent(event)
        news = self._tools.update()
        self._update.setText(news)
        self._update.setVisible(bool(news))


def _open(path: Path) -> None:
    """A file that is not there yet: its directory, or the nearest one above it."""
    while not path.exists() and path != path.parent:
        path = path.parent
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
