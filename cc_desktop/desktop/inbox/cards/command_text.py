"""A whole command in monospace: nothing hidden, nothing cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication, QTextOption
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.labels import label
from cc_desktop.text.i18n import tr, trn
from cc_desktop.text.inbox.verbatim import verbatim

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from cc_desktop.desktop.style.theme import ThemeManager

LINES = 12  # in sight; the rest is scrolled to
AT_ONCE = 20_000  # characters that are laid out before somebody asks for all


class _Field(QPlainTextEdit):
    """As high as its text, up to `LINES`."""

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self._look = look
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(look.metrics.font(12.5).pointSizeF())
        self.setFont(font)
        self.setObjectName("verbatim")
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.document().setDocumentMargin(look.metrics.px(8))
        self.textChanged.connect(self.fit)

    def lines(self) -> int:
        """How many lines it has at its width."""
        return max(1, round(self.document().size().height()))

    def fit(self) -> None:
        """Be as high as the text needs."""
        margin = 2 * round(self.document().documentMargin()) + 2
        lines = self.lines()
        bars = Qt.ScrollBarPolicy
        fits = lines <= LINES
        self.setVerticalScrollBarPolicy(bars.ScrollBarAlwaysOff if fits else bars.ScrollBarAsNeeded)
        shown = min(lines, LINES)
        self.setFixedHeight(shown * self.fontMetrics().lineSpacing() + margin)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override: another width, other lines."""
        super().resizeEvent(event)
        self.fit()


class CommandText(QWidget):
    """A command as it is, see `verbatim`. What is very long is laid out in full on demand."""

    def __init__(self, look: ThemeManager, name: str) -> None:
        """`name` is for screen readers."""
        super().__init__()
        self._text = ""
        self.field = _Field(look)
        self.field.setAccessibleName(name)
        self.field.textChanged.connect(self._show_lines)
        self._lines = label(look.metrics.font(11.5), muted=True)
        self.all = button(tr("Show all"), self._show_all, "link")
        self.copy = button(tr("Copy"), self._copy, "link")
        self.copy.setAccessibleName(tr("Copy the command"))
        row = QHBoxLayout()
        row.setSpacing(look.metrics.px(6))
        row.addWidget(self._lines, 1)
        row.addWidget(self.all)
        row.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(look.metrics.px(2))
        column.addWidget(self.field)
        column.addLayout(row)

    def text(self) -> str:
        """What is shown."""
        return self.field.toPlainText()

    def note(self) -> str:
        """What it says about what is out of sight."""
        return self._lines.text()

    def set_text(self, text: str) -> None:
        """Show another command."""
        if text == self._text and self.field.toPlainText():
            return
        self._text = text
        self.all.setVisible(len(text) > AT_ONCE)
        self.field.setPlainText(verbatim(text[:AT_ONCE]))

    def _show_all(self) -> None:
        self.all.hide()
        self.field.setPlainText(verbatim(self._text))
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._text)

    def _show_lines(self) -> None:
        count = self._text.count("\n") + 1
        words = ""
        if not self.all.isHidden():
            words = tr("The first {shown} of {n} characters.", shown=AT_ONCE, n=len(self._text))
        elif count > 1:
            words = trn("{n} line", "{n} lines", count)
            if count > LINES:
                words = tr("{lines}. Scroll to read all of them.", lines=words)
        self._lines.setText(words)
