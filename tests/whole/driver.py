"""Hands and eyes inside the running app: Qt's own events, for a test in another process.

`listen` is called in the app's process before the app starts (`Session.start_app(first=…)`). What
comes over the socket is done in the app's main thread, between its other events. A click goes to
the window, as the window system delivers it: what covers a button, blocks its window or is
disabled keeps the click from it.
"""

from __future__ import annotations

import json
import queue
import socket
import threading
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QCheckBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QScrollArea,
    QTableView,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


_CHECKED = {
    Qt.CheckState.Checked: "on",
    Qt.CheckState.PartiallyChecked: "half",
    Qt.CheckState.Unchecked: "off",
}


class Hands(QObject):
    """Does what it is asked in the main thread."""

    asked = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self.asked.connect(self._do, Qt.ConnectionType.QueuedConnection)

    def _do(self, order: list[Any], answer: queue.Queue[dict[str, Any]]) -> None:
        name, *arguments = order
        try:
            answer.put({"found": getattr(self, name)(*arguments)})
        except Exception as error:  # noqa: BLE001, RUF100 - the test is told
            answer.put({"failed": f"{type(error).__name__}: {error}"})

    def see(self) -> list[str]:
        """What is written in the windows, one widget after the other."""
        return [words for window in _windows() for words in _words_in(window)]

    def focus(self) -> str:
        """The name of what has the keyboard."""
        focused = QApplication.focusWidget()
        if isinstance(focused, QAbstractButton):
            return focused.text().replace("&", "") or _name_of(focused)
        return "" if focused is None else _name_of(focused)

    def clipboard(self) -> str:
        """The text that was copied."""
        return QGuiApplication.clipboard().text()

    def place(self, words: str, within: str = "") -> list[int]:
        """Where a button or an entry of a menu that can be clicked is: x, y, width, height."""
        entry = _menu_entry(words)
        area = entry[0].actionGeometry(entry[1]) if entry else None
        if area is None:
            button = self._button(words, within)
            _scroll_to(button)
            area = QRect(button.mapToGlobal(QPoint()), button.size())
        return [area.x(), area.y(), area.width(), area.height()]

    def click(self, words: str, within: str = "") -> None:
        """Click a button or an entry of a menu, by what it says or is called."""
        entry = _menu_entry(words)
        if entry:
            _click_at(entry[0], entry[0].actionGeometry(entry[1]).center())
        else:
            _click_on(self._button(words, within))

    def _button(self, words: str, within: str) -> QAbstractButton:
        popup = QApplication.activePopupWidget()
        found = [
            button
            for window in ([popup] if popup else _windows())
            for button in window.findChildren(QAbstractButton)
            if button.window() is window
            if button.isVisible() and words in (button.text().replace("&", ""), _name_of(button))
            if not within or within in _names_above(button)
        ]
        if len(found) != 1:
            raise LookupError(f"{len(found)} buttons say {words!r}: {self.see()}")
        if not found[0].isEnabled():
            raise LookupError(f"the button {words!r} is disabled: {self.see()}")
        return found[0]

    def choose(self, *phrases: str) -> None:
        """Click the one row of a list that tells all of these."""
        found = [
            (view, view.model().index(row, 0))
            for window in _windows()
            for view in window.findChildren(QAbstractItemView)
            if view.window() is window and view.isVisible()
            for row in range(view.model().rowCount())
            if all(phrase in _row_of(view, row) for phrase in phrases)
        ]
        if len(found) != 1:
            raise LookupError(f"{len(found)} rows tell {phrases}: {self.see()}")
        view, index = found[0]
        view.scrollTo(index)
        viewport = view.viewport()
        _click_at(view.window(), viewport.mapTo(view.window(), view.visualRect(index).center()))

    def enter(self, field: str, text: str) -> None:
        """Type a text in the place of what is in the field that has the keyboard."""
        if not self.has_keyboard(field):
            raise LookupError(f"{field!r} does not have the keyboard: {self.see()}")
        self.press("Ctrl+A")
        self.press("Delete")
        for letter in text:
            QTest.keyClick(_focused_window(), cast("Any", letter))  # its stubs know QWidget alone

    def click_field(self, field: str) -> None:
        """Click a field."""
        _click_on(_field(field))

    def has_keyboard(self, field: str) -> bool:
        """Whether keys go to a field. A window that opened a moment ago may still wait for them."""
        return QApplication.focusWidget() is _field(field)

    def press(self, keys: str) -> None:
        """Press a key, such as "Return" or "Ctrl+W"."""
        combined = QKeySequence(keys)[0]  # type: ignore[index] # missing in the stubs
        QTest.keyClick(_focused_window(), combined.key(), combined.keyboardModifiers())


def _field(name: str) -> QWidget:
    fields = [
        edit
        for window in _windows()
        for kind in (QLineEdit, QPlainTextEdit)
        for edit in window.findChildren(kind)
        if edit.window() is window
        if edit.isVisible() and _name_of(edit) == name
    ]
    if len(fields) != 1:
        raise LookupError(f"{len(fields)} fields are called {name!r}")
    return fields[0]


def _windows() -> list[QWidget]:
    """The windows that are on the screen, the front one last."""
    return [window for window in QApplication.topLevelWidgets() if window.isVisible()]


def _focused_window() -> Any:
    window = QGuiApplication.focusWindow()
    if window is None:
        raise LookupError("no window has the keyboard")
    return window


def _name_of(widget: QWidget) -> str:
    return widget.accessibleName()


def _names_above(widget: QWidget) -> list[str]:
    names = []
    parent = widget.parentWidget()
    while parent is not None:
        names.append(_name_of(parent))
        parent = parent.parentWidget()
    return names


def _words_in(widget: QWidget) -> Iterator[str]:
    if not widget.isVisible():
        return
    yield from _words_of(widget)
    for child in widget.children():
        if isinstance(child, QWidget) and not child.isWindow():
            yield from _words_in(child)


def _words_of(widget: QWidget) -> Iterator[str]:
    match widget:
        case QMenu():
            yield from (action.text().replace("&", "") for action in widget.actions())
        case QLabel():
            yield widget.text()
        case QLineEdit():
            yield widget.displayText()
        case QPlainTextEdit():
            yield widget.toPlainText()
        case QCheckBox():
            name = widget.text().replace("&", "") or _name_of(widget)
            yield f"{name} ({_CHECKED[widget.checkState()]})"
        case QAbstractButton():
            yield widget.text().replace("&", "") or _name_of(widget)
        case QAbstractItemView():
            for row in range(widget.model().rowCount()):
                yield _row_of(widget, row)


def _row_of(view: QAbstractItemView, row: int) -> str:
    """What a row of a list or a table tells, its cells in order."""
    model = view.model()
    columns = view.horizontalHeader().count() if isinstance(view, QTableView) else 1
    cells = (model.index(row, column) for column in range(columns))
    told = (cell.data(Qt.ItemDataRole.AccessibleTextRole) or cell.data() for cell in cells)
    return ", ".join(str(words or "") for words in told)


def _menu_entry(words: str) -> tuple[QMenu, QAction] | None:
    """The entry of the menu that is open; None: none is."""
    popup = QApplication.activePopupWidget()
    if not isinstance(popup, QMenu):
        return None
    return popup, next(a for a in popup.actions() if a.text().replace("&", "") == words)


def _scroll_to(widget: QWidget) -> None:
    """As people do before they click."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(widget)
        parent = parent.parentWidget()


def _click_on(widget: QWidget) -> None:
    _scroll_to(widget)
    window = widget.window()
    if QApplication.activePopupWidget() is None and not window.isActiveWindow():
        window.raise_()
        window.activateWindow()
        QTest.qWaitForWindowActive(window, 5000)
    middle = widget.rect().center()
    there = QApplication.widgetAt(widget.mapToGlobal(middle))
    if there is not widget and (there is None or not widget.isAncestorOf(there)):
        raise LookupError(f"{there} lies over {_name_of(widget)!r}")
    _click_at(window, widget.mapTo(window, middle))


def _click_at(window: QWidget, at: QPoint) -> None:
    handle = window.windowHandle()
    QTest.mouseClick(handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)


def listen(path: str) -> None:
    """Do what comes over a socket at `path`, one JSON list a line, until the app ends."""
    hands = Hands()
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()

    def serve() -> None:
        while True:
            connection, _ = server.accept()
            with connection, connection.makefile("rw") as lines:
                for line in lines:
                    answer: queue.Queue[dict[str, Any]] = queue.Queue()
                    hands.asked.emit(json.loads(line), answer)
                    lines.write(json.dumps(answer.get()) + "\n")
                    lines.flush()

    threading.Thread(target=serve, name="test driver", daemon=True).start()


def start_listening(path: Path) -> str:
    """The Python for `Session.start_app(first=…)`."""
    return f"from tests.whole.driver import listen; listen({str(path)!r})"
