"""Reads single values of JSON that somebody else wrote. A value of the wrong type counts as absent.

Nothing here raises, whatever it is given.
"""

from __future__ import annotations

import math
from typing import Any

from cc_desktop.protocol.clean import clean_text

MAX_TEXT = 2_000  # characters; nothing that is read or shown is longer


def as_object(value: object) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_objects(value: object) -> list[dict[str, Any]]:
    """The objects of a list; the values of an object of objects (old session lists)."""
    if isinstance(value, dict):
        value = list(value.values())
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def text(value: object, limit: int = MAX_TEXT) -> str:
    """The value as one line that is fit to be shown, of at most `limit` characters."""
    return clean_text(value, limit) if isinstance(value, str) else ""


def identifier(value: object) -> str:
    """An id or key, "" if it is none.

    It stays exactly as sent, because it is compared and sent back. Where it is shown, `clean_text`
    makes it fit for that.
    """
    return value if isinstance(value, str) and len(value) <= MAX_TEXT else ""


def identifiers(value: object, most: int = 1_000) -> tuple[str, ...]:
    """The ids in the first `most` entries of a list, each exactly as sent."""
    rows = value[:most] if isinstance(value, list) else []
    return tuple(row for row in rows if identifier(row))


def secret(value: object) -> str:
    """A token: an id that is printable and has no white space, so that a header can carry it."""
    found = identifier(value)
    return found if found.isprintable() and " " not in found else ""


def integer(value: object) -> int:
    """A whole number that is not negative, else 0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    if isinstance(value, float) and not math.isfinite(value):
        return 0
    return int(min(max(0, value), 2**62))


def number(value: object) -> float:
    """A finite number that is not negative, else 0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    try:
        result = float(value)
    except OverflowError:
        return 0.0
    return max(0.0, result) if math.isfinite(result) else 0.0
