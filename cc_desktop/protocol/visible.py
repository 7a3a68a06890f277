"""Makes text that somebody decides about fit to be shown, with nothing hidden.

Elsewhere characters that do not show themselves are dropped (`clean`). Here that would show
another command than the one that is approved, so each appears as its code point.
"""

from __future__ import annotations

from cc_desktop.protocol.clean import clean_text

MAX_COMMAND = 100_000  # characters
_MOST_KNOWN = 4_096  # characters that are remembered: nobody can fill the memory with them


def visible_text(value: object, limit: int = MAX_COMMAND) -> str:
    """Text in full, with its line breaks; characters that hide, or move others, show their code.

    Args:
        value: What was sent; "" if it is no text.
        limit: Most characters of it. How many more there are stands at its end.
    """
    if not isinstance(value, str):
        return ""
    start = value[:limit]
    if not (start.isascii() and start.isprintable()):
        start = start.replace("\r\n", "\n").translate(_TABLE)
    left = len(value) - limit
    return f"{start}\n[+{left}]" if left > 0 else start


class _Table(dict[int, str]):
    """What each character becomes: worked out when it first comes."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        # A mark needs something to stand on.
        is_seen = char in "\n\t" or (char.isprintable() and clean_text(f"a{char}", 4)[1:] == char)
        shown = char if is_seen or char == " " else f"<U+{code:04X}>"
        if len(self) < _MOST_KNOWN:
            self[code] = shown
        return shown


_TABLE = _Table()
