"""Showing the window where the operator looks, in front of the others."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QCursor, QGuiApplication

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QWidget


@contextlib.contextmanager
def activation(token: str) -> Iterator[None]:
    """Let windows that are activated meanwhile take the focus.

    `token` came from whoever the operator clicked: a launcher, a notification. Qt's Wayland
    platform reads it from the environment; on X11 the window manager decides without one.
    """
    if not token or sys.platform in ("win32", "darwin"):
        yield
        return
    os.environ["XDG_ACTIVATION_TOKEN"] = token
    try:
        yield
    finally:
        os.environ.pop("XDG_ACTIVATION_TOKEN", None)  # not for the programs that the app starts


def bring_to_pointer(window: QWidget) -> None:
    """Move a window to the screen that the mouse is on; who calls shows it then.

    It keeps its size if it fits.
    """
    if QGuiApplication.platformName().startswith("wayland"):
        return  # there the compositor places windows, and the mouse is not known
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
        # One that is seen stays where it was maximized; a hidden one is maximized where it appears.
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
