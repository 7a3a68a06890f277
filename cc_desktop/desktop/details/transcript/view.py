"""The list of a conversation: painted rows, unfolded by a click, copied, reached by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QPainter, QRegion
from PySide6.QtWidgets import QAbstractItemView

from cc_desktop.desktop.details.transcript.anchored_view import AnchoredView
from cc_desktop.desktop.details.transcript.painter import Look
from cc_desktop.fleet.transcript.rows import RowKind
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from PySide6.QtGui import (
        QContextMenuEvent,
        QMouseEvent,
        QPaintEvent,
    )

    from cc_desktop.desktop.details.transcript.model import TranscriptModel
    from cc_desktop.desktop.style.theme import ThemeManager

Index = QModelIndex | QPersistentModelIndex
_Move = QAbstractItemView.CursorAction


class TranscriptView(AnchoredView):
    """Paints the rows, and takes clicks and keys.

    Signals:
        link_clicked: An address in a message was clicked.
        find_wanted: Somebody wants to search.
    """

    link_clicked = Signal(str)
    find_wanted = Signal()

    def __init__(self, look: ThemeManager, model: TranscriptModel) -> None:
        super().__init__(look, model)
        self._pressed: tuple[int, str] | None = None
        self.setAccessibleName(tr("Conversation"))
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)  # what is below shows through
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)

    # What others ask

    def show_row(self, place: int, *, mark: bool = False) -> None:
        """Bring a row into sight; `mark` shows that the search is there."""
        self._found = place if mark else -1
        self.scrollTo(self._rows.index(place))
        self._refresh()

    def unmark(self) -> None:
        """The search is nowhere."""
        self._found = -1
        self.viewport().update()

    def selected_text(self) -> str:
        """The selected rows as text, else the current one."""
        places = sorted(index.row() for index in self.selectedIndexes())
        if not places and self.currentIndex().isValid():
            places = [self.currentIndex().row()]
        return "\n\n".join(str(self._rows.data(self._rows.index(place))) for place in places)

    def copy(self) -> None:
        """Put the selected rows on the clipboard."""
        text = self.selected_text()
        if text:
            QGuiApplication.clipboard().setText(text)

    def isIndexHidden(self, _index: Index) -> bool:
        """Qt override: no row is."""
        return False

    def moveCursor(self, action: _Move, _modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Qt override: the row that a key leads to."""
        count = len(self._heights)
        if not count:
            return QModelIndex()
        now = self.currentIndex().row() if self.currentIndex().isValid() else count
        visible = max(1, len(self._layout()) - 1)
        places = {
            _Move.MoveUp: now - 1,
            _Move.MoveDown: now + 1,
            _Move.MovePrevious: now - 1,
            _Move.MoveNext: now + 1,
            _Move.MovePageUp: now - visible,
            _Move.MovePageDown: now + visible,
            _Move.MoveHome: 0,
            _Move.MoveEnd: count - 1,
        }
        return self._rows.index(min(max(0, places.get(action, now)), count - 1))

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        """Qt override: select the rows that a rectangle touches."""
        rect = rect.normalized()
        places = [
            place
            for place, y in self._layout()
            if y <= rect.bottom() and y + self._heights.height(place) > rect.top()
        ]
        selection = QItemSelection()
        if places:
            selection.select(self._rows.index(places[0]), self._rows.index(places[-1]))
        self.selectionModel().select(selection, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        """Qt override: what to paint anew."""
        return QRegion(self.viewport().rect())

    # Painting and input

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt override: draw the rows in sight."""
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        painter.setLayoutDirection(self.layoutDirection())
        selection, current = self.selectionModel(), self.currentIndex().row()
        width = self.viewport().width()
        for place, y in self._layout():
            box = QRect(0, y, width, self._heights.height(place))
            if not box.intersects(event.rect()):
                continue
            look = Look(
                selected=selection.isSelected(self._rows.index(place)),
                current=place == current and self.hasFocus(),
                found=place == self._found,
            )
            self.painter.paint(painter, box, self._rows.rows[place], look, first=place == 0)
        painter.end()

    def _link_at(self, point: QPoint) -> tuple[int, str]:
        index = self.indexAt(point)
        if not index.isValid():
            return -1, ""
        place = index.row()
        spot = point - self.visualRect(index).topLeft()
        return place, self.painter.link_at(self._rows.rows[place], self._width(), spot)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Qt override: remember where, so that a click is a click."""
        self._pressed = self._link_at(event.position().toPoint())
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Qt override: a click on a tool call unfolds it, one on an address says where it leads."""
        super().mouseReleaseEvent(event)
        pressed, self._pressed = self._pressed, None
        here = self._link_at(event.position().toPoint())
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        if pressed != here or event.button() != Qt.MouseButton.LeftButton or not plain:
            return
        place, address = here
        if address:
            self.link_clicked.emit(address)
        elif place >= 0:
            self._rows.toggle(place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Qt override: a hand over what can be clicked."""
        super().mouseMoveEvent(event)
        place, address = self._link_at(event.position().toPoint())
        can = bool(address) or (place >= 0 and self._rows.rows[place].kind is RowKind.CALL)
        shape = Qt.CursorShape.PointingHandCursor if can else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)

    def event(self, event: QEvent) -> bool:
        """Qt override: Ctrl+F searches here, not in the window."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.matches(QKeySequence.StandardKey.Find)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override: copy, unfold, and the ends; other keys move as in every list."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.Find):
            self.find_wanted.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            if self.currentIndex().isValid():
                self._rows.toggle(self.currentIndex().row())
        elif event.key() == Qt.Key.Key_End:
            super().keyPressEvent(event)
            self.go_to_end()
        elif event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            up = event.key() == Qt.Key.Key_PageUp
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + (-1 if up else 1) * bar.pageStep() * 9 // 10)
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Qt override: letters do not jump; Ctrl+F searches."""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Qt override: what can be done with a row."""
        from PySide6.QtWidgets import QMenu

        if not self.selectedIndexes() and not self.currentIndex().isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Copy"), self.copy)
        menu.popup(event.globalPos())
