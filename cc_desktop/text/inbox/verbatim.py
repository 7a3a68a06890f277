"""Commands as they are: what hides, turns around or breaks the text is made visible. Pure."""

from __future__ import annotations

import unicodedata

_KEPT = "\n"
_PICTURES = 0x2400  # U+2400 SYMBOL FOR NULL, and so on for the other control characters
_DELETE = 0x7F
_TAB = "\u21e5"
# Nothing to see, though Python calls them printable: fillers, selectors, the empty Braille cell.
_BLANK = {0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, 0x034F}
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0000, 0xE1000), range(0x180B, 0x1810))
_HIDDEN = {"Cf", "Cn", "Co", "Cs", "Zl", "Zp"}


def verbatim(text: str) -> str:
    """The text with every character that does not show itself made visible.

    Line breaks stay. Other control characters become their pictures (␀, ␛), a tab an arrow. Bidi
    marks, zero-width and other hidden characters, and spaces of other kinds, become their code
    point in angle quotes.
    """
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join(_shown(char) for char in text.replace("\r\n", "\n"))


def is_plain(text: str) -> bool:
    """Whether the text is one line in which nothing hides."""
    return "\n" not in text and verbatim(text) == text


def _shown(char: str) -> str:
    code = ord(char)
    if char in _KEPT or char == " ":
        return char
    if char == "\t":
        return _TAB
    if code < 0x20:
        return chr(_PICTURES + code)
    if code == _DELETE:
        return "\u2421"
    kind = unicodedata.category(char)
    hidden = kind in _HIDDEN or kind == "Cc" or kind == "Zs" or code in _BLANK
    if hidden or any(code in selectors for selectors in _SELECTORS):
        return f"\u2039U+{code:04X}\u203a"
    return char
