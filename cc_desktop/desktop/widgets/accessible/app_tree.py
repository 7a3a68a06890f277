"""The top of what screen readers see on Linux: the windows of the app, its popups among them.

Qt leaves windows of the type Popup out of its list of windows (`topLevelObjects` in
qtbase/src/gui/accessible/qaccessibleobject.cpp, up to 6.11): who reads the tree does not find them.
Windows and macOS read from each window by itself, so there this is not needed.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QLoggingCategory, Qt
from PySide6.QtGui import QAccessible, QAccessibleObject, QGuiApplication
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from PySide6.QtCore import QObject
    from PySide6.QtGui import QAccessibleInterface, QWindow
    from PySide6.QtWidgets import QWidget

_NOTHING = cast("QAccessibleInterface", None)  # the stubs forbid the None that Qt wants
_INSIDE = "QComboBoxPrivateContainer"  # the open list of a combo box, which is that box's child


class AppTree(QAccessibleObject):
    """The application with the windows that are open."""

    def role(self) -> QAccessible.Role:
        """Qt override."""
        return QAccessible.Role.Application

    def state(self) -> QAccessible.State:
        """Qt override: whether one of its windows has the keyboard."""
        state = QAccessible.State()
        state.focused = QApplication.activeWindow() is not None
        return state

    def text(self, kind: QAccessible.Text) -> str:
        """Qt override: the name of the app."""
        named = kind == QAccessible.Text.Name
        return QGuiApplication.applicationDisplayName() if named else ""

    def parent(self) -> QAccessibleInterface:
        """Qt override: nothing is above it."""
        return _NOTHING

    def window(self) -> QWindow:
        """Qt override: it is no window itself."""
        return cast("QWindow", None)

    def childCount(self) -> int:
        """Qt override: how many windows are open."""
        return len(_windows())

    def child(self, index: int) -> QAccessibleInterface:
        """Qt override: an open window."""
        windows = _windows()
        if not 0 <= index < len(windows):
            return _NOTHING
        return QAccessible.queryAccessibleInterface(windows[index])

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        """Qt override: the place of a window."""
        wanted = child.object()
        return next((at for at, each in enumerate(_windows()) if each is wanted), -1)

    def focusChild(self) -> QAccessibleInterface:
        """Qt override: the window that has the keyboard."""
        active = QApplication.activePopupWidget() or QApplication.activeWindow()
        return QAccessible.queryAccessibleInterface(active) if active is not None else _NOTHING


def _windows() -> list[QWidget]:
    return [
        window
        for window in QApplication.topLevelWidgets()
        if window.isVisible()
        and window.windowType() not in (Qt.WindowType.ToolTip, Qt.WindowType.Desktop)
        and window.metaObject().className() != _INSIDE
    ]


_made: list[AppTree] = []  # Qt keeps no reference


def _factory(name: str, thing: QObject | None) -> QAccessibleInterface | None:
    if name != "QApplication" or thing is None:
        return None
    _made[:] = [AppTree(thing)]
    return _made[0]


def prepare_for_readers() -> None:
    """Have popups listed among the windows of the app. Call it before the event loop runs."""
    if sys.platform not in ("win32", "darwin"):
        QAccessible.installFactory(_factory)
        # Readers ask for parts that have just gone, and Qt warns of each question.
        # QT_LOGGING_RULES still decides.
        QLoggingCategory.setFilterRules("qt.accessibility.atspi.warning=false")
