"""The mark of a kind of item or notification: a shape with its colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.desktop.icons.status import draw_status
from cc_desktop.desktop.widgets.status_mark import ConnectionMark, connection_pixmap
from cc_desktop.fleet.model import Status
from cc_desktop.notifications.kinds import RULES, AlertKind

if TYPE_CHECKING:
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QPainter

    from cc_desktop.desktop.style.palette import Theme


def draw_kind(painter: QPainter, box: QRectF, kind: AlertKind, theme: Theme) -> None:
    """Draw the mark of a kind into a box."""
    mark = RULES[kind].mark
    if isinstance(mark, Status):
        draw_status(painter, box, mark, theme)
        return
    ratio = painter.device().devicePixelRatioF()
    shape = ConnectionMark[mark.shape.upper()]
    side = round(box.width())
    pixmap = connection_pixmap(shape, getattr(theme, mark.colour), side, ratio)
    painter.drawPixmap(box.topLeft(), pixmap)


def kind_colour(kind: AlertKind, theme: Theme) -> str:
    """The colour of a kind as text, on any background."""
    mark = RULES[kind].mark
    if not isinstance(mark, Status):
        name = {"waiting": "waiting_strong", "live": "muted"}.get(mark.colour, mark.colour)
        return str(getattr(theme, name))
    return theme.status_text(mark, selected=True).name()
