"""Lines with a mark, words and a time: the steps of a run, of a plan, the helpers at work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cc_desktop.desktop.widgets.labels import ElidedLabel, label, set_colour

if TYPE_CHECKING:
    from PySide6.QtWidgets import QLabel

    from cc_desktop.desktop.style.theme import ThemeManager


class Line(Struct, frozen=True):
    """One line. `kind` decides mark and colour: done, failed, running, waiting or unknown."""

    kind: str
    words: str
    end: str = ""
    spoken: str = ""  # how it is, in a word


_MARKS = {
    "done": "\u2713",
    "failed": "\u2715",
    "running": "\u25b6",
    "waiting": "\u25cb",
    "unknown": "\u2013",
}


class StepList(QWidget):
    """As many lines as there are; a line that stays is only changed."""

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self._look = look
        self._lines: tuple[Line, ...] = ()
        self._parts: list[tuple[QWidget, QLabel, ElidedLabel, QLabel]] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(look.metrics.px(6))
        look.changed.connect(self._repaint)

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown."""
        return self._lines

    def show_lines(self, lines: tuple[Line, ...]) -> None:
        """Show these lines."""
        if lines == self._lines:
            return
        self._lines = lines
        while len(self._parts) < len(lines):
            self._add()
        for number, (row, mark, words, end) in enumerate(self._parts):
            row.setVisible(number < len(lines))
            if number < len(lines):
                self._fill(lines[number], mark, words, end)

    def _repaint(self) -> None:
        lines, self._lines = self._lines, ()
        self.show_lines(lines)

    def _add(self) -> None:
        metrics = self._look.metrics
        row = QWidget()
        mark = label(metrics.font(12, bold=True))
        mark.setFixedWidth(metrics.px(14))
        mark.setAlignment(Qt.AlignmentFlag.AlignCenter)
        words = ElidedLabel(self._look, metrics.font())
        end = label(metrics.font(11.5), muted=True)
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(metrics.px(8))
        line.addWidget(mark)
        line.addWidget(words, 1)
        line.addWidget(end)
        self._column.addWidget(row)
        self._parts.append((row, mark, words, end))

    def _fill(self, line: Line, mark: QLabel, words: ElidedLabel, end: QLabel) -> None:
        theme = self._look.theme
        colours = {
            "done": theme.live,
            "failed": theme.error,
            "running": theme.active,
            "waiting": theme.muted,
            "unknown": theme.muted,
        }
        colour = colours[line.kind]
        mark.setText(_MARKS[line.kind])
        mark.setAccessibleName(line.spoken)
        set_colour(mark, QColor(colour))
        words.setText(line.words)
        words.set_colour(colour if line.kind == "running" else "")
        words.setToolTip("")
        end.setText(line.end)
