"""Where the secrets of a gateway are kept, and moving them."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QWidget

from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.card import Card
from cc_desktop.desktop.widgets.flow_layout import FlowLayout
from cc_desktop.desktop.widgets.labels import label, set_colour, wrapping_label
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from PySide6.QtGui import QHideEvent, QShowEvent
    from PySide6.QtWidgets import QLabel

    from cc_desktop.desktop.settings.ports import SecretTools
    from cc_desktop.desktop.style.theme import ThemeManager

log = logging.getLogger(__name__)

NAME_WIDTH = 150  # design px


class SecretsCard(Card):
    """The secrets of one gateway at a time. A keyring may be slow: nothing waits for it here."""

    def __init__(self, look: ThemeManager, tools: SecretTools) -> None:
        super().__init__(look, tr("Where its secrets are"))
        self._look = look
        self._tools = tools
        self._gateway = ""
        self._is_error = False
        self._task: asyncio.Task[None] | None = None
        px, font = look.metrics.px, look.metrics.font
        self._shared = self._add_line(tr("Token or password"))
        self._device, self._device_row = self._add_row(tr("This device's token"))
        self._said = wrapping_label(font(12))
        self._said.hide()
        self.body.addWidget(self._said)
        self.to_keyring = button(tr("Move to the keyring"), self._on_keyring)
        self.to_file = button(tr("Keep in a file"), self._on_file)
        self.to_file.setToolTip(tr("A file that only you can read (0600), without a password"))
        self._buttons = QWidget()
        row = FlowLayout(px(8), self._buttons)
        row.addWidget(self.to_keyring)
        row.addWidget(self.to_file)
        self.body.addWidget(self._buttons)
        look.changed.connect(self._recolour)

    def _add_line(self, name: str) -> QLabel:
        return self._add_row(name)[0]

    def _add_row(self, name: str) -> tuple[QLabel, QWidget]:
        px, font = self._look.metrics.px, self._look.metrics.font
        where = wrapping_label(font(12), muted=True)
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px(10))
        title = label(font(), name)
        title.setMinimumWidth(px(NAME_WIDTH))
        row.addWidget(title)
        row.addWidget(where, 1)
        self.body.addWidget(made)
        return where, made

    def show_gateway(self, gateway: str, name: str) -> None:
        """Show the secrets of a gateway, by its id."""
        self.set_heading(tr("Where the secrets of {gateway} are", gateway=name))
        if gateway != self._gateway:
            self._gateway = gateway
            self._say("")
        self.refresh()

    def refresh(self) -> None:
        """Show what is known now."""
        places = self._tools.places(self._gateway)
        self._shared.setText(places.shared)
        self._device.setText(places.device)
        self._device_row.setVisible(bool(places.device))
        busy = self._task is not None and not self._task.done()
        self.to_keyring.setVisible(places.may_use_keyring)
        self.to_file.setVisible(places.may_use_file)
        for each in (self.to_keyring, self.to_file):
            each.setEnabled(not busy)
        self._buttons.setVisible(places.may_use_keyring or places.may_use_file)

    def lines(self) -> tuple[str, str]:
        """Where the shared secret and the device's are."""
        return self._shared.text(), self._device.text()

    def said(self) -> str:
        """How the last move ended."""
        return self._said.text()

    def _on_keyring(self) -> None:
        self._start(self._tools.to_keyring, tr("The keyring may ask for its password…"))

    def _on_file(self) -> None:
        gateway = self._gateway
        self._start(lambda: self._tools.to_file(gateway), "")

    def _start(self, work: Callable[[], Awaitable[str]], meanwhile: str) -> None:
        if self._task is not None and not self._task.done():
            return
        self._say(meanwhile, is_error=False)
        self._task = asyncio.get_event_loop().create_task(self._run(work), name="secrets")
        self.refresh()

    async def _run(self, work: Callable[[], Awaitable[str]]) -> None:
        try:
            why = await work()
        except Exception as error:  # noqa: BLE001, RUF100 - without its text: it may have a secret
            log.error("moving a secret failed: %s", type(error).__name__)
            why = tr("This app failed while it moved the secrets. They are where they were.")
        self._task = None
        self._say(why)
        self.refresh()

    def _say(self, line: str, *, is_error: bool = True) -> None:
        self._said.setText(plain(line, 400))
        self._said.setVisible(bool(line))
        self._is_error = is_error
        self._recolour()

    def _recolour(self) -> None:
        theme = self._look.theme
        set_colour(self._said, QColor(theme.error if self._is_error else theme.muted))
        self._said.setFont(self._look.metrics.font(12))

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks."""
        super().showEvent(event)
        self._tools.follow(self.refresh)
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._tools.follow(None)
