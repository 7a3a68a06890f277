"""Searches the messages that are loaded, from the newest to the oldest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from cc_desktop.desktop.widgets.buttons import ENTER
from cc_desktop.desktop.widgets.labels import label
from cc_desktop.fleet.transcript.rows import Row, RowKind
from cc_desktop.text.i18n import tr
from cc_desktop.text.transcript import found_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cc_desktop.desktop.style.theme import ThemeManager

WAIT_MS = 120  # after a key, until it searches
LONGEST = 200  # characters


class FindBar(QWidget):
    """A field, and which of how many places is shown.

    Signals:
        shown: Go to a row; -1 for none.
        changed: What is searched for, in lower case; "" for nothing.
        left: Esc in an empty field: back to the conversation.
    """

    shown = Signal(int)
    changed = Signal(str)
    left = Signal()

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("Find in this conversation"))
        self.field.setAccessibleName(tr("Find in this conversation"))
        self.field.setMaxLength(LONGEST)
        self.field.setClearButtonEnabled(True)
        self.field.installEventFilter(self)
        self.count = label(look.metrics.font(12), muted=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.metrics.px(8))
        row.addWidget(self.field, 1)
        row.addWidget(self.count)
        self._rows: Sequence[Row] = ()
        self._needle = ""
        self._found: list[int] = []
        self._at = -1
        self._key = ""  # of the row where it is
        self._timer = QTimer(self, singleShot=True, interval=WAIT_MS)
        self._timer.timeout.connect(self.search)
        self.field.textChanged.connect(lambda _text: self._timer.start())
        self.count.setVisible(False)

    @property
    def found(self) -> Sequence[int]:
        """The rows that have what is searched for."""
        return self._found

    def set_rows(self, rows: Sequence[Row]) -> None:
        """There are other rows now. The place stays, as long as its row is there."""
        self._rows = rows
        if not self._needle:
            return
        self._found = matches(rows, self._needle)
        keys = [rows[place].key for place in self._found]
        self._at = keys.index(self._key) if self._key in keys else len(keys) - 1
        self._tell()

    def search(self) -> None:
        """Search for what the field says, and go to the newest place."""
        self._timer.stop()
        needle = self.field.text().strip().casefold()
        if needle == self._needle:
            return
        self._needle = needle
        self._found = matches(self._rows, needle) if needle else []
        self._at = len(self._found) - 1
        self.changed.emit(needle)
        self.shown.emit(self._found[self._at] if self._found else -1)
        self._tell()

    def step(self, older: bool) -> None:
        """Go to the next older or newer place, around the ends."""
        self.search()
        if self._found:
            self._at = (self._at + (-1 if older else 1)) % len(self._found)
            self.shown.emit(self._found[self._at])
            self._tell()

    def start_over(self) -> None:
        """Another conversation."""
        self._rows = ()
        self.field.clear()
        self.search()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt override: Enter goes to older places, Shift+Enter to newer ones."""
        kind = event.type()
        if watched is self.field and isinstance(event, QKeyEvent):
            finds = event.matches(QKeySequence.StandardKey.Find)
            if kind == QEvent.Type.ShortcutOverride and (
                finds or (event.key() == Qt.Key.Key_Escape)
            ):
                event.accept()
                return True
            if kind == QEvent.Type.KeyPress and self._on_key(event, finds=finds):
                return True
        return super().eventFilter(watched, event)

    def _on_key(self, event: QKeyEvent, *, finds: bool) -> bool:
        if finds:
            self.field.selectAll()
        elif event.key() in ENTER:
            self.step(older=not event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        elif event.key() == Qt.Key.Key_Escape:
            if self.field.text():
                self.field.clear()
                self.search()
            else:
                self.left.emit()
        else:
            return False
        return True

    def _tell(self) -> None:
        self._key = self._rows[self._found[self._at]].key if self._found else ""
        self.count.setVisible(bool(self._needle))
        self.count.setText(found_line(self._at + 1, len(self._found)))


def matches(rows: Sequence[Row], needle: str) -> list[int]:
    """The places of the rows that have a text, given in lower case."""
    found = []
    for place, row in enumerate(rows):
        if needle in row.text.casefold() or (
            row.kind is RowKind.CALL
            and any(
                needle in part.casefold()
                for part in (row.name, row.subject, row.detail, row.result)
            )
        ):
            found.append(place)
    return found


def is_folded_away(row: Row, needle: str) -> bool:
    """Whether a tool call has it only where it is unfolded."""
    return row.kind is RowKind.CALL and needle not in f"{row.name} {row.subject}".casefold()
