"""A certificate that nobody vouches for: its fingerprint, to be compared, and trusting it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout

from cc_desktop.desktop.connect.parts import caption
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.card import Card
from cc_desktop.desktop.widgets.labels import label, wrapping_label
from cc_desktop.desktop.widgets.rights.command_box import mono
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr
from cc_desktop.text.pairing import spelled_in_lines

if TYPE_CHECKING:
    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.model import Problem

_KINDS = ("certificate", "certificate-changed")


class TrustCard(Card):
    """Hidden until a test meets such a certificate. Trust holds for one host and port.

    Signals:
        changed: Another certificate is trusted, or none any more.
    """

    changed = Signal()

    def __init__(self, look: ThemeManager) -> None:
        super().__init__(look, tr("Certificate"))
        self._look = look
        self._pins: dict[tuple[str, int | None], str] = {}
        self._url = ""
        self._problem: Problem | None = None
        px, font = look.metrics.px, look.metrics.font
        self.body.setSpacing(px(6))
        self._why = wrapping_label(font(12))
        self.body.addWidget(self._why)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(px(2))
        self.body.addLayout(self._lines)
        self.trust = button("", self._on_trust)
        self.take_back = button(tr("Take that back"), self._on_take_back, "link")
        for control in (self.trust, self.take_back):
            self.body.addWidget(control, 0, Qt.AlignmentFlag.AlignLeft)
        look.changed.connect(self._recolour)
        self.hide()

    def remember(self, url: str, fingerprint: str) -> None:
        """The operator trusted a certificate at this address before."""
        if fingerprint:
            self._pins[_place(url)] = fingerprint

    def pin_for(self, url: str) -> str:
        """The fingerprint that is trusted at an address; "" for what the system trusts."""
        return self._pins.get(_place(url), "") if url.startswith("wss:") else ""

    def show_for(self, url: str) -> None:
        """Another address is in the form, or it is about to be tested."""
        self._url, self._problem = url, None
        self._show()

    def show_found(self, problem: Problem | None) -> None:
        """A test has ended with a problem, or without one."""
        offers = problem is not None and problem.kind in _KINDS and bool(problem.fingerprint)
        self._problem = problem if offers else None
        self._show()

    def why(self) -> str:
        """What it says of the certificate."""
        return self._why.text()

    def _on_trust(self) -> None:
        if self._problem is not None:
            self._pins[_place(self._url)] = self._problem.fingerprint
            self.changed.emit()

    def _on_take_back(self) -> None:
        self._pins.pop(_place(self._url), None)
        self.changed.emit()

    def _show(self) -> None:
        pinned, problem = self.pin_for(self._url), self._problem
        self.setVisible(bool(pinned or problem))
        self.trust.setVisible(problem is not None)
        self.take_back.setVisible(bool(pinned) and problem is None)
        host = plain(urlsplit(self._url).hostname or "", 80)
        digits = {tr("Fingerprint (SHA-256)"): problem.fingerprint if problem else pinned}
        if problem is None:
            words = tr(
                "You trust this certificate of {host}, and no other one there.",
                host=host,
            )
        elif problem.kind == "certificate":
            self.trust.setText(tr("Trust this certificate"))
            words = tr(
                "Nobody whom this computer trusts vouches for {host}. Trust its certificate only"
                " if the fingerprint on the gateway's host is the same.",
                host=host,
            )
        else:
            digits = {
                tr("Shown now (SHA-256)"): problem.fingerprint,
                tr("Trusted until now (SHA-256)"): problem.pinned,
            }
            self.trust.setText(tr("Trust the new certificate"))
            words = tr(
                "{host} shows another certificate than the one that you trusted, so nothing was"
                " sent. Trust it only if the gateway's host has the same fingerprint.",
                host=host,
            )
        self._why.setText(words)
        self._show_digits(digits)
        self._recolour()

    def _show_digits(self, digits: dict[str, str]) -> None:
        while (item := self._lines.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        for name, fingerprint in digits.items():
            if fingerprint:
                words = label(mono(self._look, 11.5), spelled_in_lines(fingerprint))
                words.setTextInteractionFlags(
                    Qt.TextInteractionFlag.TextSelectableByMouse
                    | Qt.TextInteractionFlag.TextSelectableByKeyboard
                )
                words.setAccessibleName(f"{name}: {words.text()}")
                self._lines.addWidget(caption(self._look, name))
                self._lines.addWidget(words)

    def _recolour(self) -> None:
        theme = self._look.theme
        if self._problem is None:
            colours = QColor(theme.muted), QColor(theme.line)
        else:
            strong = theme.error if self._problem.kind == "certificate-changed" else theme.waiting
            colours = QColor(strong), QColor(strong)
        self.set_colour(*colours)


def _place(url: str) -> tuple[str, int | None]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port
