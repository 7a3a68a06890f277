"""The test as it goes: one line a step, and below what to do where one fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from cc_desktop.desktop.connect.parts import Sign, StepMark
from cc_desktop.desktop.connect.tools import STEPS
from cc_desktop.desktop.widgets.card import Card
from cc_desktop.desktop.widgets.labels import label, set_colour, wrapping_label
from cc_desktop.desktop.widgets.rights.command_box import CommandBox
from cc_desktop.fleet.model import PAIRING_LIFE_MS
from cc_desktop.text.connect.form import milliseconds
from cc_desktop.text.connect.next_step import command_for
from cc_desktop.text.connect.rights import expires_in
from cc_desktop.text.failures import describe
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr
from cc_desktop.text.probe import pending_line, step_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QHideEvent, QShowEvent
    from PySide6.QtWidgets import QLabel

    from cc_desktop.desktop.connect.tools import StepFound
    from cc_desktop.desktop.style.theme import ThemeManager


COUNTDOWN_MS = 1_000


class StepRow(QFrame):
    """One step: its mark, what it found, how long it took."""

    def __init__(self, look: ThemeManager, step: str) -> None:
        super().__init__()
        self._look = look
        self.mark = StepMark(look)
        self.line = wrapping_label(look.metrics.font(), pending_line(step), muted=True)
        self.time = label(look.metrics.font(11.5), muted=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.metrics.px(8))
        row.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.line, 1)
        row.addWidget(self.time)

    def show_found(self, found: StepFound) -> None:
        """Say how it ended."""
        sign = {"ok": Sign.OK, "warning": Sign.WARNING}.get(found.found, Sign.FAILED)
        waits = found.problem is not None and found.problem.kind == "pairing"
        self.mark.show_sign(Sign.WARNING if waits else sign)
        line = step_text(found.step, found.facts, found.problem).line
        if found.problem is not None and sign is Sign.FAILED:
            line = (
                tr("Approve this device on the gateway") if waits else describe(found.problem).title
            )
        self.line.setText(plain(line, 300))
        self.line.setProperty("muted", False)
        theme = self._look.theme
        colour = {Sign.OK: theme.text, Sign.WARNING: theme.waiting}.get(self.mark.sign, theme.error)
        set_colour(self.line, QColor(colour))
        # After the colour: a style sheet that is new takes the font back.
        self.line.setFont(self._look.metrics.font(bold=sign is not Sign.OK))
        self.time.setText(milliseconds(found.took_ms))
        self.setAccessibleName(f"{self.line.text()} {self.time.text()}")


class StepList(Card):
    """Hidden until a test begins."""

    def __init__(self, look: ThemeManager, now_ms: Callable[[], int]) -> None:
        """`now_ms`: local ms."""
        super().__init__(look, tr("Test"))
        self._look = look
        self._now_ms = now_ms
        self._request = ""  # the one that waits for an approval
        self._expires_at = 0  # when the gateway forgets it, local ms
        self._left: QLabel | None = None
        self._countdown = QTimer(self, interval=COUNTDOWN_MS)
        self._countdown.timeout.connect(self._show_left)
        self.body.setSpacing(look.metrics.px(6))
        self.rows: dict[str, StepRow] = {}
        self._found: list[StepFound] = []
        self._steps = QVBoxLayout()
        self._steps.setSpacing(look.metrics.px(6))
        self.body.addLayout(self._steps)
        self._help = QFrame()
        self._help_column = QVBoxLayout(self._help)
        self._help_column.setContentsMargins(look.metrics.px(24), 0, 0, 0)
        self._help_column.setSpacing(look.metrics.px(4))
        self.body.addWidget(self._help)
        self.command: CommandBox | None = None
        look.changed.connect(self._recolour)
        self.hide()

    def begin(self) -> None:
        """A test starts: every step is still to come."""
        self._found = []
        self._clear(self._steps)
        self._clear(self._help_column)
        self._help.hide()
        self.command = self._left = None
        self._countdown.stop()
        self.rows = {step: StepRow(self._look, step) for step in STEPS}
        for row in self.rows.values():
            self._steps.addWidget(row)
            row.show()  # at once, not when Qt gets round to it
        self.show()

    def show_found(self, found: StepFound) -> None:
        """A step has ended. Steps before it that told nothing do not apply to this address."""
        self._found.append(found)
        at = STEPS.index(found.step)
        told = {one.step for one in self._found}
        for step in STEPS[:at]:
            self.rows[step].setVisible(step in told)
        self.rows[found.step].show_found(found)
        if found.found == "failed":
            for step in STEPS[at + 1 :]:
                self.rows[step].hide()
        if found.found != "ok":
            self._show_help(found)

    def lines(self) -> list[str]:
        """What its visible steps say."""
        return [row.line.text() for row in self.rows.values() if not row.isHidden()]

    def signs(self) -> list[Sign]:
        """The marks of its visible steps."""
        return [row.mark.sign for row in self.rows.values() if not row.isHidden()]

    def help_text(self) -> str:
        """What it says below the steps."""
        return self._help.accessibleName()

    def _show_help(self, found: StepFound) -> None:
        problem = found.problem
        command = command_for(problem) if problem is not None else ""
        font = self._look.metrics.font(12)
        line, said = step_text(found.step, found.facts, problem)
        waits = problem is not None and problem.kind == "pairing"
        if waits:
            said = tr("Asked for: watch only (operator.read). Goes on by itself.")
        elif problem is not None and problem.fingerprint:  # the card below shows it to compare
            said = " ".join(describe(problem)[1:])
        elif problem is not None:
            said = f"{line} {said}".strip()
        self._clear(self._help_column)
        if command:
            self.command = CommandBox(self._look, command)
            self._help_column.addWidget(self.command)
        line_below = QHBoxLayout()
        line_below.setSpacing(self._look.metrics.px(10))
        line_below.addWidget(wrapping_label(font, plain(said, 600), muted=True), 1)
        below = QFrame()
        line_below.setContentsMargins(0, 0, 0, 0)
        below.setLayout(line_below)
        self._left = None
        if waits and problem is not None:
            self._note_request(problem.detail)
            self._left = label(font, muted=True)
            line_below.addWidget(self._left)
        self._help_column.addWidget(below)
        self._help.setAccessibleName(said)
        self._help.show()
        self._show_left()

    def _note_request(self, ident: str) -> None:
        """The gateway keeps a request for a while from when it first named it."""
        if ident != self._request or not self._expires_at:
            self._request, self._expires_at = ident, self._now_ms() + PAIRING_LIFE_MS

    def left(self) -> str:
        """How long the approval can still be given."""
        return self._left.text() if self._left is not None else ""

    def counts_down(self) -> bool:
        """Whether its timer runs."""
        return self._countdown.isActive()

    def _show_left(self) -> None:
        words = ""
        if self._left is not None:
            words = expires_in(self._expires_at, self._now_ms())
            self._left.setText(words or tr("expired, a new one is on its way"))
        if words and self.isVisible():
            if not self._countdown.isActive():
                self._countdown.start()
        else:
            self._countdown.stop()

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks."""
        super().showEvent(event)
        self._show_left()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._countdown.stop()

    def _recolour(self) -> None:
        for found in self._found:
            self.rows[found.step].show_found(found)

    def _clear(self, layout: QVBoxLayout) -> None:
        while (item := layout.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
