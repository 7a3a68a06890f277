"""Size and place of windows as text, to be remembered between starts."""

from __future__ import annotations

import base64
import binascii

from PySide6.QtCore import QByteArray


def encode(data: QByteArray) -> str:
    """What `saveGeometry` and the like gave."""
    return base64.b64encode(data.data()).decode("ascii")


def decode(text: str) -> QByteArray | None:
    """The same again, or None for nonsense."""
    try:
        return QByteArray(base64.b64decode(text, validate=True)) if text else None
    except (binascii.Error, ValueError):
        return None
