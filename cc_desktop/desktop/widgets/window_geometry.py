"""Size and place of windows as text, to be remembered between starts."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSize

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

FRAME = 40  # px for the title bar and borders that the window manager adds


def encode(data: QByteArray) -> str:
    """What `saveGeometry` and the like gave."""
    return base64.b64encode(data.data()).decode("ascii")


def decode(text: str) -> QByteArray | None:
    """The same again, or None for nonsense."""
    try:
        return QByteArray(base64.b64decode(text, validate=True)) if text else None
    except (binascii.Error, ValueError):
        return None


def fit_to_screen(window: QWidget, wanted: QSize) -> None:
    """Resize a window to what is wanted, or to what its screen has room for.

    Its minimum size gives way, too: what does not fit could not be reached.
    """
    room = window.screen().availableGeometry().size() - QSize(0, FRAME)
    window.setMinimumSize(window.minimumSize().boundedTo(room))
    window.resize(wanted.boundedTo(room))
