"""Makes text from outside fit to be shown.

Gateways, agents and whoever writes to an agent choose the text that this app shows. Characters
that do not show themselves let such text pretend: control characters drive a terminal, bidi marks
turn "gpj.exe" around, zero-width and tag characters hide words.
"""

from __future__ import annotations

import re
import unicodedata

_ZWJ = "\u200d"
_SELECTORS = "\ufe0e\ufe0f"  # text or emoji style
_MAX_MARKS = 4  # combining marks on one character; more of them paint over the lines around

# Unassigned code points here are emoji of a newer Unicode than this Python's.
_EMOJI_BLOCKS = "\U0001f000-\U0001fbff"
_EMOJI = (
    f"[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u27ff\u2900-\u2bff\u3030\u303d{_EMOJI_BLOCKS}]"
)
_ONE_EMOJI = f"{_EMOJI}[\U0001f3fb-\U0001f3ff]?[{_SELECTORS}]?"
# An emoji that several code points make up, with the joiners and selectors that it needs.
_SEQUENCE = re.compile(f"{_ONE_EMOJI}(?:{_ZWJ}{_ONE_EMOJI})*|[0-9#*]\ufe0f?\u20e3")
# Printable for Python, and yet nothing to see: fillers, variation selectors, the empty Braille
# cell. Unicode calls most of them Default_Ignorable_Code_Point.
_UNSEEN = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U00016fe4\U0001d159\U000e0000-\U000e0fff"
)
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0e31\u0e34-\u0e3a"
    "\u0e47-\u0e4e\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
_PILE = re.compile(f"([{_MARKS}]{{{_MAX_MARKS}}})[{_MARKS}]+")
_SUSPECT = re.compile(f"[{_UNSEEN}{_MARKS}]")
_IS_UNSEEN = re.compile(f"[{_UNSEEN}]")
_MOST_KNOWN = 4_096  # characters that are remembered: nobody can fill the memory with them
_REMOVED = {"Cf", "Cn", "Co"}  # format characters, unassigned, private use
_REPLACED = {"Cc": " ", "Zl": " ", "Zp": " ", "Zs": " ", "Cs": "\ufffd"}


def clean_text(value: str, limit: int, *, lines: bool = False) -> str:
    """Make text from outside fit to be shown.

    Removes format characters (bidi, zero-width, tags), fillers and stray variation selectors,
    turns control characters and separators into spaces and lone surrogates into U+FFFD, and
    collapses white space. Emoji stay whole, joiners included.

    Args:
        value: The text, of any length; its start is enough.
        limit: Most characters of the result, its "…" included.
        lines: Keep line breaks, with at most one empty line in a row.

    Returns:
        At most `limit` characters, UTF-8 encodable. "" if nothing is left.
    """
    if limit < 1:
        return ""
    window = limit * 4 + 64
    start = value[:window]
    if lines:
        text = "\n".join(_clean_line(line) for line in start.splitlines())
        text = re.sub("\n{3,}", "\n\n", text).strip()
    else:
        text = _clean_line(start)
    if len(text) <= limit and (len(value) <= window or not text):
        return text
    return text[: limit - 1].rstrip(f" \n{_ZWJ}{_SELECTORS}") + "…"


# What terminals take for orders: colours, the cursor, titles and links (ECMA-48, OSC).
_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b\n]{0,2000}(?:\x07|\x1b\\)|\x1b[ -/]*[0-OQ-WYZ`-~]"
)
TAB = 4  # columns


def clean_block(value: str, limit: int) -> tuple[str, int]:
    """Make text of many lines fit to be shown: Markdown, code, the output of a tool.

    As `clean_text`, but lines keep their indentation and the white space between words, and
    the orders of terminals go without a trace.

    Args:
        value: The text, of any length.
        limit: Most characters of the result; its start stays.

    Returns:
        The text without blank lines at its start and end, and how many characters of `value`
        were not looked at.
    """
    start = value[: max(0, limit)]
    text = _ANSI.sub("", start)
    if "\t" in text:
        text = text.expandtabs(TAB)
    lines = []
    for line in text.splitlines():
        if not (line.isprintable() and (line.isascii() or not _SUSPECT.search(line))):
            line = _PILE.sub(r"\1", _without_hidden(line))
        lines.append(line.rstrip())
    text = re.sub("\n{4,}", "\n\n\n", "\n".join(lines)).strip("\n")
    return text[:limit], len(value) - len(start)


def _clean_line(line: str) -> str:
    if not (line.isprintable() and (line.isascii() or not _SUSPECT.search(line))):
        line = _PILE.sub(r"\1", _without_hidden(line))
    return " ".join(line.split())


class _Table(dict[int, str]):
    """What each character becomes, for `str.translate`: worked out when it first comes."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        category = unicodedata.category(char)
        if category in _REMOVED or _IS_UNSEEN.match(char):
            shown = ""
        else:
            shown = _REPLACED.get(category, char)
        if len(self) < _MOST_KNOWN:
            self[code] = shown
        return shown


_TABLE = _Table()


def _without_hidden(line: str) -> str:
    kept: list[str] = []
    at = 0
    for match in _SEQUENCE.finditer(line):
        kept += (line[at : match.start()].translate(_TABLE), match[0])
        at = match.end()
    kept.append(line[at:].translate(_TABLE))
    return "".join(kept)
