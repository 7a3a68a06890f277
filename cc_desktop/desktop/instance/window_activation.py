"""Brings the window to the operator: to the screen with the pointer, in front of other windows."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QCursor, QGuiApplication

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from PySide6.QtWidgets import QWidget

CHECK_MS = 100  # how often to look whether the window is in front
GIVE_UP_MS = 1_000  # after this it stays where the desktop has put it
AGAIN_MS = (
    200  # until the second request for the focus on X11: measured on KWin 5.27 as long enough
)
REMAP_MS = 50  # between hiding and showing: measured on GNOME 43 as long enough


@contextlib.contextmanager
def activation(token: str) -> Iterator[None]:
    """Let a window that is activated in this block take the focus.

    Qt's Wayland platform reads the token from the environment and offers no other way in; PySide
    has no `qputenv`. So it is set for this block only, and only on Wayland. The C library before
    glibc 2.41 does not protect `getenv` in other threads against it; the block is as short as one
    call of `activateWindow`.

    Args:
        token: From whatever the operator clicked: a launcher, a notification. "" for none.
    """
    if not token or not _on_wayland():
        yield
        return
    os.environ["XDG_ACTIVATION_TOKEN"] = token
    try:
        yield
    finally:
        os.environ.pop("XDG_ACTIVATION_TOKEN", None)  # not for the programs that the app starts


def _on_wayland() -> bool:
    return QGuiApplication.platformName().startswith("wayland")


def needs_remap(token: str, platform: str, environ: Mapping[str, str]) -> bool:
    """Whether a visible window must be hidden and shown again to get in front.

    GNOME on Wayland only marks a window that asks for the focus without a token; a window that
    appears again gets it.

    Args:
        token: The activation token, "" for none.
        platform: Qt's platform name.
        environ: The environment; XDG_CURRENT_DESKTOP names the desktop.
    """
    desktops = environ.get("XDG_CURRENT_DESKTOP", "").upper().split(":")
    return not token and platform.startswith("wayland") and "GNOME" in desktops


class WindowRaiser(QObject):
    """Shows a window in front and finds out whether that worked."""

    def __init__(self, window: QWidget, show: Callable[[], None]) -> None:
        """`show` shows and activates the window."""
        super().__init__()
        self._window = window
        self._show = show
        self._waited_ms = 0
        self._remap = False
        self._waiting: list[Callable[[bool], None]] = []
        self._timer = QTimer(self, singleShot=True, interval=CHECK_MS)
        self._timer.timeout.connect(self._check)
        self._again = QTimer(self, singleShot=True, interval=REMAP_MS)
        self._again.timeout.connect(self._show_again)
        self._second = QTimer(self, singleShot=True, interval=AGAIN_MS)
        self._second.timeout.connect(self._ask_again)

    def raise_window(self, token: str = "", then: Callable[[bool], None] | None = None) -> None:
        """Show the window in front, on the screen with the mouse pointer.

        Args:
            token: Activation token of whatever the operator clicked.
            then: Called with whether it is in front, at the latest after `GIVE_UP_MS`.
        """
        was_visible = self._window.isVisible() and not self._window.isMinimized()
        with activation(token):
            bring_to_pointer(self._window)
            self._show()
        platform = QGuiApplication.platformName()
        if platform == "xcb":
            self._second.start()
        self._remap = was_visible and needs_remap(token, platform, os.environ)
        if then is not None:
            self._waiting.append(then)
        self._waited_ms = 0
        if self._window.isActiveWindow():
            self._finish()
        elif self._waiting or self._remap:
            self._timer.start()

    def stop(self) -> None:
        """Wait for nothing any more."""
        self._timer.stop()
        self._again.stop()
        self._second.stop()
        self._finish()

    def _check(self) -> None:
        self._waited_ms += CHECK_MS
        if self._window.isActiveWindow() or self._waited_ms >= GIVE_UP_MS:
            self._finish()
        elif self._remap:
            self._remap = False
            self._window.hide()
            self._again.start()
        else:
            self._timer.start()

    def _show_again(self) -> None:
        self._show()
        self._timer.start()

    def _ask_again(self) -> None:
        """Ask for the focus a second time.

        KWin refuses the first request of an app that the operator has not used since using
        another window: it only marks the window, while Qt takes it for the active one. It grants
        the second request.
        """
        if self._window.isVisible():
            self._window.raise_()
            self._window.activateWindow()

    def _finish(self) -> None:
        self._remap = False
        waiting, self._waiting = self._waiting, []
        for then in waiting:
            then(self._window.isActiveWindow())


def bring_to_pointer(window: QWidget) -> None:
    """Move a window to the screen with the pointer, with its size if it fits; then show it."""
    if QGuiApplication.platformName().startswith("wayland"):
        return  # the compositor places windows, and does not tell where the pointer is
    target = QGuiApplication.screenAt(QCursor.pos())
    if target is None:
        return
    frame = window.frameGeometry()
    here = QGuiApplication.screenAt(frame.center())
    if here is target:
        return
    maximized = window.isMaximized()
    border = frame.size() - window.size()
    if maximized:
        border = QSize(0, 0)  # the normal geometry is without it
        # A visible window stays where it was maximized; a hidden one is maximized where it appears.
        window.hide()
        frame = window.normalGeometry()
        window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMaximized)
        window.setScreen(target)
    old = here.availableGeometry() if here is not None else None
    place = placed(frame, old, target.availableGeometry())
    window.resize(place.size() - border)
    window.move(place.topLeft())
    if maximized:
        window.setWindowState(window.windowState() | Qt.WindowState.WindowMaximized)


def placed(frame: QRect, old: QRect | None, new: QRect) -> QRect:
    """Where a window on the screen `old` (None: on none) belongs on the screen `new`."""
    size = QSize(min(frame.width(), new.width()), min(frame.height(), new.height()))
    if old is None:
        spot = new.center() - QPoint(size.width() // 2, size.height() // 2)
    else:
        spot = new.topLeft() + frame.topLeft() - old.topLeft()
    left = max(new.left(), min(spot.x(), new.left() + new.width() - size.width()))
    top = max(new.top(), min(spot.y(), new.top() + new.height() - size.height()))
    return QRect(QPoint(left, top), size)
