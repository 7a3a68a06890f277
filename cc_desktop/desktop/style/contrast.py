"""Which colour token stands on which, and what contrast that needs by WCAG 2.2.

Whoever uses a pair that is not here adds it; `tests/desktop/style/test_palette.py` computes all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtGui import QColor

from cc_desktop.desktop.style.palette import TINT_ALPHA

if TYPE_CHECKING:
    from cc_desktop.desktop.style.palette import Theme

PLAIN = ("bg", "surface", "raised")  # window, panels, cards and what is under the pointer
ROWS = (*PLAIN, "selection")  # rows, chips, menus
TINTED = ("error", "waiting_strong", "stuck", "active_strong")  # colours of banners
TINTS = tuple(f"tint of {name}" for name in TINTED)
STRIPE = "stripe of stuck"  # the demo's banner
STATUSES = ("error", "waiting", "stuck", "active", "thinking", "idle")
SHAPE_COLOURS = (*STATUSES, "accent")


class Pair(Struct, frozen=True):
    """A colour that has to be told from what it stands on.

    Attributes:
        text: Whether it is text: 4.5:1, and 7:1 where more contrast is asked for. Shapes and
            borders of controls need 3:1, and 4.5:1.
    """

    front: str
    back: str
    text: bool


def _pairs(fronts: tuple[str, ...], backs: tuple[str, ...], *, text: bool) -> list[Pair]:
    return [Pair(front, back, text) for front in fronts for back in backs]


PAIRS = (
    *_pairs(("text", "muted"), (*ROWS, *TINTS, STRIPE), text=True),
    *_pairs(("link",), (*ROWS, *TINTS, STRIPE), text=True),
    # Words of a status, and what went wrong
    *_pairs(("error", "waiting", "stuck", "active", "thinking"), PLAIN, text=True),
    *_pairs(("error", "waiting_strong", "stuck", "active_strong", "thinking"), ROWS, text=True),
    # Tags of banners
    *(Pair(name, f"tint of {name}", text=True) for name in TINTED),
    Pair("stuck", STRIPE, text=True),
    # Primary buttons, badges
    *_pairs(("on_shape",), ("accent", "error"), text=True),
    # What is cut into a shape
    *_pairs(("on_shape",), SHAPE_COLOURS, text=False),
    # Shapes; dots of connections
    *_pairs((*STATUSES, "live", "muted"), ROWS, text=False),
    # Borders of controls; the handle of a scroll bar; the ring around the focus and the selection
    *_pairs(("border",), PLAIN, text=False),
    *_pairs(("accent",), ROWS, text=False),
    *_pairs(("accent",), (*TINTS, STRIPE), text=False),
    # A context bar on its track
    *_pairs(("muted", "error"), ("track",), text=False),
)
RULES = tuple(_pairs(("line",), PLAIN, text=False))  # seen in high contrast


def backdrop(theme: Theme, name: str) -> QColor:
    """The colour of a background: a token, a "tint of" one, or the "stripe of" one."""
    kind, _, token = name.rpartition(" of ")
    if not kind:
        return QColor(getattr(theme, name))
    colour = QColor(getattr(theme, token))
    once = _over(QColor(theme.surface), colour)
    return _over(once, colour) if kind == "stripe" else once


def _over(base: QColor, colour: QColor) -> QColor:
    alpha = TINT_ALPHA / 255
    mixed = [
        round(under * (1 - alpha) + top * alpha)
        for under, top in (
            (base.red(), colour.red()),
            (base.green(), colour.green()),
            (base.blue(), colour.blue()),
        )
    ]
    return QColor(*mixed)


def contrast(one: QColor, other: QColor) -> float:
    """The contrast of two colours by WCAG: 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: QColor) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (colour.redF(), colour.greenF(), colour.blueF())
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
