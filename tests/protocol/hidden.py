"""What must never reach a screen or a terminal from outside, and texts that try it."""

from __future__ import annotations

import re
import unicodedata

# Emoji keep their joiner and their style selector; anywhere else these are hidden characters.
_EMOJI = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u27ff\u2900-\u2bff\u3030\u303d"
    "\U0001f000-\U0001fbff]"
)
_INSIDE_EMOJI = re.compile(
    f"(?<={_EMOJI})[\ufe0e\ufe0f]|(?<=[{_EMOJI[1:-1]}\ufe0e\ufe0f])\u200d(?={_EMOJI})"
    "|(?<=[0-9#*])\ufe0f(?=\u20e3)|[\U0001f000-\U0001fbff]"
)
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)

HOSTILE = (
    "esc \x1b[31mred\x1b[0m",
    "title \x1b]0;owned\x07",
    "line\r\nfake: live",
    "nul \x00 byte",
    "backspace ab\x08\x08",
    "delete \x7f",
    "c1 csi \x9b2J",
    "nel \x85 next",
    "override \u202egpj.exe",
    "isolate \u2066a\u2069",
    "mark \u200f\u200e\u061c",
    "zero\u200bwidth\u2060join\ufeff",
    "joiner a\u200db\u200cc",
    "separator \u2028 and \u2029",
    "tags \U000e0041\U000e0042\U000e007f",
    "selectors x\ufe01\U000e0101\U000e01ef",
    "filler \u3164\u115f\u1160\uffa0\u2800",
    "soft\u00adhyphen \u034f",
    "surrogate \ud800 \udfff",
    "private \ue000 none \uffff \U0010ffff",
    "shout \u206a\ufff9hid\ufffb",
)


def hidden_in(text: str, *, lines: bool = False) -> list[str]:
    """The hidden characters of a text."""
    rest = _INSIDE_EMOJI.sub("", text)
    return [
        ascii(char)
        for char in rest
        if not (lines and char == "\n")
        if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        or _UNSEEN.match(char)
    ]
