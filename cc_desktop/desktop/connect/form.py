"""What there is to say of a gateway: its address, its token, a test, and saving it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from msgspec.structs import replace
from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from cc_desktop.config.settings_file import GatewayEntry, SettingsFileError
from cc_desktop.desktop.connect.address_field import AddressField
from cc_desktop.desktop.connect.insecure_card import InsecureCard
from cc_desktop.desktop.connect.local_card import LocalCard
from cc_desktop.desktop.connect.parts import caption
from cc_desktop.desktop.connect.step_list import StepList
from cc_desktop.desktop.connect.token_field import TokenField
from cc_desktop.desktop.connect.trial import Trial
from cc_desktop.desktop.connect.trust_card import TrustCard
from cc_desktop.desktop.widgets.labels import set_colour, wrapping_label
from cc_desktop.system.network import may_send_secret
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr
from cc_desktop.text.settings import CHANGED_MEANWHILE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cc_desktop.config.address import Address
    from cc_desktop.config.secrets.credentials import Token
    from cc_desktop.desktop.connect.tools import ConnectTools, StepFound

log = logging.getLogger(__name__)


class GatewayForm(QWidget):
    """A new gateway, or one that is changed.

    Signals:
        saved: It was saved. Its id.
        saving: It is about to be saved, or that has ended. Whether it is being saved.
        passed: The test has found that the gateway can be used.
        busy: A test begins or ends. Whether one runs.
        grew: Something appeared that should be seen, with its widget.
    """

    saved = Signal(str)
    saving = Signal(bool)
    passed = Signal()
    busy = Signal(bool)
    grew = Signal(QWidget)

    def __init__(self, tools: ConnectTools, ident: str = "") -> None:
        """`ident` is the id of the gateway that is changed; without one, one is added.

        Raises:
            SettingsFileError: the gateway is not in the settings any more.
        """
        super().__init__()
        self._tools = tools
        self._before: GatewayEntry | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_saving = False
        look, px = tools.look, tools.look.metrics.px
        self.local = LocalCard(look)
        self.name = QLineEdit()
        self.name.setMaxLength(80)
        self.name.setFont(look.metrics.font())
        self.address = AddressField(look)
        self.token = TokenField(look)
        self.insecure = InsecureCard(look)
        self.steps = StepList(look, tools.now_ms)
        self.trust = TrustCard(look)
        self.trial = Trial(tools, self)
        self._error = wrapping_label(look.metrics.font())
        self._error.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(12))
        column.addWidget(self.local)
        self._named = [caption(look, tr("Name"), self.name), self.name]
        for part in self._named:
            part.setVisible(bool(ident))
        named = QVBoxLayout()
        named.setSpacing(px(4))
        for part in self._named:
            named.addWidget(part)
        column.addLayout(named)
        parts = (self.address, self.token, self.insecure, self._error, self.steps, self.trust)
        for part in parts:
            column.addWidget(part)
        column.addStretch(1)
        self._connect()
        if ident:
            self._fill(ident)

    def _connect(self) -> None:
        self.local.used.connect(self._on_use_local)
        self.address.changed.connect(self._on_address)
        self.address.token_found.connect(self.token.set_token)
        self.token.changed.connect(self._on_changed)
        self.insecure.changed.connect(self._on_changed)
        self.trust.changed.connect(self._on_trust)
        self.trial.begun.connect(self._on_begun)
        self.trial.found.connect(self._on_found)
        self.trial.ended.connect(self._on_ended)
        for edit in (self.name, self.address.edit, self.token.edit):
            edit.returnPressed.connect(self.test)
        self._tools.look.changed.connect(self._recolour)

    def _fill(self, ident: str) -> None:
        entry = next((each for each in self._tools.editor.list() if each.id == ident), None)
        if entry is None:
            raise SettingsFileError(tr(CHANGED_MEANWHILE))
        self._before = entry
        self.name.setText(entry.name)
        self.name.setPlaceholderText(entry.id)
        self.trust.remember(entry.url, entry.fingerprint)
        self.address.set_address(entry.url)
        self.token.edit.setPlaceholderText(tr("Leave empty to keep the token"))
        if entry.insecure:
            self.insecure.allow(entry.url)

    # What the operator does

    def start(self) -> None:
        """Somebody looks: find the gateway of this computer, and take the keyboard."""
        self.address.edit.setFocus()
        if self._before is None:
            self._spawn(self._find_local)

    def test(self) -> None:
        """Test what is in the fields."""
        target = self._target()
        if target is None:
            return
        address, token = target
        if not token and self._before is not None and address.url == self._before.url:
            token = self._tools.stored_token(self._before.id)
        self.trial.start(
            address.url,
            token,
            insecure=self.insecure.agreed,
            fingerprint=self.trust.pin_for(address.url),
        )

    def save(self) -> None:
        """Save what is in the fields; it need not have been tested."""
        if self._is_saving:
            return  # a keyring may take seconds: a second click must not add it twice
        target = self._target()
        if target is None:
            return
        if not self.insecure.isHidden() and not self.insecure.agreed:
            self.insecure.anyway.setFocus()
            self.grew.emit(self.insecure)
            return
        self._spawn(lambda: self._save(*target))

    def stop(self) -> None:
        """Nobody looks any more: no test goes on, and no token stays in a field."""
        self.trial.stop()
        for task in self._tasks:
            task.cancel()
        self.token.edit.clear()
        self.steps.hide()
        self.trust.show_for(self.address.address.url if self.address.address else "")

    def error(self) -> str:
        """Why it could not be saved."""
        return self._error.text()

    def _target(self) -> tuple[Address, Token] | None:
        self._show_error("")
        address = self.address.insist()
        if address is None:
            self.address.edit.setFocus()
            return None
        token = self.token.token()
        if token is None:
            self.token.edit.setFocus()
            return None
        return address, token

    def _on_use_local(self) -> None:
        found = self.local.found
        if found is not None:
            self.address.set_address(found.url)
            self.token.set_token(self._tools.local_token())
            self.local.hide()
            self.test()

    def _on_address(self) -> None:
        address = self.address.address
        safe = address is None or may_send_secret(address.url)
        self.insecure.show_for("" if safe or address is None else address.url, self._host())
        self._on_changed()

    def _host(self) -> str:
        return self.address.address.host if self.address.address else ""

    def _on_changed(self) -> None:
        """What was tested is not what is in the fields any more."""
        self.trial.stop()
        self.steps.hide()
        self.trust.show_for(self.address.address.url if self.address.address else "")
        self._show_error("")
        self.busy.emit(False)

    def _on_trust(self) -> None:
        """With another certificate, the test has another result."""
        self._on_changed()
        self.test()

    def _on_begun(self) -> None:
        self.steps.begin()
        self.busy.emit(True)
        self._show_steps()

    def _on_found(self, found: StepFound) -> None:
        self.steps.show_found(found)
        self.trust.show_found(found.problem)
        self._show_steps()

    def _on_ended(self, usable: bool) -> None:
        self.busy.emit(False)
        if usable:
            self.passed.emit()

    def _show_steps(self) -> None:
        # Later: until then the layout does not know how tall it is.
        part = self.steps if self.trust.isHidden() else self.trust
        QTimer.singleShot(0, part, lambda: self.grew.emit(part))

    # Work

    async def _find_local(self) -> None:
        found = await self._tools.find_local()
        if found is not None and all(e.url != found.url for e in self._tools.editor.list()):
            self.local.show_found(found)
            if not self.address.edit.text():
                self.local.use.setFocus()

    async def _save(self, address: Address, token: Token) -> None:
        self._is_saving = True
        self.saving.emit(True)
        try:
            ident = await self._write(address, token)
        except SettingsFileError as error:
            self._show_error(str(error))
        else:
            self.saved.emit(ident)
        finally:
            self._is_saving = False
            self.saving.emit(False)

    async def _write(self, address: Address, token: Token) -> str:
        """Save it; its id."""
        insecure, may_use_file = self.insecure.agreed, self.token.may_use_file.isChecked()
        pin = self.trust.pin_for(address.url)
        if self._before is None:
            taken = {entry.id for entry in self._tools.editor.list()}
            ident = _free_id(address.host, taken)
            entry = GatewayEntry(ident, address.url, insecure=insecure, fingerprint=pin)
            await self._tools.editor.add(entry, token, may_use_file=may_use_file)
        else:
            name = self.name.text().strip()
            entry = replace(
                self._before, url=address.url, name=name, insecure=insecure, fingerprint=pin
            )
            await self._tools.editor.update(
                self._before.id, entry, token or None, may_use_file=may_use_file
            )
        return entry.id

    def _spawn(self, work: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.get_event_loop().create_task(self._guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guard(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception:  # the border of a failure domain: the window goes on
            log.exception("the form of a gateway failed")
            self._show_error(tr("This app failed while it worked with the gateway."))

    def _show_error(self, line: str) -> None:
        self._error.setText(plain(line, 400))
        self._error.setVisible(bool(line))
        self._recolour()
        if line:
            QTimer.singleShot(0, self._error, lambda: self.grew.emit(self._error))

    def _recolour(self) -> None:
        set_colour(self._error, QColor(self._tools.look.theme.error))


def _free_id(host: str, taken: set[str]) -> str:
    """An id that no gateway has: the host's name, with a number where it is taken."""
    ident = plain(host, 60) or "gateway"
    if ident == "demo":
        ident = "demo-gateway"  # the sample has that id
    number = 2
    found = ident
    while found in taken:
        found = f"{ident}-{number}"
        number += 1
    return found
